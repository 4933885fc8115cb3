"""Calls and messages that we start and follow, on the emulator's network."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from ringback.app import Application, AsyncLiveCall, CallFlow, HandlerFailed, LiveCall, OutgoingMessage
from ringback.emulator import Emulator
from ringback.errors import ApiError, CallHungUp, InvalidValue
from ringback.twiml import Gather, Pause, Say, VoiceResponse
from ringback.webhooks import (
    CallConnected,
    CallEnded,
    CallInitiated,
    CallRedirected,
    CallRinging,
    CallStatusChanged,
    GatherResult,
    IncomingCall,
    IncomingMessage,
    MachineDetectionResult,
    MessageStatusChanged,
    OutgoingCall,
)
from tests.app.twilio import call_parameters, eventually, new_sid, request, until

if TYPE_CHECKING:
    from collections.abc import Generator

    from ringback.client import AsyncClient, Client

GUEST = "+15558675310"
OURS = "+15017122661"
HELLO = VoiceResponse(Say("Your table is ready."))


@pytest.fixture
def network() -> Generator[Emulator, None, None]:
    with Emulator(clock="auto") as emulator:
        yield emulator


@pytest.fixture
def stepped() -> Generator[Emulator, None, None]:
    """A network where time stands still unless told to move."""
    with Emulator(clock="manual") as emulator:
        yield emulator


@pytest.fixture
def app(network: Emulator) -> Generator[Application, None, None]:
    app = installed(network)
    yield app
    app.close()


@pytest.fixture
def client(network: Emulator) -> Client:
    return network.client()


@pytest.fixture
def async_client(network: Emulator) -> AsyncClient:
    return network.async_client()


def installed(network: Emulator) -> Application:
    app = Application(public_url="https://example.com/phone", auth_token=network.auth_token)
    network.install(app, OURS)
    return app


class TestCalls:
    async def test_followed_to_its_end(
        self, network: Emulator, app: Application, async_client: AsyncClient
    ) -> None:
        network.phone(GUEST)
        call = await app.dial(async_client, to=GUEST, from_=OURS, answer=HELLO)
        seen: list[str] = []
        call.on(CallStatusChanged, lambda event: seen.append(event.status))
        ended = await call.wait_for(CallEnded, timeout=10)
        assert (ended.status, ended.call_sid) == ("completed", call.sid)
        assert ended.duration is not None
        assert ended.duration > 0
        assert call.status == "completed"
        assert call.sid.startswith("CA")
        assert repr(call) == f"<AsyncLiveCall {call.sid}>"
        assert (await call.refresh()).status == "completed"
        assert call.record.duration == ended.duration

    def test_synchronously(self, network: Emulator, app: Application, client: Client) -> None:
        network.phone(GUEST, on_call="busy")
        call = app.dial(client, to=GUEST, from_=OURS, answer=HELLO)
        assert call.wait_for(CallEnded, timeout=10).status == "busy"
        assert call.wait_for(CallInitiated, timeout=10).call_sid == call.sid
        assert call.refresh().status == "busy"

    def test_what_has_happened_can_be_waited_for_again(
        self, network: Emulator, app: Application, client: Client
    ) -> None:
        network.phone(GUEST)
        call = app.dial(client, to=GUEST, from_=OURS, answer=HELLO)
        for _ in range(2):
            assert call.wait_for(CallEnded, timeout=10).status == "completed"
        for kind in (CallInitiated, CallRinging, CallConnected):
            assert isinstance(call.wait_for(kind, timeout=1), kind)
        # Each event ends one wait for it by its general class.
        statuses = [call.wait_for(CallStatusChanged, timeout=1).status for _ in range(4)]
        assert statuses == ["initiated", "ringing", "in-progress", "completed"]
        with pytest.raises(TimeoutError):
            call.wait_for(CallStatusChanged, timeout=0.01)

    def test_waiting_for_what_can_t_come(self, network: Emulator, app: Application, client: Client) -> None:
        network.phone(GUEST, on_call="decline")
        call = app.dial(client, to=GUEST, from_=OURS, answer=HELLO)
        with pytest.raises(CallHungUp) as before:
            call.wait_for(CallConnected, timeout=10)
        with pytest.raises(CallHungUp) as after:
            call.wait_for(CallConnected, timeout=10)
        assert before.value.status == after.value.status == "busy"

    async def test_waiting_is_not_for_event_loops(
        self, network: Emulator, app: Application, client: Client
    ) -> None:
        network.phone(GUEST)
        call = app.dial(client, to=GUEST, from_=OURS, answer=HELLO)
        with pytest.raises(RuntimeError, match="AsyncClient"):
            call.wait_for(CallEnded)

    def test_listeners_of_one_call(self, stepped: Emulator) -> None:
        app = installed(stepped)
        stepped.phone(GUEST)
        call = app.dial(stepped.client(), to=GUEST, from_=OURS, answer=HELLO)
        other = app.dial(stepped.client(), to=GUEST, from_=OURS, answer=HELLO)
        seen: list[str] = []
        never: list[CallStatusChanged] = []
        call.once(CallStatusChanged, lambda event: seen.append(event.call_sid))
        call.on(CallEnded, never.append)
        call.off(CallEnded, never.append)
        stepped.run_until_idle()
        other.wait_for(CallEnded, timeout=5)
        call.wait_for(CallEnded, timeout=5)
        until(lambda: seen == [call.sid])
        assert never == []

    def test_a_condition(self, network: Emulator, app: Application, client: Client) -> None:
        network.phone(GUEST)
        call = app.dial(client, to=GUEST, from_=OURS, answer=HELLO)
        ended = call.wait_for(CallStatusChanged, where=lambda event: event.duration is not None, timeout=10)
        assert isinstance(ended, CallEnded)

    def test_a_webhook_that_overtakes_the_rest_answer(
        self, network: Emulator, app: Application, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        network.phone(GUEST, on_call="busy")
        heard = threading.Event()
        app.on(CallEnded, lambda _: heard.set())
        answer = network.answer

        def slowly(*asked: object) -> object:
            response = answer(*asked)  # type: ignore[arg-type]
            assert heard.wait(10)  # the whole call is over before the create returns
            return response

        monkeypatch.setattr(network, "answer", slowly)
        call = app.dial(network.client(), to=GUEST, from_=OURS, answer=HELLO)
        assert call.wait_for(CallEnded, timeout=0).status == "busy"
        assert call.status == "busy"

    def test_a_create_that_fails_leaves_nothing_behind(
        self, network: Emulator, app: Application, client: Client
    ) -> None:
        with pytest.raises(ApiError):
            app.dial(client, to=GUEST, from_="+15005550000", answer=HELLO)
        with pytest.raises(InvalidValue):
            app.dial(client, to=GUEST, from_=OURS, answer=HELLO, timeout=9999)
        assert not app._hub.live._by_token

    def test_what_is_passed_on(self, network: Emulator, app: Application, client: Client) -> None:
        heard: list[MachineDetectionResult] = []
        app.on(MachineDetectionResult, heard.append)
        phone = network.phone(GUEST, on_call="answer", answered_by="machine_start")
        call = app.dial(
            client,
            to=GUEST,
            from_=OURS,
            answer=VoiceResponse(Pause(length=20)),
            send_digits="1w2",
            machine_detection="Enable",
            async_amd=True,
            timeout=20,
            time_limit=60,
        )
        assert call.wait_for(MachineDetectionResult, timeout=10).answered_by == "machine_start"
        call.wait_for(CallEnded, timeout=10)
        assert len(heard) == 1
        assert phone.calls

    def test_answered_by_a_handler(self, stepped: Emulator) -> None:
        app = installed(stepped)
        answered: list[OutgoingCall] = []

        @app.on(GatherResult)
        def choose(pressed: GatherResult) -> VoiceResponse:
            return VoiceResponse(Say(f"You pressed {pressed.digits}"))

        @app.on(OutgoingCall)
        def connected(call: OutgoingCall) -> VoiceResponse:
            return VoiceResponse(Gather(Say("Press a key."), num_digits=1, action=choose))

        app.on(OutgoingCall, answered.append)
        phone = stepped.phone(GUEST)
        call = app.dial(stepped.client(), to=GUEST, from_=OURS, answer=connected)
        stepped.advance(4)
        call.wait_for(CallConnected, timeout=0)
        phone.calls[0].press("4")
        stepped.run_until_idle()
        assert call.wait_for(GatherResult, timeout=5).digits == "4"
        assert call.wait_for(CallEnded, timeout=5).status == "completed"
        until(lambda: len(answered) == 1)
        assert answered[0].call_sid == call.sid

    async def test_led_by_a_flow(self, stepped: Emulator) -> None:
        app = installed(stepped)
        log: list[object] = []

        @app.flow(OutgoingCall)
        async def survey(call: CallFlow) -> None:
            pressed = await call.gather(Say("How was it?"), num_digits=1, timeout=60)
            log.append(pressed and pressed.digits)

        phone = stepped.phone(GUEST)
        call = await app.dial(stepped.async_client(), to=GUEST, from_=OURS, answer=survey)
        await asyncio.to_thread(stepped.advance, 4)
        await asyncio.to_thread(phone.calls[0].press, "5")
        await asyncio.to_thread(stepped.run_until_idle)
        assert (await call.wait_for(CallEnded, timeout=5)).status == "completed"
        assert log == ["5"]

    def test_hanging_up(self, stepped: Emulator) -> None:
        app = installed(stepped)
        stepped.phone(GUEST)
        log: list[str] = []

        @app.flow(OutgoingCall)
        async def endless(call: CallFlow) -> None:
            try:
                while True:
                    await call.gather(timeout=600)
            except CallHungUp as hung_up:
                log.append(hung_up.status)

        call = app.dial(stepped.client(), to=GUEST, from_=OURS, answer=endless)
        stepped.advance(5)
        call.wait_for(CallConnected, timeout=5)
        call.hangup()
        stepped.advance(1)
        assert call.wait_for(CallEnded, timeout=5).status == "completed"
        until(lambda: log == ["completed"])
        assert call.hangup().status == "completed"

    async def test_cancelling(self, stepped: Emulator) -> None:
        app = installed(stepped)
        stepped.phone(GUEST, on_call="wait")
        call = await app.dial(stepped.async_client(), to=GUEST, from_=OURS, answer=HELLO)
        await asyncio.to_thread(stepped.advance, 2)
        await call.wait_for(CallRinging, timeout=5)
        await call.cancel()
        await asyncio.to_thread(stepped.run_until_idle)
        assert (await call.wait_for(CallEnded, timeout=10)).status == "canceled"

    def test_redirecting_to_everything(self, stepped: Emulator) -> None:
        app = installed(stepped)
        log: list[str] = []

        @app.flow(OutgoingCall)
        async def hold(call: CallFlow) -> None:
            log.append(f"hold {type(call.event).__name__}")
            try:
                await call.put_on_hold()
            except asyncio.CancelledError:
                log.append("left")
                raise

        @app.on(CallRedirected)
        def handler(call: CallRedirected) -> VoiceResponse:
            log.append("handler")
            return VoiceResponse(Pause(length=600))

        def then(*expected: str) -> None:
            stepped.advance(1)
            until(lambda: sorted(log) == sorted(expected))
            log.clear()

        failures: list[HandlerFailed] = []
        app.on(HandlerFailed, failures.append)
        stepped.phone(GUEST)
        call = app.dial(stepped.client(), to=GUEST, from_=OURS, answer=hold)
        stepped.advance(4)
        then("hold OutgoingCall")
        call.redirect(handler)
        then("left", "handler")
        call.redirect(hold)
        then("hold CallRedirected")
        call.redirect(hold)
        then("left", "hold CallRedirected")
        call.redirect(handler.url)
        then("left", "handler")
        call.redirect(VoiceResponse(Say("Goodbye.")))
        stepped.run_until_idle()
        assert call.wait_for(CallEnded, timeout=5).status == "completed"
        assert failures == []

    async def test_redirecting_asynchronously(self, stepped: Emulator) -> None:
        app = installed(stepped)
        stepped.phone(GUEST)
        silence = VoiceResponse(Pause(length=900))
        call = await app.dial(stepped.async_client(), to=GUEST, from_=OURS, answer=silence)
        assert isinstance(call, AsyncLiveCall)
        await asyncio.to_thread(stepped.advance, 5)
        await call.redirect(VoiceResponse(Say("Goodbye.")))
        await asyncio.to_thread(stepped.run_until_idle)
        ended = await call.wait_for(CallEnded, timeout=5)
        assert ended.status == "completed"
        assert ended.duration is not None
        assert ended.duration < 60

    def test_an_incoming_call_can_be_followed(self, stepped: Emulator) -> None:
        app = Application(public_url="https://example.com/phone", auth_token=stepped.auth_token)

        @app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None:
            call.say("One moment.")
            await call.put_on_hold()

        stepped.install(app, OURS)
        caller = stepped.phone(GUEST).dial(OURS)
        caller.expect_say("One moment.")
        stepped.advance(5)
        call = app.follow_call(stepped.client(), caller.sid)
        assert isinstance(call, LiveCall)
        assert call.status == "in-progress"
        call.redirect(VoiceResponse(Say("Sorry, nobody is there.")))
        caller.expect_say("nobody is there")
        stepped.run_until_idle()
        assert call.wait_for(CallEnded, timeout=5).status == "completed"

    async def test_and_asynchronously(self, stepped: Emulator) -> None:
        app = installed(stepped)
        stepped.phone(GUEST)
        client = stepped.async_client()
        call = await app.dial(client, to=GUEST, from_=OURS, answer=HELLO)
        same = await app.follow_call(client, call.sid)
        await asyncio.to_thread(stepped.run_until_idle)
        for one in (call, same):
            assert (await one.wait_for(CallEnded, timeout=5)).status == "completed"


class TestMessages:
    async def test_followed_to_its_end(
        self, network: Emulator, app: Application, async_client: AsyncClient
    ) -> None:
        sent: list[OutgoingMessage] = []
        app.on(OutgoingMessage, sent.append)
        network.phone(GUEST)
        message = await app.text(async_client, to=GUEST, from_=OURS, body="See you at seven!")
        statuses: list[str] = []
        while not statuses or statuses[-1] != "delivered":
            statuses.append((await message.wait_for(MessageStatusChanged, timeout=10)).status)
        assert statuses == ["sending", "sent", "delivered"]
        assert message.status == "delivered"
        assert (await message.refresh()).status == "delivered"
        await eventually(lambda: len(sent) == 1)
        assert (sent[0].message_sid, sent[0].to, sent[0].body) == (message.sid, GUEST, "See you at seven!")

    def test_synchronously(self, network: Emulator, app: Application, client: Client) -> None:
        sent: list[OutgoingMessage] = []
        app.on(OutgoingMessage, sent.append)
        phone = network.phone(GUEST)
        message = app.text(client, to=GUEST, from_=OURS, body="One")
        delivered = message.wait_for(
            MessageStatusChanged, where=lambda event: event.status == "delivered", timeout=10
        )
        assert delivered.message_sid == message.sid
        another = message.reply("Two")
        assert another.sid != message.sid
        phone.expect_text("Two")
        until(lambda: len(sent) == 2)
        assert message.refresh().status == "delivered"

    async def test_a_message_that_fails(
        self, network: Emulator, app: Application, async_client: AsyncClient
    ) -> None:
        network.phone(GUEST).receive("undelivered")
        message = await app.text(async_client, to=GUEST, from_=OURS, body="Hello?")
        failed = await message.wait_for(
            MessageStatusChanged, where=lambda event: event.error_code is not None, timeout=10
        )
        assert failed.status == message.status == "undelivered"

    def test_an_incoming_message_can_be_replied_to(
        self, network: Emulator, app: Application, client: Client
    ) -> None:
        came: list[IncomingMessage] = []

        @app.on(IncomingMessage)
        def receive(message: IncomingMessage) -> None:
            came.append(message)

        network.install(app, OURS)
        phone = network.phone(GUEST)
        phone.text(OURS, "Are you open?")
        until(lambda: len(came) == 1)
        incoming = app.follow_message(client, came[0].message_sid)
        incoming.reply("Until eleven.")
        assert phone.expect_text("Until eleven.").from_ == OURS

    async def test_and_asynchronously(
        self, network: Emulator, app: Application, async_client: AsyncClient
    ) -> None:
        network.phone(GUEST)
        first = await app.text(async_client, to=GUEST, from_=OURS, body="One")
        same = await app.follow_message(async_client, first.sid)
        assert (await same.reply("Two")).sid != first.sid


async def test_a_token_of_another_process_does_no_harm() -> None:
    app = Application(public_url="https://example.com/phone", auth_token="token")
    heard: list[CallEnded] = []
    app.on(CallEnded, heard.append)
    url = f"{app.callback(CallEnded).url}?ringback=call.unknown"
    asked = request(url, call_parameters(new_sid("CA"), "completed"), token="token")
    assert (await app.handle(asked)).status == 204
    assert len(heard) == 1
