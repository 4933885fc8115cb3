"""Leading runs here: new ones, and those whose owner is gone."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, NamedTuple

from ringback._core.forks import renew_in_child
from ringback.app.flows.durable import AFTERWARDS, LONGEST, DurableKeeper, keeper_of
from ringback.app.flows.journal import (
    HUNG_UP,
    Done,
    Outcome,
    Started,
    write_entry,
)
from ringback.app.flows.machine import Machine
from ringback.app.flows.reach import Reach, StoreAway
from ringback.app.flows.records import entries_of, has_ended
from ringback.app.flows.worker import Worker
from ringback.app.live.elsewhere import Elsewhere
from ringback.app.reports import shown_sid, without
from ringback.app.webhooks.recognise import Identity
from ringback.errors import JournalUnreadable, WebhookInvalid
from ringback.stores.store import NEVER

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from ringback._core.webhooks.events import Event
    from ringback.app.flows.journal import Entry
    from ringback.app.flows.route import AnyFlowRoute
    from ringback.app.flows.run import AnyRun
    from ringback.app.flows.runs import FlowRuns
    from ringback.app.flows.worker import Note
    from ringback.stores.store import Record, RunStore

__all__ = ["TakeOver"]

log = logging.getLogger("ringback")

MOST_TOLD: Final = 1_000  # runs that the log was told of


class Readable(NamedTuple):
    """A record whose flow can be led here.

    Attributes:
        flow: The flow, of the record's version.
        started: How the run began.
        event: The event that it began with.
        arguments: What the link to the flow carried.
        entries: All of the record, in order.
    """

    flow: AnyFlowRoute
    started: Started
    event: Event
    arguments: dict[str, object]
    entries: dict[str, Entry]


class TakeOver:
    """The runs of a shared store that this worker leads, or comes to lead.

    Args:
        runs: What is led here.
        store: What the workers share.

    Attributes:
        worker: This process among them.
        reach: The store as it is asked.
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
        """Forget what a parent process does."""
        self._taking: dict[str, asyncio.Task[AnyRun | None]] = {}
        self._told: set[str] = set()

    @property
    def _live(self) -> float:
        return min(self._hub.settings.idle_limit + AFTERWARDS, LONGEST)

    def _kept(self, flow: AnyFlowRoute) -> float:
        return min(flow.patience(self._hub.settings) + AFTERWARDS, LONGEST)

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

    def _led(self, id: str) -> AnyRun | None:
        """A run, if it is led here, or was until it ended."""
        run = self._runs.by_id.get(id)
        if run is not None and (run.abandoned or (run.loop.is_closed() and not run.done)):
            self._lost(run)  # its loop has ended, and another one serves
            return None
        return run

    def _is_news(self, what: str) -> bool:
        """Whether the log was not told of it yet."""
        if what in self._told:
            return False
        if len(self._told) >= MOST_TOLD:
            self._told.clear()
        self._told.add(what)
        return True

    def _tell_once(self, record: Record, why: str) -> None:
        if self._is_news(record.run):
            log.warning("the flow of %s can't be taken over here: %s", shown_sid(record.call), why)

    def _readable(self, record: Record) -> Readable | None:
        """What a record says, if its flow can be led here."""
        try:
            entries = entries_of(record)
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
            event = flow.read_as(started.kind, dict(started.parameters))
            arguments = flow.arguments.read(started.url.partition("?")[2])
        except WebhookInvalid as error:  # the function was changed, and its version wasn't
            self._tell_once(record, str(error))
            return None
        return Readable(flow, started, event, arguments, entries)

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
                await keeper_of(here).sync()  # it has ended, which the store doesn't know yet
                return None
            found = self._readable(record)
            if found is None:
                return None
            if found.flow.ends_by_answering and has_ended(found.entries):
                # Its owner died before it could say so.
                done = write_entry(Done(how="returned"))
                await store.append(run, "done", done, due=NEVER, ttl=AFTERWARDS)
                return None
            claimed = await store.claim(run, record.epoch, self.worker.id, ttl=self._kept(found.flow))
        if claimed is None:
            return None
        slept = self._runs.by_id.get(run)
        if slept is not None:  # it was taken from this worker, too, which hasn't noticed yet
            self._lost(slept)
        flow, started, event, arguments, _ = found
        machine = Machine(started.seed)
        for name, entry in entries_of(claimed).items():
            machine.feed(name, entry)
        written = {name: field.value for name, field in claimed.fields.items()}
        log.info("flow %s of %s: taken over from %s", flow.name, shown_sid(claimed.call), record.owner)
        return self._lead(flow, event, arguments, run, started, written, epoch=claimed.epoch, machine=machine)

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

    def _feed_all(self, run: AnyRun, record: Record) -> None:
        keeper = keeper_of(run)
        if keeper.owned(record):
            keeper.hear(record.fields)
        else:
            keeper.disown(record)

    def _lost(self, run: AnyRun) -> None:
        """Another worker has a run, or shall have it."""
        raise NotImplementedError

    def _hear_from_afar(self, note: Note) -> None:
        """The mailbox has a note; told in the worker's thread, as what follows."""
        raise NotImplementedError

    def _take_from_afar(self, run: str) -> None:
        """A run is due."""
        raise NotImplementedError

    def _back_from_afar(self) -> None:
        """The store is back."""
        raise NotImplementedError
