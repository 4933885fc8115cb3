"""Flows over many worker processes, at the length that the promises are made for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeAlias

from tests.stores import servers
from tests.workers import deaths, stores, troubles
from tests.workers.proofs import calls, emulated, stage
from tests.workers.proxy import Habits

if TYPE_CHECKING:
    from tests.workers.proofs import Figures, Server, Stage

__all__ = ["SECTIONS"]

Section: TypeAlias = Callable[[str], None]

LEASE: Final = 5.0
TTL: Final = 15.0
ANOTHER: Final = Habits(way="another")
SERVERS: Final[dict[Server, int]] = {
    "gunicorn": 4,
    "gunicorn --preload": 4,
    "gunicorn -k uvicorn": 4,
    "uvicorn": 2,
}


@contextmanager
def _store(kind: str) -> Generator[str, None, None]:
    """A server of this kind, or the word for a file."""
    if kind == "sqlite":
        yield kind
    else:
        with servers.redis() if kind == "redis" else servers.postgres() as url:
            yield url


def _tell(kind: str, what: str, figures: Figures | str) -> None:
    print(f"  {kind}, {what}: {figures}", flush=True)


def _checked(kind: str, what: str, figures: Figures) -> Figures:
    _tell(kind, what, figures)
    figures.check()
    return figures


def forty(kind: str) -> None:
    """40 calls of the emulator through two gathers and a record, by each server."""
    for server, workers in SERVERS.items():
        with _store(kind) as url, stage(url, server, workers=workers) as set_up:
            _checked(kind, f"{server}, {workers} workers", emulated(set_up, 40))


def kills(kind: str) -> None:
    """`kill -9` after each first key: 1,000 calls over Redis, 200 over the others, and nothing left."""
    count = 1_000 if kind == "redis" else 200
    with _store(kind) as url, stage(url, "gunicorn --preload", ttl=TTL) as set_up:
        figures = _checked(kind, "kill -9 after each first key", deaths.first_keys(set_up, count))
        assert figures.effects == 0, figures
        assert figures.twice >= count, figures  # each was taken over
        time.sleep(TTL + 1)
        left = asyncio.run(stores.left(set_up.setting))
        _tell(kind, "left in the store after its time to live", str(left))
        assert left == 0
    with _store(kind) as url, stage(url, "singles", workers=6, habits=Habits(way="random")) as set_up:
        figures = deaths.first_keys_meanwhile(set_up, 40)
        _checked(kind, "the same, while others' requests are under way", figures)
    with _store(kind) as url, stage(url, "singles", habits=Habits(way="another", double=1.0)) as set_up:
        figures = _checked(kind, "the same, asking two workers at once", deaths.first_keys(set_up, 100))
        assert figures.twice == 100, figures
        assert not set_up.proxy.seen.differing


def places(kind: str) -> None:
    """Killed at each of the nine places, by the owner's own requests and by others'."""
    for way in ("another", "same", "random"):
        with _store(kind) as url, stage(url, "singles", habits=Habits(way=way)) as set_up:
            for place in deaths.PLACES:
                figures, kills = deaths.at_a_place(set_up, place, "kill", 4, at_once=1)
                _checked(kind, f"killed {kills} times {place}, next worker: {way}", figures)
                # Who asks itself needs no wake.
                assert kills >= 4 or (place == "after the wake" and way != "another")


def stops(kind: str) -> None:
    """Stopped for twice the lease in 50 calls, and at each of the nine places."""
    way = Habits(way=deaths.owners_and_others)
    with _store(kind) as url, stage(url, "singles", workers=6, habits=way) as set_up:
        figures, late = deaths.stopped(set_up, 50, lease=LEASE, at_once=25)
        _checked(kind, f"SIGSTOP for twice the lease, {late} things done by the old owner", figures)
        assert late == 0
        assert figures.twice == 50
    overrides = "rc=2&rp=all&rt=4500"
    for place in deaths.PLACES:
        with (
            _store(kind) as url,
            stage(url, "singles", workers=6, deadline=4.0, overrides=overrides) as set_up,
        ):
            set_up.proxy.habits = Habits(way=deaths.another_that_runs(set_up))
            figures, times = deaths.at_a_place(set_up, place, "stop", 2, at_once=1)
            _checked(kind, f"stopped {times} times {place}", figures)
            assert times >= 2


def renewal(kind: str) -> None:
    """gunicorn's HUP, uvicorn's restart, SIGTERM one after the other: in the middle of 50 calls."""
    cases: list[tuple[str, Server, int, troubles.Event, float]] = [
        ("gunicorn, HUP", "gunicorn", 4, troubles.hup, 3.0),
        ("gunicorn --preload, HUP", "gunicorn --preload", 4, troubles.hup, 3.0),
        ("gunicorn, HUP, old workers gone", "gunicorn", 4, troubles.hup_and_wait, 0.0),
        ("uvicorn, HUP", "uvicorn", 2, troubles.hup, 3.0),
        ("uvicorn, HUP, old workers gone", "uvicorn", 2, troubles.hup_and_wait, 0.0),
        ("uvicorn, restarted", "uvicorn", 2, troubles.restart, 0.0),
        ("uvicorn, SIGTERM one by one", "singles", 4, troubles.restart, 0.0),
        ("sync, SIGTERM one by one", "sync singles", 4, troubles.restart, 0.0),
        ("mounted without lifespan, SIGTERM one by one", "mounted singles", 4, troubles.restart, 0.0),
    ]
    for what, server, workers, event, spread in cases:
        with _store(kind) as url, stage(url, server, workers=workers) as set_up:
            figures = _checked(kind, what, troubles.in_the_middle(set_up, 50, event, spread=spread))
            assert figures.twice or spread, figures  # workers were renewed, unless they took too long for it


def doubled(kind: str) -> None:
    """Doubled, delayed and reordered webhooks with 4 workers: 1,000 calls, each step once."""
    habits = Habits(way="random", double=0.5, late=2.0, delay=0.02, lose=0.1)
    for server in ("singles", "gunicorn"):
        with _store(kind) as url, stage(url, server, workers=4) as set_up:
            figures = _checked(kind, f"doubled, {server}", troubles.habits(set_up, 500, habits))
            differing = len(set_up.proxy.seen.differing)
            _tell(kind, "answers to one request that differ", str(differing))
            assert (figures.twice, figures.effects, differing) == (0, 0, 0)


def followed(kind: str) -> None:
    """`app.dial`, then `wait_for(CallEnded)`, with callbacks on other workers."""
    with _store(kind) as url, stage(url, "singles", habits=Habits(way="random")) as set_up:
        heard = troubles.dialled(set_up, 100)
        _tell(kind, "ends that were waited for", f"{heard} of 100")
        assert heard == 100


def others(kind: str) -> None:
    """What else may befall workers."""
    with _store(kind) as url, stage(url, "gunicorn --preload") as set_up:
        figures, slowest = deaths.full_of_askers(set_up, 12)
        _checked(kind, f"sync workers full of askers, the slowest answer took {slowest:.1f} s", figures)
        assert slowest < LEASE
    with _store(kind) as url, stage(url, "singles", habits=ANOTHER) as set_up:
        _counted(kind, "owner and callback's worker killed", deaths.hung_up(set_up, 5))
        for first in (True, False):
            got = deaths.with_recording(set_up, 5, recording_first=first)
            _counted(kind, f"{'recording' if first else 'end'} first, the owner is dead", got)
        _counted(kind, "a flow that redirects to itself", troubles.redirecting(set_up, 5))
        _counted(kind, "a call moved through another worker", troubles.superseded(set_up, 5))
        _counted(kind, "an unreadable result", troubles.unreadable(set_up, 5))
        figures, cuts = troubles.cut(set_up, 24)
        _checked(kind, f"mailboxes cut every 150 ms, {cuts} times", figures)
        assert figures.twice == 0
        assert cuts > 0
    with _store(kind) as url, stage(url, "singles", habits=ANOTHER) as set_up:
        figures = _checked(kind, "a loop blocked for 7 s", troubles.blocked(set_up, 2, 7.0))
        assert figures.twice == 0
        assert figures.slowest > 7
    away: dict[str, Callable[[Stage], Figures]] = {
        "the store hangs for 5 s": lambda set_up: troubles.store_hanging(set_up, 20, 5.0),
        "the store comes back empty": lambda set_up: troubles.store_emptied(set_up, 20),
        "the store is there for one worker only, for 3 s": lambda set_up: troubles.store_for_one(
            set_up, 20, 3.0
        ),
    }
    for what, happens in away.items():
        for way in ("same", "another"):
            with _store(kind) as url, stage(url, "singles", habits=Habits(way=way)) as set_up:
                _checked(kind, f"{what}, next worker: {way}", happens(set_up))


def _counted(kind: str, what: str, got: dict[str, int]) -> None:
    _tell(kind, what, ", ".join(f"{number} {name}" for name, number in got.items()))
    assert len(set(got.values())) == 1, got


def plain(kind: str) -> None:
    """1,000 calls, nothing happens to."""
    with _store(kind) as url, stage(url, "singles", workers=2) as set_up:
        figures = _checked(kind, "1,000 calls", calls(set_up, 1_000))
        assert figures.twice == 0


SECTIONS: Final[dict[str, Section]] = {
    each.__name__: each for each in (forty, plain, kills, places, stops, renewal, doubled, followed, others)
}
"""By name; each takes the kind of a store."""
