"""Answers that other workers make: who has a webhook asks who has the flow."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import contextmanager, suppress
from itertools import cycle
from typing import TYPE_CHECKING, Final, cast

from ringback._core.webhooks.events import VoiceRequest
from ringback.app.flows.durable import DurableKeeper, keeper_of
from ringback.app.flows.journal import (
    Outcome,
    Served,
    read_entry,
    write_entry,
)
from ringback.app.flows.reach import StoreAway
from ringback.app.flows.step import StepAnswer
from ringback.app.flows.takeover import TakeOver
from ringback.app.flows.worker import HEARTBEAT, LEASE, SUSPICION, TICK, worker_of, write_note
from ringback.app.webhooks.answers import written_twiml
from ringback.app.webhooks.held import Answer
from ringback.errors import JournalUnreadable
from ringback.stores.store import Entry as Field
from ringback.stores.store import Told

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from ringback.app.flows.run import AnyRun
    from ringback.app.flows.runner import FlowRun
    from ringback.app.flows.step import Step
    from ringback.stores.store import Record

__all__ = ["Asking", "made_by"]

log = logging.getLogger("ringback")

PACE: Final = tuple(TICK * part for part in (1.0, 1.2, 0.8, 1.1, 0.9))
"""Seconds between two looks, so that they aren't in step with a mailbox that is lost again and again."""


class Asking(TakeOver):
    """Waits for what other workers answer, and takes over from those that are gone."""

    def _renew(self) -> None:
        """Forget what a parent process waits for."""
        super()._renew()
        self._asked: dict[tuple[str, int], StepAnswer] = {}
        self._noted: dict[str, set[asyncio.Event]] = {}
        self._unseen: dict[str, float] = {}

    @property
    def asks(self) -> bool:
        """Whether somebody waits here for an answer that another worker makes."""
        return bool(self._asked)

    def _first(self, run: AnyRun) -> Answer:
        answer = run.answer(0)
        # It may be so old that nobody asks for its first answer any more; the second one is none either.
        return answer if answer is not None else self._follow(run.id, 0, None)

    def _answer_of(self, record: Record, number: int) -> Answer:
        run = self._runs.by_id.get(record.run)
        answer = None if run is None else made_by(run, number)
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
            if outcome is not None and not written:
                answer.unwritten(outcome)
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
        pauses = cycle(PACE)
        pause = 0.0 if told is Told.NOT_REACHED else next(pauses)
        with self.listening(answer.run) as noted:
            while answer.response is None and time.monotonic() < until:
                await self.hears(noted, pause)
                pause = next(pauses)
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
                    await keeper_of(local).sync()
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
            answer.written()
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

    async def _comes_back(self, run: str) -> bool:
        """Whether whoever began a run whose record is gone may have it in memory. They are asked to write it
        again, as often as this is asked: notes get lost.

        Raises:
            StoreAway: The store can't be asked.
        """
        worker = worker_of(run)
        if worker in ("", self.worker.id):
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

    async def _ask_its_worker(self, step: Step, outcome: Outcome) -> Answer | None:
        """The answer of a step whose run has no record any more."""
        with suppress(StoreAway):
            if not await self._comes_back(step.run):
                return None
        return self._follow(step.run, step.number, outcome, written=False)

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


def made_by(run: AnyRun, number: int) -> Answer | None:
    """The answer of a step of a run that is led here, even if that has been taken over a moment ago, and has
    yet to come to the step again.
    """
    written = keeper_of(run).written
    if run.machine.step <= number and (not number or f"out.{number - 1}" in written):
        return cast("FlowRun", run).expect(number)
    return run.answer(number)
