"""What a forked child makes anew.

Threads don't cross a fork, and a lock that one of them held stays locked for ever; loops and tasks are the
parent's. Whoever has such things says so here, and is renewed in the child before anything else runs there.
"""

from __future__ import annotations

import os
from typing import Final, Protocol
from weakref import WeakSet

__all__ = ["renew_in_child"]


class _Renewable(Protocol):
    def _renew(self) -> None: ...


_owners: Final[WeakSet[_Renewable]] = WeakSet()


def renew_in_child(owner: _Renewable) -> None:
    """Call `owner._renew()` in every process that is forked from this one while it lives."""
    _owners.add(owner)


def _renew_all() -> None:
    for owner in tuple(_owners):
        owner._renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
