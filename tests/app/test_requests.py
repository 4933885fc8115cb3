"""`event.request`: what a handler may read of the request, and the cookies that it may set."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from ringback.app import Application, CallFlow, WithCookies
from ringback.emulator import AUTH_TOKEN, Emulator
from ringback.errors import InvalidValue
from ringback.twiml import Message, MessagingResponse, Redirect, Say, VoiceResponse
from ringback.webhooks import (
    CallEnded,
    EventRequest,
    IncomingCall,
    IncomingMessage,
    parse,
)
from tests.app.twilio import CALLER, NUMBER, TOKEN, call_parameters, link, new_sid, request, served

if TYPE_CHECKING:
    from ringback._core.webhooks.events import Event

URL = "https://example.com/phone"


@pytest.fixture
def app() -> Application:
    return Application(public_url=URL, auth_token=TOKEN, deadline=2.0)


@pytest.fixture
def events(app: Application) -> list[Event]:
    """What was heard by handlers."""
    heard: list[Event] = []

    @app.on(IncomingCall)
    def greet(call: IncomingCall) -> VoiceResponse:
        heard.append(call)
        return VoiceResponse()

    @app.on(CallEnded)
    async def ended(event: CallEnded) -> None:
        heard.append(event)

    return heard


class TestReading:
    async def test_a_form(self, app: Application, events: list[Event]) -> None:
        url = f"{URL}/greet?shop=1&shop=2&empty=&%C3%BC=%26"
        asked = request(
            url,
            call_parameters(new_sid("CA")),
            seen_as="http://10.0.0.1:8000/greet?shop=1&shop=2&empty=&%C3%BC=%26",
        )
        await app.handle(asked)
        (event,) = events
        assert event.request.method == "POST"
        assert event.request.url == url  # as Twilio asked for it, whatever a proxy made of it
        assert event.request.query["shop"] == "2"
        assert event.request.query.get_all("shop") == ("1", "2")
        assert dict(event.request.query) == {"shop": "2", "empty": "", "ü": "&"}
        assert event.request.headers["host"] == "10.0.0.1:8000"
        assert event.request.query is event.request.query

    async def test_a_query(self, app: Application, events: list[Event]) -> None:
        await app.handle(request(f"{URL}/greet?shop=1", call_parameters("CA1"), method="GET"))
        (event,) = events
        assert event.request.method == "GET"
        assert event.request.query["shop"] == "1"
        assert event.request.query["CallSid"] == "CA1"

    async def test_a_notification_and_its_listeners(self, app: Application, events: list[Event]) -> None:
        heard: list[CallEnded] = []
        app.on(CallEnded, heard.append)
        ended = call_parameters(new_sid("CA"), "completed")
        await app.handle(request(f"{URL}/ended", ended, Cookie="a=1"))
        assert [event.request.cookies for event in (*events, *heard)] == [{"a": "1"}, {"a": "1"}]

    async def test_under_wsgi(self, app: Application, events: list[Event]) -> None:
        import asyncio

        asked = request(f"{URL}/greet", call_parameters(new_sid("CA")), Cookie="a=1")
        await asyncio.to_thread(app.handle_sync, asked)
        assert events[0].request.cookies == {"a": "1"}

    @pytest.mark.parametrize(
        ("fields", "cookies"),
        [
            ([], {}),
            ([""], {}),
            (["a=1"], {"a": "1"}),
            (["a=1; b=2;c=3 ;d = 4"], {"a": "1", "b": "2", "c": "3", "d": "4"}),
            (["a=1", "b=2"], {"a": "1", "b": "2"}),
            (["a=1; a=2", "a=3"], {"a": "1"}),
            (['a="x y"; b="'], {"a": "x y", "b": '"'}),
            (["a=b=c; d=; =e; f; ;"], {"a": "b=c", "d": ""}),
        ],
    )
    def test_cookies(self, fields: list[str], cookies: dict[str, str]) -> None:
        assert EventRequest(headers=[("cookie", field) for field in fields]).cookies == cookies

    @given(st.text(), st.text())
    def test_nothing_that_comes_raises(self, url: str, cookies: str) -> None:
        asked = EventRequest(url=url, headers={"Cookie": cookies})
        assert len(asked.query) >= 0
        assert len(asked.cookies) >= 0
        assert repr(asked)


class TestEvents:
    def test_made_by_hand_have_an_empty_one(self) -> None:
        event = parse(IncomingCall, call_parameters("CA1"))
        assert event.request.url == ""
        assert dict(event.request.headers) == {}
        assert event.request.query == {}
        assert event.request.cookies == {}

    def test_are_tested_with_one(self) -> None:
        event = parse(IncomingCall, call_parameters("CA1"))
        asked = evolve(event, request=EventRequest(headers={"Cookie": "visits=4"}))
        assert asked.request.cookies == {"visits": "4"}

    async def test_are_the_same_whatever_request_brought_them(
        self, app: Application, events: list[Event]
    ) -> None:
        await app.handle(request(f"{URL}/greet?x=1", call_parameters("CA1")))
        by_hand = parse(IncomingCall, call_parameters("CA1"))
        assert events == [by_hand]
        assert hash(events[0]) == hash(by_hand)
        assert repr(events[0]) == repr(by_hand)
        assert events[0].request.cookies == {}
        assert pickle.loads(pickle.dumps(events[0])).request.url == f"{URL}/greet?x=1"  # noqa: S301

    async def test_never_show_its_secrets(self, app: Application, events: list[Event]) -> None:
        secrets = {"Cookie": "session=s3cret", "Authorization": "Basic s3cret"}
        await app.handle(request(f"{URL}/greet?name=s3cret", call_parameters("CA1"), **secrets))
        (event,) = events
        signature = event.request.headers["X-Twilio-Signature"]
        for shown in (
            repr(event),
            repr(event.request),
            repr(event.request.headers),
            repr(event.request.query),
        ):
            assert "s3cret" not in shown
            assert signature not in shown
        assert repr(event.request) == f"<EventRequest POST {URL}/greet>"

    def test_cannot_be_changed_by_it(self) -> None:
        asked: Any = EventRequest(headers={"Cookie": "a=1"})
        with pytest.raises(TypeError):
            asked.cookies["a"] = "2"
        with pytest.raises(AttributeError):
            asked.url = "https://example.com"
        with pytest.raises(TypeError):
            asked.query["a"] = "2"

    async def test_of_a_flow_have_an_empty_one(self, app: Application) -> None:
        heard: list[EventRequest] = []

        @app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None:
            heard.append(call.event.request)
            pressed = await call.gather()
            assert pressed is not None
            heard.append(pressed.request)

        parameters = call_parameters(new_sid("CA"))
        first = await app.handle(request(reception.url, parameters, Cookie="a=1"))
        await app.handle(request(link(first, "Gather"), parameters | {"Digits": "1"}, Cookie="a=1"))
        assert [each.url for each in heard] == ["", ""]


class TestSettingCookies:
    async def test_goes_with_the_answer(self, app: Application) -> None:
        @app.on(IncomingCall)
        async def greet(call: IncomingCall) -> WithCookies[VoiceResponse]:
            return WithCookies(VoiceResponse(Say("Hello")), {"visits": "1", "gone": None})

        answer = await app.handle(request(greet.url, call_parameters(new_sid("CA"))))
        assert served(answer).findtext("Say") == "Hello"
        assert answer.headers.get_all("Set-Cookie") == ("visits=1; Path=/", "gone=; Max-Age=0; Path=/")

    async def test_goes_with_a_repeated_answer_too(self, app: Application) -> None:
        @app.on(IncomingMessage)
        def reply(message: IncomingMessage) -> WithCookies[MessagingResponse]:
            return WithCookies(MessagingResponse(), {"a": "1"})

        from tests.app.twilio import message_parameters

        asked = request(reply.url, message_parameters(new_sid("SM")))
        first, second = await app.handle(asked), await app.handle(asked)
        assert first == second
        assert second.headers["Set-Cookie"] == "a=1; Path=/"

    async def test_around_something_that_is_no_answer_is_a_failure(
        self, app: Application, caplog: pytest.LogCaptureFixture
    ) -> None:
        def wrong(call: IncomingCall) -> object:
            return WithCookies("Hello", {"a": "s3cret"})

        register: Any = app.on(IncomingCall)
        greet = register(wrong)
        answer = await app.handle(request(greet.url, call_parameters(new_sid("CA"))))
        assert "sorry" in (served(answer).findtext("Say") or "")
        assert "Set-Cookie" not in answer.headers
        assert "has to be answered with a VoiceResponse" in caplog.text
        assert "s3cret" not in caplog.text

    @pytest.mark.parametrize(
        "cookies",
        [
            {"a b": "1"},
            {"": "1"},
            {"a=": "1"},
            {"ä": "1"},
            {1: "1"},
            {"a": "1; Path=/x"},
            {"a": "x y"},
            {"a": "x\r\nSet-Cookie: b=1"},
            {"a": "ü"},
            {"a": '"'},
            {"a": "x" * 4000},
            {"a": 1},
            "a=1",
            None,
        ],
    )
    def test_that_nobody_could_send_back_is_refused(self, cookies: Any) -> None:
        with pytest.raises(InvalidValue, match="cookies") as refused:
            WithCookies(VoiceResponse(), cookies)
        assert "Path=/x" not in str(refused.value)

    @given(st.dictionaries(st.from_regex(r"[a-zA-Z0-9_.-]{1,20}", fullmatch=True), st.text(max_size=20)))
    def test_what_is_taken_comes_back(self, cookies: dict[str, str]) -> None:
        try:
            answer = WithCookies(VoiceResponse(), cookies)
        except InvalidValue:
            return
        sent = "; ".join(field.partition(";")[0] for _, field in answer._fields())
        assert EventRequest(headers={"Cookie": sent}).cookies == cookies

    def test_is_a_value_that_shows_no_values(self) -> None:
        one = WithCookies(VoiceResponse(), {"a": "s3cret"})
        assert one == WithCookies(VoiceResponse(), {"a": "s3cret"})
        assert one != WithCookies(VoiceResponse(), {"a": "x"})
        assert "s3cret" not in repr(one)


class TestTwilioKeepsThem:
    def test_for_a_call(self) -> None:
        app = Application(public_url=URL, auth_token=AUTH_TOKEN)

        @app.on(IncomingCall)
        def greet(call: IncomingCall) -> WithCookies[VoiceResponse]:
            visits = int(call.request.cookies.get("visits", "0")) + 1
            said = VoiceResponse(Say(f"Visit {visits}."), *([Redirect(greet)] if visits < 3 else []))
            return WithCookies(said, {"visits": str(visits)})

        with Emulator() as emulator:
            emulator.install(app, NUMBER)
            for _ in range(2):
                call = emulator.phone(CALLER).dial(NUMBER)
                for visit in (1, 2, 3):
                    call.expect_say(f"Visit {visit}.")
                call.expect_hangup()
        app.close()

    def test_for_the_messages_between_two_numbers(self) -> None:
        app = Application(public_url=URL, auth_token=AUTH_TOKEN)

        @app.on(IncomingMessage)
        def reply(message: IncomingMessage) -> WithCookies[MessagingResponse]:
            step = int(message.request.cookies.get("step", "0"))
            return WithCookies(MessagingResponse(Message(f"Step {step}")), {"step": str(step + 1)})

        with Emulator() as emulator:
            emulator.install(app, NUMBER)
            for step in range(3):
                emulator.phone(CALLER).text(NUMBER, "Next")
                emulator.phone(CALLER).expect_text(f"Step {step}")
        app.close()
