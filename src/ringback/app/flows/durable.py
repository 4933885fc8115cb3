"""The keeper of a run whose record is in a shared store.

Where the store is away, the run goes on from memory and is *unsynced*: what it decides is written as soon as
the store is back. Where the store refuses that, somebody else has the run by then.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar, cast

from ringback.app.flows.journal import (
    Arrived,
    Begins,
    Done,
    Ended,
    Moved,
    Moving,
    Outcome,
    Replied,
    Served,
    Started,
    Stayed,
    Value,
    read_entry,
    write_entry,
)
from ringback.app.flows.reach import StoreAway
from ringback.app.flows.records import in_order
from ringback.app.flows.worker import LEASE, write_news
from ringback.app.loops.portal import call_in
from ringback.errors import JournalUnreadable
from ringback.stores.store import NEVER
from ringback.stores.store import Outcome as Appending

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ringback.app.flows.journal import Entry
    from ringback.app.flows.reach import Reach
    from ringback.app.flows.run import AnyRun
    from ringback.stores.store import Entry as Field
    from ringback.stores.store import Record

__all__ = ["AFTERWARDS", "LONGEST", "DurableKeeper", "keeper_of"]

E = TypeVar("E", bound="Entry")

AFTERWARDS: Final = 3_600.0  # seconds for which a record is kept after its end, or after the last word of it
LONGEST: Final = 31 * 86_400.0  # seconds for which stores keep anything
AT_ONCE: Final = 500  # fields that a record is made of; the others are appended
TOLD_ONCE: Final = (Started.PREFIX, Outcome.PREFIX, Served.PREFIX, Begins.PREFIX, Value.PREFIX)
NEWS: Final = (Ended.PREFIX, Moved.PREFIX)  # what settling a run would silence, where nobody has told it yet


def keeper_of(run: AnyRun) -> DurableKeeper:
    """Who keeps the record of a run of a shared store."""
    return cast("DurableKeeper", run.keeper)


class DurableKeeper:
    """Keeps a run's record in a store.

    Args:
        reach: The store, and the worker that asks it.
        run: The run's id.
        call: What it leads.
        epoch: How many owners it has had.
        written: What is in the record.
        live: For how many seconds a record is kept while its run goes on.
        synced: Whether the store has it.

    Attributes:
        epoch: How many owners the run has had when it became ours.
        synced: Whether the store has all of it.
    """

    durable = True
    records = True

    __slots__ = (
        "_call",
        "_live",
        "_looked",
        "_lost",
        "_naps",
        "_reach",
        "_run",
        "_run_id",
        "_unkept",
        "epoch",
        "synced",
        "written",
    )

    def __init__(
        self,
        reach: Reach,
        run: str,
        call: str,
        epoch: int,
        written: Mapping[str, bytes],
        *,
        live: float,
        synced: bool = True,
    ) -> None:
        self._reach = reach
        self._run_id = run
        self._call = call
        self.epoch = epoch
        self.written = dict(written)
        self._live = live
        self.synced = synced
        self._run: AnyRun | None = None
        self._looked = 0.0
        self._naps = reach.naps
        self._lost = False
        self._unkept = False

    @property
    def leaving(self) -> bool:
        """Whether this worker leaves its flows to the others."""
        return self._reach.leaving

    @property
    def finished(self) -> bool:
        """Whether the store has the run's end."""
        return self.synced and Done.PREFIX in self.written

    def keeps(self, run: AnyRun) -> None:
        """Whose record it is."""
        self._run = run

    async def decide(
        self, name: str, entry: E, *, wake: Iterable[str] = (), settles: bool = False, due: float = NEVER
    ) -> E:
        """Keep what the owner decided; the entry that counts. Where the run has another owner by now, this
        never returns.
        """
        value = write_entry(entry)
        restored = False
        while True:
            known = self.written.get(name)
            if known is not None:
                return cast("E", read_entry(name, known))
            if not self.synced:
                self.written[name] = value
                return entry
            try:
                with self._reach.asking() as store:
                    done = await store.append(
                        self._run_id,
                        name,
                        value,
                        epoch=self.epoch,
                        wake=tuple(wake),
                        want=NEWS if settles else (),
                        note=write_news(self._run_id, name, value) if wake else b"",
                        due=due if settles else None,
                        ttl=AFTERWARDS if name == "done" else self._kept(due),
                    )
            except StoreAway:
                self.synced = await self._reach.ask_again()
                continue
            if done.outcome is Appending.MISSING and restored:
                self.synced = False  # the store keeps nothing
            elif done.outcome is Appending.MISSING:
                await self.sync()
                restored = True
                if self._lost:
                    await self._stop()
            elif done.outcome is Appending.FENCED:
                await self._lose()
            else:
                won = done.outcome is Appending.WON
                self.written[name] = value if won else done.fields[name].value
                self.hear(
                    {
                        each: done.fields[each]
                        for each in NEWS
                        if each in done.fields and each not in self.written
                    }
                )
                if won:
                    return entry

    async def fact(self, name: str, entry: Entry, *, last: bool = False) -> None:
        """Keep what has happened, whoever owns the run."""
        value = self.written[name] = write_entry(entry)
        try:
            with self._reach.asking() as store:
                due, ttl = (NEVER, AFTERWARDS) if last else (LEASE, self._live)
                await store.append(self._run_id, name, value, due=due, ttl=ttl)
        except StoreAway:
            self.synced = False

    def note(self, name: str, entry: Outcome) -> Outcome:
        """Keep an outcome in memory, where the store can't be asked; the one that counts."""
        self.synced = False
        value = self.written.setdefault(name, write_entry(entry))
        return cast("Outcome", read_entry(name, value))

    def _kept(self, due: float) -> float:
        """For how long the record is kept, where the run is due after so many seconds."""
        return self._live if due == NEVER else min(max(self._live, due + AFTERWARDS), LONGEST)

    def heard(self, name: str, entry: Entry) -> None:
        """Who told the run has written it."""

    def hear(self, fields: Mapping[str, Field]) -> None:
        """Tell the run what others have written."""
        run = self._run
        for name, field in in_order(fields):
            known = name in self.written
            if known and name.partition(".")[0] in TOLD_ONCE:
                continue
            self.written.setdefault(name, field.value)
            with suppress(JournalUnreadable):
                entry = read_entry(name, field.value)
                # Who moves the call is told of once: nobody waits for them for ever.
                news = isinstance(entry, Moving | Stayed) and not known
                if run is not None and (
                    news or isinstance(entry, Outcome | Arrived | Replied | Ended | Moved)
                ):
                    call_in(run.loop, run.feed, name, entry)

    async def sync(self) -> None:
        """Write what the store hasn't, and hear what it has; `disown` the run where it isn't ours."""
        if self._lost or self._unkept:
            return
        try:
            with self._reach.asking() as store:
                record = await store.read(self._run_id)
                if record is None:
                    # A store that has lost the record has lost the pulse, too: without one the others would
                    # take the run's owner for dead.
                    await store.pulse(self._reach.me, ttl=LEASE)
                    begun = await store.begin(
                        self._call,
                        self._run_id,
                        dict(islice(self.written.items(), AT_ONCE)),
                        owner=self._reach.me,
                        epoch=self.epoch,
                        due=NEVER if self._waits else LEASE,
                        ttl=self._live,
                    )
                    record = begun.record
                if not self.owned(record):
                    self.disown(record)
                    return
                there = set(record.fields)
                # What is decided meanwhile is decided in memory, too.
                while missing := [each for each in self.written.items() if each[0] not in there]:
                    for name, value in missing:
                        done = await store.append(self._run_id, name, value, epoch=self.epoch, ttl=self._live)
                        if done.outcome is Appending.FENCED or self._lost:
                            await self._lose()
                            return
                        there.add(name)
                self.synced = True
            self.hear(record.fields)
        except StoreAway:
            self.synced = False

    @property
    def _waits(self) -> bool:
        """Whether the run has nothing to do, and would have nothing to do for another owner."""
        return self._run is not None and self._run.suspended and Ended.PREFIX not in self.written

    def owned(self, record: Record) -> bool:
        """Whether the run is still ours."""
        return (record.run, record.owner, record.epoch) == (self._run_id, self._reach.me, self.epoch)

    def disown(self, record: Record) -> None:
        """Leave a run that isn't ours any more: to whoever has it; or to its end, where its call has gone
        elsewhere and nobody else has it.
        """
        run = self._run
        if run is None or self._lost:
            return
        if record.run != self._run_id:  # the call's; there is no record of this one any more
            self._unkept, self.synced = True, False
            call_in(run.loop, run.dismiss)
        elif Moved.PREFIX in record.fields and record.owner == self._reach.me:
            self.epoch = record.epoch  # its `finally` may have something to decide
            call_in(run.loop, run.dismiss)
        else:
            self.abandon()

    def may_go_on(self) -> bool | asyncio.Future[None]:
        """Whether the run's coroutine may be continued. A worker that slept longer than its lease looks
        first.
        """
        reach = self._reach
        if self._naps == reach.naps and (not reach.overslept or time.monotonic() - self._looked < LEASE):
            return True
        loop = asyncio.get_running_loop()
        looked: asyncio.Future[None] = loop.create_future()
        self._reach.spawn(self._look(looked), f"a look for the owner of {self._run_id}")
        return looked

    async def _look(self, looked: asyncio.Future[None]) -> None:
        naps = self._reach.naps
        try:
            record = await self._read()
            if record is not None and not self.owned(record):
                self.disown(record)
        except StoreAway:
            self.synced = False
        finally:
            self._looked, self._naps = time.monotonic(), naps
            if not looked.done():
                looked.set_result(None)

    async def _read(self) -> Record | None:
        while True:
            try:
                with self._reach.asking() as store:
                    return await store.read(self._run_id)
            except StoreAway:
                if not await self._reach.ask_again():
                    raise

    def abandon(self) -> None:
        """Leave the run to whoever has it."""
        if self._run is not None:
            self._reach.lost(self._run)

    def forget(self) -> None:
        """It is left. Its coroutine stays, and what belongs to it, but no more than that."""
        self._lost = True
        self.written.clear()

    async def _lose(self) -> None:
        """What was decided is refused. Returns where it may be tried again: the run is to end here."""
        run = self._run
        if run is None:
            return
        ends = run.over
        try:
            with self._reach.asking() as store:
                record = await store.read(self._run_id)
        except StoreAway:
            self.abandon()
        else:
            if record is not None and not self.owned(record):
                self.disown(record)
        if self._lost or (run.over and not ends and asyncio.current_task() is run.task):
            await self._stop()

    async def _stop(self) -> None:
        """Go on no more. Of what runs besides the flow nothing is left to be done."""
        run, task = self._run, asyncio.current_task()
        if run is not None and task is not run.task and task in run.hub._tasks:
            raise asyncio.CancelledError
        await asyncio.get_running_loop().create_future()
