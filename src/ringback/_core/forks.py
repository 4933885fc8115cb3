"""What a forked child makes anew, and what nobody may do while a process forks.

Threads don't cross a fork, and a lock that one of them held stays locked for ever; loops and tasks are the
parent's. Whoever has such things says so here, and is renewed in the child before anything else runs there.
"""

from __future__ import annotations

import os
from typing import Final, Protocol
from weakref import WeakSet

__all__ = ["hold_at_fork", "renew_in_child"]


class _Renewable(Protocol):
    def _renew(self) -> None: ...


class _Holding(_Renewable, Protocol):
    def _hold(self) -> None: ...

    def _release(self) -> None: ...


_owners: Final[WeakSet[_Renewable]] = WeakSet()
_holding: Final[WeakSet[_Holding]] = WeakSet()
_held: Final[list[_Holding]] = []


def renew_in_child(owner: _Renewable) -> None:
    """Call `owner._renew()` in every process that is forked from this one while it lives."""
    _owners.add(owner)


def hold_at_fork(owner: _Holding) -> None:
    """Call `owner._hold()` before this process forks, `owner._release()` in it afterwards, and
    `owner._renew()` in the child.
    """
    _holding.add(owner)
    _owners.add(owner)


def _hold_all() -> None:
    for owner in tuple(_holding):
        _held.append(owner)
        owner._hold()


def _release_all() -> None:
    while _held:
        _held.pop()._release()


def _renew_all() -> None:
    _held.clear()
    for owner in tuple(_owners):
        owner._renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_hold_all, after_in_parent=_release_all, after_in_child=_renew_all)
