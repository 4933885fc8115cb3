"""Sessions are recorded, and done again as tests."""

from __future__ import annotations

import argparse
import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

import pytest
import urllib3

from ringback import Application, GatherResult, IncomingCall, IncomingMessage
from ringback.emulator import (
    AUTH_TOKEN,
    Attachment,
    Emulator,
    HangUp,
    Hear,
    Line,
    Press,
    SessionDiffers,
    Speak,
    Step,
    serving,
)
from ringback.emulator.cli import add_parser
from ringback.errors import EmulatorError
from ringback.http import Headers
from ringback.twiml import Dial, Gather, Message, MessagingResponse, Record, Say, VoiceResponse
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Website, until

if TYPE_CHECKING:
    from ringback.emulator.engine.behaviours import Behaviour

CARLA = "+15558675312"
DORA = "+15558675313"


def restaurant(welcome: str = "Welcome.", thanks: str = "Thank you.") -> Application:
    app = Application(public_url=f"{HOME}/phone", auth_token=AUTH_TOKEN)

    @app.on(GatherResult)
    def chosen(pressed: GatherResult) -> VoiceResponse:
        if pressed.digits == "1":
            return VoiceResponse(Dial(BEN))
        return VoiceResponse(Say("After the beep."), Record(max_length=20), Say(thanks))

    @app.on(IncomingCall)
    def greet(_: IncomingCall) -> VoiceResponse:
        return VoiceResponse(Say(welcome), Gather(Say("Press 1 or 2."), num_digits=1, action=chosen))

    @app.on(IncomingMessage)
    def answer(message: IncomingMessage) -> MessagingResponse:
        return MessagingResponse(Message(f"{message.body}, with {len(message.media)} files?"))

    return app


def guest(_: Line) -> list[Step]:
    return [Hear("Press 1"), Press("2"), Hear("beep"), Speak("A table for two", 3), HangUp()]


@contextmanager
def recorded(path: Path) -> Generator[Emulator]:
    with Emulator(record=path) as emulator:
        emulator.install(restaurant(), OURS)
        yield emulator


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """Two calls, one of which reaches Ben, and a text."""
    path = tmp_path / "session.jsonl"
    with recorded(path) as emulator:
        anna, ben = emulator.phone(ANNA), emulator.phone(BEN).behave("answer", after=7)
        call = anna.dial(OURS)
        call.expect_say("Welcome.")
        call.press("1")
        emulator.advance(12)
        ben.calls[0].press("5")
        ben.calls[0].hangup()
        call.hangup()
        emulator.run_until_idle()
        call = anna.dial(OURS)
        call.press("2")
        call.expect_tone("beep")
        call.speak("A table for two", seconds=3)
        call.press("#")
        call.expect_say("Thank you.")
        emulator.run_until_idle()
        anna.text(OURS, "Hi", media=["https://example.org/a.png", Attachment(b"\x89PNG", "image/png")])
        emulator.run_until_idle()
    return path


def test_what_people_did_is_recorded(session: Path) -> None:
    first, *rest = lines(session)
    assert (first["session"], first["seed"]) == (1, "ringback")
    acts = [(each["phone"], each.get("call"), each["did"]) for each in rest if "phone" in each]
    assert acts[:3] == [(ANNA, 1, "dial"), (ANNA, 1, "hears"), (ANNA, 1, "hears")]
    assert {did for _, _, did in acts} == {
        "dial",
        "answer",
        "press",
        "speak",
        "hangup",
        "text",
        "rings",
        "hears",
        "reads",
        "over",
    }
    [pressed] = [each for each in rest if each.get("phone") == BEN and each["did"] == "press"]
    assert (pressed["call"], pressed["what"]) == (1, "5")
    webhooks = [each for each in rest if "webhook" in each]
    assert webhooks[0]["url"] == f"{HOME}/phone/greet"
    assert "Welcome." in str(webhooks[0]["answer"])
    assert any(each.get("request") == "POST" and each["status"] == 201 for each in rest)


def test_the_same_application_does_the_same(emulator: Emulator, session: Path) -> None:
    emulator.install(restaurant(), OURS)
    emulator.replay(session)
    assert [each.status for each in emulator.phone(ANNA).calls] == ["completed", "completed"]
    assert emulator.phone(BEN).calls[0].ended.by == "me"
    # Later, too, and after other calls: what counts is the time since the replay began.
    emulator.advance(minutes=3)
    emulator.replay(session)


def test_differences_are_told(emulator: Emulator, session: Path) -> None:
    emulator.install(restaurant(thanks="Bye."), OURS)
    with pytest.raises(SessionDiffers) as caught:
        emulator.replay(session)
    told = str(caught.value)
    assert (
        f"{ANNA}, call 2\n"
        '    hears "Welcome."\n'
        '    hears "Press 1 or 2."\n'
        '    hears "After the beep."\n'
        "    hears tone beep\n"
        '    hears "After the beep."\n'
        "    hears tone beep\n"
        '  - hears "Thank you."\n'
        '  + hears "Bye."\n'
        "    is over: ended by Twilio\n"
    ) in told
    assert f"{ANNA}, call 1" not in told
    assert told.count(f"{ANNA}   dials {OURS}") == 2


def test_what_can_t_be_done_again_is_told(emulator: Emulator, session: Path) -> None:
    website = Website({"/voice": "<Response><Hangup/></Response>"})
    emulator.mount(HOME, website)
    emulator.number(OURS, voice_url=f"{HOME}/voice")
    with pytest.raises(SessionDiffers) as caught:
        emulator.replay(session)
    told = str(caught.value)
    assert f"{ANNA} at 0.5 s: press 1 can't be done again: {ANNA} can't press a key: its call is over" in told
    assert f"{BEN} at " in told
    assert f"press 5 can't be done again: {BEN} has no such call" in told
    assert f'{ANNA}, texts\n  - reads "Hi, with 2 files?"' in told


def test_scripts_and_phones_by_themselves(emulator: Emulator, tmp_path: Path) -> None:
    """What a script did is done again; phones that were busy are, and those that nobody answered ring."""
    path = tmp_path / "session.jsonl"
    with recorded(path) as first:
        calls_back(first)
        for number, behave in {ANNA: "answer", BEN: "busy", CARLA: "no-answer"}.items():
            first.phone(number).behave(cast("Behaviour", behave), script=guest)
            first.phone(DORA).text(OURS, number)
            first.run_until_idle()
        statuses = [call.status for call in first.client().calls.list()]
    assert sorted(statuses) == ["busy", "completed", "no-answer"]
    calls_back(emulator)
    emulator.replay(path)
    assert [call.status for call in emulator.client().calls.list()] == statuses
    assert emulator.phone(ANNA).calls[0].ended.by == "me"


def calls_back(emulator: Emulator) -> None:
    """An application that calls the number that it is texted."""
    app = restaurant()

    @app.on(IncomingMessage, path="/back")
    def back(message: IncomingMessage) -> None:
        emulator.client().calls.create(to=message.body, from_=OURS, url=app.voice_url or "")

    emulator.install(app, OURS)
    emulator.number(OURS, voice_url=app.voice_url or "", sms_url=back.url)


def test_a_session_of_a_server(emulator: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    website = Website(
        {"/voice": "<Response><Say>Press.</Say><Gather numDigits='1' timeout='60'/></Response>"}
    )
    with (
        website.served() as home,
        Emulator(clock="real", speed=50, record=path) as running,
        serving(running) as url,
        urllib3.PoolManager() as http,
    ):
        running.number(OURS, voice_url=f"{home}/voice")

        def post(what: str, **form: str) -> None:
            answer = http.request("POST", f"{url}/_emulator/phones/{ANNA}/{what}", body=urlencode(form))
            assert answer.status == 200

        post("dial", to=OURS)
        until(lambda: "keys" in running.phone(ANNA).calls[0]._line.listening)
        post("press", keys="1")
        until(lambda: running.phone(ANNA).calls[0].state == "over")
    emulator.mount(home, website)
    emulator.number(OURS, voice_url=f"{home}/voice")
    emulator.replay(path)
    assert [each.given.get("Digits") for each in website.asked] == [None, "1", None, "1"]


def test_secrets_are_masked(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    with Emulator(record=path) as emulator, emulator.client() as client:
        account = client.accounts.create(friendly_name="Sub")
        credentials = client.sip.credential_lists.create(friendly_name="Desk")
        client.sip.credential_lists(credentials.sid).credentials.create(
            username="ada", password="Very-Secret-1234"
        )
        token = account.auth_token
    text = path.read_text(encoding="utf-8")
    assert '["Password", "***"]' in text
    assert "Very-Secret" not in text
    assert AUTH_TOKEN not in text
    assert token is not None
    assert str(token) not in text


def test_logins_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    login = HOME.replace("://", "://ada:hush@")
    page = f"<Response><Play>{login}/a.mp3</Play><Dial><Sip password='hush'>sip:a@b.c</Sip></Dial></Response>"
    with Emulator(record=path) as emulator, emulator.client() as client:
        emulator.mount(HOME, Website({"/voice": page}))
        emulator.number(OURS, voice_url=f"{HOME}/voice", sms_url=f"{login}/text")
        client.calls.create(to=BEN, from_=OURS, url=f"{login}/voice")
        emulator.phone(ANNA).text(OURS, "Look", media=[f"{login}/b.png"])
        emulator.run_until_idle()
    text = path.read_text(encoding="utf-8")
    assert f'"{HOME}/b.png"' in text
    assert f'["Url", "{HOME}/voice"]' in text
    assert "hush" not in text


def test_half_of_a_surrogate_pair(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    with Emulator(record=path) as emulator:
        assert emulator.answer("GET", "/2010-04-01/\ud800", Headers(), b"").status == 400
    lines = path.read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[-1])["path"] == "/2010-04-01/\ud800"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ": expected a session, got an empty file"),
        ("{}", ":1: expected a session of version 1, got {}"),
        ('{"session": 2}', ":1: expected a session of version 1"),
        ("[1]", ":1: expected a JSON object, got [1]"),
        ('{"session": 1}\n{"at"', ':2: expected a JSON object, got {"at"'),
        ('{"session": 1}\n{"phone": 7}', ":2: did: expected one of answer"),
        ('{"session": 1}\n{"phone": 7, "did": "dial"}', ":2: phone: expected text, got 7"),
        ('{"session": 1}\n\n', ":2: expected a JSON object, got "),
        (
            '{"session": 1}\n{"phone": "+1", "did": "dial", "at": "now"}',
            ":2: at: expected a number of at least 0",
        ),
        (
            '{"session": 1}\n{"phone": "+1", "did": "dial", "at": NaN}',
            ":2: at: expected a number of at least 0",
        ),
        ('{"session": 1}\n{"phone": "+1", "did": "dial"}', ":2: call: expected which of the phone's calls"),
        (
            '{"session": 1}\n{"phone": "+1", "did": "press", "call": 1, "what": "•"}',
            ":2: what: expected a key",
        ),
        ('{"session": 1}\n{"phone": "+1", "did": "text", "media": "x"}', ":2: media: expected a list"),
        ('{"session": 1}\n{"phone": "+1", "did": "text", "media": [{}]}', ":2: media: expected URLs, or obj"),
        (
            '{"session": 1}\n{"phone": "+1", "did": "text", "media": [{"content": "?"}]}',
            ":2: media: expected URLs",
        ),
    ],
)
def test_what_is_no_session(emulator: Emulator, tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "session.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EmulatorError) as caught:
        emulator.replay(path)
    assert str(caught.value).startswith("session.jsonl")
    assert told in str(caught.value)


def test_files_that_are_not_there(emulator: Emulator, tmp_path: Path) -> None:
    with pytest.raises(EmulatorError, match=r"none\.jsonl: can't be read"):
        emulator.replay(tmp_path / "none.jsonl")
    with pytest.raises(EmulatorError, match=r"record: can't write session\.jsonl: .*No such file"):
        Emulator(record=tmp_path / "none" / "session.jsonl")


@pytest.mark.ringback(clock="auto")
def test_only_a_manual_clock_can_be_held(emulator: Emulator, session: Path) -> None:
    with pytest.raises(EmulatorError, match="replay: expected an emulator with a manual clock"):
        emulator.replay(session)


def test_the_command_line_takes_a_file(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    arguments = parser.parse_args(["emulator", "--record", str(tmp_path)])
    with pytest.raises(EmulatorError, match="record: can't write"):
        arguments.run(arguments)
