"""The store that every application has unless it is given another: this process's memory."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from attrs import frozen

from ringback._core.forks import renew_in_child
from ringback.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MemoryStore"]


OVERHEAD: Final = 250  # bytes that Python needs to keep one key, besides the key and the value themselves
SWEEP: Final = 1.0  # seconds between two looks for what has expired


@frozen
class _Kept:
    value: bytes
    until: float


class MemoryStore:
    """A store in this process's memory: gone with it, shared by its threads.

    Args:
        limit: How many keys it holds at most, 10,000 by default; the oldest make room.
        max_bytes: How much memory they may take, 16 MB by default; the oldest make room.
        clock: What tells the time, in seconds.

    Raises:
        InvalidValue: A limit is below 1.
    """

    def __init__(
        self,
        *,
        limit: int = 10_000,
        max_bytes: int = 16_000_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        for name, number in (("limit", limit), ("max_bytes", max_bytes)):
            if number < 1:
                raise InvalidValue(name, number, "at least 1")
        self._limit = limit
        self._max_bytes = max_bytes
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._bytes = 0
        self._next_sweep = 0.0
        self._renew()
        renew_in_child(self)

    def _renew(self) -> None:
        self._lock = threading.Lock()

    async def add(self, key: str, value: bytes, ttl: float) -> bool:
        """Keep `value` for `ttl` seconds unless the key is there already; whether it was kept."""
        with self._lock:
            if self._fresh(key) is not None:
                return False
            self._keep(key, value, ttl)
            return True

    async def get(self, key: str) -> bytes | None:
        """What is kept under the key, or None."""
        with self._lock:
            kept = self._fresh(key)
            return None if kept is None else kept.value

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        """Keep `value` for `ttl` seconds, in place of what was there."""
        with self._lock:
            self._keep(key, value, ttl)

    async def remove(self, key: str) -> None:
        """Forget the key; nothing happens where it isn't there."""
        with self._lock:
            self._drop(key)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def _fresh(self, key: str) -> _Kept | None:
        kept = self._kept.get(key)
        if kept is not None and kept.until <= self._clock():
            self._drop(key)
            return None
        return kept

    def _keep(self, key: str, value: bytes, ttl: float) -> None:
        now = self._clock()
        if now >= self._next_sweep:
            self._sweep(now)
        self._drop(key)
        self._kept[key] = _Kept(value, now + ttl)
        self._bytes += _size(key, value)
        while len(self._kept) > self._limit or self._bytes > self._max_bytes:
            self._drop(next(iter(self._kept)))

    def _sweep(self, now: float) -> None:
        for key in [key for key, kept in self._kept.items() if kept.until <= now]:
            self._drop(key)
        self._next_sweep = now + SWEEP

    def _drop(self, key: str) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= _size(key, kept.value)


def _size(key: str, value: bytes) -> int:
    return len(key) + len(value) + OVERHEAD
