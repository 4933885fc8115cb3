"""Everything that is kept has a bound and goes when it is over."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
import weakref
from typing import TYPE_CHECKING

import pytest

from ringback.app import Application, AsyncLiveCall, CallFlow
from ringback.app.live import index
from ringback.app.live.index import LiveIndex
from ringback.app.live.live import Live
from ringback.twiml import Say, VoiceResponse
from ringback.webhooks import (
    CallEnded,
    CallRinging,
    IncomingCall,
    MessageStatusChanged,
    RecordingStatusChanged,
)
from tests.app.made_up import FROM, TO, Twilio
from tests.app.twilio import TOKEN, call_parameters, eventually, link, new_sid, request, tags

if TYPE_CHECKING:
    from collections.abc import Callable


def application(**settings: object) -> Application:
    given: dict[str, object] = {"public_url": "https://example.com/phone", "auth_token": TOKEN}
    return Application(**given | settings)  # type: ignore[arg-type]


def recorded(call_sid: str) -> dict[str, str]:
    return call_parameters(
        call_sid,
        RecordingSid="RE1",
        RecordingStatus="completed",
        RecordingUrl="https://x",
        RecordingChannels="1",
        RecordingDuration="3",
        RecordingSource="DialVerb",
        RecordingStartTime="Fri, 20 Aug 2010 01:13:42 +0000",
    )


class TestLiveCallsAndMessages:
    async def test_what_is_over_goes(self) -> None:
        app = application()
        twilio = Twilio(app)
        kept: list[weakref.ref[Live]] = []

        async def one() -> None:
            call = await twilio.call()
            await twilio.reports(call.sid, "ringing")
            await twilio.reports(call.sid, "completed")
            text = await app.text(twilio.client, to=TO, from_=FROM, body="x")
            await twilio.reports(text.sid, "delivered")
            kept.extend((weakref.ref(call), weakref.ref(text)))

        for _ in range(50):
            await one()
        gc.collect()
        assert [each() for each in kept] == [None] * 100
        assert not app._hub.live._held
        assert len(app._hub.live) == 0
        await app.aclose()

    async def test_what_nobody_holds_goes_before(self) -> None:
        """A burst of texts whose reports are far away."""
        app = application()
        twilio = Twilio(app)
        for _ in range(50):
            await app.text(twilio.client, to=TO, from_=FROM, body="x")
        gc.collect()
        assert len(app._hub.live) == 0
        heard: list[str] = []
        app.on(MessageStatusChanged, lambda event: heard.append(event.message_sid))
        for sid in twilio.callbacks:
            await twilio.reports(sid, "delivered")
        assert len(heard) == 50
        await app.aclose()

    async def test_what_somebody_holds_hears_of_stragglers(self) -> None:
        app = application()
        twilio = Twilio(app)
        call = await twilio.call()
        await twilio.reports(call.sid, "completed")
        gc.collect()
        url = app.callback(RecordingStatusChanged).url
        assert (await app.handle(request(url, recorded(call.sid)))).status == 204
        assert (await call.wait_for(RecordingStatusChanged, timeout=0)).recording_sid == "RE1"
        await app.aclose()

    async def test_listeners_hear_of_stragglers_for_a_while(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(index, "STRAGGLERS", 1.5)
        app = application()
        twilio = Twilio(app)
        heard: list[str] = []
        call = await twilio.call()
        call.on(RecordingStatusChanged, lambda event: heard.append(event.call_sid or ""))
        sid, gone = call.sid, weakref.ref(call)
        await twilio.reports(sid, "completed")
        del call
        gc.collect()
        url = app.callback(RecordingStatusChanged).url
        assert (await app.handle(request(url, recorded(sid)))).status == 204
        assert heard == [sid]
        await eventually(lambda: not app._hub.live._ended)
        gc.collect()
        assert gone() is None
        assert len(app._hub.live) == 0
        await app.aclose()

    async def test_who_waits_keeps_what_they_wait_for(self) -> None:
        app = application()
        twilio = Twilio(app)
        call = await twilio.call()
        sid = call.sid
        waiting = asyncio.create_task(call.wait_for(CallEnded))
        await asyncio.sleep(0)
        del call
        gc.collect()
        await twilio.reports(sid, "busy")
        assert (await asyncio.wait_for(waiting, 5)).status == "busy"
        await app.aclose()

    async def test_two_that_follow_one(self) -> None:
        app = application()
        twilio = Twilio(app)
        call = await twilio.call()
        other = AsyncLiveCall(app._hub, app._flows, twilio.client, call.record)
        app._hub.live.follow(call.sid, other)
        del other
        gc.collect()
        await twilio.reports(call.sid, "ringing")
        assert (await call.wait_for(CallRinging, timeout=0)).call_sid == call.sid
        await app.aclose()


class Something:
    """The least that can be followed."""

    def known(self, sid: str, /) -> None: ...

    async def arrived(self, event: object, /) -> None: ...

    def _ended(self) -> bool:
        return False

    def _waited(self) -> bool:
        return False

    def _heard(self) -> bool:
        return True


def never(seconds: float, function: Callable[[], object]) -> None: ...


class TestIndex:
    def test_the_oldest_make_room(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(LiveIndex, "_MOST", 3)
        all = LiveIndex(never)

        def one(number: int) -> None:
            something = Something()
            with all.expecting(something) as token:
                pass
            all.bind(token, f"CA{number}")
            all.bind(token, f"CA{number}")
            all.hold(something)
            with all.expecting(Something()):
                pass

        for number in range(10):
            one(number)
        gc.collect()
        assert [number for number in range(10) if all.about(f"CA{number}")] == [7, 8, 9]
        assert len(all._by_token) == 3
        assert all.about(None) == []

    def test_the_oldest_that_have_ended_make_room(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(LiveIndex, "_MOST_ENDED", 2)
        monkeypatch.setattr(Something, "_ended", Something._heard)
        all = LiveIndex(never)

        def one(number: int) -> None:
            something = Something()
            all.follow(f"CA{number}", something)
            all.hold(something)
            all.settle(f"CA{number}")

        for number in range(10):
            one(number)
        gc.collect()
        assert [number for number in range(10) if all.about(f"CA{number}")] == [8, 9]
        assert not all._held

    def test_what_is_older_than_any_call_goes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(index, "LONGEST", -1.0)
        all = LiveIndex(never)
        something = Something()
        all.follow("CA1", something)
        all.hold(something)
        assert all.about("CA1") == [something]  # somebody else still has it
        assert not all._held
        del something
        gc.collect()
        assert len(all) == 0


class TestFlows:
    async def test_a_long_flow_takes_no_more_than_a_short_one(self) -> None:
        app = application()

        @app.flow(IncomingCall)
        async def queue(call: CallFlow) -> None:
            while True:
                await call.gather(Say("Please wait, or press any key."), num_digits=1, timeout=5)

        async def used(steps: int) -> float:
            gc.collect()
            tracemalloc.start()
            before, _ = tracemalloc.get_traced_memory()
            for _ in range(20):
                sid = new_sid("CA")
                heard = await app.handle(request(queue.url, call_parameters(sid, "ringing")))
                for _ in range(steps):
                    heard = await app.handle(request(link(heard, "Gather"), call_parameters(sid, Digits="1")))
            gc.collect()
            after, _ = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            return after - before

        await used(3)
        short, long = await used(5), await used(100)
        assert long < 1.5 * short
        await app.aclose()

    async def test_a_flow_that_is_over_is_forgotten(self) -> None:
        app = application(linger=0.2)

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            await call.gather()

        sid = new_sid("CA")
        heard = await app.handle(request(flow.url, call_parameters(sid, "ringing")))
        step = request(link(heard, "Gather"), call_parameters(sid, Digits="1"))
        over = await app.handle(step)
        assert tags(over) == []
        assert await app.handle(step) == over  # repeated a moment later
        await eventually(lambda: not app._flows.by_id and not app._flows.by_call)
        assert not app._flows._over
        await app.aclose()

    async def test_an_answer_that_was_held_is_forgotten(self) -> None:
        app = application(deadline=0.02, linger=0.2)
        gate = asyncio.Event()

        @app.on(IncomingCall)
        async def greet(call: IncomingCall) -> VoiceResponse:
            await gate.wait()
            return VoiceResponse(Say("At last"))

        parameters = call_parameters(new_sid("CA"))
        held = await app.handle(request(greet.url, parameters))
        gate.set()
        again = request(link(held, "Redirect"), parameters)
        await eventually(lambda: not app._hub._tasks)
        assert tags(await app.handle(again)) == ["Say"]
        assert tags(await app.handle(again)) == ["Say"]  # repeated a moment later
        await eventually(lambda: not app._webhooks._held._held)
        assert not app._webhooks._recognition._running
        await app.aclose()
