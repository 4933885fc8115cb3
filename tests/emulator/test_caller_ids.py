"""A number is verified by a call whose answerer keys in the code; then calls may show it."""

from __future__ import annotations

import pytest

from ringback import Client, webhooks
from ringback.emulator import Emulator
from ringback.errors import InvalidRequest
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Website


@pytest.fixture
def client(emulator: Emulator) -> Client:
    return emulator.client()


def told(website: Website) -> webhooks.CallerIdValidated:
    [asked] = [asked for asked in website.asked if asked.path == "/verified"]
    return webhooks.parse(webhooks.CallerIdValidated, asked.given)


def ask(client: Client, call_delay: int | None = None) -> str:
    asked = client.validation_requests.create(
        phone_number=ANNA, status_callback=f"{HOME}/verified", call_delay=call_delay
    )
    assert asked.friendly_name == "(555) 867-5310"
    return asked.validation_code


def test_the_right_code(emulator: Emulator, website: Website, client: Client) -> None:
    anna = emulator.phone(ANNA)
    code = ask(client, call_delay=30)
    emulator.advance(20)
    assert [call.state for call in anna.calls] == ["coming"]
    call = anna.answer()
    call.expect_say("six digit verification code")
    call.press(code)
    call.expect_say("verified")
    call.expect_hangup()
    emulator.run_until_idle()
    [caller] = client.outgoing_caller_ids.list(phone_number=ANNA)
    event = told(website)
    assert (event.verification_status, event.outgoing_caller_id_sid) == ("success", caller.sid)
    assert client.calls.create(to=BEN, from_=ANNA, twiml="<Response/>").from_ == ANNA
    with pytest.raises(InvalidRequest) as twice:
        client.validation_requests.create(phone_number=ANNA)
    assert twice.value.code == 21450
    client.outgoing_caller_ids(caller.sid).delete()
    with pytest.raises(InvalidRequest):
        client.calls.create(to=BEN, from_=ANNA, twiml="<Response/>")


def test_three_wrong_codes(emulator: Emulator, website: Website, client: Client) -> None:
    code = ask(client)
    wrong = "000000" if code != "000000" else "111111"
    call = emulator.phone(ANNA).answer()
    for _ in range(3):
        call.press(wrong)
        call.expect_say("not the code")
    call.expect_hangup()
    emulator.run_until_idle()
    assert told(website).verification_status == "failed"
    assert list(client.outgoing_caller_ids.list()) == []


def test_nobody_answers(emulator: Emulator, website: Website, client: Client) -> None:
    emulator.phone(ANNA).behave("no-answer")
    ask(client)
    emulator.run_until_idle()
    assert told(website).verification_status == "failed"


@pytest.mark.parametrize("seconds", [0, 3])
def test_it_is_given_other_twiml(
    emulator: Emulator, website: Website, client: Client, seconds: float
) -> None:
    asked = client.validation_requests.create(
        phone_number=ANNA, status_callback=f"{HOME}/verified", extension="1234567890"
    )
    call = emulator.phone(ANNA).answer()
    emulator.advance(seconds)
    assert asked.call_sid is not None
    client.calls(asked.call_sid).update(twiml="<Response><Say>Hello</Say></Response>")
    call.expect_hangup()
    emulator.run_until_idle()
    assert told(website).verification_status == "failed"


@pytest.mark.parametrize("seconds", [0, 3])
def test_it_is_hung_up(emulator: Emulator, website: Website, client: Client, seconds: float) -> None:
    client.validation_requests.create(
        phone_number=ANNA, status_callback=f"{HOME}/verified", extension="1234567890"
    )
    call = emulator.phone(ANNA).answer()
    emulator.advance(seconds)
    call.hangup()
    emulator.run_until_idle()
    assert told(website).verification_status == "failed"


@pytest.mark.parametrize(("number", "code"), [(OURS, 21449), ("hello", 21401)])
def test_numbers_that_can_not_be_verified(website: Website, client: Client, number: str, code: int) -> None:
    with pytest.raises(InvalidRequest) as refused:
        client.validation_requests.create(phone_number=number)
    assert refused.value.code == code


def test_short_codes_are_no_incoming_numbers(emulator: Emulator, client: Client) -> None:
    sid = emulator.number("894546", sms_url=f"{HOME}/sms")
    assert [each.sid for each in client.short_codes.list(short_code="89*546")] == [sid]
    assert list(client.short_codes.list(short_code="1*")) == []
    assert "894546" not in [each.phone_number for each in client.incoming_phone_numbers.list()]
    assert client.short_codes(sid).update(friendly_name="Votes").friendly_name == "Votes"
