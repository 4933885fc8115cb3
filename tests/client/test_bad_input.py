"""What can't be sent is refused before any I/O, and the error names field, value and what is allowed."""

# ruff: noqa: ARG005, E501 (a table is read by its rows)
from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from ringback import Client, RequestOptions, RetryPolicy
from ringback._core.parameters.kinds import NUMBER
from ringback.errors import InvalidValue
from ringback.transports.testing import FakeTransport
from tests.client.records import ACCOUNT, CALL_SID, MESSAGE_SID, client

TO, FROM = "+15558675310", "+15017122661"
NUMBER_SID = "PN" + "5" * 32
APP_SID = "AP" + "6" * 32

Attempt = Callable[[Any], object]

ATTEMPTS: list[tuple[str, Attempt, str]] = [
    # A SID of the wrong kind.
    ("call sid", lambda c: c.calls(MESSAGE_SID), rf"^sid: expected a Call SID \(CA….*\), got '{MESSAGE_SID}'$"),
    ("message sid", lambda c: c.messages(CALL_SID), r"^sid: expected a Message SID \(SM… or MM…"),
    ("account sid", lambda c: c.accounts(CALL_SID), r"^sid: expected an Account SID \(AC…"),
    ("application sid", lambda c: c.applications(CALL_SID), r"^sid: expected an Application SID \(AP…"),
    ("number sid", lambda c: c.incoming_phone_numbers(CALL_SID), r"^sid: expected a Phone number SID \(PN…"),
    ("media sid", lambda c: c.messages(MESSAGE_SID).media(CALL_SID), r"^sid: expected a Media SID \(ME…"),
    ("a path for a sid", lambda c: c.calls("../Accounts"), "^sid: expected a Call SID"),
    ("a line end after it", lambda c: c.calls(CALL_SID + "\n"), "^sid: expected a Call SID"),
    ("digits that are none", lambda c: c.calls("CA" + "٣" * 32), "^sid: expected a Call SID"),
    ("none as sid", lambda c: c.calls(None), "^sid: expected a Call SID .* got None$"),
    ("app in a call", lambda c: c.calls.create(to=TO, from_=FROM, application_sid=CALL_SID),
     "^application_sid: expected an Application SID"),
    # Out of range.
    ("timeout", lambda c: c.calls.create(to=TO, from_=FROM, url="https://x.example", timeout=601),
     "^timeout: expected a whole number .*600, got 601$"),
    ("validity", lambda c: c.messages.create(to=TO, from_=FROM, body="x", validity_period=0),
     "^validity_period: expected a whole number from 1 to 36000, got 0$"),
    ("long body", lambda c: c.messages.create(to=TO, from_=FROM, body="x" * 1601),
     "^body: expected text of at most 1600 characters, got 'xxx"),
    ("long name", lambda c: c.applications.create(friendly_name="x" * 65), "^friendly_name: expected text of at most 64"),
    ("too many media", lambda c: c.messages.create(to=TO, from_=FROM, media_url=["https://x.example"] * 11),
     "^media_url: expected a sequence of at most 10"),
    ("page_size 0", lambda c: c.calls.list(page_size=0), "^page_size: expected a whole number from 1 to 1000, got 0"),
    ("page_size 1001", lambda c: c.messages.list(page_size=1001), "^page_size: expected a whole number from 1 to 1000"),
    ("limit -1", lambda c: c.applications.list(limit=-1), "^limit: expected a whole number of at least 0, got -1"),
    ("limit true", lambda c: c.accounts.list(limit=True), "^limit: expected a whole number"),
    # A missing one-of.
    ("no twiml", lambda c: c.calls.create(to=TO, from_=FROM),
     r"^url \| twiml \| application_sid: expected at least one of .* in calls.create, got None$"),
    ("no body", lambda c: c.messages.create(to=TO, from_=FROM), "expected at least one of .*body.* in messages.create"),
    ("no sender", lambda c: c.messages.create(to=TO, body="x"), "expected at least one of from_, messaging_service_sid"),
    ("no number", lambda c: c.incoming_phone_numbers.create(), "expected at least one of .*phone_number"),
    # An unknown word.
    ("status", lambda c: c.calls(CALL_SID).update(status="done"),
     "^status: expected one of 'canceled', 'completed', got 'done'$"),
    ("account status", lambda c: c.accounts(ACCOUNT).update(status="gone"),
     "^status: expected one of .*'suspended'.* got 'gone'$"),
    ("method", lambda c: c.calls.create(to=TO, from_=FROM, url="https://x.example", method="PUT"),
     "^method: expected one of 'GET', 'POST', got 'PUT'$"),
    ("event", lambda c: c.calls.create(to=TO, from_=FROM, url="https://x.example", status_callback_event=["done"]),
     r"^status_callback_event\[0\]: expected one of"),
    ("number method", lambda c: c.incoming_phone_numbers(NUMBER_SID).update(voice_method="HEAD"),
     "^voice_method: expected one of 'GET', 'POST'"),
    # None where a value is needed, and values of other types.
    ("to none", lambda c: c.calls.create(to=None, from_=FROM, url="https://x.example"), "^to: expected text, got None$"),
    ("message to none", lambda c: c.messages.create(to=None, from_=FROM, body="x"), "^to: expected text, got None$"),
    ("none in a list", lambda c: c.messages.create(to=TO, from_=FROM, media_url=[None]),
     r"^media_url\[0\]: expected an absolute http"),
    ("a number for text", lambda c: c.messages.create(to=15558675310, from_=FROM, body="x"), "^to: expected text, got 1555"),
    ("bytes", lambda c: c.messages.create(to=TO, from_=FROM, body=b"x"), "^body: expected text of at most 1600 characters, got b'x'$"),
    ("one event", lambda c: c.calls.create(to=TO, from_=FROM, url="https://x.example", status_callback_event="initiated"),
     "^status_callback_event: expected a sequence"),
    ("a word for a flag", lambda c: c.calls.create(to=TO, from_=FROM, url="https://x.example", record="yes"),
     "^record: expected True or False, got 'yes'$"),
    ("a relative url", lambda c: c.calls.create(to=TO, from_=FROM, url="/voice"), "^url: expected an absolute http"),
    ("a naive time", lambda c: c.calls.list(start_time_after=datetime(2026, 11, 1)),
     "^start_time_after: expected a date, or a datetime with a time zone"),
    ("text for a date", lambda c: c.messages.list(date_sent="2026-11-01"), "^date_sent: expected a date"),
    ("no twiml but an object", lambda c: c.calls.create(to=TO, from_=FROM, twiml=object()),
     "^twiml: expected a TwiML document, or its text.* got <object object"),
    ("endless digits",
     lambda c: c.usage.triggers.list(limit=10**5000), r"^limit: expected .* below 2\*\*63, got <int>$"),
    ("long twiml", lambda c: c.calls.create(to=TO, from_=FROM, twiml="<Response>" + " " * 4000),
     "^twiml: expected a TwiML document"),
    ("half a character", lambda c: c.messages.create(to=TO, from_=FROM, body="a\ud83d"),
     r"^body: expected text that UTF-8 can hold, got 'a\\ud83d'$"),
    ("half a filter", lambda c: c.messages.list(to="\udfff"), "^to: expected text that UTF-8 can hold"),
    ("half a secret", lambda c: c.sip.credential_lists("CL" + "0" * 32).credentials.create(username="a", password="Abcdefgh1234\ud83d"),
     r"^password: expected text that UTF-8 can hold, got \*\*\*$"),
    ("half a pair", lambda c: c.calls(CALL_SID).siprec.create(parameters={"a": "\ud83d"}),
     "expected text that UTF-8 can hold"),
    ("half a form", lambda c: c.request("POST", "/x", form={"A": "\ud83d"}), r"\['A'\]: expected text"),
    ("half an extra", lambda c: RequestOptions(extra={"\ud83d": ""}), "^extra.*: expected text that UTF-8"),
    # Options of one request.
    ("a time-out that sockets can't hold", lambda c: RequestOptions(timeout=1e10),
     "^timeout: expected seconds above 0, at most 1,000,000"),
    ("one that floats can't hold", lambda c: RequestOptions(timeout=10**400), "^timeout: expected seconds above 0"),
    ("option timeout", lambda c: c.calls.list(options=RequestOptions(timeout=-1)), "^timeout: expected seconds above 0"),
    ("options that are none", lambda c: c.calls(CALL_SID).fetch(options={"timeout": 5}), "^options: expected RequestOptions"),
    ("no options for a list", lambda c: c.calls.list(options={"timeout": 5}), "^options: expected RequestOptions"),
    ("authorization", lambda c: c.calls.list(options=RequestOptions(headers={"authorization": "x"})),
     "^headers: expected any header but Authorization"),
    ("a header with a line end", lambda c: RequestOptions(headers={"X-A": "a\r\nX-B: b"}),
     r"^headers\['X-A'\]: expected a line of ASCII text, got \*\*\*$"),
    ("no ascii in a header", lambda c: RequestOptions(headers={"X-A": "é"}), "expected a line of ASCII text"),
    ("no header name", lambda c: RequestOptions(headers={"X A": "a"}), "^headers: expected a header name"),
    ("no mapping", lambda c: RequestOptions(headers=["X-A"]), "^headers: expected a mapping of text to text"),  # type: ignore[arg-type]
    ("extra none", lambda c: RequestOptions(extra={"NewThing": None}), r"^extra\['NewThing'\]: expected text"),  # type: ignore[dict-item]
    # What the spec doesn't know.
    ("request method", lambda c: c.request("PATCH", "/x"), "^method: expected one of 'GET', 'POST', 'PUT', 'DELETE'"),
    ("request path", lambda c: c.request("GET", "x"), "^path: expected a path"),
    ("another host", lambda c: c.request("GET", "//evil.example/x"), "^path: expected a path"),
    ("a header in the path", lambda c: c.request("GET", "/x\r\nHost: evil.example"), "^path: expected a path"),
    ("a backslash", lambda c: c.request("GET", "/\\evil.example"), "^path: expected a path"),
    ("no form with get", lambda c: c.request("GET", "/x", form={"a": "b"}), "^form: expected nothing with GET"),
    ("a path that is none", lambda c: c.request("GET", None), "^path: expected a path, .* got None$"),
    ("a list for a query", lambda c: c.request("GET", "/x", query=[]), "^extra: expected a mapping"),
    ("query none", lambda c: c.request("GET", "/x", query={"a": None}), r"\['a'\]: expected text"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("attempt", "message"), [each[1:] for each in ATTEMPTS], ids=[each[0] for each in ATTEMPTS]
)
def test_refused_before_anything_is_sent(attempt: Attempt, message: str) -> None:
    fake = FakeTransport([])
    with pytest.raises(InvalidValue, match=message):
        attempt(client(fake))
    assert fake.recorded == []


def test_a_date_may_be_a_date() -> None:
    client(FakeTransport([])).calls.list(start_time_after=date(2026, 11, 1))


def test_retry_is_checked_where_it_is_made() -> None:
    with pytest.raises(InvalidValue, match=r"^retry.attempts: expected a whole number from 1 to 100, got 0"):
        Client(ACCOUNT, "token", retry=RetryPolicy(attempts=0))


@pytest.mark.parametrize("hooks", [None, 1, True, ["x"], len])
def test_hooks_are_checked(hooks: Any) -> None:
    with pytest.raises(InvalidValue, match=r"^hooks: expected a list of generator functions, got "):
        Client(ACCOUNT, "token", hooks=hooks)


@pytest.mark.parametrize(
    "number",
    [10**5000, Decimal("1E+999999"), Decimal("1E-999999"), float("nan")],
    ids=["whole", "large", "small", "none"],
)
def test_numbers_are_not_written_without_end(number: Decimal) -> None:
    with pytest.raises(InvalidValue, match=r"^trigger_value: expected a number"):
        NUMBER.encode("trigger_value", number)
    assert NUMBER.encode("trigger_value", Decimal("1E+3")) == "1000"
