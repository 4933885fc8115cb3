"""What is said and played: how long it takes, how often, what SSML does to it."""

from __future__ import annotations

import pytest

from ringback.emulator import Emulator
from tests.emulator.conftest import ANNA, OURS
from tests.emulator.website import HOME, Website, audio


@pytest.mark.parametrize(
    ("markup", "words", "seconds"),
    [
        ("Hello", "Hello", 0.5),
        ("Hello<break/>", "Hello", 0.75),
        ("Hello <break time='3s'/> there", "Hello there", 3.7),
        ("Hello <break time='500ms'/> there", "Hello there", 1.2),
        ("Hello <break time='60s'/> there", "Hello there", 10.7),
        ("Hello <break strength='x-strong'/> there", "Hello there", 1.95),
        ("Hello <break strength='none'/> there", "Hello there", 0.7),
        ("<p><s>Hello</s> <s>there</s></p>", "Hello there", 3.45),
        ("Hello <emphasis level='strong'>there <break time='1s'/></emphasis>", "Hello there", 1.7),
        ("<say-as interpret-as='spell-out'>abc</say-as>", "abc", 0.5),
        ("<prosody rate='slow'>Hello</prosody>", "Hello", 0.5),
    ],
)
def test_pauses_lengthen_what_is_said(
    emulator: Emulator, website: Website, markup: str, words: str, seconds: float
) -> None:
    website.pages["/voice"] = f"<Response><Say voice='Polly.Joanna'>{markup}</Say></Response>"
    heard = emulator.phone(ANNA).dial(OURS).expect_say(words)
    assert heard.what == words
    assert heard.until == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("verb", "times"),
    [
        ("<Say>Hello</Say>", 1),
        ("<Say loop='3'>Hello</Say>", 3),
        ("<Play loop='2'>/a.wav</Play>", 2),
        ("<Play digits='12' loop='2'/>", 2),
    ],
)
def test_what_is_said_or_played_several_times(
    emulator: Emulator, website: Website, verb: str, times: int
) -> None:
    website.pages["/a.wav"] = audio(2)
    website.pages["/voice"] = f"<Response>{verb}</Response>"
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_hangup()
    assert len(call.heard) == times
    starts, ends = [each.at for each in call.heard], [each.until for each in call.heard]
    assert starts[1:] == ends[:-1]


@pytest.mark.parametrize("verb", ["<Say loop='0'>Hello</Say>", "<Play loop='0'>/a.wav</Play>"])
def test_what_is_said_for_ever(emulator: Emulator, website: Website, verb: str) -> None:
    website.pages["/a.wav"] = audio(2)
    website.pages["/voice"] = f"<Response>{verb}<Say>Never</Say></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    emulator.advance(100)
    assert len(call.heard) >= 50
    assert call.state == "talking"


def test_waits_among_keys(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = "<Response><Play digits='1ww2W'/></Response>"
    tone = emulator.phone(ANNA).dial(OURS).expect_tone("keys 1ww2W")
    assert tone.until == pytest.approx(2.4)


def test_a_text_from_within_a_call(emulator: Emulator, website: Website) -> None:
    other = "+15558675399"
    website.pages["/voice"] = (
        f"<Response><Sms to='{other}' from='{OURS}' action='/sent' method='GET' statusCallback='/progress'>"
        "The menu</Sms><Say>Never</Say></Response>"
    )
    website.pages["/sent"] = "<Response><Say>Sent</Say></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    assert emulator.phone(other).expect_text("The menu").from_ == OURS
    call.expect_say("Sent")
    call.expect_hangup()
    emulator.run_until_idle()
    sent = website.at("/sent")[0]
    assert (sent.method, sent["SmsStatus"], sent["CallSid"]) == ("GET", "sending", call.sid)
    told = [each["SmsStatus"] for each in website.at("/progress")]
    assert told == ["sending", "sent", "delivered"]


def test_an_echo_is_heard(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = "<Response><Echo/></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    call.speak("Is anybody there?", seconds=2)
    assert call.expect_say("Is anybody there?").kind == "speech"
    call.press("5")
    call.expect_tone("5")


def test_a_file_is_found_at_its_url(emulator: Emulator, website: Website) -> None:
    website.pages["/a.wav"] = audio(2)
    website.pages["/voice"] = "<Response><Play>a.wav</Play></Response>"
    assert emulator.phone(ANNA).dial(OURS).expect_play("a.wav").what == f"{HOME}/a.wav"


def test_nothing_but_a_pause(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = "<Response><Say><break time='2s'/></Say><Say>Hello</Say></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    assert call.expect_say("Hello").at == 2
    assert len(call.heard) == 1
