"""Mistakes that type checkers find get an answer at once from the program as well, in words that help."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from ringback import Client, errors, rest, twiml, webhooks
from ringback.app import (
    Application,
    AsyncLiveCall,
    CallFlow,
    HandlerFailed,
    LiveCall,
    LiveMessage,
    MessageFlow,
    Switchboard,
)
from ringback.app.loops.portal import invoke
from ringback.client import AsyncClient
from ringback.errors import FlowError, InvalidValue, RegistrationError, TwimlError
from ringback.transports.testing import AsyncFakeTransport, FakeTransport, json_response
from ringback.twiml import Dial, Enqueue, Gather, Number, Record, Redirect, Say, VoiceResponse
from ringback.webhooks import (
    CallEnded,
    GatherResult,
    IncomingCall,
    IncomingMessage,
    MessageStatusChanged,
    OutgoingCall,
)
from tests.app.twilio import ACCOUNT, TOKEN, call_parameters, eventually, new_sid, request
from tests.rest.samples import record

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ringback.http import Request, Response

GUEST = "+15558675310"
OURS = "+15017122661"
HELLO = VoiceResponse(Say("Hello"))


@pytest.fixture
def app() -> Any:
    """Any: no type checker shall stand in the way."""
    return Application(public_url="https://example.com/phone", auth_token=TOKEN)


@pytest.fixture
def client() -> Client:
    return Client(ACCOUNT, TOKEN, transport=FakeTransport([]))


async def greet(call: IncomingCall) -> VoiceResponse:
    return HELLO


async def leads(call: CallFlow) -> None: ...
async def chats(chat: MessageFlow) -> None: ...
def nothing() -> None: ...
def two(call: object, more: object) -> None: ...
def named(*, call: object) -> None: ...
def one(event: object) -> None: ...
def generator(call: object) -> Any:
    yield HELLO


async def async_generator(call: object) -> Any:
    yield HELLO


def forwards(call: IncomingCall) -> Awaitable[VoiceResponse]:
    return greet(call)


def takes_another(pressed: GatherResult) -> VoiceResponse:
    return HELLO


class Bot:
    def greet(self, call: IncomingCall) -> VoiceResponse:
        return HELLO

    def __call__(self, call: IncomingCall) -> VoiceResponse:
        return HELLO


ENDED = webhooks.parse(webhooks.CallStatusChanged, call_parameters(new_sid("CA"), "completed"))

EVENTS: list[tuple[object, str]] = [
    (greet, r"the decorator needs one: @app\.on\(IncomingCall\)"),
    ("ended", r"did you mean CallEnded\?.*got 'ended'"),
    ("IncomingCal", r"did you mean IncomingCall\?"),
    ("nonsense", "the class of an event, such as IncomingCall, got 'nonsense'"),
    (Gather, r"Gather is an element of TwiML.*did you mean GatherResult\?"),
    (rest.Call, "Call is a record of the REST API"),
    (errors.CallHungUp, "CallHungUp is an exception"),
    (ENDED, r"give the class itself, CallEnded"),
    (None, "got None"),
    (Say("Hi"), "the class of an event"),
    ([IncomingCall], "the class of an event"),
]


class TestEvents:
    @pytest.mark.parametrize(("event", "told"), EVENTS, ids=[told for _, told in EVENTS])
    def test_registering(self, app: Any, event: object, told: str) -> None:
        with pytest.raises(RegistrationError, match=rf"^event: expected .*{told}"):
            app.on(event)
        for method in (app.flow, app.callback):
            with pytest.raises(RegistrationError, match=r"^event: expected"):
                method(event)

    @pytest.mark.parametrize(("event", "told"), EVENTS[1:], ids=[told for _, told in EVENTS[1:]])
    async def test_waiting(self, app: Any, event: object, told: str) -> None:
        with pytest.raises(InvalidValue, match=rf"^event: expected .*{told}"):
            await app.wait_for(event, timeout=0.01)

    def test_of_live_calls(self, app: Any) -> None:
        client = Client(ACCOUNT, TOKEN, transport=FakeTransport([json_response(record("Call"))]))
        call = app.follow_call(client, new_sid("CA"))
        with pytest.raises(InvalidValue, match=r"did you mean CallEnded\?"):
            call.wait_for("ended")
        with pytest.raises(RegistrationError, match=r"did you mean CallRinging\?"):
            call.on("ringing", one)
        with pytest.raises(RegistrationError, match=r"^listener: expected a function of a CallEnded"):
            call.once(CallEnded, None)

    def test_flows_are_of_calls_and_messages(self, app: Any) -> None:
        for event in (GatherResult, CallEnded, MessageStatusChanged, HandlerFailed):
            with pytest.raises(
                RegistrationError,
                match=r"^event: expected IncomingCall, OutgoingCall, CalleeAnswered or IncomingMessage",
            ):
                app.flow(event)

    def test_a_flow_without_parentheses(self, app: Any) -> None:
        with pytest.raises(RegistrationError, match=r"@app\.flow\(IncomingCall\)"):
            app.flow(greet)


class TestFunctions:
    @pytest.mark.parametrize(
        ("function", "told"),
        [
            (nothing, r"nothing\(\).* has to take one argument, an IncomingCall"),
            (two, "two.* has to take one argument"),
            (named, "named.* has to take one argument"),
            (partial(two, 1, 2), "has to take one argument"),
            (Bot.greet, r"methods of an instance, not of a class"),
            (generator, "has a yield"),
            (async_generator, "has a yield"),
            (takes_another, "takes_another takes a GatherResult, and an IncomingCall is what comes"),
            (None, "expected a function of an IncomingCall, got None"),
            (HELLO, "expected a function"),
            (Bot, "expected a function"),
        ],
    )
    def test_that_can_t_take_the_event(self, app: Any, function: object, told: str) -> None:
        with pytest.raises(RegistrationError, match=rf"^function: .*{told}"):
            app.on(IncomingCall)(function)
        with pytest.raises(RegistrationError, match=r"^listener: "):
            app.on(IncomingCall, function)
        assert app.voice_url is None

    @pytest.mark.parametrize("function", [greet, Bot().greet, Bot(), partial(two, 1)])
    def test_that_can(self, app: Any, function: Callable[..., object]) -> None:
        app.on(IncomingCall, path="/x")(function)
        app.on(IncomingCall, function)

    def test_built_in_ones(self, app: Any) -> None:
        app.on(CallEnded, list[object]().append)
        app.on(CallEnded, print)

    def test_flows(self, app: Any) -> None:
        with pytest.raises(RegistrationError, match="has to take one argument, a CallFlow"):
            app.flow(IncomingCall)(nothing)
        with pytest.raises(RegistrationError, match="has to be an async function"):
            app.flow(IncomingCall)(one)
        with pytest.raises(RegistrationError, match="takes an IncomingCall, and a CallFlow is what comes"):
            app.flow(IncomingCall)(greet)

    def test_versions(self, app: Any) -> None:
        for wrong in (2, None, b"2"):
            with pytest.raises(RegistrationError, match=f"^version: expected a text, got {wrong!r}$"):
                app.flow(IncomingCall, version=wrong)(leads)
            with pytest.raises(RegistrationError, match=f"^version: expected a text, got {wrong!r}$"):
                app.flow(IncomingMessage, version=wrong)(chats)
        of_calls = app.flow(IncomingCall, version="2")(leads)
        of_texts = app.flow(IncomingMessage, version="2")(chats)
        for flow, before in ((of_calls, leads), (of_texts, chats)):
            with pytest.raises(RegistrationError, match=r"^version: expected a text, got 1$"):
                flow.older(1)(before)
            with pytest.raises(RegistrationError, match="has a function for '2' already"):
                flow.older("2")
            with pytest.raises(RegistrationError, match="has to take one argument"):
                flow.older("1")(nothing)
            with pytest.raises(RegistrationError, match="'one' has to be an async function"):
                flow.older("1")(one)
            flow.older("1")(before)
            assert flow.of_version("1").function is before
            assert flow.of_version("0") is None

    def test_paths_where_there_are_none(self, app: Any) -> None:
        with pytest.raises(RegistrationError, match=r"^listener: .*a path is given as path="):
            app.on(IncomingCall, "/menu")
        with pytest.raises(RegistrationError, match=r"^path: a listener has no URL"):
            app.on(IncomingCall, one, path="/menu")
        with pytest.raises(RegistrationError, match=r"^path: HandlerFailed doesn't come from Twilio"):
            app.on(HandlerFailed, path="/failed")

    async def test_a_plain_function_that_returns_a_coroutine_is_one_of_its_own_kind(self, app: Any) -> None:
        handler = app.on(IncomingCall, path="/x")(forwards)
        response = await app.handle(request(handler.url, call_parameters(new_sid("CA"))))
        assert b"Hello" in response.body


async def test_a_flow_that_returns_something(app: Any) -> None:
    failures: list[HandlerFailed] = []
    app.on(HandlerFailed, failures.append)

    async def reception(call: CallFlow) -> Any:
        return HELLO

    flow = app.flow(IncomingCall)(reception)
    await app.handle(request(flow.url, call_parameters(new_sid("CA"))))
    await eventually(lambda: len(failures) == 1)
    assert isinstance(failures[0].error, FlowError)
    assert "reception returned a VoiceResponse, and a flow returns nothing" in str(failures[0].error)


class TestClients:
    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            (twiml.Client("ada"), r"ringback\.twiml\.Client is somebody to call in a <Dial>"),
            (Client, r"that is the class: call it, Client\(\)"),
            (AsyncClient, r"call it, AsyncClient\(\)"),
            (None, "got None"),
            ("AC123", "got 'AC123'"),
        ],
    )
    def test_that_are_none(self, app: Any, wrong: object, told: str) -> None:
        for start in (
            lambda: app.dial(wrong, to=GUEST, from_=OURS, answer=HELLO),
            lambda: app.text(wrong, to=GUEST, from_=OURS, body="Hi"),
            lambda: app.install(wrong, friendly_name="x"),
            lambda: app.follow_call(wrong, new_sid("CA")),
            lambda: app.follow_message(wrong, new_sid("SM")),
        ):
            with pytest.raises(
                InvalidValue, match=rf"^client: expected a ringback\.Client or ringback\.AsyncClient.*{told}"
            ):
                start()  # type: ignore[no-untyped-call]


class TestTargets:
    @pytest.fixture
    def handler(self, app: Any) -> Any:
        return app.on(IncomingCall)(greet)

    @pytest.mark.parametrize(
        ("answer", "told"),
        [
            ("https://example.com", "got 'https://example.com'"),
            (greet, r"a function becomes one by @app\.on\(OutgoingCall\)"),
            (Say("Hi"), r"verbs go into a document: VoiceResponse\(Say\(…\)\)"),
            (None, "got None"),
        ],
    )
    def test_answers(self, app: Any, client: Client, answer: object, told: str) -> None:
        with pytest.raises(InvalidValue, match=rf"^answer: expected a VoiceResponse, a handler.*{told}"):
            app.dial(client, to=GUEST, from_=OURS, answer=answer)

    def test_answers_of_another_event(self, app: Any, client: Client, handler: Any) -> None:
        with pytest.raises(
            InvalidValue,
            match=r"^answer: expected .*a handler of OutgoingCall.*that is one of IncomingCall",
        ):
            app.dial(client, to=GUEST, from_=OURS, answer=handler)

    def test_where_a_call_is_moved(self, app: Any, handler: Any) -> None:
        client = Client(ACCOUNT, TOKEN, transport=FakeTransport([json_response(record("Call"))]))
        call = app.follow_call(client, new_sid("CA"))
        pressed = app.on(GatherResult)(takes_another)
        for target, told in (
            (pressed, "one of GatherResult"),
            (greet, "@app.on"),
            (7, "got 7"),
            (None, "got None"),
        ):
            with pytest.raises(InvalidValue, match=rf"^target: expected a URL, a VoiceResponse.*{told}"):
                call.redirect(target)

    def test_actions_name_both_events(self, app: Any, handler: Any) -> None:
        ended = app.on(CallEnded)(one)
        flow = app.flow(OutgoingCall)(flow_of)
        makers: list[tuple[Callable[..., object], str, str]] = [
            (Gather, "Gather.action", "GatherResult"),
            (Record, "Record.action", "RecordResult"),
            (Dial, "Dial.action", "DialResult"),
            (partial(Enqueue, "q"), "Enqueue.action", "EnqueueResult"),
        ]
        for make, field, wanted in makers:
            for target in (handler, ended, flow, Gather(action=None), greet, app):
                with pytest.raises(TwimlError, match=rf"^{field}: .* a handler of {wanted}"):
                    make(action=target)
        with pytest.raises(TwimlError, match=r"a handler of GatherResult .that is one of IncomingCall"):
            Gather(action=handler)
        with pytest.raises(TwimlError, match=r"a function becomes one by @app\.on\(GatherResult\)"):
            Gather(action=greet)  # type: ignore[arg-type]

    def test_what_fits(self, app: Any, handler: Any) -> None:
        flow = app.flow(OutgoingCall)(flow_of)
        status = app.on(webhooks.CallStatusChanged)(one)
        assert str(VoiceResponse(Redirect(handler), Redirect(flow)))
        Number(OURS, status_callback=status)
        Gather(action=app.on(GatherResult)(takes_another))


async def flow_of(call: CallFlow) -> None: ...


class TestSyncAndAsync:
    def test_a_synchronous_call_needs_no_await(self, app: Any) -> None:
        client = Client(ACCOUNT, TOKEN, transport=FakeTransport([json_response(record("Call"))]))

        async def mistaken() -> None:
            await app.follow_call(client, new_sid("CA"))

        with pytest.raises(TypeError, match=r"^<LiveCall CA.* is there already, since a Client was given"):
            asyncio.run(mistaken())

    def test_the_call_is_placed_once_and_the_error_says_so(self, app: Any) -> None:
        placed: list[Request] = []

        def place(request: Request) -> Response:
            placed.append(request)
            return json_response(record("Call"), status=201)

        async def mistaken() -> None:
            client = Client(ACCOUNT, TOKEN, transport=FakeTransport(place))
            await app.dial(client, to=GUEST, from_=OURS, answer=HELLO)

        with pytest.raises(TypeError, match=r"drop the await.* has been done, so don't ask again$"):
            asyncio.run(mistaken())
        assert len(placed) == 1

    @pytest.mark.parametrize("kind", ["Call", "Message"])
    async def test_what_a_function_returns_is_not_awaited(self, app: Any, kind: str) -> None:
        client = Client(ACCOUNT, TOKEN, transport=FakeTransport([json_response(record(kind))]))
        follow = app.follow_call if kind == "Call" else app.follow_message
        sid = new_sid("CA" if kind == "Call" else "SM")
        with ThreadPoolExecutor(1) as threads:
            followed = await invoke(partial(follow, client), sid, threads)
        assert type(followed) is {"Call": LiveCall, "Message": LiveMessage}[kind]

    async def test_an_asynchronous_one_does(self, app: Any) -> None:
        client = AsyncClient(ACCOUNT, TOKEN, transport=AsyncFakeTransport([json_response(record("Call"))]))
        call = await app.follow_call(client, new_sid("CA"))
        assert isinstance(call, AsyncLiveCall)


def untouched(sync: bool) -> Client | AsyncClient:
    """A client that nothing may be asked of."""
    if sync:
        return Client(ACCOUNT, TOKEN, transport=FakeTransport([]))
    return AsyncClient(ACCOUNT, TOKEN, transport=AsyncFakeTransport([]))


class TestArguments:
    @pytest.mark.parametrize(
        ("method", "named", "told"),
        [
            (
                "dial",
                {"to": GUEST, "form": OURS, "answer": HELLO},
                "has no parameter 'form'; did you mean 'from_'? ",
            ),
            ("dial", {"from_": OURS, "answer": HELLO}, "needs to. It takes client, to, from_, answer, "),
            ("text", {"to": GUEST, "bdy": "secret"}, "has no parameter 'bdy'; did you mean 'body'? "),
        ],
    )
    @pytest.mark.parametrize("sync", [True, False])
    def test_of_what_is_started(
        self, app: Any, method: str, named: dict[str, object], told: str, sync: bool
    ) -> None:
        with pytest.raises(TypeError) as error:
            getattr(app, method)(untouched(sync), **named)
        assert str(error.value).startswith(f"Application.{method} {told}")
        assert "secret" not in str(error.value)

    @pytest.mark.parametrize("sync", [True, False])
    def test_without_names(self, app: Any, sync: bool) -> None:
        with pytest.raises(TypeError, match=r"^Application\.dial takes client without a name and nothing"):
            app.dial(untouched(sync), GUEST, OURS, HELLO)

    def test_of_applications(self, app: Any) -> None:
        with pytest.raises(TypeError, match=r"^Application\.on has no parameter 'paht'; did you mean 'path'"):
            app.on(IncomingCall, paht="/x")
        wrong: Any = {"public_ulr": "https://example.com"}
        with pytest.raises(TypeError, match=r"^Application has no .*'public_ulr'; did you mean 'public_url'"):
            Application(**wrong)

    def test_of_live_messages_and_calls(self, app: Any) -> None:
        fake = FakeTransport([json_response(record("Message")), json_response(record("Call"))])
        given = Client(ACCOUNT, TOKEN, transport=fake)
        message: Any = app.follow_message(given, new_sid("SM"))
        call: Any = app.follow_call(given, new_sid("CA"))
        with pytest.raises(TypeError, match=r"^LiveMessage\.reply has no .*; did you mean 'media_url'"):
            message.reply("Hi", media_ulr=[])
        with pytest.raises(TypeError, match=r"^LiveCall\.redirect has no .*; did you mean 'method'"):
            call.redirect(HELLO, methd="GET")

    async def test_of_asynchronous_ones(self, app: Any) -> None:
        fake = AsyncFakeTransport([json_response(record("Message"))])
        message: Any = await app.follow_message(AsyncClient(ACCOUNT, TOKEN, transport=fake), new_sid("SM"))
        with pytest.raises(TypeError, match=r"^AsyncLiveMessage\.reply has no .*; did you mean 'body'"):
            await message.reply(bodi="Hi")


def test_switchboards_of_something_else(app: Any) -> None:
    with pytest.raises(RegistrationError, match=r"^application: expected an Application, got list"):
        Switchboard([app])  # type: ignore[arg-type]


async def anything(call: object) -> None:
    """Takes whatever comes."""


class TestRegisteringOddly:
    @pytest.mark.parametrize("path", [5, b"/menu", ["/menu"]])
    def test_a_path_that_is_no_text(self, app: Any, path: Any) -> None:
        with pytest.raises(
            RegistrationError, match=r"path: expected a path such as '/menu/choose', .*, got "
        ):
            app.on(IncomingCall, path=path)(greet)
        with pytest.raises(RegistrationError, match=r"path: expected a path"):
            app.flow(IncomingCall, path=path)(anything)

    def test_one_function_under_two_decorators(self, app: Any) -> None:
        handler: Any = app.on(IncomingCall, path="/here")(greet)
        with pytest.raises(RegistrationError, match=r"greet is registered already, and has one URL"):
            app.on(OutgoingCall, path="/there")(handler)

    @pytest.mark.parametrize("what", ["x", None, Application])
    def test_unregistering_what_is_no_application(self, what: Any) -> None:
        with pytest.raises(RegistrationError, match="application: expected an Application, got "):
            Switchboard().unregister(what)
