"""What a worker hears: notes in its mailbox, runs that are due, and that the store is back."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final, ParamSpec

from ringback.app.flows.asking import Asking
from ringback.app.flows.durable import AFTERWARDS, DurableKeeper, keeper_of
from ringback.app.flows.journal import (
    Outcome,
    Served,
)
from ringback.app.flows.reach import StoreAway
from ringback.app.flows.worker import TICK, write_note
from ringback.app.loops.portal import call_in
from ringback.stores.store import NEVER, Told
from ringback.stores.store import Entry as Field

if TYPE_CHECKING:
    from collections.abc import Callable

    from ringback.app.flows.run import AnyRun
    from ringback.app.flows.worker import Note

__all__ = ["News"]

P = ParamSpec("P")

NOBODY: Final = "nobody"  # no worker's id: these have 12 characters, and it never gives a pulse


class News(Asking):
    """Sees to it that what has happened to a run has its consequence, here or with whoever has it."""

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
                    self._spawn(keeper_of(led).sync(), f"the record of {run}")
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
        keeper = keeper_of(led)
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
                await store.claim(run, record.epoch, NOBODY, ttl=self._kept(found.flow))
                for asker in askers:
                    await store.tell(asker, write_note("run", run, "owner"))

    async def _refresh(self, run: AnyRun, field: str, askers: list[str]) -> None:
        """There is something new in the record of a run that is led here."""
        out = f"out.{field.partition('.')[2]}"
        keeper = keeper_of(run)
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
