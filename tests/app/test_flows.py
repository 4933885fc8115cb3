"""Flows, led from outside by the webhooks that Twilio would send."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from ringback.app import Application, CallFlow, ConferenceResult, HandlerFailed
from ringback.app.flows.runs import FlowRuns
from ringback.errors import CallHungUp, FlowError, RegistrationError, TwimlError
from ringback.twiml import (
    Client,
    Conference,
    Dial,
    Number,
    Pause,
    Play,
    Reject,
    Say,
    VoiceResponse,
)
from ringback.webhooks import (
    CallEnded,
    CallRedirected,
    DialResult,
    GatherResult,
    IncomingCall,
    OutgoingCall,
    RecordResult,
    TranscriptionReady,
)
from tests.app.twilio import TOKEN, call_parameters, eventually, link, new_sid, request, served, tags

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from ringback.http import WebhookResponse

URL = "https://example.com/phone"

# Before 3.11 a task can't tell whether it was cancelled or raised the same by itself.
CANCELLED: list[type[BaseException]] = [asyncio.CancelledError] if sys.version_info >= (3, 11) else []


pytestmark = pytest.mark.in_turn


@pytest.fixture
async def app(workers: int) -> AsyncGenerator[Application, None]:
    app = Application(public_url=URL, auth_token=TOKEN, deadline=2.0)
    app._watch_flows(workers)
    yield app
    await app.aclose()


class Line:
    """One call to one flow: remembers its SID and the last document."""

    def __init__(self, app: Application, url: str, **parameters: str) -> None:
        self.app = app
        self.url = url
        self.sid = new_sid("CA")
        self.parameters = {"CallStatus": "ringing"} | parameters
        self.heard: WebhookResponse | None = None

    async def ask(self, url: str, status: str = "in-progress", **more: str) -> WebhookResponse:
        self.heard = await self.app.handle(request(url, call_parameters(self.sid, status, **more)))
        return self.heard

    async def start(self) -> list[str]:
        return tags(
            await self.ask(self.url, **{"status": self.parameters.pop("CallStatus")} | self.parameters)
        )

    async def after(self, verb: str, status: str = "in-progress", **more: str) -> list[str]:
        """Go to where a verb of the last document leads."""
        assert self.heard is not None
        return tags(await self.ask(link(self.heard, verb), status, **more))

    async def ended(self, status: str = "completed") -> None:
        url = self.app.callback(CallEnded).url
        answer = await self.app.handle(request(url, call_parameters(self.sid, status, CallDuration="7")))
        assert answer.status == 204

    def text(self, verb: str = "Say") -> str:
        assert self.heard is not None
        return " | ".join(element.text or "" for element in served(self.heard).iter(verb))


async def test_a_conversation(app: Application) -> None:
    @app.flow(IncomingCall)
    async def reception(call: CallFlow) -> None:
        call.say("Thanks for calling.", voice="Polly.Joanna")
        for _ in range(3):
            pressed = await call.gather(Say("Press 1."), num_digits=1, timeout=5)
            if pressed is not None:
                break
            call.say("I did not hear you.")
        else:
            call.hangup()
            return
        recording = await call.record(max_length=60, transcribe=True)
        assert recording is not None
        call.say(f"Got it, {recording.duration} seconds. Goodbye.")

    line = Line(app, reception.url)
    assert app.voice_url == reception.url == f"{URL}/reception"
    assert await line.start() == ["Say", "Gather", "Redirect"]
    assert line.text() == "Thanks for calling. | Press 1."
    assert await line.after("Redirect") == ["Say", "Gather", "Redirect"]
    assert line.text() == "I did not hear you. | Press 1."
    assert await line.after("Gather", Digits="1") == ["Record", "Redirect"]
    assert await line.after("Record", RecordingUrl="https://x", RecordingDuration="4") == ["Say"]
    assert line.text() == "Got it, 4 seconds. Goodbye."


async def test_three_times_nothing(app: Application) -> None:
    @app.flow(IncomingCall)
    async def reception(call: CallFlow) -> None:
        for _ in range(3):
            if await call.gather(num_digits=1):
                return
        call.hangup()

    line = Line(app, reception.url)
    await line.start()
    assert await line.after("Redirect") == ["Gather", "Redirect"]
    assert await line.after("Gather", Digits="") == ["Gather", "Redirect"]  # an action without input
    assert await line.after("Redirect") == ["Hangup"]


async def test_every_verb_is_written_as_its_element_would_be(app: Application) -> None:
    seen: list[DialResult | ConferenceResult] = []

    @app.flow(IncomingCall)
    async def flow(call: CallFlow) -> None:
        call.play("https://example.com/a.mp3", loop=2)
        call.pause(length=3)
        seen.append(await call.dial(Number("+15550001"), Client("ada"), timeout=9, hangup_on_star=True))
        call.say("Now the conference.")
        seen.append(await call.join_conference("kitchen", muted=True, time_limit=60))
        call.redirect(flow)

    line = Line(app, flow.url)
    await line.start()
    assert line.heard is not None
    assert line.heard.body.decode() == str(
        VoiceResponse(
            Play("https://example.com/a.mp3", loop=2),
            Pause(length=3),
            Dial(
                Number("+15550001"),
                Client("ada"),
                action=link(line.heard, "Dial"),
                timeout=9,
                hangup_on_star=True,
            ),
        )
    )
    await line.after("Dial", DialCallStatus="no-answer", DialBridged="false")
    assert line.heard.body.decode() == str(
        VoiceResponse(
            Say("Now the conference."),
            Dial(Conference("kitchen", muted=True), action=link(line.heard, "Dial"), time_limit=60),
        )
    )
    await line.after("Dial", DialCallStatus="answered", DialBridged="true")
    # Each visit of a flow asks for something new.
    assert link(line.heard, "Redirect").startswith(f"{flow.url}?ringback=again.")
    assert seen[0].dial_call_status == "no-answer"
    assert isinstance(seen[-1], ConferenceResult)
    assert (seen[-1].room, seen[-1].dial_call_status) == ("kitchen", "answered")


async def test_a_room_of_its_own(app: Application) -> None:
    rooms: list[str] = []

    @app.flow(IncomingCall)
    async def flow(call: CallFlow) -> None:
        rooms.append((await call.join_conference()).room)

    for _ in range(2):
        line = Line(app, flow.url)
        await line.start()
        room = line.text("Conference")
        await line.after("Dial", DialCallStatus="answered", DialBridged="true")
        assert rooms[-1] == room
    assert rooms[0] != rooms[1]
    assert min(len(room) for room in rooms) >= 16


@pytest.mark.parametrize("music", [True, False])
async def test_on_hold(app: Application, music: bool) -> None:
    @app.flow(IncomingCall)
    async def flow(call: CallFlow) -> None:
        await (call.put_on_hold() if music else call.put_on_hold_without_music())

    line = Line(app, flow.url)
    await line.start()
    assert line.heard is not None
    conference = next(served(line.heard).iter("Conference"))
    assert conference.get("startConferenceOnEnter") == "false"
    assert conference.get("waitUrl") == (None if music else "")


async def test_rejecting(app: Application) -> None:
    @app.flow(IncomingCall)
    async def flow(call: CallFlow) -> None:
        call.reject(reason="busy")

    line = Line(app, flow.url)
    await line.start()
    assert line.heard is not None
    assert line.heard.body.decode() == str(VoiceResponse(Reject(reason="busy")))


class Misuse:
    @staticmethod
    async def reject_late(call: CallFlow) -> None:
        call.say("Hello")
        call.reject()

    @staticmethod
    async def reject_after_an_await(call: CallFlow) -> None:
        await call.gather()
        call.reject()

    @staticmethod
    async def say_after_hangup(call: CallFlow) -> None:
        call.hangup()
        call.say("Hello")

    @staticmethod
    async def await_after_redirect(call: CallFlow) -> None:
        call.redirect("https://example.com")
        await call.gather()

    @staticmethod
    async def two_awaits_at_once(call: CallFlow) -> None:
        await asyncio.gather(call.gather(), call.gather())


@pytest.mark.parametrize("name", [name for name in vars(Misuse) if not name.startswith("_")])
async def test_misuse_is_a_flow_error(app: Application, name: str) -> None:
    failures: list[HandlerFailed] = []
    app.on(HandlerFailed, failures.append)
    flow = app.flow(IncomingCall)(getattr(Misuse, name))
    line = Line(app, flow.url)
    if await line.start() == ["Gather", "Redirect"] and not failures:
        await line.after("Gather", Digits="1")
    await eventually(lambda: len(failures) == 1)
    assert isinstance(failures[0].error, FlowError)
    assert failures[0].route == name


async def test_an_outgoing_call_can_t_be_rejected(app: Application) -> None:
    errors: list[FlowError] = []

    @app.flow(OutgoingCall)
    async def flow(call: CallFlow) -> None:
        assert isinstance(call.event, OutgoingCall)
        try:
            call.reject()
        except FlowError as error:
            errors.append(error)

    await Line(app, flow.url, CallStatus="in-progress", Direction="outbound-api").start()
    assert len(errors) == 1


async def test_a_flow_knows_why_it_was_asked(app: Application) -> None:
    events: list[object] = []

    @app.flow(IncomingCall)
    async def flow(call: CallFlow) -> None:
        events.append(type(call.event))
        assert call.sid == call.event.call_sid
        assert (call.from_, call.to) == (call.event.from_, call.event.to)
        assert call.sid in repr(call)

    await Line(app, flow.url).start()
    await Line(app, flow.url, Direction="outbound-api").start()
    await Line(app, f"{flow.url}?ringback=moved.x").start()
    assert events == [IncomingCall, OutgoingCall, CallRedirected]


class TestHangingUp:
    async def test_at_an_await(self, app: Application) -> None:
        log: list[object] = []

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            try:
                await call.gather()
            except CallHungUp as hung_up:
                log.append((hung_up.call_sid, hung_up.status))
                raise
            finally:
                log.append("cleaned up")

        failures: list[HandlerFailed] = []
        app.on(HandlerFailed, failures.append)
        line = Line(app, flow.url)
        await line.start()
        await line.ended()
        await eventually(lambda: len(log) == 2)
        assert log == [(line.sid, "completed"), "cleaned up"]
        assert failures == []

    @pytest.mark.in_one_worker(
        "which of two workers has the key first, and which the end, is a matter of chance"
    )
    async def test_between_two_awaits(self, app: Application) -> None:
        gate = asyncio.Event()
        log: list[str] = []

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            await call.gather()
            await gate.wait()
            log.append("back")
            try:
                await call.gather()
            finally:
                log.append("hung up")

        line = Line(app, flow.url)
        await line.start()
        assert line.heard is not None
        waiting = asyncio.create_task(line.after("Gather", Digits="1"))
        await asyncio.sleep(0)
        await line.ended()
        gate.set()
        assert await waiting == []
        assert log == ["back", "hung up"]

    async def test_a_recording_that_a_hang_up_ended_is_not_lost(self, app: Application) -> None:
        log: list[object] = []

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            recording = await call.record()
            assert recording is not None
            log.append((recording.duration, recording.digits))
            try:
                await call.gather()
            except CallHungUp:
                log.append("hung up")

        for news_first in (False, True):
            line = Line(app, flow.url)
            await line.start()
            if news_first:
                await line.ended()
            await line.after(
                "Record", "completed", RecordingUrl="https://x", RecordingDuration="3", Digits="hangup"
            )
            await eventually(lambda: len(log) == 2)
            assert log == [(3, "hangup"), "hung up"]
            log.clear()

    async def test_a_silent_recording_and_a_hang_up(self, app: Application) -> None:
        seen: list[type[Exception]] = []

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            try:
                await call.record()
            except CallHungUp as error:
                seen.append(type(error))

        line = Line(app, flow.url)
        await line.start()
        assert await line.after("Redirect", "completed") == []
        assert seen == [CallHungUp]

    async def test_a_flow_may_go_on_without_the_caller(self, app: Application) -> None:
        done = asyncio.Event()

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            try:
                await call.gather()
            except CallHungUp:
                call.say("Nobody hears this.")
                with pytest.raises(CallHungUp):
                    await call.gather()
            done.set()

        line = Line(app, flow.url)
        await line.start()
        await line.ended("busy")
        await asyncio.wait_for(done.wait(), 2)

    async def test_no_word_for_too_long(self) -> None:
        app = Application(public_url=URL, auth_token=TOKEN, idle_limit=0.02)
        seen: list[str] = []

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            try:
                await call.gather()
            except CallHungUp as error:
                seen.append(error.status)

        await Line(app, flow.url).start()
        await eventually(lambda: seen == ["completed"])

    async def test_the_end_of_another_call_changes_nothing(self, app: Application) -> None:
        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            await call.gather()
            call.say("Still here")

        line, other = Line(app, flow.url), Line(app, flow.url)
        await line.start()
        await other.ended()
        assert await line.after("Gather", Digits="1") == ["Say"]

    async def test_another_call_s_hang_up_is_a_failure(self, app: Application) -> None:
        failures: list[HandlerFailed] = []
        app.on(HandlerFailed, failures.append)

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            raise CallHungUp("CA-another")

        assert await Line(app, flow.url).start() == ["Say", "Hangup"]
        await eventually(lambda: len(failures) == 1)


class TestRepetitions:
    async def test_of_a_step(self, app: Application) -> None:
        digits: dict[int, str | None] = {}

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            for number in range(3):
                call.say(f"Number {number}")
                pressed = await call.gather()
                digits[number] = pressed.digits if pressed else None

        line = Line(app, flow.url)
        await line.start()
        assert line.heard is not None
        first_step = link(line.heard, "Gather")
        await line.ask(first_step, Digits="1")
        answer = line.heard
        assert await line.ask(first_step, Digits="1") == answer
        assert await line.ask(first_step, Digits="2") == answer
        assert await line.ask(first_step.replace("GatherResult", "none")) == answer
        second_step = link(answer, "Gather")
        await line.ask(second_step, Digits="5")
        assert line.text() == "Number 2"
        assert await line.ask(first_step, Digits="9") == answer  # very late
        assert digits == {0: "1", 1: "5"}

    async def test_two_of_a_step_at_once(self, app: Application) -> None:
        gate = asyncio.Event()
        results: list[GatherResult | None] = []

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            results.append(await call.gather())
            await gate.wait()
            call.say("Once")

        line = Line(app, flow.url)
        await line.start()
        assert line.heard is not None
        step = link(line.heard, "Gather")
        waiting = [asyncio.create_task(line.ask(step, Digits="1")) for _ in range(5)]
        await eventually(lambda: len(results) > 0)
        gate.set()
        assert {tuple(tags(answer)) for answer in await asyncio.gather(*waiting)} == {("Say",)}
        assert len(set(map(repr, results))) == 1

    async def test_a_server_that_gives_up_on_a_request(self, app: Application) -> None:
        gate = asyncio.Event()
        results: list[GatherResult | None] = []

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            results.append(await call.gather())
            await gate.wait()
            call.say("Still here")

        line = Line(app, flow.url)
        await line.start()
        assert line.heard is not None
        step = link(line.heard, "Gather")
        asked = asyncio.create_task(line.ask(step, Digits="1"))
        await eventually(lambda: len(results) > 0)
        asked.cancel()  # as servers do when the connection is gone
        with pytest.raises(asyncio.CancelledError):
            await asked
        gate.set()
        assert tags(await line.ask(step, Digits="1")) == ["Say"]
        assert len(set(map(repr, results))) == 1

    async def test_of_the_first_request_at_once(self, app: Application) -> None:
        started: list[str] = []

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            started.append(call.sid)
            await asyncio.sleep(0.01)
            call.say("Hello")

        line = Line(app, flow.url)
        answers = await asyncio.gather(*(line.ask(flow.url, "ringing") for _ in range(5)))
        assert {tuple(tags(answer)) for answer in answers} == {("Say",)}
        assert started == [line.sid]

    async def test_of_the_first_request(self, app: Application) -> None:
        started = 0

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            nonlocal started
            started += 1
            await call.gather()

        line = Line(app, flow.url)
        await line.start()
        first = line.heard
        await line.ask(flow.url, "ringing")
        assert line.heard == first
        assert started == 1

    @pytest.mark.in_one_worker("it counts how often code between awaits runs")
    async def test_a_call_that_comes_back_starts_anew(self, app: Application) -> None:
        log: list[str] = []

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            log.append("start")
            try:
                await call.gather()
                call.redirect(flow)
            except asyncio.CancelledError:
                log.append("left")
                raise

        failures: list[HandlerFailed] = []
        app.on(HandlerFailed, failures.append)
        line = Line(app, flow.url)
        await line.start()
        await line.after("Gather", Digits="1")
        assert await line.after("Redirect") == ["Gather", "Redirect"]
        assert log == ["start", "start"]
        # Sent here by the REST API while the flow waits: the old run is over, its clean-up runs.
        await line.ask(f"{flow.url}?ringback=moved.once")
        await eventually(lambda: log == ["start", "start", "start", "left"])
        assert failures == []

    @pytest.mark.in_one_worker("a step that nobody knows may be one that the store has lost: it is held")
    async def test_what_is_not_a_step(self, app: Application, caplog: pytest.LogCaptureFixture) -> None:
        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            await call.gather()

        line = Line(app, flow.url)
        await line.start()
        assert line.heard is not None
        step = link(line.heard, "Gather")
        for url in (
            step.replace(".1.", ".9."),
            step.replace(".1.", "."),
            step + ".x",
            step.replace(".1.", ".-1."),
            step.replace(".1.", f".{'9' * 5000}."),  # more digits than Python makes a number of
            f"{flow.url}?ringback=flow.gone.1.GatherResult",
        ):
            assert tags(await line.ask(url, Digits="1")) == ["Say", "Hangup"], url
        other = Line(app, flow.url)  # one call can't answer for another
        assert tags(await other.ask(step, Digits="1")) == ["Say", "Hangup"]
        assert (await line.ask(step, Digits="1")).status == 200
        assert "restarted" in caplog.text

    @pytest.mark.in_one_worker("it looks into the memory of one")
    async def test_memory_is_bounded(self, app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(FlowRuns, "_KEPT", 2)

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            for _ in range(5):
                await call.gather()

        lines = [Line(app, flow.url) for _ in range(4)]
        steps: list[str] = []
        for line in lines:
            await line.start()
            for _ in range(5):
                assert line.heard is not None
                steps.append(link(line.heard, "Gather"))
                await line.after("Gather", Digits="1")
        await eventually(lambda: len(app._flows.by_call) == 2)
        assert len(app._flows.by_id) == 2
        assert tags(await lines[0].ask(steps[4], Digits="1")) == ["Say", "Hangup"]
        # Whoever asks for so old an answer has had it, and those after it.
        assert tags(await lines[3].ask(steps[15], Digits="1")) == []
        assert tags(await lines[3].ask(steps[19], Digits="1")) == []

    async def test_a_dial_without_a_result(self, app: Application) -> None:
        failures: list[HandlerFailed] = []
        app.on(HandlerFailed, failures.append)

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            await call.dial("+15017122662")

        line = Line(app, flow.url)
        await line.start()
        assert line.heard is not None
        assert tags(await line.ask(link(line.heard, "Dial").replace("DialResult", "none"))) == [
            "Say",
            "Hangup",
        ]
        await eventually(lambda: len(failures) == 1)

    async def test_a_result_of_which_something_can_t_be_read_is_a_result(self, app: Application) -> None:
        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            recording = await call.record()
            assert recording is not None
            call.say(f"{recording.duration} {dict(recording.unreadable)}")

        line = Line(app, flow.url)
        await line.start()
        assert line.heard is not None
        step = link(line.heard, "Record")
        await line.ask(step, RecordingUrl="https://x", RecordingDuration="long")
        assert line.text() == "None {'RecordingDuration': 'long'}"


class TestSlowFlows:
    async def test_the_caller_is_held_while_the_flow_thinks(self) -> None:
        app = Application(public_url=URL, auth_token=TOKEN, deadline=0.02)
        gate = asyncio.Event()

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            call.say("One moment.")
            await gate.wait()
            await call.gather(Say("Now press."))
            gate.clear()
            await gate.wait()
            call.say("Done.")

        line = Line(app, flow.url)
        assert await line.start() == ["Pause", "Redirect"]
        assert await line.after("Redirect") == ["Pause", "Redirect"]
        gate.set()
        assert await line.after("Redirect") == ["Say", "Gather", "Redirect"]
        gather = line.heard
        assert gather is not None
        assert await line.after("Gather", Digits="1") == ["Pause", "Redirect"]
        gate.set()
        assert await line.after("Redirect") == ["Say"]
        assert line.text() == "Done."
        await line.ask(link(gather, "Gather"), Digits="1")
        assert line.text() == "Done."

    async def test_a_flow_that_hangs_is_given_up(self) -> None:
        app = Application(public_url=URL, auth_token=TOKEN, deadline=0.02, hold_limit=0.05)
        failures: list[HandlerFailed] = []
        app.on(HandlerFailed, failures.append)
        cleaned = asyncio.Event()

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                cleaned.set()

        line = Line(app, flow.url)
        heard = await line.start()
        while heard == ["Pause", "Redirect"]:
            heard = await line.after("Redirect")
        assert heard == ["Say", "Hangup"]
        await asyncio.wait_for(cleaned.wait(), 2)
        await eventually(lambda: len(failures) == 1)
        assert isinstance(failures[0].error, TimeoutError)

    async def test_an_await_that_is_given_up_by_the_flow(self, app: Application) -> None:
        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            try:
                await asyncio.wait_for(call.gather(Say("Quick!")), 0.02)
            except asyncio.TimeoutError:
                call.say("Too late.")
                await call.gather()
            call.say("Bye.")

        line = Line(app, flow.url)
        await line.start()
        await asyncio.sleep(0.05)
        assert await line.after("Gather", Digits="1") == ["Say", "Gather", "Redirect"]
        assert line.text() == "Too late."
        assert await line.after("Gather", Digits="1") == ["Say"]


class TestFailures:
    @pytest.fixture
    def failures(self, app: Application) -> list[HandlerFailed]:
        seen: list[HandlerFailed] = []
        app.on(HandlerFailed, seen.append)
        return seen

    @pytest.mark.parametrize(
        "error",
        [ValueError, SystemExit, pytest.fail.Exception, *CANCELLED, StopAsyncIteration],
    )
    async def test_a_flow_that_raises(
        self, app: Application, failures: list[HandlerFailed], error: type[BaseException]
    ) -> None:
        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            await call.gather()
            call.say("never heard")
            raise error("secret")

        line = Line(app, flow.url)
        await line.start()
        assert await line.after("Gather", Digits="1") == ["Say", "Hangup"]
        assert "secret" not in line.text()
        assert "never heard" not in line.text()
        await eventually(lambda: len(failures) == 1)
        assert (failures[0].route, failures[0].call_sid) == ("flow", line.sid)
        assert isinstance(failures[0].event, IncomingCall)

    async def test_a_verb_that_can_t_be_written(
        self, app: Application, failures: list[HandlerFailed]
    ) -> None:
        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            with pytest.raises(TwimlError):
                await call.gather(num_digits=0)
            call.say("x" * 5000)

        assert await Line(app, flow.url).start() == ["Say", "Hangup"]
        await eventually(lambda: len(failures) == 1)

    async def test_too_much_for_one_document_loses_nothing(self, app: Application) -> None:
        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            call.say("Hello")
            with pytest.raises(TwimlError, match="65536"):
                await call.gather(*(Say("x" * 4000) for _ in range(20)))
            await call.gather(Say("Shorter"))

        line = Line(app, flow.url)
        assert await line.start() == ["Say", "Gather", "Redirect"]
        assert line.text() == "Hello | Shorter"

    async def test_a_flow_has_to_be_async(self, app: Application) -> None:
        def flow(call: CallFlow) -> None: ...

        with pytest.raises(RegistrationError, match="async"):
            app.flow(IncomingCall)(flow)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    async def test_one_flow_or_handler_answers(self, app: Application) -> None:
        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None: ...

        with pytest.raises(RegistrationError, match=r"^event: "):

            @app.on(IncomingCall)
            async def greet(call: IncomingCall) -> VoiceResponse:
                return VoiceResponse()


async def test_listeners_hear_of_what_a_flow_hears(app: Application) -> None:
    heard: list[str] = []
    app.on(GatherResult, lambda event: heard.append(f"pressed {event.digits}"))
    app.on(RecordResult, lambda event: heard.append(f"recorded {event.duration}"))
    app.on(TranscriptionReady, lambda event: heard.append(f"said {event.text}"))

    @app.flow(IncomingCall)
    async def flow(call: CallFlow) -> None:
        await call.gather()
        await call.record(transcribe=True)

    line = Line(app, flow.url)
    await line.start()
    await line.after("Gather", Digits="1")
    assert line.heard is not None
    record = served(line.heard).find("Record")
    assert record is not None
    transcribe = record.get("transcribeCallback") or ""
    assert transcribe == app.callback(TranscriptionReady).url
    await line.after("Record", RecordingUrl="https://x", RecordingDuration="4")
    await line.ask(
        transcribe,
        TranscriptionSid="TR1",
        TranscriptionStatus="completed",
        TranscriptionText="hello",
        TranscriptionUrl="https://x",
        RecordingSid="RE1",
        RecordingUrl="https://x",
    )
    await eventually(lambda: sorted(heard) == ["pressed 1", "recorded 4", "said hello"])


async def test_a_thousand_calls_at_once() -> None:
    app = Application(public_url=URL, auth_token=TOKEN, deadline=30)
    cleaned: list[str] = []

    @app.flow(IncomingCall)
    async def flow(call: CallFlow) -> None:
        try:
            first = await call.gather()
            second = await call.gather()
            assert first is not None
            assert second is not None
            call.say(f"{call.sid} {first.digits} {second.digits}")
        finally:
            cleaned.append(call.sid)

    async def one(number: int) -> None:
        line = Line(app, flow.url)
        await line.start()
        await line.after("Gather", Digits=str(number))
        if number % 10 == 0:
            await line.ended()
            return
        await line.after("Gather", Digits=str(number + 1))
        assert line.text() == f"{line.sid} {number} {number + 1}"

    await asyncio.gather(*(one(number) for number in range(1000)))
    await eventually(lambda: len(cleaned) == 1000)
    assert len(app._flows) == 0


class TestThreads:
    """WSGI servers call from many threads; a flow lives in one loop."""

    def test_webhooks_of_one_call_come_from_many_threads(self) -> None:
        app = Application(public_url=URL, auth_token=TOKEN)
        loops: set[int] = set()

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            for number in range(5):
                loops.add(id(asyncio.get_running_loop()))
                call.say(f"Step {number}")
                await call.gather()

        sid = new_sid("CA")
        answer = app.handle_sync(request(flow.url, call_parameters(sid, "ringing")))
        for number in range(1, 5):
            answers: list[WebhookResponse] = []
            asked = request(link(answer, "Gather"), call_parameters(sid, Digits="1"))

            def ask(asked: object = asked, answers: list[WebhookResponse] = answers) -> None:
                answers.append(app.handle_sync(asked))  # type: ignore[arg-type]

            threads = [threading.Thread(target=ask) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len({answer.body for answer in answers}) == 1
            answer = answers[0]
            assert served(answer).findtext("Say") == f"Step {number}"
        assert len(loops) == 1
        app.close()

    def test_two_loops_share_a_flow(self) -> None:
        app = Application(public_url=URL, auth_token=TOKEN)
        threads: set[str] = set()

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            threads.add(threading.current_thread().name)
            await call.gather()
            threads.add(threading.current_thread().name)
            await call.gather()

        sid = new_sid("CA")
        first = app.handle_sync(request(flow.url, call_parameters(sid, "ringing")))
        asked = request(link(first, "Gather"), call_parameters(sid, Digits="1"))
        second = asyncio.run(app.handle(asked))
        assert tags(second) == ["Gather", "Redirect"]
        assert threads == {"ringback-portal"}
        app.close()

    def test_closing_from_another_loop(self) -> None:
        app = Application(public_url=URL, auth_token=TOKEN)
        cleaned = threading.Event()

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            try:
                await call.gather()
            finally:
                cleaned.set()

        app.handle_sync(request(flow.url, call_parameters(new_sid("CA"), "ringing")))
        asyncio.run(app.aclose())
        assert cleaned.wait(5)

    def test_a_flow_whose_loop_is_gone(self, caplog: pytest.LogCaptureFixture) -> None:
        app = Application(public_url=URL, auth_token=TOKEN)

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            await call.gather()

        sid = new_sid("CA")
        first = asyncio.run(app.handle(request(flow.url, call_parameters(sid, "ringing"))))
        asked = request(link(first, "Gather"), call_parameters(sid, Digits="1"))
        assert tags(asyncio.run(app.handle(asked))) == ["Say", "Hangup"]
