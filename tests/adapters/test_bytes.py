"""Bytes beyond ASCII in a query: servers that let them pass hand them on each in its own way."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from ringback import Application, IncomingCall
from ringback.adapters.asgi import ASGIAdapter
from ringback.adapters.wsgi import WSGIAdapter
from ringback.twiml import VoiceResponse
from tests.app.twilio import TOKEN, call_parameters, new_sid, request

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from ringback.http import WebhookRequest

TEXT = "K\u00f6ln \U0001f600".replace(" ", "%20")
FORM = "application/x-www-form-urlencoded"


def application() -> tuple[Application, str]:
    app = Application(public_url="https://example.com/phone", auth_token=TOKEN)

    @app.on(IncomingCall)
    def greet(call: IncomingCall) -> VoiceResponse:
        return VoiceResponse()

    return app, greet.url


async def over_asgi(app: Application, asked: WebhookRequest, query: bytes) -> int:
    sent: list[MutableMapping[str, object]] = []

    async def receive() -> MutableMapping[str, object]:
        return {"type": "http.request", "body": asked.body}

    async def send(message: MutableMapping[str, object]) -> None:
        sent.append(message)

    scope: dict[str, object] = {
        "type": "http",
        "method": asked.method,
        "scheme": "https",
        "path": "/phone/greet",
        "query_string": query,
        "headers": [(name.lower().encode(), value.encode()) for name, value in asked.headers.multi_items()],
    }
    await ASGIAdapter(app)(scope, receive, send)
    status = sent[0]["status"]
    assert isinstance(status, int)
    return status


def over_wsgi(app: Application, asked: WebhookRequest, query: bytes) -> int:
    statuses: list[str] = []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": asked.method,
        "PATH_INFO": "/phone/greet",
        "QUERY_STRING": query.decode("latin-1"),
        "HTTP_HOST": "example.com",
        "HTTP_X_TWILIO_SIGNATURE": asked.headers["X-Twilio-Signature"],
        "CONTENT_TYPE": FORM,
        "CONTENT_LENGTH": str(len(asked.body)),
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(asked.body),
    }

    def start(status: str, headers: object, info: object = None) -> Any:
        statuses.append(status)

    WSGIAdapter(app)(environ, start)
    return int(statuses[0][:3])


async def test_they_are_utf_8_in_asgi() -> None:
    app, url = application()
    asked = request(f"{url}?city={TEXT}", call_parameters(new_sid("CA")))
    assert await over_asgi(app, asked, f"city={TEXT}".encode()) == 200
    assert await over_asgi(app, asked, f"city={TEXT}".encode("utf-16-le")) == 403


def test_they_are_utf_8_in_wsgi() -> None:
    app, url = application()
    asked = request(f"{url}?city={TEXT}", call_parameters(new_sid("CA")))
    assert over_wsgi(app, asked, f"city={TEXT}".encode()) == 200
    assert over_wsgi(app, asked, b"city=K\xf6ln") == 403
    app.close()


@pytest.mark.parametrize("query", [b"CallSid=\xff", b"\xed\xa0\x80=1", b"\xc3"])
async def test_what_is_no_utf_8_is_refused(query: bytes) -> None:
    app, url = application()
    asked = request(url, call_parameters(new_sid("CA")))
    assert await over_asgi(app, asked, query) == 403
    by_get = request(url, {}, method="GET")
    assert await over_asgi(app, by_get, query) == 400
