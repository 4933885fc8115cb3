"""Several workers of one application in this process: who leads a call, answers for it, and takes it over."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import TYPE_CHECKING

import pytest

from ringback.app import Application, CallFlow, HandlerFailed
from ringback.app.flows import durable, runner, sharing, worker
from ringback.app.tags import tagged
from ringback.errors import CallHungUp
from ringback.stores import MemoryStore
from ringback.stores.store import Told
from ringback.twiml import Say, VoiceResponse
from ringback.webhooks import IncomingCall
from tests.app.test_sharing_faults import Site, Wire, sites
from tests.app.twilio import (
    TOKEN,
    call_parameters,
    eventually,
    link,
    new_sid,
    request,
    served,
    tags,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from ringback.http import WebhookResponse

URL = "https://example.com/phone"


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is due is so at once, and dead workers are soon found to be."""
    for module in (durable, sharing):
        monkeypatch.setattr(module, "LEASE", 0.3)
    for name, seconds in (("LEASE", 0.3), ("HEARTBEAT", 0.05)):
        monkeypatch.setattr(worker, name, seconds)


class Log:
    """A flow of two keys that notes what it does."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.failures: list[HandlerFailed] = []

    async def lead(self, call: CallFlow) -> None:
        self.notes.append("begins")
        try:
            one = await call.gather(num_digits=1)
            other = await call.gather(num_digits=1)
            call.say(f"{one and one.digits}{other and other.digits}")
            self.notes.append("returns")
        except CallHungUp as hung_up:
            self.notes.append(f"hung up: {hung_up.status}")
            raise
        except asyncio.CancelledError:
            self.notes.append("cancelled")
            raise
        finally:
            self.notes.append("finally")


async def ended(site: Site, sid: str, status: str = "completed") -> None:
    answer = await site.ask(site.status, sid, CallStatus=status, SequenceNumber="3", CallDuration="1")
    assert answer.status == 204


async def listens(site: Site) -> None:
    """Wait until a worker reads its mailbox."""
    told = Told.NOT_REACHED
    while told is not Told.REACHED:
        told = await site.wire.store.tell(site.worker.id, b"[]")
        await asyncio.sleep(0.002)


async def die(site: Site) -> None:
    """Be as a worker that was killed: it does nothing more, and nobody hears of it."""
    await eventually(lambda: site.worker._stopping is not None)
    site.wire.cut = True
    site.worker._thread = None
    stop, loop = site.worker._stopping, site.worker._loop
    assert loop is not None
    assert stop is not None
    loop.call_soon_threadsafe(stop.set)
    for run in tuple(site.app._flows.by_id.values()):
        run.abandon()


class TestOwner:
    async def test_is_asked_by_the_others(self) -> None:
        log = Log()
        async with sites(log.lead, 3) as (one, two, three):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            again = await two.ask(one.flow.url, sid)
            assert again.body == first.body
            second = await two.ask(link(first, "Gather"), sid, Digits="1")
            third = await three.ask(link(second, "Gather"), sid, Digits="2")
            assert served(third).findtext("Say") == "12"
            for site in (one, two, three):  # a repetition at any of them
                assert (await site.ask(link(second, "Gather"), sid, Digits="2")).body == third.body
                assert (await site.ask(link(first, "Gather"), sid, Digits="7")).body == second.body
        assert log.notes == ["begins", "returns", "finally"]

    async def test_leaves_its_calls_to_the_others(self) -> None:
        log = Log()
        async with sites(log.lead) as (one, two):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            await one.app.aclose()
            assert log.notes == ["begins"]
            second = await two.ask(link(first, "Gather"), sid, Digits="1")
            third = await two.ask(link(second, "Gather"), sid, Digits="2")
            assert served(third).findtext("Say") == "12"
        assert log.notes == ["begins", "begins", "returns", "finally"]

    @pytest.mark.usefixtures("hurried")
    async def test_that_is_dead_is_followed(self) -> None:
        log = Log()
        async with sites(log.lead) as (one, two):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            await die(one)
            second = await two.ask(link(first, "Gather"), sid, Digits="1")
            third = await two.ask(link(second, "Gather"), sid, Digits="2")
            assert served(third).findtext("Say") == "12"
        assert log.notes == ["begins", "begins", "returns", "finally"]

    async def test_that_was_superseded_serves_nothing(self) -> None:
        """A worker that slept: somebody has taken its run, and it is asked for an answer."""
        log = Log()
        async with sites(log.lead) as (one, two):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            await two.ask(two.flow.url, new_sid("CA"))
            run = one.run_of(sid)
            record = await one.wire.store.read(run.id)
            assert record is not None
            taken = await two.sharing.take_over(run.id, record.owner)
            assert taken is not None
            answer = await one.ask(link(first, "Gather"), sid, Digits="1")
            assert tags(answer) == ["Gather", "Redirect"]
            assert run.done  # and abandoned
            assert two.run_of(sid) is taken
            await eventually(lambda: taken.machine.step == 2)  # the answer may be here sooner
            last = await one.ask(link(answer, "Gather"), sid, Digits="2")
            assert served(last).findtext("Say") == "12"
        assert log.notes.count("returns") == 1

    async def test_two_claim_at_once(self) -> None:
        log = Log()
        async with sites(log.lead, 3) as (one, two, three):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            run = one.run_of(sid).id
            await one.app.aclose()
            url = link(first, "Gather")
            answers = await asyncio.gather(two.ask(url, sid, Digits="1"), three.ask(url, sid, Digits="1"))
            assert answers[0].body == answers[1].body
            record = await two.wire.store.read(run)
            assert record is not None
            assert record.epoch == 2
        assert log.notes == ["begins", "begins"]


class TestStarting:
    async def test_a_repetition_while_the_first_is_being_computed(self) -> None:
        gate = asyncio.Event()
        begun: list[str] = []

        async def flow(call: CallFlow) -> None:
            begun.append(call.sid)
            await gate.wait()
            await call.gather(num_digits=1)

        async with sites(flow) as (one, two):
            sid = new_sid("CA")
            first = asyncio.create_task(one.ask(one.flow.url, sid))
            await eventually(lambda: bool(begun))
            again = asyncio.create_task(two.ask(one.flow.url, sid))
            await asyncio.sleep(0.02)
            gate.set()
            assert (await first).body == (await again).body
            assert begun == [sid]

    async def test_two_begin_at_once(self) -> None:
        log = Log()
        async with sites(log.lead, 3) as made:
            sid = new_sid("CA")
            answers = await asyncio.gather(*(site.ask(site.flow.url, sid) for site in made))
            assert len({answer.body for answer in answers}) == 1
        assert log.notes == ["begins"]

    async def test_a_flow_that_redirects_to_itself(self) -> None:
        visits: list[str] = []

        async def flow(call: CallFlow) -> None:
            visits.append(call.sid)
            await call.gather(num_digits=1)
            call.redirect(made[0].flow)

        async with sites(flow, 3) as made:
            sid = new_sid("CA")
            answer = await made[0].ask(made[0].flow.url, sid)
            for number in range(1, 4):
                site = made[number % 3]
                answer = await site.ask(link(answer, "Gather"), sid, Digits=str(number))
                url = link(answer, "Redirect")
                answer = await made[(number + 1) % 3].ask(url, sid)
                assert tags(answer) == ["Gather", "Redirect"]
                assert (await made[number % 3].ask(url, sid)).body == answer.body
            assert visits == [sid] * 4

    async def test_what_is_superseded_is_dismissed_once(self) -> None:
        log = Log()
        async with sites(log.lead) as (one, two):
            sid = new_sid("CA")
            await one.ask(one.flow.url, sid)
            await listens(one)
            moved = await two.ask(tagged(two.flow.url, "moved", "once"), sid)
            assert tags(moved) == ["Gather", "Redirect"]
            await eventually(lambda: log.notes == ["begins", "begins", "cancelled", "finally"])


class TestMoving:
    async def test_from_a_worker_that_does_not_lead_the_call(self) -> None:
        log = Log()
        async with sites(log.lead) as (one, two):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            await listens(one)
            async with two.app._flows.moving_async(sid):
                await eventually(lambda: bool(one.run_of(sid).machine._moving))
                # The interrupted verb is reported meanwhile, and the flow doesn't go on with it.
                cut_off = asyncio.create_task(one.ask(link(first, "Gather"), sid, Digits="1"))
                await asyncio.sleep(0.05)
                assert log.notes == ["begins"]
            await eventually(lambda: log.notes == ["begins", "cancelled", "finally"])
            assert tags(await cut_off) == []

    async def test_that_fails_lets_the_flow_go_on(self) -> None:
        log = Log()
        async with sites(log.lead) as (one, two):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            asked: list[asyncio.Task[WebhookResponse]] = []
            await listens(one)

            async def fail_to_move() -> None:
                async with two.app._flows.moving_async(sid):
                    await eventually(lambda: bool(one.run_of(sid).machine._moving))
                    asked.append(asyncio.create_task(one.ask(link(first, "Gather"), sid, Digits="1")))
                    await asyncio.sleep(0.05)
                    raise ConnectionError("no route")

            with pytest.raises(ConnectionError):
                await fail_to_move()
            assert tags(await asked[0]) == ["Gather", "Redirect"]
            assert log.notes == ["begins"]


class TestResults:
    async def test_one_that_can_t_be_read_leaves_its_place_free(self) -> None:
        heard: list[int | None] = []

        async def flow(call: CallFlow) -> None:
            outcome = await call.dial("+15017122661")
            heard.append(outcome.dial_call_duration)
            call.say("Bye")

        async with sites(flow) as (one, two):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            url = link(first, "Dial")
            for kind in ("CallEnded", "NoResult"):
                for site in (two, one):
                    refused = await site.ask(url.replace("DialResult", kind), sid)
                    assert refused.status == 400
            record = await one.wire.store.read(one.run_of(sid).id)
            assert record is not None
            assert "in.1" not in record.fields
            answer = await two.ask(url, sid, DialCallStatus="completed", DialBridged="true")
            assert tags(answer) == ["Say"]
            assert len(heard) == 1

    async def test_another_call_can_t_bring_them(self) -> None:
        log = Log()
        async with sites(log.lead) as (one, two):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            for site in (one, two):
                answer = await site.ask(link(first, "Gather"), new_sid("CA"), Digits="1")
                assert tags(answer) == ["Say", "Hangup"]
            assert tags(await two.ask(link(first, "Gather"), sid, Digits="1")) == ["Gather", "Redirect"]


@pytest.mark.usefixtures("hurried")
class TestHangingUp:
    async def test_owner_and_worker_gone(self) -> None:
        """Whoever is left finds what is due."""
        log = Log()
        async with sites(log.lead, 3) as (one, two, three):
            sid = new_sid("CA")
            await one.ask(one.flow.url, sid)
            await ended_without_looking(two, one, sid)
            three.app.start()
            await eventually(lambda: "finally" in log.notes)
            await asyncio.sleep(0.5)
            assert log.notes.count("hung up: completed") == log.notes.count("finally") == 1

    @pytest.mark.parametrize("result_first", [True, False])
    async def test_a_recording_and_its_end_with_a_dead_owner(
        self, result_first: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(runner, "GRACE", 0.5)
        notes: list[object] = []

        async def flow(call: CallFlow) -> None:
            recording = await call.record()
            notes.append(recording and recording.duration)
            try:
                await call.gather()
            except CallHungUp:
                notes.append("hung up")
                raise

        async with sites(flow) as (one, two):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            await die(one)
            if not result_first:
                await ended(two, sid)
            brought = {"RecordingUrl": "https://x", "RecordingDuration": "3"}
            await two.ask(link(first, "Record"), sid, CallStatus="completed", **brought)
            if result_first:
                await ended(two, sid)
            await eventually(lambda: notes == [3, "hung up"])

    async def test_nobody_else_hears_it_twice(self) -> None:
        log = Log()
        async with sites(log.lead, 3) as (one, two, three):
            sid = new_sid("CA")
            await one.ask(one.flow.url, sid)
            await asyncio.gather(ended(two, sid), ended(three, sid), ended(one, sid))
            await eventually(lambda: log.notes == ["begins", "hung up: completed", "finally"])


async def ended_without_looking(site: Site, dead: Site, sid: str) -> None:
    """A worker is told that a call has ended, and dies then, as does the call's owner."""
    await site.ask(site.flow.url, new_sid("CA"))
    run = dead.run_of(sid).id
    await site.wire.store.append(run, "end", json.dumps({"status": "completed"}).encode(), due=0.0, ttl=60)
    await die(site)
    await die(dead)


class TestVersions:
    async def test_a_worker_without_the_version_leaves_it(self, caplog: pytest.LogCaptureFixture) -> None:
        store = MemoryStore(shared=True)
        notes: list[str] = []

        def made(version: str, *older: str) -> Application:
            app = Application(public_url=URL, auth_token=TOKEN, store=store, deadline=0.6)

            def leads(number: str) -> Callable[[CallFlow], Coroutine[object, object, None]]:
                async def lead(call: CallFlow) -> None:
                    notes.append(number)
                    await call.gather()
                    call.say(number)

                return lead

            flow = app.flow(IncomingCall, path="/flow", version=version)(leads(version))
            for each in older:
                flow.older(each)(leads(each))
            return app

        one, new, both = made("1"), made("2"), made("2", "1")
        sid = new_sid("CA")
        first = await one.handle(request(f"{URL}/flow", call_parameters(sid)))
        await one.aclose()
        asked = request(link(first, "Gather"), call_parameters(sid, Digits="1"))
        held = await new.handle(asked)
        assert tags(held) == ["Pause", "Redirect"]
        assert "of version '1' here" in caplog.text
        answer = await both.handle(request(link(held, "Redirect"), call_parameters(sid)))
        assert served(answer).findtext("Say") == "1"
        # What comes in now has the new one.
        await both.handle(request(f"{URL}/flow", call_parameters(new_sid("CA"))))
        assert notes == ["1", "1", "2"]
        await new.aclose()
        await both.aclose()

    @pytest.mark.parametrize("kind", ["newer", "cut", "garbled", "gap"])
    async def test_records_that_can_t_be_read_are_held(
        self, kind: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        log = Log()
        async with sites(log.lead, deadline=0.6) as (one, two):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            second = await one.ask(link(first, "Gather"), sid, Digits="1")
            run = one.run_of(sid).id
            await one.app.aclose()
            fields = one.wire.store._find((type(one.wire.store)._find.__globals__["_Run"], run))
            assert fields is not None
            entries = fields.fields
            if kind == "newer":
                start = json.loads(entries["start"].value) | {"format": 2}
                entries["start"] = type(entries["start"])(json.dumps(start).encode(), 0.0)
            elif kind == "cut":
                entries["out.1"] = type(entries["out.1"])(entries["out.1"].value[:-9], 0.0)
            elif kind == "garbled":
                entries["in.1"] = type(entries["in.1"])(b"[]", 0.0)
            else:
                del entries["out.1"]
            held = await two.ask(link(second, "Gather"), sid, Digits="2")
            assert tags(held) == ["Pause", "Redirect"]
            assert log.notes == ["begins"]
            assert "can't be taken over here" in caplog.text
            assert caplog.text.count("can't be taken over here") == 1


class TestHandlersAcross:
    async def test_a_held_answer_comes_from_another_worker(self) -> None:
        gate = asyncio.Event()
        store = MemoryStore(shared=True)
        made: list[Application] = []
        for _ in range(2):
            app = Application(public_url=URL, auth_token=TOKEN, store=store, deadline=0.3)

            @app.on(IncomingCall, path="/handler")
            async def handler(call: IncomingCall) -> VoiceResponse:
                await gate.wait()
                return VoiceResponse(Say("Here"))

            made.append(app)
        one, two = made
        sid = new_sid("CA")
        held = await one.handle(request(f"{URL}/handler", call_parameters(sid)))
        assert tags(held) == ["Pause", "Redirect"]
        again = await two.handle(request(link(held, "Redirect"), call_parameters(sid)))
        assert tags(again) == ["Pause", "Redirect"]
        gate.set()
        answer = await two.handle(request(link(again, "Redirect"), call_parameters(sid)))
        assert served(answer).findtext("Say") == "Here"
        await one.aclose()
        await two.aclose()


class TestStores:
    async def test_one_that_raises(self, caplog: pytest.LogCaptureFixture) -> None:
        log = Log()
        async with sites(log.lead, 1) as (one,):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            one.wire.cut = True
            second = await one.ask(link(first, "Gather"), sid, Digits="1")
            other = await one.ask(one.flow.url, new_sid("CA"))  # and new calls come in
            assert tags(other) == ["Gather", "Redirect"]
            run = one.run_of(sid).id
            one.wire.cut = False
            await eventually(lambda: one.keeper_of(sid).synced, 5)
            record = await one.wire.store.read(run)
            assert record is not None
            assert {"in.1", "out.1"} <= record.fields.keys()
            third = await one.ask(link(second, "Gather"), sid, Digits="2")
            assert served(third).findtext("Say") == "12"
        assert log.notes == ["begins", "begins", "returns", "finally"]
        away = [each for each in caplog.records if "store is away" in each.getMessage()]
        assert len(away) == 1
        assert away[0].levelno == logging.ERROR

    async def test_one_that_begins_empty_again(self) -> None:
        log = Log()
        async with sites(log.lead) as (one, two):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            await two.ask(two.flow.url, new_sid("CA"))
            one.wire.store.clear()
            second = await one.ask(link(first, "Gather"), sid, Digits="1")
            assert tags(second) == ["Gather", "Redirect"]
            third = await two.ask(link(second, "Gather"), sid, Digits="2")
            assert served(third).findtext("Say") == "12"

    async def test_one_that_can_only_be_read(self) -> None:
        """By one of the workers, which leads a call."""
        log = Log()

        class ReadOnly(Wire):
            def __getattr__(self, name: str) -> object:
                if name in ("append", "begin", "claim") and self.__dict__.get("only_read"):

                    async def refuse(*args: object, **kwargs: object) -> object:
                        raise PermissionError("read-only")

                    return refuse
                return super().__getattr__(name)

        async with sites(log.lead, 1) as (one,):
            sid = new_sid("CA")
            one.wire.__class__ = ReadOnly
            first = await one.ask(one.flow.url, sid)
            one.wire.__dict__["only_read"] = True
            second = await one.ask(link(first, "Gather"), sid, Digits="1")
            third = await one.ask(link(second, "Gather"), sid, Digits="2")
            assert served(third).findtext("Say") == "12"
        assert log.notes == ["begins", "returns", "finally"]


class TestTime:
    @pytest.mark.usefixtures("hurried")
    async def test_a_loop_that_is_blocked_longer_than_the_lease_is_no_death(self) -> None:
        log = Log()
        async with sites(log.lead) as (one, two):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            await two.ask(two.flow.url, new_sid("CA"))
            await eventually(lambda: two.worker._pulses_given > 0)
            asked = asyncio.create_task(two.ask(link(first, "Gather"), sid, Digits="1"))
            await asyncio.sleep(0)
            time.sleep(0.8)  # noqa: ASYNC251 (that is the point)
            assert tags(await asked) == ["Gather", "Redirect"]
            record = await one.wire.store.read(one.run_of(sid).id)
            assert record is not None
            assert record.epoch == 1

    async def test_a_flow_that_gives_up_a_verb_does_so_on_every_replay(self) -> None:
        async def flow(call: CallFlow) -> None:
            try:
                await asyncio.wait_for(call.gather(Say("Quick")), 0.05)
            except asyncio.TimeoutError:
                call.say("Too late")
            await call.gather(num_digits=1)
            call.say("Bye")

        async with sites(flow, 3) as (one, two, three):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            await asyncio.sleep(0.1)
            second = await one.ask(link(first, "Gather"), sid, Digits="1")
            assert served(second).findtext("Say") == "Too late"
            await one.app.aclose()
            third = await two.ask(link(second, "Gather"), sid, Digits="2")
            assert served(third).findtext("Say") == "Bye"
            assert (await three.ask(link(second, "Gather"), sid, Digits="2")).body == third.body


class TestTheEndOfALoop:
    def test_nothing_of_a_flow_runs_as_asyncio_run_cancels_everything(self) -> None:
        """Nobody closes the application: the worker is renewed, and says so to nobody."""
        log = Log()
        store = MemoryStore(shared=True)
        made: list[WebhookResponse] = []
        sid = new_sid("CA")

        async def first() -> None:
            site = Site(store, log.lead)
            made.append(await site.ask(site.flow.url, sid))
            site.worker.leave()

        asyncio.run(first())
        assert log.notes == ["begins"]

        async def second() -> None:
            site = Site(store, log.lead)
            answer = await site.ask(link(made[0], "Gather"), sid, Digits="1")
            answer = await site.ask(link(answer, "Gather"), sid, Digits="2")
            assert served(answer).findtext("Say") == "12"
            await site.app.aclose()

        asyncio.run(second())
        assert log.notes == ["begins", "begins", "returns", "finally"]
