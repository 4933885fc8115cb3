"""From a webhook to its answer: match, read, verify, de-duplicate, parse, dispatch.

Nothing here raises to its caller: what goes wrong becomes a 4xx, or the fallback TwiML and a `HandlerFailed`.
"""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from attrs import frozen

from ringback._core.forks import renew_in_child
from ringback._core.webhooks.events import Notification
from ringback.app.flows.call import Flow
from ringback.app.hub import text_of
from ringback.app.loops.budget import Budget
from ringback.app.loops.portal import check_no_loop, start_in_portal
from ringback.app.routes import Handler, family
from ringback.app.tags import Tag, read_tag, untagged
from ringback.app.webhooks.answered import Answered
from ringback.app.webhooks.answers import Answer, Desk, nothing, refusal
from ringback.app.webhooks.handler_runs import HandlerRuns
from ringback.app.webhooks.identity import identify
from ringback.errors import WebhookInvalid
from ringback.http import WebhookResponse
from ringback.webhooks import CallEnded, parse, read_parameters

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ringback.app.flows.call import FlowEvent
    from ringback.app.flows.runs import FlowRuns
    from ringback.app.hub import Hub
    from ringback.app.routes import AnyHandler, AnyRoute, Match, RouteTable
    from ringback.app.webhooks.identity import Identity
    from ringback.app.webhooks.refusals import Refusals
    from ringback.app.webhooks.signatures import Gate
    from ringback.http import WebhookRequest
    from ringback.webhooks import Parameters

__all__ = ["Dispatcher"]

# Where one part of a request waits for another, the outer has a moment more: two that give up at the same
# time would have the caller held twice.
MOMENT: Final = 0.1
THREADS_MOMENT: Final = 0.25


@frozen
class _Admitted:
    """A request that is matched, read and verified."""

    request: WebhookRequest
    match: Match
    tag: Tag | None
    parameters: Parameters
    identity: Identity


class Dispatcher:
    """Answers the webhooks of one application."""

    def __init__(self, hub: Hub, routes: RouteTable, gate: Gate, flows: FlowRuns, refusals: Refusals) -> None:
        self._hub = hub
        self._routes = routes
        self._gate = gate
        self._flows = flows
        self._refusals = refusals
        self._handlers = HandlerRuns(hub)
        settings = hub.settings
        self._desk = Desk(limit=settings.hold_limit, linger=settings.linger, later=hub.later)
        self._answered = Answered(settings.store, settings.deadline)
        self._renew()
        renew_in_child(self)

    def _renew(self) -> None:
        """Make anew what must not cross a fork."""
        self._running: dict[str, Answer] = {}
        self._lock = threading.Lock()
        self._desk._renew()
        self._handlers._renew()

    async def handle(self, request: WebhookRequest, budget: Budget) -> WebhookResponse:
        """The answer to one webhook."""
        admitted = self._admit(request)
        return admitted if isinstance(admitted, WebhookResponse) else await self._reply(admitted, budget)

    def handle_sync(self, request: WebhookRequest, budget: Budget) -> WebhookResponse:
        """The same for a thread that runs no event loop.

        What needs no loop is done in the thread. So is holding the caller, where the portal's loop is blocked
        and can't do it.

        Raises:
            RuntimeError: An event loop runs in this thread.
        """
        admitted = self._admit(request)
        if isinstance(admitted, WebhookResponse):
            return admitted
        check_no_loop()
        tag = admitted.tag
        asked_again = self._desk.find(tag.id) if tag is not None and tag.kind == "hold" else None
        answer = asked_again or self._from_portal(admitted, budget)
        return self._desk.serve_blocking(answer, budget.left + THREADS_MOMENT, admitted.match.again)

    def _from_portal(self, admitted: _Admitted, budget: Budget) -> Answer:
        route = admitted.match.route
        answer = self._to_come(route, "the event loop is blocked")

        def come(coming: Future[WebhookResponse]) -> None:
            if coming.cancelled():  # the process ends
                answer.set(self._hub.fallback(route.event))
            else:
                answer.set(coming.result())

        start_in_portal(partial(self._reply, admitted, budget)).add_done_callback(come)
        return answer

    def _to_come(self, route: AnyRoute, why_not: str) -> Answer:
        def give_up() -> None:
            answer.set(self._hub.fallback(route.event))
            self._hub.report(TimeoutError(why_not), None, route.name)

        answer = Answer(give_up)
        return answer

    def _admit(self, request: WebhookRequest) -> _Admitted | WebhookResponse:
        match = self._routes.find(request)
        if match is None:
            return self._refusals.unmatched(request, self._routes.paths)
        route = match.route
        if request.method not in route.methods:
            return self._refusals.wrong_method(request, route)
        settings = self._hub.settings
        try:
            parameters = read_parameters(
                request, max_body=settings.max_body, max_parameters=settings.max_parameters
            )
        except WebhookInvalid as error:
            return self._refusals.unreadable(request, route, error)
        if not self._gate.admits(request, match, parameters):
            return refusal(403, "the signature is missing or wrong")
        tag = read_tag(match.url)
        identity = identify(request, match, tag, parameters, verified=self._gate.validates)
        return _Admitted(request, match, tag, parameters, identity)

    async def _reply(self, admitted: _Admitted, budget: Budget) -> WebhookResponse:
        self._hub.loop = asyncio.get_running_loop()
        key = admitted.identity.delivery
        if key is None:
            return await self._answer(admitted, budget)
        answer = self._once(key, admitted, budget)
        return await self._desk.serve(answer, budget.left + MOMENT, admitted.match.again)

    def _once(self, key: str, admitted: _Admitted, budget: Budget) -> Answer:
        """The answer to all requests with a key: the work is done once, here or by who shares the store."""
        with self._lock:
            answer = self._running.get(key)
            if answer is None:
                route = admitted.match.route
                answer = self._running[key] = self._to_come(route, "neither a handler nor the store answered")
                # A task of its own: the first to ask may hang up while others wait for the same answer.
                task = self._hub.spawn(
                    self._first(key, admitted, budget, answer), f"a request to {route.name}"
                )
                task.add_done_callback(lambda _: self._done(key, admitted))
        return answer

    async def _first(self, key: str, admitted: _Admitted, budget: Budget, answer: Answer) -> None:
        response = await self._answered.recall(key)
        if response is None:
            # The store may have taken all the time there was; whoever still asks is held meanwhile.
            budget = budget if budget.left else Budget(self._hub.settings.deadline)
            response = await self._answer(admitted, budget)
        answer.set(response)
        await self._answered.remember(key, response)

    def _done(self, key: str, admitted: _Admitted) -> None:
        with self._lock:
            answer = self._running.pop(key)
        if not answer.future.done():  # it was cancelled
            answer.set(self._hub.fallback(admitted.match.route.event))

    async def _answer(self, admitted: _Admitted, budget: Budget) -> WebhookResponse:
        route, tag = admitted.match.route, admitted.tag
        given = untagged(admitted.parameters)
        try:
            if tag is not None and tag.kind == "hold":
                return await self._serve(admitted, self._desk.find(tag.id), budget)
            if tag is not None and tag.kind == "flow" and isinstance(route, Flow):
                return await self._serve(admitted, await self._flows.resume(tag, given), budget)
            arguments = route.arguments.read(admitted.match.query)
            event = route.read(given, tag) if isinstance(route, Flow) else parse(family(route.event), given)
        except WebhookInvalid as error:
            return self._refusals.unreadable(admitted.request, route, error)
        if tag is not None and tag.kind in ("call", "message"):
            sid = text_of(event, f"{tag.kind}_sid")
            if sid is not None:
                self._hub.live.bind(tag.id, sid)
        if isinstance(event, Notification):
            return await self._notify(route, event, arguments, budget)
        self._hub.announce(event)
        if isinstance(route, Flow):
            answer = await self._flows.start(
                route, cast("FlowEvent", event), admitted.identity, given, admitted.match.url, arguments
            )
        else:
            answer = self._handlers.start(cast("AnyHandler", route), event, arguments)
        return await self._serve(admitted, answer, budget)

    async def _notify(
        self, route: AnyRoute, event: Notification, arguments: dict[str, object], budget: Budget
    ) -> WebhookResponse:
        if isinstance(event, CallEnded):
            await self._flows.hang_up(event.call_sid, event.status)
            self._handlers.hang_up(event.call_sid)
        work = [self._hub.emit(event)]
        if not isinstance(route, Handler):
            work.append(self._hub.handlers.emit(event))
        elif isinstance(event, route.event):
            work.append(self._hub.handlers.call(route.called_with(arguments), event))
        name = f"listeners of {type(event).__name__}"
        await asyncio.wait({self._hub.spawn(each, name) for each in work}, timeout=budget.left)
        return nothing()

    async def _serve(self, admitted: _Admitted, answer: Answer | None, budget: Budget) -> WebhookResponse:
        route = admitted.match.route
        if answer is None:
            error = LookupError(
                "this process doesn't have the flow or answer that was asked for: it was restarted or has "
                "forgotten it, or another worker has it, and all requests of a call have to come to one"
            )
            given = admitted.parameters
            call_sid, message_sid = given.get("CallSid"), given.get("MessageSid")
            self._hub.report(error, None, route.name, call_sid=call_sid, message_sid=message_sid)
            return self._hub.fallback(route.event)
        return await self._desk.serve(answer, budget.left, admitted.match.again)
