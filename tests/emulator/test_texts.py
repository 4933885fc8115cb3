"""Messages in and out."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback import Client
from ringback.emulator import Emulator
from ringback.emulator.engine.messaging.outgoing import segments
from ringback.errors import NotFound
from ringback.http import Headers, WebhookResponse
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Website, picture


@pytest.fixture
def client(emulator: Emulator) -> Client:
    return emulator.client()


def test_a_text_comes_in_and_is_answered(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/sms"] = (
        '<Response><Message action="/told"><Body>Hello</Body><Body> there</Body>'
        "<Media>/cat.png</Media></Message><Message>And more</Message></Response>"
    )
    website.pages["/cat.png"] = picture()
    anna = emulator.phone(ANNA)
    sid = anna.text(OURS, "Hi!", media=["https://example.org/a.jpg", "https://example.org/b"])
    text = anna.expect_text("hello there")
    assert (text.from_, text.body, text.media) == (OURS, "Hello there", (f"{HOME}/cat.png",))
    anna.expect_text("and more")
    assert sid.startswith("MM")
    asked = website.asked[0]
    home = f"https://api.twilio.com/2010-04-01/Accounts/{emulator.account_sid}/Messages/{sid}/Media/"
    files = {name: asked[name].removeprefix(home) for name in ("MediaUrl0", "MediaUrl1")}
    assert all(each.startswith("ME") for each in files.values())
    assert asked.given == {
        "MessageSid": sid,
        "SmsSid": sid,
        "SmsMessageSid": sid,
        "AccountSid": emulator.account_sid,
        "From": ANNA,
        "To": OURS,
        "Body": "Hi!",
        "NumMedia": "2",
        "NumSegments": "1",
        "SmsStatus": "received",
        "ApiVersion": "2010-04-01",
        "MediaUrl0": f"{home}{files['MediaUrl0']}",
        "MediaContentType0": "image/jpeg",
        "MediaUrl1": f"{home}{files['MediaUrl1']}",
        "MediaContentType1": "application/octet-stream",
        **{f"{role}{part}": "" for role in ("From", "To") for part in ("City", "State", "Zip")},
        "FromCountry": "US",
        "ToCountry": "US",
    }
    emulator.run_until_idle()
    told = website.at("/told")
    assert [each["MessageStatus"] for each in told] == ["sending", "sent", "delivered"]
    directions: dict[str, tuple[str, str]] = {
        each.sid: (each.direction, each.status) for each in client.messages.list()
    }
    assert directions[sid] == ("inbound", "received")
    assert sorted(directions.values())[1:] == [("outbound-reply", "delivered")] * 2
    media = list(client.messages(sid).media.list())
    assert [each.content_type for each in media] == ["application/octet-stream", "image/jpeg"]


def test_no_reply(emulator: Emulator, website: Website, client: Client) -> None:
    emulator.phone(ANNA).text(OURS, "")
    emulator.run_until_idle()
    assert website.paths == ["/sms"]
    assert len(list(client.messages.list())) == 1


def test_plain_text_is_a_reply(emulator: Emulator, website: Website) -> None:
    website.pages["/sms"] = WebhookResponse(200, Headers({"Content-Type": "text/plain"}), b"Thanks!")
    emulator.phone(ANNA).text(OURS, "Hi")
    assert emulator.phone(ANNA).expect_text().body == "Thanks!"


def test_an_old_sms_verb_is_an_answer_too(emulator: Emulator, website: Website) -> None:
    website.pages["/sms"] = f'<Response><Sms>Thanks!</Sms><Sms to="{BEN}">For you</Sms></Response>'
    emulator.phone(ANNA).text(OURS, "Hi")
    emulator.phone(ANNA).expect_text("Thanks!")
    emulator.phone(BEN).expect_text("For you")


def test_a_redirect_and_another_receiver(emulator: Emulator, website: Website) -> None:
    website.pages["/sms"] = "<Response><Redirect>/next</Redirect><Message>Never</Message></Response>"
    website.pages["/next"] = f'<Response><Message to="{BEN}">For you</Message></Response>'
    emulator.phone(ANNA).text(OURS, "Hi")
    emulator.phone(BEN).expect_text("For you")
    emulator.run_until_idle()
    assert not emulator.phone(ANNA).texts
    assert website.at("/next")[0]["Body"] == "Hi"


def test_the_fallback_is_told_what_went_wrong(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(11200)
    website.pages["/sms"] = WebhookResponse(500)
    website.pages["/sms-fallback"] = "<Response><Message>Sorry</Message></Response>"
    emulator.phone(ANNA).text(OURS, "Hi")
    emulator.phone(ANNA).expect_text("Sorry")
    fallback = website.at("/sms-fallback")[0]
    assert (fallback["ErrorCode"], fallback["ErrorUrl"]) == ("11200", f"{HOME}/sms")


def test_cookies_are_kept_between_two_numbers(emulator: Emulator, website: Website) -> None:
    website.pages["/sms"] = WebhookResponse(200, Headers({"Set-Cookie": "visits=1"}))
    for who in (ANNA, BEN, ANNA):
        emulator.phone(who).text(OURS, "Hi")
        emulator.run_until_idle()
    assert [each.headers.get("Cookie") for each in website.asked] == [None, None, "visits=1"]


def test_a_text_goes_out(emulator: Emulator, website: Website, client: Client) -> None:
    sent = client.messages.create(to=ANNA, from_=OURS, body="Ready", status_callback=f"{HOME}/told")
    assert (sent.status, sent.num_segments, sent.num_media, sent.price) == ("queued", 1, 0, None)
    assert emulator.phone(ANNA).expect_text("ready").sid == sent.sid
    emulator.run_until_idle()
    told = website.at("/told")
    assert [each["MessageStatus"] for each in told] == ["sending", "sent", "delivered"]
    assert told[-1].given == {
        "MessageSid": sent.sid,
        "SmsSid": sent.sid,
        "AccountSid": emulator.account_sid,
        "MessageStatus": "delivered",
        "SmsStatus": "delivered",
        "To": ANNA,
        "From": OURS,
        "ApiVersion": "2010-04-01",
        "RawDlrDoneDate": "2601050900",
    }
    assert "RawDlrDoneDate" not in told[0].given
    fetched = client.messages(sent.sid).fetch()
    assert (fetched.status, fetched.date_sent is not None) == ("delivered", True)


@pytest.mark.parametrize(
    ("fate", "statuses", "code"),
    [("undelivered", ["sending", "sent", "undelivered"], 30005), ("fail", ["sending", "failed"], 30008)],
)
def test_a_text_that_does_not_arrive(
    emulator: Emulator,
    website: Website,
    client: Client,
    fate: Literal["undelivered", "fail"],
    statuses: list[str],
    code: int,
) -> None:
    emulator.phone(ANNA).receive(fate)
    sent = client.messages.create(to=ANNA, from_=OURS, body="Ready", status_callback=f"{HOME}/told")
    emulator.run_until_idle()
    assert [each["MessageStatus"] for each in website.at("/told")] == statuses
    assert website.at("/told")[-1]["ErrorCode"] == str(code)
    fetched = client.messages(sent.sid).fetch()
    assert (fetched.status, fetched.error_code) == (statuses[-1], code)
    assert not emulator.phone(ANNA).texts


def test_pictures(emulator: Emulator, website: Website, client: Client) -> None:
    sent = client.messages.create(to=ANNA, from_=OURS, media_url=["https://example.org/cat.png"])
    assert (sent.sid[:2], sent.num_media) == ("MM", 1)
    assert emulator.phone(ANNA).expect_text().media == ("https://example.org/cat.png",)
    (media,) = client.messages(sent.sid).media.list()
    assert client.messages(sent.sid).media(media.sid).fetch().content_type == "image/png"
    client.messages(sent.sid).media(media.sid).delete()
    with pytest.raises(NotFound):
        client.messages(sent.sid).media(media.sid).fetch()
    assert list(client.messages(sent.sid).media.list()) == []
    assert client.messages(sent.sid).fetch().num_media == 1


def test_feedback_redaction_and_deletion(emulator: Emulator, website: Website, client: Client) -> None:
    sent = client.messages.create(to=ANNA, from_=OURS, body="Secret", provide_feedback=True)
    assert client.messages(sent.sid).feedback.create(outcome="unconfirmed").outcome == "unconfirmed"
    emulator.run_until_idle()
    assert client.messages(sent.sid).update(body="").body == ""
    client.messages(sent.sid).delete()
    with pytest.raises(NotFound):
        client.messages(sent.sid).fetch()


def test_a_scheduled_message_waits_and_can_be_canceled(
    emulator: Emulator, website: Website, client: Client
) -> None:
    from datetime import timedelta

    service = "MG" + "0" * 32
    at = emulator.date + timedelta(minutes=30)
    first, second = (
        client.messages.create(
            to=ANNA, messaging_service_sid=service, body=body, schedule_type="fixed", send_at=at
        )
        for body in ("first", "second")
    )
    assert (first.status, first.messaging_service_sid) == ("scheduled", service)
    assert client.messages(second.sid).update(status="canceled").status == "canceled"
    emulator.advance(1790)
    assert not emulator.phone(ANNA).texts
    emulator.run_until_idle()
    assert [text.body for text in emulator.phone(ANNA).texts] == ["first"]
    assert client.messages(second.sid).fetch().status == "canceled"


def test_a_text_between_own_numbers_comes_in(emulator: Emulator, website: Website, client: Client) -> None:
    emulator.number("+15017120000", sms_url=f"{HOME}/other")
    client.messages.create(to="+15017120000", from_=OURS, body="Loop")
    emulator.run_until_idle()
    assert (website.at("/other")[0]["Body"], website.at("/other")[0]["From"]) == ("Loop", OURS)


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
def test_segments(body: str, count: int) -> None:
    assert segments(body) == count


@given(st.text(max_size=1600))
def test_a_longer_text_never_takes_fewer_segments(body: str) -> None:
    assert segments(body + "a") >= segments(body) >= 1


def test_where_a_text_comes_from(emulator: Emulator, website: Website) -> None:
    emulator.phone(ANNA).register(city="Springfield", state="IL", zip_code="62701", country="US")
    emulator.phone(ANNA).text(OURS, "Hi")
    emulator.run_until_idle()
    asked = website.asked[0]
    assert [asked[f"From{part}"] for part in ("City", "State", "Zip", "Country")] == [
        *("Springfield", "IL", "62701", "US")
    ]
