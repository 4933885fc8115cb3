"""Flows of one process that are led as if each webhook came to another worker: for tests.

Whoever answered last lets its flows go, so that the next one has to take them over: what a flow does between
its awaits is done again for each webhook, and what doesn't come out the same shows.
"""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from ringback.app.flows.runs import FlowRuns
from ringback.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from ringback.app.conversations.inbox import Incoming
    from ringback.app.conversations.route import AnyConversation
    from ringback.app.flows.call import AnyFlow, FlowEvent
    from ringback.app.flows.journal import Journal
    from ringback.app.flows.run import AnyRun
    from ringback.app.flows.start import Start
    from ringback.app.hub import Hub
    from ringback.app.routes import RouteTable
    from ringback.app.tags import Tag
    from ringback.app.webhooks.held import Answer
    from ringback.client import AsyncClient, Client

__all__ = ["FlowsInTurn"]


class FlowsInTurn(FlowRuns):
    """The flows of several workers, of which each webhook gets the next.

    Args:
        hub: The application's.
        routes: Its routes.
        workers: How many.
    """

    def __init__(self, hub: Hub, routes: RouteTable, workers: int) -> None:
        super().__init__(hub, routes)
        self._store = MemoryStore(shared=True)
        self._workers = [self._fresh() for _ in range(workers)]
        self._turn = 0

    def _fresh(self) -> FlowRuns:
        return FlowRuns(self.hub, self.routes, self._store)

    async def _next(self) -> FlowRuns:
        """The worker whose turn it is. The others let go of what waits; where something computes, it does so
        to its end, and the next worker has to ask it; and so may whoever waits for that.
        """
        self._turn = (self._turn + 1) % len(self._workers)
        for number, worker in enumerate(tuple(self._workers)):
            if number != self._turn and worker.rests:
                self._workers[number] = self._fresh()
                await worker.let_go()
        return self._workers[self._turn]

    def __len__(self) -> int:
        return sum(map(len, self._workers))

    async def start(self, start: Start[AnyFlow, FlowEvent]) -> Answer:
        """Have the next worker start a run."""
        return await (await self._next()).start(start)

    async def resume(self, tag: Tag, given: dict[str, str]) -> Answer | None:
        """Have the next worker find the answer of a step."""
        # Who asks again for what is being made asks whoever makes it: asking another worker instead would
        # take a look at its record for each quarter of an emulated second.
        makes = (worker for worker in self._workers if tag.rest[1:] == ("held",) and worker.makes(tag.id))
        return await (next(makes, None) or await self._next()).resume(tag, given)

    async def receive(self, incoming: Incoming) -> Answer:
        """Have the next worker hand a message to its conversation."""
        return await (await self._next()).receive(incoming)

    async def converse(
        self, flow: AnyConversation, url: str, client: Client | AsyncClient, *, to: str, from_: str
    ) -> None:
        """Have the next worker begin a conversation."""
        await (await self._next()).converse(flow, url, client, to=to, from_=from_)

    async def hang_up(self, call_sid: str | None, status: str) -> None:
        """Have the next worker tell a call's flow that the call has ended."""
        await (await self._next()).hang_up(call_sid, status)

    def leading(self, call_sid: str) -> AnyRun | None:
        """What leads a call, if anything does."""
        found = (worker.leading(call_sid) for worker in self._workers)
        return next((run for run in found if run is not None), None)

    @contextmanager
    def moving(self, call_sid: str) -> Generator[None, None, None]:
        """While a call is moved away from the flow that leads it."""
        with self._leader(call_sid).moving(call_sid):
            yield

    @asynccontextmanager
    async def moving_async(self, call_sid: str) -> AsyncGenerator[None, None]:
        """The same for asynchronous code."""
        async with self._leader(call_sid).moving_async(call_sid):
            yield

    def _leader(self, call_sid: str) -> FlowRuns:
        leads = (worker for worker in self._workers if worker.leading(call_sid) is not None)
        return next(leads, self._workers[self._turn])

    async def journal(self, call_sid: str) -> Journal | None:
        """What happened to a call."""
        return await self._workers[self._turn].journal(call_sid)

    def forget_call(self, call_sid: str) -> None:
        """Know a call no longer."""
        for worker in self._workers:
            worker.forget_call(call_sid)

    async def let_go(self) -> None:
        """Leave what is left."""
        for worker in self._workers:
            await worker.let_go()
