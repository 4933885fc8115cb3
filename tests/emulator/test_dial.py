"""Dial: child legs, bridges, conferences. https://www.twilio.com/docs/voice/twiml/dial"""

from __future__ import annotations

import pytest

from ringback.emulator import Emulator, ExpectationFailed
from ringback.emulator.engine.people import Policy
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Website

CARL = "+15558675312"
EVENTS = "initiated ringing answered completed"


def dial(content: str, attributes: str = "") -> str:
    return f'<Response><Dial action="/done" {attributes}>{content}</Dial><Say>Never</Say></Response>'


def test_two_people_talk(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = dial(
        f'<Number statusCallback="/leg" statusCallbackEvent="{EVENTS}">{BEN}</Number>',
        f'callerId="{OURS}"',
    )
    website.pages["/done"] = "<Response><Say>Goodbye</Say></Response>"
    anna = emulator.phone(ANNA).dial(OURS)
    ben = emulator.phone(BEN).answer()
    assert (ben.other, ben.status) == (OURS, "in-progress")
    anna.speak("Hello Ben", seconds=2)
    ben.expect_say("Hello Ben")
    ben.speak("Hello Anna", seconds=3)
    anna.expect_say("Hello Anna")
    anna.press("5")
    ben.expect_tone("5")
    ben.hangup()
    anna.expect_say("Goodbye")
    assert anna.ended.status == "completed"
    done = website.at("/done")[0]
    assert (done["DialCallStatus"], done["DialCallDuration"], done["DialBridged"]) == (
        "completed",
        "5",
        "true",
    )
    assert done["DialCallSid"] == ben.sid
    leg = website.at("/leg")
    assert [each["CallStatus"] for each in leg] == ["initiated", "ringing", "in-progress", "completed"]
    assert [each["SequenceNumber"] for each in leg] == ["0", "1", "2", "3"]
    first = leg[0]
    assert (first["ParentCallSid"], first["Direction"], first["From"]) == (anna.sid, "outbound-dial", OURS)
    with emulator.client() as client:
        (child,) = client.calls.list(parent_call_sid=anna.sid)
        assert (child.sid, child.duration, child.parent_call_sid) == (ben.sid, 5, anna.sid)


@pytest.mark.parametrize(
    ("policy", "status"),
    [("busy", "busy"), ("decline", "busy"), ("no-answer", "no-answer"), ("unreachable", "failed")],
)
def test_nobody_answers(emulator: Emulator, website: Website, policy: Policy, status: str) -> None:
    website.pages["/voice"] = dial(BEN, 'timeout="10"')
    emulator.phone(BEN).behave(policy)
    emulator.phone(ANNA).dial(OURS).expect_hangup()
    done = website.at("/done")[0]
    assert (done["DialCallStatus"], done["DialBridged"]) == (status, "false")
    assert "DialCallDuration" not in done.given


def test_without_an_action_the_next_verb_follows(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = f'<Response><Dial timeout="10">{BEN}</Dial><Say>Not there</Say></Response>'
    emulator.phone(BEN).behave("no-answer")
    assert emulator.phone(ANNA).dial(OURS).expect_say("Not there").at == 11.0


def test_the_caller_gives_up_while_it_rings(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = dial(BEN)
    emulator.phone(BEN).behave("no-answer")
    anna = emulator.phone(ANNA).dial(OURS)
    emulator.advance(5)
    anna.hangup()
    assert anna.ended.status == "completed"
    assert emulator.phone(BEN).calls[0].status == "canceled"
    assert website.at("/done")[0]["DialCallStatus"] == "canceled"


def test_the_caller_hangs_up(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = dial(BEN)
    anna = emulator.phone(ANNA).dial(OURS)
    ben = emulator.phone(BEN).answer()
    ben.speak("Hello", seconds=4)
    anna.hangup()
    assert (ben.expect_hangup().status, ben.ended.by) == ("completed", "Twilio")
    done = website.at("/done")[0]
    assert (done["DialCallStatus"], done["DialCallDuration"], done["CallStatus"]) == (
        "completed",
        "4",
        "completed",
    )


def test_the_first_of_several_gets_the_call(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = dial(f"<Number>{BEN}</Number><Number>{CARL}</Number><Client>desk</Client>")
    emulator.phone(BEN).behave("answer", after=9)
    emulator.phone(CARL).behave("answer", after=3)
    emulator.phone("client:desk").behave("busy")
    anna = emulator.phone(ANNA).dial(OURS)
    emulator.advance(6)
    assert [emulator.phone(who).calls[0].status for who in (BEN, CARL, "client:desk")] == [
        "canceled",
        "in-progress",
        "busy",
    ]
    emulator.phone(CARL).calls[0].hangup()
    assert anna.ended.status == "completed"
    assert website.at("/done")[0]["DialCallSid"] == emulator.phone(CARL).calls[0].sid


def test_one_after_the_other(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = dial(
        f"<Number>{BEN}</Number><Number>{CARL}</Number>", 'sequential="true" timeout="5"'
    )
    emulator.phone(BEN).behave("no-answer")
    emulator.phone(ANNA).dial(OURS)
    carl = emulator.phone(CARL).answer()
    assert emulator.phone(BEN).calls[0].status == "no-answer"
    assert carl.status == "in-progress"
    assert emulator.now > 6


def test_the_callee_hears_something_first(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = dial(f'<Number url="/screen">{BEN}</Number>')
    website.pages["/screen"] = (
        '<Response><Gather numDigits="1" action="/take"><Say>Press 1 to accept</Say></Gather>'
        "<Hangup/></Response>"
    )
    anna = emulator.phone(ANNA).dial(OURS)
    ben = emulator.phone(BEN).answer()
    ben.expect_say("accept")
    assert [each.what for each in anna.heard] == ["ringing"]
    ben.press("1")
    anna.speak("Finally", seconds=1)
    ben.expect_say("Finally")
    screen = website.at("/screen")[0]
    assert (screen["CallSid"], screen["ParentCallSid"]) == (ben.sid, anna.sid)


def test_the_callee_does_not_take_the_call(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = dial(f'<Number url="/screen">{BEN}</Number>')
    website.pages["/screen"] = "<Response><Say>A call for you</Say><Hangup/></Response>"
    anna = emulator.phone(ANNA).dial(OURS)
    assert emulator.phone(BEN).answer().expect_hangup().status == "completed"
    assert anna.ended.status == "completed"
    assert (website.at("/done")[0]["DialCallStatus"], website.at("/done")[0]["DialBridged"]) == (
        "no-answer",
        "false",
    )


def test_star_ends_the_other_side(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = dial(BEN, 'hangupOnStar="true"')
    website.pages["/done"] = "<Response><Say>Next, please</Say></Response>"
    anna = emulator.phone(ANNA).dial(OURS)
    ben = emulator.phone(BEN).answer()
    anna.press("1*")
    anna.expect_say("Next")
    assert ben.expect_hangup().by == "Twilio"


def test_a_time_limit(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = dial(BEN, 'timeLimit="30"')
    emulator.phone(ANNA).dial(OURS)
    assert emulator.phone(BEN).answer().ended.duration == 30
    assert website.at("/done")[0]["DialCallDuration"] == "30"


def test_a_dial_can_wait_with_the_answer(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = dial(BEN, 'answerOnBridge="true"')
    anna = emulator.phone(ANNA).dial(OURS)
    emulator.phone(BEN).behave("wait")
    emulator.advance(5)
    assert anna.status == "ringing"
    emulator.phone(BEN).answer()
    anna.expect_answer()


def test_a_dial_is_recorded(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = dial(
        BEN, 'record="record-from-answer-dual" recordingStatusCallback="/file" recordingTrack="both"'
    )
    anna = emulator.phone(ANNA).dial(OURS)
    emulator.phone(BEN).answer().speak("Blah", seconds=7)
    anna.hangup()
    emulator.run_until_idle()
    done, file = website.at("/done")[0], website.at("/file")[0]
    assert (done["RecordingSid"], done["RecordingDuration"]) == (file["RecordingSid"], "7")
    assert (file["RecordingSource"], file["RecordingChannels"]) == ("DialVerb", "2")


def test_the_parent_is_moved_out_of_a_bridge(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = dial(BEN)
    anna = emulator.phone(ANNA).dial(OURS)
    ben = emulator.phone(BEN).answer()
    emulator.advance(1)
    with emulator.client() as client:
        client.calls(anna.sid).update(twiml="<Response><Say>Come here</Say></Response>")
    anna.expect_say("Come here")
    assert ben.expect_hangup().status == "completed"
    assert [each["DialCallStatus"] for each in website.at("/done")] == ["completed"]


def test_the_child_is_moved_out_of_a_bridge(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = dial(BEN)
    website.pages["/done"] = "<Response><Say>He left</Say></Response>"
    anna = emulator.phone(ANNA).dial(OURS)
    ben = emulator.phone(BEN).answer()
    with emulator.client() as client:
        client.calls(ben.sid).update(twiml="<Response><Say>Come here</Say></Response>")
    ben.expect_say("Come here")
    anna.expect_say("He left")
    assert website.at("/done")[0]["DialCallStatus"] == "completed"


def room(attributes: str = "") -> str:
    return dial(f"<Conference {attributes}>room</Conference>")


def test_a_conference(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = room(
        'statusCallback="/room" statusCallbackEvent="start end join leave" participantLabel="someone"'
    )
    anna = emulator.phone(ANNA).dial(OURS)
    anna.expect_play()
    assert anna.heard[-1].kind == "music"
    website.pages["/voice"] = room()
    emulator.advance(10)
    ben = emulator.phone(BEN).dial(OURS)
    ben.expect_answer()
    anna.speak("Hello all", seconds=1)
    ben.expect_say("Hello all")
    carl = emulator.phone(CARL).dial(OURS)
    carl.speak("Hi from Carl", seconds=1)
    anna.expect_say("Carl")
    ben.expect_say("Carl")
    anna.hangup()
    ben.hangup()
    emulator.advance(1)
    assert carl.status == "in-progress"
    carl.hangup()
    emulator.run_until_idle()
    told = website.at("/room")
    assert [(each["StatusCallbackEvent"], each["SequenceNumber"]) for each in told] == [
        ("participant-join", "1"),
        ("participant-join", "2"),
        ("conference-start", "3"),
        ("participant-join", "4"),
        ("participant-leave", "5"),
        ("participant-leave", "6"),
        ("participant-leave", "7"),
        ("conference-end", "8"),
    ]
    assert (told[0]["CallSid"], told[0]["ParticipantLabel"], told[0]["Muted"]) == (
        anna.sid,
        "someone",
        "false",
    )
    assert (told[4]["CallSid"], told[4]["ReasonParticipantLeft"]) == (anna.sid, "participant_hung_up")
    end = told[-1]
    assert (end["ReasonConferenceEnded"], end["CallSidEndingConference"]) == (
        "last-participant-left",
        carl.sid,
    )
    assert (end["FriendlyName"], end["ConferenceSid"][:2]) == ("room", "CF")
    assert [each["DialCallStatus"] for each in website.at("/done")] == ["answered"] * 3


def test_a_conference_waits_for_its_moderator(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = room('startConferenceOnEnter="false" waitUrl="/wait"')
    website.pages["/wait"] = "<Response><Say>Please wait</Say><Pause length='3'/></Response>"
    anna = emulator.phone(ANNA).dial(OURS)
    ben = emulator.phone(BEN).dial(OURS)
    emulator.advance(9)
    assert len([heard for heard in anna.heard if heard.what == "Please wait"]) == 3
    website.pages["/voice"] = room('endConferenceOnExit="true"')
    website.pages["/done"] = "<Response><Say>It is over</Say></Response>"
    carl = emulator.phone(CARL).dial(OURS)
    carl.speak("Let us begin", seconds=1)
    anna.expect_say("begin")
    carl.hangup()
    anna.expect_say("It is over")
    ben.expect_say("It is over")


@pytest.mark.parametrize("waiting", ["", 'waitUrl="/wait"', 'waitUrl=""'])
def test_star_leaves_a_conference_that_has_not_begun(
    emulator: Emulator, website: Website, waiting: str
) -> None:
    website.pages["/voice"] = dial(f"<Conference {waiting}>room</Conference>", 'hangupOnStar="true"')
    website.pages["/wait"] = "<Response><Say>Please wait</Say></Response>"
    website.pages["/done"] = "<Response><Say>You left</Say></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_answer()
    emulator.advance(2.2)
    call.press("1*")
    call.expect_say("You left")
    assert website.at("/done")[0]["DialCallStatus"] == "answered"


def test_a_muted_participant_is_not_heard(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = room()
    anna = emulator.phone(ANNA).dial(OURS)
    anna.expect_answer()
    website.pages["/voice"] = room('muted="true"')
    ben = emulator.phone(BEN).dial(OURS)
    ben.expect_answer()
    anna.speak("Anybody there?", seconds=1)
    ben.expect_say("Anybody")
    with pytest.raises(ExpectationFailed, match="waited to say"):
        ben.speak("I am", seconds=1, timeout=5)


def test_a_conference_is_full(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(16020)
    website.pages["/voice"] = room('maxParticipants="2"')
    for who in (ANNA, BEN):
        emulator.phone(who).dial(OURS).expect_answer()
    emulator.phone(CARL).dial(OURS).expect_hangup()
    assert [problem.code for problem in emulator.problems] == [16020]


def test_a_wait_document_without_sound_is_asked_once(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = room('waitUrl="/wait"')
    emulator.phone(ANNA).dial(OURS).expect_answer()
    emulator.advance(60)
    assert len(website.at("/wait")) == 1
    assert website.at("/wait")[0]["ConferenceSid"].startswith("CF")


def test_a_queue_is_not_dialed_along_with_others(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(13215)
    website.pages["/voice"] = dial(f"<Number>{BEN}</Number><Queue>support</Queue>")
    emulator.phone(ANNA).dial(OURS)
    ben = emulator.phone(BEN).answer()
    emulator.advance(1)
    ben.hangup()
    emulator.run_until_idle()
    assert [problem.code for problem in emulator.problems] == [13215]
    assert website.at("/done")[0]["DialCallStatus"] == "completed"


def test_urls_are_relative_to_the_document(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = "<Response><Redirect>/deep/dial</Redirect></Response>"
    website.pages["/deep/dial"] = (
        '<Response><Dial action="done"><Number url="screen" statusCallback="leg">'
        f"{BEN}</Number></Dial></Response>"
    )
    emulator.phone(ANNA).dial(OURS)
    ben = emulator.phone(BEN).answer()
    emulator.advance(1)
    ben.hangup()
    emulator.run_until_idle()
    assert {each.url for each in website.asked} >= {
        f"{HOME}/deep/{name}" for name in ("done", "screen", "leg")
    }


def test_a_callee_who_is_moved_gets_no_keys_again(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = (
        f'<Response><Dial><Number sendDigits="12" machineDetection="Enable">{BEN}</Number></Dial></Response>'
    )
    emulator.phone(ANNA).dial(OURS)
    ben = emulator.phone(BEN).answer()
    emulator.advance(5)
    with emulator.client() as client:
        client.calls(ben.sid).update(twiml="<Response><Say>Moved</Say></Response>")
    ben.expect_say("Moved")
    assert ben.ended.status == "completed"
    assert [heard.what for heard in ben.heard if heard.kind == "tone"] == ["keys 12"]


@pytest.mark.parametrize("noun", ["Number", "Sip"])
def test_who_was_dialed_is_found_out_beside_the_call(emulator: Emulator, website: Website, noun: str) -> None:
    address = BEN if noun == "Number" else "sip:ben@example.com"
    website.pages["/voice"] = dial(
        f'<{noun} machineDetection="Enable" amdStatusCallback="/amd">{address}</{noun}>'
    )
    emulator.phone(address).behave("answer", answered_by="machine_start")
    anna = emulator.phone(ANNA).dial(OURS)
    emulator.advance(8)
    anna.hangup()
    emulator.run_until_idle()
    (told,) = website.at("/amd")
    assert (told["AnsweredBy"], told["CallSid"]) == ("machine_start", emulator.phone(address).calls[0].sid)
