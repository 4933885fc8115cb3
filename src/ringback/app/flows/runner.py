"""A flow under way: its coroutine, which the outcomes of its steps wake up, and the answers that it makes."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, TypeVar

from ringback._core.webhooks.events import VoiceRequest
from ringback._generated.flows import LATE
from ringback.app.flows.journal import HUNG_UP, NONE, Done, Ended, Moved, Moving, Outcome, Served, Stayed
from ringback.app.flows.run import Run
from ringback.app.flows.step import StepAnswer
from ringback.app.loops.portal import call_in
from ringback.app.reports import Heard, shown_sid
from ringback.app.tags import tagged
from ringback.app.webhooks.answers import twiml, written_twiml
from ringback.errors import CallHungUp, FlowError
from ringback.twiml import VoiceResponse
from ringback.webhooks import GatherResult, RecordResult, parse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine, Iterable

    from ringback._core.webhooks.events import Event
    from ringback.app.flows.call import AnyFlow, FlowEvent
    from ringback.app.flows.journal import Entry
    from ringback.app.webhooks.held import Answer
    from ringback.http import WebhookResponse

__all__ = ["FlowRun"]

E = TypeVar("E", bound=VoiceRequest)

log = logging.getLogger("ringback")

GRACE: Final = 2.0  # seconds in which the result of a verb may follow the news that its call has ended
MOVING: Final = 20.0  # seconds that somebody may take to move a call; the REST API answers or fails by then


class FlowRun(Run["FlowEvent", "AnyFlow"]):
    """One flow leading one call, in the worker that owns it."""

    __slots__ = ("_announced", "_answers", "_idle", "_late", "_must_hang_up", "_waits_since")

    event: FlowEvent
    flow: AnyFlow

    _ASKED = VoiceRequest
    _ENDS = CallHungUp
    _ANSWERS: Final = 3  # of the last steps: Twilio asks for one thing at a time, so no older one is repeated

    def _set_up(self) -> None:
        self._answers = [StepAnswer(self._give_up, self.id, 0)]  # a dict of so few takes three times as much
        self._announced: Event | None = None
        self._must_hang_up = False
        self._idle: asyncio.TimerHandle | None = None
        self._waits_since = 0.0
        self._late = False

    # --- what the flow does, through its CallFlow

    def url(self, kind: str) -> str:
        """Where the result of the step to come has to be sent: the class of an event, or `none`."""
        return tagged(self.flow.url, "flow", self.id, self.machine.step + 1, kind)

    async def serve(self, document: VoiceResponse, verb: str) -> None:
        """Serve a document; what comes of it is told by `result`.

        Args:
            document: What the caller hears, and the verb that is waited for.
            verb: How its element is called.

        Raises:
            CallHungUp: The call is over.
            FlowError: The flow already waits for something else.
            TwimlError: The document is too large.
        """
        machine = self.machine
        if self._serving:
            raise FlowError("a flow can wait for one verb at a time")
        if machine.ended is not None:
            raise CallHungUp(self.call_sid, machine.ended)
        machine.check(verb)
        response = twiml(document)
        self._serving = True
        try:
            ended = await self._ends_unserved() if machine.served() is None else None
            if ended is not None:
                raise CallHungUp(self.call_sid, ended)
            await self._answer(verb, response)
        except BaseException:
            self._serving = False
            raise

    async def result(self, expects: type[E]) -> E | None:
        """What comes of what was served, None where that is nothing.

        Args:
            expects: Its class.

        Raises:
            CallHungUp: The call is over.
        """
        machine = self.machine
        self._late = expects.__name__ in LATE
        try:
            while machine.outcome() is None:
                if self._must_hang_up and not machine.given_up:
                    name = f"in.{machine.step}"
                    machine.feed(name, await self.keeper.decide(name, machine.hang_up()))
                else:
                    await self._news()
                    self._inbox = None
        finally:
            self._inbox = None
            self._serving = False
        return self._read(machine.take(), expects)

    async def _answer(self, verb: str, response: WebhookResponse) -> None:
        """Make an answer, and go on to the next."""
        machine = self.machine
        step = machine.step
        served, cancelled = machine.served(), None
        if served is None and self.keeper.records:
            waking, self._waking = self._waking, None
            entry = Served(
                verb=verb,
                body=response.body.decode(),
                times=machine.times(),
                gave_up=machine.waiting is not None,
            )
            deciding = self.keeper.decide(f"out.{step}", entry, wake=waking or (), settles=True)
            served, cancelled = await _even_so(deciding) if self.keeper.durable else (await deciding, None)
        self.expect(step + 1)
        if len(self._answers) > self._ANSWERS:
            self._answers.remove(min(self._answers, key=lambda answer: answer.step))
        machine.times()  # those of the next answer are counted from here on
        machine.wait(verb)
        self.expect(step).set(response if served is None else written_twiml(served.body))
        if cancelled is not None:
            raise cancelled

    def _news(self) -> asyncio.Future[None]:
        """What is done when there is something new of the verb that was served."""
        self._inbox = inbox = self.loop.create_future()
        self._waits_since = self.loop.time()
        if self._idle is None:  # one for many steps: most of them take seconds, and the limit is hours
            self._idle = self.loop.call_later(self.hub.settings.idle_limit, self._listen)
        self._catch_up()
        return inbox

    def _read(self, outcome: Outcome, expects: type[E]) -> E | None:
        announced, self._announced = self._announced, None
        if outcome.kind == HUNG_UP:
            raise CallHungUp(self.call_sid, outcome.status or "completed")
        if self.machine.ended is not None:
            self._begin_to_linger(0)
        result = None
        if outcome.kind != NONE:
            event = announced or parse(expects, dict(outcome.parameters))
            self._heard = self._heard or Heard(self.event)
            self._heard.note(event)
            if not isinstance(event, expects):
                raise FlowError(f"expected a {expects.__name__}, got a {type(event).__name__}")
            result = event if tells(event) else None
        if result is None and self.machine.ended is not None:
            raise CallHungUp(self.call_sid, self.machine.ended)
        return result

    # --- what webhooks do

    @property
    def awaited(self) -> bool:
        """Whether its last answer is yet to be asked for: a flow may give up a verb that goes on and end."""
        return self.machine.end is None and not self._dismissed and self.asked < self.machine.step

    def answer(self, step: int) -> StepAnswer | None:
        """The answer of a step, made or in the making; None for one that is forgotten or yet to come."""
        return next((answer for answer in self._answers if answer.step == step), None)

    def awaited_answers(self) -> Iterable[tuple[int, Answer]]:
        """Those that are yet to be made, and that somebody waits for, by their steps."""
        return [(answer.step, answer) for answer in self._answers if answer.awaited]

    def expect(self, step: int) -> Answer:
        """The answer of a step, which somebody waits for, or will."""
        answer = self.answer(step)
        if answer is None:
            answer = StepAnswer(self._give_up, self.id, step)
            self._answers.append(answer)
        return answer

    def feed(self, name: str, entry: Entry | None, event: Event | None = None) -> None:
        """Learn of an entry of the record; of the outcome that the flow waits for, `event` is what was read
        of it. To be called in the loop.
        """
        machine = self.machine
        if event is not None and isinstance(entry, Outcome) and machine.awaits(int(name.partition(".")[2])):
            self._announced = event
        if entry is not None and self.keeper.records:
            self.keeper.heard(name, entry)
        known = machine.end is not None
        machine.feed(name, entry)
        match entry:
            case Outcome():
                self._wake()
            case Ended() if not known:
                self._call_ended()
            case Moved():
                self.dismiss()
            case Moving():
                self._later(MOVING, self._stay)
            case Stayed():
                self._wake()
            case _:
                pass

    def _wake(self) -> None:
        inbox = self._inbox
        machine = self.machine
        if inbox is None or inbox.done() or machine.given_up:
            return
        if self._must_hang_up or machine.outcome():
            inbox.set_result(None)

    def _stay(self) -> None:
        self.machine.stay()
        self._wake()

    def _catch_up(self) -> None:
        """The flow begins to wait: what has been known before may end that."""
        if self.machine.moved:
            self.loop.call_soon(self.dismiss)
        elif self.machine.end is not None:
            self._call_ended()

    def _call_ended(self) -> None:
        """The call has ended, whatever the flow waits for."""
        # Twilio asks for the action of some verbs even so, and either may overtake the other.
        grace = GRACE if self._late and self.suspended else 0.0
        self._begin_to_linger(grace)
        if self._inbox is not None:
            self._later(grace, self._hang_up)

    def _hang_up(self) -> None:
        self._must_hang_up = True
        self._wake()

    def _begin_to_linger(self, grace: float) -> None:
        if not self.done:  # what the flow awaits may be no verb, and never come
            self._later(grace + self.hub.settings.linger, self._overstay)

    def _overstay(self) -> None:
        if self.over:
            return
        log.warning(
            "flow %s still runs %s s after the end of call %s",
            self.flow.name,
            self.hub.settings.linger,
            shown_sid(self.call_sid),
        )
        self.dismiss()

    def _listen(self) -> None:
        """Whether anything was heard of the call for long."""
        self._idle = None
        if self._inbox is None:
            return
        left = self._waits_since + self.hub.settings.idle_limit - self.loop.time()
        if left > 0:
            self._idle = self.loop.call_later(left, self._listen)
        else:
            self._lose()

    def _cancel_timers(self) -> None:
        super()._cancel_timers()
        if self._idle is not None:
            self._idle.cancel()

    def _lose(self) -> None:
        log.warning(
            "no word of call %s for %s s: taken as ended",
            shown_sid(self.call_sid),
            self.hub.settings.idle_limit,
        )
        self.machine.feed("end", Ended(status="completed"))
        self._begin_to_linger(0)
        self._hang_up()

    # --- its life

    def _led(self) -> Awaitable[VoiceResponse]:
        return self.flow.lead(self)

    def _skip(self) -> None:
        super()._skip()
        self.expect(self.machine.step)

    async def _end(self, how: str, response: WebhookResponse) -> None:
        step = self.machine.step
        if self.keeper.records:
            gave_up = self.machine.waiting is not None
            entry = Served(verb="", body=response.body.decode(), gave_up=gave_up)
            waking, self._waking = self._waking, None
            served = await self.keeper.decide(f"out.{step}", entry, wake=waking or ())
            response = written_twiml(served.body)
        self.expect(step).set(response)
        self.done = True
        if self.keeper.records:
            await self.keeper.decide("done", Done(how=how), settles=True)

    def _left(self) -> None:
        answer = self.answer(self.machine.step)
        if answer is None or answer.response is not None:
            return
        if self._dismissed:
            answer.set(twiml(VoiceResponse()))  # nobody hears what is answered to a call that has gone
        else:
            log.warning("flow %s of %s was cancelled", self.flow.name, shown_sid(self.call_sid))
            answer.set(self.hub.fallback(VoiceRequest))

    def _give_up(self) -> None:
        self.expect(self.machine.step).set(self.hub.fallback(VoiceRequest))
        error = TimeoutError(f"the flow gave no answer within {self.hub.settings.hold_limit} s")
        self.hub.report(error, self.event, self.flow.name, heard=self._said())
        call_in(self.loop, self.dismiss)


async def _even_so(
    deciding: Coroutine[object, object, Served],
) -> tuple[Served, asyncio.CancelledError | None]:
    """What is decided, even where the flow gives up meanwhile: the others may have read it by then."""
    task = asyncio.ensure_future(deciding)
    try:
        return await asyncio.shield(task), None
    except asyncio.CancelledError as error:
        await asyncio.wait({task})
        return task.result(), error


def tells(event: VoiceRequest) -> bool:
    """Whether a result says more than that there is none."""
    match event:
        case GatherResult():
            return bool(event.digits or event.speech_result)
        case RecordResult():
            return bool(event.recording_url) and event.duration != 0
        case _:
            return True
