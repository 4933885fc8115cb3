"""A loop that is blocked: who notices, and what the log says."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
import time
from typing import TYPE_CHECKING

import pytest

from ringback.app import Application, CallFlow
from ringback.app.loops import watchdog as module
from ringback.app.loops.watchdog import watchdog
from ringback.twiml import Say, VoiceResponse
from ringback.webhooks import CallEnded, IncomingCall
from tests.app.twilio import TOKEN, call_parameters, eventually, link, new_sid, request, tags, until

if TYPE_CHECKING:
    from collections.abc import Generator

URL = "https://example.com/phone"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> Generator[None, None, None]:
    monkeypatch.setattr(module, "BUSY", 0.2)
    monkeypatch.setattr(module, "PERIOD", 0.05)
    monkeypatch.setattr(module, "IDLE", 0.2)
    until(lambda: not watchdog._awake, 10)  # one that other tests left must have gone
    yield
    until(lambda: not watchdog._awake, 10)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "busy" in record.getMessage()]


def block_elsewhere(seconds: float) -> None:
    """As a library of the user's own would."""
    time.sleep(seconds)


async def test_a_flow_that_blocks(caplog: pytest.LogCaptureFixture) -> None:
    app = Application(public_url=URL, auth_token=TOKEN)

    @app.flow(IncomingCall)
    async def reception(call: CallFlow) -> None:
        threading.Event().wait(0.6)  # deep in the standard library
        await call.gather()

    sid = new_sid("CA")
    assert tags(await app.handle(request(reception.url, call_parameters(sid)))) == ["Gather", "Redirect"]
    [warning] = warnings(caplog)
    lines, first = inspect.getsourcelines(reception.function)
    line = first + next(number for number, text in enumerate(lines) if "wait(0.6)" in text)
    assert warning.startswith(f"flow reception of {sid} has kept its event loop busy")
    assert f"it stands at {__file__}:{line}, in reception" in warning
    assert "asyncio.to_thread" in warning
    assert "AsyncClient" in warning
    assert "threading.py" in warning  # the whole stack follows
    assert "run_forever" not in warning  # but for what is the server's
    await app.aclose()


async def test_each_that_blocks_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    app = Application(public_url=URL, auth_token=TOKEN)

    @app.on(IncomingCall)
    async def greet(call: IncomingCall) -> VoiceResponse:
        block_elsewhere(0.6)
        await asyncio.sleep(0.3)
        block_elsewhere(0.6)
        return VoiceResponse(Say("Hello"))

    sid = new_sid("CA")
    assert tags(await app.handle(request(greet.url, call_parameters(sid)))) == ["Say"]
    told = warnings(caplog)
    assert len(told) == 2
    assert all(warning.startswith(f"handler greet of {sid} ") for warning in told)
    assert all("in block_elsewhere" in warning for warning in told)


async def test_a_listener_that_blocks(caplog: pytest.LogCaptureFixture) -> None:
    app = Application(public_url=URL, auth_token=TOKEN)

    async def listen(event: CallEnded) -> None:
        block_elsewhere(0.6)

    app.on(CallEnded, listen)
    await app.handle(request(app.callback(CallEnded).url, call_parameters(new_sid("CA"), "completed")))
    [warning] = warnings(caplog)
    assert warning.startswith("listeners of CallEnded has kept")


async def test_what_doesn_t_block_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    app = Application(public_url=URL, auth_token=TOKEN)

    @app.on(IncomingCall)
    def plain(call: IncomingCall) -> VoiceResponse:
        block_elsewhere(0.5)
        return VoiceResponse(Say("Hello"))

    @app.flow(IncomingCall, path="/flow")
    async def flow(call: CallFlow) -> None:
        await asyncio.to_thread(block_elsewhere, 0.5)

    for url in (plain.url, flow.url):
        assert (await app.handle(request(url, call_parameters(new_sid("CA"))))).status == 200
    assert warnings(caplog) == []


def test_under_wsgi(caplog: pytest.LogCaptureFixture) -> None:
    app = Application(public_url=URL, auth_token=TOKEN, deadline=0.3)
    release = threading.Event()

    @app.on(IncomingCall)
    async def blocking(call: IncomingCall) -> VoiceResponse:
        release.wait(10)
        return VoiceResponse()

    sid = new_sid("CA")
    assert tags(app.handle_sync(request(blocking.url, call_parameters(sid)))) == ["Pause", "Redirect"]
    until(lambda: bool(warnings(caplog)))
    release.set()
    assert warnings(caplog)[0].startswith(f"handler blocking of {sid} ")


def test_nobody_waits_for_a_portal_that_is_blocked() -> None:
    """The threads of a WSGI server are few: long before the deadline they are there for others."""
    app = Application(public_url=URL, auth_token=TOKEN, deadline=30)
    release = threading.Event()

    @app.on(IncomingCall)
    async def blocking(call: IncomingCall) -> VoiceResponse:
        release.wait(20)
        return VoiceResponse(Say("At last"))

    parameters = call_parameters(new_sid("CA"))
    began = time.monotonic()
    held = app.handle_sync(request(blocking.url, parameters))
    for _ in range(2):
        assert tags(held) == ["Pause", "Redirect"]
        held = app.handle_sync(request(link(held, "Redirect"), parameters))
    ended = call_parameters(parameters["CallSid"], "completed")
    assert app.handle_sync(request(app.callback(CallEnded).url, ended)).status == 204
    assert time.monotonic() - began < 10
    release.set()
    assert tags(app.handle_sync(request(link(held, "Redirect"), parameters))) == ["Say"]


async def test_the_thread_goes_and_comes_back() -> None:
    app = Application(public_url=URL, auth_token=TOKEN)

    @app.flow(IncomingCall)
    async def flow(call: CallFlow) -> None:
        await call.gather()

    for _ in range(2):
        await app.handle(request(flow.url, call_parameters(new_sid("CA"))))
        await asyncio.sleep(0.5)
        assert watchdog._awake  # a flow is under way
        await app.aclose()
        await eventually(lambda: not watchdog._loops)
        until(lambda: not watchdog._awake)
        until(lambda: "ringback-watchdog" not in {thread.name for thread in threading.enumerate()})


def test_a_loop_that_was_left_with_work(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "asyncio")
    app = Application(public_url=URL, auth_token=TOKEN)

    @app.flow(IncomingCall)
    async def flow(call: CallFlow) -> None:
        await call.gather()

    loop = asyncio.new_event_loop()
    loop.run_until_complete(app.handle(request(flow.url, call_parameters(new_sid("CA")))))
    loop.close()
    until(lambda: not watchdog._loops)
    assert warnings(caplog) == []
