"""What must not be shared with a forked process: connections, pools and threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["PerProcess"]

T = TypeVar("T")


class PerProcess(Generic[T]):
    """Something made when it is first wanted, and made anew in a forked child.

    A child that went on with its parent's connections would read answers meant for the parent. There is no
    lock: a fork could copy it locked, and the child would wait for ever.
    """

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: dict[int, T] = {}

    def get(self) -> T:
        """This process's own one."""
        process = os.getpid()
        try:
            return self._made[process]
        except KeyError:
            # Two threads may both make one; setdefault gives both the same, and the other is dropped unused.
            return self._made.setdefault(process, self._make())

    def take(self) -> T | None:
        """This process's own one if it was made, which is forgotten."""
        return self._made.pop(os.getpid(), None)
