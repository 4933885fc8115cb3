"""A menu: by keys or by word, with a colleague behind 0, and no dead end.

Run it with `uvicorn --factory examples.menu:create`.

Environment: `PUBLIC_URL`, where Twilio reaches it; `TWILIO_AUTH_TOKEN`; `DESK`, the number behind 0.
"""

from __future__ import annotations

import os
from typing import Final

from ringback import Application, CallFlow, GatherResult, IncomingCall
from ringback.adapters.asgi import ASGIAdapter
from ringback.twiml import Say

WORDS: Final = {"1": "hours", "2": "directions", "0": "somebody"}
MENU: Final = (
    "For our hours, press 1, or say hours. For directions, press 2, or say directions. "
    "To talk to somebody, press 0."
)


def chosen(given: GatherResult | None) -> str | None:
    """The word that was chosen, by its key or by saying it."""
    if given is None:
        return None
    said = (given.speech_result or "").lower()
    return WORDS.get(given.digits or "") or next((word for word in WORDS.values() if word in said), None)


def build(app: Application, *, desk: str) -> None:
    """The flow of everybody who calls."""

    @app.flow(IncomingCall)
    async def reception(call: CallFlow) -> None:
        call.say("Welcome to the Blue Door.")
        for _ in range(3):
            given = await call.gather(
                Say(MENU),
                input=["dtmf", "speech"],
                hints=", ".join(WORDS.values()),
                num_digits=1,
                timeout=5,
                speech_timeout="auto",
            )
            match chosen(given):
                case "hours":
                    call.say("We are open from five to eleven, every day but Monday.")
                case "directions":
                    call.say("We are at 5 Harbour Street, behind the church.")
                case "somebody":
                    break
                case _:
                    call.say("Sorry, I did not get that.")
        call.say("One moment, please.")
        result = await call.dial(desk, timeout=20)
        if result.dial_call_status != "completed":
            call.say("Everybody is busy. Please call again later. Goodbye.")


def create() -> ASGIAdapter:
    """The application with its settings from the environment."""
    app = Application(public_url=os.environ["PUBLIC_URL"])
    build(app, desk=os.environ["DESK"])
    return ASGIAdapter(app)
