"""Looking for what a create may have made whose answer was lost."""

from __future__ import annotations

import pickle
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from typing_extensions import assert_type

from ringback import AsyncClient
from ringback.errors import InvalidValue, OutcomeUnknown, TimedOut
from ringback.http import Request, Response
from ringback.rest import Application, Call, Message
from ringback.transports.testing import AsyncFakeTransport, FakeTransport, json_response
from tests.client.records import ACCOUNT, AT_ONCE, PATH, TOKEN, call, client, message, page

TO, FROM, BODY = "+15558675310", "+15017122661", "Your table is ready."
SENT_AT = datetime(2026, 11, 3, 20, 36, 30, 500_000, tzinfo=timezone.utc)


def at(seconds: float) -> str:
    """Twilio's clock, so many seconds after the request was sent; whole seconds, as it writes them."""
    return format_datetime(SENT_AT.replace(microsecond=0) + timedelta(seconds=seconds))


def lost(**changes: object) -> OutcomeUnknown:
    details: dict[str, object] = {
        "operation": "messages.create",
        "path": f"{PATH}/Messages",
        "sent": {"To": TO, "From": FROM, "Body": BODY},
        "sent_at": SENT_AT,
        **changes,
    }
    return OutcomeUnknown("lost", **details)  # type: ignore[arg-type]


def look(*records: dict[str, object], error: OutcomeUnknown | None = None) -> Message | None:
    return client(FakeTransport([page("messages", *records)])).reconcile(error or lost(), Message)


class TestMessages:
    def test_found(self) -> None:
        fake = FakeTransport([page("messages", message(5, date_created=at(1)))])
        found = client(fake).reconcile(lost(), Message)
        assert_type(found, "Message | None")
        assert found is not None
        assert found.sid.endswith("5")
        assert fake.recorded[0].path == f"{PATH}/Messages.json"
        assert fake.recorded[0].query == {"To": TO, "From": FROM, "PageSize": "100"}

    @pytest.mark.parametrize(
        "other",
        [
            {"body": "Something else"},
            {"to": "+15550000000"},
            {"from": None},
            {"date_created": at(-60)},
            {"date_created": at(-4)},
        ],
    )
    def test_another_one(self, other: dict[str, Any]) -> None:
        assert look(message(5, **{"date_created": at(1), **other})) is None

    @pytest.mark.parametrize("seconds", [-2, 0, 30])
    def test_clocks_that_write_whole_seconds(self, seconds: int) -> None:
        assert look(message(5, date_created=at(seconds))) is not None

    def test_the_newest_of_several(self) -> None:
        found = look(message(7, date_created=at(9)), message(6, date_created=at(5)))
        assert found is not None
        assert found.sid.endswith("7")

    def test_numbers_are_compared_as_numbers(self) -> None:
        error = lost(sent={"To": "+1 (555) 867-5310", "From": "+1.501.712.2661", "Body": BODY + "\n"})
        assert look(message(5, date_created=at(0)), error=error) is not None

    def test_a_service_that_picks_the_sender(self) -> None:
        service = "MG" + "7" * 32
        error = lost(sent={"To": TO, "MessagingServiceSid": service, "Body": BODY})
        assert look(message(5, messaging_service_sid=service, date_created=at(0)), error=error) is not None
        assert look(message(5, date_created=at(0)), error=error) is None

    def test_no_further_than_needed(self) -> None:
        uri = f"{PATH}/Messages.json?Page="
        newer = [message(n, body="x", date_created=at(50)) for n in range(2)]
        older = message(9, date_created=at(-50))
        fake = FakeTransport(
            [
                page("messages", *newer, next_uri=uri + "1"),
                page("messages", newer[0], older, next_uri=uri + "2"),
            ]
        )
        assert client(fake).reconcile(lost(), Message) is None
        assert len(fake.recorded) == 2

    def test_an_end_to_looking(self) -> None:
        def endless(request: Request) -> Response:
            number = len(fake.recorded) + 1
            record = message(number, body="x", date_created=at(50))
            return page("messages", record, next_uri=f"{PATH}/Messages.json?Page={number}")

        fake = FakeTransport(endless)
        assert client(fake).reconcile(lost(), Message) is None
        assert len(fake.recorded) == 10


class TestClocks:
    """This machine's clock may be wrong by hours; Twilio's `Date` tells."""

    @pytest.mark.parametrize("hours", [-5, 5])
    def test_the_difference_counts(self, hours: int) -> None:
        wrong = timedelta(hours=hours)
        now = datetime.now(timezone.utc)
        made = format_datetime(now - wrong - timedelta(seconds=10))
        earlier = format_datetime(now - wrong - timedelta(seconds=40))
        error = lost(sent_at=now - timedelta(seconds=12))
        date = {"Date": format_datetime(now - wrong, usegmt=True)}
        for created, expected in ((made, True), (earlier, False)):
            body = {"messages": [message(5, date_created=created)]}
            found = client(FakeTransport([json_response(body, headers=date)])).reconcile(error, Message)
            assert (found is not None) is expected

    def test_a_date_that_is_none(self) -> None:
        body = {"messages": [message(5, date_created=at(0))]}
        fake = FakeTransport([json_response(body, headers={"Date": "today"})])
        assert client(fake).reconcile(lost(), Message) is not None


class TestOthers:
    def test_a_call_that_has_no_date_yet(self) -> None:
        error = lost(
            operation="calls.create", path=f"{PATH}/Calls", sent={"To": TO, "From": FROM, "Url": "https://x"}
        )
        waiting = call(3, status="queued", date_created=None, start_time=None)
        found = client(FakeTransport([page("calls", waiting)])).reconcile(error, Call)
        assert_type(found, "Call | None")
        assert found is not None
        assert found.sid.endswith("3")

    @pytest.mark.parametrize("operation", ["new_keys.create", "calls(sid).update", "", "nonsense"])
    def test_what_cannot_be_looked_for(self, operation: str) -> None:
        with pytest.raises(InvalidValue, match=r"^error: expected the loss of one of .*messages\.create"):
            client(FakeTransport([])).reconcile(lost(operation=operation), Message)

    def test_the_wrong_model(self) -> None:
        with pytest.raises(InvalidValue, match=r"^model: expected Message, which messages\.create gives"):
            client(FakeTransport([])).reconcile(lost(), Application)


class TestTogether:
    def test_from_the_loss_to_the_record(self) -> None:
        fake = FakeTransport(
            [
                TimedOut("too slow"),
                page("messages", message(5, date_created=format_datetime(datetime.now(timezone.utc)))),
            ]
        )
        mine = client(fake)
        with pytest.raises(OutcomeUnknown) as caught:
            mine.messages.create(to=TO, from_=FROM, body=BODY)
        error = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
        found = mine.reconcile(error, Message)
        assert found is not None
        assert [sent.request.method for sent in fake.recorded] == ["POST", "GET"]

    async def test_async(self) -> None:
        fake = AsyncFakeTransport([page("messages", message(5, date_created=at(0)))])
        mine = AsyncClient(ACCOUNT, TOKEN, transport=fake, retry=AT_ONCE)
        assert await mine.reconcile(lost(), Message) is not None
