"""Calls that come in: what is asked, what is heard, how they end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

import pytest

from ringback.emulator import Emulator, ExpectationFailed
from ringback.errors import EmulatorError
from ringback.http import Headers, WebhookResponse
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Website, audio

if TYPE_CHECKING:
    from ringback.emulator.driver import Mode
    from ringback.emulator.engine.people import Policy


def test_the_first_request_says_who_calls_whom(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = "<Response><Say>Hello</Say></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("hello")
    first = website.asked[0]
    assert (first.path, first.method) == ("/voice", "POST")
    assert first.given == {
        "CallSid": call.sid,
        "AccountSid": emulator.account_sid,
        "From": ANNA,
        "To": OURS,
        "CallStatus": "ringing",
        "ApiVersion": "2010-04-01",
        "Direction": "inbound",
        "Caller": ANNA,
        "Called": OURS,
        "CallToken": first["CallToken"],
        **{f"{role}{part}": "" for role in ROLES for part in ("City", "State", "Zip")},
        **{f"{role}Country": "US" for role in ROLES},
    }
    assert first.headers["User-Agent"] == "TwilioProxy/1.1"
    assert first.headers["Content-Type"].startswith("application/x-www-form-urlencoded")
    assert first.headers["I-Twilio-Idempotency-Token"]


ROLES = ("From", "To", "Caller", "Called")


def test_a_call_ends_with_its_document_and_its_end_is_told(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = '<Response><Say>Hello</Say><Pause length="70"/></Response>'
    ended = emulator.phone(ANNA).dial(OURS).ended
    assert (ended.status, ended.duration, ended.by) == ("completed", 71, "Twilio")
    status = website.at("/status")
    assert [each["CallStatus"] for each in status] == ["completed"]
    assert status[0]["CallDuration"] == "71"
    assert status[0]["Duration"] == "2"
    assert status[0]["SequenceNumber"] == "0"
    assert status[0]["CallbackSource"] == "call-progress-events"
    assert status[0]["Timestamp"] == "Mon, 05 Jan 2026 09:01:10 +0000"
    assert "SipResponseCode" not in status[0].given


def test_time_is_counted(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = (
        '<Response><Say loop="2">Fifteen letters</Say><Play>/a.mp3</Play><Pause length="3"/>'
        '<Play digits="1w2"/><Say>Bye</Say></Response>'
    )
    website.pages["/a.mp3"] = audio(5, "mp3")
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("Bye")
    assert [(heard.at, heard.kind, heard.what) for heard in call.heard] == [
        (0.0, "say", "Fifteen letters"),
        (1.0, "say", "Fifteen letters"),
        (2.0, "play", f"{HOME}/a.mp3"),
        (10.0, "tone", "keys 1w2"),
        (10.9, "say", "Bye"),
    ]
    assert call.expect_hangup().status == "completed"


@pytest.mark.parametrize(
    ("twiml", "status", "tone"),
    [
        ("<Reject/>", "no-answer", "number not in service"),
        ('<Reject reason="busy"/>', "busy", "busy tone"),
    ],
)
def test_a_rejected_call_is_never_answered(
    emulator: Emulator, website: Website, twiml: str, status: str, tone: str
) -> None:
    website.pages["/voice"] = f"<Response>{twiml}<Say>Never</Say></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_tone(tone)
    assert call.ended.status == status
    assert call.ended.duration is None
    assert [heard.what for heard in call.heard] == [tone]
    assert website.at("/status")[0]["CallDuration"] == "0"


def test_a_leading_pause_and_redirect_do_not_answer(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = '<Response><Pause length="3"/><Redirect>/next</Redirect></Response>'
    website.pages["/next"] = "<Response><Reject/></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    assert call.ended.status == "no-answer"
    assert website.at("/next")[0]["CallStatus"] == "ringing"


def test_an_empty_document_answers_and_hangs_up(emulator: Emulator, website: Website) -> None:
    assert emulator.phone(ANNA).dial(OURS).ended.status == "completed"
    assert website.paths == ["/voice", "/status"]


@pytest.mark.parametrize(
    "answer", [WebhookResponse(204), WebhookResponse(200), WebhookResponse(200, body=b"  ")]
)
def test_no_content_is_an_empty_document(
    emulator: Emulator, website: Website, answer: WebhookResponse
) -> None:
    website.pages["/voice"] = answer
    assert emulator.phone(ANNA).dial(OURS).ended.status == "completed"
    assert not emulator.problems


def test_redirect_is_relative_to_its_document_and_may_be_a_get(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = '<Response><Redirect method="GET">deep/er?x=1&amp;y=2</Redirect></Response>'
    website.pages["/deep/er"] = "<Response><Redirect>next</Redirect></Response>"
    website.pages["/deep/next"] = "<Response><Say>There</Say></Response>"
    emulator.phone(ANNA).dial(OURS).expect_say("There")
    second = website.asked[1]
    assert (second.method, second["x"], second["y"], second["From"]) == ("GET", "1", "2", ANNA)
    assert [each["CallStatus"] for each in website.asked] == ["ringing"] * 3


def test_an_empty_redirect_asks_for_the_same_document_again(emulator: Emulator, website: Website) -> None:
    answers = iter(["<Response><Redirect/></Response>", "<Response><Say>Again</Say></Response>"])
    website.pages["/voice"] = lambda _asked: next(answers)
    emulator.phone(ANNA).dial(OURS).expect_say("Again")


def test_a_caller_who_gives_up_has_not_been_answered(emulator: Emulator, website: Website) -> None:
    call = emulator.phone(ANNA).dial(OURS)
    call.hangup()
    assert (call.ended.status, call.ended.by) == ("no-answer", "me")


def test_hanging_up_ends_what_is_heard(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = "<Response><Say>A</Say><Play loop='0'>x.mp3</Play></Response>"
    website.pages["/x.mp3"] = audio(5)
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("A")
    emulator.advance(7)
    call.hangup()
    assert call.ended.duration == 8
    assert call.heard[-1].cut


def test_an_endless_loop_ends_after_a_thousand_times(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = "<Response><Say loop='0'>A</Say></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    assert call.ended.duration == 500
    assert len(call.heard) == 1000


def test_a_call_that_nobody_ends_is_ended_after_four_hours(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = '<Response><Say>A</Say><Pause length="20000"/></Response>'
    call = emulator.phone(ANNA).dial(OURS)
    emulator.advance(15_000)
    assert call.ended.duration == 14_400
    assert [(each.code, each.level) for each in emulator.problems] == [(32015, "warning")]
    emulator.allow_problems(32015)


def test_plain_text_is_read_out_and_audio_is_played(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = WebhookResponse(200, Headers({"Content-Type": "text/plain"}), b"Just words")
    emulator.phone(ANNA).dial(OURS).expect_say("Just words")
    website.pages["/voice"] = audio(5, "mp3")
    emulator.phone(BEN).dial(OURS).expect_play(f"{HOME}/voice")


def test_an_application_decides_instead_of_the_number(emulator: Emulator, website: Website) -> None:
    website.pages["/app"] = "<Response><Say>From the application</Say></Response>"
    with emulator.client() as client:
        record = client.applications.create(
            friendly_name="desk", voice_url=f"{HOME}/app", status_callback=f"{HOME}/app-status"
        )
        number = client.incoming_phone_numbers.list()
        sid = next(iter(number)).sid
        client.incoming_phone_numbers(sid).update(voice_application_sid=record.sid)
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("From the application")
    assert call.ended.status == "completed"
    assert website.asked[0]["ApplicationSid"] == record.sid
    assert website.paths == ["/app", "/app-status"]


def test_cookies_are_kept_for_the_call(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = WebhookResponse(
        200,
        Headers([("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2"), ("Content-Type", "text/xml")]),
        b"<Response><Redirect>/next</Redirect></Response>",
    )
    emulator.phone(ANNA).dial(OURS).expect_hangup()
    assert website.at("/next")[0].headers["Cookie"] == "a=1; b=2"
    emulator.phone(BEN).dial(OURS).expect_hangup()
    assert "Cookie" not in website.at("/voice")[1].headers


def test_what_is_not_said_fails_with_the_transcript(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = "<Response><Say>Welcome</Say></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    with pytest.raises(ExpectationFailed, match=r'(?s)hear "Goodbye".*call is over.*hears "Welcome"'):
        call.expect_say("Goodbye")


def test_an_expectation_looks_only_forward(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = "<Response><Say>One</Say><Say>Two</Say></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("two")
    with pytest.raises(ExpectationFailed):
        call.expect_say("one")


def test_a_phone_is_in_one_call_at_a_time(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = '<Response><Pause length="60"/></Response>'
    anna = emulator.phone(ANNA)
    call = anna.dial(OURS)
    with pytest.raises(EmulatorError, match="is in a call"):
        anna.dial(OURS)
    call.hangup()
    anna.dial(OURS)


def test_only_own_numbers_can_be_called(emulator: Emulator, website: Website) -> None:
    with pytest.raises(EmulatorError, match=r"no number of this emulator.*\+15017122661"):
        emulator.phone(ANNA).dial("+15550009999")
    with pytest.raises(EmulatorError, match="nobody's phone"):
        emulator.phone(OURS)


def test_words_that_do_not_exist_are_named(emulator: Emulator) -> None:
    guest = emulator.phone("+15558675319")
    with pytest.raises(EmulatorError, match=r"on_call: expected one of answer, busy, .*, got 'bussy'"):
        guest.behave(cast("Policy", "bussy"))
    with pytest.raises(EmulatorError, match=r"on_text: expected one of deliver, .*, got 'lost'"):
        guest.receive(cast("Literal['fail']", "lost"))
    with pytest.raises(EmulatorError, match="clock: expected one of manual, auto, real, got 'fast'"):
        Emulator(clock=cast("Mode", "fast"))
    with pytest.raises(EmulatorError, match=r"phone_number: expected E.164, .*, got '5017122661x'"):
        emulator.number("5017122661x")


def test_an_account_that_is_not_active_takes_no_calls(emulator: Emulator, website: Website) -> None:
    client = emulator.client()
    sub = client.accounts.create(friendly_name="Branch")
    theirs = "+15017122662"
    emulator.number(theirs, voice_url=f"{HOME}/voice", account_sid=sub.sid)
    client.accounts(sub.sid).update(status="suspended")
    with emulator.allow_problems(10003):
        assert emulator.phone(ANNA).dial(theirs).expect_hangup().status == "failed"
    assert website.asked == []
