"""Who wants no more texts, and who is told."""

from __future__ import annotations

from typing import Any

import pytest

from ringback import Client
from ringback.emulator import Emulator
from ringback.errors import InvalidRequest
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Website

SERVICE = "MG" + "1" * 32
OTHER = "+15017120000"
STOPPED = "You will get no more messages"
STARTED = "You will get messages from this number again"


@pytest.fixture
def client(emulator: Emulator, website: Website) -> Client:
    return emulator.client()


def is_refused(client: Client, to: str = ANNA, **sender: str) -> bool:
    create: Any = client.messages.create
    try:
        create(to=to, body="News", **(sender or {"from_": OURS}))
    except InvalidRequest as refused:
        return refused.code == 21610
    return False


@pytest.mark.parametrize(
    "word", ["STOP", "stopall", " Unsubscribe ", "cancel", "End", "QUIT", "revoke", "OptOut\n"]
)
def test_words_that_end_texts(emulator: Emulator, website: Website, client: Client, word: str) -> None:
    anna = emulator.phone(ANNA)
    anna.text(OURS, word)
    anna.expect_text(STOPPED)
    assert is_refused(client)
    assert not is_refused(client, to=BEN)
    # The application learns of it all the same.
    assert [each["Body"] for each in website.at("/sms")] == [word]
    assert "OptOutType" not in website.at("/sms")[0].given


@pytest.mark.parametrize("word", ["start", "YES", " Unstop "])
def test_words_that_want_them_again(emulator: Emulator, client: Client, word: str) -> None:
    anna = emulator.phone(ANNA)
    anna.text(OURS, word)
    emulator.run_until_idle()
    assert not anna.texts  # there was nothing to be taken back
    anna.text(OURS, "STOP")
    anna.expect_text(STOPPED)
    anna.text(OURS, word)
    anna.expect_text(STARTED)
    assert not is_refused(client)


@pytest.mark.parametrize("word", ["help", "INFO"])
def test_words_for_help(emulator: Emulator, client: Client, word: str) -> None:
    anna = emulator.phone(ANNA)
    anna.text(OURS, word)
    anna.expect_text("Reply STOP")
    assert not is_refused(client)


@pytest.mark.parametrize("body", ["Please stop", "STOP it", "stop.", "", "Start over"])
def test_other_words(emulator: Emulator, client: Client, body: str) -> None:
    emulator.phone(ANNA).text(OURS, body)
    emulator.run_until_idle()
    assert not emulator.phone(ANNA).texts
    assert not is_refused(client)


def test_other_numbers_go_on(emulator: Emulator, client: Client) -> None:
    emulator.number(OTHER)
    emulator.phone(ANNA).text(OURS, "STOP")
    assert not is_refused(client, from_=OTHER)


def test_replies_to_whoever_opted_out_do_not_go(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(21610)
    website.pages["/sms"] = "<Response><Message>You wrote</Message></Response>"
    emulator.phone(ANNA).text(OURS, "STOP")
    emulator.run_until_idle()
    assert [STOPPED in each.body for each in emulator.phone(ANNA).texts] == [True]
    assert [each.code for each in emulator.problems] == [21610]


def test_calls_send_them_no_texts_either(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = '<Response><Sms action="/sent">The menu</Sms></Response>'
    anna = emulator.phone(ANNA)
    anna.text(OURS, "STOP")
    anna.expect_text(STOPPED)
    anna.dial(OURS)
    emulator.run_until_idle()
    assert website.at("/sent")[0]["SmsStatus"] == "invalid"
    assert len(anna.texts) == 1


def test_a_service_is_left_as_a_whole(emulator: Emulator, website: Website, client: Client) -> None:
    emulator.number(OTHER, sms_url=f"{HOME}/sms")
    anna = emulator.phone(ANNA)
    client.messages.create(to=ANNA, messaging_service_sid=SERVICE, body="News")
    sender = anna.expect_text("News").from_
    anna.text(sender, "Stop")
    anna.expect_text(STOPPED)
    asked = website.at("/sms")[0]
    assert (asked["MessagingServiceSid"], asked["OptOutType"]) == (SERVICE, "STOP")
    assert is_refused(client, messaging_service_sid=SERVICE)
    assert is_refused(client, from_=SERVICE)
    assert is_refused(client, from_=OTHER if sender == OURS else OURS, messaging_service_sid=SERVICE)
    assert not is_refused(client, messaging_service_sid="MG" + "2" * 32)
    for word, kind in (("help", "HELP"), ("start", "START")):
        anna.text(sender, word)
        emulator.run_until_idle()
        assert website.at("/sms")[-1]["OptOutType"] == kind
    assert not is_refused(client, messaging_service_sid=SERVICE)


def test_a_service_does_not_choose_whom_they_left(
    emulator: Emulator, website: Website, client: Client
) -> None:
    emulator.phone(ANNA).text(OURS, "STOP")
    emulator.run_until_idle()
    sent = client.messages.create(to=ANNA, messaging_service_sid=SERVICE, body="News")
    emulator.run_until_idle()
    failed = client.messages(sent.sid).fetch()
    assert (failed.status, failed.error_code, failed.price) == ("failed", 21610, None)
