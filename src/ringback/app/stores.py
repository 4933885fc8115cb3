"""Where an application remembers which webhooks it has seen and what it answered."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Protocol

from attrs import frozen

from ringback.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MemoryStore", "Store"]


class Store(Protocol):
    """Small values under short keys, each for a while.

    `add` has to be atomic among everybody who shares the store: of two that add one key, one gets True.
    """

    async def add(self, key: str, value: bytes, ttl: float) -> bool:
        """Keep `value` for `ttl` seconds unless the key is there already; whether it was kept."""
        ...

    async def get(self, key: str) -> bytes | None:
        """What is kept under the key, or None."""
        ...

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        """Keep `value` for `ttl` seconds, in place of what was there."""
        ...

    async def remove(self, key: str) -> None:
        """Forget the key; nothing happens where it isn't there."""
        ...


@frozen
class _Kept:
    value: bytes
    until: float


class MemoryStore:
    """A store in this process's memory: gone with it, shared by its threads.

    Args:
        limit: How many keys it holds at most; the oldest make room.
        clock: What tells the time, in seconds.
    """

    def __init__(self, *, limit: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        if limit < 1:
            raise InvalidValue("limit", limit, "at least 1")
        self._limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

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
            self._kept.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)

    def _fresh(self, key: str) -> _Kept | None:
        kept = self._kept.get(key)
        if kept is not None and kept.until <= self._clock():
            del self._kept[key]
            return None
        return kept

    def _keep(self, key: str, value: bytes, ttl: float) -> None:
        self._kept[key] = _Kept(value, self._clock() + ttl)
        self._kept.move_to_end(key)
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)
