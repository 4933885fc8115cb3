"""What can go wrong between workers: stores that lose things, owners that sleep, records without sense."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, TypeAlias, cast

import pytest

from ringback.app import Application, CallFlow
from ringback.app.flows import durable
from ringback.app.flows.durable import DurableKeeper
from ringback.app.flows.journal import Ended, Outcome, write_entry
from ringback.app.flows.worker import LEASE
from ringback.app.loops.watchdog import watchdog
from ringback.stores import MemoryStore
from ringback.stores.store import Told
from ringback.webhooks import CallStatusChanged, IncomingCall, IncomingMessage
from tests.app.twilio import (
    TOKEN,
    call_parameters,
    eventually,
    link,
    message_parameters,
    new_sid,
    request,
    tags,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine

    from ringback.app.flows.run import AnyRun
    from ringback.app.flows.sharing import Sharing
    from ringback.app.flows.worker import Worker
    from ringback.http import WebhookResponse

URL = "https://example.com/phone"

Leads: TypeAlias = "Callable[[CallFlow], Coroutine[object, object, None]]"


class Wire:
    """What one worker has to the store that all share: it can be cut, and may do things before it asks."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.shared = True
        self.cut = False
        self.deaf = False
        self.before: dict[str, Callable[[], Awaitable[object]]] = {}
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> object:
        operation = getattr(self.store, name)
        if name == "mail":
            return operation

        async def ask(*args: object, **kwargs: object) -> object:
            self.asked.append(name)
            await asyncio.sleep(0)
            prank = self.before.pop(name, None)
            if prank is not None:
                await prank()
            if self.cut:
                raise ConnectionError("cut")
            if name == "tell" and self.deaf:
                return Told.UNKNOWN
            return await operation(*args, **kwargs)

        return ask


class Site:
    """One worker, which serves the same application as the others."""

    def __init__(self, store: MemoryStore, lead: Leads, **settings: object) -> None:
        self.wire = Wire(store)
        given = {"deadline": 2.0} | settings
        self.app = Application(public_url=URL, auth_token=TOKEN, store=self.wire, **given)  # type: ignore[arg-type]
        self.flow = self.app.flow(IncomingCall)(lead)
        self.status = self.app.callback(CallStatusChanged).url

    @property
    def sharing(self) -> Sharing:
        return cast("Sharing", self.app._flows.sharing)

    @property
    def worker(self) -> Worker:
        return self.sharing.worker

    async def ask(self, url: str, sid: str, **more: str) -> WebhookResponse:
        return await self.app.handle(request(url, call_parameters(sid, **more)))

    def run_of(self, sid: str) -> AnyRun:
        return self.app._flows.by_call[sid]

    def keeper_of(self, sid: str) -> DurableKeeper:
        return cast("DurableKeeper", self.run_of(sid).keeper)


@asynccontextmanager
async def sites(lead: Leads, number: int = 2, **settings: object) -> AsyncGenerator[list[Site], None]:
    store = MemoryStore(shared=True)
    made = [Site(store, lead, **settings) for _ in range(number)]
    try:
        yield made
    finally:
        for site in made:
            await site.app.aclose()


async def gathers(call: CallFlow) -> None:
    while True:
        await call.gather(num_digits=1)


class TestRecords:
    async def test_one_that_is_garbled_does_not_take_the_store_for_away(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with sites(gathers, hold_limit=0.6) as (one, two):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            run = one.run_of(sid).id
            record = one.wire.store._find((type(one.wire.store)._find.__globals__["_Run"], run))
            assert record is not None
            record.fields["out.0"] = type(record.fields["out.0"])(b"garbled", 0.0)
            answer = await two.ask(two.flow.url, sid)  # a repetition, whose answer nobody can read here
            assert answer.status == 200
            assert not two.worker.away
            assert "store is away" not in caplog.text
            assert tags(await two.ask(link(first, "Gather"), sid, Digits="1")) == ["Gather", "Redirect"]

    async def test_one_that_a_newer_version_wrote_is_its_owner_s(self) -> None:
        """Workers of both versions serve while one follows the other."""
        async with sites(gathers) as (one, two):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            record = one.wire.store._find(
                (type(one.wire.store)._find.__globals__["_Run"], one.run_of(sid).id)
            )
            assert record is not None
            started = record.fields["start"]
            newer = started.value.replace(b'"format":1', b'"format":99')
            assert newer != started.value
            record.fields["start"] = type(started)(newer, started.at)
            assert tags(await two.ask(link(first, "Gather"), sid, Digits="1")) == ["Gather", "Redirect"]

    async def test_a_store_that_keeps_nothing(self) -> None:
        """Such as one in memory that is far too small, which never waits either."""
        async with sites(gathers, 1) as (one,):
            one.wire.store._kept._max_bytes = 10
            first = await asyncio.wait_for(one.ask(one.flow.url, new_sid("CA")), 5.0)
            assert tags(first) == ["Gather", "Redirect"]

    async def test_the_end_of_a_call_whose_record_expires_just_then(self) -> None:
        async with sites(gathers) as (one, two):
            sid = new_sid("CA")
            await one.ask(one.flow.url, sid)

            async def expire() -> None:
                one.wire.store.clear()

            two.wire.before["append"] = expire
            ended = await two.ask(
                two.status, sid, CallStatus="completed", SequenceNumber="3", CallDuration="1"
            )
            assert ended.status == 204

    async def test_one_of_more_fields_than_a_store_takes_at_once_is_written_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(durable, "AT_ONCE", 3)
        async with sites(gathers, 1) as (one,):
            sid = new_sid("CA")
            answer = await one.ask(one.flow.url, sid)
            for _ in range(4):
                answer = await one.ask(link(answer, "Gather"), sid, Digits="1")
            before = await one.wire.store.read(one.run_of(sid).id)
            one.wire.store.clear()
            answer = await one.ask(link(answer, "Gather"), sid, Digits="1")
            after = await one.wire.store.read(one.run_of(sid).id)
            assert before is not None
            assert after is not None
            assert after.fields.keys() > before.fields.keys()


class TestStoreAway:
    async def test_what_is_decided_while_it_is_written_again_is_written_too(self) -> None:
        gate = asyncio.Event()

        async def flow(call: CallFlow) -> None:
            await call.gather(num_digits=1)
            await gate.wait()
            await call.gather(num_digits=1)

        async with sites(flow) as (one, _two):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            keeper, run = one.keeper_of(sid), one.run_of(sid)
            one.wire.cut = True
            asked = asyncio.create_task(one.ask(link(first, "Gather"), sid, Digits="1"))
            await eventually(lambda: not run.suspended)
            one.wire.cut = False
            one.worker._away_since = None

            async def go_on() -> None:  # while what was missed is being written
                gate.set()
                await eventually(lambda: "out.1" in keeper.written)

            one.wire.before["append"] = go_on
            await keeper.sync()
            assert keeper.synced
            record = await one.wire.store.read(run.id)
            assert record is not None
            assert {"in.1", "out.1"} <= record.fields.keys()
            assert tags(await asked) == ["Gather", "Redirect"]

    async def test_what_others_wrote_meanwhile_is_heard(self) -> None:
        heard: list[str | None] = []

        async def flow(call: CallFlow) -> None:
            while True:
                pressed = await call.gather(num_digits=1)
                heard.append(pressed.digits if pressed else None)

        async with sites(flow) as (one, two):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            keeper = one.keeper_of(sid)
            keeper.synced = False  # and it hears nothing either
            record = await one.wire.store.read(one.run_of(sid).id)
            assert record is not None
            outcome = Outcome(kind="GatherResult", parameters=call_parameters(sid, Digits="7"))
            await one.wire.store.append(record.run, "in.1", write_entry(outcome), ttl=60.0)
            await keeper.sync()
            await eventually(lambda: heard == ["7"])
            assert tags(await two.ask(link(first, "Gather"), sid, Digits="7")) == ["Gather", "Redirect"]

    async def test_nobody_is_taken_for_dead_whose_pulse_the_store_has_lost(self) -> None:
        starts: list[str] = []

        async def flow(call: CallFlow) -> None:
            starts.append("start")
            await gathers(call)

        async with sites(flow) as (one, two):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            await two.ask(two.flow.url, new_sid("CA"))  # so that both live
            await eventually(lambda: two.worker._pulses_given > 0)
            record = await one.wire.store.read(one.run_of(sid).id)
            assert record is not None
            one.wire.store.clear()
            answer = await two.ask(link(first, "Gather"), sid, Digits="1")
            assert tags(answer) == ["Gather", "Redirect"]
            assert starts == ["start", "start"]  # one for each of us
            assert one.run_of(sid).id == record.run
            assert one.keeper_of(sid).synced

    async def test_a_note_that_was_lost_is_written_again(self) -> None:
        """The record is gone, and its worker doesn't hear at first that somebody asks for it."""
        async with sites(gathers) as (one, two):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            await two.ask(two.flow.url, new_sid("CA"))
            await eventually(lambda: two.worker._pulses_given > 0)
            one.wire.store.clear()
            two.wire.deaf = True
            asked = asyncio.create_task(two.ask(link(first, "Gather"), sid, Digits="1"))
            await eventually(lambda: two.wire.asked.count("tell") > 0)
            two.wire.deaf = False
            assert tags(await asked) == ["Gather", "Redirect"]


class TestOwners:
    """Who has a run, and who had it."""

    async def test_one_that_sleeps_while_its_call_goes_elsewhere_and_somebody_ends_the_flow(self) -> None:
        ended: list[str] = []

        async def flow(call: CallFlow) -> None:
            try:
                await gathers(call)
            finally:
                ended.append("finally")

        async with sites(flow) as (one, two):
            sid = new_sid("CA")
            await one.ask(one.flow.url, sid)
            run, keeper = one.run_of(sid), one.keeper_of(sid)
            store = one.wire.store
            # Nobody tells the first worker, which sleeps.
            await store.begin(sid, "another", {}, owner="elsewhere", before=run.id, ttl=60.0)
            await store.claim(run.id, 2, two.worker.id, ttl=60.0)
            record = await store.read(run.id)
            assert record is not None
            one.sharing._feed_all(run, record)
            await asyncio.sleep(0.05)
            assert run.done
            assert keeper.epoch == 1
            assert ended == []  # the other one has it

    async def test_what_ends_as_its_call_goes_elsewhere_may_still_take_steps(self) -> None:
        seen: list[object] = []

        async def flow(call: CallFlow) -> None:
            seen.append("begins")
            try:
                await gathers(call)
            finally:
                seen.append(await call.step(lambda: "closed", name="close"))

        async with sites(flow) as (one, _two):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            run = one.run_of(sid)
            await one.wire.store.begin(sid, "another", {}, owner="elsewhere", before=run.id, ttl=60.0)
            # The result of what was cut off comes before the news of why.
            await one.ask(link(first, "Gather"), sid, Digits="1")
            await eventually(lambda: seen == ["begins", "closed"])
            await eventually(lambda: run.done)
            record = await one.wire.store.read(run.id)
            assert record is not None
            assert {"s.close#1", "done"} <= record.fields.keys()

    async def test_a_flow_that_computes_as_its_call_goes_elsewhere(self) -> None:
        """It learns of it by what it decides next, and ends where it is."""
        seen: list[str] = []
        gate = asyncio.Event()

        async def flow(call: CallFlow) -> None:
            try:
                await call.gather(num_digits=1)
                seen.append("computes")
                await gate.wait()
                await call.gather(num_digits=1)
                seen.append("goes on")
            finally:
                seen.append("finally")

        async with sites(flow) as (one, _two):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            run = one.run_of(sid)
            asked = asyncio.create_task(one.ask(link(first, "Gather"), sid, Digits="1"))
            await eventually(lambda: seen == ["computes"])
            await one.wire.store.begin(sid, "another", {}, owner="elsewhere", before=run.id, ttl=60.0)
            gate.set()
            await eventually(lambda: run.task.done())
            assert seen == ["computes", "finally"]
            assert (await asked).status == 200

    @pytest.mark.parametrize("raises", [False, True])
    async def test_one_that_has_slept_looks_before_anything_goes_on(self, raises: bool) -> None:
        seen: list[str] = []
        gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waits = asyncio.Event()

        async def flow(call: CallFlow) -> None:
            await call.gather(num_digits=1)
            waits.set()
            try:
                with suppress(KeyError):
                    await gate
                seen.append("code between awaits")
            finally:
                seen.append("finally")

        async with sites(flow) as (one, two):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            run = one.run_of(sid)
            asked = asyncio.create_task(one.ask(link(first, "Gather"), sid, Digits="1"))
            await waits.wait()
            await two.worker.join()
            await one.wire.store.claim(run.id, 1, two.worker.id, ttl=60.0)
            one.worker.naps += 1  # it has just woken up, and given a pulse before anything else
            if raises:
                gate.set_exception(KeyError())
            else:
                gate.set_result(None)
            await eventually(lambda: run.done)
            await asyncio.sleep(0.3)
            assert seen == []
            asked.cancel()

    async def test_one_that_has_slept_goes_on_where_nobody_took_the_run(self) -> None:
        async with sites(gathers) as (one, _two):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            one.worker.naps += 1
            assert tags(await one.ask(link(first, "Gather"), sid, Digits="1")) == ["Gather", "Redirect"]

    async def test_who_takes_over_what_was_taken_from_it_while_it_slept(self) -> None:
        seen: list[str] = []

        async def flow(call: CallFlow) -> None:
            try:
                await gathers(call)
            finally:
                seen.append("finally")

        async with sites(flow) as (one, _two):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            slept = one.run_of(sid)
            await one.wire.store.claim(slept.id, 1, "dead", ttl=60.0)
            taken = await one.sharing.take_over(slept.id, "dead")
            assert taken is not None
            assert taken is not slept
            assert one.app._flows.by_id[slept.id] is taken
            one.sharing._lost(slept)  # whoever else finds out
            assert one.app._flows.by_id[slept.id] is taken
            assert tags(await one.ask(link(first, "Gather"), sid, Digits="1")) == ["Gather", "Redirect"]
            assert seen == []

    async def test_who_begins_another_flow_of_a_call_that_was_taken_from_it(self) -> None:
        """It hasn't noticed that: the first flow ends where it is by now."""
        seen: list[str] = []

        async def flow(call: CallFlow) -> None:
            try:
                await gathers(call)
            finally:
                seen.append("finally")

        async with sites(flow) as (one, two):
            sid = new_sid("CA")
            await one.ask(one.flow.url, sid)
            slept = one.run_of(sid)
            await two.worker.join()
            await one.wire.store.claim(slept.id, 1, two.worker.id, ttl=60.0)
            await one.ask(one.flow.url, sid, Digits="another request")
            assert one.run_of(sid) is not slept
            await asyncio.sleep(0.05)
            assert seen == []
            assert slept.abandoned

    async def test_a_step_in_the_background_ends_with_the_run(self) -> None:
        gate = asyncio.Event()

        async def work() -> None:
            await gate.wait()

        async def flow(call: CallFlow) -> None:
            call.background(work)
            await gathers(call)

        async with sites(flow) as (one, two):
            sid = new_sid("CA")
            await one.ask(one.flow.url, sid)
            run, tasks = one.run_of(sid), one.app._hub._tasks
            await eventually(lambda: any("work" in task.get_name() for task in tasks))
            await one.wire.store.claim(run.id, 1, two.worker.id, ttl=60.0)
            gate.set()
            await eventually(lambda: not any("work" in task.get_name() for task in tasks))
            assert run.done

    async def test_a_step_in_the_background_of_a_run_that_is_gone(self) -> None:
        gate = asyncio.Event()

        async def work() -> None:
            await gate.wait()

        async def flow(call: CallFlow) -> None:
            call.background(work)
            await gathers(call)

        async with sites(flow) as (one, _two):
            sid = new_sid("CA")
            await one.ask(one.flow.url, sid)
            run, tasks = one.run_of(sid), one.app._hub._tasks
            await eventually(lambda: any("work" in task.get_name() for task in tasks))
            one.wire.store.clear()
            await one.wire.store.begin(sid, "another", {}, owner="elsewhere", ttl=60.0)
            gate.set()
            await eventually(lambda: run.task.done())
            await eventually(lambda: not any("work" in task.get_name() for task in tasks))


def deaf(note: object) -> None:
    """What a worker does that gets no notes."""


class TestNews:
    async def test_the_end_of_a_call_is_heard_even_if_nobody_tells(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The note of it was lost, and the owner, which computed, says then that everything is settled."""
        seen: list[str] = []
        gate = asyncio.Event()

        async def flow(call: CallFlow) -> None:
            try:
                await call.gather(num_digits=1)
                await gate.wait()
                await call.gather(num_digits=1)
                seen.append("goes on")
            finally:
                seen.append("finally")

        async with sites(flow) as (one, _two):
            sid = new_sid("CA")
            monkeypatch.setattr(one.sharing, "_hear", deaf)
            first = await one.ask(one.flow.url, sid)
            run = one.run_of(sid)
            asked = asyncio.create_task(one.ask(link(first, "Gather"), sid, Digits="1"))
            await eventually(lambda: not run.suspended)
            ended = write_entry(Ended(status="completed"))
            await one.wire.store.append(run.id, "end", ended, due=LEASE, ttl=60.0)
            gate.set()
            await eventually(lambda: seen == ["finally"], 4.0)
            await asked

    async def test_the_end_of_a_call_is_told_once(self) -> None:
        gate = asyncio.Event()

        async def flow(call: CallFlow) -> None:
            await call.gather(num_digits=1)
            await gate.wait()

        async with sites(flow) as (one, _two):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            run = one.run_of(sid)
            asked = asyncio.create_task(one.ask(link(first, "Gather"), sid, Digits="1"))
            await eventually(lambda: not run.suspended)
            ended = write_entry(Ended(status="completed"))
            await one.wire.store.append(run.id, "end", ended, ttl=60.0)
            record = await one.wire.store.read(run.id)
            assert record is not None
            for _ in range(20):  # as somebody does who waits for an answer
                one.sharing._feed_all(run, record)
            assert len(run._timers or ()) <= 1
            gate.set()
            await asked


class TestWorkers:
    async def test_one_that_leaves_takes_nothing_that_is_due(self) -> None:
        async with sites(gathers) as (one, _two):
            await one.ask(one.flow.url, new_sid("CA"))
            await eventually(lambda: "due" in one.wire.asked)
            one.worker.leaving = True
            await asyncio.sleep(0.05)
            asked = one.wire.asked.count("due")
            await eventually(lambda: one.wire.asked.count("pulse") > 2)
            await eventually(lambda: one.wire.asked.count("pulse") > 3)
            assert one.wire.asked.count("due") == asked

    async def test_what_waits_goes_at_once_where_something_else_still_computes(self) -> None:
        gate, log = asyncio.Event(), list[str]()

        async def flow(call: CallFlow) -> None:
            pressed = await call.gather(num_digits=1)
            if pressed is not None and pressed.digits == "9":
                log.append("computes")
                await gate.wait()
            await gathers(call)

        async with sites(flow) as (one, two):
            waiting, computing = new_sid("CA"), new_sid("CA")
            first = await one.ask(one.flow.url, waiting)
            other = await one.ask(one.flow.url, computing)
            await two.ask(two.flow.url, new_sid("CA"))
            asked = asyncio.create_task(one.ask(link(other, "Gather"), computing, Digits="9"))
            await eventually(lambda: log == ["computes"])
            closing = asyncio.create_task(one.app.aclose())
            await eventually(lambda: one.worker.leaving)
            began = time.monotonic()
            answer = await two.ask(link(first, "Gather"), waiting, Digits="1")
            assert tags(answer) == ["Gather", "Redirect"]
            assert time.monotonic() - began < 2.0
            assert not closing.done()
            assert log == ["computes"]
            gate.set()
            await closing
            asked.cancel()

    async def test_one_whose_threads_are_all_busy_leaves(self) -> None:
        ends, begun = threading.Event(), threading.Event()

        def work() -> None:
            begun.set()
            ends.wait(20)

        async def flow(call: CallFlow) -> None:
            call.background(work)
            await gathers(call)

        async with sites(flow, threads=1) as (one, two):
            await one.ask(one.flow.url, new_sid("CA"))
            await eventually(begun.is_set)
            try:
                await asyncio.wait_for(one.app.aclose(), 4.0)
                assert await two.wire.store.pulse_of(one.worker.id) is None
            finally:
                ends.set()

    async def test_a_call_that_comes_while_one_leaves(self) -> None:
        seen: list[str] = []

        async def flow(call: CallFlow) -> None:
            try:
                await gathers(call)
            finally:
                seen.append("finally")

        async with sites(flow) as (one, two):
            sid = new_sid("CA")
            loop, leave = asyncio.get_running_loop(), one.worker.leave

            def slowly() -> None:
                coming = asyncio.run_coroutine_threadsafe(one.ask(one.flow.url, sid), loop)
                answers.append(coming.result(5.0))
                leave()

            answers: list[WebhookResponse] = []
            one.worker.leave = slowly  # type: ignore[method-assign]
            await one.app.aclose()
            assert seen == []
            assert tags(await two.ask(link(answers[0], "Gather"), sid, Digits="1")) == ["Gather", "Redirect"]
            assert seen == []

    async def test_a_loop_that_goes_on_after_all_was_cancelled(self) -> None:
        """As by somebody who cleans up: its later flows are cancelled like any others."""
        seen: list[str] = []

        async def flow(call: CallFlow) -> None:
            fails: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_later(0.01, fails.set_exception, KeyError())
            with suppress(KeyError):
                await fails
            seen.append("goes on")

        async with sites(gathers, 1) as (before,):
            await before.ask(before.flow.url, new_sid("CA"))
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            await asyncio.sleep(0.05)
        async with sites(flow, 1) as (one,):
            await one.ask(one.flow.url, new_sid("CA"))
            assert seen == ["goes on"]

    async def test_what_is_left_to_others_is_not_watched_any_more(self) -> None:
        loop = asyncio.get_running_loop()
        async with sites(gathers) as (one, two):
            sid = new_sid("CA")
            await one.ask(one.flow.url, sid)
            await two.worker.join()
            await one.wire.store.claim(one.run_of(sid).id, 1, two.worker.id, ttl=60.0)
            running = watchdog._loops[loop].running  # listeners may have ended by now
            one.sharing._lost(one.run_of(sid))
            assert watchdog._loops[loop].running == running - 1

    def test_a_loop_that_has_ended_leaves_its_flows_to_the_next(self) -> None:
        """As where a script serves for a while, and then again."""
        site = Site(MemoryStore(shared=True), gathers)
        sid, other = new_sid("CA"), new_sid("CA")

        async def begin() -> list[WebhookResponse]:
            return [await site.ask(site.flow.url, each) for each in (sid, other)]

        async def end() -> None:
            for each, answer in zip((sid, other), first, strict=True):
                then = await site.ask(link(answer, "Gather"), each, Digits="1")
                assert tags(then) == ["Gather", "Redirect"]
            await site.app.aclose()

        first = asyncio.run(begin())
        asyncio.run(end())

    async def test_limits_longer_than_stores_keep_anything(self) -> None:
        async with sites(gathers, 1, idle_limit=60 * 86_400.0) as (one,):
            first = await one.ask(one.flow.url, new_sid("CA"))
            assert tags(first) == ["Gather", "Redirect"]

    async def test_a_flow_that_ended_while_the_store_was_away_does_not_begin_again(self) -> None:
        seen: list[str] = []

        async def flow(call: CallFlow) -> None:
            try:
                await call.gather(num_digits=1)
            finally:
                seen.append("finally")

        async with sites(flow) as (one, _two):
            sid = new_sid("CA")
            first = await one.ask(one.flow.url, sid)
            run, keeper = one.run_of(sid), one.keeper_of(sid)
            keeper.synced = False
            one.wire.cut = True
            assert tags(await one.ask(link(first, "Gather"), sid, Digits="1")) == []
            await eventually(lambda: run.done)
            one.wire.cut = False
            one.worker._away_since = None
            await one.sharing._take_due(run.id)
            assert seen == ["finally"]
            record = await one.wire.store.read(run.id)
            assert record is not None
            assert "done" in record.fields

    async def test_of_two_deliveries_the_second_waits_for_a_worker_that_has_just_begun(self) -> None:
        """Nobody who makes an answer is taken for dead since it was never heard of."""
        handled: list[str] = []

        async def slow(message: IncomingMessage) -> None:
            handled.append(message.message_sid)
            await asyncio.sleep(0.2)

        async with sites(gathers) as made:
            urls = [site.app.on(IncomingMessage)(slow).url for site in made]
            for site in made:
                site.worker.start = lambda: None  # type: ignore[method-assign]
            parameters = message_parameters(new_sid("SM"))
            await asyncio.gather(
                *(site.app.handle(request(url, parameters)) for site, url in zip(made, urls, strict=True))
            )
            assert len(handled) == 1

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
    async def test_a_forked_child_waits_for_nothing_of_its_parent(self) -> None:
        async with sites(gathers) as (one, _two):
            one.sharing._follow("elsewhere_run", 1, None)
            assert one.sharing.asks
            one.sharing._renew()
            assert not one.sharing.asks
