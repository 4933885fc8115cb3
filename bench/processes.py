"""Subjects run in fresh processes, in turn: whatever else keeps the machine busy hits all of them alike."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from attrs import frozen

__all__ = ["SUBJECTS", "Finished", "Rounds", "difference", "interleaved", "number", "ratio"]

ROOT: Final = Path(__file__).parent.parent
SUBJECTS: Final = Path(__file__).parent / "subjects"


@frozen
class Finished:
    """A process that is over.

    Attributes:
        wall: Seconds from its start to its end.
        cpu: Seconds of CPU time, user and system.
        output: What it printed.
    """

    wall: float
    cpu: float
    output: str


Rounds: TypeAlias = Mapping[str, Sequence[Finished]]


def interleaved(commands: Mapping[str, Sequence[str]], rounds: int) -> Rounds:
    """Run Python with each of the arguments so often: first to last, then last to first, and so on.

    A round before the first, which fills the caches of the disk, doesn't count.
    """
    finished: dict[str, list[Finished]] = {name: [] for name in commands}
    order = list(commands)
    for _ in range(rounds + 1):
        for name in order:
            finished[name].append(_run(commands[name]))
        order.reverse()
    return {name: runs[1:] for name, runs in finished.items()}


def ratio(rounds: Rounds, numerator: str, denominator: str, quantity: Callable[[Finished], float]) -> float:
    """The median of what the rounds say, each by itself."""
    pairs = zip(rounds[numerator], rounds[denominator], strict=True)
    return statistics.median(quantity(over) / quantity(under) for over, under in pairs)


def difference(rounds: Rounds, one: str, other: str, quantity: Callable[[Finished], float]) -> float:
    """By how much one is above the other, likewise."""
    pairs = zip(rounds[one], rounds[other], strict=True)
    return statistics.median(quantity(above) - quantity(below) for above, below in pairs)


def number(run: Finished) -> float:
    """What a subject measured itself."""
    return float(run.output)


def _run(arguments: Sequence[str]) -> Finished:
    before = os.times()
    start = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=ROOT)  # noqa: S603
    wall = time.perf_counter() - start
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stderr}")
    return Finished(wall, cpu, done.stdout)
