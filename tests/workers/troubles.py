"""What else may befall workers: renewal, bad networks, stores that are away, loops that are blocked."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import TYPE_CHECKING, TypeAlias

from tests.workers import stores
from tests.workers.pranks import Prank
from tests.workers.proofs import Figures, Stage, Together, calls, owner
from tests.workers.proxy import Habits

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.workers.caller import Call

Event: TypeAlias = "Callable[[Stage], Awaitable[None]]"

__all__ = ["blocked", "cut", "dialled", "in_the_middle", "redirecting", "superseded", "unreadable"]


def in_the_middle(stage: Stage, count: int, event: Event, *, spread: float = 0.0) -> Figures:
    """Something happens while all calls are between their keys, which go on when it is over.

    Args:
        stage: Where.
        count: How many calls.
        event: What happens.
        spread: Seconds over which the callers spread their next keys.
    """

    async def happen(stage: Stage, _: list[Call]) -> None:
        await event(stage)

    return calls(stage, count, at_once=count, meanwhile=Together(count, happen, spread))


async def hup(stage: Stage) -> None:
    """New workers take the place of the old ones, which the server ends when it will."""
    os.kill(stage.cluster.master, signal.SIGHUP)


async def hup_and_wait(stage: Stage) -> None:
    """The same, and wait until the old ones are gone."""
    old = set(stage.cluster.workers())
    await hup(stage)
    deadline = time.monotonic() + 20
    while old & set(stage.cluster.workers()):
        assert time.monotonic() < deadline, "the old workers stay"
        await asyncio.sleep(0.05)


async def restart(stage: Stage) -> None:
    """The server is ended and started again."""
    await asyncio.to_thread(stage.cluster.restart)


def habits(stage: Stage, count: int, given: Habits, *, at_once: int = 8) -> Figures:
    """Calls through a proxy with other habits."""
    before, stage.proxy.habits = stage.proxy.habits, given
    figures = calls(stage, count, at_once=at_once)
    stage.proxy.settle()
    stage.proxy.habits = before
    return figures


def cut(stage: Stage, count: int) -> tuple[Figures, int]:
    """Everybody's mailbox breaks 150 ms after it was opened, again and again; also how often one did."""
    stage.pranks.play(Prank("mailbox", "cut", each=False, seconds=0.15))
    try:
        figures = calls(stage, count, at_once=4)
    finally:
        stage.pranks.play()
    return figures, sum(line.what == "cut" for line in stage.ledger.lines())


def blocked(stage: Stage, count: int, seconds: float) -> Figures:
    """The owner's loop is blocked longer than its lease: that is no death."""

    async def blocking(stage: Stage, call: Call) -> None:
        place = stage.place_of(owner(call))
        if place is not None:
            asking.add(asyncio.create_task(get(stage.cluster.ports[place], f"/block?{seconds}")))
            await asyncio.sleep(0.1)

    asking: set[asyncio.Task[str]] = set()
    return calls(stage, count, at_once=count, meanwhile=blocking)


def store_hanging(stage: Stage, count: int, seconds: float) -> Figures:
    """The store answers nobody for a while, in the middle of all calls, which go on meanwhile."""

    async def hang(stage: Stage, _: list[Call]) -> None:
        hanging.add(asyncio.create_task(stores.hanging(stage.setting, seconds)))
        await asyncio.sleep(0.2)

    hanging: set[asyncio.Task[None]] = set()
    return calls(stage, count, at_once=count, meanwhile=Together(count, hang, spread=1.0))


def store_emptied(stage: Stage, count: int) -> Figures:
    """The store loses everything, in the middle of all calls."""

    async def empty(stage: Stage, _: list[Call]) -> None:
        await stores.emptied(stage.setting)

    return calls(stage, count, at_once=count, meanwhile=Together(count, empty))


def store_for_one(stage: Stage, count: int, seconds: float) -> Figures:
    """The store can be reached by the first worker alone for a while, in the middle of all calls."""

    async def cut_off(stage: Stage, _: list[Call]) -> None:
        others = tuple(range(1, len(stage.cluster.ports)))
        stage.pranks.play(Prank("before *", "fail", each=False, slots=others))
        asyncio.get_running_loop().call_later(seconds, stage.pranks.play)

    return calls(stage, count, at_once=count, meanwhile=Together(count, cut_off))


def dialled(stage: Stage, count: int, *, at_once: int = 10) -> int:
    """`app.dial`, then `wait_for(CallEnded)`, with callbacks on other workers: how many are heard of."""

    async def one(number: int) -> bool:
        async with free:
            key = f"dial{number}"
            waiting = asyncio.create_task(get(stage.proxy.port, f"/dial?{key}"))
            deadline = time.monotonic() + 10
            while not (lines := stage.ledger.lines(key)):
                if time.monotonic() > deadline:
                    return False
                await asyncio.sleep(0.05)
            sid, url = lines[0].value.split(" ")
            call = stage.network.call()
            call.sid = sid
            for status in ("initiated", "ringing", "in-progress"):
                await call.send(url, status)
            await call.send(url, "completed", CallDuration="3")
            return (await waiting) == f"completed {sid}"

    free = asyncio.Semaphore(at_once)

    async def all_of_them() -> int:
        return sum(await asyncio.gather(*(one(number) for number in range(count))))

    return asyncio.run(all_of_them())


async def get(port: int, target: str) -> str:
    """Ask a worker something that isn't Twilio's business; the body of its answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer.partition(b"\r\n\r\n")[2].decode()


def redirecting(stage: Stage, count: int) -> dict[str, int]:
    """A flow that redirects to itself three times: four visits, each of which is left once."""

    async def one() -> str:
        call = stage.network.call("/again")
        await call.dial()
        for key in "1234":
            await call.press(key)
        if call.heard[-1] != "Enough.":
            raise call.failed("it ended otherwise")
        await call.hang_up(callback=stage.callback)
        return call.sid

    async def all_of_them() -> list[str]:
        return [await one() for _ in range(count)]

    sids = asyncio.run(all_of_them())
    _until(lambda: all(stage.ledger.counts(sid)["left"] >= 4 for sid in sids))
    counts = [stage.ledger.counts(sid) for sid in sids]
    return {
        "calls": count,
        "right": sum(each["visit"] == each["pressed"] == each["left"] == 4 for each in counts),
    }


def superseded(stage: Stage, count: int) -> dict[str, int]:
    """A call is moved to another flow through a worker that doesn't own it: the first flow is dismissed."""

    async def one() -> str:
        call = stage.network.call()
        await call.dial()
        await call.press("1")
        # As after a redirect by REST: a fresh request for another flow, in the middle of a verb.
        moved = stage.network.call("/again")
        moved.sid = call.sid
        await moved.dial()
        for key in "1234":
            await moved.press(key)
        if moved.heard[-1] != "Enough.":
            raise moved.failed("it ended otherwise")
        await moved.hang_up(callback=stage.callback)
        return call.sid

    async def all_of_them() -> list[str]:
        return [await one() for _ in range(count)]

    sids = asyncio.run(all_of_them())
    _until(lambda: all(stage.ledger.counts(sid)["finally"] for sid in sids))
    counts = [stage.ledger.counts(sid) for sid in sids]
    return {
        "calls": count,
        "dismissed once": sum(each["finally"] == 1 for each in counts),
        "visits left": sum(each["visit"] == each["left"] == 4 for each in counts),
    }


def unreadable(stage: Stage, count: int) -> dict[str, int]:
    """A result that can't be read comes to a worker that isn't the owner: 400, and the right one counts."""
    refused: list[int] = []

    async def story(stage: Stage, call: Call) -> None:
        await call.dial()
        await call.press("1")
        await call.press("2")
        record = call.at
        assert record is not None
        action = record.attrib["action"].replace("RecordResult", "Nonsense")
        refused.append(await call.send(action, **call.recording(4)))
        await call.speak(4)
        await call.hang_up(callback=stage.callback)

    figures = calls(stage, count, story=story)
    figures.check()
    return {"calls": count, "refused": refused.count(400), "right": figures.right}


def _until(done: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.2)
