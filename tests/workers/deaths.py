"""Workers that are killed or stopped, each at a place where it hurts."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from typing import TYPE_CHECKING, Final

from tests.workers import clusters
from tests.workers.pranks import Prank
from tests.workers.proofs import Figures, Stage, Together, calls, owner

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.workers.caller import Call
    from tests.workers.pranks import Deed
    from tests.workers.proxy import Asked

__all__ = [
    "another_that_runs",
    "PLACES",
    "at_a_place",
    "first_keys",
    "full_of_askers",
    "hung_up",
    "owners_and_others",
    "stopped",
    "with_recording",
]

# The first key's outcome is the run's first; the second document is what it is answered with.
PLACES: Final = {
    "before the append": "before append in.1",
    "after the append": "after append in.1",
    "after the wake": "mail",
    "in a step": "step begun",
    "between effect and record": "effect",
    "after the record of a step": "after append s.*",
    "before out": "before append out.1",
    "after out": "after append out.1",
    "before the reply": "reply 1",
}
"""The nine places, as pranks name them."""

PATIENCE: Final = 10.0


def first_keys(stage: Stage, count: int, *, at_once: int = 20) -> Figures:
    """`kill -9` after each first key: so many calls press theirs, then all of their owners are killed."""
    return calls(stage, count, at_once=at_once, meanwhile=Together(at_once, _kill_owners))


def first_keys_meanwhile(stage: Stage, count: int, *, at_once: int = 2) -> Figures:
    """The same without waiting for anybody, so that others' requests die with the workers, too."""

    async def kill(stage: Stage, call: Call) -> None:
        await _kill_owners(stage, [call])

    return calls(stage, count, at_once=at_once, meanwhile=kill)


async def _kill_owners(stage: Stage, here: list[Call]) -> None:
    for pid in {owner(call) for call in here}:
        clusters.kill(stage.cluster, pid)


def at_a_place(stage: Stage, place: str, deed: Deed, count: int, *, at_once: int = 4) -> tuple[Figures, int]:
    """Kill or stop whoever comes to a place, once a call; also how often that happened.

    Who is stopped is woken again when the calls are over, and what it does then must change nothing.
    """
    before = len(_played(stage, deed))

    def wake() -> None:
        stage.pranks.play()
        if deed == "stop":
            _wake(stage, set(_played(stage, deed)[before:]))

    stage.pranks.play(Prank(PLACES[place], deed))
    figures = calls(stage, count, at_once=at_once, afterwards=wake)
    return figures, len(_played(stage, deed)) - before


def _played(stage: Stage, deed: Deed) -> list[int]:
    return [line.pid for line in stage.ledger.lines() if line.what == deed]


def _wake(stage: Stage, pids: set[int]) -> None:
    """Go on with who was stopped, and let them do what they are still about to."""
    for pid in pids:
        clusters.kill(stage.cluster, pid, signal.SIGCONT)
    time.sleep(2.0)


def another_that_runs(stage: Stage) -> Callable[[Asked, int], int]:
    """A way for a proxy that looks after its workers: another than the last, and none that is stopped."""
    dice = random.Random("runs")  # noqa: S311

    def choose(asked: Asked, count: int) -> int:
        stopped = {stage.place_of(pid) for pid in stage.cluster.workers() if clusters.is_stopped(pid)}
        others = [place for place in range(count) if place != asked.last and place not in stopped]
        return dice.choice(others or list(range(count)))

    return choose


def owners_and_others(asked: Asked, count: int) -> int:
    """A way for a proxy: the first half of the workers begin calls, the others get what comes of them."""
    half = count // 2
    number = int(asked.call[-4:] or "0", 16)
    return half + number % (count - half) if "ringback=" in asked.target else number % half


def stopped(stage: Stage, count: int, *, lease: float, at_once: int) -> tuple[Figures, int]:
    """SIGSTOP for twice the lease: owners are stopped after the first key and woken when the call is over.

    Returns:
        The figures, and how many lines the ledger has of calls by owners that had been stopped by then.
    """
    stops: dict[str, tuple[int, float]] = {}

    async def stopping(stage: Stage, here: list[Call]) -> None:
        now = time.monotonic()
        for call in here:
            pid = owner(call)
            if clusters.kill(stage.cluster, pid, signal.SIGSTOP):
                stops[call.sid] = pid, now
        pids = {pid for pid, _ in stops.values()}
        asyncio.get_running_loop().call_later(2 * lease, _go_on, stage, pids)

    def rest() -> None:
        last = max((at for _, at in stops.values()), default=0.0)
        time.sleep(max(0.0, last + 2 * lease - time.monotonic()))
        _wake(stage, {pid for pid, _ in stops.values()})

    together = Together(at_once, stopping)
    figures = calls(stage, count, at_once=at_once, meanwhile=together, afterwards=rest)
    told = stage.ledger.by_key()
    late = [
        line
        for sid, (pid, at) in stops.items()
        for line in told.get(sid, ())
        if line.pid == pid and line.at > at and line.what != "callback"
    ]
    return figures, len(late)


def _go_on(stage: Stage, pids: set[int]) -> None:
    for pid in pids:
        clusters.kill(stage.cluster, pid, signal.SIGCONT)


def full_of_askers(stage: Stage, count: int) -> tuple[Figures, float]:
    """As many calls of one owner as there are sync workers press a key at once, just after it was killed.

    Returns:
        The figures, and how long the slowest of them waited for its answer.
    """
    waits: list[float] = []

    together = Together(count, _kill_owners)

    async def story(stage: Stage, call: Call) -> None:
        await call.dial()
        await call.press("1")
        await together(stage, call)
        begun = time.monotonic()
        await call.press("2")
        waits.append(time.monotonic() - begun)
        await call.speak(4)
        await call.hang_up(callback=stage.callback)

    figures = calls(stage, count, at_once=count, story=story)
    return figures, max(waits, default=0.0)


def hung_up(stage: Stage, count: int) -> dict[str, int]:
    """The owner and the worker with the callback of the call's end are killed both: who hears of it?

    Returns:
        How many calls there were, how many callbacks were answered, and in how many flows `CallHungUp` was
        raised and `finally` ran, once each.
    """
    stage.pranks.play(Prank("after append end", "kill"))

    async def one() -> tuple[str, bool]:
        call = stage.network.call()
        await call.dial()
        await call.press("1")
        clusters.kill(stage.cluster, owner(call))
        try:
            await call.hang_up(callback=stage.callback)
        except AssertionError:
            return call.sid, False
        return call.sid, True

    async def all_of_them() -> list[tuple[str, bool]]:
        return [await one() for _ in range(count)]

    ended = asyncio.run(all_of_them())
    stage.pranks.play()
    deadline = time.monotonic() + PATIENCE + 5
    counts = [stage.ledger.counts(sid) for sid, _ in ended]
    while time.monotonic() < deadline and not all(count["finally"] for count in counts):
        time.sleep(0.1)
        counts = [stage.ledger.counts(sid) for sid, _ in ended]
    time.sleep(1.0)
    counts = [stage.ledger.counts(sid) for sid, _ in ended]
    return {
        "calls": count,
        "answered": sum(told for _, told in ended),
        "hung up once": sum(each["hung up"] == 1 for each in counts),
        "finally once": sum(each["finally"] == 1 for each in counts),
    }


def with_recording(stage: Stage, count: int, *, recording_first: bool) -> dict[str, int]:
    """The caller hangs up after the beep: recording and end come in either order; the owner is dead.

    Returns:
        How many calls there were, and how many flows got the recording, and ran their `finally`, once.
    """

    async def one() -> str:
        call = stage.network.call()
        await call.dial()
        await call.press("1")
        asked = owner(call)
        await call.press("2")
        clusters.kill(stage.cluster, asked)
        record = call.at
        assert record is not None
        assert record.tag == "Record"
        url = record.attrib["action"]
        told = [
            call.send(url, "completed", **call.recording(4)),
            call.send(stage.callback, "completed", CallDuration="7"),
        ]
        for each in told if recording_first else reversed(told):
            await each
        return call.sid

    async def all_of_them() -> list[str]:
        return [await one() for _ in range(count)]

    sids = asyncio.run(all_of_them())
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and not all(stage.ledger.counts(sid)["finally"] for sid in sids):
        time.sleep(0.1)
    time.sleep(0.5)
    counts = [stage.ledger.counts(sid) for sid in sids]
    return {
        "calls": count,
        "recordings": sum(each["recording"] == 1 and not each["hung up"] for each in counts),
        "finally once": sum(each["finally"] == 1 for each in counts),
    }
