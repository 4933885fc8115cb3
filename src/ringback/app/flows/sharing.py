"""Flows over many workers: who has a webhook asks who has the flow, and takes over where nobody has it."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, NamedTuple, ParamSpec, cast

from ringback._core.forks import renew_in_child
from ringback._core.webhooks.events import VoiceRequest
from ringback.app.flows.durable import AFTERWARDS, LONGEST, DurableKeeper
from ringback.app.flows.journal import (
    HUNG_UP,
    Done,
    Ended,
    Journal,
    Line,
    Moved,
    Moving,
    Outcome,
    Served,
    Started,
    Stayed,
    read_entry,
    write_entry,
)
from ringback.app.flows.machine import Machine
from ringback.app.flows.reach import Reach, StoreAway
from ringback.app.flows.repeated import Before
from ringback.app.flows.step import StepAnswer
from ringback.app.flows.worker import HEARTBEAT, LEASE, SUSPICION, TICK, Worker, write_news, write_note
from ringback.app.live.elsewhere import Elsewhere
from ringback.app.loops.portal import call_in
from ringback.app.loops.threads import Threads
from ringback.app.reports import shown_sid, without
from ringback.app.webhooks.answers import written_twiml
from ringback.app.webhooks.held import Answer
from ringback.app.webhooks.recognise import Identity
from ringback.errors import JournalUnreadable, WebhookInvalid
from ringback.stores.store import NEVER, Told
from ringback.stores.store import Entry as Field
from ringback.stores.store import Outcome as Appending

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator, Mapping

    from ringback._core.webhooks.events import Event
    from ringback.app.flows.call import AnyFlow, FlowEvent
    from ringback.app.flows.journal import Entry
    from ringback.app.flows.route import AnyFlowRoute
    from ringback.app.flows.run import AnyRun
    from ringback.app.flows.runner import FlowRun
    from ringback.app.flows.runs import FlowRuns
    from ringback.app.flows.step import Step
    from ringback.app.flows.worker import Note
    from ringback.stores.store import Appended, Record, RunStore

__all__ = ["Sharing", "started_by"]

P = ParamSpec("P")

log = logging.getLogger("ringback")

DRAIN: Final = 5.0  # seconds that a flow which computes gets when its worker is renewed
MOST_TOLD: Final = 1_000  # runs that the log was told of
TRIES: Final = 10  # of starting a run while others start runs of the same call
NOBODY: Final = "nobody"  # no worker's id: these have 12 characters, and it never gives a pulse
MARK: Final = "_"  # between the worker that began a run and what tells its runs apart


class Move(NamedTuple):
    """A move of a call that is under way.

    Attributes:
        run: The run that leads the call.
        key: What tells the move from others.
    """

    run: str
    key: str


class Sharing:
    """The other workers, as the flows of one application see them.

    Args:
        runs: What is led here.
        store: What the workers share.

    Attributes:
        worker: This process among them.
    """

    def __init__(self, runs: FlowRuns, store: RunStore) -> None:
        self._runs = runs
        self._hub = runs.hub
        self.worker = Worker(
            store,
            hear=self._hear_from_afar,
            take=self._take_from_afar,
            back=self._back_from_afar,
            watched=lambda: runs.hub.loop,
        )
        self.reach = Reach(store, self.worker, spawn=runs.hub.spawn, lost=self._lost)
        if store is runs.hub.settings.shared_store:  # and not one that a test made
            runs.hub.live.elsewhere = Elsewhere(runs.hub, self.reach, self.worker)
        self._renew()
        renew_in_child(self)

    def _renew(self) -> None:
        """Forget what a parent process waits for."""
        self._asked: dict[tuple[str, int], StepAnswer] = {}
        self._noted: dict[str, set[asyncio.Event]] = {}
        self._taking: dict[str, asyncio.Task[AnyRun | None]] = {}
        self._unseen: dict[str, float] = {}
        self._told: set[str] = set()

    @property
    def asks(self) -> bool:
        """Whether somebody waits here for an answer that another worker makes."""
        return bool(self._asked)

    @property
    def _live(self) -> float:
        return min(self._hub.settings.idle_limit + AFTERWARDS, LONGEST)

    def _kept(self, flow: AnyFlowRoute) -> float:
        return min(flow.patience(self._hub.settings) + AFTERWARDS, LONGEST)

    # --- starting

    async def start(
        self,
        flow: AnyFlow,
        event: FlowEvent,
        identity: Identity,
        given: dict[str, str],
        url: str,
        arguments: dict[str, object],
    ) -> Answer:
        """The first answer of a new run, or of the one that this very request has started already."""
        await self.worker.join()
        started = started_by(flow, event, identity, given, url, secrets.token_urlsafe(12))
        run_id = f"{self.worker.id}{MARK}{secrets.token_urlsafe(6)}"
        written = {"start": write_entry(started)}
        before: str | None = None
        try:
            for _ in range(TRIES):
                with self.reach.asking() as store:
                    begun = await store.begin(
                        event.call_sid,
                        run_id,
                        written,
                        owner=self.worker.id,
                        before=before,
                        note=write_note("run", before or "", "moved"),
                        due=LEASE,
                        ttl=self._live,
                    )
                if begun.created:
                    self._hub.announce(event)
                    # At once: whoever finds a record without a run here takes it over.
                    run = self._lead(flow, event, arguments, run_id, started, written)
                    await self._dismiss_dead(before)
                    return self._first(run)
                if _before(begun.record).is_meant(flow.key, identity):
                    return self._answer_of(begun.record, 0)
                before = begun.record.run
                self._check_owned(begun.record)
        except StoreAway:
            pass
        return self._start_alone(flow, event, arguments, identity, run_id, started, written)

    def _check_owned(self, record: Record) -> None:
        """Leave the run of a record that another worker has, unnoticed so far: its end is theirs."""
        run = self._runs.by_id.get(record.run)
        if run is not None and not cast("DurableKeeper", run.keeper).owned(record):
            cast("DurableKeeper", run.keeper).disown(record)

    def _start_alone(
        self,
        flow: AnyFlow,
        event: FlowEvent,
        arguments: dict[str, object],
        identity: Identity,
        run_id: str,
        started: Started,
        written: dict[str, bytes],
    ) -> Answer:
        """Start without the store: it is away, and nobody knows what the others do."""
        run = self._runs.leading(event.call_sid)
        if run is not None and Before.of(run).is_meant(flow.key, identity):
            return self._first(run)
        self._hub.announce(event)
        return self._first(self._lead(flow, event, arguments, run_id, started, written, synced=False))

    async def _dismiss_dead(self, before: str | None) -> None:
        """See to it that a run which another one has superseded ends, even if its worker is dead."""
        if before is None:
            return
        with suppress(StoreAway), self.reach.asking() as store:
            note = write_note("run", before, "moved")
            await store.append(before, "moved.seen", b"", note=note, due=LEASE, ttl=AFTERWARDS)

    def _lead(
        self,
        flow: AnyFlowRoute,
        event: Event,
        arguments: dict[str, object],
        run_id: str,
        started: Started,
        written: dict[str, bytes],
        *,
        epoch: int = 1,
        synced: bool = True,
        machine: Machine | None = None,
    ) -> AnyRun:
        keeper = DurableKeeper(
            self.reach, run_id, flow.leads(event), epoch, written, live=self._kept(flow), synced=synced
        )
        run = self._runs.lead(
            flow,
            event,
            arguments,
            run_id,
            Identity(started.content, started.delivery),
            keeper,
            Machine(started.seed) if machine is None else machine,
        )
        keeper.keeps(run)
        return run

    def _first(self, run: AnyRun) -> Answer:
        answer = run.answer(0)
        # It may be so old that nobody asks for its first answer any more; the second one is none either.
        return answer if answer is not None else self._follow(run.id, 0, None)

    # --- resuming

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

    def _led(self, id: str) -> AnyRun | None:
        """A run, if it is led here, or was until it ended."""
        run = self._runs.by_id.get(id)
        if run is not None and (run.abandoned or (run.loop.is_closed() and not run.done)):
            self._lost(run)  # its loop has ended, and another one serves
            return None
        return run

    async def _resume_held(self, run: AnyRun | None, step: Step) -> Answer | None:
        if run is not None:
            run.asked = max(run.asked, step.number)
            answer = _made_by(run, step.number)
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
                await cast("DurableKeeper", run.keeper).sync()
                done = await self._append(run, step, outcome, out)
        except StoreAway:
            # Who just slept, or has not come so far, may have been superseded.
            if run is None or self.worker.slept or run.machine.step < step.number:
                return self._follow(step.run, step.number, outcome, written=False)
            keeper = cast("DurableKeeper", run.keeper)
            known = f"in.{step.number}" in keeper.written
            self._hand(run, step, keeper.note(step.name, outcome), None if known else event)
            return _made_by(run, step.number)
        if done.outcome is Appending.MISSING:
            return await self._ask_its_worker(step, outcome)
        if "start" in done.fields and not _is_call(done.fields["start"].value, step.call_sid):
            return None
        won = done.outcome is Appending.WON
        owner_knows = won and run is None
        if run is not None and done.epoch != cast("DurableKeeper", run.keeper).epoch:
            await self._refresh(run, step.name, [])  # somebody else has it, or something else leads its call
            run = None
        if won and event is not None and run is None:
            self._hub.announce(event)
        if run is not None:
            if won:
                cast("DurableKeeper", run.keeper).written.setdefault(step.name, write_entry(outcome))
                self._hand(run, step, outcome, event)
            else:
                run.asked = max(run.asked, step.number)
                cast("DurableKeeper", run.keeper).hear({step.name: done.fields[step.name]})
            # One that is so late that it is forgotten here is in the record.
            return _made_by(run, step.number) or self._written(step.run, done.fields, out)
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

    async def _ask_its_worker(self, step: Step, outcome: Outcome) -> Answer | None:
        """The answer of a step whose run has no record any more."""
        with suppress(StoreAway):
            if not await self._comes_back(step.run):
                return None
        return self._follow(step.run, step.number, outcome, written=False)

    async def _comes_back(self, run: str) -> bool:
        """Whether whoever began a run whose record is gone may have it in memory. They are asked to write it
        again, as often as this is asked: notes get lost.

        Raises:
            StoreAway: The store can't be asked.
        """
        worker, mark, _ = run.partition(MARK)
        if not mark or worker == self.worker.id:
            return False
        with self.reach.asking() as store:
            told = await store.tell(worker, write_note("missing", run))
            if told is Told.REACHED or not await self.worker.gone(worker, told):
                self._unseen.pop(worker, None)
                return True
        # The store may have lost the pulses, too: who lives gives another one soon.
        since = self._unseen.setdefault(worker, time.monotonic())
        return time.monotonic() - since < SUSPICION * HEARTBEAT

    async def _ask_owner(self, run: str, number: int, owner: str) -> Told:
        with suppress(StoreAway), self.reach.asking() as store:
            return await store.tell(owner, write_note("run", run, f"in.{number}", self.worker.id))
        return Told.UNKNOWN

    # --- answers that others make

    def _answer_of(self, record: Record, number: int) -> Answer:
        run = self._runs.by_id.get(record.run)
        answer = None if run is None else _made_by(run, number)
        if answer is not None:
            return answer
        written = self._written(record.run, record.fields, f"out.{number}")
        return written or self._follow(record.run, number, None)

    def _written(self, run: str, fields: Mapping[str, Field], out: str) -> Answer | None:
        """The answer that a record has, if it has one that can be read here: other workers may know more."""
        if out not in fields:
            return None
        try:
            served = cast("Served", read_entry(out, fields[out].value))
        except JournalUnreadable as error:
            if self._is_news(f"{run} {out}"):
                log.warning("an answer of the flow %s can't be served here: %s", run, error)
            return None
        answer = Answer(lambda: None)
        answer.set(written_twiml(served.body))
        return answer

    def _follow(
        self,
        run: str,
        number: int,
        outcome: Outcome | None,
        *,
        written: bool = True,
        told: Told = Told.UNKNOWN,
    ) -> Answer:
        """The answer of a step that another worker makes; `written`: whether the store has its outcome."""
        key = run, number
        answer = self._asked.get(key)
        if answer is None:
            answer = self._asked[key] = self._new_answer(run, number)
            answer.unwritten = None if written else outcome
            work = self._wait_for(answer, outcome, told)
            name = f"the answer {number} of {run}"
            task = self._hub.spawn(self._guarded(work, name), name)
            task.add_done_callback(lambda _: self._followed(answer))
        return answer

    def _new_answer(self, run: str, number: int) -> StepAnswer:
        answer = StepAnswer(lambda: self._give_up(answer), run, number)
        return answer

    def _followed(self, answer: StepAnswer) -> None:
        self._part_from(answer)
        # It was cancelled. Where this worker goes, another one will have it for those who ask again.
        if answer.response is None and not self.worker.leaving:
            answer.set(self._hub.fallback(VoiceRequest))

    def _part_from(self, answer: StepAnswer) -> None:
        """Whoever asks for it from now on waits for another one."""
        if self._asked.get((answer.run, answer.step)) is answer:
            del self._asked[answer.run, answer.step]

    def _give_up(self, answer: StepAnswer, error: Exception | None = None) -> None:
        if answer.set(self._hub.fallback(VoiceRequest)):
            late = TimeoutError(f"the flow gave no answer within {self._hub.settings.hold_limit} s")
            self._hub.report(error or late, None, answer.run)

    async def _wait_for(self, answer: StepAnswer, outcome: Outcome | None, told: Told) -> None:
        until = time.monotonic() + self._hub.settings.hold_limit
        pause = 0.0 if told is Told.NOT_REACHED else TICK
        with self.listening(answer.run) as noted:
            while answer.response is None and time.monotonic() < until:
                await self.hears(noted, pause)
                pause = TICK
                with suppress(StoreAway):
                    made = await self._look(answer, outcome, told)
                    if isinstance(made, Answer):
                        made.when_made(answer.set)
                        await answer.wait(max(0.0, until - time.monotonic()))
                    else:
                        told = made
        self._give_up(answer)

    @contextmanager
    def listening(self, run: str) -> Generator[asyncio.Event, None, None]:
        """While somebody waits for news of a run: what is set when there may be some."""
        noted = asyncio.Event()
        self._noted.setdefault(run, set()).add(noted)
        try:
            yield noted
        finally:
            self._noted[run].discard(noted)
            if not self._noted[run]:
                del self._noted[run]

    async def hears(self, noted: asyncio.Event, pause: float = TICK) -> None:
        """Wait for news, but not for long: what workers tell each other may get lost."""
        timer = asyncio.get_running_loop().call_later(pause, noted.set)
        try:
            await noted.wait()
        finally:
            timer.cancel()
        noted.clear()

    async def _look(self, answer: StepAnswer, outcome: Outcome | None, told: Told) -> Answer | Told:
        """The answer, if it is made or can be made here; else whether its owner's mailbox was reached."""
        if answer.response is not None:  # the news was the answer itself
            return answer
        run, number = answer.run, answer.step
        out = f"out.{number}"
        with self.reach.asking() as store:
            record = await store.read(run)
            if record is None:
                local = self._runs.by_id.get(run)
                if local is not None:
                    await cast("DurableKeeper", local.keeper).sync()
                elif not await self._comes_back(run):
                    self._give_up(answer, LookupError("the flow's record is gone, and its worker"))
                return told
            served = self._written(run, record.fields, out)
            if served is not None:
                return served
            since = record.fields.get(f"in.{number}", record.fields.get("start"))
            if since is not None and record.now - since.at > self._hub.settings.hold_limit:
                await store.tell(record.owner, write_note("late", run, str(number)))
                self._give_up(answer)
                return told
            if outcome is not None and f"in.{number}" not in record.fields:
                await store.append(run, f"in.{number}", write_entry(outcome), due=LEASE, ttl=self._live)
            answer.unwritten = None
            going = await self.progress(record, f"in.{number}", told)
        if isinstance(going, Told):
            return going
        flow_run = cast("FlowRun", going)
        made = flow_run.machine.step > number
        return flow_run.answer(number) or told if made else flow_run.expect(number)

    async def progress(self, record: Record, field: str, told: Told) -> AnyRun | Told:
        """See to it that somebody goes on with a run whose `field` is news: whoever has it, or this worker
        from now on.

        Returns:
            The run, where it is led here; else whether its owner's mailbox was reached, `told` where nobody
            could be asked.

        Raises:
            StoreAway: The store can't be asked.
        """
        run = record.run
        local = self._led(run)
        if record.owner == self.worker.id and local is not None:
            self._feed_all(local, record)
            return local
        with self.reach.asking() as store:
            if record.owner == self.worker.id or await self.worker.gone(record.owner, told):
                return await self.take_over(run, record.owner) or told
            return await store.tell(record.owner, write_note("run", run, field, self.worker.id))

    # --- taking over

    async def take_over(self, run: str, owner: str) -> AnyRun | None:
        """Lead a run here from now on, whose owner is gone; None where that can't be, or isn't needed.

        Args:
            run: Which.
            owner: Who is gone: somebody else may have taken over meanwhile.
        """
        task = self._taking.get(run)
        if task is None:
            task = self._taking[run] = asyncio.get_running_loop().create_task(self._take_over(run, owner))
            task.add_done_callback(lambda _: self._taking.pop(run, None))
        return await asyncio.shield(task)

    async def _take_over(self, run: str, owner: str) -> AnyRun | None:
        if self.worker.leaving:
            return None
        with self.reach.asking() as store:
            record = await store.read(run)
            if record is None or record.owner != owner or "done" in record.fields:
                return None
            here = self._runs.by_id.get(run)
            if here is not None and here.done and not here.abandoned:
                await cast(
                    "DurableKeeper", here.keeper
                ).sync()  # it has ended, which the store doesn't know yet
                return None
            found = self._readable(record)
            if found is None:
                return None
            if found[0].ends_by_answering and _has_ended(record):  # and its owner died before it could say so
                done = write_entry(Done(how="returned"))
                await store.append(run, "done", done, due=NEVER, ttl=AFTERWARDS)
                return None
            claimed = await store.claim(run, record.epoch, self.worker.id, ttl=self._kept(found[0]))
        if claimed is None:
            return None
        flow, _ = found
        entries = self._entries(claimed)
        started = cast("Started", entries["start"])
        event = flow.read_as(started.kind, dict(started.parameters))
        arguments = flow.arguments.read(started.url.partition("?")[2])
        slept = self._runs.by_id.get(run)
        if slept is not None:  # it was taken from this worker, too, which hasn't noticed yet
            self._lost(slept)
        machine = Machine(started.seed)
        for name, entry in entries.items():
            machine.feed(name, entry)
        written = {name: field.value for name, field in claimed.fields.items()}
        log.info("flow %s of %s: taken over from %s", flow.name, shown_sid(claimed.call), record.owner)
        return self._lead(flow, event, arguments, run, started, written, epoch=claimed.epoch, machine=machine)

    def _readable(self, record: Record) -> tuple[AnyFlowRoute, Started] | None:
        """The flow of a record, if it can be led here."""
        try:
            entries = self._entries(record)
        except (JournalUnreadable, WebhookInvalid) as error:
            self._tell_once(record, str(error))
            return None
        started = entries.get("start")
        if not isinstance(started, Started):
            self._tell_once(record, "start: it is missing")
            return None
        for name, entry in entries.items():
            number = name.partition(".")[2]
            if not isinstance(entry, Outcome) or entry.kind == HUNG_UP:
                continue
            before = f"out.{int(number) - 1}"
            if before not in entries:
                self._tell_once(record, f"{before}: it is missing, and {name} is there")
                return None
        flow = self._runs.routes.flow(started.flow, started.version)
        if flow is None:
            self._tell_once(record, f"there is no flow {started.flow} of version {started.version!r} here")
            return None
        try:
            flow.read_as(started.kind, dict(started.parameters))
            flow.arguments.read(started.url.partition("?")[2])
        except WebhookInvalid as error:  # the function was changed, and its version wasn't
            self._tell_once(record, str(error))
            return None
        return flow, started

    def _entries(self, record: Record) -> dict[str, Entry]:
        found = {name: read_entry(name, field.value) for name, field in in_order(record)}
        return {name: entry for name, entry in found.items() if entry is not None}

    def _tell_once(self, record: Record, why: str) -> None:
        if self._is_news(record.run):
            log.warning("the flow of %s can't be taken over here: %s", shown_sid(record.call), why)

    def _is_news(self, what: str) -> bool:
        """Whether the log was not told of it yet."""
        if what in self._told:
            return False
        if len(self._told) >= MOST_TOLD:
            self._told.clear()
        self._told.add(what)
        return True

    # --- ending

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
                cast("DurableKeeper", run.keeper).synced = False
        if run is None:
            return
        keeper = cast("DurableKeeper", run.keeper)
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
        if run is None or run.machine.moved or not cast("DurableKeeper", run.keeper).finished:
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
        entries = self._entries(record)
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
        for run in tuple(self._runs.by_id.values()):
            if not run.done:
                call_in(run.loop, self._lost, run)
        # The application's threads may all be busy, with steps.
        await here.run_in_executor(Threads(1), self.worker.leave)
        for run in tuple(self._runs.by_id.values()):
            if not run.done:  # it began meanwhile
                call_in(run.loop, self._lost, run)

    def _lost(self, run: AnyRun) -> None:
        """Another worker has a run, or shall have it."""
        run.abandon()
        self._runs.forget(run)
        if isinstance(run.keeper, DurableKeeper):
            run.keeper.forget()
        for number, answer in run.awaited_answers():
            asked = self._asked.get((run.id, number))
            if asked is not None:  # for this very answer
                self._part_from(asked)
            self._follow(run.id, number, None).when_made(answer.set)

    # --- what the worker's thread hears

    def _hear_from_afar(self, note: Note) -> None:
        self._in_loop(self._hear, note)
        if self._hub.live.elsewhere is not None:
            self._hub.live.elsewhere.hear(note)

    def _take_from_afar(self, run: str) -> None:
        self._in_loop(self._spawn_take, run)

    def _back_from_afar(self) -> None:
        self._in_loop(self._back)

    def _in_loop(self, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        loop = self._hub.loop
        if loop is not None and not loop.is_closed():
            call_in(loop, function, *args, **kwargs)

    def _hear(self, note: Note) -> None:
        match note:
            case ["run", run, field, *askers]:
                self._hear_of(run, field, askers)
            case ["news", run, field, value, *askers]:
                if not self._hear_news(run, field, value, askers):
                    self._hear_of(run, field, askers)
            case ["late", run, number]:
                led = self._runs.by_id.get(run)
                answer = None if led is None else led.answer(int(number))
                if answer is not None and answer.response is None:
                    answer.give_up()
            case ["missing", run]:
                led = self._runs.by_id.get(run)
                if led is not None:
                    self._spawn(cast("DurableKeeper", led.keeper).sync(), f"the record of {run}")
            case []:  # notes may have been lost
                for waiting in tuple(self._noted.values()):
                    for noted in waiting:
                        noted.set()
            case _:
                pass

    def _hear_of(self, run: str, field: str, askers: list[str]) -> None:
        """There is something new in the record of a run."""
        self._wake(run)
        led = self._runs.by_id.get(run)
        if led is not None and not led.done:
            self._spawn(self._refresh(led, field, askers), f"news of {run}")
        elif not field.startswith(f"{Served.PREFIX}."):
            self._spawn(self._hand_over(run, askers), f"news of {run}")

    def _hear_news(self, run: str, name: str, value: str, askers: list[str]) -> bool:
        """Somebody tells what the new field says: whether there is no need to read it."""
        prefix, _, number = name.partition(".")
        if not number.isdecimal():
            return False
        fields = {name: Field(value.encode("utf-8", "surrogatepass"), 0.0)}
        asked = self._asked.get((run, int(number)))
        if prefix == Served.PREFIX and asked is not None:
            answer = self._written(run, fields, name)
            if answer is None:
                return False
            answer.when_made(asked.set)
            self._wake(run)
            return True
        led = self._runs.by_id.get(run)
        if prefix != Outcome.PREFIX or led is None or led.done:
            return False
        keeper = cast("DurableKeeper", led.keeper)
        if not keeper.synced or name in keeper.written:
            return False
        for asker in askers:
            led.wake_when_answered(asker)
        keeper.hear(fields)
        return True

    def _wake(self, run: str) -> None:
        for noted in self._noted.get(run, ()):
            noted.set()

    async def _hand_over(self, run: str, askers: list[str]) -> None:
        """Somebody takes this worker for the owner of a run that isn't led here. If so, nobody goes on with
        the run as long as this worker lives: it may be leaving, and have let that go before others.
        """
        await asyncio.sleep(TICK)  # it may be about to be led
        led = self._runs.by_id.get(run)
        if led is not None and not led.done:
            return
        with suppress(StoreAway), self.reach.asking() as store:
            record = await store.read(run)
            if record is None or record.owner != self.worker.id or "done" in record.fields:
                return
            if not self.worker.leaving:
                await self.take_over(run, record.owner)
                return
            found = self._readable(record)
            if found is not None:
                await store.claim(run, record.epoch, NOBODY, ttl=self._kept(found[0]))
                for asker in askers:
                    await store.tell(asker, write_note("run", run, "owner"))

    async def _refresh(self, run: AnyRun, field: str, askers: list[str]) -> None:
        """There is something new in the record of a run that is led here."""
        out = f"out.{field.partition('.')[2]}"
        keeper = cast("DurableKeeper", run.keeper)
        with suppress(StoreAway), self.reach.asking() as store:
            if askers and out in keeper.written and keeper.synced:
                for asker in askers:
                    await store.tell(asker, write_note("run", run.id, out))
                return
            record = await store.read(run.id)
            if record is None:
                await keeper.sync()
                return
            for asker in askers:
                run.wake_when_answered(asker)
            self._feed_all(run, record)

    def _feed_all(self, run: AnyRun, record: Record) -> None:
        keeper = cast("DurableKeeper", run.keeper)
        if keeper.owned(record):
            keeper.hear(record.fields)
        else:
            keeper.disown(record)

    def _spawn(self, work: Coroutine[object, object, object], name: str) -> None:
        """Do something that nobody waits for."""
        self._hub.spawn(self._guarded(work, name), name)

    async def _guarded(self, work: Coroutine[object, object, object], name: str) -> None:
        try:
            await work
        except StoreAway:
            pass
        except Exception as error:
            log.error("%s failed", name, exc_info=without(error, ()))

    def _spawn_take(self, run: str) -> None:
        self._spawn(self._take_due(run), f"what is due of {run}")

    async def _take_due(self, run: str) -> None:
        led = self._runs.by_id.get(run)
        with suppress(StoreAway), self.reach.asking() as store:
            if led is not None and not led.done:
                await self._refresh(led, "due", [])
                return
            record = await store.read(run)
            if record is None:
                return
            if "done" in record.fields:
                await store.append(run, "over", b"", due=NEVER, ttl=AFTERWARDS)
            elif record.owner == self.worker.id or await self.worker.gone(record.owner, Told.UNKNOWN):
                await self.take_over(run, record.owner)
            else:
                await store.tell(record.owner, write_note("run", run, "due"))

    def _back(self) -> None:
        for run in tuple(self._runs.by_id.values()):
            keeper = run.keeper
            if isinstance(keeper, DurableKeeper) and not keeper.synced:
                self._spawn(keeper.sync(), f"the record of {run.id}")


def started_by(
    flow: AnyFlow, event: FlowEvent, identity: Identity, given: dict[str, str], url: str, seed: str
) -> Started:
    """How a run began."""
    return Started(
        flow=flow.key,
        version=flow.version,
        url=url,
        kind=type(event).__name__,
        parameters=given,
        content=identity.content,
        delivery=identity.delivery,
        seed=seed,
    )


def _has_ended(record: Record) -> bool:
    """Whether a flow has served its last answer."""
    made = (read_entry(name, entry.value) for name, entry in record.fields.items() if name[:4] == "out.")
    return any(isinstance(entry, Served) and not entry.verb for entry in made)


def in_order(record: Record) -> list[tuple[str, Field]]:
    """The fields of a record in the order in which they were appended, as far as that can be told."""
    return sorted(record.fields.items(), key=lambda each: each[1].at)


def _made_by(run: AnyRun, number: int) -> Answer | None:
    """The answer of a step of a run that is led here, even if that has been taken over a moment ago, and has
    yet to come to the step again.
    """
    written = cast("DurableKeeper", run.keeper).written
    if run.machine.step <= number and (not number or f"out.{number - 1}" in written):
        return cast("FlowRun", run).expect(number)
    return run.answer(number)


def _before(record: Record) -> Before:
    fields = record.fields
    try:
        started = read_entry("start", fields["start"].value)
    except (KeyError, JournalUnreadable):
        started = None
    if not isinstance(started, Started):
        return Before("", "", None, over=True, ended=False)
    over = "done" in fields or "moved" in fields
    return Before(started.flow, started.content, started.delivery, over, "end" in fields)


def _is_call(written: bytes, call_sid: str) -> bool:
    try:
        started = read_entry("start", written)
    except JournalUnreadable:  # here; whoever leads the call may be newer
        return True
    return isinstance(started, Started) and started.parameters.get("CallSid") == call_sid
