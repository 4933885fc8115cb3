"""What the real service does that no schema says: actions, senders, time limits, redirects, unknown TwiML."""

from __future__ import annotations

import pytest

from ringback.emulator import Emulator
from ringback.http import Headers, WebhookResponse
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Website

MOVED = "<Response><Say>Moved</Say></Response>"
ROOM = '<Response><Dial action="/after" timeLimit="{limit}"><Conference>room</Conference></Dial></Response>'


def codes(emulator: Emulator) -> list[tuple[int, str]]:
    return [(each.code, each.level) for each in emulator.problems]


@pytest.mark.parametrize(
    ("seconds", "status", "bridged"), [(10, "completed", "true"), (2, "canceled", "false")]
)
def test_the_action_of_an_interrupted_dial_is_asked(
    emulator: Emulator, website: Website, seconds: int, status: str, bridged: str
) -> None:
    website.pages["/voice"] = f'<Response><Dial action="/after">{BEN}</Dial></Response>'
    website.pages["/after"] = "<Response><Say>Never heard</Say></Response>"
    emulator.phone(BEN, on_call="answer", after=3)
    call = emulator.phone(ANNA).dial(OURS)
    emulator.advance(seconds)
    with emulator.client() as client:
        client.calls(call.sid).update(twiml=MOVED)
    call.expect_say("Moved")
    after = website.at("/after")
    assert [(each["DialCallStatus"], each["DialBridged"]) for each in after] == [(status, bridged)]
    assert [heard.what for heard in call.heard if heard.kind == "say"] == ["Moved"]
    assert emulator.phone(BEN).calls[0].state == "over"


def test_the_action_of_an_interrupted_conference_is_asked(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = ROOM.format(limit=100)
    call = emulator.phone(ANNA).dial(OURS)
    emulator.advance(5)
    with emulator.client() as client:
        client.calls(call.sid).update(twiml=MOVED)
    call.expect_say("Moved")
    assert [each["DialCallStatus"] for each in website.at("/after")] == ["answered"]


def test_the_time_in_a_conference_counts_from_joining(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = ROOM.format(limit=30)
    anna = emulator.phone(ANNA).dial(OURS)
    emulator.advance(20)
    ben = emulator.phone(BEN).dial(OURS)
    emulator.advance(15)
    assert (anna.state, anna.ended.duration) == ("over", 30)
    assert ben.ended.duration == 30


def test_nobody_waits_for_a_conference_longer_than_the_limit(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = ROOM.format(limit=30)
    assert emulator.phone(ANNA).dial(OURS).ended.duration == 30


@pytest.mark.parametrize("moves", [True, False])
def test_a_status_callback_counts_together_with_a_document_alone(
    emulator: Emulator, website: Website, moves: bool
) -> None:
    with emulator.client() as client:
        call = client.calls.create(to=ANNA, from_=OURS, twiml="<Response><Pause length='60'/></Response>")
        emulator.advance(8)
        if moves:
            client.calls(call.sid).update(status_callback=f"{HOME}/told", twiml=MOVED)
        else:
            client.calls(call.sid).update(status_callback=f"{HOME}/told")
    emulator.run_until_idle()
    assert len(website.at("/told")) == moves


def test_a_service_chooses_the_sender_when_it_sends(emulator: Emulator, website: Website) -> None:
    with emulator.client() as client:
        created = client.messages.create(
            to=ANNA,
            messaging_service_sid="MG" + "0" * 32,
            body="Hi",
            status_callback=f"{HOME}/told",
        )
        assert (created.status, created.from_) == ("accepted", None)
        emulator.run_until_idle()
        assert client.messages(created.sid).fetch().from_ == OURS
    assert {each["From"] for each in website.at("/told")} == {OURS}
    assert emulator.phone(ANNA).texts[0].from_ == OURS


@pytest.mark.parametrize(
    ("attributes", "transcribed"),
    [
        ('transcribeCallback="/text"', True),
        ('transcribe="true"', True),
        ('transcribe="false" transcribeCallback="/text"', False),
        ("", False),
    ],
)
def test_a_transcribe_callback_alone_transcribes(
    emulator: Emulator, website: Website, attributes: str, transcribed: bool
) -> None:
    website.pages["/voice"] = f'<Response><Record action="/done" {attributes}/></Response>'
    call = emulator.phone(ANNA).dial(OURS)
    call.speak("Hello it is me")
    emulator.run_until_idle()
    with emulator.held() as network:
        assert [each.transcription_text for each in network.store.transcriptions.values()] == [
            "Hello it is me"
        ] * transcribed
    assert len(website.at("/text")) == (transcribed and "Callback" in attributes)


def test_the_later_of_two_queued_calls_does_not_make_the_earlier_busy(
    emulator: Emulator, website: Website
) -> None:
    with emulator.client() as client:
        first, second = (
            client.calls.create(to=ANNA, from_=OURS, twiml="<Response><Pause length='9'/></Response>").sid
            for _ in range(2)
        )
        # Nobody notices a call that is on its way.
        assert emulator.phone(ANNA).calls[0].state == "coming"
        emulator.run_until_idle()
        assert [client.calls(sid).fetch().status for sid in (first, second)] == ["completed", "busy"]


@pytest.mark.parametrize("status", [301, 302, 303, 307])
def test_redirects_that_are_followed(emulator: Emulator, website: Website, status: int) -> None:
    website.pages["/voice"] = WebhookResponse(status, Headers({"Location": "/next"}))
    website.pages["/next"] = "<Response><Say>Found</Say></Response>"
    emulator.phone(ANNA).dial(OURS).expect_say("Found")


@pytest.mark.parametrize("status", [300, 304, 305, 308])
def test_redirects_that_are_errors(emulator: Emulator, website: Website, status: int) -> None:
    emulator.allow_problems(11200)
    website.pages["/voice"] = WebhookResponse(status, Headers({"Location": "/next"}))
    website.pages["/fallback"] = "<Response><Say>Plan B</Say></Response>"
    emulator.phone(ANNA).dial(OURS).expect_say("Plan B")
    assert codes(emulator) == [(11200, "error")]


UNKNOWN = [
    "<Shout>Hey</Shout><Say>Hello</Say>",
    '<Say mood="glad">Hello</Say>',
    "<say>Hey</say><Say>Hello</Say>",
    "<Gather timeout='1'><Shout/><Say>Hello</Say></Gather>",
    f"<Dial timeout='1'><Pigeon/><Number>{BEN}</Number></Dial><Say>Hello</Say>",
    "<Dial><Pigeon/></Dial><Say>Hello</Say>",
]


@pytest.mark.parametrize("verbs", UNKNOWN)
@pytest.mark.ringback(strict=False)
def test_what_twilio_does_not_know_is_ignored(emulator: Emulator, website: Website, verbs: str) -> None:
    emulator.allow_problems(12200)
    emulator.phone(BEN, on_call="no-answer")
    website.pages["/voice"] = f"<Response>{verbs}</Response>"
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("Hello")
    assert call.ended.status == "completed"
    assert codes(emulator) == [(12200, "warning")]
    assert website.at("/fallback") == []


@pytest.mark.parametrize("verbs", UNKNOWN)
def test_tests_are_strict_about_it(emulator: Emulator, website: Website, verbs: str) -> None:
    emulator.allow_problems(12200)
    website.pages["/voice"] = f"<Response>{verbs}</Response>"
    website.pages["/fallback"] = "<Response><Say>Plan B</Say></Response>"
    emulator.phone(ANNA).dial(OURS).expect_say("Plan B")
    assert codes(emulator) == [(12200, "error")]


@pytest.mark.ringback(strict=False)
def test_replies_ignore_it_as_well(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(12200)
    website.pages["/sms"] = '<Response><Smoke/><Message colour="red">Hello</Message></Response>'
    emulator.phone(ANNA).text(OURS, "Hi")
    assert emulator.phone(ANNA).expect_text("Hello").body == "Hello"
    assert codes(emulator) == [(12200, "warning")] * 2
