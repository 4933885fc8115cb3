"""Tests that wait for what their application hears of, as they would at Twilio: `remind` of the README."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ringback import (
    Application,
    AsyncClient,
    CallConnected,
    CallEnded,
    CallFlow,
    CallHungUp,
    CallRinging,
    Client,
    IncomingMessage,
    OutgoingCall,
)
from ringback.emulator import AUTH_TOKEN, Emulator, ExpectationFailed
from ringback.errors import EmulatorError
from ringback.twiml import Pause, Say, VoiceResponse
from tests.emulator.conftest import ANNA, BEN, OURS

SOON = 5.0  # seconds on the wall; most of it for busy machines


@pytest.fixture
def app(emulator: Emulator) -> Application:
    app = Application(public_url="https://example.com/reception", auth_token=AUTH_TOKEN)

    @app.flow(OutgoingCall)
    async def reminder(call: CallFlow) -> None:
        call.say("Your table is ready.")

    emulator.install(app, OURS)
    return app


async def remind(app: Application, client: AsyncClient, to: str = ANNA, timeout: float | None = 300) -> str:
    answer = VoiceResponse(Say("Your table is ready."))
    call = await app.dial(client, to=to, from_=OURS, answer=answer)
    ended = await call.wait_for(CallEnded, timeout=timeout)
    return ended.status


def test_with_asyncio_run(emulator: Emulator, app: Application) -> None:
    assert asyncio.run(remind(app, emulator.async_client())) == "completed"
    emulator.phone(ANNA).busy()
    assert asyncio.run(remind(app, emulator.async_client(), timeout=None)) == "busy"


async def test_with_pytest_asyncio(emulator: Emulator, app: Application) -> None:
    assert await remind(app, emulator.async_client()) == "completed"
    assert "Your table is ready" in str(emulator.transcript)


async def test_with_a_person_on_the_phone(emulator: Emulator, app: Application) -> None:
    phone = emulator.phone(ANNA, on_call="wait")
    for _ in range(5):
        reminding = asyncio.create_task(remind(app, emulator.async_client()))
        person = await asyncio.to_thread(phone.answer)
        heard = await asyncio.to_thread(person.expect_say, "Your table is ready")
        # Time didn't run away between the two.
        assert heard.at - person.transcript[0].at < 3
        assert await reminding == "completed"


def test_with_a_thread(emulator: Emulator, app: Application) -> None:
    phone = emulator.phone(ANNA, on_call="wait")
    with ThreadPoolExecutor() as pool:
        reminding = pool.submit(lambda: asyncio.run(remind(app, emulator.async_client())))
        phone.answer().expect_say("Your table is ready")
        assert reminding.result(SOON) == "completed"


def test_with_a_client_that_is_not_async(emulator: Emulator, app: Application) -> None:
    call = app.dial(emulator.client(), to=ANNA, from_=OURS, answer=VoiceResponse(Say("Hi")))
    assert call.wait_for(CallRinging).status == "ringing"
    assert call.wait_for(CallEnded, timeout=100).status == "completed"


async def test_many_at_once(emulator: Emulator, app: Application) -> None:
    emulator.phone(BEN).busy()
    client = emulator.async_client()
    ended = await asyncio.gather(*(remind(app, client, to) for to in (ANNA, BEN, ANNA, BEN)))
    assert sorted(ended)[:2] == ["busy", "busy"]


def test_a_text_is_waited_for(emulator: Emulator, app: Application) -> None:
    @app.on(IncomingMessage)
    def take(message: IncomingMessage) -> None: ...

    emulator.install(app, OURS)
    emulator.phone(ANNA).text(OURS, "Hello")
    came = asyncio.run(app.wait_for(IncomingMessage, timeout=60))
    assert came.body == "Hello"


def test_a_timeout_is_in_virtual_seconds(emulator: Emulator, app: Application) -> None:
    started = time.monotonic()
    call = app.dial(emulator.client(), to=ANNA, from_=OURS, answer=VoiceResponse(Pause(length=3000)))
    before = emulator.now
    with pytest.raises(TimeoutError, match="nothing came within 600 s"):
        call.wait_for(CallEnded, timeout=600)
    assert emulator.now == before + 600
    with pytest.raises(TimeoutError, match="nothing came within 30 s"):
        asyncio.run(app.wait_for(CallEnded, timeout=30))
    assert time.monotonic() - started < SOON


def test_what_never_comes_is_an_error(emulator: Emulator, app: Application) -> None:
    started = time.monotonic()
    with pytest.raises(EmulatorError, match="what this waits for never comes"):
        asyncio.run(app.wait_for(CallEnded))
    emulator.phone(ANNA).busy()
    call = app.dial(emulator.client(), to=ANNA, from_=OURS, answer=VoiceResponse())
    with pytest.raises(CallHungUp):
        call.wait_for(CallConnected)
    assert time.monotonic() - started < SOON


def test_the_end_of_the_emulator_ends_waits(emulator: Emulator, app: Application) -> None:
    asked, gate = threading.Event(), threading.Event()
    failed: list[BaseException] = []

    @app.on(OutgoingCall, path="/slow")
    def slow(call: OutgoingCall) -> VoiceResponse:
        asked.set()
        gate.wait(10)
        return VoiceResponse()

    call = app.dial(emulator.client(), to=ANNA, from_=OURS, answer=slow)

    def wait() -> None:
        try:
            call.wait_for(CallEnded, timeout=3_000_000)
        except EmulatorError as error:
            failed.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert asked.wait(SOON)
    emulator.close()
    waiting.join(SOON)
    gate.set()
    assert "the emulator is closed" in str(failed)


@pytest.mark.in_turn
def test_a_handler_waits_for_another_call(emulator: Emulator, app: Application) -> None:
    told: list[str] = []

    @app.flow(OutgoingCall, path="/relay")
    async def relay(call: CallFlow) -> None:
        told.append(await remind(app, emulator.async_client(), BEN))
        call.say("Ben was told.")

    app.dial(emulator.client(), to=ANNA, from_=OURS, answer=relay)
    started = time.monotonic()
    emulator.phone(ANNA).answer().expect_say("Ben was told")
    assert told == ["completed"]
    assert time.monotonic() - started < 2 * SOON


@pytest.mark.ringback(clock="auto")
async def test_a_clock_that_runs_by_itself(emulator: Emulator, app: Application) -> None:
    assert await remind(app, emulator.async_client()) == "completed"


async def test_a_wait_that_blocks_the_loop_of_the_test_says_so(emulator: Emulator, app: Application) -> None:
    reminding = asyncio.create_task(remind(app, emulator.async_client()))
    with pytest.raises(ExpectationFailed, match=r"await asyncio.to_thread"):
        emulator.phone(ANNA).answer()
    reminding.cancel()


@pytest.mark.parametrize("many", [True, False])
def test_asking_the_api_until_something_happens(emulator: Emulator, app: Application, many: bool) -> None:
    def status(client: Client, sid: str) -> str:
        return next(iter(client.calls.list())).status if many else client.calls(sid).fetch().status

    client = emulator.client()
    call = app.dial(client, to=ANNA, from_=OURS, answer=VoiceResponse())
    started = time.monotonic()

    def poll() -> None:
        while status(client, call.sid) != "completed":
            time.sleep(0.01)

    with pytest.raises(EmulatorError, match=r'time stands still.*clock="auto"'):
        poll()
    assert time.monotonic() - started < SOON
    emulator.run_until_idle()
    assert [status(client, call.sid) for _ in range(9)] == ["completed"] * 9


def test_a_handler_that_is_not_async_waits_for_another_call(emulator: Emulator, app: Application) -> None:
    @app.on(OutgoingCall, path="/relay")
    def relay(call: OutgoingCall) -> VoiceResponse:
        other = app.dial(emulator.client(), to=BEN, from_=OURS, answer=VoiceResponse(Say("Hi")))
        return VoiceResponse(Say(f"It is {other.wait_for(CallEnded, timeout=300).status}."))

    app.dial(emulator.client(), to=ANNA, from_=OURS, answer=relay)
    started = time.monotonic()
    emulator.phone(ANNA).answer().expect_say("It is completed")
    assert time.monotonic() - started < 3


def test_what_is_not_idle_in_time_says_so(emulator: Emulator) -> None:
    """Also where nothing at all is due by then."""
    with emulator.client() as client:
        emulator.number(OURS)
        client.calls.create(
            to=ANNA, from_=OURS, twiml="<Response><Say>Hi</Say><Pause length='600'/></Response>"
        )
        emulator.advance(5)
        with pytest.raises(EmulatorError, match="not idle after 30 virtual seconds"):
            emulator.run_until_idle(limit=30)
        assert emulator.now == 35
