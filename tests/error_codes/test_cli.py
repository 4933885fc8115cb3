"""`ringback explain` as a process would see it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from ringback.cli import main


def run(*arguments: str) -> int:
    return main(["explain", *arguments])


def test_a_code_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("21211") == 0
    told = capsys.readouterr()
    assert told.out == (
        "21211  To isn't a phone number, or is the sender\n"
        "  level        error (Voice)\n"
        "  HTTP status  400\n"
        "  where        client.calls.create, parameter To; client.messages.create, parameter To\n"
        "  docs         https://www.twilio.com/docs/errors/21211\n"
    )
    assert told.err == ""


def test_what_is_only_presumed_is_said_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("21481") == 0
    assert capsys.readouterr().out == (
        "21481  PageToken isn't one of ours\n"
        "  level        error (Account)\n"
        "  HTTP status  400 (presumed)\n"
        "  where        any list, parameter PageToken (presumed)\n"
        "  docs         https://www.twilio.com/docs/errors/21481\n"
    )


@pytest.mark.parametrize(
    ("code", "where"),
    [
        ("11200", "a request to the application"),
        ("12200", "a request to the application; any TwiML document"),
        ("13223", "<Dial>; <Number>"),
        ("13313", "<Gather timeout>"),
        ("20404", "any REST request"),
        ("21220", "client.calls.update; client.calls(sid).recordings.create; client.calls.delete"),
        ("30007", "a message on its way"),
    ],
)
def test_places_are_told_in_words(code: str, where: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(code) == 0
    assert f"  where        {where}\n" in capsys.readouterr().out


def test_a_code_without_status_and_place_has_no_such_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("11001") == 0
    assert capsys.readouterr().out == (
        "11001  Business website address badly formed\n"
        "  level        error (Trust Hub)\n"
        "  docs         https://www.twilio.com/docs/errors/11001\n"
    )


def test_several_codes_come_in_the_order_asked_for_and_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("30007", "11200", "30007") == 0
    blocks = capsys.readouterr().out.split("\n\n")
    assert [block.split()[0] for block in blocks] == ["30007", "11200"]


def test_words_find_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("opt out") == 0
    quoted = capsys.readouterr().out
    assert "21610  error    Recipient opted out of this sender\n" in quoted
    assert "23004  warning  Redaction clashes with advanced opt-out\n" in quoted
    assert run("opt", "out") == 0
    assert capsys.readouterr().out == quoted


def test_numbers_among_words_are_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("SIP", "503") == 0
    assert capsys.readouterr().out == "31503  error    SIP 503 at the client\n"


def test_an_unknown_code_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("2121", "11200") == 1
    told = capsys.readouterr()
    assert told.out.startswith("11200  ")
    assert told.err.startswith("ringback explain: no code 2121 is known; the nearest are\n")
    assert "\n  21211  To isn't a phone number, or is the sender\n" in told.err


@pytest.mark.parametrize("code", ["0", "021211x", "9" * 5000, "٢١٢١١", "-xq", "\x1b[31mred", "\udcffxq"])
def test_what_is_unknown_or_odd_is_told_in_plain_characters(
    code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--", code) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("ringback explain: no code ")
    assert told.err.isascii()
    assert len(told.err) < 500
    assert "\x1b" not in told.err


def test_words_that_no_meaning_has(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("opt", "xyzzy") == 1
    told = capsys.readouterr()
    assert (told.out, told.err) == (
        "",
        "ringback explain: no code has a meaning with 'opt xyzzy' in it; try fewer words\n",
    )


@pytest.mark.parametrize("arguments", [(), ("",), ("21211", " "), ("--level", "error", "21211"), ("--json",)])
def test_wrong_usage(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(*arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: ringback")


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json", "21211", "11001") == 0
    told = json.loads(capsys.readouterr().out)
    assert told == [
        {
            "code": 21211,
            "level": "error",
            "product": "Voice",
            "meaning": "To isn't a phone number, or is the sender",
            "status": 400,
            "presumed": False,
            "places": ["calls.create To", "messages.create To"],
            "url": "https://www.twilio.com/docs/errors/21211",
        },
        {
            "code": 11001,
            "level": "error",
            "product": "Trust Hub",
            "meaning": "Business website address badly formed",
            "status": None,
            "presumed": False,
            "places": [],
            "url": "https://www.twilio.com/docs/errors/11001",
        },
    ]
    assert run("--json", "opt out") == 0
    assert 21610 in [each["code"] for each in json.loads(capsys.readouterr().out)]
    assert run("--json", "1") == 1
    assert json.loads(capsys.readouterr().out) == []


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run("--help")
    assert ended.value.code == 0
    assert '  ringback explain "opt out"\n' in capsys.readouterr().out


def test_a_reader_that_has_had_enough_sees_no_traceback() -> None:
    command = [sys.executable, "-m", "ringback.cli", "explain", "a", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 1
