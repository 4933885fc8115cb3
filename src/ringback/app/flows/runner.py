"""Flows under way: one coroutine a call, which Twilio's webhooks wake up.

A run counts steps. Step 0 is the request that started it; whatever the flow then waits for is step 1, and so
on. Each step has one answer: what the flow adds until it waits again, or ends. A webhook for a step brings
the flow its result, if it is the first to do so, and gets the step's answer; one that is repeated, late or
held gets the same answer and moves nothing.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import threading
from collections import OrderedDict
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from ringback._core.forks import renew_in_child
from ringback._core.webhooks.events import VoiceRequest
from ringback._generated.flows import LATE
from ringback.app.loops.failures import as_exception, from_outside
from ringback.app.loops.portal import call_in
from ringback.app.reports import Heard, shown_sid
from ringback.app.tags import tagged
from ringback.app.webhooks.answers import Answer, twiml
from ringback.errors import CallHungUp, FlowError
from ringback.twiml import VoiceResponse
from ringback.webhooks import GatherResult, RecordResult, parse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from ringback.app.flows.call import AnyFlow, FlowEvent
    from ringback.app.hub import Hub
    from ringback.app.routes import RouteTable
    from ringback.app.tags import Tag
    from ringback.app.webhooks.identity import Identity

__all__ = ["FlowRun", "FlowRuns"]

E = TypeVar("E", bound=VoiceRequest)

log = logging.getLogger("ringback")

FINAL: Final = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
_STEP: Final = re.compile(r"[0-9]{1,9}")
GRACE: Final = 2.0  # seconds in which the result of a verb may follow the news that its call has ended


class FlowRun:
    """One flow leading one call.

    Attributes:
        event: What started it.
        arguments: What the link to it carried.
        call_sid: The call.
        entry: What the request said that started it; a repetition says the same.
        loop: Where everything happens but the waiting for answers.
        ended: How the call ended, or None while it lives.
        first: Its first answer.
        task: What runs it.
        done: Whether it is over.
        asked: The last step whose answer Twilio has asked for.
    """

    _ANSWERS: Final = 4  # of the last steps: Twilio asks for one thing at a time, so no older one is repeated

    def __init__(
        self,
        hub: Hub,
        routes: RouteTable,
        flow: AnyFlow,
        event: FlowEvent,
        entry: str,
        arguments: dict[str, object],
    ) -> None:
        self.id = secrets.token_urlsafe(9)
        self.hub = hub
        self.routes = routes
        self.flow = flow
        self.event = event
        self.arguments = arguments
        self._heard = Heard()
        self.call_sid = event.call_sid
        self.entry = entry
        self.loop = asyncio.get_running_loop()
        self.ended: str | None = None
        self.done = False
        self._step = 0
        self._answers = OrderedDict({0: Answer(self._give_up)})
        self._expects: type[VoiceRequest] = VoiceRequest
        self._inbox: asyncio.Future[VoiceRequest | None] | None = None
        self._dismissed = False
        self.asked = 0
        self._moving = 0  # how many of our own requests are moving the call elsewhere right now
        self._held_back: Callable[[], None] | None = None
        self.first = self._answers[0]
        self._timer: asyncio.TimerHandle | None = None
        self.task = hub.spawn(self._lead(), f"flow {flow.name} of {shown_sid(self.call_sid)}")
        self.task.add_done_callback(self._finish)

    # --- what the flow does, through its CallFlow

    def url(self, *, none: bool = False) -> str:
        """Where the result of the step to come has to be sent, or the news that there is none."""
        tag = ("flow", self.id, self._step + 1)
        return tagged(self.flow.url, *tag, "none") if none else tagged(self.flow.url, *tag)

    def serve(self, document: VoiceResponse, expects: type[E]) -> Awaitable[E | None]:
        """Serve a document; await what comes of it, None where that is nothing. The await may raise
        `CallHungUp`.

        Raises:
            CallHungUp: The call is over.
            FlowError: The flow already waits for something else.
            TwimlError: The document is too large.
        """
        if self.ended is not None:
            raise CallHungUp(self.call_sid, self.ended)
        if self._inbox is not None:
            raise FlowError("a flow can wait for one verb at a time")
        response = twiml(document)
        current, self._step = self._step, self._step + 1
        self._answers[self._step] = Answer(self._give_up)
        if len(self._answers) > self._ANSWERS:
            self._answers.popitem(last=False)
        inbox: asyncio.Future[VoiceRequest | None] = self.loop.create_future()
        self._inbox, self._expects = inbox, expects
        self._answers[current].set(response)
        return self._result(inbox, expects)

    async def _result(self, inbox: asyncio.Future[VoiceRequest | None], expects: type[E]) -> E | None:
        timer = self.loop.call_later(self.hub.settings.idle_limit, self._lose)
        try:
            result = await inbox
        finally:
            timer.cancel()
            self._inbox = None
        if result is not None and not isinstance(result, expects):
            raise FlowError(f"expected a {expects.__name__}, got a {type(result).__name__}")
        return result

    # --- what webhooks do

    @property
    def awaited(self) -> bool:
        """Whether its last answer is yet to be asked for: a flow may give up a verb that goes on and end."""
        return self.ended is None and not self._dismissed and self.asked < self._step

    def answer(self, step: int) -> Answer | None:
        """The answer of a step, made or in the making; None for one that is forgotten or yet to come."""
        return self._answers.get(step)

    def read(self, step: int, given: dict[str, str], *, none: bool) -> VoiceRequest | None:
        """The result that a webhook brings, if its step still waits for one."""
        if none or step != self._step or self._inbox is None:
            return None
        return parse(self._expects, given)

    def accept(self, step: int, event: VoiceRequest | None, status: str | None) -> None:
        """Wake the flow, unless the step has had its result."""
        if status in FINAL:
            self._end(status)
        if step != self._step or self._inbox is None or self._inbox.done():
            return
        if self._held_back is not None:
            return
        if event is not None:
            self._heard.note(event)
            self.hub.announce(event)
        bring = partial(self._bring, self._inbox, event if _tells(event) else None)
        if self._moving and self.ended is None:
            self._held_back = bring
        else:
            bring()

    def _bring(self, inbox: asyncio.Future[VoiceRequest | None], result: VoiceRequest | None) -> None:
        if inbox.done():
            return
        if result is None and self.ended is not None:
            inbox.set_exception(CallHungUp(self.call_sid, self.ended))
        else:
            inbox.set_result(result)

    def move(self) -> None:
        """The call is about to be moved: Twilio reports a Dial that is interrupted by that as completed, and
        the flow must not go on with it. Ends with `stay` or `dismiss`.
        """
        self._moving += 1

    def stay(self) -> None:
        """The call was not moved after all."""
        self._moving -= 1
        if not self._moving and self._held_back is not None:
            bring, self._held_back = self._held_back, None
            bring()

    def hang_up(self, status: str) -> None:
        """The call has ended."""
        # Twilio asks for the action of some verbs even so, and either may overtake the other.
        grace = GRACE if issubclass(self._expects, LATE) else 0
        self._end(status, grace)
        self.loop.call_later(grace, self._break, self._inbox)

    @property
    def over(self) -> bool:
        """Whether it leads the call no longer."""
        return self.done or self._dismissed

    def dismiss(self) -> None:
        """The call has gone elsewhere."""
        if not self.done:
            self._dismissed = True
            self.hub.end(self.task)

    def _end(self, status: str, grace: float = 0) -> None:
        if self.ended is not None:
            return
        self.ended = status
        if not self.done:  # what the flow awaits may be no verb, and never come
            self._timer = self.loop.call_later(grace + self.hub.settings.linger, self._overstay)

    def _overstay(self) -> None:
        log.warning(
            "flow %s still runs %s s after the end of call %s",
            self.flow.name,
            self.hub.settings.linger,
            shown_sid(self.call_sid),
        )
        self.dismiss()

    def _break(self, inbox: asyncio.Future[VoiceRequest | None] | None) -> None:
        if inbox is not None and not inbox.done():
            inbox.set_exception(CallHungUp(self.call_sid, self.ended or "completed"))

    def _lose(self) -> None:
        log.warning(
            "no word of call %s for %s s: taken as ended",
            shown_sid(self.call_sid),
            self.hub.settings.idle_limit,
        )
        self._end("completed")
        self._break(self._inbox)

    # --- its life

    async def _lead(self) -> None:
        try:
            last = await self.flow.lead(self)
            self._answers[self._step].set(twiml(last))
        except BaseException as raised:
            if from_outside(raised, self.task):
                raise
            if isinstance(raised, CallHungUp) and self.ended is not None:  # and not another call
                self._answers[self._step].set(twiml(VoiceResponse()))
                return
            self._answers[self._step].set(self.hub.fallback(VoiceRequest))
            error = as_exception(raised, "the flow")
            self.hub.report(error, self.event, self.flow.name, heard=self._heard)
        finally:
            self.done = True

    def _finish(self, _: object) -> None:
        self.done = True
        if self._timer is not None:
            self._timer.cancel()
        answer = self._answers[self._step]
        if answer.future.done():
            return
        if self._dismissed:
            answer.set(twiml(VoiceResponse()))  # nobody hears what is answered to a call that has gone
        else:
            log.warning("flow %s of %s was cancelled", self.flow.name, shown_sid(self.call_sid))
            answer.set(self.hub.fallback(VoiceRequest))

    def _give_up(self) -> None:
        self._answers[self._step].set(self.hub.fallback(VoiceRequest))
        error = TimeoutError(f"the flow gave no answer within {self.hub.settings.hold_limit} s")
        self.hub.report(error, self.event, self.flow.name, heard=self._heard)
        call_in(self.loop, self.dismiss)


class FlowRuns:
    """The runs of one application."""

    _KEPT: Final = 1_000  # runs that are over

    def __init__(self, hub: Hub, routes: RouteTable) -> None:
        self._hub = hub
        self._routes = routes
        self._renew()
        renew_in_child(self)

    def _renew(self) -> None:
        """Begin without runs: those of a parent process are led there."""
        self._lock = threading.Lock()
        self._by_id: dict[str, FlowRun] = {}
        self._by_call: dict[str, FlowRun] = {}
        self._over: dict[FlowRun, None] = {}

    def __len__(self) -> int:
        """How many flows are under way."""
        return len(self._by_id) - len(self._over)

    def start(
        self, flow: AnyFlow, event: FlowEvent, identity: Identity, arguments: dict[str, object]
    ) -> Answer:
        """The first answer of a new run, or of the one that this very request has started already.

        A request that says the same as the one that started a run is a repetition of it while that run is
        under way, whoever sends it: it must not end the run. Afterwards it is the call that comes by again,
        if it lives and anything tells that this isn't a repetition.
        """
        with self._lock:
            before = self._by_call.get(event.call_sid)
            repeated = (
                before is not None
                and before.flow is flow
                and before.entry == identity.content
                and (identity.delivery is None or not before.over or before.ended is not None)
            )
            answer = before.answer(0) if before is not None and repeated else None
            if answer is not None:
                return answer
            run = FlowRun(self._hub, self._routes, flow, event, identity.content, arguments)
            self._by_id[run.id] = self._by_call[event.call_sid] = run
        run.task.add_done_callback(lambda _: self._bury(run))
        if before is not None:
            self.dismiss(before)
        return run.first

    def resume(self, tag: Tag, given: dict[str, str]) -> Answer | None:
        """The answer of the step that a webhook is for; None where no run here has it.

        Raises:
            WebhookInvalid: The result can't be read.
        """
        run = self._by_id.get(tag.id)
        if (
            run is None
            or run.call_sid != given.get("CallSid")
            or not tag.rest[:1]
            or not _STEP.fullmatch(tag.rest[0])
        ):
            return None
        step = int(tag.rest[0])
        answer = run.answer(step)
        if answer is None:
            return None
        run.asked = max(run.asked, step)
        event = run.read(step, given, none="none" in tag.rest)
        alive = call_in(run.loop, run.accept, step, event, given.get("CallStatus"))
        return answer if alive or answer.future.done() else None

    def hang_up(self, call_sid: str | None, status: str) -> None:
        """Tell a call's flow that the call has ended."""
        run = self._by_call.get(call_sid or "")
        if run is None:
            return
        if run.done:
            call_in(run.loop, self._forget_later, run, self._hub.settings.linger)
        else:
            call_in(run.loop, run.hang_up, status)

    def leading(self, call_sid: str) -> FlowRun | None:
        """What leads a call, if anything does."""
        run = self._by_call.get(call_sid)
        return None if run is None or run.done else run

    def dismiss(self, run: FlowRun) -> None:
        """Cancel a run whose call has gone elsewhere."""
        call_in(run.loop, run.dismiss)

    @contextmanager
    def moving(self, call_sid: str) -> Generator[None, None, None]:
        """While we ask Twilio to move a call away from the flow that leads it: the flow is cancelled where
        that was done, and goes on where it wasn't.
        """
        run = self.leading(call_sid)
        if run is None:
            yield
            return
        call_in(run.loop, run.move)
        try:
            yield
        except BaseException:
            call_in(run.loop, run.stay)
            raise
        self.dismiss(run)

    def _bury(self, run: FlowRun) -> None:
        """Keep a run that is over for a while, for webhooks that are repeated or late."""
        with self._lock:
            self._over[run] = None
            oldest = next(iter(self._over)) if len(self._over) > self._KEPT else None
        if oldest is not None:
            self._forget(oldest)
        settings = self._hub.settings
        self._forget_later(run, settings.idle_limit if run.awaited else settings.linger)

    def _forget_later(self, run: FlowRun, seconds: float) -> None:
        run.loop.call_later(seconds, self._forget, run)

    def _forget(self, run: FlowRun) -> None:
        with self._lock:
            self._over.pop(run, None)
            self._by_id.pop(run.id, None)
            if self._by_call.get(run.call_sid) is run:
                del self._by_call[run.call_sid]


def _tells(event: VoiceRequest | None) -> bool:
    """Whether a result says more than that there is none."""
    match event:
        case GatherResult():
            return bool(event.digits or event.speech_result)
        case RecordResult():
            return bool(event.recording_url) and event.duration != 0
        case _:
            return event is not None
