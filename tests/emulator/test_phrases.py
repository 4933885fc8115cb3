"""What meets an expectation: whole words of what was said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback import Application, IncomingCall, IncomingMessage
from ringback.emulator import AUTH_TOKEN, Emulator, ExpectationFailed, HangUp, Hear
from ringback.emulator.engine.phrases import has_phrase
from ringback.twiml import Message, MessagingResponse, Pause, Say, VoiceResponse
from tests.emulator.conftest import ANNA, OURS

APOLOGY = "We are sorry, something went wrong. Please call again later."


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        (APOLOGY, "sorry"),
        (APOLOGY, "SORRY,  Something"),
        (APOLOGY, "again later."),
        ("Press 1, then 12.", "12"),
        ("Press 12 or 1", "1"),
        ("Got it, 4 seconds. Goodbye.", "Got it, 4 seconds"),
        ("it's me", "me"),
        ("Your code is: 7", ": 7"),
        ("你好世界", "世界"),
        ("안녕하세요", "안녕"),
        ("สวัสดีครับ", "ครับ"),
        ("Straße", "STRASSE"),
        ("snake_case", "case"),
        ("", ""),
        ("Anything", "  "),
    ],
)
def test_it_is_there(text: str, phrase: str) -> None:
    assert has_phrase(text, phrase)


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        (APOLOGY, "hi"),
        (APOLOGY, "thing"),
        (APOLOGY, "some"),
        (APOLOGY, "sorry something"),
        ("Press 12", "Press 1"),
        ("Room 31", "1"),
        ("été", "té"),
        ("", "a"),
    ],
)
def test_it_is_not_there(text: str, phrase: str) -> None:
    assert not has_phrase(text, phrase)


@given(st.lists(st.from_regex(r"\A[a-z0-9]{1,4}\Z"), min_size=1, max_size=8), st.data())
def test_words_are_found_as_lists_find_them(words: list[str], data: st.DataObject) -> None:
    wanted = data.draw(st.lists(st.sampled_from([*words, "a", "1"]), min_size=1, max_size=3))
    expected = any(words[i : i + len(wanted)] == wanted for i in range(len(words)))
    assert has_phrase(" ".join(words), " ".join(wanted)) == expected


def test_a_word_within_another_meets_nobody_s_expectation(emulator: Emulator) -> None:
    app = Application(public_url="https://example.com/phone", auth_token=AUTH_TOKEN)

    @app.on(IncomingCall)
    def greet(call: IncomingCall) -> VoiceResponse:
        return VoiceResponse(Say("Something within"), Pause(length=10))

    @app.on(IncomingMessage)
    def reply(message: IncomingMessage) -> MessagingResponse:
        return MessagingResponse(Message("Something within"))

    emulator.install(app, OURS)
    anna = emulator.phone(ANNA)
    with pytest.raises(ExpectationFailed, match='waited to hear "thin"'):
        anna.dial(OURS).expect_say("thin")
    call = anna.dial(OURS)
    call.expect_say("something WITHIN")
    call.hangup()
    call = anna.dial(OURS, script=lambda _: [Hear("thin", timeout=5), HangUp()])
    assert call.ended.status == "completed"
    assert "gives up waiting for" in str(emulator.transcript)
    anna.text(OURS, "Hello")
    with pytest.raises(ExpectationFailed, match='a text with "thin"'):
        anna.expect_text("thin")
    assert anna.expect_text("within").body == "Something within"
