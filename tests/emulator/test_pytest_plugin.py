"""The pytest plugin, in a pytest of its own."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from ringback import Application, IncomingCall
from ringback.emulator import Emulator
from ringback.twiml import Say, VoiceResponse

pytest_plugins = ["pytester"]

PHONE = """
from ringback import Application, CallEnded, CallFlow, GatherResult, IncomingCall
from ringback.twiml import Gather, Pause, Redirect, Say, VoiceResponse

OURS, ANNA = "+15017122661", "+15558675310"
app = Application(public_url="https://example.com/phone")
said = ["Hello"]

@app.on(IncomingCall)
def greet(call: IncomingCall) -> VoiceResponse:
    return VoiceResponse(Say(said[0]), Pause(length=1), Redirect(broken))

@app.on(IncomingCall, path="/broken")
def broken(call: IncomingCall) -> VoiceResponse:
    raise KeyError(f"nobody knows {call.from_}")

@app.flow(IncomingCall, path="/flow")
async def stumble(call: CallFlow) -> None:
    call.say("Hello")
    await call.pause_for_ever()

@app.flow(IncomingCall, path="/last-words")
async def last_words(call: CallFlow) -> None:
    try:
        await call.gather(Say("Hello"))
    finally:
        raise ValueError("last words")

def deaf(event: CallEnded) -> None:
    raise LookupError("deaf")
"""


@pytest.fixture(autouse=True)
def nobody_s_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under CI pytest's summary repeats whole messages; what is looked at here is what stands above it."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("BUILD_NUMBER", raising=False)


def run(pytester: pytest.Pytester, tests: str, *args: str) -> pytest.RunResult:
    pytester.makepyfile(phone=PHONE, test_it="import pytest\nfrom phone import *\n" + tests)
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", "--no-header", *args)


def text(result: pytest.RunResult) -> str:
    return "\n".join(result.outlines)


def test_a_failure_shows_the_test_and_the_transcript_once(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def test_it(emulator):
    emulator.install(app, OURS)
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("Good morning")  # the last line of the test

def test_of_its_own(emulator):
    emulator.install(app, OURS)
    emulator.phone(ANNA).dial(OURS).expect_say("Hello")
    assert 1 == 2
""",
        "--show-capture=stdout",
    )
    result.assert_outcomes(failed=2)
    first, second = text(result).split("_ test_of_its_own _")
    assert "the last line of the test" in first
    # The error of the handler is there as well, as its author reads it.
    assert first.count('    raise KeyError(f"nobody knows {call.from_}")') == 1
    assert "phones.py" not in first
    for part in (first, second):
        assert part.count("+15558675310   dials +15017122661") == 1
    assert "What happened in the emulator" in second


def test_tests_fail_where_something_went_wrong_unseen(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def test_a_handler_raised(emulator):
    emulator.install(app, OURS)
    emulator.phone(ANNA).dial(OURS).expect_hangup()

def test_a_flow_raised(emulator):
    emulator.install(app, OURS)
    emulator.number(OURS, voice_url=stumble.url)
    emulator.phone(ANNA).dial(OURS).expect_hangup()

def test_a_listener_raised(emulator):
    emulator.install(app, OURS)
    app.on(CallEnded, deaf)
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("Hello")
    call.hangup()
    call.ended
    app.off(CallEnded, deaf)

def test_a_webhook_was_refused(emulator):
    other = Application(public_url="https://example.com/other", auth_token="another")
    other.on(IncomingCall, path="/in")(lambda call: VoiceResponse())
    emulator.install(other, OURS)
    emulator.phone(ANNA).dial(OURS).expect_hangup()

def test_nobody_is_there(emulator):
    emulator.number(OURS)
    emulator.phone(ANNA).dial(OURS).expect_hangup()

def test_last_words(emulator):
    emulator.install(app, OURS)
    emulator.number(OURS, voice_url=last_words.url)
    emulator.phone(ANNA).dial(OURS).expect_say("Hello")

@pytest.mark.xfail(strict=True)
def test_that_knows(emulator):
    emulator.number(OURS)
    emulator.phone(ANNA).dial(OURS).expect_hangup()

def test_that_skips(emulator):
    emulator.number(OURS)
    emulator.phone(ANNA).dial(OURS).expect_hangup()
    pytest.skip("of no interest")
""",
        "-rA",
    )
    # The last words came when the test had passed already.
    result.assert_outcomes(failed=5, passed=1, errors=1, xfailed=1, skipped=1)
    shown = text(result)
    assert "KeyError: 'nobody knows +15558675310'" in shown
    assert '    raise KeyError(f"nobody knows {call.from_}")' in shown
    assert "application    raises KeyError: 'nobody knows +15558675310' (in broken, phone.py:" in shown
    assert "stumble failed on IncomingCall of CA" in shown
    assert "no attribute 'pause_for_ever'" in shown
    assert "deaf failed on CallEnded of CA" in shown
    assert "ValueError: last words" in shown
    assert "11200: HTTP 403 from https://example.com/other/in" in shown
    assert re.search(r"problem 11200 of CA\w{32}: Fetching the URL failed", shown)
    assert "dispatch.py" not in shown.partition("captured log")[0].partition("Captured log")[0]


def test_problems_that_are_expected(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
from ringback.errors import EmulatorError

def crash(emulator):
    emulator.install(app, OURS)
    emulator.phone(ANNA).dial(OURS).expect_hangup()

@pytest.mark.parametrize("kinds", [(), (KeyError,), (LookupError, 11200), ("nobody knows",), ("in broken",)])
def test_by_kind(emulator, kinds):
    emulator.allow_problems(*kinds)
    crash(emulator)
    assert emulator.problems == []
    assert [type(failure.error) for failure in emulator.failures] == [KeyError]

def test_by_code(emulator):
    emulator.number(OURS)
    emulator.phone(ANNA).dial(OURS).expect_hangup()
    emulator.allow_problems(11100)

def test_in_a_block(emulator):
    with emulator.allow_problems(KeyError):
        crash(emulator)

@pytest.mark.parametrize("kinds", [(ValueError,), (11200,), ("elsewhere",)])
@pytest.mark.xfail(strict=True)
def test_of_another_kind(emulator, kinds):
    emulator.allow_problems(*kinds)
    crash(emulator)

@pytest.mark.xfail(strict=True)
def test_before_a_block(emulator):
    crash(emulator)
    with emulator.allow_problems():
        pass

@pytest.mark.xfail(strict=True)
def test_after_a_block(emulator):
    with emulator.allow_problems():
        pass
    crash(emulator)

@pytest.mark.parametrize("kind", ["", 0, True, None, object])
def test_no_kind(emulator, kind):
    with pytest.raises(EmulatorError, match="problems: expected"):
        emulator.allow_problems(kind)
""",
    )
    result.assert_outcomes(passed=12, xfailed=5)


def test_a_module_s_application_answers_each_test_anew(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
import asyncio
from ringback.emulator import Emulator

seen = set()

@pytest.mark.parametrize("word", ["One", "Two", "Three"])
def test_each(emulator, word):
    emulator.allow_problems(KeyError)
    said[0] = word
    emulator.install(app, OURS)
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say(word)
    assert call.sid not in seen
    seen.add(call.sid)

@pytest.mark.parametrize("word", ["Four", "Five"])
def test_with_emulators_of_one_s_own(word):
    said[0] = word
    with Emulator() as emulator:
        emulator.install(app, OURS)
        emulator.phone(ANNA).dial(OURS).expect_say(word)

@pytest.mark.parametrize("word", ["Six", "Seven"])
@pytest.mark.ringback(seed="the same")
def test_of_one_seed(emulator, word):
    said[0] = word
    emulator.install(app, OURS)
    emulator.phone(ANNA).dial(OURS).expect_say(word)

def test_flows_end_with_their_test(emulator):
    ended = []

    @app.flow(IncomingCall, path="/waiting")
    async def waiting(call):
        try:
            await call.gather(timeout=60)
        finally:
            await asyncio.sleep(0.01)
            ended.append(call.sid)

    emulator.install(app, OURS)
    emulator.number(OURS, voice_url=waiting.url)
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_answer()
    emulator.advance(1)
    emulator.close()
    assert ended == [call.sid]
""",
        "-n2",
        "--dist=each",
    )
    result.assert_outcomes(passed=16)


def test_the_same_test_has_the_same_sids(pytester: pytest.Pytester) -> None:
    tests = """
def test_it(emulator):
    emulator.install(app, OURS)
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("Hello")
    print("SID", call.sid)
"""
    sids: list[str] = []
    for _ in range(2):
        result = run(pytester, tests, "-s")
        result.assert_outcomes(passed=1)
        sids.append(next(line for line in result.outlines if "SID CA" in line))
    assert sids[0] == sids[1]


def test_options(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_module_options="""
import pytest
emulator_options = {"clock": "auto", "seed": "mine"}

def test_of_the_module(emulator):
    assert (emulator._driver._mode, emulator._network.sids._seed) == ("auto", "mine")

@pytest.mark.ringback(clock="manual")
class TestClass:
    def test_of_the_class(self, emulator):
        assert (emulator._driver._mode, emulator._network.sids._seed) == ("manual", "mine")

    @pytest.mark.ringback(clock="real", auth_token="another")
    def test_of_its_own(self, emulator):
        import os
        assert (emulator._driver._mode, emulator._network.sids._seed) == ("real", "mine")
        assert os.environ["TWILIO_AUTH_TOKEN"] == emulator.auth_token == "another"
""",
        test_fixture_options="""
import pytest

@pytest.fixture
def emulator_options():
    return {"clock": "auto"}

def test_of_the_fixture(emulator):
    assert emulator._driver._mode == "auto"
""",
    )
    result = run(
        pytester,
        "def test_none(emulator):\n    assert emulator._driver._mode == 'manual'\n",
        "--strict-markers",
    )
    result.assert_outcomes(passed=5)
    assert "ringback(**options)" in text(pytester.runpytest_subprocess("--markers"))


def test_wrong_options_are_named(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_module_options="emulator_options = 'auto'\n\ndef test_a(emulator):\n    pass\n")
    result = run(
        pytester,
        """
@pytest.mark.ringback(clok="auto")
def test_misspelt(emulator): pass

@pytest.mark.ringback("auto")
def test_by_position(emulator): pass

@pytest.mark.ringback(clock="fast")
def test_of_no_such_clock(emulator): pass

@pytest.mark.ringback(seed=7)
def test_seed(emulator): pass
""",
    )
    result.assert_outcomes(errors=5)
    shown = text(result)
    assert "emulator_options: expected a dict of options, got 'auto'" in shown
    assert "@pytest.mark.ringback: there is no option 'clok'; did you mean clock?" in shown
    assert "takes options by name alone, got ('auto',)" in shown
    assert "clock: expected one of manual, auto, real, got 'fast'" in shown
    assert "seed: expected text, got 7" in shown


def test_an_application_without_a_token_takes_its_webhooks(emulator: Emulator) -> None:
    app = Application(public_url="https://example.com/phone")

    @app.on(IncomingCall)
    def greet(call: IncomingCall) -> VoiceResponse:
        return VoiceResponse(Say("Hello"))

    emulator.install(app, "+15017122661")
    emulator.phone("+15558675310").dial("+15017122661").expect_say("Hello")


def test_pytest_starts_without_the_emulator() -> None:
    code = (
        "import sys, ringback.emulator.pytest_plugin as plugin\n"
        "heavy = {'cattrs', 'urllib3', 'uvicorn', 'ringback.emulator.emulator', 'ringback._generated'}\n"
        "assert plugin.emulator is not None\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
