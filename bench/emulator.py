"""The emulator: its answers over HTTP."""

from __future__ import annotations

import statistics
from typing import Final

from bench.processes import interleaved, number
from bench.rows import Row

__all__ = ["run"]

_MOST: Final = 0.002  # seconds of a request


def run() -> list[Row]:
    """Measure all of it; takes a quarter of a minute."""
    return [*_requests(), _pages()]


def _requests() -> list[Row]:
    kinds = {"kept": "a request to the emulator, connection kept", "new": "the same, a connection each"}
    rounds = interleaved({kind: ["-m", "bench.subjects.emulator_http", kind] for kind in kinds}, 3)
    return [
        Row(name=name, ratio=statistics.median(map(number, rounds[kind])) / _MOST, limit=1, of="2 ms")
        for kind, name in kinds.items()
    ]


def _pages() -> Row:
    """A page far down a long list, beside one of a short list."""
    rounds = interleaved(
        {each: ["-m", "bench.subjects.emulator_pages", each] for each in ("100", "100000")}, 3
    )
    few, many = (statistics.median(map(number, rounds[each])) for each in ("100", "100000"))
    return Row(name="a page of 50 out of 100,000 records", ratio=many / few, limit=2, of="out of 100")
