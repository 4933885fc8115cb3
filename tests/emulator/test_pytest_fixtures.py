"""The fixtures `phone` and `live_emulator`, and what failures show, in a pytest of its own."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

OTHER_PROCESS = """
from ringback import Client

with Client() as client:
    hello = "<Response><Say>Hi</Say></Response>"
    call = client.calls.create(to="+15558675310", from_="+15017122661", twiml=hello)
    while client.calls(call.sid).fetch().status != "completed":
        pass
"""
PREPARED = """
import os
import pytest
import subprocess
import sys
from ringback import Client, OutcomeUnknown

OURS, ANNA = "+15017122661", "+15558675310"
"""


@pytest.fixture(autouse=True)
def nobody_s_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under CI pytest's summary repeats whole messages; what is looked at here is what stands above it."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("BUILD_NUMBER", raising=False)


def run(pytester: pytest.Pytester, tests: str, *args: str) -> pytest.RunResult:
    pytester.makepyfile(test_it=PREPARED + tests)
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", "--no-header", *args)


def text(result: pytest.RunResult) -> str:
    return "\n".join(result.outlines)


def test_a_caller_s_phone(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def test_it(emulator, phone):
    assert phone.number == ANNA
    assert emulator.phone(ANNA) is phone
    emulator.number(OURS)
    with emulator.allow_problems():
        assert phone.dial(OURS).ended.status == "completed"
""",
    )
    result.assert_outcomes(passed=1)


def test_people_of_a_phone_book_beside_the_test(pytester: pytest.Pytester) -> None:
    folder = pytester.mkdir("below")
    (folder / "phones.yaml").write_text("+15558675311: busy\n", encoding="utf-8")
    (folder / "test_below.py").write_text(
        """
import pytest

@pytest.mark.ringback(phones="phones.yaml")
def test_it(emulator):
    emulator.number("+15017122661")
    emulator.client().calls.create(to="+15558675311", from_="+15017122661", twiml="<Response/>")
    emulator.run_until_idle()
    assert emulator.phone("+15558675311").calls[0].status == "busy"

@pytest.mark.ringback(phones={"+15558675310": "bussy"})
def test_mistake(emulator): pass

@pytest.mark.ringback(phones="nowhere.yaml")
def test_no_file(emulator): pass

@pytest.mark.ringback(chaos="dubbled")
def test_no_word(emulator): pass
""",
        encoding="utf-8",
    )
    result = run(pytester, "", "below")
    result.assert_outcomes(passed=1, errors=3)
    shown = text(result)
    assert "phones, +15558675310: on_call: expected one of answer, busy" in shown
    assert "nowhere.yaml: can't be read" in shown
    assert "chaos: expected some of late, doubled" in shown


def test_other_processes_reach_a_live_emulator(pytester: pytest.Pytester) -> None:
    pytester.makefile(".txt", other_process=OTHER_PROCESS)
    result = run(
        pytester,
        """
def test_it(emulator, live_emulator, phone):
    assert live_emulator.emulator is emulator
    emulator.number(OURS)
    subprocess.run([sys.executable, "other_process.txt"], env=live_emulator.environment, check=True)
    assert [heard.what for heard in phone.calls[0].heard] == ["Hi"]
    assert live_emulator.account_sid == emulator.account_sid == os.environ["TWILIO_ACCOUNT_SID"]
    assert live_emulator.auth_token not in repr(live_emulator)
    with Client() as client:  # by the variables
        assert client.messages.list().first() is None

@pytest.mark.ringback(clock="manual")
def test_options_hold(live_emulator, phone):
    assert live_emulator.emulator._driver._mode == "manual"
    live_emulator.emulator.number(OURS, voice_url=f"{live_emulator.url}/nowhere")
    phone.dial(OURS).expect_say("Good morning")  # the last line of the test

def test_variables_are_gone():
    assert "RINGBACK_BASE_URL" not in os.environ
""",
    )
    result.assert_outcomes(passed=2, failed=1)
    shown = text(result)
    assert "the last line of the test" in shown
    assert shown.count("+15558675310   dials +15017122661") == 1
    assert "phones.py" not in shown


@pytest.mark.parametrize("options", [["--tb=auto"], ["--tb=short", "-n1"], ["--tb=native"]])
def test_what_happened_stands_once_with_nothing_of_the_library_below_it(
    pytester: pytest.Pytester, options: list[str]
) -> None:
    result = run(
        pytester,
        """
@pytest.mark.ringback(chaos="lost-answers=1")
def test_a_client_s_error(emulator, phone):
    emulator.number(OURS)
    phone.text(OURS, "Hi!")
    emulator.client().messages.create(to=ANNA, from_=OURS, body="Hello")

def test_a_wait_in_vain(emulator, phone):
    emulator.number(OURS)
    phone.text(OURS, "Hi!")
    phone.expect_text("Never", timeout=5)
""",
        *options,
    )
    result.assert_outcomes(failed=2)
    first, second = text(result).split("_ test_a_wait_in_vain _")
    for part in (first, second):
        before, sent, after = part.partition('+15558675310   texts "Hi!"')
        assert sent
        assert sent not in after
        assert "phones.py" not in before
        assert "/ringback/" not in after
    assert "OutcomeUnknown" in first
