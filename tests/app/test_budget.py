"""One time budget for a request: whatever is slow, Twilio has an answer in time."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress

import pytest

from ringback.app import Application, CallFlow, HandlerFailed, MemoryStore
from ringback.app.tags import tagged
from ringback.twiml import Message, MessagingResponse, Say, VoiceResponse
from ringback.webhooks import CallEnded, IncomingCall, IncomingMessage
from tests.app.twilio import (
    TOKEN,
    call_parameters,
    eventually,
    link,
    message_parameters,
    new_sid,
    request,
    served,
    tags,
    until,
)

URL = "https://example.com/phone"
SOON = 2.0  # far above the deadlines here, far below what the slow parts would take


def application(**settings: object) -> Application:
    given: dict[str, object] = {"public_url": URL, "auth_token": TOKEN, "deadline": 0.2}
    return Application(**given | settings)  # type: ignore[arg-type]


class SlowStore(MemoryStore):
    """A store behind a broken network: one of its methods never answers."""

    def __init__(self, method: str) -> None:
        super().__init__()
        self.method = method

    async def _wait(self, method: str) -> None:
        if method == self.method:
            await asyncio.Event().wait()

    async def add(self, key: str, value: bytes, ttl: float) -> bool:
        await self._wait("add")
        return await super().add(key, value, ttl)

    async def get(self, key: str) -> bytes | None:
        await self._wait("get")
        return await super().get(key)

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        await self._wait("put")
        await super().put(key, value, ttl)


@pytest.mark.parametrize("method", ["add", "put", "get"])
async def test_a_store_that_never_answers(method: str, caplog: pytest.LogCaptureFixture) -> None:
    app = application(store=SlowStore(method))

    @app.on(IncomingCall)
    async def greet(call: IncomingCall) -> VoiceResponse:
        return VoiceResponse(Say("Hello"))

    asked = request(greet.url, call_parameters(new_sid("CA")), I_Twilio_Idempotency_Token="t")
    began = time.monotonic()
    first = await app.handle(asked)
    await eventually(lambda: not app._hub._tasks)
    again = await app.handle(asked)
    assert time.monotonic() - began < SOON
    assert tags(first) == ["Say"]
    assert tags(again) in (["Say"], ["Pause", "Redirect"])
    await eventually(lambda: "the store failed" in caplog.text)
    await app.aclose()


@pytest.mark.parametrize("method", ["add", "put", "get"])
async def test_a_notification_does_not_wait_for_the_store(method: str) -> None:
    app = application(store=SlowStore(method))
    heard: list[CallEnded] = []
    app.on(CallEnded, heard.append)
    asked = request(app.callback(CallEnded).url, call_parameters(new_sid("CA"), "completed"))
    began = time.monotonic()
    assert (await app.handle(asked)).status == 204
    assert time.monotonic() - began < SOON
    await eventually(lambda: len(heard) == 1)
    await app.aclose()


async def test_a_store_that_won_t_be_cancelled() -> None:
    class Stubborn(MemoryStore):
        async def add(self, key: str, value: bytes, ttl: float) -> bool:
            until = time.monotonic() + 3
            while time.monotonic() < until:
                with suppress(asyncio.CancelledError):
                    await asyncio.sleep(0.05)
            return True

    app = application(store=Stubborn())

    @app.on(IncomingCall)
    async def greet(call: IncomingCall) -> VoiceResponse:
        return VoiceResponse(Say("Hello"))

    asked = request(greet.url, call_parameters(new_sid("CA")), I_Twilio_Idempotency_Token="t")
    began = time.monotonic()
    assert tags(await app.handle(asked)) == ["Say"]
    assert time.monotonic() - began < SOON


async def test_what_another_process_works_on_holds_the_caller() -> None:
    store = MemoryStore()
    one, other = application(store=store, deadline=2.0), application(store=store)
    gate = asyncio.Event()

    @one.on(IncomingCall)
    async def greet(call: IncomingCall) -> VoiceResponse:
        await gate.wait()
        return VoiceResponse(Say("from one"))

    @other.on(IncomingCall, path="/greet")
    async def never(call: IncomingCall) -> VoiceResponse:
        raise AssertionError("the other process has it")

    parameters = call_parameters(new_sid("CA"))
    asked = request(greet.url, parameters, I_Twilio_Idempotency_Token="t")
    first = asyncio.create_task(one.handle(asked))
    await eventually(lambda: len(store) == 1)
    began = time.monotonic()
    held = await other.handle(asked)
    assert time.monotonic() - began < SOON
    assert tags(held) == ["Pause", "Redirect"]
    gate.set()
    assert tags(await first) == ["Say"]
    again = await other.handle(request(link(held, "Redirect"), parameters))
    assert served(again).findtext("Say") == "from one"


@pytest.mark.parametrize("tag", ["flow.gone.1", "hold.gone"])
async def test_the_fallback_waits_for_nobody(tag: str) -> None:
    app = application(store=SlowStore("put"))
    gate = asyncio.Event()
    heard: list[HandlerFailed] = []

    @app.flow(IncomingCall)
    async def flow(call: CallFlow) -> None:
        await call.gather()

    async def alarm(failed: HandlerFailed) -> None:
        await gate.wait()  # it posts to a chat that is down
        heard.append(failed)

    app.on(HandlerFailed, alarm)
    began = time.monotonic()
    asked = request(tagged(flow.url, tag), call_parameters("CA1"), I_Twilio_Idempotency_Token="t")
    assert tags(await app.handle(asked)) == ["Say", "Hangup"]
    assert time.monotonic() - began < 0.2
    gate.set()
    await eventually(lambda: len(heard) == 1)
    await app.aclose()


async def test_the_deadline_counts_from_the_arrival() -> None:
    app = application(deadline=60)

    @app.on(IncomingCall)
    async def greet(call: IncomingCall) -> VoiceResponse:
        await asyncio.Event().wait()
        return VoiceResponse()

    asked = request(greet.url, call_parameters(new_sid("CA")))
    began = time.monotonic()
    held = await app.handle(asked, arrived=began - 59.9)
    assert time.monotonic() - began < SOON
    assert tags(held) == ["Pause", "Redirect"]
    await app.aclose()


def test_no_deadline_at_all() -> None:
    app = application(deadline=float("inf"), hold_limit=float("inf"), idle_limit=float("inf"))

    @app.flow(IncomingCall)
    async def flow(call: CallFlow) -> None:
        await asyncio.sleep(0.01)
        await call.gather()

    assert tags(app.handle_sync(request(flow.url, call_parameters(new_sid("CA"))))) == ["Gather", "Redirect"]
    app.close()


async def test_a_slow_handler_is_held_once_at_a_time() -> None:
    """The part that waits for another part gives up a moment later, or the caller would be held twice."""
    app = application()
    gate = asyncio.Event()

    @app.on(IncomingCall)
    async def greet(call: IncomingCall) -> VoiceResponse:
        await gate.wait()
        return VoiceResponse(Say("At last"))

    parameters = call_parameters(new_sid("CA"))
    held = await app.handle(request(greet.url, parameters, I_Twilio_Idempotency_Token="t1"))
    assert tags(held) == ["Pause", "Redirect"]
    gate.set()
    again = await app.handle(request(link(held, "Redirect"), parameters, I_Twilio_Idempotency_Token="t2"))
    assert tags(again) == ["Say"]


class TestBlockedPortal:
    """Under WSGI, one blocked loop must not keep the threads of the server."""

    def test_other_callers_are_held_from_outside(self) -> None:
        app, other = application(), application(public_url="https://other.example")
        release = threading.Event()
        entered = threading.Event()

        @app.on(IncomingCall)
        async def blocking(call: IncomingCall) -> VoiceResponse:
            entered.set()
            release.wait(30)  # blocks the loop, as `requests` would
            return VoiceResponse(Say("Unblocked"))

        @other.on(IncomingCall)
        async def fine(call: IncomingCall) -> VoiceResponse:
            return VoiceResponse(Say("Fine"))

        @other.on(IncomingCall, path="/thread")
        def finer(call: IncomingCall) -> VoiceResponse:
            return VoiceResponse(Say("Finer"))

        @other.on(IncomingMessage)
        async def text(message: IncomingMessage) -> MessagingResponse:
            return MessagingResponse(Message("Fine"))

        heard: list[CallEnded] = []
        other.on(CallEnded, heard.append)
        parameters, message = call_parameters(new_sid("CA")), message_parameters(new_sid("SM"))
        mine = call_parameters(new_sid("CA"))
        first: list[str] = []
        held_first = threading.Thread(
            target=lambda: first.extend(tags(app.handle_sync(request(blocking.url, mine))))
        )
        held_first.start()
        assert entered.wait(10)
        began = time.monotonic()
        held = other.handle_sync(request(fine.url, parameters))
        for _ in range(2):  # the loop is still blocked when Twilio comes back
            assert tags(held) == ["Pause", "Redirect"]
            held = other.handle_sync(request(link(held, "Redirect"), parameters))
        held_text = other.handle_sync(request(text.url, message))
        assert tags(held_text) == ["Redirect"]
        ended = call_parameters(parameters["CallSid"], "completed")
        assert other.handle_sync(request(other.callback(CallEnded).url, ended)).status == 204
        in_thread = other.handle_sync(request(finer.url, call_parameters(new_sid("CA"))))
        assert tags(in_thread) == ["Say"]  # which needs no loop
        unsigned = request(fine.url, parameters, token="another")
        assert other.handle_sync(unsigned).status == 403  # which needs no loop either
        assert time.monotonic() - began < 5
        held_first.join(10)
        assert first == ["Pause", "Redirect"]
        release.set()
        answer = other.handle_sync(request(link(held, "Redirect"), parameters))
        while tags(answer) == ["Pause", "Redirect"]:
            answer = other.handle_sync(request(link(answer, "Redirect"), parameters))
        assert served(answer).findtext("Say") == "Fine"
        answer = other.handle_sync(request(link(held_text, "Redirect"), message))
        assert served(answer).findtext("Message") == "Fine"
        until(lambda: len(heard) == 1)

    def test_nobody_is_held_for_ever(self, caplog: pytest.LogCaptureFixture) -> None:
        app = application(deadline=0.05, hold_limit=0.3)
        release = threading.Event()

        @app.on(IncomingCall)
        async def blocking(call: IncomingCall) -> VoiceResponse:
            release.wait(30)
            return VoiceResponse()

        parameters = call_parameters(new_sid("CA"))
        answer = app.handle_sync(request(blocking.url, parameters))
        while tags(answer) == ["Pause", "Redirect"]:
            answer = app.handle_sync(request(link(answer, "Redirect"), parameters))
        assert tags(answer) == ["Say", "Hangup"]
        assert "blocked" in caplog.text
        release.set()
