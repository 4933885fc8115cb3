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


@pytest.mark.parametrize(
    "family", ["accounts", "applications", "calls", "incoming_phone_numbers", "messages", "media", "feedback"]
)
def test_every_record_reads_as_its_model(emulator: Emulator, website: Website, family: str) -> None:
    emulator.allow_problems(11200)
    with emulator.client() as client:
        text = client.messages.create(to=ANNA, from_=OURS, media_url=["https://example.org/a.png"])
        made: dict[str, Read] = {
            "accounts": client.account.fetch(),
            "applications": client.applications.create(friendly_name="Desk"),
            "calls": client.calls.create(to=ANNA, from_=OURS, url=f"{HOME}/answered"),
            "incoming_phone_numbers": next(iter(client.incoming_phone_numbers.list())),
            "messages": text,
            "media": next(iter(client.messages(text.sid).media.list())),
            "feedback": client.messages(text.sid).feedback.create(outcome="confirmed"),
        }
    assert made[family].unknown_fields == {}
