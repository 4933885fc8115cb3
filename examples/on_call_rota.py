"""A hotline with a rota: it rings whoever is on call this week, then the next, and takes a message at last.

Run it with `uvicorn --factory examples.on_call_rota:create`.

Environment: `PUBLIC_URL`, where Twilio reaches it; `TWILIO_ACCOUNT_SID` and `TWILIO_AUTH_TOKEN`; `ROTA`, the
numbers of all who take turns, with commas between.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date

from ringback import Application, AsyncClient, CallFlow, IncomingCall
from ringback.adapters.asgi import ASGIAdapter
from ringback.twiml import Number, Say
from ringback.webhooks import CalleeAnswered


def turns(rota: Sequence[str], day: date) -> list[str]:
    """All of the rota, this week's first; it turns on Mondays."""
    first = (day.toordinal() - 1) // 7 % len(rota)
    return [*rota[first:], *rota[:first]]


def build(app: Application, client: AsyncClient, rota: Sequence[str]) -> None:
    """The flows of callers and of those on call."""

    @app.flow(CalleeAnswered)
    async def accept(call: CallFlow) -> None:
        # Somebody has to press a key: their mailbox would answer, too.
        if await call.gather(Say("A call to the hotline. Press any key to take it."), num_digits=1) is None:
            call.hangup()

    async def tell_all(message: str, number: str) -> None:
        for each in rota:
            await app.text(client, to=each, from_=number, body=message)

    @app.flow(IncomingCall)
    async def hotline(call: CallFlow) -> None:
        call.say("This is the hotline. Please hold while we find somebody.")
        for each in turns(rota, call.now().date()):
            result = await call.dial(Number(each, url=accept), timeout=20)
            if result.dial_bridged:
                return
            call.say("One moment, please.")
        call.say("Nobody can take your call. Leave a message, and we will call you back.")
        recording = await call.record(max_length=120, timeout=5)
        message = f"Missed call of {call.from_}"
        if recording is not None:
            message += f": {recording.recording_url}"
        await call.step(tell_all, message, call.to)
        call.say("Everybody has been told. Goodbye.")


def create() -> ASGIAdapter:
    """The application with its settings from the environment."""
    app = Application(public_url=os.environ["PUBLIC_URL"])
    build(app, AsyncClient(), os.environ["ROTA"].split(","))
    return ASGIAdapter(app)
