"""Gather: keys, words, time-outs. https://www.twilio.com/docs/voice/twiml/gather"""

from __future__ import annotations

import pytest

from ringback.emulator import Emulator, ExpectationFailed, Press, Speak, Step
from tests.emulator.conftest import ANNA, OURS
from tests.emulator.website import Website


def gather(attributes: str = "", prompts: str = "<Say>Press</Say>", after: str = "<Say>Nothing</Say>") -> str:
    return f'<Response><Gather action="/keys" {attributes}>{prompts}</Gather>{after}</Response>'


def test_a_key_cuts_the_prompt_short(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = gather('numDigits="1"', '<Say loop="3">A long, long, long prompt</Say>')
    call = emulator.phone(ANNA).dial(OURS)
    call.press("7")
    emulator.run_until_idle()
    assert website.at("/keys")[0]["Digits"] == "7"
    assert website.at("/keys")[0]["FinishedOnKey"] == ""
    assert [heard.cut for heard in call.heard] == [True]


@pytest.mark.parametrize(
    ("attributes", "keys", "digits", "finished"),
    [
        ("", "12#", "12", "#"),
        ('finishOnKey="*"', "12#*", "12#", "*"),
        ('finishOnKey="" numDigits="3"', "1#*", "1#*", ""),
        ('numDigits="2"', "12", "12", ""),
        ("", "#", "", "#"),
    ],
)
def test_what_ends_the_input(
    emulator: Emulator, website: Website, attributes: str, keys: str, digits: str, finished: str
) -> None:
    website.pages["/voice"] = gather(attributes)
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("Press")
    call.press(keys)
    assert call.ended.status == "completed"
    assert (website.at("/keys")[0]["Digits"], website.at("/keys")[0]["FinishedOnKey"]) == (digits, finished)


def test_the_time_out_counts_from_the_last_key(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = gather('timeout="4"')
    website.pages["/keys"] = "<Response><Say>Thanks</Say></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("Press")
    emulator.advance(3.5)
    call.press("1")
    emulator.advance(3.5)
    call.press("2")
    heard = call.expect_say("Thanks")
    assert heard.at == 0.5 + 3.5 + 3.5 + 4
    assert website.at("/keys")[0]["Digits"] == "12"


def test_without_input_the_next_verb_follows(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = gather()
    call = emulator.phone(ANNA).dial(OURS)
    assert call.expect_say("Nothing").at == 0.5 + 5
    assert call.ended.status == "completed"
    assert not website.at("/keys")


@pytest.mark.parametrize(
    ("modes", "given"),
    [("dtmf", {"Digits": "", "FinishedOnKey": ""}), ("speech", {"SpeechResult": ""})],
)
def test_an_empty_result_may_be_asked_for(
    emulator: Emulator, website: Website, modes: str, given: dict[str, str]
) -> None:
    website.pages["/voice"] = gather(f'actionOnEmptyResult="true" input="{modes}" timeout="1"')
    emulator.phone(ANNA).dial(OURS).expect_hangup()
    asked = website.at("/keys")[0]
    assert {name: asked.given.get(name) for name in ("Digits", "FinishedOnKey", "SpeechResult")} == {
        "Digits": None,
        "FinishedOnKey": None,
        "SpeechResult": None,
        **given,
    }


def test_without_an_action_the_same_document_is_asked_again(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = lambda asked: (
        "<Response><Say>Got it</Say></Response>"
        if "Digits" in asked.given
        else '<Response><Gather numDigits="1"/></Response>'
    )
    call = emulator.phone(ANNA).dial(OURS)
    call.press("1")
    call.expect_say("Got it")


def test_speech(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = gather(
        'input="dtmf speech" partialResultCallback="/partial" speechTimeout="auto" method="GET"'
    )
    website.pages["/keys"] = "<Response><Say>Thanks</Say></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("Press")
    call.speak("a table for two", seconds=2)
    heard = call.expect_say("Thanks")
    assert heard.at == 0.5 + 2 + 1
    result = website.at("/keys")[0]
    assert (result.method, result["SpeechResult"], result["Confidence"]) == ("GET", "a table for two", "0.9")
    assert "Digits" not in result.given
    assert website.at("/partial")[0]["UnstableSpeechResult"] == "a table"


def test_a_speech_gather_is_deaf_to_keys(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = gather('input="speech" timeout="3"')
    call = emulator.phone(ANNA).dial(OURS)
    with pytest.raises(ExpectationFailed, match="waited to press 1"):
        call.press("1")
    assert call.ended.status == "completed"


def test_hanging_up_asks_no_action(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = gather()
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("Press")
    call.hangup()
    assert call.ended.status == "completed"
    assert website.paths == ["/voice", "/status"]


def test_keys_outside_a_gather_go_nowhere(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = (
        '<Response><Pause length="2"/><Say>Now</Say><Gather timeout="1" action="/keys"/></Response>'
    )
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("Now")
    call.press("1")
    assert call.ended.status == "completed"
    assert website.at("/keys")[0]["Digits"] == "1"


@pytest.mark.parametrize("between", ["", "<Say>Next</Say>"])
def test_presses_one_after_the_other_go_to_one_gather_after_the_other(
    emulator: Emulator, website: Website, between: str
) -> None:
    menu = f"<Response>{between}<Gather numDigits='1' action='{{}}'/></Response>"
    website.pages |= {"/voice": menu.format("/one"), "/one": menu.format("/two")}
    call = emulator.phone(ANNA).dial(OURS)
    call.press("1")
    call.press("2")
    assert call.ended.status == "completed"
    assert [each["Digits"] for each in website.asked if "Digits" in each.given] == ["1", "2"]


@pytest.mark.parametrize(("step", "what"), [(Press("1"), "keys"), (Speak("Hi"), "speech")])
def test_a_script_that_nobody_listens_to_says_so(
    emulator: Emulator, website: Website, step: Step, what: str
) -> None:
    website.pages["/voice"] = "<Response><Say>Wait</Say><Pause length='100'/></Response>"
    call = emulator.phone(ANNA).dial(OURS, script=lambda _: [step])
    assert call.ended.status == "completed"
    assert f"{ANNA}   gives up: nobody listens for {what}" in str(emulator.transcript)


def test_without_barge_in_the_prompt_goes_on(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = (
        '<Response><Gather bargeIn="false" action="/keys" numDigits="3"><Say>Please listen to all of it</Say>'
        "</Gather></Response>"
    )
    anna = emulator.phone(ANNA).dial(OURS)
    anna.press("12")
    said = anna.expect_say("all of it")
    assert not said.cut
    anna.press("3")
    anna.expect_hangup()
    assert website.at("/keys")[0]["Digits"] == "123"


def test_what_is_said_during_a_prompt_without_barge_in_counts_afterwards(
    emulator: Emulator, website: Website
) -> None:
    website.pages["/voice"] = (
        '<Response><Gather input="speech" bargeIn="false" action="/said" speechTimeout="auto">'
        "<Pause length='5'/></Gather></Response>"
    )
    anna = emulator.phone(ANNA).dial(OURS)
    anna.speak("a table", seconds=1)
    anna.expect_hangup()
    assert website.at("/said")[0]["SpeechResult"] == "a table"


@pytest.mark.parametrize(
    ("attributes", "seconds"),
    [("", 7), ('timeout="3"', 5), ('speechTimeout="4"', 6), ('speechTimeout="auto"', 3)],
)
def test_the_silence_that_ends_a_speech(
    emulator: Emulator, website: Website, attributes: str, seconds: float
) -> None:
    website.pages["/voice"] = f'<Response><Gather input="speech" action="/said" {attributes}/></Response>'
    website.pages["/said"] = "<Response><Say>Yes</Say></Response>"
    anna = emulator.phone(ANNA).dial(OURS)
    anna.speak("two of them", seconds=2)
    assert anna.expect_say("Yes").at == seconds


def test_the_longest_speech(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = '<Response><Gather input="speech" action="/said" maxSpeechTime="2"/></Response>'
    website.pages["/said"] = "<Response><Say>Yes</Say></Response>"
    anna = emulator.phone(ANNA).dial(OURS)
    anna.speak("one two three four", seconds=4)
    assert anna.expect_say("Yes").at == 2
    assert website.at("/said")[0]["SpeechResult"] == "one two"


def test_partial_results_come_as_the_words_do(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = (
        '<Response><Gather input="speech" action="/said" partialResultCallback="/part" '
        'partialResultCallbackMethod="GET" speechTimeout="auto"/></Response>'
    )
    anna = emulator.phone(ANNA).dial(OURS)
    anna.speak("one two three four", seconds=4)
    anna.expect_hangup()
    parts = website.at("/part")
    assert {each.method for each in parts} == {"GET"}
    assert [
        (each["SequenceNumber"], each["StableSpeechResult"], each["UnstableSpeechResult"]) for each in parts
    ] == [("0", "", "one"), ("1", "one", "two"), ("2", "one two", "three")]


def test_no_key_ends_the_input(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = '<Response><Gather action="/keys" finishOnKey="" timeout="2"/></Response>'
    emulator.phone(ANNA).dial(OURS).press("1#*")
    emulator.run_until_idle()
    assert website.at("/keys")[0]["Digits"] == "1#*"
