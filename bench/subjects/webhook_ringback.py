"""Webhooks checked and answered by ringback: `validate`, `asgi` or `wsgi`."""

from __future__ import annotations

import sys

from bench.subjects import webhook_requests
from ringback import Application, GatherResult, IncomingCall
from ringback.adapters.asgi import ASGIAdapter
from ringback.adapters.wsgi import WSGIAdapter
from ringback.http import WebhookRequest
from ringback.twiml import Gather, Say, VoiceResponse
from ringback.webhooks import Parameters, SignatureValidator, read_parameters

app = Application(public_url="https://example.com/phone", auth_token=webhook_requests.TOKEN)


@app.on(GatherResult)
def choose(pressed: GatherResult) -> VoiceResponse:
    return VoiceResponse(Say(f"You pressed {pressed.digits}."))


def answer() -> VoiceResponse:
    return VoiceResponse(Gather(Say("Press 1 for the kitchen."), num_digits=1, action=choose))


match sys.argv[1]:
    case "validate":
        validator = SignatureValidator(webhook_requests.TOKEN)

        def read(signed: webhook_requests.Signed) -> tuple[WebhookRequest, Parameters]:
            headers = {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Twilio-Signature": signed.signature,
            }
            request = WebhookRequest("POST", webhook_requests.URL, headers, signed.body)
            return request, read_parameters(request)

        webhook_requests.validate(read, lambda both: validator.is_valid(both[0], parameters=both[1]))
    case "asgi":

        @app.on(IncomingCall, path="/greet")
        async def greet(_: IncomingCall) -> VoiceResponse:
            return answer()

        webhook_requests.asgi(ASGIAdapter(app))
    case _:

        @app.on(IncomingCall, path="/greet")
        def greet_at_once(_: IncomingCall) -> VoiceResponse:
            return answer()

        webhook_requests.wsgi(WSGIAdapter(app))
