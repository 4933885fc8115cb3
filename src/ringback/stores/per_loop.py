"""Connections of asyncio belong to an event loop: a store that is used in several has a client in each."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

__all__ = ["PerLoop"]

T = TypeVar("T")


class PerLoop(Generic[T]):
    """Something made for each event loop that wants it, and anew in a forked child."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[int, T]] = WeakKeyDictionary()

    def get(self) -> T:
        """The running loop's own one."""
        loop = asyncio.get_running_loop()
        process, made = self._made.get(loop, (0, None))
        if made is None or process != os.getpid():
            # What was made may hold its loop, which then would never be collected as garbage.
            for other in tuple(self._made):
                if other.is_closed():
                    self._made.pop(other, None)
            made = self._make()
            self._made[loop] = os.getpid(), made
        return made

    def take(self) -> T | None:
        """The running loop's own one if it was made, which is forgotten."""
        process, made = self._made.pop(asyncio.get_running_loop(), (0, None))
        return made if process == os.getpid() else None
