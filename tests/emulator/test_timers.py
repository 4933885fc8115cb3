"""Timers of applications follow the emulator's clock."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from datetime import datetime, timezone

import pytest

from ringback import Application, CallEnded, CallFlow, IncomingCall
from ringback.emulator import AUTH_TOKEN, Emulator, Transcript
from ringback.errors import EmulatorError
from ringback.twiml import Gather, Hangup, Say, VoiceResponse
from tests.emulator.conftest import ANNA, BEN, OURS

pytestmark = pytest.mark.in_turn

SECONDS = 10.0  # on the wall, for what would take hours


@pytest.fixture
def app() -> Application:
    return Application(public_url="https://example.com/phone", auth_token=AUTH_TOKEN, hold_limit=20_000)


@pytest.mark.in_one_worker("waits that are no verbs start again where a flow is taken over")
def test_a_sleep_takes_virtual_time_and_holds_the_caller(emulator: Emulator, app: Application) -> None:
    woke: list[float] = []

    @app.flow(IncomingCall)
    async def wait(call: CallFlow) -> None:
        await asyncio.sleep(3)
        woke.append(emulator.now)
        await call.gather(Say("One"), timeout=5)
        await asyncio.sleep(3600)
        woke.append(emulator.now)
        call.say("Two")

    started = time.monotonic()
    emulator.install(app, OURS)
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("One")
    call.expect_say("Two", timeout=4000)
    assert call.ended.status == "completed"
    assert woke[0] == 3.0
    assert 3600 <= woke[1] - woke[0] < 3610
    assert time.monotonic() - started < 4 * SECONDS  # 330 times held
    assert "→ Pause, Redirect" in str(emulator.transcript)


def test_a_flow_that_gave_up_a_verb_is_kept_until_that_is_over(emulator: Emulator) -> None:
    app = Application(public_url="https://example.com/phone", auth_token=AUTH_TOKEN, linger=5)

    @app.flow(IncomingCall)
    async def brief(call: CallFlow) -> None:
        try:
            await asyncio.wait_for(call.gather(timeout=50), 1)
        except asyncio.TimeoutError:
            call.say("Too late")

    emulator.install(app, OURS)
    emulator.phone(ANNA).dial(OURS).expect_say("Too late", timeout=100)


def test_a_verb_is_given_up_after_virtual_seconds(emulator: Emulator, app: Application) -> None:
    gave_up: list[float] = []

    @app.flow(IncomingCall)
    async def impatient(call: CallFlow) -> None:
        try:
            await asyncio.wait_for(call.gather(timeout=50), 4)
        except asyncio.TimeoutError:
            gave_up.append(emulator.now)
        call.say("Too late")

    emulator.install(app, OURS)
    emulator.phone(ANNA).dial(OURS).expect_say("Too late", timeout=100)
    assert gave_up == [4.0]


def test_the_same_in_every_run(app: Application) -> None:
    @app.flow(IncomingCall)
    async def wait(call: CallFlow) -> None:
        for _ in range(3):
            await asyncio.sleep(0.123)
            await call.gather(Say("Well?"), timeout=1)
        await asyncio.sleep(11)

    def listener(event: CallEnded) -> None:
        time.sleep(0.02)

    app.on(CallEnded, listener)

    def run() -> Transcript:
        with Emulator(applications=[app]) as emulator:
            emulator.install(app, OURS)
            calls = [emulator.phone(who).dial(OURS) for who in (ANNA, BEN)]
            assert [call.ended.status for call in calls] == ["completed", "completed"]
            return emulator.transcript.with_paths()

    one, two = run(), run()
    assert str(one) == str(two)
    assert one == two


def test_time_does_not_pass_while_a_thread_works(emulator: Emulator, app: Application) -> None:
    def work() -> str:
        time.sleep(0.7)
        return "Done"

    @app.flow(IncomingCall)
    async def busy(call: CallFlow) -> None:
        call.say(await asyncio.wait_for(asyncio.to_thread(work), 30))

    emulator.install(app, OURS)
    emulator.phone(ANNA).dial(OURS).expect_say("Done")
    assert emulator.now < 5


def test_time_does_not_pass_while_a_connection_is_answered(emulator: Emulator, app: Application) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.to_thread(time.sleep, 0.7)
        writer.write(b"Done\n")
        writer.close()

    @app.flow(IncomingCall)
    async def busy(call: CallFlow) -> None:
        server = await asyncio.start_server(answer, "127.0.0.1")
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        call.say((await asyncio.wait_for(reader.readline(), 30)).decode())
        writer.close()
        await writer.wait_closed()
        server.close()

    emulator.install(app, OURS)
    emulator.phone(ANNA).dial(OURS).expect_say("Done")
    assert emulator.now < 5


def test_what_a_thread_of_the_application_s_own_brings_is_waited_for(
    emulator: Emulator, app: Application
) -> None:
    """As database drivers do it that have threads."""

    @app.flow(IncomingCall)
    async def busy(call: CallFlow) -> None:
        loop = asyncio.get_running_loop()
        brought: asyncio.Future[str] = loop.create_future()
        threading.Timer(0.2, lambda: loop.call_soon_threadsafe(brought.set_result, "Done")).start()
        call.say(await asyncio.wait_for(brought, 30))

    emulator.install(app, OURS)
    emulator.phone(ANNA).dial(OURS).expect_say("Done")
    assert emulator.now < 5


def test_a_handler_that_never_returns_comes_to_an_end(emulator: Emulator) -> None:
    app = Application(public_url="https://example.com/phone", auth_token=AUTH_TOKEN, hold_limit=30)
    emulator.allow_problems(TimeoutError)

    @app.on(IncomingCall)
    async def stuck(call: IncomingCall) -> VoiceResponse:
        await asyncio.Event().wait()
        raise AssertionError

    started = time.monotonic()
    emulator.install(app, OURS)
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("sorry, something went wrong")
    assert call.ended.status == "completed"
    assert time.monotonic() - started < SECONDS


def test_the_limit_of_a_request_is_in_virtual_seconds(emulator: Emulator) -> None:
    app = Application(public_url="https://example.com/phone", auth_token=AUTH_TOKEN, deadline=100)
    emulator.allow_problems(11205)

    @app.on(IncomingCall)
    async def slow(call: IncomingCall) -> VoiceResponse:
        await asyncio.sleep(40)
        return VoiceResponse(Say("Hello"))

    started = time.monotonic()
    emulator.install(app, OURS)
    emulator.phone(ANNA).dial(OURS).expect_say("an application error")
    assert time.monotonic() - started < SECONDS
    assert [(problem.code, "no answer within 15 s" in problem.message) for problem in emulator.problems] == [
        (11205, True)
    ]


def test_listeners_that_sleep(emulator: Emulator, app: Application) -> None:
    told: list[float] = []

    @app.on(IncomingCall)
    async def greet(call: IncomingCall) -> VoiceResponse:
        return VoiceResponse(Say("Hello"))

    async def later(event: CallEnded) -> None:
        await asyncio.sleep(60)
        told.append(emulator.now)

    app.on(CallEnded, later)
    emulator.install(app, OURS)
    ended = emulator.phone(ANNA).dial(OURS).ended
    assert ended.status == "completed"
    emulator.run_until_idle()
    assert told
    assert told[0] >= 60


def test_forgetting_is_no_reason_to_let_time_pass(emulator: Emulator, app: Application) -> None:
    @app.flow(IncomingCall)
    async def reception(call: CallFlow) -> None:
        await call.gather(Say("Hello"), timeout=1)

    emulator.install(app, OURS)
    assert emulator.phone(ANNA).dial(OURS).ended.status == "completed"
    emulator.run_until_idle()
    assert emulator.now < 20


@pytest.mark.ringback(clock="auto")
def test_a_clock_that_runs_by_itself(emulator: Emulator, app: Application) -> None:
    @app.flow(IncomingCall)
    async def wait(call: CallFlow) -> None:
        await asyncio.sleep(600)
        call.say("Hello")

    emulator.install(app, OURS)
    emulator.phone(ANNA).dial(OURS).expect_say("Hello", timeout=700)


@pytest.mark.ringback(clock="real", speed=100)
def test_a_clock_that_runs_faster(emulator: Emulator, app: Application) -> None:
    @app.flow(IncomingCall)
    async def wait(call: CallFlow) -> None:
        await asyncio.sleep(9)
        call.say("Hello")

    emulator.install(app, OURS)
    started = time.monotonic()
    emulator.phone(ANNA).dial(OURS).expect_say("Hello", timeout=100)
    assert 0.09 <= time.monotonic() - started < 5


def test_what_an_application_keeps_for_its_loop_works_with_the_next_emulator(app: Application) -> None:
    lock = asyncio.Lock()
    held: list[asyncio.AbstractEventLoop] = []

    @app.flow(IncomingCall)
    async def one_by_one(call: CallFlow) -> None:
        async with lock:
            held.append(asyncio.get_running_loop())
            await asyncio.sleep(1)
        call.say("Next")

    for _ in range(2):
        with Emulator() as emulator:
            emulator.install(app, OURS)
            calls = [emulator.phone(who).dial(OURS) for who in (ANNA, BEN)]
            for call in calls:
                call.expect_say("Next")
    assert len(set(held)) == 1


def test_an_emulator_within_another_s_handler(emulator: Emulator, app: Application) -> None:
    inner = Application(public_url="https://example.com/inner", auth_token=AUTH_TOKEN)

    @inner.on(IncomingCall)
    async def sleepy(call: IncomingCall) -> VoiceResponse:
        await asyncio.sleep(5)
        return VoiceResponse(Say("Inner"))

    @app.on(IncomingCall)
    def outer(call: IncomingCall) -> VoiceResponse:
        with Emulator(applications=[inner]) as another:
            another.install(inner, OURS)
            return VoiceResponse(Say(another.phone(BEN).dial(OURS).expect_say("Inner").what), Hangup())

    emulator.install(app, OURS)
    emulator.phone(ANNA).dial(OURS).expect_say("Inner")


@pytest.mark.parametrize("clock", ["manual", "auto"])
def test_a_handler_closes_its_emulator(clock: str, app: Application) -> None:
    closed = threading.Event()
    with Emulator(clock=clock) as emulator:  # type: ignore[arg-type]

        @app.on(IncomingCall)
        async def close(call: IncomingCall) -> VoiceResponse:
            emulator.close()
            closed.set()
            return VoiceResponse(Gather())

        emulator.install(app, OURS)
        started = time.monotonic()
        emulator.phone(ANNA).dial(OURS)
        with pytest.raises(EmulatorError, match="the emulator is closed"):
            emulator.advance(60)
        assert closed.wait(5)
    assert time.monotonic() - started < SECONDS


def test_a_blocked_loop_is_left_behind() -> None:
    gate = threading.Event()
    for number in range(2):
        app = Application(public_url="https://example.com/phone", auth_token=AUTH_TOKEN)

        @app.on(IncomingCall)
        async def greet(call: IncomingCall, *, blocks: bool = number == 0) -> VoiceResponse:
            if blocks:
                gate.wait(60)
            return VoiceResponse(Say("Hello"))

        started = time.monotonic()
        with Emulator(applications=[app]) as emulator:
            emulator.install(app, OURS)
            emulator.number(OURS, voice_url=f"{greet.url}#tt=300&rc=0")
            call = emulator.phone(ANNA).dial(OURS)
            call.expect_say("an application error" if number == 0 else "Hello")
        assert time.monotonic() - started < SECONDS
    gate.set()


def test_listeners_end_with_their_emulator(app: Application) -> None:
    ended: list[str] = []

    @app.on(IncomingCall)
    async def greet(call: IncomingCall) -> VoiceResponse:
        return VoiceResponse(Say("Hello"))

    async def later(event: CallEnded) -> None:
        try:
            for _ in range(1_000):
                await asyncio.sleep(60)
        finally:
            ended.append(event.call_sid)

    app.on(CallEnded, later)
    with Emulator(applications=[app]) as emulator:
        emulator.install(app, OURS)
        call = emulator.phone(ANNA).dial(OURS)
        assert call.ended.status == "completed"
        emulator.advance(1000)
        assert ended == []
    assert ended == [call.sid]


@pytest.mark.ringback(start=datetime(2031, 5, 4, 12, 30, tzinfo=timezone.utc))
def test_flows_see_the_calendar_of_the_emulator(emulator: Emulator, app: Application) -> None:
    seen: list[datetime] = []

    @app.flow(IncomingCall)
    async def opening_hours(call: CallFlow) -> None:
        seen.append(call.now())
        await call.gather(timeout=60)
        seen.append(call.now())
        await call.gather(timeout=60)
        seen.append(call.now())

    emulator.install(app, OURS)
    emulator.advance(3600)
    assert emulator.phone(ANNA).dial(OURS).ended.status == "completed"
    told = sorted(set(seen))
    assert len(told) == 3, "it is the same time on every replay"
    assert told[0] == datetime(2031, 5, 4, 13, 30, tzinfo=timezone.utc)
    assert all(60 <= (after - before).total_seconds() < 62 for before, after in itertools.pairwise(told))
