"""A request's whole way, in order: found, read, verified, recognised, dispatched.

Nothing here raises to its caller: what goes wrong becomes a 4xx, or the fallback TwiML and a `HandlerFailed`.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from ringback._core.forks import renew_in_child
from ringback.app.flows.call import Flow
from ringback.app.loops.budget import Budget
from ringback.app.loops.portal import check_no_loop, start_in_portal
from ringback.app.webhooks.admission import Admission
from ringback.app.webhooks.dispatch import Dispatcher
from ringback.app.webhooks.held import Answer, HeldAnswers
from ringback.app.webhooks.held_elsewhere import HeldElsewhere
from ringback.app.webhooks.recognise import Recognition
from ringback.http import WebhookResponse

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ringback.app.flows.runs import FlowRuns
    from ringback.app.hub import Hub
    from ringback.app.routes import RouteTable
    from ringback.app.webhooks.admission import Admitted
    from ringback.app.webhooks.refusals import Refusals
    from ringback.app.webhooks.verify import SignatureCheck
    from ringback.http import WebhookRequest

__all__ = ["WebhookServer"]

# Where one part of a request waits for another, the outer has a moment more: two that give up at the same
# time would have the caller held twice.
MOMENT: Final = 0.1
HOLD_SOON: Final = 2.5  # seconds
THREADS_MOMENT: Final = 0.25


class WebhookServer:
    """Answers the webhooks of one application."""

    def __init__(
        self, hub: Hub, routes: RouteTable, signatures: SignatureCheck, flows: FlowRuns, refusals: Refusals
    ) -> None:
        self._hub = hub
        settings = hub.settings
        self._admission = Admission(settings, routes, signatures, refusals)
        self._shared = flows.sharing is not None
        self._recognition = Recognition(hub, flows.sharing)
        elsewhere = None if flows.sharing is None else HeldElsewhere(hub, flows.sharing)
        self._held = HeldAnswers(
            limit=settings.hold_limit,
            linger=settings.linger,
            later=hub.later,
            keep=None if elsewhere is None else elsewhere.keep,
        )
        self._dispatcher = Dispatcher(hub, self._held, elsewhere, flows, refusals)
        renew_in_child(self)

    def _renew(self) -> None:
        """Make anew what must not cross a fork."""
        self._recognition._renew()
        self._held._renew()
        self._dispatcher._renew()

    async def handle(self, request: WebhookRequest, budget: Budget) -> WebhookResponse:
        """The answer to one webhook."""
        admitted = self._admission.admit(request)
        return admitted if isinstance(admitted, WebhookResponse) else await self._reply(admitted, budget)

    def handle_sync(self, request: WebhookRequest, budget: Budget) -> WebhookResponse:
        """The same for a thread that runs no event loop.

        What needs no loop is done in the thread. So is holding the caller, where the portal's loop is blocked
        and can't do it.

        Raises:
            RuntimeError: An event loop runs in this thread.
        """
        admitted = self._admission.admit(request)
        if isinstance(admitted, WebhookResponse):
            return admitted
        check_no_loop()
        response = None
        if self._shared and isinstance(admitted.route, Flow):
            # Another worker may have to answer, and this thread may be the only one that this one has.
            budget = budget.at_most(HOLD_SOON)
        if self._dispatcher.needs_no_loop(admitted):
            response = self._reply_here(admitted, budget)
        return response or self._reply_from_portal(admitted, budget)

    def use(self, flows: FlowRuns) -> None:
        """Have other flows led from now on."""
        self._dispatcher.use(flows)

    def close(self) -> None:
        """End the handlers at work."""
        self._dispatcher.close()

    async def _reply(self, admitted: Admitted, budget: Budget) -> WebhookResponse:
        self._hub.loop = asyncio.get_running_loop()
        key = admitted.identity.delivery
        if key is None or isinstance(admitted.route, Flow):  # a flow recognises its own by its record
            return await self._dispatcher.answer(admitted, budget)
        answer = self._recognition.once(key, admitted.route, partial(self._answer, admitted, budget))
        return await self._held.serve(answer, budget.left + MOMENT, admitted.match)

    async def _answer(self, admitted: Admitted, budget: Budget) -> WebhookResponse:
        # The store may have taken all the time there was; whoever still asks is held meanwhile.
        return await self._dispatcher.answer(
            admitted, budget if budget.left else Budget(self._hub.settings.deadline)
        )

    def _reply_here(self, admitted: Admitted, budget: Budget) -> WebhookResponse | None:
        key = admitted.identity.delivery
        work = partial(self._dispatcher.answer_blocking, admitted, budget)
        if key is None:
            return work()
        answer = self._recognition.once_blocking(key, admitted.route, work)
        if answer is None:
            return None
        return self._held.serve_blocking(answer, budget.left + MOMENT, admitted.match)

    def _reply_from_portal(self, admitted: Admitted, budget: Budget) -> WebhookResponse:
        tag = admitted.tag
        asked_again = self._held.find(tag.id) if tag is not None and tag.kind == "hold" else None
        answer = asked_again or self._start_in_portal(admitted, budget)
        return self._held.serve_blocking(answer, budget.left + THREADS_MOMENT, admitted.match)

    def _start_in_portal(self, admitted: Admitted, budget: Budget) -> Answer:
        route = admitted.route

        def give_up() -> None:
            answer.set(self._hub.fallback(route.event))
            self._hub.report(TimeoutError("the event loop is blocked"), None, route.name)

        def come(coming: Future[WebhookResponse]) -> None:
            if coming.cancelled():  # the process ends
                answer.set(self._hub.fallback(route.event))
            else:
                answer.set(coming.result())

        answer = Answer(give_up)
        start_in_portal(partial(self._reply, admitted, budget)).add_done_callback(come)
        return answer
