"""The flows that are under way in one application: found, started, resumed and ended by webhooks.

Where the application's store is shared, `Sharing` stands behind this: it asks the other workers.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from concurrent.futures import Future, InvalidStateError
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from ringback._core.forks import renew_in_child
from ringback._core.webhooks.events import VoiceRequest
from ringback.app.conversations.inbox import Conversations
from ringback.app.conversations.run import MessageRun
from ringback.app.flows.journal import Ended, Journal, Line, Moving, Outcome, Stayed
from ringback.app.flows.keeper import LOCAL, JournalKeeper
from ringback.app.flows.machine import FINAL, Machine
from ringback.app.flows.repeated import Before
from ringback.app.flows.runner import FlowRun
from ringback.app.flows.sharing import Sharing
from ringback.app.flows.step import Step
from ringback.app.loops.portal import call_in
from ringback.app.reports import shown_sid
from ringback.app.webhooks.answers import empty
from ringback.app.webhooks.held import Answer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from ringback._core.webhooks.events import Event
    from ringback.app.conversations.inbox import Incoming
    from ringback.app.conversations.route import AnyConversation
    from ringback.app.flows.call import AnyFlow, FlowEvent
    from ringback.app.flows.keeper import Keeper
    from ringback.app.flows.route import AnyFlowRoute
    from ringback.app.flows.run import AnyRun
    from ringback.app.flows.start import Start
    from ringback.app.hub import Hub
    from ringback.app.routes import RouteTable
    from ringback.app.tags import Tag
    from ringback.app.webhooks.recognise import Identity
    from ringback.client import AsyncClient, Client
    from ringback.stores.store import RunStore

__all__ = ["FlowRuns"]


class FlowRuns:
    """The runs of one application.

    Attributes:
        by_id: Those that are led here.
        by_call: The latest of each call.
        journals: Where what happens to each call is written, in a test.
        sharing: The other workers, where the store is shared.
    """

    _KEPT: Final = 1_000  # runs that are over

    def __init__(self, hub: Hub, routes: RouteTable, store: RunStore | None = None) -> None:
        self.hub = hub
        self.routes = routes
        shared = hub.settings.shared_store if store is None else store
        self.sharing = None if shared is None else Sharing(self, shared)
        self.journals: dict[str, list[Journal]] | None = None
        self._conversations = Conversations(self)
        self._renew()
        renew_in_child(self)

    def _renew(self) -> None:
        """Begin without runs: those of a parent process are led there."""
        self.lock = threading.Lock()
        self.by_id: dict[str, AnyRun] = {}
        self.by_call: dict[str, AnyRun] = {}
        self._over: dict[AnyRun, None] = {}

    def __len__(self) -> int:
        """How many flows are under way."""
        return len(self.by_id) - len(self._over)

    # --- starting

    async def start(self, start: Start[AnyFlow, FlowEvent]) -> Answer:
        """The first answer of a new run, or of the one that this very request has started already.

        A request that says the same as the one that started a run is a repetition of it while that run is
        under way, whoever sends it: it must not end the run. Afterwards it is the call that comes by again,
        if it lives and anything tells that this isn't a repetition.
        """
        if self.sharing is not None:
            return await self.sharing.start(start)
        with self.lock:
            before = self.by_call.get(start.event.call_sid)
            answer = None if before is None else repeated(before, start)
            if answer is not None:
                return answer
            id = secrets.token_urlsafe(9)
            self.hub.announce(start.event)
            keeper = self._journal(start, id)
            run = self._begin(start.flow, start.event, start.arguments, id, start.identity, keeper=keeper)
        if before is not None:
            self.dismiss(before)
        answer = run.answer(0)
        assert answer is not None, "a run has it from the start on"  # noqa: S101
        return answer

    def _journal(self, start: Start[AnyFlow, FlowEvent], seed: str) -> Keeper:
        if self.journals is None:
            return LOCAL
        journal = Journal([Line("start", start.started(seed))])
        self.journals.setdefault(start.event.call_sid, []).append(journal)
        return JournalKeeper(journal)

    def lead(
        self,
        flow: AnyFlowRoute,
        event: Event,
        arguments: dict[str, object],
        id: str,
        identity: Identity,
        keeper: Keeper,
        machine: Machine,
    ) -> AnyRun:
        """Lead a call here from now on."""
        with self.lock:
            # One that is taken over for its end alone stands in nobody's way.
            before = None if machine.moved else self.by_call.get(flow.leads(event))
            run = self._begin(flow, event, arguments, id, identity, keeper=keeper, machine=machine)
        if before is not None:
            self.dismiss(before)
        return run

    def _begin(
        self,
        flow: AnyFlowRoute,
        event: Event,
        arguments: dict[str, object],
        id: str,
        identity: Identity,
        *,
        keeper: Keeper = LOCAL,
        machine: Machine | None = None,
    ) -> AnyRun:
        run = flow.run(
            self.hub,
            self.routes,
            event,
            arguments,
            id=id,
            identity=identity,
            machine=Machine(id) if machine is None else machine,
            keeper=keeper,
        )
        self.by_id[id] = run
        if not run.machine.moved:
            self.by_call[run.call_sid] = run
        run.on_end = self._bury
        return run

    # --- resuming

    async def resume(self, tag: Tag, given: dict[str, str]) -> Answer | None:
        """The answer of the step that a webhook is for; None where nobody has it.

        Raises:
            WebhookInvalid: The result can't be read.
        """
        step = Step.read(tag, given)
        if step is None:
            return None
        if self.sharing is not None:
            return await self.sharing.resume(step)
        run = self.by_id.get(step.run)
        if not isinstance(run, FlowRun) or run.call_sid != step.call_sid:
            return None
        answer = run.answer(step.number)
        if answer is None:
            return _late() if step.number < run.machine.step else None
        run.asked = max(run.asked, step.number)
        alive = True
        if not step.held:
            if run.machine.awaits(step.number):
                event, outcome = step.outcome()
                alive = call_in(run.loop, self._accept, run, step, outcome, event)
            elif step.status in FINAL:
                alive = call_in(run.loop, run.feed, "end", Ended(status=step.status))
        return answer if alive or answer.response is not None else None

    def _accept(self, run: AnyRun, step: Step, outcome: Outcome, event: VoiceRequest | None) -> None:
        if not run.machine.awaits(step.number):
            return
        if event is not None:
            self.hub.announce(event)
        run.feed(step.name, outcome, event)

    # --- conversations by text

    async def receive(self, incoming: Incoming) -> Answer:
        """What the webhook of a message gets."""
        return self._conversations.receive(incoming)

    async def converse(
        self, flow: AnyConversation, url: str, client: Client | AsyncClient, *, to: str, from_: str
    ) -> None:
        """Begin a conversation; see `Conversations.converse`."""
        await self._conversations.converse(flow, url, client, to=to, from_=from_)

    def end_conversations(self) -> None:
        """Cancel all that are led here."""
        for run in tuple(self.by_call.values()):
            if isinstance(run, MessageRun):
                self.dismiss(run)

    # --- ending

    async def hang_up(self, call_sid: str | None, status: str) -> None:
        """Tell a call's flow that the call has ended."""
        run = self.by_call.get(call_sid or "")
        if run is not None and run.done:
            call_in(run.loop, self._forget_later, run, self.hub.settings.linger)
        if self.sharing is not None:
            await self.sharing.hang_up(call_sid or "", status)
        elif run is not None and not run.done:
            call_in(run.loop, run.feed, "end", Ended(status=status))

    def leading(self, call_sid: str) -> AnyRun | None:
        """What leads a call here, if anything does."""
        run = self.by_call.get(call_sid)
        return None if run is None or run.done else run

    @property
    def rests(self) -> bool:
        """Whether there are runs here, all of them rest, and nobody waits here for another worker's."""
        asks = self.sharing is not None and self.sharing.asks
        return bool(self.by_id) and not asks and all(run.resting for run in self.by_id.values())

    def makes(self, run: str) -> bool:
        """Whether a run computes here."""
        found = self.by_id.get(run)
        return found is not None and not found.resting

    def dismiss(self, run: AnyRun) -> None:
        """Cancel a run whose call has gone elsewhere."""
        call_in(run.loop, run.dismiss)

    @contextmanager
    def moving(self, call_sid: str) -> Generator[None, None, None]:
        """While we ask Twilio to move a call away from the flow that leads it, here or in another worker: the
        flow is cancelled where that was done, and goes on where it wasn't. For synchronous code.
        """
        if self.sharing is None or self.leading(call_sid) is not None:
            with self._moving_here(call_sid):
                yield
            return
        # In the background: an event loop may run in this thread, where somebody uses a Client there.
        done: Future[bool] = Future()
        work = partial(self._move_along, self.sharing, call_sid, done)
        self.hub.in_loop(lambda: self.hub.spawn(work(), f"moving {shown_sid(call_sid)}"))
        moved = False
        try:
            yield
            moved = True
        finally:
            with suppress(InvalidStateError):  # the application was closed meanwhile
                done.set_result(moved)

    async def _move_along(self, sharing: Sharing, call_sid: str, moved: Future[bool]) -> None:
        move = await sharing.begin_move(call_sid)
        await sharing.end_move(move, moved=await asyncio.wrap_future(moved))

    @asynccontextmanager
    async def moving_async(self, call_sid: str) -> AsyncGenerator[None, None]:
        """The same for asynchronous code."""
        if self.sharing is None or self.leading(call_sid) is not None:
            with self._moving_here(call_sid):
                yield
            return
        move = await self.sharing.begin_move(call_sid)
        moved = False
        try:
            yield
            moved = True
        finally:
            await self.sharing.end_move(move, moved=moved)

    @contextmanager
    def _moving_here(self, call_sid: str) -> Generator[None, None, None]:
        run = self.leading(call_sid)
        if run is None:
            yield
            return
        move = secrets.token_hex(4)
        call_in(run.loop, run.feed, f"mv.{move}", Moving())
        try:
            yield
        except BaseException:
            call_in(run.loop, run.feed, f"st.{move}", Stayed())
            raise
        self.dismiss(run)

    async def journal(self, call_sid: str) -> Journal | None:
        """What happened to a call, in a test; None where no flow has led it."""
        if self.sharing is not None:
            return await self.sharing.journal(call_sid)
        kept = (self.journals or {}).get(call_sid)
        return kept[-1] if kept else None

    async def let_go(self) -> None:
        """Leave what can be left to the other workers."""
        if self.sharing is not None:
            await self.sharing.let_go()

    def forget_call(self, call_sid: str) -> None:
        """Know a call no longer, whose flow is dismissed: there may be another one by this SID."""
        run = self.by_call.get(call_sid)
        if run is not None:
            self.dismiss(run)
            self.forget(run)

    def forget(self, run: AnyRun) -> None:
        """Know a run no longer."""
        with self.lock:
            self._over.pop(run, None)
            if self.by_id.get(run.id) is run:  # and not the same, taken over anew
                del self.by_id[run.id]
            if self.by_call.get(run.call_sid) is run:
                del self.by_call[run.call_sid]

    def _bury(self, run: AnyRun) -> None:
        """Keep a run that is over for a while, for webhooks that are repeated or late."""
        with self.lock:
            if self.by_id.get(run.id) is not run:
                return
            self._over[run] = None
            oldest = next(iter(self._over)) if len(self._over) > self._KEPT else None
        if oldest is not None:
            self.forget(oldest)
        settings = self.hub.settings
        self._forget_later(run, settings.idle_limit if run.awaited else settings.linger)

    def _forget_later(self, run: AnyRun, seconds: float) -> None:
        run.loop.call_later(seconds, self.forget, run)


def _late() -> Answer:
    """The answer to a repetition that comes after what follows it: nobody hears it."""
    answer = Answer(lambda: None)
    answer.set(empty(VoiceRequest))
    return answer


def repeated(before: AnyRun, start: Start[AnyFlow, FlowEvent]) -> Answer | None:
    """The first answer of the run before, if a request is the one that started it."""
    meant = Before.of(before).is_meant(start.flow.key, start.identity)
    return before.answer(0) if meant else None
