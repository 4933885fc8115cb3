"""Inside of frameworks that have ways of their own: Litestar, Mangum, Django, Starlette's middleware."""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import urllib3
from fastapi import FastAPI
from flask import Flask
from litestar import Litestar, asgi
from mangum import Mangum
from starlette.applications import Starlette
from starlette.middleware import Middleware

from ringback.adapters.asgi import ASGIAdapter, ASGIMiddleware
from ringback.adapters.wsgi import WSGIAdapter, WSGIMiddleware
from ringback.app import Application, CallFlow, Switchboard
from ringback.errors import InvalidValue
from ringback.twiml import Say, VoiceResponse
from ringback.webhooks import IncomingCall
from tests.adapters.servers import serve_asgi, serve_wsgi
from tests.app.twilio import TOKEN, call_parameters, link, new_sid, request

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ringback.http import WebhookResponse

PUBLIC = "https://example.com/phone"


@pytest.fixture
def app() -> Generator[Application, None, None]:
    app = Application(public_url=PUBLIC, auth_token=TOKEN)

    @app.on(IncomingCall)
    async def greet(call: IncomingCall) -> VoiceResponse:
        return VoiceResponse(Say("Hello from ringback"))

    yield app
    app.close()


def call(address: str) -> urllib3.BaseHTTPResponse:
    asked = request(f"{PUBLIC}/greet", call_parameters(new_sid("CA")))
    headers = {name: value for name, value in asked.headers.items() if name.lower() != "host"}
    with urllib3.PoolManager(retries=False, timeout=10) as pool:
        return pool.request("POST", f"{address}/phone/greet", headers=headers, body=asked.body)


def litestar(app: Application) -> Any:
    return Litestar([asgi("/phone", is_mount=True, copy_scope=True)(ASGIAdapter(app).__call__)])


def starlette(app: Application) -> Any:
    web = Starlette()
    web.add_middleware(ASGIMiddleware, application=app)
    return web


def starlette_at_once(app: Application) -> Any:
    return Starlette(middleware=[Middleware(ASGIMiddleware, application=Switchboard(app))])


def fastapi(app: Application) -> Any:
    web = FastAPI()
    web.add_middleware(ASGIMiddleware, application=app)
    return web


@pytest.mark.parametrize("host", [litestar, starlette, starlette_at_once, fastapi])
def test_asgi_hosts(app: Application, host: Callable[[Application], Any]) -> None:
    with serve_asgi(host(app)) as address:
        for _ in range(2):
            answered = call(address)
            assert (answered.status, b"Hello from ringback" in answered.data) == (200, True)


DJANGO = """
import asyncio, json, sys
from django.conf import settings
settings.configure(DEBUG=False, ALLOWED_HOSTS=["*"], SECRET_KEY="x", ROOT_URLCONF=__name__)
import django
django.setup()
urlpatterns = []
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from ringback import Application, IncomingCall
from ringback.adapters.asgi import ASGIMiddleware
from ringback.adapters.wsgi import WSGIMiddleware
from ringback.twiml import Say, VoiceResponse
from tests.adapters.servers import serve_asgi, serve_wsgi
from tests.adapters.test_hosts import call
from tests.app.twilio import TOKEN
import urllib3
app = Application(public_url="https://example.com/phone", auth_token=TOKEN)
@app.on(IncomingCall)
def greet(call: IncomingCall) -> VoiceResponse:
    return VoiceResponse(Say("Hello from ringback"))
for serve, site in ((serve_asgi, ASGIMiddleware(get_asgi_application(), app)),
                    (serve_wsgi, WSGIMiddleware(get_wsgi_application(), app))):
    with serve(site) as address:
        answered = call(address)
        assert answered.status == 200 and b"Hello from ringback" in answered.data, answered.data
        assert urllib3.request("GET", address + "/elsewhere", retries=False).status == 404
print("fine")
"""


def test_django_both_ways() -> None:
    """In a process of its own: Django's settings are for ever."""
    done = subprocess.run(
        [sys.executable, "-c", DJANGO], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.strip().endswith("fine"), done.stderr


def test_wsgi_in_either_order(app: Application) -> None:
    site = Flask("host")
    for made in (
        WSGIMiddleware(app, site.wsgi_app),
        WSGIMiddleware(site.wsgi_app, app),
        WSGIMiddleware(app=site.wsgi_app, application=app),
    ):
        with serve_wsgi(made) as address:
            assert b"Hello from ringback" in call(address).data


class TestMangum:
    """Which runs the whole lifespan for each event."""

    def send(self, handler: Mangum, url: str, **more: str) -> dict[str, Any]:
        asked = request(url, call_parameters(CALL, **more))
        path, _, query = url.removeprefix("https://example.com").partition("?")
        event = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": query,
            "headers": {name.lower(): value for name, value in asked.headers.items()},
            "requestContext": {
                "http": {"method": "POST", "path": path, "sourceIp": "127.0.0.1", "protocol": "HTTP/1.1"},
                "domainName": "example.com",
                "stage": "$default",
            },
            "body": base64.b64encode(asked.body).decode(),
            "isBase64Encoded": True,
        }
        context: Any = {}
        answered: dict[str, Any] = handler(event, context)
        return answered

    @pytest.fixture
    def loop(self) -> Generator[asyncio.AbstractEventLoop, None, None]:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        yield loop
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        asyncio.set_event_loop(None)
        loop.close()

    def test_handlers_answer_one_event_after_the_other(
        self, app: Application, loop: asyncio.AbstractEventLoop
    ) -> None:
        handler = Mangum(ASGIAdapter(app))
        for status in ("ringing", "in-progress", "completed"):
            answered = self.send(handler, f"{PUBLIC}/greet", CallStatus=status)
            assert answered["statusCode"] == 200
            assert "Hello from ringback" in answered["body"]

    def test_flows_go_on_where_it_leaves_the_lifespan_alone(self, loop: asyncio.AbstractEventLoop) -> None:
        app = Application(public_url=PUBLIC, auth_token=TOKEN)

        @app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None:
            pressed = await call.gather(num_digits=1)
            call.say(f"You pressed {pressed.digits if pressed else 'nothing'}")

        handler = Mangum(ASGIAdapter(app), lifespan="off")
        first = self.send(handler, reception.url)
        assert first["statusCode"] == 200
        action = link(answer(first), "Gather")
        assert "You pressed 4" in self.send(handler, action, Digits="4")["body"]
        loop.run_until_complete(app.aclose())


CALL = new_sid("CA")


def answer(given: dict[str, Any]) -> WebhookResponse:
    from ringback.http import WebhookResponse

    headers = {"Content-Type": given["headers"]["content-type"]}
    return WebhookResponse(given["statusCode"], headers, given["body"].encode())


@pytest.mark.parametrize("adapter", [ASGIAdapter, WSGIAdapter])
@pytest.mark.parametrize("wrong", [None, "main:app", FastAPI(), Application])
def test_an_adapter_of_something_else(adapter: Callable[..., object], wrong: object) -> None:
    with pytest.raises(InvalidValue, match="application: expected a ringback Application or Switchboard"):
        adapter(wrong)


@pytest.mark.parametrize("middleware", [ASGIMiddleware, WSGIMiddleware])
def test_a_middleware_between_the_wrong_ones(app: Application, middleware: Callable[..., object]) -> None:
    with pytest.raises(InvalidValue, match="application: expected"):
        middleware(FastAPI(), FastAPI())
    with pytest.raises(InvalidValue, match="Switchboard serves several"):
        middleware(app, app)
    with pytest.raises(InvalidValue, match="app: expected"):
        middleware(app, "site")
