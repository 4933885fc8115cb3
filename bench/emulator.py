"""The emulator: its start, its answers over HTTP, and many calls at once."""

from __future__ import annotations

import json
import statistics
from typing import Final

from bench.processes import Finished, interleaved, number, ratio
from bench.rows import Row

__all__ = ["run"]

_HTTP: Final = ("-m", "bench.subjects.emulator_http")
_CALLS: Final = ("-m", "bench.subjects.emulator_calls")
_FEW: Final = 100
_MANY: Final = 2_000


def run() -> list[Row]:
    """Measure all of it; takes two minutes."""
    return [*_requests(), _pages(), *_calls()]


def _requests() -> list[Row]:
    tasks = {
        "kept": ("a request to the emulator, connection kept", 0.002, "2 ms"),
        "new": ("the same, a connection each", 0.002, "2 ms"),
        "start": ("from the start of `ringback emulator` to its first answer", 1.0, "1 s"),
    }
    rounds = interleaved({task: [*_HTTP, task] for task in tasks}, 3)
    return [
        Row(name=name, ratio=statistics.median(map(number, rounds[task])) / most, limit=1, of=of)
        for task, (name, most, of) in tasks.items()
    ]


def _pages() -> Row:
    """A page far down a long list, beside one of a short list."""
    rounds = interleaved(
        {each: ["-m", "bench.subjects.emulator_pages", each] for each in ("100", "100000")}, 3
    )
    few, many = (statistics.median(map(number, rounds[each])) for each in ("100", "100000"))
    return Row(name="a page of 50 out of 100,000 records", ratio=many / few, limit=2, of="out of 100")


def _calls() -> list[Row]:
    few, many, outside = f"inside {_FEW}", f"inside {_MANY}", f"outside {_MANY}"
    rounds = interleaved({task: [*_CALLS, *task.split()] for task in (few, many, outside)}, 3)
    return [
        *(
            Row(
                name=f"CPU time of the emulator, {_MANY:,} calls at once, {where}",
                ratio=statistics.median(map(_share, rounds[task])),
                limit=2,
                of="the application under test",
            )
            for task, where in ((many, "in process"), (outside, "over HTTP"))
        ),
        Row(
            name=f"CPU time of the emulator for each of {_MANY:,} calls at once, in process",
            ratio=ratio(rounds, many, few, _emulator) * _FEW / _MANY,
            limit=2,
            of=f"of {_FEW} calls",
        ),
    ]


def _emulator(run: Finished) -> float:
    emulator, _ = json.loads(run.output)
    return float(emulator)


def _share(run: Finished) -> float:
    emulator, application = json.loads(run.output)
    return float(emulator / application)
