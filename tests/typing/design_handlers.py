"""The design's snippet of handlers that answer a call."""

from __future__ import annotations

from fastapi import FastAPI

import ringback.adapters.asgi
from ringback import Application, GatherResult, IncomingCall
from ringback.twiml import Dial, Gather, Redirect, Say, VoiceResponse

app = Application(public_url="https://example.com/phone")


@app.on(GatherResult)
async def choose(pressed: GatherResult) -> VoiceResponse:
    match pressed.digits:
        case "1":
            return VoiceResponse(Dial("+15017122661"))
        case _:
            return VoiceResponse(Say("Sorry, that is not an option."), Redirect(greet))


@app.on(IncomingCall)
async def greet(call: IncomingCall) -> VoiceResponse:
    return VoiceResponse(
        Gather(Say("Press 1 for the kitchen."), num_digits=1, action=choose),
        Say("We heard nothing. Goodbye."),
    )


web = FastAPI()
web.mount("/phone", ringback.adapters.asgi.ASGIAdapter(app))
