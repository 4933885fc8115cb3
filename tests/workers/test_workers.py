"""Flows over many worker processes, in short; `make stress` does the same at full length, with figures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from tests.workers import deaths, stores, troubles
from tests.workers.conftest import STORES
from tests.workers.proofs import Figures, Server, Stage, calls, emulated, stage
from tests.workers.proxy import Habits

LEASE = 5.0
ANOTHER = Habits(way="another")
PLACES = list(deaths.PLACES)


@pytest.mark.parametrize(
    ("store", "server", "workers"),
    [("sqlite", "gunicorn --preload", 4), ("redis", "uvicorn", 2), ("postgres", "gunicorn", 4)],
)
def test_calls_of_the_emulator(addresses: dict[str, str], store: str, server: Server, workers: int) -> None:
    with stage(addresses[store], server, workers=workers) as set_up:
        emulated(set_up, 20).check()


@pytest.mark.parametrize("store", STORES)
def test_kills_after_each_first_key(addresses: dict[str, str], store: str) -> None:
    """Of two workers that are asked for the same at once, one takes over."""
    with stage(addresses[store], "singles", habits=Habits(way="another", double=1.0)) as set_up:
        figures = deaths.first_keys(set_up, 12, at_once=12)
        figures.check()
        assert figures.effects == 0
        assert figures.twice == 12
        assert not set_up.proxy.seen.differing


def test_nothing_is_left(addresses: dict[str, str]) -> None:
    with stage(addresses["postgres"], "sync singles", ttl=2.0) as set_up:
        before = asyncio.run(stores.left(set_up.setting))  # of other tests
        calls(set_up, 8).check()
        time.sleep(2.5)
        assert asyncio.run(stores.left(set_up.setting)) == before


# Each store has some of the places: what is killed there has little to do with the store.
@pytest.mark.parametrize("number", range(len(STORES)))
def test_kills_at_places(addresses: dict[str, str], number: int) -> None:
    with stage(addresses[STORES[number]], "singles", habits=ANOTHER) as set_up:
        for place in PLACES[number :: len(STORES)]:
            figures, kills = deaths.at_a_place(set_up, place, "kill", 1)
            figures.check()
            assert kills >= 1, place


@pytest.mark.parametrize(
    ("store", "server", "workers", "event"),
    [
        ("sqlite", "gunicorn --preload", 4, troubles.hup),
        ("redis", "uvicorn", 2, troubles.restart),
        ("postgres", "mounted singles", 2, troubles.restart),
    ],
)
def test_renewal_in_the_middle(
    addresses: dict[str, str], store: str, server: Server, workers: int, event: troubles.Event
) -> None:
    with stage(addresses[store], server, workers=workers) as set_up:
        figures = troubles.in_the_middle(set_up, 12, event, spread=1.0)
        figures.check()
        assert figures.twice > 0  # workers were renewed


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_requests_that_are_doubled_delayed_and_late(addresses: dict[str, str], store: str) -> None:
    habits = Habits(way="random", double=0.5, late=0.5, delay=0.02, lose=0.1)
    with stage(addresses[store], "singles") as set_up:
        figures = troubles.habits(set_up, 20, habits)
        figures.check()
        assert (figures.twice, figures.effects) == (0, 0)
        assert not set_up.proxy.seen.differing
        assert set_up.proxy.seen.counts["doubled"] > 20
        assert set_up.proxy.seen.counts["lost on purpose"] > 2


def test_owners_that_are_stopped_and_woken_again(addresses: dict[str, str]) -> None:
    way = deaths.owners_and_others
    with stage(addresses["redis"], "singles", habits=Habits(way=way)) as set_up:
        figures, late = deaths.stopped(set_up, 6, lease=LEASE, at_once=6)
        figures.check()
        assert figures.twice == 6  # somebody else went on with each
        assert late == 0


def test_ends_that_are_told_to_other_workers(addresses: dict[str, str]) -> None:
    with stage(addresses["redis"], "singles", habits=Habits(way="random")) as set_up:
        assert troubles.dialled(set_up, 10) == 10


def test_sync_workers_full_of_askers(addresses: dict[str, str]) -> None:
    with stage(addresses["redis"], "gunicorn --preload") as set_up:
        figures, slowest = deaths.full_of_askers(set_up, 8)
        figures.check()
        assert slowest < 5


def test_hang_ups(addresses: dict[str, str]) -> None:
    with stage(addresses["redis"], "singles", habits=ANOTHER) as set_up:
        assert set(deaths.hung_up(set_up, 1).values()) == {1}
        assert set(deaths.with_recording(set_up, 1, recording_first=True).values()) == {1}
        assert set(deaths.with_recording(set_up, 1, recording_first=False).values()) == {1}


def test_what_else_may_come_to_a_worker_that_is_not_the_owner(addresses: dict[str, str]) -> None:
    with stage(addresses["sqlite"], "singles", habits=ANOTHER) as set_up:
        assert set(troubles.redirecting(set_up, 2).values()) == {2}
        assert set(troubles.superseded(set_up, 2).values()) == {2}
        assert set(troubles.unreadable(set_up, 2).values()) == {2}


def test_mailboxes_that_are_cut(addresses: dict[str, str]) -> None:
    with stage(addresses["redis"], "singles", workers=2, habits=ANOTHER) as set_up:
        figures, cuts = troubles.cut(set_up, 4)
        figures.check()
        assert figures.twice == 0
        assert cuts > 0


def test_a_loop_that_is_blocked(addresses: dict[str, str]) -> None:
    with stage(addresses["redis"], "singles", workers=2, habits=ANOTHER) as set_up:
        figures = troubles.blocked(set_up, 1, LEASE + 0.5)
        figures.check()
        assert figures.slowest > LEASE
        assert figures.twice == 0


@pytest.mark.parametrize("store", ["sqlite", "redis"])
def test_stores_that_come_back_empty(addresses: dict[str, str], store: str) -> None:
    with stage(addresses[store], "singles", habits=ANOTHER) as set_up:
        figures = troubles.store_emptied(set_up, 12)
        figures.check()
        assert (figures.twice, figures.effects) == (0, 0)


def hanging(set_up: Stage, count: int) -> Figures:
    return troubles.store_hanging(set_up, count, 3.5)


def for_one(set_up: Stage, count: int) -> Figures:
    return troubles.store_for_one(set_up, count, 2.0)


@pytest.mark.parametrize("trouble", [hanging, for_one])
def test_stores_that_are_away(addresses: dict[str, str], trouble: Callable[[Stage, int], Figures]) -> None:
    with stage(addresses["redis"], "singles", workers=2, habits=ANOTHER, deadline=2.0) as set_up:
        figures = trouble(set_up, 4)
        figures.check()
        assert (figures.twice, figures.effects) == (0, 0)
