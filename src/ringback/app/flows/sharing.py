"""Flows over many workers: a webhook begins, resumes or ends a flow, whoever has that."""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from ringback._core.webhooks.events import VoiceRequest
from ringback.app.flows.asking import made_by
from ringback.app.flows.durable import AFTERWARDS, keeper_of
from ringback.app.flows.journal import (
    Ended,
    Journal,
    Line,
    Moved,
    Moving,
    Outcome,
    Started,
    Stayed,
    write_entry,
)
from ringback.app.flows.news import News
from ringback.app.flows.reach import StoreAway
from ringback.app.flows.records import before_of, entries_of, is_call
from ringback.app.flows.repeated import Before
from ringback.app.flows.worker import LEASE, TICK, write_news, write_note
from ringback.app.loops.portal import call_in
from ringback.app.loops.threads import Threads
from ringback.app.webhooks.held import Answer
from ringback.stores.store import NEVER
from ringback.stores.store import Outcome as Appending

if TYPE_CHECKING:
    from ringback.app.flows.call import AnyFlow, FlowEvent
    from ringback.app.flows.run import AnyRun
    from ringback.app.flows.start import Start
    from ringback.app.flows.step import Step
    from ringback.stores.store import Appended, Record

__all__ = ["Sharing"]

DRAIN: Final = 5.0  # seconds that a flow which computes gets when its worker is renewed
TRIES: Final = 10  # of starting a run while others start runs of the same call


class Move(NamedTuple):
    """A move of a call that is under way.

    Attributes:
        run: The run that leads the call.
        key: What tells the move from others.
    """

    run: str
    key: str


class Sharing(News):
    """The other workers, as the flows of one application see them."""

    async def start(self, start: Start[AnyFlow, FlowEvent]) -> Answer:
        """The first answer of a new run, or of the one that this very request has started already."""
        await self.worker.join()
        started = start.started(secrets.token_urlsafe(12))
        run_id = self.worker.name(secrets.token_urlsafe(6))
        written = {"start": write_entry(started)}
        before: str | None = None
        try:
            for _ in range(TRIES):
                with self.reach.asking() as store:
                    begun = await store.begin(
                        start.event.call_sid,
                        run_id,
                        written,
                        owner=self.worker.id,
                        before=before,
                        note=write_note("run", before or "", "moved"),
                        due=LEASE,
                        ttl=self._live,
                    )
                if begun.created:
                    self._hub.announce(start.event)
                    # At once: whoever finds a record without a run here takes it over.
                    run = self._lead(start.flow, start.event, start.arguments, run_id, started, written)
                    await self._dismiss_dead(before)
                    return self._first(run)
                if before_of(begun.record).is_meant(start.flow.key, start.identity):
                    return self._answer_of(begun.record, 0)
                before = begun.record.run
                self._check_owned(begun.record)
        except StoreAway:
            pass
        return self._start_alone(start, run_id, started, written)

    def _check_owned(self, record: Record) -> None:
        """Leave the run of a record that another worker has, unnoticed so far: its end is theirs."""
        run = self._runs.by_id.get(record.run)
        if run is not None and not keeper_of(run).owned(record):
            keeper_of(run).disown(record)

    def _start_alone(
        self,
        start: Start[AnyFlow, FlowEvent],
        run_id: str,
        started: Started,
        written: dict[str, bytes],
    ) -> Answer:
        """Start without the store: it is away, and nobody knows what the others do."""
        run = self._runs.leading(start.event.call_sid)
        if run is not None and Before.of(run).is_meant(start.flow.key, start.identity):
            return self._first(run)
        self._hub.announce(start.event)
        return self._first(
            self._lead(start.flow, start.event, start.arguments, run_id, started, written, synced=False)
        )

    async def _dismiss_dead(self, before: str | None) -> None:
        """See to it that a run which another one has superseded ends, even if its worker is dead."""
        if before is None:
            return
        with suppress(StoreAway), self.reach.asking() as store:
            note = write_note("run", before, "moved")
            await store.append(before, "moved.seen", b"", note=note, due=LEASE, ttl=AFTERWARDS)

    async def resume(self, step: Step) -> Answer | None:
        """The answer of the step that a webhook is for; None where nobody has it.

        Raises:
            WebhookInvalid: The result can't be read.
        """
        await self.worker.join()
        run = self._led(step.run)
        if run is not None and run.call_sid != step.call_sid:
            return None
        if step.held:
            return await self._resume_held(run, step)
        event, outcome = step.outcome()
        return await self._bring(run, step, outcome, event)

    async def _resume_held(self, run: AnyRun | None, step: Step) -> Answer | None:
        if run is not None:
            run.asked = max(run.asked, step.number)
            answer = made_by(run, step.number)
            if answer is not None:
                return answer
        asked = self._asked.get((step.run, step.number))
        if asked is not None:
            return asked
        try:
            with self.reach.asking() as store:
                record = await store.read(step.run)
        except StoreAway:
            return self._follow(step.run, step.number, None)
        if record is None or record.call != step.call_sid:
            return None
        return self._answer_of(record, step.number)

    async def _bring(
        self, run: AnyRun | None, step: Step, outcome: Outcome, event: VoiceRequest | None
    ) -> Answer | None:
        """Append what a webhook brings, and have the flow go on with it, wherever it is."""
        out = f"out.{step.number}"
        try:
            done = await self._append(run, step, outcome, out)
            if done.outcome is Appending.MISSING and run is not None:
                await keeper_of(run).sync()
                done = await self._append(run, step, outcome, out)
        except StoreAway:
            # Who just slept, or has not come so far, may have been superseded.
            if run is None or self.worker.slept or run.machine.step < step.number:
                return self._follow(step.run, step.number, outcome, written=False)
            keeper = keeper_of(run)
            known = f"in.{step.number}" in keeper.written
            self._hand(run, step, keeper.note(step.name, outcome), None if known else event)
            return made_by(run, step.number)
        if done.outcome is Appending.MISSING:
            return await self._ask_its_worker(step, outcome)
        if "start" in done.fields and not is_call(done.fields["start"].value, step.call_sid):
            return None
        won = done.outcome is Appending.WON
        owner_knows = won and run is None
        if run is not None and done.epoch != keeper_of(run).epoch:
            await self._refresh(run, step.name, [])  # somebody else has it, or something else leads its call
            run = None
        if won and event is not None and run is None:
            self._hub.announce(event)
        if run is not None:
            if won:
                keeper_of(run).written.setdefault(step.name, write_entry(outcome))
                self._hand(run, step, outcome, event)
            else:
                run.asked = max(run.asked, step.number)
                keeper_of(run).hear({step.name: done.fields[step.name]})
            # One that is so late that it is forgotten here is in the record.
            return made_by(run, step.number) or self._written(step.run, done.fields, out)
        answer = self._written(step.run, done.fields, out)
        if answer is not None:
            return answer
        told = done.told if owner_knows else await self._ask_owner(step.run, step.number, done.owner)
        return self._follow(step.run, step.number, outcome, told=told)

    async def _append(self, run: AnyRun | None, step: Step, outcome: Outcome, out: str) -> Appended:
        """Append what a webhook brings. Where the run is led here, nobody has to be told."""
        value = write_entry(outcome)
        here = run is not None
        with self.reach.asking() as store:
            return await store.append(
                step.run,
                step.name,
                value,
                want=(out,) if here else (out, "start"),
                note=b"" if here else write_news(step.run, step.name, value, self.worker.id),
                due=LEASE,
                ttl=self._live,
            )

    def _hand(self, run: AnyRun, step: Step, outcome: Outcome, event: VoiceRequest | None) -> None:
        run.asked = max(run.asked, step.number)
        if event is not None:
            self._hub.announce(event)
        call_in(run.loop, run.feed, step.name, outcome, event)

    async def hang_up(self, call_sid: str, status: str) -> None:
        """A call has ended: its flow is told, wherever it is."""
        ended = Ended(status=status)
        run = self._runs.leading(call_sid)
        done: Appended | None = None
        try:
            if run is None and await self._ends_after_its_flow(call_sid, ended):
                return
            with self.reach.asking() as store:
                latest = run.id if run is not None else await store.latest(call_sid)
                if latest is None:
                    return
                note = b"" if run is not None else write_note("run", latest, "end")
                done = await store.append(
                    latest,
                    "end",
                    write_entry(ended),
                    want=("done",),
                    note=note,
                    due=LEASE,
                    ttl=self._live,
                )
                if done.outcome is Appending.MISSING and run is None:
                    return
                if run is not None and done.owner not in ("", self.worker.id):  # somebody else has it by now
                    await store.tell(done.owner, write_note("run", latest, "end"))
                if (
                    run is None
                    and "done" not in done.fields
                    and await self.worker.gone(done.owner, done.told)
                ):
                    await self.take_over(latest, done.owner)
                if "done" in done.fields:
                    await store.append(latest, "over", b"", due=NEVER, ttl=AFTERWARDS)
        except StoreAway:
            if run is not None:
                keeper_of(run).synced = False
        if run is None:
            return
        keeper = keeper_of(run)
        if keeper.synced and done is not None and done.epoch not in (0, keeper.epoch):
            await self._refresh(run, "end", [])  # somebody else has it, or something else leads its call
        else:
            keeper.written.setdefault("end", write_entry(ended))
            call_in(run.loop, run.feed, "end", ended)

    async def _ends_after_its_flow(self, call_sid: str, ended: Ended) -> bool:
        """Keep the end of a call whose flow came to its own end here: nobody has to be told. Whether it is
        such a call.

        Raises:
            StoreAway: The store can't be asked.
        """
        run = self._runs.by_call.get(call_sid)
        if run is None or run.machine.moved or not keeper_of(run).finished:
            return False
        with self.reach.asking() as store:
            done = await store.append(
                run.id, "end", write_entry(ended), want=("moved",), due=NEVER, ttl=AFTERWARDS
            )
        return done.outcome is not Appending.MISSING and "moved" not in done.fields

    async def begin_move(self, call_sid: str) -> Move | None:
        """Somebody here is about to move a call that another worker leads: its flow isn't to go on with what
        that cuts off.
        """
        move = secrets.token_hex(4)
        with suppress(StoreAway), self.reach.asking() as store:
            run = await store.latest(call_sid)
            if run is None:
                return None
            note = write_note("run", run, f"mv.{move}")
            await store.append(run, f"mv.{move}", write_entry(Moving()), note=note, ttl=self._live)
            return Move(run, move)
        return None

    async def end_move(self, move: Move | None, *, moved: bool) -> None:
        """It was moved, or it wasn't."""
        if move is None:
            return
        name = Moved.PREFIX if moved else f"st.{move.key}"
        with suppress(StoreAway), self.reach.asking() as store:
            await store.append(
                move.run,
                name,
                write_entry(Moved() if moved else Stayed()),
                note=write_note("run", move.run, name),
                due=LEASE if moved else None,
                ttl=self._live,
            )

    async def journal(self, call_sid: str) -> Journal | None:
        """What the record of a call's latest run has, in order."""
        with self.reach.asking() as store:
            latest = await store.latest(call_sid)
            record = None if latest is None else await store.read(latest)
        if record is None:
            return None
        entries = entries_of(record)
        return Journal(Line(name, entries[name]) for name in record.fields if name in entries)

    async def let_go(self) -> None:
        """Leave the flows to the other workers: those that wait at once, those that compute as soon as they
        wait.
        """
        here = asyncio.get_running_loop()
        until = time.monotonic() + DRAIN
        self.worker.leaving = True
        while True:
            led = [run for run in tuple(self._runs.by_id.values()) if not run.done]
            for run in led:
                if run.suspended or run.loop is not here:
                    call_in(run.loop, self._lost, run)
            if all(run.done or run.loop is not here for run in led) or time.monotonic() > until:
                break
            await asyncio.sleep(TICK / 5)
        self._leave_all()
        # The application's threads may all be busy, with steps.
        await here.run_in_executor(Threads(1), self.worker.leave)
        self._leave_all()  # what began meanwhile

    def _leave_all(self) -> None:
        for run in tuple(self._runs.by_id.values()):
            if not run.done:
                call_in(run.loop, self._lost, run)
