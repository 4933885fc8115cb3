"""Record: silence, keys, hanging up. https://www.twilio.com/docs/voice/twiml/record"""

from __future__ import annotations

import pytest

from ringback.emulator import Emulator, Speak
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Website


def record(attributes: str = "") -> str:
    return f'<Response><Record action="/done" {attributes}/><Say>Silence</Say></Response>'


def test_a_message_ends_with_silence_and_is_trimmed_of_it(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = record(
        'transcribe="true" transcribeCallback="/text" recordingStatusCallback="/file"'
        ' recordingStatusCallbackEvent="in-progress completed"'
    )
    website.pages["/done"] = "<Response><Say>Thanks</Say></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_tone("beep")
    emulator.advance(1)
    call.speak("It's me", seconds=4)
    assert call.expect_say("Thanks").at == 0.5 + 1 + 4 + 5
    emulator.run_until_idle()
    done = website.at("/done")[0]
    home = f"https://api.twilio.com/2010-04-01/Accounts/{emulator.account_sid}/Recordings"
    assert done["RecordingDuration"] == "4"
    assert done["RecordingUrl"] == f"{home}/{done['RecordingSid']}"
    assert "Digits" not in done.given
    file = website.at("/file")
    assert [each["RecordingStatus"] for each in file] == ["in-progress", "completed"]
    assert "RecordingDuration" not in file[0].given
    assert {name: file[1][name] for name in file[1].given} == {
        "AccountSid": emulator.account_sid,
        "CallSid": call.sid,
        "RecordingSid": done["RecordingSid"],
        "RecordingUrl": done["RecordingUrl"],
        "RecordingStatus": "completed",
        "RecordingDuration": "4",
        "RecordingChannels": "1",
        "RecordingStartTime": "Mon, 05 Jan 2026 09:00:00 +0000",
        "RecordingSource": "RecordVerb",
        "RecordingTrack": "both",
        "ErrorCode": "0",
    }
    text = website.at("/text")[0]
    assert (text["TranscriptionText"], text["TranscriptionStatus"]) == ("It's me", "completed")
    assert text["RecordingSid"] == done["RecordingSid"]


def test_a_key_ends_it_and_is_told(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = record('finishOnKey="#" playBeep="false"')
    call = emulator.phone(ANNA).dial(OURS)
    call.speak("Hello", seconds=2)
    call.press("1")
    call.press("#")
    assert call.ended.status == "completed"
    assert (website.at("/done")[0]["Digits"], website.at("/done")[0]["RecordingDuration"]) == ("#", "2")


def test_silence_falls_through(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = record(
        'timeout="3" recordingStatusCallback="/file" recordingStatusCallbackEvent="absent"'
    )
    call = emulator.phone(ANNA).dial(OURS)
    assert call.expect_say("Silence").at == 3.5
    assert call.ended.status == "completed"
    assert not website.at("/done")
    assert [each["RecordingStatus"] for each in website.at("/file")] == ["absent"]


def test_hanging_up_ends_it(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = record()
    call = emulator.phone(ANNA).dial(OURS)
    call.speak("Call me back", seconds=3)
    call.hangup()
    assert call.ended.status == "completed"
    done = website.at("/done")[0]
    assert (done["Digits"], done["RecordingDuration"], done["CallStatus"]) == ("hangup", "3", "completed")
    # The end is told after the recording, and the answer to the action is of no use to anybody.
    assert website.paths == ["/voice", "/done", "/status"]
    assert call.heard[-1].what == "beep"


def test_hanging_up_in_silence_asks_nothing(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = record()
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_tone("beep")
    call.hangup()
    assert call.ended.status == "completed"
    assert website.paths == ["/voice", "/status"]


@pytest.mark.parametrize(("trim", "length"), [("trim-silence", "6"), ("do-not-trim", "10")])
def test_it_is_no_longer_than_allowed(emulator: Emulator, website: Website, trim: str, length: str) -> None:
    website.pages["/voice"] = record(f'maxLength="10" trim="{trim}"')
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_tone("beep")
    emulator.advance(4)
    call.speak("A long story", seconds=60)
    assert call.ended.status == "completed"
    assert website.at("/done")[0]["RecordingDuration"] == length


def test_pauses_while_speaking_do_not_end_it(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = record('timeout="2" transcribe="true" transcribeCallback="/text"')
    call = emulator.phone(ANNA).dial(OURS)
    for word in ("one", "two", "three"):
        call.speak(word, seconds=1)
        emulator.advance(1.5)
    assert call.ended.status == "completed"
    emulator.run_until_idle()
    assert website.at("/done")[0]["RecordingDuration"] == "6"
    assert website.at("/text")[0]["TranscriptionText"] == "one two three"


def test_without_an_action_the_same_document_is_asked(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = lambda asked: (
        "<Response><Hangup/></Response>"
        if "RecordingSid" in asked.given
        else "<Response><Record/></Response>"
    )
    call = emulator.phone(ANNA).dial(OURS)
    call.speak("Hi", seconds=1)
    assert call.ended.status == "completed"
    assert [each.url for each in website.asked[:2]] == [f"{HOME}/voice"] * 2


@pytest.mark.parametrize("scripted", [True, False])
def test_who_speaks_longer_than_allowed_is_cut_off(
    emulator: Emulator, website: Website, scripted: bool
) -> None:
    website.pages["/voice"] = record(
        'maxLength="10" playBeep="false" transcribe="true" transcribeCallback="/text"'
    )
    website.pages["/done"] = (
        '<Response><Gather input="speech" action="/more"><Say>Anything else?</Say></Gather></Response>'
    )
    steps = [Speak("A story of six long words", 60), Speak("No", 1)]
    phone = emulator.phone(ANNA)
    if scripted:
        call = phone.dial(OURS, script=lambda _: steps)
    else:
        call = phone.dial(OURS)
        for step in steps:
            call.speak(step.text, seconds=step.seconds)
            assert emulator.now == (10 if step.seconds == 60 else 11)
    assert call.ended.status == "completed"
    emulator.run_until_idle()
    assert website.at("/done")[0]["RecordingDuration"] == "10"
    assert website.at("/text")[0]["TranscriptionText"] == "A"
    assert [each["SpeechResult"] for each in website.at("/more")] == ["No"]


def test_a_key_cuts_off_who_speaks(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = record()
    website.pages["/done"] = '<Response><Gather input="speech" action="/more"/></Response>'
    call = emulator.phone(ANNA).dial(OURS)
    emulator.advance(1)
    with emulator.held() as network:
        line = network.phones[ANNA].lines[0]
        line.speak("Well then", 6)
        network.clock.after(3, lambda: line.press("#"))
        # This comes too late to be on the recording, and isn't for whoever listens next.
        network.clock.after(3, lambda: line.speak("Bye", 1))
    emulator.advance(3)
    assert not line.speaking
    assert call.ended.status == "completed"
    assert website.at("/done")[0]["RecordingDuration"] == "3"
    assert not website.at("/more")


def test_a_hang_up_cuts_off_who_speaks(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = record()
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_tone("beep")
    with emulator.held() as network:
        network.clock.after(2, lambda: network.legs[call.sid].finish("completed"))
    call.speak("Please call me back", seconds=8)
    assert emulator.now == 2.5
    assert call.ended.by == "Twilio"
    assert website.at("/done")[0]["RecordingDuration"] == "2"


def test_what_somebody_hears_ends_with_the_call(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = f"<Response><Dial>{BEN}</Dial></Response>"
    anna = emulator.phone(ANNA).dial(OURS)
    ben = emulator.phone(BEN).answer()
    emulator.advance(1)
    with emulator.held() as network:
        network.phones[ANNA].lines[0].speak("A long story", 60)
    emulator.advance(1)
    ben.hangup()
    told = ben.heard[-1]
    assert (told.what, told.until, told.cut) == ("A long story", emulator.now, True)
    assert anna.ended.status == "completed"


@pytest.mark.parametrize(
    ("seconds", "told"), [(2, ["in-progress", "completed"]), (0, ["in-progress", "absent"])]
)
def test_a_recording_that_a_call_is_moved_away_from_ends(
    emulator: Emulator, website: Website, seconds: int, told: list[str]
) -> None:
    events = "in-progress completed absent"
    website.pages["/voice"] = record(
        f'recordingStatusCallback="/file" recordingStatusCallbackEvent="{events}"'
    )
    call = emulator.phone(ANNA).dial(OURS)
    emulator.advance(1)
    if seconds:
        call.speak("It's me", seconds=seconds)
    with emulator.client() as client:
        client.calls(call.sid).update(twiml="<Response><Say>Moved</Say></Response>")
    call.expect_say("Moved")
    assert call.ended.status == "completed"
    emulator.run_until_idle()
    assert [each["RecordingStatus"] for each in website.at("/file")] == told
    assert not website.at("/done")
