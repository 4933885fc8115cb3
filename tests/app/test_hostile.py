"""Requests of strangers, whatever is in them: none raises, none is a failure of ours, the log stays small."""

from __future__ import annotations

import asyncio
import io
import logging
import time
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback import Application, CallFlow, IncomingCall, IncomingMessage
from ringback.adapters.asgi import ASGIAdapter
from ringback.adapters.wsgi import WSGIAdapter
from ringback.errors import WebhookInvalid
from ringback.http import Headers, WebhookRequest
from ringback.twiml import VoiceResponse
from ringback.webhooks import SIGNATURE_HEADER, CallStatusChanged, read_parameters, sign
from tests.app.twilio import TOKEN

HOST = "https://example.com"
MOST_LINES = 40  # in a minute: twenty of those who show a signature, and of the others

ODD = st.sampled_from(
    [
        "\0",
        "\r\n",
        "\x1b[31m",
        "%",
        "%00",
        "%ff",
        "%C3",
        "/",
        "//",
        "\\",
        "?",
        "&",
        "=",
        ";",
        "+",
        " ",
        "ö",
        "😀",
    ]
)
JUNK = st.lists(ODD | st.text(max_size=3), max_size=8).map("".join)
PATHS = st.sampled_from(
    ["/voice", "/sms", "/flow", "/status", "/VOICE", "/voice/", "/voice;x", "", "/", "//", f"/{'a' * 9000}"]
) | JUNK.map(lambda text: f"/{text}")
QUERIES = st.sampled_from(["", "ringback=hold.x.1", "ringback=flow.x.9.none", "%27" * 3000]) | JUNK
METHODS = st.sampled_from(["POST", "POST", "GET", "HEAD", "OPTIONS", "", "pOsT", "X" * 5000, "BREW\n"])
NAMES = st.sampled_from(
    [
        "X-Twilio-Signature",
        "Content-Type",
        "I-Twilio-Idempotency-Token",
        "X-Twilio-Webhooks-Signature-Settings",
        "Upgrade",
        "Content-Encoding",
        "Content-Length",
        "Forwarded",
    ]
)
FORM = "application/x-www-form-urlencoded"
VALUES = st.sampled_from(
    [
        "",
        FORM,
        FORM,
        "application/json",
        f"{FORM}; charset=utf-16",
        "websocket",
        "gzip",
        "algorithm=HMAC_SHA256,key=x",
    ]
) | st.text(st.characters(min_codepoint=32, max_codepoint=255, blacklist_characters="\x7f"), max_size=30)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=4)
BODIES = (
    st.binary(max_size=60)
    | st.sampled_from([b"", b"CallSid=CA1&From=%2B1", b"MessageSid=SM1", b"a=1&" * 2000, b"&;=%"])
    | st.sampled_from(
        [b"[" * 100_000, b'{"CallSid": 1}', b'{"CallSid": "CA1", "x": 1e999}', b"x" * 1_100_000]
    )
    | JUNK.map(lambda text: f"CallSid={text}".encode("utf-8", "surrogatepass"))
)


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(record.getMessage())


class World:
    """An application, and whatever it has told since the tests began."""

    def __init__(self) -> None:
        self.app = Application(public_url=HOST, auth_token=TOKEN)
        self.app.on(IncomingCall, path="/voice")(self._greet)
        self.app.on(IncomingMessage, path="/sms")(self._reply)
        self.app.on(CallStatusChanged, path="/status")(self._note)
        self.app.flow(IncomingCall, path="/flow")(self._lead)
        self.began = time.monotonic()
        self.lines = Lines()
        logging.getLogger("ringback").addHandler(self.lines)

    async def _greet(self, call: IncomingCall) -> VoiceResponse:
        return VoiceResponse()

    async def _reply(self, message: IncomingMessage) -> None:
        pass

    async def _note(self, change: CallStatusChanged) -> None:
        pass

    async def _lead(self, call: CallFlow) -> None:
        call.say("hello")

    def check(self, status: int) -> None:
        assert 200 <= status < 500
        minutes = 1 + int((time.monotonic() - self.began) / 60)
        refused = [line for line in self.lines.told if line.startswith("refused ")]
        assert len(refused) <= MOST_LINES * minutes
        assert all(line.isprintable() and len(line) < 1_000 for line in self.lines.told)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = World()
    yield made
    logging.getLogger("ringback").removeHandler(made.lines)


@given(METHODS, PATHS, QUERIES, HEADERS, BODIES, st.booleans())
@settings(max_examples=1_000)
def test_handle(
    world: World,
    method: str,
    path: str,
    query: str,
    headers: list[tuple[str, str]],
    body: bytes,
    signed: bool,
) -> None:
    asked = WebhookRequest(method, f"{HOST}{path}{query and '?'}{query}", Headers(headers), body)
    if signed:  # Twilio passes on what people write
        asked = as_signed(asked)
    world.check(asyncio.run(world.app.handle(asked)).status)


def as_signed(request: WebhookRequest) -> WebhookRequest:
    try:
        parameters = read_parameters(request)
    except WebhookInvalid:
        return request
    pairs = parameters.multi_items() if parameters.source == "form" else ()
    others = [pair for pair in request.headers.multi_items() if pair[0] != SIGNATURE_HEADER]
    headers = Headers([*others, (SIGNATURE_HEADER, sign(request.url, pairs, TOKEN))])
    return WebhookRequest(request.method, request.url, headers, request.body)


@given(METHODS, PATHS, QUERIES, HEADERS, BODIES)
@settings(max_examples=500)
def test_asgi(
    world: World, method: str, path: str, query: str, headers: list[tuple[str, str]], body: bytes
) -> None:
    scope: dict[str, object] = {
        "type": "http",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": raw(path),
        "query_string": raw(query),
        "root_path": "",
        "server": ("example.com", 443),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
    }
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    asyncio.run(ASGIAdapter(world.app)(scope, receive, send))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    world.check(sent[0]["status"])


@given(METHODS, PATHS, QUERIES, HEADERS, BODIES)
@settings(max_examples=500)
def test_wsgi(
    world: World, method: str, path: str, query: str, headers: list[tuple[str, str]], body: bytes
) -> None:
    environ: dict[str, object] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": raw(path).decode("latin-1"),
        "QUERY_STRING": raw(query).decode("latin-1"),
        "SERVER_NAME": "example.com",
        "SERVER_PORT": "443",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
    }
    for name, value in headers:
        key = name.upper().replace("-", "_")
        environ[key if key.startswith("CONTENT_TYPE") or key == "CONTENT_LENGTH" else f"HTTP_{key}"] = value
    statuses: list[str] = []

    def start_response(status: str, *_: object) -> Callable[[bytes], object]:
        statuses.append(status)
        return lambda _: None

    b"".join(WSGIAdapter(world.app)(environ, start_response))
    (status,) = statuses
    world.check(int(status.split()[0]))


def raw(text: str) -> bytes:
    """As bytes on the wire."""
    return text.encode("utf-8", "surrogatepass")


@given(
    st.sampled_from(["/voice", "/sms", "/flow", "/status"]),
    QUERIES,
    st.dictionaries(
        st.sampled_from(
            ["CallStatus", "MessageStatus", "From", "To", "Body", "NumMedia", "MediaUrl0", "Digits"]
        )
        | JUNK,
        JUNK,
        max_size=8,
    ),
    st.sampled_from(["CA1", "SM1"]) | JUNK,
)
@settings(max_examples=500)
def test_what_twilio_passes_on(
    world: World, path: str, query: str, parameters: dict[str, str], sid: str
) -> None:
    """Signed, so that it gets in."""
    given = parameters | {"CallSid": sid, "MessageSid": sid}
    body = urlencode(given, errors="surrogatepass").encode()
    asked = WebhookRequest("POST", f"{HOST}{path}{query and '?'}{query}", {"Content-Type": FORM}, body)
    status = asyncio.run(world.app.handle(as_signed(asked))).status
    assert status in (200, 204, 400, 403)
    if sid == "CA1" and path == "/voice" and query == "" and is_text("".join([*given, *given.values()])):
        assert status == 200
    world.check(status)


def is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
