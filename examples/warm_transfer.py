"""A warm transfer: a waiter talks with a guest, calls in the chef while the guest hears music, and leaves.

A guest calls and comes into a room of their own; a waiter is called in. The waiter presses star and 1, the
guest is put on hold, and the chef is called into the room. Once the waiter presses star again, the guest is
back and talks to the chef.

Run it with `uvicorn --factory examples.warm_transfer:create`.

Environment: `PUBLIC_URL`, where Twilio reaches it; `TWILIO_ACCOUNT_SID` and `TWILIO_AUTH_TOKEN`;
`RECEPTION_NUMBER`, the number that it calls from; `WAITER` and `CHEF`, their numbers.
"""

from __future__ import annotations

import os
from functools import partial

from ringback import Application, AsyncClient, CallFlow, IncomingCall, OutgoingCall
from ringback.adapters.asgi import ASGIAdapter
from ringback.twiml import Say


def build(app: Application, client: AsyncClient, *, number: str, waiter: str, chef: str) -> None:
    """The flows of both, the guest and the waiter; the chef needs none."""

    @app.flow(OutgoingCall)
    async def attend(call: CallFlow, *, room: str, guest: str) -> None:
        here = call.room(client, room)
        call.say("A guest is on the line. Press star for the chef.")
        while True:
            # Whoever hangs up instead of pressing star is gone at the next await.
            await call.join_conference(room, hangup_on_star=True)
            pressed = await call.gather(Say("Press 1 to call the chef."), num_digits=1, timeout=5)
            if pressed is not None and pressed.digits == "1":
                break
        await here.hold(guest)
        # A step, so that the chef's phone doesn't ring once more where another worker goes on with this flow.
        await call.step(
            partial(here.add, to=chef, from_=number, timeout=20, end_conference_on_exit=True),
            name="call_chef",
        )
        call.say("Press star once the chef takes over.")
        await call.join_conference(room, hangup_on_star=True)
        await here.unhold(guest)

    async def call_waiter(room: str, guest: str) -> str:
        called = await app.dial(client, to=waiter, from_=number, answer=attend.bind(room=room, guest=guest))
        return called.sid

    @app.flow(IncomingCall)
    async def reception(call: CallFlow) -> None:
        room = call.room(client, f"guest-{call.sid}")
        call.say("Welcome to the Blue Door. One moment, please.")
        await call.step(call_waiter, room.name, call.sid)
        await call.join_conference(room.name, end_conference_on_exit=True)
        call.say("Thanks for calling. Goodbye.")


def create() -> ASGIAdapter:
    """The application with its settings from the environment."""
    app = Application(public_url=os.environ["PUBLIC_URL"])
    number, waiter, chef = (os.environ[name] for name in ("RECEPTION_NUMBER", "WAITER", "CHEF"))
    build(app, AsyncClient(), number=number, waiter=waiter, chef=chef)
    return ASGIAdapter(app)
