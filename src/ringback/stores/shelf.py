"""What a process keeps in memory: bounded by number, by bytes and by time, the oldest making room."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

__all__ = ["OVERHEAD", "Shelf"]

OVERHEAD: Final = 250  # bytes that Python needs to keep one key, besides the key and the value themselves
_SWEEP: Final = 1.0  # seconds between two looks for what has expired


class _Keepable(Protocol):
    """What can stand on a shelf: it knows until when, and how much memory it takes there."""

    until: float
    size: int


K = TypeVar("K", bound="Hashable")
V = TypeVar("V", bound=_Keepable)


class Shelf(Generic[K, V]):
    """Whoever uses it from several threads holds a lock.

    Args:
        limit: How many it holds at most.
        max_bytes: How much memory they may take.
        clock: What tells the time that `until` means.
        dropped: Told of each that is no longer there, but of none that was put in the place of another.
    """

    __slots__ = ("_bytes", "_clock", "_dropped", "_kept", "_limit", "_max_bytes", "_next_sweep")

    def __init__(
        self, limit: int, max_bytes: int, clock: Callable[[], float], dropped: Callable[[V], None]
    ) -> None:
        self._limit = limit
        self._max_bytes = max_bytes
        self._clock = clock
        self._dropped = dropped
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._bytes = 0
        self._next_sweep = 0.0

    def __len__(self) -> int:
        return len(self._kept)

    def values(self) -> list[V]:
        """All that stands there, also what has expired and wasn't swept yet."""
        return list(self._kept.values())

    def get(self, key: K) -> V | None:
        """What stands there, unless it has expired."""
        kept = self._kept.get(key)
        if kept is not None and kept.until <= self._clock():
            self.drop(key)
            return None
        return kept

    def put(self, key: K, value: V, now: float) -> None:
        """Put it there in place of what was, as the newest."""
        if now >= self._next_sweep:
            self._sweep(now)
        old = self._kept.pop(key, None)
        if old is not None:
            self._bytes -= old.size
        self._kept[key] = value
        self._bytes += value.size
        self._make_room()

    def grow(self, key: K, value: V, by: int) -> None:
        """What stands there takes so many bytes more, and is the newest again."""
        value.size += by
        self._bytes += by
        self._kept.move_to_end(key)
        self._make_room()

    def drop(self, key: K) -> None:
        """Take it away; nothing happens where there is none."""
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= kept.size
            self._dropped(kept)

    def clear(self) -> None:
        """Take all away."""
        for key in tuple(self._kept):
            self.drop(key)

    def _sweep(self, now: float) -> None:
        for key in [key for key, kept in self._kept.items() if kept.until <= now]:
            self.drop(key)
        self._next_sweep = now + _SWEEP

    def _make_room(self) -> None:
        while len(self._kept) > self._limit or self._bytes > self._max_bytes:
            self.drop(next(iter(self._kept)))
