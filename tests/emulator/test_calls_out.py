"""Calls that the REST API places: their statuses, callbacks, and live changes."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypeAlias

import pytest

from ringback import Client
from ringback.emulator import Emulator, HangUp, Hear, Pause, Press, Speak
from ringback.emulator.engine.people import AnsweredBy, Policy
from ringback.errors import InvalidRequest
from ringback.rest import CallStatusCallbackEvent
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Website, audio

EVENTS: tuple[CallStatusCallbackEvent, ...] = ("initiated", "ringing", "answered", "completed")
Mode: TypeAlias = Literal["Enable", "DetectMessageEnd"]


@pytest.fixture
def client(emulator: Emulator) -> Client:
    return emulator.client()


def place(client: Client, to: str = ANNA, *, timeout: int | None = None) -> str:
    call = client.calls.create(
        to=to,
        from_=OURS,
        url=f"{HOME}/answered",
        status_callback=f"{HOME}/progress",
        status_callback_event=EVENTS,
        timeout=timeout,
    )
    assert call.status == "queued"
    return call.sid


def progress(website: Website) -> list[tuple[str, str]]:
    return [(each["SequenceNumber"], each["CallStatus"]) for each in website.at("/progress")]


def test_an_answered_call(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/answered"] = "<Response><Say>Hello</Say><Pause length='61'/></Response>"
    sid = place(client)
    emulator.run_until_idle()
    assert progress(website) == [
        ("0", "initiated"),
        ("1", "ringing"),
        ("2", "in-progress"),
        ("3", "completed"),
    ]
    assert website.paths == ["/progress", "/progress", "/progress", "/answered", "/progress"]
    answered, end = website.at("/answered")[0], website.at("/progress")[-1]
    assert (answered["Direction"], answered["CallStatus"]) == ("outbound-api", "in-progress")
    assert (answered["From"], answered["To"]) == (OURS, ANNA)
    assert (end["CallDuration"], end["Duration"]) == ("62", "2")
    assert [each["Timestamp"][-14:] for each in website.at("/progress")] == [
        "09:00:00 +0000",
        "09:00:01 +0000",
        "09:00:03 +0000",
        "09:01:04 +0000",
    ]
    call = client.calls(sid).fetch()
    assert (call.status, call.duration, call.direction) == ("completed", 62, "outbound-api")
    assert call.price == Decimal("-0.028")  # for two minutes
    assert call.start_time is not None
    assert call.end_time is not None
    assert (call.end_time - call.start_time).seconds == 61


@pytest.mark.parametrize(
    ("policy", "statuses", "code"),
    [
        ("busy", ["initiated", "busy"], "486"),
        ("decline", ["initiated", "ringing", "busy"], "486"),
        ("no-answer", ["initiated", "ringing", "no-answer"], "487"),
        ("unreachable", ["initiated", "failed"], "404"),
    ],
)
def test_a_call_that_is_not_answered(
    emulator: Emulator, website: Website, client: Client, policy: Policy, statuses: list[str], code: str
) -> None:
    emulator.phone(ANNA).behave(policy)
    sid = place(client, timeout=20)
    emulator.run_until_idle()
    assert [status for _, status in progress(website)] == statuses
    end = website.at("/progress")[-1]
    assert (end["SipResponseCode"], end["CallDuration"], end["Duration"]) == (code, "0", "0")
    assert not website.at("/answered")
    call = client.calls(sid).fetch()
    assert (call.status, call.duration, call.start_time) == (statuses[-1], None, None)


def test_it_rings_as_long_as_it_may(emulator: Emulator, website: Website, client: Client) -> None:
    emulator.phone(ANNA).behave("no-answer")
    place(client, timeout=7)
    emulator.run_until_idle()
    ringing, end = website.at("/progress")[1:]
    assert (ringing["Timestamp"][-14:-6], end["Timestamp"][-14:-6]) == ("09:00:01", "09:00:08")


def test_only_the_end_is_told_by_default(emulator: Emulator, website: Website, client: Client) -> None:
    client.calls.create(to=ANNA, from_=OURS, url=f"{HOME}/answered", status_callback=f"{HOME}/progress")
    emulator.run_until_idle()
    assert progress(website) == [("0", "completed")]


def test_a_test_holds_the_phone(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/answered"] = '<Response><Gather numDigits="1" action="/key"/></Response>'
    emulator.phone(ANNA).behave("wait")
    place(client)
    call = emulator.phone(ANNA).answer()
    call.press("3")
    assert call.ended.status == "completed"
    assert website.at("/key")[0]["Digits"] == "3"


def test_a_test_declines(emulator: Emulator, website: Website, client: Client) -> None:
    place(client)
    assert emulator.phone(ANNA).decline().ended.status == "busy"


def test_who_is_in_a_call_is_busy(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/voice"] = '<Response><Say>A</Say><Pause length="60"/></Response>'
    emulator.phone(ANNA).dial(OURS).expect_say("A")
    sid = place(client)
    emulator.advance(10)
    assert client.calls(sid).fetch().status == "busy"


def test_one_call_a_second_starts(emulator: Emulator, website: Website, client: Client) -> None:
    sids = [place(client, f"+1555000000{number}") for number in range(4)]
    emulator.run_until_idle()
    started = [
        each["Timestamp"][-8:-6] for each in website.at("/progress") if each["CallStatus"] == "initiated"
    ]
    assert started == ["00", "01", "02", "03"]
    assert [client.calls(sid).fetch().queue_time for sid in sids] == [0, 1000, 2000, 3000]


def test_inline_twiml_and_keys_to_press(emulator: Emulator, website: Website, client: Client) -> None:
    client.calls.create(
        to=ANNA, from_=OURS, twiml="<Response><Say>Inline</Say></Response>", send_digits="ww12#"
    )
    call = emulator.phone(ANNA).answer()
    call.expect_tone("keys ww12#")
    assert call.expect_say("Inline").document == "inline TwiML"


def test_an_application_instead_of_a_url(emulator: Emulator, website: Website, client: Client) -> None:
    record = client.applications.create(voice_url=f"{HOME}/app", status_callback=f"{HOME}/app-status")
    client.calls.create(to=ANNA, from_=OURS, application_sid=record.sid)
    emulator.run_until_idle()
    assert website.paths == ["/app", "/app-status"]
    assert website.asked[0]["ApplicationSid"] == record.sid


def test_a_live_call_is_hung_up(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/answered"] = '<Response><Say>A</Say><Pause length="60"/></Response>'
    sid = place(client)
    call = emulator.phone(ANNA).answer()
    call.expect_say("A")
    emulator.advance(5)
    assert client.calls(sid).update(status="completed").status == "completed"
    assert (call.expect_hangup().status, call.ended.by, call.ended.duration) == ("completed", "Twilio", 6)


def test_a_live_call_is_moved(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/answered"] = (
        '<Response><Gather action="/never"><Play loop="0">/music.mp3</Play></Gather></Response>'
    )
    website.pages["/music.mp3"] = audio(5)
    website.pages["/elsewhere"] = "<Response><Say>Moved</Say></Response>"
    sid = place(client)
    call = emulator.phone(ANNA).answer()
    call.expect_play("music")
    client.calls(sid).update(url=f"{HOME}/elsewhere", method="GET")
    call.expect_say("Moved")
    assert website.at("/elsewhere")[0].method == "GET"
    emulator.run_until_idle()
    assert not website.at("/never")


def test_a_ringing_call_is_canceled(emulator: Emulator, website: Website, client: Client) -> None:
    emulator.phone(ANNA).behave("wait")
    sid = place(client)
    emulator.advance(3)
    assert client.calls(sid).fetch().status == "ringing"
    assert client.calls(sid).update(status="canceled").status == "canceled"
    emulator.run_until_idle()
    assert progress(website)[-1] == ("2", "canceled")
    with pytest.raises(InvalidRequest) as refused:
        client.calls(sid).update(status="completed")
    assert refused.value.code == 21220


def test_canceling_leaves_a_call_in_progress_alone(
    emulator: Emulator, website: Website, client: Client
) -> None:
    website.pages["/answered"] = '<Response><Say>A</Say><Pause length="9"/></Response>'
    sid = place(client)
    emulator.phone(ANNA).answer().expect_say("A")
    assert client.calls(sid).update(status="canceled").status == "in-progress"


def test_a_call_that_rings_can_not_be_moved(emulator: Emulator, website: Website, client: Client) -> None:
    sid = place(client)
    with pytest.raises(InvalidRequest) as refused:
        client.calls(sid).update(twiml="<Response/>")
    assert refused.value.code == 21220


def test_a_time_limit(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/answered"] = '<Response><Pause length="60"/></Response>'
    first = client.calls.create(to=ANNA, from_=OURS, url=f"{HOME}/answered", time_limit=10)
    second = client.calls.create(to=BEN, from_=OURS, url=f"{HOME}/answered")
    emulator.advance(8)
    client.calls(second.sid).update(time_limit=20)
    emulator.run_until_idle()
    assert [client.calls(sid).fetch().duration for sid in (first.sid, second.sid)] == [10, 20]


@pytest.mark.parametrize(
    ("found", "mode", "verdict"),
    [
        ("human", "Enable", "human"),
        ("machine_end_beep", "Enable", "machine_start"),
        ("machine_end_silence", "DetectMessageEnd", "machine_end_silence"),
        ("fax", "DetectMessageEnd", "fax"),
    ],
)
def test_answering_machines(
    emulator: Emulator, website: Website, client: Client, found: AnsweredBy, mode: Mode, verdict: str
) -> None:
    emulator.phone(ANNA).behave("answer", answered_by=found)
    sid = client.calls.create(
        to=ANNA,
        from_=OURS,
        url=f"{HOME}/answered",
        machine_detection=mode,
        status_callback=f"{HOME}/progress",
    ).sid
    emulator.run_until_idle()
    answered = website.at("/answered")[0]
    assert (answered["AnsweredBy"], answered["MachineDetectionDuration"]) == (verdict, "2000")
    assert website.at("/progress")[0]["AnsweredBy"] == verdict
    assert client.calls(sid).fetch().answered_by == verdict


def test_a_detection_beside_the_call(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/answered"] = '<Response><Pause length="9"/></Response>'
    client.calls.create(
        to=ANNA,
        from_=OURS,
        url=f"{HOME}/answered",
        machine_detection="Enable",
        async_amd=True,
        async_amd_status_callback=f"{HOME}/amd",
    )
    emulator.run_until_idle()
    assert website.paths == ["/answered", "/amd"]
    assert "AnsweredBy" not in website.at("/answered")[0].given
    assert website.at("/amd")[0]["AnsweredBy"] == "human"


def test_a_call_is_recorded(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/answered"] = '<Response><Pause length="9"/></Response>'
    client.calls.create(
        to=ANNA,
        from_=OURS,
        url=f"{HOME}/answered",
        status_callback=f"{HOME}/progress",
        record=True,
        recording_channels="dual",
        recording_status_callback=f"{HOME}/file",
        recording_status_callback_event=["in-progress", "completed"],
    )
    emulator.run_until_idle()
    assert website.paths == ["/file", "/answered", "/progress", "/file"]
    end, file = website.asked[2:]
    assert (end["RecordingSid"], end["RecordingDuration"]) == (file["RecordingSid"], "9")
    assert (file["RecordingSource"], file["RecordingChannels"], file["RecordingStatus"]) == (
        "OutboundAPI",
        "2",
        "completed",
    )


def test_a_phone_with_a_script(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/answered"] = (
        '<Response><Gather numDigits="2" action="/keys"><Say>Your code?</Say></Gather></Response>'
    )
    website.pages["/keys"] = '<Response><Record action="/message"/></Response>'
    website.pages["/message"] = '<Response><Say>Thanks</Say><Pause length="60"/></Response>'
    emulator.phone(
        ANNA,
        on_call="answer",
        after=5,
        script=lambda _line: [Hear("code"), Press("42"), Speak("Hi", 2), Hear("thanks"), Pause(1), HangUp()],
    )
    place(client)
    emulator.run_until_idle()
    assert website.at("/keys")[0]["Digits"] == "42"
    assert website.at("/message")[0]["RecordingDuration"] == "2"
    (call,) = emulator.phone(ANNA).calls
    assert (call.ended.by, call.ended.status) == ("me", "completed")


def test_a_script_that_hears_nothing_hangs_up(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/answered"] = '<Response><Pause length="600"/></Response>'
    emulator.phone(ANNA, script=lambda _line: [Hear("something", timeout=10)])
    sid = place(client)
    emulator.run_until_idle()
    assert client.calls(sid).fetch().duration == 10


def test_of_a_url_and_twiml_the_url_is_used(emulator: Emulator, website: Website) -> None:
    website.pages["/answered"] = "<Response><Say>By URL</Say><Pause length='600'/></Response>"
    with emulator.client() as client:
        url, twiml = f"{HOME}/answered", "<Response><Say>By text</Say></Response>"
        sid = client.calls.create(to=ANNA, from_=OURS, url=url, twiml=twiml).sid
        emulator.advance(9)
        client.calls(sid).update(url=url, twiml=twiml)
        emulator.advance(5)
    assert [each.what for each in emulator.phone(ANNA).calls[0].heard] == ["By URL", "By URL"]
    assert [(each.code, each.level) for each in emulator.problems] == [(32019, "warning")] * 2
    emulator.allow_problems(32019)


def test_actions_of_twiml_that_a_call_is_moved_to_are_absolute(emulator: Emulator, website: Website) -> None:
    with emulator.client() as client:
        sid = client.calls.create(to=ANNA, from_=OURS, twiml="<Response><Pause length='600'/></Response>").sid
        emulator.advance(9)
        with pytest.raises(InvalidRequest) as refused:
            client.calls(sid).update(twiml='<Response><Gather action="/next"/></Response>')
        assert refused.value.code == 15004
        moved = f'<Response><Gather action="{HOME}/next"><Say>Press 1</Say></Gather></Response>'
        client.calls(sid).update(twiml=moved)
        emulator.phone(ANNA).calls[0].expect_say("Press 1")


def test_detection_beside_a_call_that_nobody_hears_of(emulator: Emulator, website: Website) -> None:
    with emulator.client() as client:
        twiml = "<Response><Pause length='5'/></Response>"
        client.calls.create(to=ANNA, from_=OURS, twiml=twiml, machine_detection="Enable", async_amd=True)
    emulator.run_until_idle()
    assert [(each.code, each.level) for each in emulator.problems] == [(21262, "warning")]
    emulator.allow_problems(21262)
