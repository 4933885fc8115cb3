"""Usage: what happened is counted by day and category; triggers fire once their value is reached."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import quote

import pytest

from ringback import Client, twiml, webhooks
from ringback.emulator import Emulator
from ringback.errors import InvalidRequest
from ringback.http import Headers
from tests.emulator.conftest import ANNA, OURS
from tests.emulator.website import HOME, Asked, Website


@pytest.fixture
def client(emulator: Emulator) -> Client:
    return emulator.client()


def call_for(emulator: Emulator, website: Website, seconds: int) -> None:
    website.pages["/long"] = str(twiml.VoiceResponse(twiml.Pause(length=seconds)))
    emulator.client().calls.create(to=ANNA, from_=OURS, url=f"{HOME}/long")
    emulator.run_until_idle()


def used(website: Website) -> list[Asked]:
    return [asked for asked in website.asked if asked.path == "/used"]


def test_what_happened_is_counted(emulator: Emulator, website: Website, client: Client) -> None:
    call_for(emulator, website, 61)
    today = next(iter(client.usage.records.today.list(category="calls")))
    assert (today.count, today.usage, today.price) == (Decimal(1), Decimal(2), Decimal("0.028"))
    assert next(iter(client.usage.records.list(category="calls-inbound"))).count == 0
    emulator.advance(86_400)
    call_for(emulator, website, 10)
    days = [(each.start_date, each.count) for each in client.usage.records.daily.list(category="calls")]
    assert days == [(date(2026, 1, 6), Decimal(1)), (date(2026, 1, 5), Decimal(1))]
    assert next(iter(client.usage.records.yesterday.list(category="calls"))).count == 1
    assert next(iter(client.usage.records.all_time.list(category="calls"))).count == 2
    [month] = client.usage.records.monthly.list(category="calls")
    assert (month.start_date, month.end_date, month.count) == (date(2026, 1, 5), date(2026, 1, 6), Decimal(2))
    assert next(iter(client.usage.records.last_month.list(category="calls"))).count == 0
    since = client.usage.records.list(category="calls", start_date=date(2026, 1, 6))
    assert next(iter(since)).count == 1
    total = next(iter(client.usage.records.all_time.list(category="totalprice"))).price
    balance = client.balance.fetch()
    assert balance.balance == Decimal(100) - (total or 0)
    call = next(iter(client.calls.list(limit=1)))
    assert (call.price, call.price_unit) == (Decimal("-0.014"), "USD")


def test_a_record_for_each_category_that_is_listed_page_by_page(client: Client) -> None:
    names = [each.category for each in client.usage.records.today.list(page_size=100)]
    assert len(names) == len(set(names)) > 200
    assert "sms-outbound" in names


def test_days_from_now(emulator: Emulator, website: Website, client: Client) -> None:
    call_for(emulator, website, 1)
    emulator.advance(2 * 86_400)
    login = b64encode(f"{emulator.account_sid}:{emulator.auth_token}".encode()).decode()
    headers = Headers({"Authorization": f"Basic {login}"})
    home = f"/2010-04-01/Accounts/{emulator.account_sid}/Usage/Records.json?Category=calls"
    for start, count in (("-2days", "1"), ("-1days", "0"), ("-30days", "1"), ("+1days", "0")):
        answer = emulator.answer("GET", f"{home}&StartDate={quote(start)}", headers, b"")
        assert json.loads(answer.body)["usage_records"][0]["count"] == count


def test_subaccounts_count_unless_told_otherwise(
    emulator: Emulator, website: Website, client: Client
) -> None:
    client.accounts.create(friendly_name="other")
    call_for(emulator, website, 1)
    for included in (True, False):
        [record] = client.usage.records.today.list(category="calls", include_subaccounts=included)
        assert record.count == 1


def test_a_trigger_fires_once(emulator: Emulator, website: Website, client: Client) -> None:
    call_for(emulator, website, 1)
    trigger = client.usage.triggers.create(
        callback_url=f"{HOME}/used", trigger_value="+2", usage_category="calls", trigger_by="count"
    )
    assert (trigger.trigger_value, trigger.current_value) == (Decimal(3), Decimal(1))
    call_for(emulator, website, 1)
    emulator.advance(120)
    assert client.usage.triggers(trigger.sid).fetch().date_fired is None
    for _ in range(2):
        call_for(emulator, website, 1)
        emulator.advance(120)
    told = used(website)
    assert len(told) == 1
    event = webhooks.parse(webhooks.UsageTriggered, told[0].given)
    assert (event.usage_trigger_sid, event.usage_category, event.trigger_by) == (
        trigger.sid,
        "calls",
        "count",
    )
    assert event.current_value == event.trigger_value == 3
    assert client.usage.triggers(trigger.sid).fetch().date_fired is not None


def test_a_daily_trigger_fires_every_day(emulator: Emulator, website: Website, client: Client) -> None:
    client.usage.triggers.create(
        callback_url=f"{HOME}/used",
        trigger_value="1",
        usage_category="calls",
        trigger_by="count",
        recurring="daily",
    )
    for day in range(3):
        call_for(emulator, website, 1)
        emulator.advance(timedelta(hours=24).total_seconds())
        assert len(used(website)) == day + 1


@pytest.mark.parametrize("value", ["", "many", "nan", "+", "1e999999", "1e-999999", "0e-999999"])
def test_values_that_are_none(client: Client, value: str) -> None:
    with pytest.raises(InvalidRequest):
        client.usage.triggers.create(callback_url=f"{HOME}/x", trigger_value=value, usage_category="calls")


def test_turn_servers(client: Client) -> None:
    token = client.tokens.create(ttl=60)
    assert token.ttl == 60
    assert [each.urls.partition(":")[0] for each in token.ice_servers] == ["stun", "turn", "turn", "turn"]
    assert token.ice_servers[0].credential is None
    assert token.ice_servers[1].credential == token.password
    assert client.tokens.create().ttl == 86_400
