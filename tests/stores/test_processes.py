"""Workers in processes of their own over one store, some of which are killed."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager

import pytest

from ringback.stores import RunStore, Told
from tests.stores.places import KNOWING, PROCESSES, Place
from tests.stores.test_runs import begin, eventually
from tests.stores.worker import CALLS, start


@pytest.fixture(params=PROCESSES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@contextmanager
def working(place: Place, me: str, job: str) -> Generator[subprocess.Popen[str], None, None]:
    with start(place, me, job) as process:
        try:
            yield process
        finally:
            process.kill()


async def said(process: subprocess.Popen[str]) -> object:
    assert process.stdout is not None
    line = await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), 30)
    return json.loads(line)


async def test_of_four_processes_one_succeeds_each_time(place: Place, view: Callable[[], RunStore]) -> None:
    """The store is new: all four make its tables."""
    workers = [start(place, f"w{number}", "race") for number in range(4)]
    store = view()
    await begin(store, "shared-1", "shared")
    runs = [f"due-{number}" for number in range(60)]
    for run in runs:
        await begin(store, run, run, due=0)
    told = [await asyncio.to_thread(worker.communicate, timeout=60) for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * 4
    results = [json.loads(output) for output, _ in told]
    due = [run for result in results for run in result[3]]
    assert sum(result[0] for result in results) == CALLS
    assert len(due) == len(set(due))
    left = await store.due(1_000, again=60)
    assert sorted(due + left) == sorted(runs)
    record = await store.read("shared-1")
    assert record is not None
    assert record.epoch == 1 + sum(result[2] for result in results)
    assert len(record.fields) == 1 + sum(result[1] for result in results)


async def test_a_worker_is_reached_until_it_is_gone(
    place: Place, view: Callable[[], RunStore], knows: bool
) -> None:
    store = view()
    unheard = Told.NOT_REACHED if knows else Told.UNKNOWN
    assert await store.tell("w", b"hello") is unheard
    with working(place, "w", "listen") as worker:
        assert await said(worker) == "open"
        assert await store.tell("w", b"hello") is (Told.REACHED if knows else Told.UNKNOWN)
        assert await said(worker) == "hello"
        assert await asyncio.to_thread(worker.wait, 30) == 0
    assert await store.tell("w", b"hello") is unheard


@pytest.mark.parametrize("kind", sorted(KNOWING.intersection(PROCESSES)))
async def test_a_worker_that_was_killed_is_not_reached(place: Place, view: Callable[[], RunStore]) -> None:
    store = view()
    with working(place, "w", "listen") as worker:
        assert await said(worker) == "open"
        worker.kill()
        await asyncio.to_thread(worker.wait, 30)

        async def unreached() -> bool:
            return await store.tell("w", b"hello") is Told.NOT_REACHED

        await eventually(unreached)
        with working(place, "w", "listen") as another:  # and the next of that name is
            assert await said(another) == "open"
            assert await store.tell("w", b"again") is Told.REACHED
            assert await said(another) == "again"
