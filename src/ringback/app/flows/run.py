"""What the runs of all flows have in common, those of calls and those of conversations: a coroutine that can
be left to another worker, and its end.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeAlias, TypeVar

from ringback._core.webhooks.events import Event
from ringback.app.flows.abandoned import HeldTask
from ringback.app.flows.journal import HUNG_UP, Done
from ringback.app.loops.calendar import epoch
from ringback.app.loops.endings import loop_ends, watch_end
from ringback.app.loops.failures import as_exception, from_outside
from ringback.app.reports import Heard, shown_sid
from ringback.app.webhooks.answers import empty, twiml

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable

    from ringback.app.flows.journal import Entry
    from ringback.app.flows.keeper import Keeper
    from ringback.app.flows.machine import Machine
    from ringback.app.flows.route import AnyFlowRoute
    from ringback.app.hub import Hub
    from ringback.app.routes import RouteTable
    from ringback.app.webhooks.held import Answer
    from ringback.app.webhooks.recognise import Identity
    from ringback.http import WebhookResponse
    from ringback.twiml import MessagingResponse, VoiceResponse

__all__ = ["AnyRun", "Run"]

V = TypeVar("V", bound=Event)
F = TypeVar("F", bound="AnyFlowRoute")


class Run(Generic[V, F]):
    """One flow under way, in the worker that owns it.

    Attributes:
        id: Its id, which stands in the URLs of its steps.
        flow: What leads.
        event: What started it.
        arguments: What the link to it carried.
        call_sid: The call, or what tells a conversation from others.
        identity: What the request that started it is told by.
        machine: What is known of it.
        keeper: Who keeps its record.
        on_end: Called when it is over.
        loop: Where everything happens but the waiting for answers.
        task: What runs it.
        done: Whether it is over.
        asked: The last step whose answer Twilio has asked for.
    """

    __slots__ = (
        "__weakref__",
        "_abandoned",
        "_besides",
        "_dismissed",
        "_epoch",
        "_heard",
        "_inbox",
        "_serving",
        "_timers",
        "_waking",
        "arguments",
        "asked",
        "call_sid",
        "done",
        "event",
        "flow",
        "hub",
        "id",
        "identity",
        "keeper",
        "loop",
        "machine",
        "on_end",
        "routes",
        "task",
    )

    _ASKED: ClassVar[type[Event]]
    """What its answers are for."""
    _ENDS: ClassVar[type[BaseException]]
    """What it raises where the other side has ended it."""

    def __init__(
        self,
        hub: Hub,
        routes: RouteTable,
        flow: F,
        event: V,
        arguments: dict[str, object],
        *,
        id: str,
        identity: Identity,
        machine: Machine,
        keeper: Keeper,
    ) -> None:
        self.id = id
        self.hub = hub
        self.routes = routes
        self.flow = flow
        self.event = event
        self.arguments = arguments
        self.call_sid = flow.leads(event)
        self.identity = identity
        self.machine = machine
        self.keeper = keeper
        self.loop = asyncio.get_running_loop()
        self.done = False
        self.asked = 0
        self._heard: Heard | None = None
        self._inbox: asyncio.Future[None] | None = None
        self._serving = False
        self._epoch: float | None = None
        self._dismissed = False
        self._abandoned = False
        self._timers: list[asyncio.TimerHandle] | None = None
        self._waking: set[str] | None = None
        self._besides: list[asyncio.Task[object]] | None = None
        self.on_end: Callable[[AnyRun], object] | None = None
        self.task: asyncio.Task[object]
        self._set_up()
        self._begin()

    def _begin(self) -> None:
        name = f"flow {self.flow.name} of {shown_sid(self.call_sid)}"
        if self.keeper.durable:
            watch_end(self.loop)
            self.task = HeldTask(self._lead(), name, self.hub._tasks, self).task
        else:
            self.task = self.hub.spawn(self._lead(), name)
        self.task.add_done_callback(self._finish)

    # --- what kinds of runs differ in

    def _set_up(self) -> None:
        """Begin with what only this kind has."""
        raise NotImplementedError

    def _led(self) -> Awaitable[VoiceResponse | MessagingResponse]:
        """Lead to the end; what is left to serve then."""
        raise NotImplementedError

    async def _end(self, how: str, response: WebhookResponse) -> None:
        """Serve the last answer."""
        raise NotImplementedError

    def _left(self) -> None:
        """It has ended in another way than by coming to its end: answer those who wait."""
        raise NotImplementedError

    def _skip(self) -> None:
        """The flow has failed, maybe long before the end of its record: whoever asks now gets that."""
        self.machine.skip()

    def answer(self, step: int) -> Answer | None:
        """The answer of a step, made or in the making; None for one that is forgotten or yet to come."""
        raise NotImplementedError

    def feed(self, name: str, entry: Entry | None, event: Event | None = None) -> None:
        """Learn of an entry of the record. To be called in the loop."""
        raise NotImplementedError

    def awaited_answers(self) -> Iterable[tuple[int, Answer]]:
        """Those that are yet to be made, and that somebody waits for, by their steps."""
        return ()

    @property
    def awaited(self) -> bool:
        """Whether its last answer is yet to be asked for."""
        raise NotImplementedError

    # --- what others see

    @property
    def over(self) -> bool:
        """Whether it leads its call or conversation no longer."""
        return self.done or self._dismissed

    @property
    def abandoned(self) -> bool:
        """Whether it was left to another worker."""
        return self._abandoned

    @property
    def suspended(self) -> bool:
        """Whether it waits for what somebody does."""
        return self._inbox is not None and not self._inbox.done()

    @property
    def resting(self) -> bool:
        """Whether nothing of it runs here now."""
        return self.suspended or self.done

    @property
    def gave_up(self) -> bool:
        """Whether the flow goes on without having waited for what came of its last answer."""
        return self.machine.waiting is not None and not self._serving

    @property
    def leaving(self) -> bool:
        """Whether this worker leaves its flows to the others."""
        return self.keeper.leaving

    def now(self) -> float:
        """The time, in seconds since 1970, by the clock of the loop: in a test it may be an emulator's."""
        return self.machine.time(self._now)

    def _now(self) -> float:
        if self._epoch is None:
            self._epoch = epoch(self.loop)
        return self._epoch + self.loop.time()

    def beside(self, work: Coroutine[object, object, object], name: str) -> asyncio.Task[object]:
        """Run something beside the flow; what it raises is reported where nobody awaits it."""
        task = self.hub.spawn(work, f"step {name} of {self.flow.name}")
        self._besides = self._besides or []
        self._besides.append(task)
        task.add_done_callback(self._besides_over)
        return task

    def _besides_over(self, task: asyncio.Task[object]) -> None:
        """As long as the flow goes on, it may still await what is over."""
        if not self.done or task.cancelled() or not task._log_traceback:
            return
        error = task.exception()  # which is seen from now on: asyncio would log it with all that it quotes
        if isinstance(error, Exception) and not self._abandoned:
            self.hub.report(error, self.event, self.flow.name, heard=self._said())

    def _besides_all_over(self) -> None:
        for task in self._besides or ():
            if task.done():
                self._besides_over(task)
            elif not self._abandoned:
                self.loop.call_later(self.hub.settings.linger, self.hub.end, task)

    def wake_when_answered(self, worker: str) -> None:
        """Another worker waits for the answer that the flow is making."""
        self._waking = self._waking or set()
        self._waking.add(worker)

    # --- its life

    async def _ends_unserved(self) -> str | None:
        """How the call has ended, if it has: then there is nobody to serve anything to."""
        machine = self.machine
        foretold = machine.foretold()
        if foretold is None and machine.end is not None:
            name = f"in.{machine.step + 1}"
            foretold = await self.keeper.decide(name, machine.hang_up())
            machine.feed(name, foretold)
        if foretold is None or foretold.kind != HUNG_UP:
            return None
        machine.ended = machine.end = foretold.status or "completed"
        return machine.ended

    def _said(self) -> tuple[str, ...]:
        """What people have said of it, or in it."""
        return (*self.flow.arguments.said(self.arguments), *(self._heard or ()))

    def may_go_on(self) -> bool | asyncio.Future[None]:
        """Whether its coroutine may be continued here, or somebody else may have taken it meanwhile."""
        return self.keeper.may_go_on()

    @property
    def loop_ends(self) -> bool:
        """Whether everything in its loop is being cancelled."""
        return loop_ends(self.loop)

    def abandon(self) -> None:
        """Leave it to another worker: nothing of it runs here any more."""
        held = self.hub._tasks.get(self.task)
        if isinstance(held, HeldTask):
            held.abandon()
        self.done = self._abandoned = True
        self._cancel_timers()
        self._besides_all_over()

    def dismiss(self) -> None:
        """What it leads has gone elsewhere."""
        if not self.done and not self._dismissed:
            self._dismissed = True
            if self.keeper.records:
                self.hub.spawn(
                    self.keeper.fact("done", Done(how="dismissed"), last=True), f"the end of {self.id}"
                )
            self.hub.end(self.task)

    async def _lead(self) -> None:
        machine = self.machine
        how = "returned"
        try:
            response = twiml(await self._led())
            machine.check("")
        except BaseException as raised:
            if from_outside(raised, self.task):
                raise
            if isinstance(raised, self._ENDS) and machine.ended is not None:  # and not another call
                how, response = "hungup", empty(self._ASKED)
            else:
                how, response = "failed", self.hub.fallback(self._ASKED)
                error = as_exception(raised, "the flow")
                self.hub.report(error, self.event, self.flow.name, heard=self._said())
                self._skip()
        await self._end(how, response)

    def _finish(self, _: object) -> None:
        self.done = True
        self._cancel_timers()
        self._besides_all_over()
        if not self._abandoned:
            self._left()
        if self.on_end is not None:
            self.on_end(self)

    def _later(self, seconds: float, function: Callable[[], object]) -> None:
        self._timers = self._timers or []
        self._timers.append(self.loop.call_later(seconds, function))

    def _cancel_timers(self) -> None:
        for timer in self._timers or ():
            timer.cancel()
        self._timers = None


AnyRun: TypeAlias = "Run[Any, Any]"
