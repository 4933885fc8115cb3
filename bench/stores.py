"""Flows over stores: what their steps take more than in memory, and how workers add up."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.processes import Finished, difference, interleaved, number, ratio
from bench.rows import Row
from tests.stores import servers

__all__ = ["run"]

_SUBJECT: Final = ("-m", "bench.subjects.flow_stores")
_PLACES: Final = (
    ("at-hand", "at hand", 2),
    ("elsewhere", "in another worker", 3),
)  # and milliseconds at most
_BUSY: Final = 2  # processors that two workers keep busy


def run() -> list[Row]:
    """Measure all of it; takes about half a minute."""
    with tempfile.TemporaryDirectory() as folder, _redis() as redis:
        stores = {"SQLite": f"sqlite:{Path(folder, 'store')}"}
        if redis is None:
            print("redis-server is missing: nothing is measured over Redis", file=sys.stderr)
            return [*_steps(stores)]
        return [*_steps({"Redis": redis} | stores), _together(redis)]


def _steps(stores: dict[str, str]) -> Iterator[Row]:
    commands = {"memory": [*_SUBJECT, "at-hand", "memory"]} | {
        f"{store} {task}": [*_SUBJECT, task, place] for store, place in stores.items() for task, *_ in _PLACES
    }
    rounds = interleaved(commands, 4)
    for store in stores:
        for task, where, limit in _PLACES:
            more = difference(rounds, f"{store} {task}", "memory", number)
            yield Row(
                name=f"a flow's step over {store}, {where}: median, less that in memory",
                ratio=more * 1000 / limit,
                limit=1,
                of=f"{limit} ms",
            )


def _together(redis: str) -> Row:
    rounds = interleaved({count: [*_SUBJECT, "workers", redis, count] for count in ("1", "2")}, 4)
    return Row(
        name="a call, where two workers over Redis lead as many as they can",
        ratio=ratio(rounds, "1", "2", _rate),
        limit=1 / 1.8,
        of="one worker",
    )


@contextmanager
def _redis() -> Generator[str | None]:
    if shutil.which("redis-server") is None:
        yield None
        return
    with servers.redis() as url:
        yield url


def _rate(run: Finished) -> float:
    """Calls a second. Where two workers and Redis have no processor each, as if they had: by CPU time."""
    rate, of_cpu, count = json.loads(run.output)
    return float(rate if (os.cpu_count() or 1) > _BUSY else of_cpu * count)
