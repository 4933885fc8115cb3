"""Links that carry arguments: bound, written into a query, asked for, and handed to the function."""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, Flag, IntEnum
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    Literal,
    NewType,
    Optional,
    ParamSpec,
    TypeVar,
    cast,
)
from urllib.parse import parse_qsl, quote, urlsplit
from zoneinfo import ZoneInfo, available_timezones

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.app import Application, CallFlow, Flow, Link
from ringback.app.arguments import LONGEST, Arguments
from ringback.client import Client
from ringback.errors import InvalidValue, RegistrationError, TwimlError, WebhookInvalid
from ringback.http import Response, WebhookRequest
from ringback.stores import MemoryStore
from ringback.transports.testing import FakeTransport, json_response
from ringback.twiml import Gather, Number, Redirect, Say, VoiceResponse, parse
from ringback.webhooks import (
    CalleeAnswered,
    CallEnded,
    GatherResult,
    IncomingCall,
    IncomingMessage,
    OutgoingCall,
    RecordingStatusChanged,
    VoiceFallback,
)
from tests.app.twilio import (
    ACCOUNT,
    CALLER,
    NUMBER,
    TOKEN,
    call_parameters,
    link,
    message_parameters,
    new_sid,
    request,
    served,
    tags,
)
from tests.rest.samples import Json, record

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from hypothesis.strategies import SearchStrategy

    from ringback.http import Request, WebhookResponse

A = ParamSpec("A")
R = TypeVar("R")

SIGNED: Final = "https://example.com/phone"


class Course(Enum):
    """An enum whose values have no text."""

    FIRST = (1, "soup")
    LAST = (2, "cake")
    DESSERT = LAST


class Size(str, Enum):
    """One that is text as well."""

    SMALL = "s"
    LARGE = "l"


class Stars(IntEnum):
    """And one that is a number."""

    ONE = 1
    FIVE = 5


class Extras(Flag):
    """Several at once."""

    ICE = 1
    LEMON = 2


TableNumber = NewType("TableNumber", int)


@pytest.fixture
def app() -> Application:
    return Application(public_url=SIGNED, auth_token=TOKEN, deadline=2.0)


def answers(request: Request) -> Response:
    """What Twilio says to a create or update."""
    kind = "Call" if "/Calls" in request.url else "Application"
    more: dict[str, Json] = {"sid": new_sid("CA" if kind == "Call" else "AP"), "account_sid": ACCOUNT}
    if kind == "Application":
        more["voice_url"] = dict(parse_qsl(request.body.decode()))["VoiceUrl"]
    return json_response({**record(kind, always=True), **more}, status=201)


@pytest.fixture
def fake() -> FakeTransport:
    return FakeTransport(answers)


@pytest.fixture
def client(fake: FakeTransport) -> Client:
    return Client(ACCOUNT, TOKEN, transport=fake)


def adopted(client: Client, voice_url: str) -> Application:
    record = client.applications.create(friendly_name="Made by hand", voice_url=voice_url)
    return Application.from_resource(record, auth_token=TOKEN)


class Bookings:
    """Handlers of an application, and what they were called with."""

    def __init__(self, app: Application) -> None:
        self.heard: list[tuple[object, ...]] = []

        @app.on(GatherResult)
        async def choose(pressed: GatherResult, *, table: int, name: str = "nobody") -> VoiceResponse:
            self.heard.append((pressed.digits, table, name))
            return VoiceResponse(Say(f"Table {table}."))

        @app.on(IncomingCall)
        def greet(call: IncomingCall, *, times: int = 0) -> VoiceResponse:
            self.heard.append((call.from_, times))
            return VoiceResponse(Redirect(greet.bind(times=times + 1)))

        self.choose = choose
        self.greet = greet


@pytest.fixture
def bookings(app: Application) -> Bookings:
    return Bookings(app)


async def ask(app: Application, url: str, method: str = "POST", **more: str) -> WebhookResponse:
    return await app.handle(request(url, call_parameters(new_sid("CA"), **more), method=method))


class TestArgumentsTravel:
    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_by_the_query(self, app: Application, bookings: Bookings, method: str) -> None:
        url = bookings.choose.bind(table=4, name="Zoë & Ko + 1").url
        assert url == f"{SIGNED}/choose?ringback.table=4&ringback.name=Zo%C3%AB%20%26%20Ko%20%2B%201"
        assert tags(await ask(app, url, method, Digits="1")) == ["Say"]
        assert bookings.heard == [("1", 4, "Zoë & Ko + 1")]

    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_and_nothing_of_them_gets_into_the_event(self, app: Application, method: str) -> None:
        events: list[GatherResult] = []

        @app.on(GatherResult)
        def choose(pressed: GatherResult, *, table: int, Digits: str) -> VoiceResponse:  # noqa: N803
            events.append(pressed)
            return VoiceResponse(Say(f"{Digits} at {table}"))

        # Named as one of Twilio's own parameters, which mustn't be taken for it.
        response = await ask(app, choose.bind(table=4, Digits="9").url, method, Digits="1")
        assert served(response).findtext("Say") == "9 at 4"
        assert [event.digits for event in events] == ["1"]
        assert not events[0].unknown_parameters

    async def test_however_their_query_is_spelled_anew_on_the_way(
        self, app: Application, bookings: Bookings
    ) -> None:
        signed = request(bookings.choose.bind(table=4, name="~ :Ü").url, call_parameters(new_sid("CA")))
        seen = f"{bookings.choose.url}?ringback.table=4&ringback.name=%7e+:%c3%9c"
        await app.handle(WebhookRequest("POST", seen, signed.headers, signed.body))
        assert bookings.heard == [(None, 4, "~ :Ü")]
        assert bookings.choose.arguments.read("ringback%2etable=4&ringback%2Ename=%3a") == {
            "table": 4,
            "name": ":",
        }

    async def test_those_with_a_default_may_be_left_out(self, app: Application, bookings: Bookings) -> None:
        url = bookings.choose.bind(table=4).url
        assert "name" not in url
        await ask(app, url, Digits="2")
        assert bookings.heard == [("2", 4, "nobody")]

    async def test_a_handler_of_defaults_is_asked_without_any(
        self, app: Application, bookings: Bookings
    ) -> None:
        assert app.voice_url == bookings.greet.url
        first = await ask(app, bookings.greet.url)
        assert link(first, "Redirect") == f"{SIGNED}/greet?ringback.times=1"
        second = await ask(app, link(first, "Redirect"))
        assert link(second, "Redirect") == f"{SIGNED}/greet?ringback.times=2"

    async def test_a_test_calls_the_function_with_them(self, bookings: Bookings) -> None:
        pressed = GatherResult(
            call_sid="CA1",
            account_sid="AC1",
            from_="+15558675310",
            to="+15017122661",
            call_status="in-progress",
            direction="inbound",
            digits="7",
        )
        assert await bookings.choose(pressed, table=3) == VoiceResponse(Say("Table 3."))

    async def test_to_handlers_of_messages_and_notifications(self, app: Application) -> None:
        heard: list[object] = []

        @app.on(IncomingMessage)
        def reply(message: IncomingMessage, *, topic: str) -> None:
            heard.append((message.body, topic))

        @app.on(CallEnded)
        def ended(event: CallEnded, *, order: int) -> None:
            heard.append((event.status, order))

        await app.handle(request(reply.bind(topic="").url, message_parameters(new_sid("SM"))))
        await ask(app, ended.bind(order=7).url, CallStatus="completed", CallDuration="3")
        assert heard == [("Hello", ""), ("completed", 7)]
        # The application's own URLs say no arguments, so it isn't called with what comes there.
        await ask(app, app.callback(CallEnded).url, CallStatus="completed", CallDuration="3")
        assert len(heard) == 2

    async def test_a_notification_s_handler_of_defaults_hears_of_both(self, app: Application) -> None:
        heard: list[object] = []

        @app.on(CallEnded)
        def ended(event: CallEnded, *, order: int | None = None) -> None:
            heard.append(order)

        await ask(app, ended.bind(order=7).url, CallStatus="completed")
        await ask(app, app.callback(CallEnded).url, CallStatus="completed")
        assert heard == [7, None]

    async def test_while_the_caller_is_held(self) -> None:
        app = Application(public_url=SIGNED, auth_token=TOKEN, deadline=0.05)
        gate = asyncio.Event()

        @app.on(GatherResult)
        async def choose(pressed: GatherResult, *, table: int) -> VoiceResponse:
            await gate.wait()
            return VoiceResponse(Say(f"Table {table}"))

        sid = new_sid("CA")
        held = await app.handle(request(choose.bind(table=4).url, call_parameters(sid)))
        back = link(held, "Redirect")
        assert "ringback.table=4" in back
        assert "ringback=hold." in back
        gate.set()
        assert served(await app.handle(request(back, call_parameters(sid)))).findtext("Say") == "Table 4"

    async def test_to_a_flow_and_through_all_of_it(self, app: Application) -> None:
        heard: list[object] = []

        @app.flow(OutgoingCall)
        async def remind(call: CallFlow, *, table: int, at: datetime | None = None) -> None:
            heard.append((table, at))
            pressed = await call.gather(Say(f"Table {table}"))
            call.say(f"{pressed.digits if pressed else 'nothing'} for {table}")
            call.redirect(again.bind(times=3))

        @app.flow(IncomingCall)
        async def again(call: CallFlow, *, times: int = 1) -> None:
            heard.append(times)
            if times > 1:
                call.redirect(again.bind(times=times - 1))

        sid = new_sid("CA")
        response = await app.handle(request(remind.bind(table=4, at=None).url, call_parameters(sid)))
        response = await app.handle(request(link(response, "Gather"), call_parameters(sid, Digits="5")))
        assert served(response).findtext("Say") == "5 for 4"
        while served(response).find("Redirect") is not None:
            response = await app.handle(request(link(response, "Redirect"), call_parameters(sid)))
        assert heard == [(4, None), 3, 2, 1]

    async def test_to_whatever_worker_takes_a_flow_over(self) -> None:
        store = MemoryStore(shared=True)
        heard: list[object] = []
        evening = datetime(2026, 11, 25, 19, tzinfo=ZoneInfo("Europe/Vienna"))

        def worker() -> tuple[Application, Flow[...]]:
            app = Application(public_url=SIGNED, auth_token=TOKEN, store=store)

            @app.flow(IncomingCall)
            async def book(call: CallFlow, *, at: datetime, course: Course, name: str | None) -> None:
                heard.append((at, course, name))
                pressed = await call.gather()
                call.say(f"{pressed.digits if pressed else None} for {name} at {at:%H:%M}")

            return app, book

        (one, book), (other, _) = worker(), worker()
        sid = new_sid("CA")
        url = book.bind(at=evening, course=Course.LAST, name=None).url
        first = await one.handle(request(url, call_parameters(sid)))
        await one.aclose()
        second = await other.handle(request(link(first, "Gather"), call_parameters(sid, Digits="7")))
        assert served(second).findtext("Say") == "7 for None at 19:00"
        assert heard == [(evening, Course.LAST, None)] * 2
        await other.aclose()

    async def test_to_the_version_of_a_flow_that_they_were_made_for(self) -> None:
        store = MemoryStore(shared=True)
        heard: list[object] = []
        one = Application(public_url=SIGNED, auth_token=TOKEN, store=store)
        other = Application(public_url=SIGNED, auth_token=TOKEN, store=store)

        @one.flow(IncomingCall)
        async def book(call: CallFlow, *, table: str) -> None:
            await call.gather()

        @other.flow(IncomingCall, path="/book", version="2")
        async def book_anew(call: CallFlow, *, table: int, guests: int) -> None:
            heard.append((table, guests))

        @book_anew.older("")
        async def book_as_before(call: CallFlow, *, table: str) -> None:
            heard.append(table)
            await call.gather()

        with pytest.raises(RegistrationError, match=r"table of unreadable is list\[int\]"):

            @book_anew.older("0")
            async def unreadable(call: CallFlow, *, table: list[int]) -> None: ...

        sid = new_sid("CA")
        first = await one.handle(request(book.bind(table="by the window").url, call_parameters(sid)))
        await one.aclose()
        await other.handle(request(link(first, "Gather"), call_parameters(sid, Digits="7")))
        await ask(other, book_anew.bind(table=4, guests=2).url)
        assert heard == ["by the window", (4, 2)]
        await other.aclose()

    async def test_to_no_worker_whose_flow_takes_others_under_the_same_version(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        store = MemoryStore(shared=True)
        one = Application(public_url=SIGNED, auth_token=TOKEN, store=store)
        other = Application(public_url=SIGNED, auth_token=TOKEN, store=store, deadline=0.5)

        @one.flow(IncomingCall)
        async def book(call: CallFlow, *, table: str) -> None:
            await call.gather()

        @other.flow(IncomingCall, path="/book")
        async def changed(call: CallFlow, *, table: int) -> None:
            raise NotImplementedError

        sid = new_sid("CA")
        first = await one.handle(request(book.bind(table="x").url, call_parameters(sid)))
        await one.aclose()
        second = await other.handle(request(link(first, "Gather"), call_parameters(sid, Digits="7")))
        assert tags(second) == ["Pause", "Redirect"]  # for a worker that still has the function
        assert "can't be taken over here: changed: the argument table is not an int" in caplog.text
        await other.aclose()

    def test_a_flow_is_called_with_them_too(self, app: Application) -> None:
        calls: list[object] = []

        @app.flow(IncomingCall)
        async def reception(call: CallFlow, *, table: int) -> None:
            calls.append(table)

        function = cast("Callable[..., Coroutine[None, None, None]]", reception)
        with pytest.raises(StopIteration):
            function(None, table=4).send(None)
        assert calls == [4]


# --- values

ZONES: Final = sorted(available_timezones() - {"localtime", "Factory"})
SECOND: Final = timedelta(seconds=1)
DAY: Final = timedelta(hours=23, minutes=59)
OFFSETS: Final = st.timedeltas(-DAY, DAY).map(lambda offset: timezone(timedelta(seconds=offset // SECOND)))
ZONED: Final = st.none() | OFFSETS | st.sampled_from(ZONES).map(ZoneInfo)
TEXT: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=15)
MIXED: Final[SearchStrategy[object]] = st.sampled_from([1, True, "x", Course.LAST, None])
KINDS: Final[dict[str, tuple[object, SearchStrategy[object]]]] = {
    "text": (str, TEXT),
    "whole": (int, st.integers(-(10**50), 10**50)),
    "truth": (bool, st.booleans()),
    "number": (float, st.floats()),
    "amount": (Decimal, st.decimals()),
    "day": (date, st.dates()),
    "moment": (datetime, st.datetimes(timezones=ZONED, allow_imaginary=True)),
    "course": (Course, st.sampled_from(Course)),
    "size": (Size, st.sampled_from(Size)),
    "stars": (Stars, st.sampled_from(Stars)),
    "extras": (Extras, st.sampled_from([Extras(0), Extras.ICE, Extras.ICE | Extras.LEMON])),
    "word": (Literal["a", "", "true"], st.sampled_from(["a", "", "true"])),
    "mixed": (Literal[1, True, "x", Course.LAST, None], MIXED),  # noqa: PYI061  (people write it)
    "maybe_text": (Optional[str], st.none() | TEXT),  # noqa: UP045
    "maybe_word": (str | None, st.sampled_from([None, "", "None", "none"])),
    "maybe_whole": (int | None, st.none() | st.integers(0, 3)),
    "nothing": (None, st.none()),
    "alias": (TableNumber, st.integers()),
    "noted": (Annotated[int, "of the table"], st.integers()),
    "noted_maybe": (Annotated[int | None, "of the table"], st.none() | st.integers()),
    "größe": (int, st.integers()),
}


def arguments_of(annotations: dict[str, object]) -> Arguments:
    def function(event: object) -> None: ...

    star = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=0, annotation=annotation)
        for name, annotation in annotations.items()
    ]
    first = inspect.Parameter("event", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    cast("Any", function).__signature__ = inspect.Signature([first, *star])
    return Arguments.of(function)


ARGUMENTS: Final = arguments_of({name: annotation for name, (annotation, _) in KINDS.items()})


def alike(one: object, other: object) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, float) and isinstance(other, float):
        return repr(one) == repr(other)
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return one.as_tuple() == other.as_tuple()
    if isinstance(one, datetime) and isinstance(other, datetime):
        zones = [each.tzinfo.key if isinstance(each.tzinfo, ZoneInfo) else None for each in (one, other)]
        return (
            one.replace(tzinfo=None) == other.replace(tzinfo=None)
            and one.utcoffset() == other.utcoffset()
            and zones[0] == zones[1]
        )
    return one == other


class TestValues:
    @settings(max_examples=400, deadline=None)
    @given(st.fixed_dictionaries({}, optional={name: values for name, (_, values) in KINDS.items()}))
    def test_come_back_as_they_went(self, values: dict[str, object]) -> None:
        url = ARGUMENTS.write("https://example.com/x?y=1#rc=2", values)
        assert url.isascii()
        assert url.endswith("#rc=2")
        read = ARGUMENTS.read(urlsplit(url).query)
        assert read.keys() == values.keys()
        for name, value in values.items():
            assert alike(read[name], value), (name, url)

    @settings(max_examples=300, deadline=None)
    @given(st.sampled_from(sorted(KINDS)), st.text(max_size=30) | st.from_regex(r"[-+0-9eE_. :TZ]{1,20}"))
    def test_what_nobody_of_us_wrote_is_refused_or_understood(self, name: str, text: str) -> None:
        query = f"ringback.{quote(name)}={text.replace('&', '')}"
        try:
            read = ARGUMENTS.read(query)
        except WebhookInvalid:
            return
        assert ARGUMENTS.read(urlsplit(ARGUMENTS.write("https://x", read)).query).keys() == read.keys()

    @pytest.mark.parametrize(
        ("annotation", "value", "allowed"),
        [
            (str, 4, "text"),
            (str, "\ud800", "text"),
            (str, None, "text"),
            (int, "4", "an int"),
            (int, 4.0, "an int"),
            pytest.param(int, 10**5000, "an int", id="10**5000"),
            (bool, 1, "True or False"),
            (float, 2**53 + 1, "a float"),
            (float, 10**400, "a float"),
            (float, "1", "a float"),
            (Decimal, 1.5, "a Decimal"),
            (date, datetime(2026, 11, 25), "a date, not a datetime"),
            (date, "2026-11-25", "a date"),
            (datetime, date(2026, 11, 25), "a datetime"),
            (Course, "LAST", "a member of Course"),
            (Size, "s", "a member of Size"),
            (Extras, 1, "a member of Extras"),
            (Literal["a", "b"], "c", "one of 'a', 'b'"),
            (Literal[1, 2], True, "one of 1, 2"),
            (int | None, "x", "an int or None"),
        ],
    )
    def test_of_another_kind_are_refused(self, annotation: object, value: object, allowed: str) -> None:
        with pytest.raises(InvalidValue) as refused:
            arguments_of({"it": annotation}).write("https://x", {"it": value})
        assert refused.value.field == "it"
        assert refused.value.allowed.startswith(allowed)

    def test_that_type_checkers_take_are_taken(self) -> None:
        of_int, of_float = arguments_of({"it": int}), arguments_of({"it": float})
        assert of_int.write("/", {"it": True}) == "/?ringback.it=1"
        assert of_int.write("/", {"it": Stars.FIVE}) == "/?ringback.it=5"
        assert of_float.write("/", {"it": 4}) == "/?ringback.it=4.0"
        assert arguments_of({"it": str}).write("/", {"it": Size.LARGE}) == "/?ringback.it=l"

    def test_are_written_so_that_people_can_read_them(self) -> None:
        evening = datetime(2026, 11, 25, 19, tzinfo=ZoneInfo("Europe/Vienna"))
        written = ARGUMENTS.write("/", {"moment": evening, "course": Course.DESSERT, "maybe_text": None})
        assert written == (
            "/?ringback.moment=2026-11-25T19:00:00%2B01:00%5BEurope/Vienna%5D"
            "&ringback.course=LAST&ringback.maybe_text.none="
        ).replace("/Vienna", "%2FVienna")

    @given(st.timedeltas(-DAY, DAY).map(timezone))
    def test_with_odd_offsets_are_carried_whole_or_not_at_all(self, zone: timezone) -> None:
        moment = datetime(2026, 11, 25, tzinfo=zone)
        try:
            written = ARGUMENTS.write("/", {"moment": moment})
        except InvalidValue:
            assert zone.utcoffset(None).microseconds
        else:
            assert ARGUMENTS.read(written.partition("?")[2]) == {"moment": moment}

    def test_of_a_member_that_was_renamed_are_understood(self) -> None:
        assert ARGUMENTS.read("ringback.course=DESSERT") == {"course": Course.LAST}

    def test_of_an_unknown_zone_are_refused(self) -> None:
        for zone in ("Europe/Atlantis", "../../etc/passwd", "/etc/passwd", "", "Europe", "\x00"):
            with pytest.raises(WebhookInvalid):
                ARGUMENTS.read(f"ringback.moment={quote(f'2026-11-25T19:00:00+01:00[{zone}]')}")

    def test_of_a_zone_with_other_rules_keep_the_moment(self) -> None:
        read = ARGUMENTS.read(f"ringback.moment={quote('2026-11-25T19:00:00+05:00[Europe/Vienna]')}")
        moment = cast("datetime", read["moment"])
        assert moment == datetime(2026, 11, 25, 14, tzinfo=timezone.utc)
        assert moment.tzinfo == ZoneInfo("Europe/Vienna")


class TestLength:
    def test_is_limited(self, bookings: Bookings) -> None:
        fits = LONGEST - len(bookings.choose.bind(table=4, name="").url)
        assert len(bookings.choose.bind(table=4, name="x" * fits).url) == LONGEST
        with pytest.raises(InvalidValue, match=r"choose.bind: .* at most 1,900 characters, got 1901"):
            bookings.choose.bind(table=4, name="x" * (fits + 1))

    async def test_leaves_room_for_what_the_application_adds(
        self, client: Client, fake: FakeTransport
    ) -> None:
        app = Application(public_url=SIGNED, auth_token=TOKEN, store=MemoryStore(shared=True), deadline=0.05)

        @app.flow(OutgoingCall)
        async def remind(call: CallFlow, *, text: str) -> None:
            await asyncio.sleep(0.2)
            call.redirect(longest)

        longest = remind.bind(text="x" * (LONGEST - len(remind.bind(text="").url)))
        call = await asyncio.to_thread(app.dial, client, to=CALLER, from_=NUMBER, answer=longest)
        urls = [dict(fake.recorded[-1].form)["Url"]]
        asked = call_parameters(call.sid, Direction="outbound-api")
        for _ in range(20):  # dialled, held, redirected
            response = await app.handle(request(urls[-1], asked))
            urls.append(link(response, "Redirect"))
            if "ringback=again." in urls[-1]:
                break
        await asyncio.to_thread(call.redirect, longest)
        urls.append(dict(fake.recorded[-1].form)["Url"])
        kinds = [re.findall(r"ringback=(\w+)\.", url)[-1] for url in urls]
        assert list(dict.fromkeys(kinds)) == ["call", "flow", "again", "moved"]
        assert max(map(len, urls)) <= 2_000
        await app.aclose()


# --- what is refused


class TestTampering:
    @pytest.mark.parametrize(
        ("query", "told"),
        [
            ("", "table is missing"),
            ("table=4", "table is missing"),
            ("ringback.name=x", "table is missing"),
            ("ringback.table", "table is not an int"),
            ("ringback.table=", "table is not an int"),
            ("ringback.table=x", "table is not an int"),
            ("ringback.table=4.0", "table is not an int"),
            ("ringback.table=+4", "table is not an int"),
            ("ringback.table=04", "table is not an int"),
            ("ringback.table=4%20", "table is not an int"),
            ("ringback.table=1_0", "table is not an int"),
            ("ringback.table=%D9%A4", "table is not an int"),
            ("ringback.table=4%", "table is not an int"),
            ("ringback.table=" + "9" * 5000, "table is not an int"),
            ("ringback.table.none=", "table is not an int"),
            ("ringback.table=4&ringback.table=5", "table comes twice"),
            ("ringback.table=4&ringback.table.none=", "table comes twice"),
            ("ringback.table=4&ringback.name=%ff", "name is not text"),
            ("ringback.table=4&ringback.name=%", "name is not text"),
            ("ringback.table=4&ringback.name=%ED%A0%80", "name is not text"),
            ("ringback.table=4&ringback.name=" + "x" * 3000, "name is not text"),
        ],
    )
    async def test_is_answered_with_400_and_logged(
        self, app: Application, bookings: Bookings, query: str, told: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.WARNING, "ringback")
        response = await ask(app, f"{bookings.choose.url}?{query}".rstrip("?"), Digits="1")
        assert response.status == 400
        assert response.body.decode() == f"choose: the argument {told}\n"
        assert not bookings.heard
        assert told in caplog.text
        assert "9999" not in caplog.text

    async def test_is_found_by_the_signature_first(self, app: Application, bookings: Bookings) -> None:
        made = request(bookings.choose.bind(table=4).url, call_parameters(new_sid("CA"), Digits="1"))
        for tampered in ("ringback.table=5", "ringback.table=x", "", "ringback.table=4&ringback.name=me"):
            forged = request(
                f"{bookings.choose.url}?ringback.table=4",
                call_parameters(new_sid("CA")),
                seen_as=f"{bookings.choose.url}?{tampered}",
            )
            assert (await app.handle(forged)).status == 403
        assert (await app.handle(made)).status == 200
        assert bookings.heard == [("1", 4, "nobody")]

    async def test_of_a_flow_starts_nothing(self, app: Application) -> None:
        heard: list[object] = []

        @app.flow(IncomingCall)
        async def reception(call: CallFlow, *, table: int) -> None:
            heard.append(table)

        assert (await ask(app, reception.url)).status == 400
        assert (await ask(app, f"{reception.url}?ringback.table=x")).status == 400
        assert not heard

    async def test_what_other_code_wrote_as_well_is_left_alone(
        self, app: Application, bookings: Bookings
    ) -> None:
        url = f"{bookings.choose.bind(table=4).url}&ringback.window=yes&ringback.=&ringback..none=&other=1"
        assert (await ask(app, url, Digits="1")).status == 200
        assert bookings.heard == [("1", 4, "nobody")]


class TestPrivacy:
    @pytest.mark.parametrize("kind", ["handler", "plain", "flow", "listener"])
    async def test_what_people_may_have_said_stays_out_of_the_log(
        self, app: Application, kind: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        @app.on(IncomingCall)
        async def handler(call: IncomingCall, *, name: str, word: Literal["menu"] = "menu") -> VoiceResponse:
            raise ValueError(f"nobody is called {name}, in the {word}")

        @app.on(GatherResult)
        def plain(pressed: GatherResult, *, name: str, word: Literal["menu"] = "menu") -> VoiceResponse:
            raise ValueError(f"nobody is called {name}, in the {word}")

        @app.flow(OutgoingCall)
        async def flow(call: CallFlow, *, name: str, word: Literal["menu"] = "menu") -> None:
            raise ValueError(f"nobody is called {name}, in the {word}")

        @app.on(CallEnded)
        def listener(event: CallEnded, *, name: str, word: Literal["menu"] = "menu") -> None:
            raise ValueError(f"nobody is called {name}, in the {word}")

        of: dict[str, Link[Any]] = {
            "handler": handler.bind(name="Zebulon", word="menu"),
            "plain": plain.bind(name="Zebulon", word="menu"),
            "flow": flow.bind(name="Zebulon", word="menu"),
            "listener": listener.bind(name="Zebulon", word="menu"),
        }
        await ask(app, of[kind].url, CallStatus="completed")
        assert "nobody is called ***, in the menu" in caplog.text
        assert "Zebulon" not in caplog.text


class TestMisuse:
    def test_of_bind_is_told(self, bookings: Bookings) -> None:
        choose: Any = bookings.choose
        with pytest.raises(TypeError, match=r"choose\.bind needs table"):
            choose.bind()
        with pytest.raises(TypeError, match=r"choose\.bind has no argument 'tabel'; did you mean 'table'\?"):
            choose.bind(tabel=4)
        with pytest.raises(TypeError, match=r"has no argument 'window'\. It takes table, name"):
            choose.bind(table=4, window=1)
        with pytest.raises(TypeError, match=r"choose\.bind takes its arguments by name"):
            choose.bind(4)
        with pytest.raises(InvalidValue, match=r"table: expected an int, got '4'"):
            choose.bind(table="4")

    def test_of_a_handler_that_lacks_some_is_told(
        self, app: Application, bookings: Bookings, client: Client, fake: FakeTransport
    ) -> None:
        @app.flow(OutgoingCall)
        async def remind(call: CallFlow, *, table: int, at: str) -> None: ...

        choose: Any = bookings.choose
        lacking: Any = remind
        with pytest.raises(TwimlError, match=r"Gather\.action: .*arguments \(choose\.bind\(table=…\)\)"):
            Gather(action=choose)
        with pytest.raises(TwimlError, match=r"Gather\.action: .*\(call it: choose\.bind\(…\)\)"):
            Gather(action=choose.bind)
        with pytest.raises(InvalidValue, match=r"answer: .*\(call it: remind\.bind\(…\)\)"):
            app.dial(client, to=CALLER, from_=NUMBER, answer=lacking.bind)
        with pytest.raises(TwimlError, match=r"with its arguments \(remind\.bind\(table=…, at=…\)\)"):
            Redirect(lacking)
        with pytest.raises(InvalidValue, match=r"answer: .*remind\.bind\(table=…, at=…\)"):
            app.dial(client, to=CALLER, from_=NUMBER, answer=lacking)
        assert not fake.recorded
        call = app.dial(client, to=CALLER, from_=NUMBER, answer=VoiceResponse())
        with pytest.raises(InvalidValue, match=r"target: .*remind\.bind\(table=…, at=…\)"):
            call.redirect(lacking)


class TestLinks:
    def test_links_are_values(self, bookings: Bookings) -> None:
        one, other = bookings.choose.bind(table=4), bookings.choose.bind(table=4)
        assert one == other
        assert hash(one) == hash(other)
        assert one != bookings.choose.bind(table=5)
        assert one.bind() is one
        assert VoiceResponse(Gather(action=one)) == VoiceResponse(Gather(action=other))
        assert parse(str(VoiceResponse(Gather(action=one)))) == VoiceResponse(Gather(action=other))
        assert repr(one) == f"<Link to choose of GatherResult at {SIGNED}/choose?…>"
        assert repr(bookings.greet.bind()) == f"<Link to greet of IncomingCall at {SIGNED}/greet>"

    async def test_answer_calls_and_move_them(
        self, app: Application, client: Client, fake: FakeTransport
    ) -> None:
        heard: list[object] = []

        @app.flow(OutgoingCall)
        async def remind(call: CallFlow, *, table: int) -> None:
            heard.append(table)

        @app.on(VoiceFallback)
        def sorry(call: VoiceFallback, *, table: int) -> VoiceResponse:
            heard.append(("sorry", table))
            return VoiceResponse()

        @app.on(RecordingStatusChanged)
        def recorded(event: RecordingStatusChanged, *, table: int) -> None:
            heard.append(("recorded", table))

        call = app.dial(
            client,
            to=CALLER,
            from_=NUMBER,
            answer=remind.bind(table=4),
            fallback=sorry.bind(table=5),
            recording_status_callback=recorded.bind(table=6),
        )
        sent = dict(fake.recorded[-1].form)
        await app.handle(request(sent["Url"], call_parameters(call.sid, Direction="outbound-api")))
        failed = {"ErrorCode": "11200", "ErrorUrl": sent["Url"]}
        await app.handle(request(sent["FallbackUrl"], call_parameters(call.sid, **failed)))
        about = {"RecordingSid": new_sid("RE"), "RecordingStatus": "completed", "CallSid": call.sid}
        await app.handle(request(sent["RecordingStatusCallback"], {"AccountSid": ACCOUNT, **about}))
        await asyncio.to_thread(call.redirect, remind.bind(table=7))
        moved = dict(fake.recorded[-1].form)["Url"]
        assert moved.startswith(f"{SIGNED}/remind?ringback.table=7&ringback=moved.")
        await app.handle(request(moved, call_parameters(call.sid)))
        assert heard == [4, ("sorry", 5), ("recorded", 6), 7]

    async def test_have_a_flow_speak_to_callees(self, app: Application) -> None:
        heard: list[object] = []

        @app.flow(CalleeAnswered)
        async def whisper(call: CallFlow, *, table: int) -> None:
            heard.append(table)

        @app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None:
            await call.dial(Number(NUMBER, url=whisper.bind(table=4)))

        first = served(await app.handle(request(reception.url, call_parameters(new_sid("CA")))))
        number = first.find("Dial/Number")
        assert number is not None
        # As for a flow that isn't bound: nobody else would tell it that the callee hung up.
        assert number.get("statusCallback") == app.callback(CallEnded).url
        whispered = call_parameters(new_sid("CA"), Direction="outbound-dial")
        await app.handle(request(number.get("url", ""), whispered))
        assert heard == [4]

    def test_stand_before_a_fragment(self, client: Client) -> None:
        app = adopted(client, "https://example.com/x?y=1#rc=2")

        @app.on(IncomingCall)
        def greet(call: IncomingCall, *, times: int = 0) -> VoiceResponse:
            return VoiceResponse()

        assert greet.bind(times=2).url == "https://example.com/x?y=1&ringback.times=2#rc=2"


class TestRegistration:
    """What a function may take besides its event."""

    def refused(self, app: Application, function: Callable[..., object]) -> str:
        register: Any = app.on(GatherResult)
        with pytest.raises(RegistrationError) as refused:
            register(function)
        assert str(refused.value).startswith("function: ")
        assert not app.matches(request(f"{SIGNED}/{function.__name__}", {}))
        return str(refused.value)

    def test_by_its_place_is_refused(self, app: Application) -> None:
        def choose(pressed: GatherResult, table: int = 1) -> VoiceResponse:
            raise NotImplementedError

        told = self.refused(app, choose)
        assert "choose takes table by its place" in told
        assert "choose(pressed, *, table)" in told

        def choose_needed(pressed: GatherResult, table: int) -> VoiceResponse:
            raise NotImplementedError

        assert "what links carry goes behind a star" in self.refused(app, choose_needed)

    def test_by_any_name_is_refused(self, app: Application) -> None:
        def choose(*arguments: Any) -> VoiceResponse:
            raise NotImplementedError

        def decorated(*arguments: Any, **named: Any) -> VoiceResponse:
            raise NotImplementedError

        def named(pressed: GatherResult, **named: int) -> VoiceResponse:
            raise NotImplementedError

        assert "choose takes *arguments" in self.refused(app, choose)
        assert "functools.wraps" in self.refused(app, decorated)
        assert "named takes **named" in self.refused(app, named)

    @pytest.mark.parametrize(
        ("annotation", "told"),
        [
            (list[int], "table of function is list[int], and links carry str, int, bool"),
            (object, "is object"),
            (bytes, "is bytes"),
            (Any, "Any"),
            (int | str, "is int | str"),
            (VoiceResponse, "is VoiceResponse"),
            (Literal[b"x"], "b'x' can't be carried"),
            (Literal[1, "1"], "'1' is written as another one is"),
            ("Nowhere", "is annotated with Nowhere, which can't be made out"),
            ("int |", "can't be made out"),
            (inspect.Parameter.empty, "table of function has no annotation"),
        ],
    )
    def test_what_cannot_be_carried_is_refused(self, annotation: object, told: str) -> None:
        with pytest.raises(RegistrationError) as refused:
            arguments_of({"table": annotation})
        assert told in str(refused.value)

    def test_a_flow_s_as_well(self, app: Application) -> None:
        async def reception(call: CallFlow, *, tables: list[int]) -> None: ...

        with pytest.raises(RegistrationError, match=r"tables of reception is list\[int\]"):
            app.flow(IncomingCall)(reception)

    def test_classes_of_a_function_are_found(self, app: Application) -> None:
        class Local(Enum):
            ONE = 1

        @app.on(GatherResult)
        def choose(pressed: GatherResult, *, local: Local | None) -> VoiceResponse:
            raise NotImplementedError

        assert choose.bind(local=Local.ONE).url.endswith("?ringback.local=ONE")

    def test_names_that_are_there_for_type_checkers_alone_are_known_if_usual(self, app: Application) -> None:
        # As linters move them: `Decimal` isn't imported where this is compiled.
        source = (
            "from __future__ import annotations\n"
            "def choose(pressed: GatherResult, *, price: Decimal, on: date | None) -> VoiceResponse: ...\n"
            "def other(pressed: GatherResult, *, on: clock.Time) -> VoiceResponse: ...\n"
        )
        names: dict[str, Any] = {}
        exec(compile(source, "users.py", "exec"), names)  # noqa: S102
        choose = app.on(GatherResult)(names["choose"])
        assert choose.bind(price=Decimal("1.50"), on=None).url.endswith(
            "?ringback.price=1.50&ringback.on.none="
        )
        assert "what stands under `if TYPE_CHECKING:` isn't there" in self.refused(app, names["other"])

    async def test_what_a_partial_has_given_is_no_argument(self, app: Application) -> None:
        database = object()

        def choose(pressed: GatherResult, *, database: object, table: int) -> VoiceResponse:
            return VoiceResponse(Say(f"{table} {type(database).__name__}"))

        handler: Any = app.on(GatherResult)(functools.partial(choose, database=database))
        response = await ask(app, handler.bind(table=4).url)
        assert served(response).findtext("Say") == "4 object"
        with pytest.raises(TypeError, match="has no argument 'database'"):
            handler.bind(table=4, database=database)

    async def test_decorated_functions_methods_and_objects_are_looked_through(self, app: Application) -> None:
        def logged(function: Callable[A, R]) -> Callable[A, R]:
            @functools.wraps(function)
            def wrapper(*args: A.args, **kwargs: A.kwargs) -> R:
                return function(*args, **kwargs)

            return wrapper

        class Bot:
            def method(self, pressed: GatherResult, *, table: int) -> VoiceResponse:
                return VoiceResponse(Say(f"method {table}"))

            async def __call__(self, pressed: GatherResult, *, size: Size) -> VoiceResponse:
                return VoiceResponse(Say(f"object {size.name}"))

        @app.on(GatherResult)
        @logged
        def choose(pressed: GatherResult, *, course: Course) -> VoiceResponse:
            return VoiceResponse(Say(f"function {course.name}"))

        method = app.on(GatherResult, path="/method")(Bot().method)
        bot = app.on(GatherResult, path="/bot")(Bot())
        links = [choose.bind(course=Course.LAST), method.bind(table=2), bot.bind(size=Size.SMALL)]
        said = [served(await ask(app, each.url)).findtext("Say") for each in links]
        assert said == ["function LAST", "method 2", "object SMALL"]

    def test_a_listener_takes_none(self, app: Application) -> None:
        def ended(event: CallEnded, *, table: int) -> None: ...

        listen: Any = app.on
        with pytest.raises(RegistrationError, match="has to take one argument"):
            listen(CallEnded, ended)

    def test_what_needs_arguments_is_no_number_s_entry(self, app: Application) -> None:
        @app.on(IncomingCall)
        def further(call: IncomingCall, *, table: int) -> VoiceResponse:
            raise NotImplementedError

        entries = [app.voice_url]

        @app.on(IncomingCall)
        def greet(call: IncomingCall) -> VoiceResponse:
            return VoiceResponse(Redirect(further.bind(table=1)))

        @app.on(IncomingCall)
        def furthest(call: IncomingCall, *, table: int) -> VoiceResponse:
            raise NotImplementedError

        assert [*entries, app.voice_url] == [None, greet.url]
        assert furthest.bind(table=1).url.startswith(f"{SIGNED}/furthest?")

    def test_links_say_how_they_are_asked(self, client: Client) -> None:
        record = client.applications.create(friendly_name="x", voice_url="https://example.com/x")
        app = Application.from_resource(evolve(record, voice_method="GET"), auth_token=TOKEN)

        @app.on(GatherResult)
        def choose(pressed: GatherResult, *, table: int) -> VoiceResponse:
            raise NotImplementedError

        assert 'method="GET"' in str(VoiceResponse(Gather(action=choose.bind(table=4))))

    def test_nor_does_it_take_an_adopted_url(self, client: Client) -> None:
        app = adopted(client, "https://example.com/x")

        @app.on(IncomingCall)
        def further(call: IncomingCall, *, table: int) -> VoiceResponse:
            raise NotImplementedError

        @app.on(IncomingCall)
        def greet(call: IncomingCall) -> VoiceResponse:
            raise NotImplementedError

        assert app.voice_url == greet.url == "https://example.com/x"
        assert further.url == "https://example.com/further"
