"""Flows: their steps, beside a handler's; what many of them cost."""

from __future__ import annotations

from bench.processes import Finished, interleaved, ratio
from bench.rows import Row

__all__ = ["run"]

_KB = 1_000


def run() -> list[Row]:
    """Measure all of it; takes about half a minute."""
    tasks = {"handler": ["handler"], "ten": ["step", "10"], "many": ["step", "10000"]}
    runs = interleaved({name: ["-m", "bench.subjects.flow_steps", *task] for name, task in tasks.items()}, 5)
    weighed = interleaved(
        {str(count): ["-m", "bench.subjects.flow_steps", "memory", str(count)] for count in (5, 20)}, 1
    )
    (suspended,) = weighed["20"]
    return [
        Row(
            name="a flow's step, memory store",
            ratio=ratio(runs, "ten", "handler", _median),
            limit=1.5,
            of="a handler",
        ),
        Row(
            name="a flow's step with 10,000 live flows, median",
            ratio=ratio(runs, "many", "ten", _median),
            limit=1.2,
            of="with ten",
        ),
        Row(
            name="a flow's step with 10,000 live flows, 99th percentile",
            ratio=ratio(runs, "many", "ten", _slow),
            limit=3,
            of="with ten",
        ),
        Row(name="memory of a suspended flow", ratio=_median(suspended) / (8 * _KB), limit=1, of="8 KB"),
        Row(
            name="memory of a suspended flow that has taken 20 steps",
            ratio=ratio(weighed, "20", "5", _median),
            limit=1.1,
            of="five steps",
        ),
    ]


def _median(run: Finished) -> float:
    return float(run.output.split()[0])


def _slow(run: Finished) -> float:
    return float(run.output.split()[1])
