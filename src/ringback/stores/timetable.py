"""Which runs are due when, in memory."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import Final

from ringback.stores.store import NEVER

__all__ = ["Timetable"]

_LAST: Final = "\uffff"  # behind every run's id


class Timetable:
    """Runs in the order in which they are due. Whoever uses it from several threads holds a lock."""

    __slots__ = ("_at", "_order")

    def __init__(self) -> None:
        self._at: dict[str, float] = {}
        self._order: list[tuple[float, str]] = []  # sorted: 10,000 of them move in microseconds

    def put(self, run: str, at: float) -> None:
        """The run is due then, and not as it was before; `NEVER` takes it out."""
        old = self._at.pop(run, None)
        if old is not None:
            del self._order[bisect_left(self._order, (old, run))]
        if at != NEVER:
            self._at[run] = at
            insort(self._order, (at, run))

    def take(self, now: float, most: int, again: float) -> list[str]:
        """Up to `most` of those that are due, the longest first; each is due at `again` from then on."""
        runs = [run for _, run in self._order[: min(most, bisect_right(self._order, (now, _LAST)))]]
        for run in runs:
            self.put(run, again)
        return runs
