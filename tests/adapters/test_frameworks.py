"""What isn't the same everywhere: falling through, lifespans, other connections, many applications."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager, asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import urllib3
from fastapi import FastAPI

from ringback.adapters.asgi import ASGIAdapter, ASGIMiddleware
from ringback.adapters.wsgi import WSGIAdapter
from ringback.app import Application, CallFlow, Switchboard
from ringback.twiml import Say, VoiceResponse
from ringback.webhooks import IncomingCall
from tests.adapters.servers import SERVERS, Served, asgi_alone, asgi_middleware, serve_asgi
from tests.app.twilio import TOKEN, call_parameters, new_sid, request, served

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, MutableMapping


def greeting(text: str, public_url: str = "https://example.com/phone") -> Application:
    app = Application(public_url=public_url, auth_token=TOKEN)

    @app.on(IncomingCall)
    async def greet(call: IncomingCall) -> VoiceResponse:
        return VoiceResponse(Say(text))

    return app


def waiting(log: list[str]) -> Application:
    app = Application(public_url="https://example.com/phone", auth_token=TOKEN)

    @app.flow(IncomingCall)
    async def flow(call: CallFlow) -> None:
        try:
            await call.gather()
        finally:
            log.append("cleaned up")

    return app


def call(address: str, app: Application, host: str | None = None) -> urllib3.BaseHTTPResponse:
    """Send an incoming call of an application's to a server."""
    assert app.voice_url is not None
    asked = request(app.voice_url, call_parameters(new_sid("CA")))
    url = app.voice_url.replace(app.voice_url.partition("/phone")[0], address)
    headers = dict(asked.headers) | {"Host": host or asked.headers["Host"]}
    with urllib3.PoolManager(retries=False, timeout=10) as pool:
        return pool.request("POST", url, headers=headers, body=asked.body)


@pytest.mark.parametrize("name", ["asgi mounted", "asgi middleware", "wsgi mounted", "wsgi middleware"])
def test_the_host_application_keeps_what_is_its_own(name: str) -> None:
    serve, _ = SERVERS[name]
    with (
        serve(greeting("Hello")) as address,
        urllib3.PoolManager(retries=False, timeout=10) as pool,
    ):
        assert b"the host" in pool.request("GET", f"{address}/elsewhere").data
        assert pool.request("GET", f"{address}/nowhere").status == 404
        assert pool.request("PUT", f"{address}/phone/greet").status in {404, 405}


@pytest.mark.parametrize("serve", [asgi_alone, asgi_middleware])
def test_a_server_that_stops_closes_the_application(
    serve: Callable[[Served], AbstractContextManager[str]],
) -> None:
    log: list[str] = []
    app = waiting(log)
    with serve(app) as address:
        assert call(address, app).status == 200
        assert log == []
    assert log == ["cleaned up"]


def test_a_middleware_leaves_the_lifespan_to_the_host() -> None:
    log: list[str] = []
    app = waiting(log)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None, None]:
        log.append("host starts")
        yield
        log.append("host stops")

    with serve_asgi(ASGIMiddleware(app, FastAPI(lifespan=lifespan))) as address:
        assert log == ["host starts"]
        call(address, app)
    assert log == ["host starts", "host stops", "cleaned up"]


@pytest.mark.parametrize("name", SERVERS)
def test_a_switchboard_of_several(name: str) -> None:
    first = greeting("first", "https://example.com/phone/a")
    second = greeting("second", "https://example.com/phone/b")
    serve, path = SERVERS[name]
    with serve(Switchboard(first, second)) as address:
        address += path.removesuffix("/phone")  # below a mount elsewhere, the whole public path tells which
        assert b"first" in call(address, first).data
        assert b"second" in call(address, second).data


def test_hosts_tell_applications_apart() -> None:
    first, second = (
        greeting("first", "https://a.example/phone"),
        greeting("second", "https://b.example/phone"),
    )
    with serve_asgi(ASGIAdapter(Switchboard(first, second))) as address:
        assert b"first" in call(address, first).data
        assert b"second" in call(address, second).data


async def _websocket(app: ASGIAdapter) -> list[MutableMapping[str, object]]:
    sent: list[MutableMapping[str, object]] = []

    async def receive() -> MutableMapping[str, object]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, object]) -> None:
        sent.append(message)

    await app({"type": "websocket", "path": "/phone/greet", "headers": []}, receive, send)
    return sent


async def test_a_websocket_is_closed() -> None:
    assert await _websocket(ASGIAdapter(greeting("Hello"))) == [{"type": "websocket.close", "code": 1000}]


def test_a_length_that_python_makes_no_number_of() -> None:
    answered: list[str] = []

    def start(
        status: str, headers: list[tuple[str, str]], error: object = None, /
    ) -> Callable[[bytes], None]:
        answered.append(status)
        return lambda _: None

    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/phone/greet", "CONTENT_LENGTH": "9" * 5000}
    WSGIAdapter(greeting("Hello"))(environ, start)
    assert [status.partition(" ")[0] for status in answered] == ["413"]


async def test_a_client_that_leaves_while_it_sends() -> None:
    sent: list[MutableMapping[str, object]] = []
    messages: list[MutableMapping[str, object]] = [
        {"type": "http.request", "body": b"CallSid=", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> MutableMapping[str, object]:
        return messages.pop(0)

    async def send(message: MutableMapping[str, object]) -> None:
        sent.append(message)

    scope: MutableMapping[str, object] = {
        "type": "http",
        "method": "POST",
        "path": "/phone/greet",
        "headers": [],
    }
    await ASGIAdapter(greeting("Hello"))(scope, receive, send)
    assert sent[0]["status"] == 400


async def test_a_host_that_serves_no_lifespan() -> None:
    async def bare(scope: object, receive: object, send: object) -> None:
        raise RuntimeError("no lifespan here")

    async def receive() -> MutableMapping[str, object]:
        return {"type": "lifespan.startup"}

    async def send(message: MutableMapping[str, object]) -> None:
        raise AssertionError("nothing to send")

    with pytest.raises(RuntimeError, match="no lifespan"):  # which tells the server so
        await ASGIMiddleware(greeting("Hello"), bare)({"type": "lifespan"}, receive, send)


async def test_in_the_server_s_own_loop() -> None:
    loops: list[asyncio.AbstractEventLoop] = []
    app = Application(public_url="https://example.com", auth_token=TOKEN)

    @app.on(IncomingCall)
    async def greet(call: IncomingCall) -> VoiceResponse:
        loops.append(asyncio.get_running_loop())
        return VoiceResponse(Say("Hello"))

    answer = await app.handle(request(greet.url, call_parameters(new_sid("CA"))))
    assert served(answer).findtext("Say") == "Hello"
    assert loops == [asyncio.get_running_loop()]
