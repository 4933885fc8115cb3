"""Tables: records by key, in the order in which they came, and from any of them on without a scan."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, MutableMapping, ValuesView
from typing import Final, Generic, TypeVar

__all__ = ["Table"]

R = TypeVar("R")


class _Lane(Generic[R]):
    """The keys of one list in order, each with the number under which it came."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.keys: list[str] = []


class Table(MutableMapping[str, R]):
    """Records by key. Each is in one lane, the list that it is found in: those of an account, or of what is
    above it; some are in further ones. Lanes are read from the newest or the oldest on, or from any record
    that is or was in them.

    Args:
        lane: The lane of a record that is put in without one.
        index: What else a record is looked up by.
        further: The lanes that a record is in besides.
    """

    def __init__(
        self,
        lane: Callable[[R], str] = lambda _: "",
        index: Callable[[R], str] | None = None,
        further: Callable[[R], tuple[str, ...]] = lambda _: (),
    ) -> None:
        self._records: dict[str, R] = {}
        self._lane_of: dict[str, str] = {}
        self._further: dict[str, tuple[str, ...]] = {}
        # Of those that are gone, too: whoever reads a list may delete what it has read.
        self._numbers: dict[str, int] = {}
        self._came = 0
        self._lanes: dict[str, _Lane[R]] = {}
        self._usual_lane: Final = lane
        self._further_lanes: Final = further
        self._index: Final = index
        # Key by what is looked up, and the other way.
        self._found: dict[str, str] = {}
        self._indexed: dict[str, str] = {}

    def __getitem__(self, key: str) -> R:
        return self._records[key]

    def __setitem__(self, key: str, record: R) -> None:
        self.put(key, record, self._usual_lane(record))

    def put(self, key: str, record: R, lane: str) -> None:
        """Put a record in, as the newest of its lane unless it is there already: then it is found by what it
        is called now."""
        if self._lane_of.get(key) != lane:
            self.pop(key, None)
            self._came += 1
            number = self._numbers[key] = self._came
            self._lane_of[key] = lane
            self._further[key] = self._further_lanes(record)
            for each in (lane, *self._further[key]):
                here = self._lanes.setdefault(each, _Lane())
                here.numbers.append(number)
                here.keys.append(key)
        self._records[key] = record
        if self._index is not None:
            self._unindex(key)
            value = self._indexed[key] = self._index(record)
            self._found[value] = key

    def _unindex(self, key: str) -> None:
        value = self._indexed.pop(key, "")
        if self._found.get(value) == key:
            del self._found[value]

    def __delitem__(self, key: str) -> None:
        del self._records[key]
        for each in (self._lane_of.pop(key), *self._further.pop(key)):
            lane = self._lanes[each]
            place = bisect_left(lane.numbers, self._numbers[key])
            del lane.numbers[place], lane.keys[place]
            if not lane.keys:
                del self._lanes[each]
        self._unindex(key)

    def __contains__(self, key: object) -> bool:
        return key in self._records

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def values(self) -> ValuesView[R]:
        """All records, the oldest first."""
        return self._records.values()

    def find(self, value: str) -> R | None:
        """The record that has this by its index."""
        key = self._found.get(value)
        return None if key is None else self._records[key]

    def places(self) -> list[tuple[str, str]]:
        """Every key with its lane, in the order in which they came."""
        return sorted(self._lane_of.items(), key=lambda place: self._numbers[place[0]])

    def clear(self) -> None:
        """Forget all of it, and that it was ever here."""
        for kept in (self._records, self._lane_of, self._further, self._numbers, self._lanes):
            kept.clear()
        self._found.clear()
        self._indexed.clear()

    @property
    def came(self) -> int:
        """How many records have come so far."""
        return self._came

    def lane(self, key: str) -> str | None:
        """The lane that a record is in, or None where there is no such record."""
        return self._lane_of.get(key)

    def holds(self, lane: str, key: str) -> bool:
        """Whether a record is in a lane, be it one of its further ones."""
        return self._lane_of.get(key) == lane or lane in self._further.get(key, ())

    def keys_in(self, lane: str) -> tuple[str, ...]:
        """The keys of a lane, the oldest first."""
        here = self._lanes.get(lane)
        return () if here is None else tuple(here.keys)

    def count(self, lane: str) -> int:
        """How many records a lane holds."""
        here = self._lanes.get(lane)
        return 0 if here is None else len(here.keys)

    def knows(self, key: str) -> bool:
        """Whether a record of this key is or was here."""
        return key in self._numbers

    def older(self, lane: str, than: str | None = None) -> Iterator[R]:
        """The records of a lane, the newest first; those older than one that is or was there."""
        here = self._lanes.get(lane)
        if here is None:
            return
        end = len(here.keys) if than is None else bisect_left(here.numbers, self._numbers[than])
        for place in range(end - 1, -1, -1):
            yield self._records[here.keys[place]]

    def newer(self, lane: str, than: str) -> Iterator[R]:
        """Those newer than one that is or was there, the one that came right after it first."""
        here = self._lanes.get(lane)
        if here is None:
            return
        for place in range(bisect_right(here.numbers, self._numbers[than]), len(here.keys)):
            yield self._records[here.keys[place]]
