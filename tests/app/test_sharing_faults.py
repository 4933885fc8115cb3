"""What can go wrong between workers: stores that lose things, owners that sleep, records without sense."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias, cast

import pytest

from ringback.app import Application, CallFlow
from ringback.app.flows import durable
from ringback.app.flows.durable import DurableKeeper
from ringback.app.flows.journal import Outcome, write_entry
from ringback.stores import MemoryStore
from ringback.stores.store import Told
from ringback.webhooks import CallStatusChanged, IncomingCall
from tests.app.twilio import TOKEN, call_parameters, eventually, link, new_sid, request, tags

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
