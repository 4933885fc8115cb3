"""Everything that runs has an end, whatever it does and whatever it raises."""

from __future__ import annotations

import asyncio
import inspect
import logging
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from ringback.app import Application, CallFlow, HandlerFailed
from ringback.app.loops import portal
from ringback.app.loops.background import FAREWELL, Background
from ringback.errors import CallHungUp
from ringback.http import WebhookResponse
from ringback.twiml import Say, VoiceResponse
from ringback.webhooks import CallEnded, GatherResult, IncomingCall
from tests.app.twilio import TOKEN, call_parameters, eventually, link, new_sid, request, tags, until

URL = "https://example.com/phone"


def application(**settings: object) -> Application:
    given: dict[str, object] = {"public_url": URL, "auth_token": TOKEN, "deadline": 0.1, "linger": 0.1}
    return Application(**given | settings)  # type: ignore[arg-type]


async def start(app: Application, url: str) -> tuple[str, WebhookResponse]:
    sid = new_sid("CA")
    return sid, await app.handle(request(url, call_parameters(sid, "ringing")))


async def press(app: Application, sid: str, heard: WebhookResponse) -> WebhookResponse:
    return await app.handle(request(link(heard, "Gather"), call_parameters(sid, Digits="1")))


async def hang_up(app: Application, sid: str) -> None:
    ended = request(app.callback(CallEnded).url, call_parameters(sid, "completed"))
    assert (await app.handle(ended)).status == 204


async def forever() -> None:
    await asyncio.Event().wait()


async def swallowing() -> None:
    while True:
        try:
            await forever()
        except asyncio.CancelledError:
            continue


class TestHangingUpElsewhere:
    """A caller who hangs up while the code awaits something that is no verb."""

    async def test_a_flow(self, caplog: pytest.LogCaptureFixture) -> None:
        app = application()
        cleaned: list[str] = []

        @app.flow(IncomingCall)
        async def queue(call: CallFlow) -> None:
            try:
                await call.gather(Say("Please wait."))
                await forever()  # an agent who never comes
            finally:
                await asyncio.sleep(0.01)
                cleaned.append(call.sid)

        sid, heard = await start(app, queue.url)
        held = await press(app, sid, heard)
        assert tags(held) == ["Pause", "Redirect"]
        await hang_up(app, sid)
        await eventually(lambda: cleaned == [sid])
        await eventually(lambda: not app._hub._tasks and not app._flows.by_id)
        assert f"flow queue still runs 0.1 s after the end of call {sid}" in caplog.text
        assert "failed" not in caplog.text

    async def test_a_flow_that_needs_a_little_longer(self) -> None:
        app = application(linger=5)
        saved: list[str] = []

        @app.flow(IncomingCall)
        async def survey(call: CallFlow) -> None:
            try:
                await call.gather()
            finally:
                await asyncio.sleep(0.2)  # writes down what it has
                saved.append(call.sid)

        sid, _ = await start(app, survey.url)
        await hang_up(app, sid)
        await eventually(lambda: saved == [sid])

    async def test_a_flow_that_was_over_before(self, caplog: pytest.LogCaptureFixture) -> None:
        app = application()

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            await call.gather()

        sid, heard = await start(app, flow.url)
        await press(app, sid, heard)
        repeated = call_parameters(sid, "completed", Digits="1")
        await app.handle(request(link(heard, "Gather"), repeated))
        await hang_up(app, sid)
        await eventually(lambda: not app._flows.by_id)
        await asyncio.sleep(0.2)
        assert "still runs" not in caplog.text

    async def test_a_handler(self, caplog: pytest.LogCaptureFixture) -> None:
        app = application()
        cleaned: list[str] = []

        @app.on(IncomingCall)
        async def greet(call: IncomingCall) -> VoiceResponse:
            try:
                await forever()
            finally:
                cleaned.append(call.call_sid)
            return VoiceResponse()

        sid, held = await start(app, greet.url)
        assert tags(held) == ["Pause", "Redirect"]
        other, _ = await start(app, greet.url)
        await hang_up(app, sid)
        await eventually(lambda: cleaned == [sid])
        assert f"handler greet still runs 0.1 s after the end of call {sid}" in caplog.text
        assert other not in caplog.text
        await app.aclose()
        assert not app._webhooks._dispatcher._handlers._runs

    @pytest.mark.parametrize("kind", ["flow", "handler"])
    async def test_nobody_says_that_the_call_has_ended(self, kind: str) -> None:
        app = application(hold_limit=0.3)
        cleaned: list[bool] = []
        failures: list[HandlerFailed] = []
        app.on(HandlerFailed, failures.append)

        async def wait() -> None:
            try:
                await forever()
            finally:
                cleaned.append(True)

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            await wait()

        @app.on(IncomingCall, path="/handler")
        async def handler(call: IncomingCall) -> VoiceResponse:
            await wait()
            return VoiceResponse()

        _, held = await start(app, flow.url if kind == "flow" else handler.url)
        assert tags(held) == ["Pause", "Redirect"]  # and Twilio never comes back
        await eventually(lambda: bool(cleaned) and len(failures) == 1)
        assert isinstance(failures[0].error, TimeoutError)
        await eventually(lambda: not app._hub._tasks and not app._webhooks._held._held)

    @pytest.mark.parametrize("last", [forever, swallowing])
    async def test_a_finally_that_never_ends(
        self, last: Callable[[], Awaitable[None]], caplog: pytest.LogCaptureFixture
    ) -> None:
        app = application()

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            try:
                await forever()
            finally:
                await last()

        sid, _ = await start(app, flow.url)
        await hang_up(app, sid)
        await eventually(lambda: not app._hub._tasks and not app._flows.by_id, FAREWELL + 5)
        assert f"flow flow of {sid} goes on 2.0 s after it was cancelled: it is dropped" in caplog.text


VERBS: list[Callable[[CallFlow], Awaitable[object]]] = [
    lambda call: call.gather(),
    lambda call: call.record(),
    lambda call: call.dial("+15017122661"),
    lambda call: call.join_conference("room"),
    lambda call: call.put_on_hold(),
    lambda call: call.put_on_hold_without_music(),
    lambda call: call.gather(num_digits=0),
    lambda call: call.record(max_length=-1),
    lambda call: call.dial(timeout=-1),
    lambda call: call.join_conference("room", max_participants=-1),
]


class TestVerbsThatFailAtOnce:
    """A loop turns on, whatever a flow does with a verb that fails."""

    @pytest.mark.parametrize("verb", VERBS)
    @pytest.mark.parametrize("ended", [True, False])
    async def test_it_yields(self, verb: Callable[[CallFlow], Awaitable[object]], ended: bool) -> None:
        app = application(linger=30)
        tries = 0

        @app.flow(IncomingCall)
        async def stubborn(call: CallFlow) -> None:
            nonlocal tries
            if not ended:
                call.hangup()
            while tries < 100_000:
                try:
                    await verb(call)
                except Exception:
                    tries += 1

        sid, _ = await asyncio.wait_for(start(app, stubborn.url), 5)
        await hang_up(app, sid)
        await eventually(lambda: tries > 3)
        began, turns = time.monotonic(), 0
        while time.monotonic() - began < 0.1:
            await asyncio.sleep(0)
            turns += 1
        assert turns > 50
        assert tries < 1000  # it doesn't spin either
        await app.aclose()

    async def test_it_ends(self) -> None:
        app = application()

        @app.flow(IncomingCall)
        async def stubborn(call: CallFlow) -> None:
            while True:
                with suppress(Exception):
                    await call.gather()

        sid, _ = await start(app, stubborn.url)
        await hang_up(app, sid)
        await eventually(lambda: not app._hub._tasks)


class TestClosing:
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    async def test_a_flow_that_swallows_everything(self, caplog: pytest.LogCaptureFixture) -> None:
        app = application()

        @app.flow(IncomingCall)
        async def stubborn(call: CallFlow) -> None:
            while True:
                try:
                    await call.gather()
                except CallHungUp:
                    return
                except BaseException:  # noqa: S112
                    continue

        sid, _ = await start(app, stubborn.url)
        began = time.monotonic()
        await app.aclose()
        assert time.monotonic() - began < FAREWELL + 1
        assert not app._hub._tasks
        assert len(app._flows) == 0
        assert f"flow stubborn of {sid} goes on" in caplog.text

    async def test_what_waits_for_a_task_that_won_t_be_cancelled(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        app = application()
        done = asyncio.Event()
        tasks: list[asyncio.Task[None]] = []

        async def stubborn() -> None:
            while not done.is_set():
                try:
                    await done.wait()
                except asyncio.CancelledError:
                    continue

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            tasks.append(asyncio.create_task(stubborn()))
            await tasks[0]

        await start(app, flow.url)
        await app.aclose()
        assert not app._hub._tasks
        assert "is left behind" in caplog.text
        done.set()
        await tasks[0]

    @pytest.mark.parametrize("token", [{}, {"I_Twilio_Idempotency_Token": "t"}])
    @pytest.mark.parametrize("kind", ["flow", "async handler", "sync handler"])
    async def test_who_waits_for_an_answer_gets_the_fallback(self, kind: str, token: dict[str, str]) -> None:
        app = application(deadline=30)
        release = threading.Event()

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            await forever()

        @app.on(IncomingCall, path="/async")
        async def in_loop(call: IncomingCall) -> VoiceResponse:
            await forever()
            return VoiceResponse()

        @app.on(IncomingCall, path="/sync")
        def in_thread(call: IncomingCall) -> VoiceResponse:
            release.wait(30)
            return VoiceResponse()

        url = {"flow": flow.url, "async handler": in_loop.url, "sync handler": in_thread.url}[kind]
        asked = request(url, call_parameters(new_sid("CA")), **token)
        waiting = asyncio.create_task(app.handle(asked))
        await eventually(lambda: bool(app._hub._tasks or app._webhooks._dispatcher._handlers._runs))
        began = time.monotonic()
        await app.aclose()
        assert tags(await waiting) == ["Say", "Hangup"]
        assert time.monotonic() - began < 1
        release.set()

    async def test_a_notification_under_way_is_answered(self) -> None:
        app = application(deadline=30)
        app.on(CallEnded, lambda _: forever())
        asked = request(app.callback(CallEnded).url, call_parameters(new_sid("CA"), "completed"))
        waiting = asyncio.create_task(app.handle(asked))
        await eventually(lambda: bool(app._hub._tasks))
        await app.aclose()
        assert (await waiting).status == 204

    async def test_an_application_can_go_on_afterwards(self) -> None:
        app = application()

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            await call.gather()

        for _ in range(2):
            _, heard = await start(app, flow.url)
            assert tags(heard) == ["Gather", "Redirect"]
            await app.aclose()

    async def test_the_first_step_never_came(self) -> None:
        """A task that is cancelled before it begins runs none of its code."""
        app = application()

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            raise AssertionError("it was closed before")

        waiting = asyncio.create_task(app.handle(request(flow.url, call_parameters(new_sid("CA")))))
        await asyncio.sleep(0)  # the request has started the flow, which has not begun
        await app.aclose()
        assert tags(await waiting) == ["Say", "Hangup"]

    def test_a_blocked_portal_is_not_waited_for(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(portal, "CLOSING", 0.2)
        app = application()
        release = threading.Event()

        @app.on(IncomingCall)
        async def blocking(call: IncomingCall) -> VoiceResponse:
            release.wait(30)
            return VoiceResponse()

        app.handle_sync(request(blocking.url, call_parameters(new_sid("CA"))))
        began = time.monotonic()
        app.close()
        assert time.monotonic() - began < 5
        assert "left behind" in caplog.text
        release.set()


class TestBackground:
    async def test_it_is_what_await_is(self) -> None:
        seen: list[object] = []

        async def work() -> str:
            await asyncio.sleep(0)
            future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_later(0.01, future.set_result, "value")
            seen.append(await future)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(forever(), 0.01)
            with pytest.raises(ZeroDivisionError):
                await asyncio.gather(forever_failing(), asyncio.sleep(0))
            seen.append(asyncio.current_task())
            return "returned"

        async def forever_failing() -> None:
            await asyncio.sleep(0)
            raise ZeroDivisionError

        background = Background(work(), "it", {})
        assert await background.task == "returned"
        assert seen == ["value", background.task]

    async def test_it_looks_like_its_coroutine(self) -> None:
        background = Background(forever(), "it", {})
        await asyncio.sleep(0)
        assert inspect.getcoroutinestate(background) == inspect.CORO_SUSPENDED
        assert background.task.get_stack()[0].f_code is forever.__code__
        assert "it" in repr(background.task)
        background.end()

    async def test_it_is_cancelled_once(self) -> None:
        came: list[str] = []

        async def work() -> None:
            try:
                await forever()
            except asyncio.CancelledError:
                came.append("cancelled")
                await asyncio.sleep(0.05)
                came.append("cleaned up")
                raise

        background = Background(work(), "it", {})
        await asyncio.sleep(0)
        for _ in range(3):
            background.end()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await background.task
        assert came == ["cancelled", "cleaned up"]


# Before Python 3.11 nothing tells a CancelledError that is raised from one that comes from outside.
CANCELLED: list[type[BaseException]] = [asyncio.CancelledError] if sys.version_info >= (3, 11) else []
ODD: list[type[BaseException]] = [
    KeyboardInterrupt,
    SystemExit,
    GeneratorExit,
    StopIteration,
    StopAsyncIteration,
    *CANCELLED,
]


class TestOddExceptions:
    """What would end a loop or a task is reported, and the next caller is served."""

    @pytest.mark.parametrize("error", ODD)
    @pytest.mark.parametrize(
        "who", ["flow", "async handler", "sync handler", "async listener", "sync listener", "notification"]
    )
    @pytest.mark.parametrize("way", ["asgi", "wsgi"])
    def test_reported(
        self, error: type[BaseException], who: str, way: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.CRITICAL, "asyncio")
        app = application(deadline=5)
        failed = threading.Event()
        failures: list[HandlerFailed] = []

        def hear(event: HandlerFailed) -> None:
            failures.append(event)
            failed.set()

        app.on(HandlerFailed, hear)

        async def raise_in_loop(_: object) -> VoiceResponse:
            raise error("odd")

        def raise_in_thread(_: object) -> VoiceResponse:
            raise error("odd")

        async def notified(_: CallEnded) -> None:
            raise error("odd")

        parameters, answer = call_parameters(new_sid("CA")), ["Say", "Hangup"]
        if who == "flow":

            @app.flow(IncomingCall)
            async def flow(call: CallFlow) -> None:
                raise error("odd")

            url = flow.url
        elif who == "async handler":
            url = app.on(IncomingCall, path="/async")(raise_in_loop).url
        elif who == "sync handler":
            url = app.on(IncomingCall, path="/sync")(raise_in_thread).url
        else:
            answer = []
            parameters["CallStatus"] = "completed"
            if who == "notification":
                url = app.on(CallEnded, path="/ended")(notified).url
            else:
                app.on(CallEnded, raise_in_loop if who == "async listener" else raise_in_thread)
                url = app.callback(CallEnded).url

        @app.on(GatherResult)
        async def fine(event: GatherResult) -> VoiceResponse:
            return VoiceResponse(Say("Fine"))

        asked = request(url, parameters)
        after = request(fine.url, call_parameters(new_sid("CA"), Digits="1"))
        if way == "asgi":

            async def ask() -> None:
                response = await app.handle(asked)
                assert response.status == 204 if not answer else tags(response) == answer
                assert tags(await app.handle(after)) == ["Say"]
                await eventually(failed.is_set)

            asyncio.run(ask())
        else:
            response = app.handle_sync(asked)
            assert response.status == 204 if not answer else tags(response) == answer
            assert tags(app.handle_sync(after)) == ["Say"]
            assert failed.wait(5)
        [failure] = failures
        assert "odd" in str(failure.error) or "odd" in str(failure.error.__cause__)

    @pytest.mark.parametrize("error", ODD)
    async def test_a_condition(self, error: type[BaseException]) -> None:
        app = application()

        def where(_: CallEnded) -> bool:
            raise error

        waiting = asyncio.create_task(app.wait_for(CallEnded, where=where))
        await asyncio.sleep(0)
        await hang_up(app, new_sid("CA"))
        with pytest.raises((RuntimeError, StopAsyncIteration)):
            await waiting

    def test_a_task_of_a_handler_s_own_does_not_end_the_portal(self) -> None:
        app = application(deadline=5)
        tasks: list[asyncio.Task[None]] = []

        async def leave() -> None:
            raise SystemExit

        @app.on(IncomingCall)
        async def greet(call: IncomingCall) -> VoiceResponse:
            tasks.append(asyncio.create_task(leave()))
            return VoiceResponse(Say("Hello"))

        for _ in range(2):
            assert tags(app.handle_sync(request(greet.url, call_parameters(new_sid("CA"))))) == ["Say"]
        until(lambda: all(task.done() for task in tasks))
        assert all(isinstance(task.exception(), SystemExit) for task in tasks)
