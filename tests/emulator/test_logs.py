"""What the debugger and a call's events show: errors, warnings, and what was exchanged over HTTP."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import cast
from urllib.parse import parse_qs

import pytest

from ringback import Client
from ringback.emulator import Emulator
from ringback.emulator.engine.http_log import HttpLog, LoggedExchange
from ringback.emulator.engine.tables import Table
from ringback.errors import NotFound
from ringback.http import Headers, WebhookResponse
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Website

# As Twilio takes what the schema doesn't allow.
pytestmark = pytest.mark.ringback(strict=False)


@pytest.fixture
def client(emulator: Emulator, website: Website) -> Client:
    return emulator.client()


def failed_call(emulator: Emulator, website: Website) -> str:
    website.pages["/voice"] = WebhookResponse(500, Headers({"X-Reason": "rain"}), b"out of order")
    website.pages["/fallback"] = "<Response><Say>Sorry</Say><Dance/></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_hangup()
    emulator.allow_problems(11200, 12200)
    return call.sid


def test_an_error_and_a_warning_are_logged(emulator: Emulator, website: Website, client: Client) -> None:
    sid = failed_call(emulator, website)
    warning, error = client.notifications.list()
    assert [(each.log, each.error_code, each.call_sid) for each in (error, warning)] == [
        (0, 11200, sid),
        (1, 12200, sid),
    ]
    assert [each.sid for each in client.notifications.list(log=1)] == [warning.sid]
    assert error.request_url == f"{HOME}/voice"
    said = parse_qs(error.message_text or "")
    assert (said["LogLevel"], said["ErrorCode"], said["httpResponse"]) == (["ERROR"], ["11200"], ["500"])
    details = client.notifications(error.sid).fetch()
    assert (details.response_headers, details.response_body) == ("X-Reason: rain", "out of order")
    assert parse_qs(details.request_variables or "")["CallSid"] == [sid]
    assert (
        client.notifications(warning.sid).fetch().response_body
        == "<Response><Say>Sorry</Say><Dance/></Response>"
    )


def test_notifications_of_a_call(emulator: Emulator, website: Website, client: Client) -> None:
    sid = failed_call(emulator, website)
    other = emulator.phone(BEN).dial(OURS).sid
    emulator.run_until_idle()
    assert len(list(client.notifications.list())) == 4
    mine = list(client.calls(sid).notifications.list())
    assert [each.call_sid for each in mine] == [sid, sid]
    with pytest.raises(NotFound):
        client.calls(other).notifications(mine[0].sid).fetch()


def test_notifications_by_day(emulator: Emulator, website: Website, client: Client) -> None:
    failed_call(emulator, website)
    today = emulator.date.date()
    tomorrow = today + timedelta(days=1)
    assert len(list(client.notifications.list(message_date=today))) == 2
    assert len(list(client.notifications.list(message_date_before=tomorrow))) == 2
    assert list(client.notifications.list(message_date_after=tomorrow)) == []


def test_a_texts_problem_is_no_calls(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/sms"] = WebhookResponse(404)
    website.pages["/sms-fallback"] = WebhookResponse(404)
    emulator.phone(ANNA).text(OURS, "Hi")
    emulator.run_until_idle()
    emulator.allow_problems(11200)
    assert [each.call_sid for each in client.notifications.list()] == [None, None]


def test_events_of_a_call_in_order(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/answered"] = "<Response><Say>Hello</Say><Pause length='9'/></Response>"
    sid = client.calls.create(to=ANNA, from_=OURS, url=f"{HOME}/answered", status_callback=f"{HOME}/over").sid
    emulator.advance(5)
    client.calls(sid).update(status="completed")
    emulator.run_until_idle()
    events = list(client.calls(sid).events.list())
    requests = [cast("dict[str, object]", each.request) for each in events]
    responses = [cast("dict[str, object]", each.response) for each in events]
    home = f"https://api.twilio.com/2010-04-01/Accounts/{emulator.account_sid}/Calls"
    assert [each["url"] for each in requests] == [
        f"{home}.json",
        f"{HOME}/answered",
        f"{home}/{sid}.json",
        f"{HOME}/over",
    ]
    asked = cast("dict[str, str]", requests[1]["parameters"])
    assert (asked["call_sid"], asked["call_status"]) == (sid, "in-progress")
    assert cast("dict[str, str]", requests[2]["parameters"]) == {"status": "completed"}
    assert responses[1]["response_body"] == website.pages["/answered"]
    assert responses[1]["response_code"] == 200
    pages = client.calls(sid).events.list(page_size=3).pages()
    assert [len(page.items) for page in pages] == [3, 1]


def test_secrets_are_in_no_event(emulator: Emulator, client: Client) -> None:
    sid = client.calls.create(
        to="sip:anna@example.com", from_=OURS, twiml="<Response/>", sip_auth_password="hush-hush"
    ).sid
    assert "hush-hush" not in repr([each.request for each in client.calls(sid).events.list()])


def test_the_log_is_not_endless() -> None:
    log = HttpLog(Table())
    moment = datetime(2026, 1, 5, tzinfo=timezone.utc)
    for number in range(HttpLog.MOST + 1):
        log.add(f"CA{number // 2}", LoggedExchange("POST", str(number), "", 200, (), b"", moment))
    assert log.last("CA0", "0") is None
    newest = HttpLog.MOST
    assert [each.url for _, each in log.of(f"CA{newest // 2}")] == [str(newest)]
    log.add(f"CA{newest // 2}", LoggedExchange("POST", "x", "", 200, (), b"", moment))
    assert [each.url for _, each in log.of(f"CA{newest // 2}")] == [str(newest), "x"]
    assert log.last("CA9999", "19999") is not None
