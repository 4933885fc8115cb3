"""Phone books: what phones do, written in YAML or as a mapping; people ready-made."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from ringback.emulator import Emulator
from ringback.emulator.cli import add_parser
from ringback.errors import ConfigurationError, EmulatorError
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import EMPTY, HOME, Asked, Website

CARLA = "+15558675312"
BOOK = """\
# People who call a restaurant, and are called by it.
+15558675310:
  after: 3
  script:
    - hear: press 1
      timeout: 20
    - press: 12
    - pause: 0.5
    - speak: A table for two
      seconds: 3
    - hangup
+15558675311: busy
'+15558675312':
  on_call: voicemail
  greeting: This is Carla. Please leave me a message.
  on_text: deliver
  texts:
    - text: code
      reply: 0471
    - reply: Who is this?
client:desk:
"""
MENU = (
    '<Response><Gather numDigits="2"><Say>Welcome. Press 1 or 2.</Say></Gather></Response>',
    '<Response><Record maxLength="9"/></Response>',
)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "phones.yaml"
    path.write_text(BOOK, encoding="utf-8")
    return path


def read(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "phones.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def call(emulator: Emulator, to: str, **options: str) -> str:
    """Call somebody; the call's SID."""
    created = emulator.client().calls.create(
        to=to,
        from_=OURS,
        url=f"{HOME}/out",
        machine_detection="DetectMessageEnd" if options.get("detection") else None,
    )
    emulator.run_until_idle()
    return created.sid


def did(emulator: Emulator, number: str) -> list[tuple[str, str]]:
    return [(each.did, each.what) for each in emulator.transcript if each.who == number]


def test_people_do_what_their_script_says(emulator: Emulator, website: Website, book: Path) -> None:
    pages = iter((*MENU, EMPTY))
    website.pages["/out"] = lambda _: next(pages)
    emulator.phone_book(book)
    call(emulator, ANNA)
    told = did(emulator, ANNA)
    assert told[:1] == [("rings", "")]
    assert [each for each in told if each[0] not in {"rings", "hears"}] == [
        ("answers", ""),
        ("presses", "1"),
        ("presses", "2"),
        ("says", '"A table for two" (3 s)'),
        ("hangs up", ""),
    ]
    [line] = emulator.phone(ANNA).calls
    rung, answered = (each.at for each in line.transcript if each.did in {"rings", "answers"})
    assert answered - rung == 3


def test_other_phones_are_busy_or_machines(emulator: Emulator, website: Website, book: Path) -> None:
    website.pages["/out"] = "<Response><Say>Hello</Say></Response>"
    phones = emulator.phone_book(book)
    assert list(phones) == [ANNA, BEN, CARLA, "client:desk"]
    call(emulator, BEN)
    assert phones[BEN].calls[0].status == "busy"
    call(emulator, CARLA, detection="yes")
    greeted = next(each for each in emulator.transcript if each.what.startswith('"This is Carla.'))
    beeped = next(each for each in emulator.transcript if each.did == "beeps")
    [asked] = website.at("/out")
    assert asked["AnsweredBy"] == "machine_end_beep"
    # Detection ends with the beep; then the machine has its message.
    [said] = [each for each in emulator.transcript if each.did == "hears" and each.who == CARLA]
    assert greeted.at < beeped.at < said.at == pytest.approx(beeped.at + 0.5)


def test_texts_are_answered(emulator: Emulator, website: Website, book: Path) -> None:
    emulator.phone_book(book)
    client = emulator.client()
    for body in ("Your code, please?", "Encoded?", "CODE"):
        client.messages.create(to=CARLA, from_=OURS, body=body)
        emulator.run_until_idle()
    assert [each["Body"] for each in website.at("/sms")] == ["0471", "Who is this?", "0471"]


def test_a_mapping_says_the_same(emulator: Emulator, website: Website) -> None:
    pages = iter(MENU)
    website.pages["/out"] = lambda _: next(pages)
    emulator.phone_book(
        {ANNA: {"after": 3, "script": [{"hear": "press 1"}, {"press": 12}, "hangup"]}, BEN: "no-answer"}
    )
    call(emulator, ANNA)
    assert did(emulator, ANNA)[-1] == ("hangs up", "")
    call(emulator, BEN)
    assert emulator.phone(BEN).calls[0].status == "no-answer"


def test_a_caller_hears_the_machine_greet_and_beep(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = f"<Response><Dial timeout='40'>{BEN}</Dial></Response>"
    emulator.phone(BEN).behave("voicemail", greeting="This is Ben.")
    caller = emulator.phone(ANNA).dial(OURS)
    caller.expect_say("This is Ben.")
    caller.expect_tone("beep")
    before = emulator.now
    caller.expect_hangup(timeout=100)
    assert emulator.now - before == pytest.approx(60, abs=2)


def test_a_stranger_speaks_another_language(emulator: Emulator, website: Website) -> None:
    heard: list[str] = []

    def listen(asked: Asked) -> str:
        heard.append(asked.given.get("SpeechResult", ""))
        if heard[-1]:
            return '<Response><Pause length="60"/></Response>'
        return '<Response><Gather input="speech" speechTimeout="1"><Say>Hello</Say></Gather></Response>'

    website.pages["/out"] = listen
    emulator.phone(ANNA).behave("wrong-language")
    call(emulator, ANNA)
    assert "español" in heard[1]
    assert emulator.phone(ANNA).calls[0].ended.by == "me"


def test_others_hang_up_or_are_fax_machines(emulator: Emulator, website: Website) -> None:
    website.pages["/out"] = '<Response><Pause length="20"/></Response>'
    emulator.phone(ANNA).behave("hangs-up", after=5)
    call(emulator, ANNA)
    assert emulator.phone(ANNA).calls[0].ended.duration == 1
    emulator.phone(BEN).behave("fax")
    call(emulator, BEN, detection="yes")
    assert website.at("/out")[-1]["AnsweredBy"] == "fax"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "+15558675310:\n  after: 3\n  scrpt: []",
            ":3: what +15558675310 does: expected one of on_call, after",
        ),
        ("+15558675310:\n  scrpt: []", "got 'scrpt'; did you mean script?"),
        (
            "+15558675310:\n  script:\n  - hear: x\n  - pres: 1",
            ":4: a step: expected one of hear, press, speak, greet, beep, pause, hangup, got 'pres'; did",
        ),
        ("+15558675310:\n  script:\n  - hang up", ":3: a step: expected one of hear"),
        ("+15558675310:\n  script:\n  - press", ":3: press: expected what to press, as in `press: …`"),
        ("+15558675310:\n  script:\n  - press: 1x", ":3: press: keys: expected 0-9, * and #, got '1x'"),
        ("+15558675310:\n  script:\n  - pause: soon", ":3: expected seconds, got 'soon'"),
        ("+15558675310:\n  script:\n  - pause: -1", ":3: expected seconds, got '-1'"),
        ("+15558675310:\n  script:\n  - hangup: now", ":3: expected nothing behind it, got 'now'"),
        ("+15558675310:\n  script:\n  - {}", ":3: a step: expected one of hear"),
        ("+15558675310:\n  script:\n  - press: [1]", ":3: expected text, got a list"),
        (
            "+15558675310:\n  script:\n  - hear: x\n    press: 1",
            ":4: press is a step of its own: expected a dash before it",
        ),
        (
            "+15558675310:\n  script:\n  - hear: x\n    seconds: 1",
            ":4: options of hear: expected one of hear, t",
        ),
        ("+15558675310:\n  script:\n  - hear: x\n    timeout: ''", ":4: timeout: expected seconds, got ''"),
        ("+15558675310:\n  script: hangup", ":2: expected a list, got 'hangup'"),
        ("+15558675310:\n  on_call: bussy", "on_call: expected one of answer, busy, no-answer"),
        ("+15558675310:\n\n\n  on_call: bussy", ":4: on_call: expected one of"),
        ("+15558675310: bussy", ":1: on_call: expected one of"),
        ("+15558675310:\n  on_call: busy\n  greeting: Hi", ":3: greeting: expected with voicemail alone"),
        ("+15558675310:\n  answered_by: robot", ":2: answered_by: expected one of human, machine_start"),
        ("+15558675310:\n  after: 1e99", ":2: after: expected seconds, got '1e99'"),
        ("+15558675310:\n  after: 99999999999", "after: expected seconds of at least 0, at most"),
        ("+15558675310:\n  on_text: lost", ":2: on_text: expected one of deliver, undelivered, fail"),
        ("+15558675310:\n  texts:\n  - text: hi", ":3: reply: expected what to answer"),
        ("+15558675310:\n  texts: hi", ":2: expected a list, got 'hi'"),
        (
            "15558675310: busy",
            ":1: expected a number such as +15558675310, or client:NAME, got '15558675310'",
        ),
        ("+15558675310: busy\n+15558675310: wait", ":2: +15558675310 is there twice"),
        ("- +15558675310", ":1: expected a mapping, got a list"),
        ("+15558675310: [busy", "no YAML: "),
        ("a: &a [*a]\n", "isn't nested so deep"),
        ("? &a [*a]\n: busy", "isn't nested so deep"),
        ("\t- x", "no YAML"),
        ("\x00", "no YAML"),
        (f"{OURS}: busy", f"phones.yaml:1: {OURS} belongs to an account"),
    ],
)
def test_mistakes_have_line_and_word(emulator: Emulator, tmp_path: Path, text: str, told: str) -> None:
    emulator.number(OURS)
    with pytest.raises(EmulatorError) as caught:
        emulator.phone_book(read(tmp_path, text))
    assert str(caught.value).startswith("phones.yaml:")
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("book", "told"),
    [
        (
            {ANNA: {"script": [{"press": "x"}]}},
            f"phones, {ANNA}, script, item 1, press: press: keys: expected",
        ),
        (
            {ANNA: {"after": True}},
            f"phones, {ANNA}, after: expected text, a number, a list or a mapping, got True",
        ),
        ({ANNA: {"texts": [{"reply": b"x"}]}}, "item 1, reply: expected text, a number"),
        ({ANNA: [[[[[[[[[["deep"]]]]]]]]]]}, "isn't nested so deep"),
    ],
)
def test_mistakes_in_a_mapping_have_their_way(book: Mapping[str, object], told: str) -> None:
    with pytest.raises(EmulatorError) as caught:
        Emulator(phones=book)
    assert told in str(caught.value)


def test_nothing_changes_where_there_is_a_mistake(emulator: Emulator, tmp_path: Path) -> None:
    emulator.phone(ANNA).behave("busy")
    with pytest.raises(EmulatorError):
        emulator.phone_book(read(tmp_path, f"{ANNA}: answer\n{BEN}: bussy"))
    emulator.number(OURS)
    call(emulator, ANNA)
    assert emulator.phone(ANNA).calls[0].status == "busy"


def test_an_empty_book_and_none(emulator: Emulator, tmp_path: Path) -> None:
    assert emulator.phone_book(read(tmp_path, "# Nobody.\n")) == {}
    with pytest.raises(EmulatorError, match=r"nowhere\.yaml: can't be read"):
        emulator.phone_book(tmp_path / "nowhere.yaml")


def test_without_ruamel(emulator: Emulator, book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ruamel.yaml", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'ringback\[emulator\]'"):
        emulator.phone_book(book)
    emulator.phone_book({BEN: "busy"})


def test_the_command_line_takes_a_file(book: Path) -> None:
    import argparse

    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    book.write_text(f"{BEN}: bussy", encoding="utf-8")
    arguments = parser.parse_args(["emulator", "--phones", os.fspath(book)])
    with pytest.raises(EmulatorError, match=r"phones\.yaml:1: on_call: expected one of"):
        arguments.run(arguments)
