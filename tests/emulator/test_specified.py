"""What the emulator sends is what the specifications say: nothing in it is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import pytest

from ringback import webhooks
from ringback.emulator import Emulator
from ringback.http import WebhookResponse
from ringback.webhooks import Event
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Page, Website

CARL = "+15558675312"


class Read(Protocol):
    """A model."""

    @property
    def unknown_fields(self) -> Mapping[str, object]: ...


EVENTS: dict[str, type[Event]] = {
    "/voice": webhooks.IncomingCall,
    "/keys": webhooks.GatherResult,
    "/partial": webhooks.GatherPartialResult,
    "/words": webhooks.GatherResult,
    "/done": webhooks.RecordResult,
    "/file": webhooks.RecordingStatusChanged,
    "/text": webhooks.TranscriptionReady,
    "/screen": webhooks.CalleeAnswered,
    "/leg": webhooks.CallStatusChanged,
    "/dialed": webhooks.DialResult,
    "/moved": webhooks.CallRedirected,
    "/room": webhooks.ConferenceStatusChanged,
    "/wait": webhooks.ConferenceWait,
    "/left": webhooks.DialResult,
    "/status": webhooks.CallStatusChanged,
    "/answered": webhooks.OutgoingCall,
    "/progress": webhooks.CallStatusChanged,
    "/amd": webhooks.MachineDetectionResult,
    "/broken": webhooks.CallRedirected,
    "/fallback": webhooks.VoiceFallback,
    "/sms": webhooks.IncomingMessage,
    "/sms-fallback": webhooks.MessageFallback,
    "/told": webhooks.MessageStatusChanged,
}
EVERY = "initiated ringing answered completed"
PAGES: dict[str, Page] = {
    "/voice": "<Response><Gather numDigits='1' action='/keys'/></Response>",
    "/keys": (
        "<Response><Gather input='speech' action='/words' partialResultCallback='/partial'/></Response>"
    ),
    "/words": (
        "<Response><Record action='/done' recordingStatusCallback='/file' transcribe='true'"
        " transcribeCallback='/text' recordingStatusCallbackEvent='in-progress completed'/></Response>"
    ),
    "/done": (
        "<Response><Dial action='/dialed' record='true' recordingStatusCallback='/file'>"
        f"<Number url='/screen' statusCallback='/leg' statusCallbackEvent='{EVERY}'>{BEN}</Number>"
        "</Dial></Response>"
    ),
    "/dialed": "<Response><Redirect>/moved</Redirect></Response>",
    "/moved": (
        "<Response><Dial action='/left' hangupOnStar='true'>"
        "<Conference waitUrl='/wait' statusCallback='/room' statusCallbackEvent='start end join leave'>"
        "room</Conference></Dial></Response>"
    ),
    "/wait": "<Response><Say>Wait</Say></Response>",
    "/left": "<Response><Redirect>/broken</Redirect></Response>",
    "/broken": WebhookResponse(500),
    "/sms": WebhookResponse(500),
    "/sms-fallback": "<Response><Message action='/told'>Hi</Message></Response>",
}


def test_every_webhook_reads_as_its_event(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(11200)
    website.pages |= PAGES
    call = emulator.phone(ANNA).dial(OURS)
    call.press("1")
    call.speak("two words", seconds=1)
    call.speak("Hello", seconds=1)
    ben = emulator.phone(BEN).answer()
    emulator.advance(5)
    ben.hangup()
    call.expect_say("Wait")
    call.press("*")
    emulator.run_until_idle()
    with emulator.client() as client:
        client.calls.create(
            to=ANNA,
            from_=OURS,
            url=f"{HOME}/answered",
            status_callback=f"{HOME}/progress",
            status_callback_event=["initiated", "ringing", "answered", "completed"],
            machine_detection="Enable",
            record=True,
        )
        client.calls.create(
            to=BEN,
            from_=OURS,
            twiml="<Response><Pause length='9'/></Response>",
            machine_detection="Enable",
            async_amd=True,
            async_amd_status_callback=f"{HOME}/amd",
        )
    emulator.phone(BEN).text(OURS, "Hi", media=["https://example.org/a.png"])
    emulator.run_until_idle()
    assert set(website.paths) == set(EVENTS)
    for asked in website.asked:
        event = webhooks.parse(EVENTS[asked.path], asked.given)
        assert event.unknown_parameters == {}, asked.path
    assert {
        type(webhooks.parse(webhooks.CallStatusChanged, each.given)) for each in website.at("/progress")
    } == {
        webhooks.CallInitiated,
        webhooks.CallRinging,
        webhooks.CallConnected,
        webhooks.CallEnded,
    }


def test_so_does_every_webhook_of_queues_and_of_conferences_that_are_led(
    emulator: Emulator, website: Website
) -> None:
    events: dict[str, type[Event]] = {
        "/voice": webhooks.IncomingCall,
        "/line": webhooks.QueueWait,
        "/out": webhooks.EnqueueResult,
        "/find": webhooks.QueueConnect,
        "/taken": webhooks.DialResult,
        "/sent": webhooks.SmsVerbResult,
        "/room": webhooks.ConferenceStatusChanged,
        "/hold": webhooks.ParticipantHold,
        "/all": webhooks.ConferenceAnnounce,
        "/leg": webhooks.CallStatusChanged,
        "/status": webhooks.CallStatusChanged,
    }
    told = "start end join leave mute hold modify announcement"
    room = f"<Conference statusCallback='/room' statusCallbackEvent='{told}'>room</Conference>"
    website.pages |= {
        "/voice": "<Response><Enqueue waitUrl='/line' action='/out'>tables</Enqueue></Response>",
        "/line": "<Response><Say>Wait</Say><Pause length='20'/></Response>",
        "/find": "<Response><Say>Found</Say></Response>",
        "/out": f"<Response><Dial>{room}</Dial></Response>",
        "/taken": "<Response><Sms action='/sent'>Bye</Sms></Response>",
        "/hold": "<Response><Say>Hold</Say><Pause length='20'/></Response>",
        "/all": "<Response><Say>Closing</Say></Response>",
    }
    anna = emulator.phone(ANNA).dial(OURS)
    anna.expect_say("Wait")
    website.pages["/voice"] = (
        "<Response><Dial action='/taken'><Queue url='/find'>tables</Queue></Dial></Response>"
    )
    taker = emulator.phone(CARL).dial(OURS)
    anna.expect_say("Found")
    emulator.advance(2)
    taker.hangup()
    website.pages["/voice"] = (
        "<Response><Dial action='/taken' timeout='1'><Queue>nobody</Queue></Dial></Response>"
    )
    emulator.phone(CARL).dial(OURS).expect_hangup()
    with emulator.client() as client:
        added = client.conferences("room").participants.create(
            to=BEN, from_=OURS, label="ben", status_callback=f"{HOME}/leg", end_conference_on_exit=True
        )
        emulator.phone(BEN).answer()
        emulator.advance(1)
        room_of = client.conferences(added.conference_sid)
        ben = room_of.participants("ben")
        ben.update(muted=True, hold=True, hold_url=f"{HOME}/hold", hold_method="POST")
        emulator.advance(1)
        ben.update(muted=False, hold=False, end_conference_on_exit=False)
        room_of.update(announce_url=f"{HOME}/all")
        ben.update(announce_url=f"{HOME}/all")
        emulator.advance(9)
        room_of.update(status="completed")
    emulator.run_until_idle()
    assert set(website.paths) == set(events)
    for asked in website.asked:
        event = webhooks.parse(events[asked.path], asked.given)
        assert (event.unknown_parameters, event.unreadable) == ({}, {}), asked.path
    assert {each["StatusCallbackEvent"] for each in website.at("/room")} == {
        *("conference-start", "conference-end", "participant-join", "participant-leave", "announcement-end"),
        *("participant-mute", "participant-unmute", "participant-hold", "participant-unhold"),
        "participant-modify",
    }


def test_a_gather_in_line_also_tells_where_the_call_stands(emulator: Emulator, website: Website) -> None:
    website.pages |= {
        "/voice": "<Response><Enqueue waitUrl='/line'>tables</Enqueue></Response>",
        "/line": "<Response><Gather numDigits='1' action='/keys'><Say>Leave?</Say></Gather></Response>",
        "/keys": "<Response><Leave/></Response>",
    }
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("Leave?")
    call.press("1")
    call.expect_hangup()
    assert webhooks.parse(webhooks.GatherResult, website.at("/keys")[0].given).digits == "1"
    line = webhooks.parse(webhooks.QueueWait, website.at("/line")[0].given)
    keys = webhooks.parse(webhooks.QueueWait, website.at("/keys")[0].given)
    assert (keys.queue_sid, keys.queue_position, keys.current_queue_size) == (line.queue_sid, 1, 1)


@pytest.mark.parametrize(
    "family",
    [
        *("accounts", "applications", "calls", "incoming_phone_numbers", "messages", "media", "feedback"),
        *("participants", "conferences"),
    ],
)
def test_every_record_reads_as_its_model(emulator: Emulator, website: Website, family: str) -> None:
    emulator.allow_problems(11200)
    with emulator.client() as client:
        text = client.messages.create(
            to=ANNA, from_=OURS, media_url=["https://example.org/a.png"], provide_feedback=True
        )
        made: dict[str, Read] = {
            "accounts": client.account.fetch(),
            "applications": client.applications.create(friendly_name="Desk"),
            "calls": client.calls.create(to=ANNA, from_=OURS, url=f"{HOME}/answered"),
            "incoming_phone_numbers": next(iter(client.incoming_phone_numbers.list())),
            "messages": text,
            "media": next(iter(client.messages(text.sid).media.list())),
            "participants": client.conferences("room").participants.create(to=ANNA, from_=OURS),
            "conferences": next(iter(client.conferences.list())),
            "feedback": client.messages(text.sid).feedback.create(outcome="confirmed"),
        }
    assert made[family].unknown_fields == {}
