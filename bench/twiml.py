"""TwiML: building, writing, start, memory."""

from __future__ import annotations

from typing import Final

from bench.processes import SUBJECTS, Finished, Rounds, interleaved, number, ratio
from bench.rows import Row

__all__ = ["run"]

_PROGRAMS: Final = ("ringback", "twilio", "hand")


def run() -> list[Row]:
    """Measure all of it; takes about half a minute."""
    return [
        _row("build and write a TwiML document of 6 elements", "small", limit=0.3),
        _row("the same of 500 elements", "large", limit=0.3),
        _row("write a TwiML document that has been built", "write", limit=0.3, floor_limit=3),
        _start(),
        _row("memory of a TwiML document of 10,000 elements", "memory", limit=0.5, rounds=3),
    ]


def _row(name: str, task: str, *, limit: float, floor_limit: float | None = None, rounds: int = 11) -> Row:
    runs = _measured(task, rounds)
    has_floor = task != "memory"
    return Row(
        name=name,
        ratio=ratio(runs, "ringback", "twilio", number),
        limit=limit,
        floor="f-strings" if has_floor else "",
        floor_ratio=ratio(runs, "ringback", "hand", number) if has_floor else None,
        floor_limit=floor_limit,
    )


def _start() -> Row:
    programs = ("ringback", "twilio", "bare")
    runs = interleaved({name: [str(SUBJECTS / f"twiml_start_{name}.py")] for name in programs}, 21)
    return Row(
        name="wall time of a process that writes a first TwiML document",
        ratio=ratio(runs, "ringback", "twilio", _wall),
        limit=1.5,
        floor="bare interpreter",
        floor_ratio=ratio(runs, "ringback", "bare", _wall),
    )


def _measured(task: str, rounds: int) -> Rounds:
    return interleaved({name: ["-m", f"bench.subjects.twiml_{name}", task] for name in _PROGRAMS}, rounds)


def _wall(run: Finished) -> float:
    return run.wall
