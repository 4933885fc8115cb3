"""Servers that stop, and what becomes of the flows that are under way."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

import pytest
import urllib3
from fastapi import FastAPI

from ringback.adapters.asgi import ASGIAdapter, ASGIMiddleware
from ringback.app import Application, CallFlow, Switchboard
from ringback.webhooks import IncomingCall
from tests.adapters.servers import serve_asgi
from tests.app.twilio import TOKEN, call_parameters, new_sid, request

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from ringback.adapters.asgi import ASGIApp, Receive, Scope, Send

PUBLIC = "https://example.com/phone"


async def without_lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    """As Django does."""
    if scope["type"] != "http":
        raise ValueError("Django can only handle ASGI/HTTP connections, not lifespan.")


def mounted(app: Application) -> ASGIApp:
    web = FastAPI()
    web.mount("/phone", ASGIAdapter(app))
    return web


def switchboard(app: Application) -> ASGIApp:
    web = FastAPI()
    web.mount("/phone", ASGIAdapter(Switchboard(app)))
    return web


HOSTS: dict[str, Callable[[Application], ASGIApp]] = {
    "alone": ASGIAdapter,
    "mounted": mounted,
    "switchboard mounted": switchboard,
    "in front of FastAPI": lambda app: ASGIMiddleware(app, FastAPI()),
    "in front of Django": lambda app: ASGIMiddleware(app, without_lifespan),
}


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_flows_are_ended(host: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ringback")
    app = Application(public_url=PUBLIC, auth_token=TOKEN, deadline=0.2)
    cleaned: list[str] = []

    @app.flow(IncomingCall)
    async def polite(call: CallFlow) -> None:
        try:
            await call.gather()
        finally:
            await asyncio.sleep(0.05)
            cleaned.append(call.sid)

    @app.flow(IncomingCall, path="/stubborn")
    async def stubborn(call: CallFlow) -> None:
        while True:
            try:
                await asyncio.Event().wait()
            except BaseException:  # noqa: S112
                continue

    parameters = call_parameters(new_sid("CA"))
    with serve_asgi(HOSTS[host](app)) as address, urllib3.PoolManager(retries=False, timeout=10) as pool:
        for url in (polite.url, stubborn.url):
            asked = request(url, parameters | {"CallSid": new_sid("CA")})
            headers = {name: value for name, value in asked.headers.items() if name != "Host"}
            seen = url.replace("https://example.com", address)
            assert pool.request("POST", seen, headers=headers, body=asked.body).status == 200
        began = time.monotonic()
    assert time.monotonic() - began < 6
    assert len(cleaned) == 1
    assert not app._hub._tasks
    assert ("no lifespan reaches" in caplog.text) == ("mounted" in host or "Django" in host)


async def test_one_task_a_loop_sees_to_it() -> None:
    app = Application(public_url=PUBLIC, auth_token=TOKEN)
    adapter = ASGIAdapter(app)
    scope: Scope = {"type": "http", "method": "POST", "path": "/phone", "headers": [], "scheme": "https"}

    async def receive() -> MutableMapping[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, object]) -> None: ...

    before = len(asyncio.all_tasks())
    for _ in range(3):
        await adapter(scope, receive, send)
    assert len(asyncio.all_tasks()) == before + 1
