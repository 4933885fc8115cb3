"""A conference bridge: all call one number and enter a PIN; a conference lasts as long as its host is in.

Run it with `uvicorn --factory examples.conference_bridge:create`.

Environment: `PUBLIC_URL`, where Twilio reaches it; `TWILIO_ACCOUNT_SID` and `TWILIO_AUTH_TOKEN`; `SEATS`,
PINs with their rooms, such as `4711=kitchen,4712=kitchen:host`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from attrs import frozen

from ringback import Application, AsyncClient, CallFlow, IncomingCall
from ringback.adapters.asgi import ASGIAdapter
from ringback.twiml import Say


@frozen
class Seat:
    """What a PIN is for."""

    room: str
    host: bool = False


def build(app: Application, client: AsyncClient, seats: Mapping[str, Seat]) -> None:
    """The flow of everybody who calls."""

    @app.flow(IncomingCall)
    async def bridge(call: CallFlow) -> None:
        for _ in range(3):
            keys = await call.gather(
                Say("Please enter your PIN, and press the pound key."), finish_on_key="#", timeout=10
            )
            seat = seats.get(keys.digits or "") if keys is not None else None
            if seat is not None:
                break
            call.say("That is no PIN of ours.")
        else:
            call.say("Goodbye.")
            return
        here = call.room(client, seat.room)

        async def count() -> int:
            return len(await here.participants())

        match await call.step(count):
            case 0:
                call.say("You are the first.")
            case 1:
                call.say("One other is here.")
            case others:
                call.say(f"{others} others are here.")
        await call.join_conference(
            seat.room,
            start_conference_on_enter=seat.host,
            end_conference_on_exit=seat.host,
            hangup_on_star=True,
        )
        call.say("You have left the conference. Goodbye.")


def create() -> ASGIAdapter:
    """The application with its settings from the environment."""
    app = Application(public_url=os.environ["PUBLIC_URL"])
    seats: dict[str, Seat] = {}
    for each in os.environ["SEATS"].split(","):
        pin, _, place = each.partition("=")
        room, _, role = place.partition(":")
        seats[pin] = Seat(room, host=role == "host")
    build(app, AsyncClient(), seats)
    return ASGIAdapter(app)
