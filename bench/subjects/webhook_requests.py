"""Signed requests for the subjects `webhook_*.py`: each is another call, as they are for a server."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from attrs import frozen

from bench.subjects import timing
from ringback.webhooks import sign

__all__ = ["TOKEN", "URL", "Signed", "asgi", "requests", "validate", "wsgi"]

T = TypeVar("T")

URL: Final = "https://example.com/phone/greet"
TOKEN: Final = "0123456789abcdef0123456789abcdef"  # noqa: S105 - nobody's
COUNT: Final = 1_500
WARM_UP: Final = 50


@frozen
class Signed:
    """A request for a caller's first TwiML, with 30 parameters."""

    parameters: dict[str, str]
    body: bytes
    signature: str


def requests() -> list[Signed]:
    """All of them, made beforehand."""
    made: list[Signed] = []
    for number in range(COUNT + WARM_UP):
        parameters = {
            "CallSid": f"CA{number:032x}",
            "AccountSid": "AC" + "1" * 32,
            "From": "+15558675310",
            "To": "+15017122661",
            "Caller": "+15558675310",
            "Called": "+15017122661",
            "CallStatus": "ringing",
            "Direction": "inbound",
            "ApiVersion": "2010-04-01",
            "CallerName": "MARY O'NEILL",
            "StirVerstat": "TN-Validation-Passed-A",
            "CallToken": "%7B%22parentCallInfoToken%22%3A%22eyJhbGciOiJFUzI1NiJ9%22%7D",
            **{
                f"{side}{what}": text
                for side in ("From", "To", "Caller", "Called")
                for what, text in (
                    ("City", "SAN FRANCISCO"),
                    ("State", "CA"),
                    ("Zip", "94105"),
                    ("Country", "US"),
                )
            },
            "ForwardedFrom": "+15017122662",
            "CallTimestamp": "Mon, 23 Nov 2026 15:00:07 +0000",
        }
        body = urlencode(parameters).encode()
        made.append(Signed(parameters, body, sign(URL, list(parameters.items()), TOKEN)))
    return made


def validate(prepare: Callable[[Signed], T], check: Callable[[T], bool]) -> None:
    """Print the CPU seconds that checking all of them takes, once they have been read."""
    waiting = iter([prepare(signed) for signed in requests()])
    timing.repeated(lambda: _right(check(next(waiting))), COUNT, warm_up=WARM_UP)


def asgi(application: Callable[[Any, Any, Any], Awaitable[None]]) -> None:
    """Print the CPU seconds that an ASGI application takes to answer all of them, ten at once."""
    waiting = iter(requests())

    async def ask() -> None:
        signed = next(waiting)
        answer = bytearray()

        async def receive() -> MutableMapping[str, object]:
            return {"type": "http.request", "body": signed.body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            answer.extend(message.get("body", b""))

        headers = [(name.lower().encode(), value.encode()) for name, value in _headers(signed)]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "https",
            "path": "/phone/greet",
            "raw_path": b"/phone/greet",
            "root_path": "",
            "query_string": b"",
            "headers": headers,
            "server": ("example.com", 443),
            "client": ("127.0.0.1", 50_000),
        }
        await application(scope, receive, send)
        _right(b"<Gather" in answer)

    asyncio.run(timing.repeated_async(ask, COUNT - 20, warm_up=WARM_UP))


def wsgi(application: Callable[[Any, Any], Iterable[bytes]]) -> None:
    """Print the CPU seconds that a WSGI application takes to answer all of them, one after the other."""
    waiting = iter(requests())

    def ask() -> None:
        signed = next(waiting)
        environ: dict[str, object] = {
            "REQUEST_METHOD": "POST",
            "SCRIPT_NAME": "",
            "PATH_INFO": "/phone/greet",
            "QUERY_STRING": "",
            "SERVER_NAME": "example.com",
            "SERVER_PORT": "443",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_LENGTH": str(len(signed.body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(signed.body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in _headers(signed):
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        answer = b"".join(application(environ, _start_response))
        _right(b"<Gather" in answer)

    timing.repeated(ask, COUNT, warm_up=WARM_UP)


def _start_response(_status: str, _headers: object, _error: object = None, /) -> Callable[[bytes], object]:
    return io.BytesIO().write


def _headers(signed: Signed) -> list[tuple[str, str]]:
    return [
        ("Host", "example.com"),
        ("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"),
        ("X-Twilio-Signature", signed.signature),
    ]


def _right(right: bool) -> None:
    if not right:
        raise RuntimeError("the answer is wrong, so its time says nothing")
