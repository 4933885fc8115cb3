"""A webhook in, an answer out: handlers of every kind, and what happens when they fail."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from functools import partial

import pytest

from ringback.app import Application, HandlerFailed
from ringback.errors import RegistrationError
from ringback.http import WebhookRequest
from ringback.twiml import Gather, Hangup, Message, MessagingResponse, Redirect, Say, VoiceResponse
from ringback.webhooks import (
    CallConnected,
    CallEnded,
    CallStatusChanged,
    GatherResult,
    IncomingCall,
    IncomingMessage,
    RecordingStatusChanged,
    VoiceRequest,
)
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
)

# Before 3.11 a task can't tell whether it was cancelled or raised the same by itself.
CANCELLED: list[type[BaseException]] = [asyncio.CancelledError] if sys.version_info >= (3, 11) else []


@pytest.fixture
def app() -> Application:
    return Application(public_url="https://example.com/phone", auth_token=TOKEN, deadline=2.0)


async def test_an_async_handler_answers_a_call(app: Application) -> None:
    @app.on(IncomingCall)
    async def greet(call: IncomingCall) -> VoiceResponse:
        return VoiceResponse(Say(f"Hello {call.from_}"))

    assert greet.url == "https://example.com/phone/greet"
    assert app.voice_url == greet.url
    response = await app.handle(request(greet.url, call_parameters(new_sid("CA"))))
    assert response.body.decode() == str(VoiceResponse(Say("Hello +15558675310")))
    assert response.headers["Content-Type"] == "text/xml; charset=utf-8"


async def test_a_plain_function_runs_in_a_thread(app: Application) -> None:
    loop_thread = threading.current_thread()
    ran_in: list[threading.Thread] = []

    @app.on(IncomingCall)
    def greet(call: IncomingCall) -> VoiceResponse:
        ran_in.append(threading.current_thread())
        return VoiceResponse(Hangup())

    assert tags(await app.handle(request(greet.url, call_parameters(new_sid("CA"))))) == ["Hangup"]
    assert ran_in[0] is not loop_thread


async def test_a_handler_can_be_called_like_the_function_it_was(app: Application) -> None:
    @app.on(GatherResult)
    async def choose(pressed: GatherResult) -> VoiceResponse:
        return VoiceResponse(Say(f"You pressed {pressed.digits}"))

    @app.on(IncomingCall)
    def greet(call: IncomingCall) -> VoiceResponse:
        return VoiceResponse(Gather(action=choose))

    call = IncomingCall(
        call_sid=new_sid("CA"),
        account_sid="AC",
        from_="+1",
        to="+2",
        call_status="ringing",
        direction="inbound",
    )
    pressed = GatherResult(
        call_sid=new_sid("CA"),
        account_sid="AC",
        from_="+1",
        to="+2",
        call_status="in-progress",
        direction="inbound",
        digits="4",
    )
    assert greet(call) == VoiceResponse(Gather(action=choose))
    assert await choose(pressed) == VoiceResponse(Say("You pressed 4"))


async def test_handlers_link_to_each_other(app: Application) -> None:
    @app.on(GatherResult)
    async def choose(pressed: GatherResult) -> VoiceResponse:
        return VoiceResponse(Redirect(greet))

    @app.on(IncomingCall)
    async def greet(call: IncomingCall) -> VoiceResponse:
        return VoiceResponse(Gather(Say("Press 1."), num_digits=1, action=choose))

    sid = new_sid("CA")
    first = await app.handle(request(greet.url, call_parameters(sid)))
    assert link(first, "Gather") == choose.url
    second = await app.handle(request(link(first, "Gather"), call_parameters(sid, Digits="1")))
    assert link(second, "Redirect") == greet.url


async def test_a_get_request_is_answered_too(app: Application) -> None:
    @app.on(IncomingCall)
    async def greet(call: IncomingCall) -> VoiceResponse:
        return VoiceResponse(Say(call.call_sid))

    sid = new_sid("CA")
    response = await app.handle(request(greet.url, call_parameters(sid), method="GET"))
    assert served(response).findtext("Say") == sid


async def test_messages_are_answered_or_not(app: Application) -> None:
    @app.on(IncomingMessage)
    async def reply(message: IncomingMessage) -> MessagingResponse | None:
        return MessagingResponse(Message("Yes?")) if message.body == "Hello" else None

    assert app.message_url == reply.url
    greeted = await app.handle(request(reply.url, message_parameters(new_sid("SM"))))
    assert tags(greeted) == ["Message"]
    silent = await app.handle(request(reply.url, message_parameters(new_sid("SM"), Body="Bye")))
    assert tags(silent) == []


async def test_notifications_are_answered_with_nothing(app: Application) -> None:
    ended: list[CallEnded] = []

    @app.on(CallEnded)
    async def log_end(event: CallEnded) -> None:
        ended.append(event)

    parameters = call_parameters(new_sid("CA"), "busy", SequenceNumber="3", CallDuration="0")
    response = await app.handle(request(log_end.url, parameters))
    assert (response.status, response.body) == (204, b"")
    assert [(event.status, event.sequence_number, event.duration) for event in ended] == [("busy", 3, 0)]


async def test_who_hears_of_a_notification(app: Application) -> None:
    heard: list[str] = []

    @app.on(CallStatusChanged)
    async def one(event: CallStatusChanged) -> None:
        heard.append("one")

    @app.on(CallEnded)
    async def another(event: CallEnded) -> None:
        heard.append("another")

    app.on(CallStatusChanged, lambda _: heard.append("listener"))

    async def arrive(url: str, status: str) -> list[str]:
        heard.clear()
        assert (await app.handle(request(url, call_parameters(new_sid("CA"), status)))).status == 204
        return sorted(heard)

    # A handler has its URL to itself; the application's own URL is for all of them.
    assert await arrive(one.url, "completed") == ["listener", "one"]
    assert await arrive(another.url, "completed") == ["another", "listener"]
    assert await arrive(another.url, "ringing") == ["listener"]
    assert await arrive(app.callback(CallStatusChanged).url, "completed") == ["another", "listener", "one"]
    assert await arrive(app.callback(CallConnected).url, "in-progress") == ["listener", "one"]


async def test_the_application_s_own_urls_work_after_a_restart() -> None:
    before = Application(public_url="https://example.com/phone", auth_token=TOKEN)
    after = Application(public_url="https://example.com/phone", auth_token=TOKEN)
    url = before.callback(RecordingStatusChanged).url
    asked = request(url, {"CallSid": new_sid("CA"), "AccountSid": "AC"})
    assert after.matches(asked)
    for name in (
        "IncomingCall",
        "CallEnded",
        "Notification",
        "Event",
        "Nothing",
        "parse",
        "__dict__",
        "",
        "a/b",
    ):
        assert not after.matches(request(f"https://example.com/phone/_ringback/{name}", {})), name


async def test_listeners_come_go_and_come_once(app: Application) -> None:
    heard: list[str] = []

    async def always(event: VoiceRequest) -> None:
        heard.append("always")

    def once(event: IncomingCall) -> None:
        heard.append("once")

    @app.on(IncomingCall)
    async def greet(call: IncomingCall) -> VoiceResponse:
        return VoiceResponse()

    app.on(VoiceRequest, always)
    app.once(IncomingCall, once)
    await app.handle(request(greet.url, call_parameters(new_sid("CA"))))
    await eventually(lambda: sorted(heard) == ["always", "once"])
    await app.handle(request(greet.url, call_parameters(new_sid("CA"))))
    await eventually(lambda: heard.count("always") == 2)
    app.off(VoiceRequest, always)
    app.off(VoiceRequest, always)
    app.on(VoiceRequest, lambda _: heard.append("last"))
    await app.handle(request(greet.url, call_parameters(new_sid("CA"))))
    await eventually(lambda: "last" in heard)
    assert sorted(heard) == ["always", "always", "last", "once"]


async def test_waiting_for_an_event_times_out(app: Application) -> None:
    with pytest.raises(TimeoutError, match=r"0\.01 s"):
        await app.wait_for(CallEnded, timeout=0.01)
    waiting = asyncio.ensure_future(app.wait_for(CallEnded))
    await asyncio.sleep(0)
    assert len(app._hub.listeners._waiters) == 1
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not app._hub.listeners._waiters


async def test_what_a_condition_raises_ends_the_wait(app: Application) -> None:
    waiting = asyncio.ensure_future(app.wait_for(CallEnded, where=lambda _: 1 / 0 > 1, timeout=2))
    await asyncio.sleep(0)
    await app.handle(request(app.callback(CallEnded).url, call_parameters(new_sid("CA"), "completed")))
    with pytest.raises(ZeroDivisionError):
        await waiting


class TestFailures:
    """The caller hears the fallback; the error goes to the log and to listeners, and nowhere else."""

    @pytest.fixture
    def failures(self, app: Application) -> list[HandlerFailed]:
        seen: list[HandlerFailed] = []
        app.on(HandlerFailed, seen.append)
        return seen

    async def _fails(self, app: Application, url: str, failures: list[HandlerFailed]) -> HandlerFailed:
        waiting = asyncio.ensure_future(app.wait_for(HandlerFailed, timeout=2))
        await asyncio.sleep(0)
        response = await app.handle(request(url, call_parameters(new_sid("CA"))))
        assert tags(response) == ["Say", "Hangup"]
        assert b"secret" not in response.body
        return await waiting

    async def test_a_handler_that_raises(
        self, app: Application, failures: list[HandlerFailed], caplog: pytest.LogCaptureFixture
    ) -> None:
        @app.on(IncomingCall)
        async def greet(call: IncomingCall) -> VoiceResponse:
            raise KeyError("secret")

        failed = await self._fails(app, greet.url, failures)
        assert isinstance(failed.error, KeyError)
        assert (failed.route, failed.message_sid) == ("greet", None)
        assert isinstance(failed.event, IncomingCall)
        assert failed.call_sid == failed.event.call_sid
        [record] = [record for record in caplog.records if record.name == "ringback"]
        assert record.levelno == logging.ERROR
        assert record.exc_info
        assert record.getMessage() == f"greet failed on IncomingCall of {failed.call_sid}"

    @pytest.mark.parametrize(
        "error", [StopIteration, SystemExit, pytest.fail.Exception, *CANCELLED, TimeoutError]
    )
    @pytest.mark.parametrize("kind", ["async", "sync"])
    async def test_a_handler_that_raises_something_odd(
        self, app: Application, failures: list[HandlerFailed], error: type[BaseException], kind: str
    ) -> None:
        async def in_loop(call: IncomingCall) -> VoiceResponse:
            raise error

        def in_thread(call: IncomingCall) -> VoiceResponse:
            raise error

        route = app.on(IncomingCall)(in_loop) if kind == "async" else app.on(IncomingCall)(in_thread)
        await self._fails(app, route.url, failures)

    async def test_a_thread_does_not_end_the_loop(
        self, app: Application, failures: list[HandlerFailed]
    ) -> None:
        @app.on(IncomingCall)
        def greet(call: IncomingCall) -> VoiceResponse:
            raise KeyboardInterrupt

        failed = await self._fails(app, greet.url, failures)
        assert isinstance(failed.error.__cause__, KeyboardInterrupt)

    @pytest.mark.parametrize("wrong", [None, "<Response/>", MessagingResponse(), 5])
    async def test_a_handler_that_returns_the_wrong_thing(
        self, app: Application, failures: list[HandlerFailed], wrong: VoiceResponse
    ) -> None:
        @app.on(IncomingCall)
        def greet(call: IncomingCall) -> VoiceResponse:
            return wrong

        failed = await self._fails(app, greet.url, failures)
        assert "VoiceResponse" in str(failed.error)

    async def test_a_document_that_is_too_large(
        self, app: Application, failures: list[HandlerFailed]
    ) -> None:
        @app.on(IncomingCall)
        def greet(call: IncomingCall) -> VoiceResponse:
            return VoiceResponse(*(Say("x" * 4000) for _ in range(17)))

        assert "65536" in str((await self._fails(app, greet.url, failures)).error)

    async def test_a_fallback_of_one_s_own(self) -> None:
        app = Application(
            public_url="https://example.com", auth_token=TOKEN, fallback=VoiceResponse(Say("Oh dear."))
        )

        @app.on(IncomingCall)
        async def greet(call: IncomingCall) -> VoiceResponse:
            raise ValueError

        response = await app.handle(request(greet.url, call_parameters(new_sid("CA"))))
        assert served(response).findtext("Say") == "Oh dear."

    async def test_a_message_handler_that_raises_sends_nothing(self, app: Application) -> None:
        @app.on(IncomingMessage)
        async def reply(message: IncomingMessage) -> MessagingResponse:
            raise ValueError

        assert tags(await app.handle(request(reply.url, message_parameters(new_sid("SM"))))) == []

    async def test_listeners_that_raise_hurt_nobody(
        self, app: Application, failures: list[HandlerFailed]
    ) -> None:
        heard: list[str] = []

        def broken(event: CallEnded) -> None:
            raise ValueError

        async def also_broken(event: HandlerFailed) -> None:
            raise RuntimeError

        app.on(CallEnded, broken)
        app.on(CallEnded, lambda event: heard.append(event.status))
        app.on(HandlerFailed, also_broken)
        url = app.callback(CallEnded).url
        assert (await app.handle(request(url, call_parameters(new_sid("CA"), "completed")))).status == 204
        assert heard == ["completed"]
        assert [(failed.route, type(failed.error)) for failed in failures] == [("broken", ValueError)]

    async def test_failures_can_be_listened_to_by_decorator(self, app: Application) -> None:
        routes: list[str] = []

        @app.on(HandlerFailed)
        def alarm(failed: HandlerFailed) -> None:
            routes.append(failed.route)

        @app.on(IncomingCall)
        async def greet(call: IncomingCall) -> VoiceResponse:
            raise ValueError

        await app.handle(request(greet.url, call_parameters(new_sid("CA"))))
        await eventually(lambda: routes == ["greet"])


class TestRegistration:
    """What can't be registered says which field is wrong."""

    async def test_one_handler_for_each_entry(self, app: Application) -> None:
        @app.on(IncomingCall)
        async def greet(call: IncomingCall) -> VoiceResponse:
            return VoiceResponse()

        async def other(call: IncomingCall) -> VoiceResponse:
            return VoiceResponse()

        with pytest.raises(RegistrationError, match=r"^event: IncomingCall has a handler, 'greet'"):
            app.on(IncomingCall)(other)
        further = app.on(IncomingCall, path="/other")(other)
        assert further.url == "https://example.com/phone/other"
        assert app.voice_url == greet.url

    async def test_whichever_is_first_one_without_a_path_is_the_entry(self, app: Application) -> None:
        def answer(call: IncomingCall) -> VoiceResponse:
            return VoiceResponse()

        first = app.on(IncomingCall, path="/first")(answer)
        app.on(IncomingCall, path="/second")(answer)
        assert app.voice_url == first.url
        entry = app.on(IncomingCall)(answer)
        app.on(IncomingCall, path="/third")(answer)
        assert app.voice_url == entry.url

    async def test_one_handler_for_each_path(self, app: Application) -> None:
        def choose(event: GatherResult) -> VoiceResponse:
            return VoiceResponse()

        app.on(GatherResult)(choose)
        with pytest.raises(
            RegistrationError, match=r"^path: '/phone/choose' is taken by 'choose' of GatherResult"
        ):
            app.on(GatherResult)(choose)
        with pytest.raises(RegistrationError, match=r"^path: "):
            app.on(GatherResult, path="/choose")(lambda _: VoiceResponse())

    async def test_a_function_without_a_name_needs_a_path(self, app: Application) -> None:
        with pytest.raises(RegistrationError, match=r"^path: .* no name"):
            app.on(GatherResult)(lambda _: VoiceResponse())

        def answer(text: str, event: GatherResult) -> VoiceResponse:
            return VoiceResponse(Say(text))

        assert app.on(GatherResult)(partial(answer, "Hi")).url.endswith("/phone/answer")
        assert app.on(GatherResult, path="/menu/wähle")(lambda _: VoiceResponse()).url.endswith(
            "/phone/menu/w%C3%A4hle"
        )

    @pytest.mark.parametrize(
        "path",
        ["", "choose", "/", "/a?b", "/a#b", "/a//b", "/../a", "/a/./b", "/a%20b", "/_ringback/x", "/a\nb"],
    )
    async def test_a_path_that_is_none(self, app: Application, path: str) -> None:
        with pytest.raises(RegistrationError, match=r"^path: "):
            app.on(GatherResult, path=path)(lambda _: VoiceResponse())

    async def test_an_event_that_nobody_sends(self, app: Application) -> None:
        with pytest.raises(RegistrationError, match=r"^event: .*VoiceRequest"):
            app.on(VoiceRequest)(lambda _: VoiceResponse())

    async def test_a_name_with_an_umlaut_has_a_url(self, app: Application) -> None:
        @app.on(IncomingCall)
        async def begrüßen(call: IncomingCall) -> VoiceResponse:
            return VoiceResponse(Hangup())

        assert begrüßen.url == "https://example.com/phone/begr%C3%BC%C3%9Fen"
        assert tags(await app.handle(request(begrüßen.url, call_parameters(new_sid("CA"))))) == ["Hangup"]


async def test_what_is_not_there_is_not_found(app: Application) -> None:
    @app.on(IncomingCall)
    async def greet(call: IncomingCall) -> VoiceResponse:
        return VoiceResponse()

    for url in (
        "https://example.com/",
        "https://example.com/phone",
        "https://[x/greet",
        "",
        "?",
    ):
        assert not app.matches(WebhookRequest("POST", url))
        assert (await app.handle(WebhookRequest("POST", url))).status == 404
    assert (await app.handle(WebhookRequest("DELETE", greet.url))).status == 405
    assert not app.matches(WebhookRequest("DELETE", greet.url))


@pytest.mark.parametrize(
    ("seen_as", "mount"),
    [
        ("https://example.com/phone/greet", ""),
        ("http://10.0.0.7:8000/phone/greet", ""),
        ("http://10.0.0.7:8000/greet", ""),
        ("http://localhost/phone/greet", "/phone"),
        ("http://localhost/v2/hooks/greet", "/v2/hooks"),
        ("http://localhost/v2/phone/greet", "/v2"),
    ],
)
async def test_behind_proxies_and_mounts(app: Application, seen_as: str, mount: str) -> None:
    @app.on(IncomingCall)
    async def greet(call: IncomingCall) -> VoiceResponse:
        return VoiceResponse(Hangup())

    asked = request(greet.url, call_parameters(new_sid("CA")), seen_as=seen_as, mount=mount)
    assert tags(await app.handle(asked)) == ["Hangup"]
