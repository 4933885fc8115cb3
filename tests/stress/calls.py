"""Many calls, of which nothing is left once they are over."""

from __future__ import annotations

import asyncio
import gc
import random
import threading
import time
import tracemalloc
from typing import TYPE_CHECKING

from ringback.app import Application, CallFlow, MemoryStore
from ringback.emulator import Emulator
from ringback.twiml import Gather, Say, VoiceResponse
from ringback.webhooks import CallEnded, GatherResult, IncomingCall
from tests.app.made_up import Twilio
from tests.app.twilio import TOKEN, until

if TYPE_CHECKING:
    from ringback.emulator import PhoneCall

FLOWS, HANDLERS = "+15017122661", "+15017122662"
LINGER = 0.5


def hanging_up(calls: int, *, seed: str = "stress") -> dict[str, int]:
    """Emulated calls that end at random moments: half of them in flows that await something else at the time,
    the others in handlers, async and not.

    Returns:
        What is left of them a little after the linger, each of which has to be 0.
    """
    dice = random.Random(seed)  # noqa: S311
    before = {thread.name for thread in threading.enumerate()}
    with Emulator(seed=seed) as emulator:
        app = Application(
            public_url="https://example.com/phone",
            auth_token=emulator.auth_token,
            deadline=0.02,
            linger=LINGER,
        )
        cleaned = Tally()
        _answer(app, cleaned, dice)
        emulator.install(app, FLOWS)
        ended = app.callback(CallEnded).url
        emulator.number(HANDLERS, voice_url=f"{app.public_url}/plain", status_callback=ended)
        phone = emulator.phone("+15558675310")
        for number in range(calls):
            _call(phone.dial(FLOWS if number % 2 else HANDLERS), dice)
        # What is left to be ended goes by the emulator's clock, as the application does.
        emulator.advance(LINGER + 10)
        app_is_idle(app)
        left = what_is_left(app, before)
        left["finally that did not run"] = cleaned.begun - cleaned.ended
        app.close()
        emulator.allow_problems()
    return left


class Tally:
    """How many flows have begun, and how many ran their `finally`."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0


def _answer(app: Application, tally: Tally, dice: random.Random) -> None:
    @app.flow(IncomingCall)
    async def queue(call: CallFlow) -> None:
        tally.begun += 1
        try:
            call.say("Welcome.")
            await call.gather(Say("Press 1 to wait for an agent."), num_digits=1)
            if dice.random() < 0.5:
                await asyncio.Event().wait()  # who never comes
            else:
                await asyncio.to_thread(time.sleep, 0.001)
                await asyncio.sleep(3600)
        finally:
            tally.ended += 1

    @app.on(GatherResult)
    async def pressed(event: GatherResult) -> VoiceResponse:
        await asyncio.sleep(3600)
        return VoiceResponse()

    @app.on(IncomingCall, path="/plain")
    def plain(call: IncomingCall) -> VoiceResponse:
        return VoiceResponse(Gather(Say("Press 1."), num_digits=1, action=pressed))


def _call(line: PhoneCall, dice: random.Random) -> None:
    """A caller who presses a key, or doesn't, and hangs up some time."""
    line.wait(dice.choice([0.0, 0.1, 1.0]))
    if dice.random() < 0.7 and line.state == "talking":
        line.press("1")
        line.wait(dice.choice([0.0, 0.5, 2.0]))
    if line.state != "over":
        line.hangup()
    assert line.ended.status


def app_is_idle(app: Application) -> None:
    """Wait for the end of everything, as long as it is allowed to take."""
    until(lambda: not app._hub._tasks, LINGER + 10)
    until(lambda: not app._flows.by_id, LINGER + 10)
    until(lambda: not app._webhooks._held._held, LINGER + 10)


def what_is_left(app: Application, before: set[str]) -> dict[str, int]:
    """Tasks, threads and entries that are left of calls that are over."""

    def tasks() -> int:
        async def count() -> int:
            return len(asyncio.all_tasks()) - 1

        loop = app._hub.loop
        assert loop is not None
        return asyncio.run_coroutine_threadsafe(count(), loop).result(10)

    def threads() -> set[str]:
        now = {thread.name for thread in threading.enumerate()}
        loops = {"ringback-portal", "ringback-emulated"}
        return now - before - loops - {name for name in now if name.startswith("asyncio_")}

    until(lambda: not threads(), 30)
    gc.collect()
    return {
        "tasks": tasks(),
        "threads": len(threads()),
        "flows": len(app._flows.by_id) + len(app._flows.by_call) + len(app._flows._over),
        "handlers at work": len(app._webhooks._dispatcher._handlers._runs),
        "held answers": len(app._webhooks._held._held),
        "requests under way": len(app._webhooks._recognition._running),
        "followed": len(app._hub.live),
    }


async def dialling(calls: int, rounds: int, *, answers: int) -> list[int]:
    """Calls made by `app.dial` that ring and end, in several rounds.

    Args:
        calls: How many.
        rounds: How many rounds.
        answers: How many answers the store remembers, which takes memory until it is full.

    Returns:
        How many bytes Python has allocated after each round.
    """
    app = Application(
        public_url="https://example.com/phone", auth_token=TOKEN, store=MemoryStore(limit=answers)
    )
    twilio = Twilio(app)

    async def one(number: int) -> None:
        call = await twilio.call()
        if number % 5 == 0:  # is kept for a while for the sake of its listener
            call.on(CallEnded, lambda _: None)
        sid = call.sid
        del call
        await twilio.reports(sid, "ringing")
        await twilio.reports(sid, "completed")
        del twilio.callbacks[sid]

    used: list[int] = []
    tracemalloc.start()
    for _ in range(rounds):
        for _ in range(calls // rounds // 50):
            await asyncio.gather(*(one(number) for number in range(50)))
        await asyncio.sleep(0.2)
        gc.collect()
        used.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    await app.aclose()
    return used
