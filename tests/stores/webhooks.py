"""A worker that answers texts, and a text."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from ringback import Application, IncomingMessage
from ringback.http import WebhookRequest
from ringback.stores import Store
from ringback.twiml import Message, MessagingResponse
from ringback.webhooks import sign

__all__ = ["reception", "ring"]

_TOKEN: Final = "t" * 32
_URL: Final = "https://example.com/phone/answer"


def reception(store: Store, heard: list[str]) -> Application:
    """A worker of an application; what its handler was called with is in `heard`."""
    app = Application(public_url="https://example.com/phone", auth_token=_TOKEN, store=store)

    @app.on(IncomingMessage)
    async def answer(message: IncomingMessage) -> MessagingResponse:
        heard.append(message.body)
        return MessagingResponse(Message(f"Number {len(heard)}: {message.body}"))

    return app


def ring() -> WebhookRequest:
    """A text that comes in, as Twilio signs it."""
    parameters = {
        "MessageSid": "SM" + "1" * 32,
        "AccountSid": "AC" + "1" * 32,
        "From": "+15558675310",
        "To": "+15017122661",
        "Body": "hello",
        "NumMedia": "0",
        "NumSegments": "1",
    }
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": sign(_URL, list(parameters.items()), _TOKEN),
    }
    return WebhookRequest("POST", _URL, headers, urlencode(parameters).encode())
