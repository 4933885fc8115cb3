"""Handlers begin in the coroutine or thread of their request, and nothing that they do can tell."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections import Counter
from collections.abc import Awaitable
from contextlib import suppress
from contextvars import ContextVar
from typing import cast

import anyio
import pytest

from ringback.app import Application
from ringback.app.loops.background import Background
from ringback.http import WebhookResponse
from ringback.twiml import Hangup, Say, VoiceResponse
from ringback.webhooks import IncomingCall
from tests.app.twilio import TOKEN, call_parameters, eventually, link, new_sid, request, served, tags, until

mark: ContextVar[str] = ContextVar("mark", default="the request's")


def application(**settings: object) -> Application:
    given: dict[str, object] = {"public_url": "https://example.com", "auth_token": TOKEN, "deadline": 2.0}
    return Application(**given | settings)  # type: ignore[arg-type]


async def ask(app: Application, **headers: str) -> WebhookResponse:
    return await app.handle(request(app.voice_url or "", call_parameters(new_sid("CA")), **headers))


def ask_blocking(app: Application, **headers: str) -> WebhookResponse:
    return app.handle_sync(request(app.voice_url or "", call_parameters(new_sid("CA")), **headers))


tokens = pytest.mark.parametrize("token", [{}, {"I_Twilio_Idempotency_Token": "t"}], ids=["", "token"])


class TestAsync:
    @tokens
    async def test_it_has_one_task_of_its_own(self, token: dict[str, str]) -> None:
        app = application()
        tasks: list[asyncio.Task[object] | None] = []

        @app.on(IncomingCall)
        async def greet(call: IncomingCall) -> VoiceResponse:
            for _ in range(3):
                tasks.append(asyncio.current_task())
                await asyncio.sleep(0)
            return VoiceResponse()

        assert tags(await ask(app, **token)) == []
        assert len(set(tasks)) == 1
        assert tasks[0] is not None
        assert tasks[0] is not asyncio.current_task()
        assert tasks[0].get_name().startswith("handler greet of CA")

    @tokens
    async def test_it_has_one_context_of_its_own(self, token: dict[str, str]) -> None:
        app = application()
        seen: list[str] = []

        @app.on(IncomingCall)
        async def greet(call: IncomingCall) -> VoiceResponse:
            seen.append(mark.get())
            before = mark.set("the handler's")
            await asyncio.sleep(0)
            seen.append(mark.get())
            mark.reset(before)
            mark.set("the handler's")
            return VoiceResponse()

        given = mark.set("somebody's")
        assert tags(await ask(app, **token)) == []
        assert seen == ["somebody's", "the handler's"]
        assert mark.get() == "somebody's"
        mark.reset(given)

    @pytest.mark.parametrize("seconds", [0.0, 0.01])
    async def test_its_timeouts_are_its_own(self, seconds: float) -> None:
        app = application()

        @app.on(IncomingCall)
        async def greet(call: IncomingCall) -> VoiceResponse:
            try:
                with anyio.fail_after(seconds):
                    await asyncio.Event().wait()
            except TimeoutError:
                await asyncio.sleep(0)
                return VoiceResponse(Say("Late"))
            return VoiceResponse()

        assert tags(await ask(app)) == ["Say"]

    async def test_its_task_groups_are_its_own(self) -> None:
        app = application()

        @app.on(IncomingCall)
        async def greet(call: IncomingCall) -> VoiceResponse:
            async def fail() -> None:
                raise ValueError("one of them")

            with suppress(Exception):  # a group of one
                async with anyio.create_task_group() as group:
                    group.start_soon(fail)
                    await asyncio.Event().wait()
            return VoiceResponse(Say("Cleaned up"))

        assert tags(await ask(app)) == ["Say"]

    async def test_several_may_wait_for_the_same(self) -> None:
        app = application()
        shared: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        @app.on(IncomingCall)
        async def greet(call: IncomingCall) -> VoiceResponse:
            return VoiceResponse(Say(await shared))

        async def wait() -> str:
            return await shared

        # All of them begin to wait before the task of the first has had its turn.
        waiting = [asyncio.ensure_future(each) for each in (ask(app), wait(), ask(app), wait(), ask(app))]
        await asyncio.sleep(0)
        shared.set_result("Hello")
        answers = await asyncio.gather(*waiting)
        said = [served(each).findtext("Say") for each in answers if isinstance(each, WebhookResponse)]
        assert said == ["Hello"] * 3

    async def test_it_outlives_its_request(self) -> None:
        app = application(deadline=0.05)
        gate = asyncio.Event()
        ends: list[str] = []

        @app.on(IncomingCall)
        async def greet(call: IncomingCall) -> VoiceResponse:
            try:
                await gate.wait()
            finally:
                ends.append(type(sys.exc_info()[1]).__name__)
            return VoiceResponse(Say("Hello"))

        request_ = asyncio.ensure_future(ask(app))
        await asyncio.sleep(0)
        request_.cancel()  # the server closes the connection
        await asyncio.wait({request_})
        held = await ask(app)
        gate.set()
        answer = await app.handle(request(link(held, "Redirect"), call_parameters(new_sid("CA"))))
        assert tags(answer) == ["Say"]
        assert ends == ["NoneType"] * 2

    async def test_it_may_cancel_itself(self) -> None:
        app = application()

        @app.on(IncomingCall)
        async def greet(call: IncomingCall) -> VoiceResponse:
            cast("asyncio.Task[object]", asyncio.current_task()).cancel()
            await asyncio.sleep(0)
            return VoiceResponse(Hangup())

        assert tags(await ask(app)) == ["Say", "Hangup"]

    async def test_what_does_not_wait_leaves_nothing_behind(self) -> None:
        app = application()

        @app.on(IncomingCall)
        async def greet(call: IncomingCall) -> VoiceResponse:
            return VoiceResponse(Say("Hello"))

        async def some() -> None:
            for number in range(20):
                assert tags(await ask(app, I_Twilio_Idempotency_Token=str(number))) == ["Say"]
            await asyncio.sleep(0)
            await asyncio.sleep(0)

        await some()
        gc.collect()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            await some()
            gc.collect()
            left = Counter(type(each).__name__ for each in gc.garbage)
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
        assert not {name for name, count in left.items() if count >= 20}
        assert not app._hub._tasks


class TestBackground:
    async def test_its_first_step_is_taken_at_once(self) -> None:
        steps: list[str] = []

        async def work() -> None:
            steps.append("first")
            await asyncio.sleep(0)
            steps.append("second")

        running: dict[asyncio.Task[object], Background] = {}
        task = Background(work(), "work", running, at_once=True).task
        assert steps == ["first"]
        assert task in running
        await task
        assert steps == ["first", "second"]
        await eventually(lambda: not running)

    async def test_ended_before_its_task_has_begun(self) -> None:
        awaited: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        seen: list[str] = []

        async def work() -> None:
            try:
                await awaited
            except asyncio.CancelledError:
                seen.append("cancelled")
                await asyncio.sleep(0)
                seen.append("cleaned up")
                raise

        background = Background(work(), "work", {}, at_once=True)
        background.end()
        with pytest.raises(asyncio.CancelledError):
            await background.task
        assert seen == ["cancelled", "cleaned up"]
        assert awaited.cancelled()  # as a task would have done

    async def test_ended_while_it_just_yields(self) -> None:
        seen: list[str] = []

        async def work() -> None:
            try:
                await asyncio.sleep(0)
            finally:
                seen.append("cleaned up")

        background = Background(work(), "work", {}, at_once=True)
        background.end()
        with pytest.raises(asyncio.CancelledError):
            await background.task
        assert seen == ["cleaned up"]

    async def test_what_it_raises_at_once_is_its_tasks(self) -> None:
        async def work() -> None:
            raise KeyError("work")

        task = Background(work(), "work", {}, at_once=True).task
        with pytest.raises(KeyError):
            await task
        assert asyncio.current_task() is not None

    @pytest.mark.skipif(sys.version_info < (3, 12), reason="Python has it from 3.12 on")
    async def test_in_a_loop_that_begins_all_tasks_at_once(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined, unused-ignore]
        app = application()
        steps: list[str] = []

        @app.on(IncomingCall)
        async def greet(call: IncomingCall) -> VoiceResponse:
            steps.append("first")
            if len(steps) == 1:
                await asyncio.sleep(0)
            return VoiceResponse()

        try:
            for _ in range(2):
                assert tags(await ask(app)) == []
        finally:
            loop.set_task_factory(None)
        assert steps == ["first"] * 2


class TestBlocking:
    """A handler that isn't async, for a thread of a server."""

    @tokens
    def test_it_has_the_context_of_its_request(self, token: dict[str, str]) -> None:
        app = application()
        seen: list[str] = []

        @app.on(IncomingCall)
        def greet(call: IncomingCall) -> VoiceResponse:
            seen.append(mark.get())
            mark.set("the handler's")
            return VoiceResponse(Say("Hello"))

        given = mark.set("somebody's")
        assert tags(ask_blocking(app, **token)) == ["Say"]
        assert seen == ["somebody's"]
        assert mark.get() == "somebody's"
        mark.reset(given)

    def test_it_is_asked_once(self) -> None:
        app = application()
        entered, gate = threading.Event(), threading.Event()
        calls: list[IncomingCall] = []

        @app.on(IncomingCall)
        def greet(call: IncomingCall) -> VoiceResponse:
            calls.append(call)
            entered.set()
            gate.wait(10)
            return VoiceResponse(Say("Hello"))

        parameters = call_parameters(new_sid("CA"))
        asked = request(greet.url, parameters, I_Twilio_Idempotency_Token="t")
        answers: list[list[str]] = []
        threads = [
            threading.Thread(target=lambda: answers.append(tags(app.handle_sync(asked)))) for _ in range(5)
        ]
        for thread in threads:
            thread.start()
        assert entered.wait(10)
        gate.set()
        for thread in threads:
            thread.join()
        answers.append(tags(app.handle_sync(asked)))  # and when it has been answered
        assert answers == [["Say"]] * 6
        assert len(calls) == 1

    def test_it_may_give_what_has_to_be_awaited(self) -> None:
        app = application()

        async def later() -> VoiceResponse:
            await asyncio.sleep(0)
            return VoiceResponse(Say("Later"))

        @app.on(IncomingCall)
        def greet(call: IncomingCall) -> Awaitable[VoiceResponse]:
            return later()

        assert tags(ask_blocking(app)) == ["Say"]

    def test_closed_before_it_gives_what_has_to_be_awaited(self) -> None:
        app = application(deadline=30.0)
        entered, gate = threading.Event(), threading.Event()
        steps: list[str] = []

        async def later() -> VoiceResponse:
            steps.append("begun")
            return VoiceResponse()

        @app.on(IncomingCall)
        def greet(call: IncomingCall) -> Awaitable[VoiceResponse]:
            entered.set()
            gate.wait(10)
            return later()

        answers: list[list[str]] = []
        thread = threading.Thread(target=lambda: answers.append(tags(ask_blocking(app))))
        thread.start()
        assert entered.wait(10)
        app.close()
        thread.join(10)
        gate.set()
        until(lambda: not app._hub.threads.busy)
        until(lambda: not app._hub._tasks)
        assert answers == [["Say", "Hangup"]]
        assert steps == []

    @tokens
    def test_closed_while_it_works(self, token: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
        app = application(deadline=30.0)
        entered, gate = threading.Event(), threading.Event()

        @app.on(IncomingCall)
        def greet(call: IncomingCall) -> VoiceResponse:
            entered.set()
            gate.wait(10)
            return VoiceResponse()

        answers: list[list[str]] = []
        thread = threading.Thread(target=lambda: answers.append(tags(ask_blocking(app, **token))))
        thread.start()
        assert entered.wait(10)
        app.close()
        thread.join(10)
        gate.set()
        assert answers == [["Say", "Hangup"]]
        assert "was cancelled" in caplog.text
        until(lambda: not app._hub.threads.busy)
        assert not app._webhooks._dispatcher._handlers._runs
