"""Many at once, twice the same, and handlers that talk back."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from datetime import datetime, timezone

import pytest

from examples.reception import build
from ringback import Application, AsyncClient, Client
from ringback.emulator import (
    AUTH_TOKEN,
    Emulator,
    ExpectationFailed,
    HangUp,
    Hear,
    Press,
    Script,
    Speak,
    Step,
)
from ringback.errors import EmulatorError
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Asked, Website

MENU = {
    "/voice": "<Response><Gather numDigits='1' action='/keys'><Say>Press 1 to talk</Say></Gather></Response>",
    "/keys": "<Response><Record action='/done' transcribe='true' transcribeCallback='/text'/></Response>",
    "/done": f"<Response><Say>Thanks</Say><Dial timeout='5'>{BEN}</Dial><Say>Bye</Say></Response>",
    "/answered": "<Response><Say>Hello there</Say></Response>",
    "/sms": "<Response><Message action='/told'>Hello</Message></Response>",
}


def story(emulator: Emulator, home: str) -> None:
    """A bit of everything."""
    emulator.number(OURS, voice_url=f"{home}/voice", sms_url=f"{home}/sms", status_callback=f"{home}/status")
    emulator.phone(BEN).behave("no-answer")
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("Press 1")
    call.press("1")
    call.speak("Hello, it is me", seconds=3)
    call.expect_say("Thanks")
    emulator.phone(ANNA).text(OURS, "Hi")
    call.expect_say("Bye")
    with emulator.client() as client:
        client.calls.create(
            to="+15550000001",
            from_=OURS,
            url=f"{home}/answered",
            status_callback=f"{home}/progress",
            status_callback_event=["initiated", "ringing", "answered", "completed"],
        )
    emulator.run_until_idle()


def transcript_in_process(seed: str = "one") -> Emulator:
    emulator = Emulator(seed=seed)
    emulator.mount(HOME, Website(dict(MENU)))
    with emulator:
        story(emulator, HOME)
    return emulator


def test_the_same_seed_gives_the_same_transcript() -> None:
    first, second, other = (transcript_in_process(seed) for seed in ("one", "one", "two"))
    assert first.transcript == second.transcript
    assert str(first.transcript) == str(second.transcript)
    assert len(first.transcript) > 30
    assert first.transcript != other.transcript


def reception_transcript() -> str:
    """The restaurant of the examples: a flow, a recording, and a text that is answered."""
    app = Application(public_url=f"{HOME}/phone", auth_token=AUTH_TOKEN)
    with Emulator(applications=[app]) as emulator:
        client = emulator.async_client()
        site = build(app, client, OURS)
        emulator.install(app, OURS)
        anna = emulator.phone(ANNA).dial(OURS)
        anna.press("2")
        anna.press("1")
        anna.speak("A table for four", seconds=4)
        anna.expect_say("Got it, 4 seconds")
        anna.hangup()
        emulator.phone(BEN).text(OURS, "What are your hours?")
        quiet = emulator.phone("+15558675312").dial(OURS)
        assert quiet.ended.status == "completed"
        emulator.run_until_idle()
        emulator.check_problems()
        assert site.routes
        return str(emulator.transcript.with_paths())  # flows have tokens of their own


def test_the_reception_goes_the_same_way_again() -> None:
    first, second = reception_transcript(), reception_transcript()
    assert first == second
    assert "Got it, 4 seconds. Goodbye." in first
    assert "We are open from five to eleven" in first


def test_http_gives_the_same_transcript() -> None:
    website = Website(dict(MENU))
    with website.served() as home, Emulator(seed="one") as emulator:
        story(emulator, home)
    assert emulator.transcript.with_paths() == transcript_in_process().transcript.with_paths()
    assert emulator.transcript != transcript_in_process().transcript


def test_fifty_phones_at_once(emulator: Emulator, website: Website) -> None:
    website.pages |= MENU
    emulator.phone(BEN).behave("busy")

    def guest(number: int) -> Script:
        return lambda _line: [Hear("press 1"), Press("1"), Speak(f"I am {number}", 1), Hear("bye")]

    calls = [emulator.phone(f"+1555000{number:04}").dial(OURS, script=guest(number)) for number in range(50)]
    emulator.run_until_idle()
    assert {call.ended.status for call in calls} == {"completed"}
    assert {call.ended.duration for call in calls} == {10}
    texts = {each["CallSid"]: each["TranscriptionText"] for each in website.at("/text")}
    assert [texts.get(call.sid) for call in calls] == [f"I am {number}" for number in range(50)]


def test_webhooks_share_threads(emulator: Emulator, website: Website) -> None:
    used: set[threading.Thread] = set()

    def answer(_asked: Asked) -> str:
        used.add(threading.current_thread())
        return "<Response><Hangup/></Response>"

    website.pages["/voice"] = answer
    for number in range(100):
        emulator.phone(f"+1555000{number:04}").dial(OURS)
    emulator.run_until_idle()
    assert len(website.asked) == 200
    # The next may be sent before the thread of the one before it is free.
    assert len(used) < 10


def test_fifty_threads_and_a_clock_that_runs_by_itself() -> None:
    website = Website(dict(MENU))
    with Emulator(clock="auto") as emulator, website.served() as home:
        emulator.number(OURS, voice_url=f"{home}/voice", status_callback=f"{home}/status")
        emulator.phone(BEN).behave("busy")
        failures: list[BaseException] = []

        def caller(number: int) -> None:
            try:
                steps: list[Step] = [
                    Hear("press 1"),
                    Press("1"),
                    Speak(f"I am {number}", 2),
                    Hear("thanks"),
                    HangUp(),
                ]
                call = emulator.phone(f"+1555000{number:04}").dial(OURS, script=lambda _line: steps)
                assert call.ended.by == "me"
                with emulator.client() as client:
                    assert client.calls(call.sid).fetch().status == "completed"
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=caller, args=(number,)) for number in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert not failures
        emulator.run_until_idle()
        assert len(website.at("/status")) == 50
        assert sorted(each["TranscriptionText"] for each in website.at("/text")) == sorted(
            f"I am {number}" for number in range(50)
        )


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_handler_uses_the_api_of_the_same_emulator(
    emulator: Emulator, website: Website, asynchronous: bool
) -> None:
    placed: list[str] = []

    def call_ben(client: Client) -> None:
        placed.append(client.calls.create(to=BEN, from_=OURS, url=f"{HOME}/answered").sid)

    async def call_ben_too(client: AsyncClient) -> None:
        placed.append((await client.calls.create(to=BEN, from_=OURS, url=f"{HOME}/answered")).sid)

    def answer(_asked: Asked) -> str:
        if asynchronous:
            asyncio.run(call_ben_too(emulator.async_client()))
        else:
            call_ben(emulator.client())
        return "<Response><Say>Calling Ben</Say></Response>"

    website.pages["/voice"] = answer
    website.pages["/answered"] = "<Response><Say>Anna calls</Say></Response>"
    emulator.phone(ANNA).dial(OURS).expect_say("Calling Ben")
    ben = emulator.phone(BEN).answer()
    ben.expect_say("Anna calls")
    assert [ben.sid] == placed


def test_a_handler_hangs_up_the_call_it_answers(emulator: Emulator, website: Website) -> None:
    def answer(asked: Asked) -> str:
        with emulator.client() as client:
            client.calls(asked["CallSid"]).update(status="completed")
        return "<Response><Say>Never</Say></Response>"

    website.pages["/voice"] = '<Response><Gather numDigits="1" action="/keys"/></Response>'
    website.pages["/keys"] = answer
    call = emulator.phone(ANNA).dial(OURS)
    call.press("1")
    assert (call.ended.status, call.heard) == ("completed", ())


def test_a_handler_can_not_wait_for_the_emulator(emulator: Emulator, website: Website) -> None:
    seen: list[str] = []

    def answer(_asked: Asked) -> str:
        with pytest.raises(EmulatorError, match="can't wait"):
            emulator.advance(5)
        seen.append("refused")
        return "<Response/>"

    website.pages["/voice"] = answer
    assert emulator.phone(ANNA).dial(OURS).ended.status == "completed"
    assert seen == ["refused"]


def test_a_handler_waits_for_another_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a handler takes long, other webhooks are delivered and time goes on beside it."""
    monkeypatch.setattr("ringback.emulator.driver.PATIENCE", 0.05)
    over = threading.Event()
    website = Website()
    with Emulator() as emulator, emulator.client() as client:

        def answer(_asked: Asked) -> str:
            client.calls.create(to=BEN, from_=OURS, twiml="<Response/>", status_callback=f"{HOME}/over")
            assert over.wait(10)
            return "<Response><Say>Ben was here</Say></Response>"

        def told(_asked: Asked) -> str:
            over.set()
            return ""

        website.pages |= {"/voice": answer, "/over": told}
        emulator.mount(HOME, website)
        emulator.number(OURS, voice_url=f"{HOME}/voice")
        emulator.phone(BEN).behave("busy")
        emulator.phone(ANNA).dial(OURS).expect_say("Ben was here")


def test_a_handler_that_is_too_slow() -> None:
    website = Website()
    gate = threading.Event()

    def answer(_asked: Asked) -> str:
        gate.wait(10)
        return ""

    website.pages["/voice"] = answer
    with Emulator() as emulator:
        emulator.mount(HOME, website)
        emulator.number(OURS, voice_url=f"{HOME}/voice#tt=300")
        call = emulator.phone(ANNA).dial(OURS)
        call.expect_say("application error")
        gate.set()
    assert [problem.code for problem in emulator.problems] == [11205]


def test_time_as_on_the_wall() -> None:
    with Emulator(clock="real", speed=50) as emulator, emulator.client() as client:
        emulator.number(OURS)
        begun = time.monotonic()
        client.calls.create(to=ANNA, from_=OURS, twiml='<Response><Pause length="10"/></Response>')
        call = emulator.phone(ANNA).answer()
        assert call.ended.duration == 10
        assert 0.2 < time.monotonic() - begun < 5
        emulator.advance(10)
        assert emulator.now > 20


def test_auto_skips_what_nobody_waits_for() -> None:
    with Emulator(clock="auto") as emulator, emulator.client() as client:
        emulator.number(OURS)
        begun = time.monotonic()
        sid = client.calls.create(to=ANNA, from_=OURS, twiml='<Response><Pause length="900"/></Response>').sid
        emulator.run_until_idle()
        assert client.calls(sid).fetch().duration == 900
        emulator.advance(10_000)
        assert emulator.now > 10_900
        assert time.monotonic() - begun < 5


def test_auto_does_not_fly_to_the_end_of_calls_that_nobody_ends() -> None:
    with Emulator(clock="auto") as emulator:
        website = Website({"/voice": "<Response><Dial><Conference>room</Conference></Dial></Response>"})
        emulator.mount(HOME, website)
        emulator.number(OURS, voice_url=f"{HOME}/voice")
        call = emulator.phone(ANNA).dial(OURS)
        emulator.run_until_idle()
        assert (call.status, emulator.now) == ("in-progress", 0.0)
        call.hangup()
        assert call.ended.status == "completed"


async def test_it_works_inside_an_event_loop(emulator: Emulator, website: Website) -> None:
    async with emulator.async_client() as client:
        call = await client.calls.create(to=ANNA, from_=OURS, twiml="<Response><Say>Hi</Say></Response>")
        emulator.phone(ANNA).answer().expect_say("Hi")
        emulator.run_until_idle()
        assert (await client.calls(call.sid).fetch()).status == "completed"


def test_a_closed_emulator_says_so(emulator: Emulator, website: Website) -> None:
    emulator.close()
    emulator.close()
    with pytest.raises(EmulatorError, match="closed"):
        emulator.phone(ANNA).dial(OURS)
    with pytest.raises(EmulatorError, match="closed"):
        emulator.run_until_idle()


def test_waiting_takes_the_time_it_takes(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = "<Response><Say>A</Say><Pause length='9000'/><Say>At last</Say></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    with pytest.raises(ExpectationFailed):
        call.expect_say("At last", timeout=100)
    assert emulator.now == 100
    assert call.expect_say("At last", timeout=10_000).at == 9000.5


def test_nobody_calls(emulator: Emulator, website: Website) -> None:
    with pytest.raises(ExpectationFailed, match="waited for a call"):
        emulator.phone(ANNA).answer()
    with pytest.raises(ExpectationFailed, match='waited for a text with "x"'):
        emulator.phone(ANNA).expect_text("x")


@pytest.mark.parametrize(
    "settings",
    [{"start": datetime(2026, 1, 1)}, {"speed": 0}, {"speed": float("nan")}],
)
def test_impossible_settings(settings: dict[str, object]) -> None:
    with pytest.raises(EmulatorError):
        Emulator(**settings)  # type: ignore[arg-type]


def test_the_calendar(emulator: Emulator) -> None:
    assert emulator.date == datetime(2026, 1, 5, 9, 0, tzinfo=timezone.utc)
    emulator.advance(61)
    assert (emulator.date.minute, emulator.date.second, emulator.now) == (1, 1, 61.0)


def test_keys_and_words_have_to_be_possible(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = "<Response><Gather/></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    for wrong in ("", "a", "1 2"):
        with pytest.raises(EmulatorError, match="keys: expected"):
            call.press(wrong)
    with pytest.raises(EmulatorError, match="seconds: expected"):
        call.speak("Hi", seconds=0)
    with pytest.raises(EmulatorError, match="can't answer"):
        call.answer()


LEFT_BEHIND = """
from ringback.emulator import Emulator

with Emulator() as emulator:
    emulator.number("+15017122661")
    with emulator.client() as client:
        client.conferences("room").participants.create(
            to="+15558675310",
            from_="+15017122661",
            conference_status_callback="http://127.0.0.1:9/",
            conference_status_callback_event=["leave"],
        )
        emulator.advance(6)
told = str(emulator.transcript)


def at_the_end() -> str:
    return str(emulator.transcript)
"""


def test_calls_that_are_left_behind_end_in_silence() -> None:
    """Their processes are collected when the interpreter ends, where nothing can be told any more."""
    done = subprocess.run(
        [sys.executable, "-c", LEFT_BEHIND], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
