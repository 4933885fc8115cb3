"""The last part of a request's way: from what Twilio says to the handler, flow or listeners that it is for.

Nothing here raises to its caller: what goes wrong becomes a 4xx, or the fallback TwiML and a `HandlerFailed`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, cast

from ringback._core.webhooks.events import Event, Notification
from ringback.app.conversations.inbox import Incoming
from ringback.app.conversations.route import Conversation
from ringback.app.flows.call import Flow
from ringback.app.flows.start import Start
from ringback.app.hub import text_of
from ringback.app.loops.portal import is_async
from ringback.app.routes import Handler, family
from ringback.app.tags import sent_in
from ringback.app.webhooks.answers import ask_again, nothing
from ringback.app.webhooks.handling import HandlerRuns
from ringback.errors import WebhookInvalid
from ringback.webhooks import CallEnded, EventRequest, IncomingMessage, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ringback.app.flows.runs import FlowRuns
    from ringback.app.hub import Hub
    from ringback.app.loops.budget import Budget
    from ringback.app.routes import AnyHandler
    from ringback.app.tags import Tag
    from ringback.app.webhooks.admission import Admitted
    from ringback.app.webhooks.held import Answer, HeldAnswers
    from ringback.app.webhooks.held_elsewhere import HeldElsewhere
    from ringback.app.webhooks.refusals import Refusals
    from ringback.http import WebhookResponse

__all__ = ["Dispatcher"]

MOMENT: Final = 0.1  # seconds in which a webhook that is let go learns what it gets


class Dispatcher:
    """Has each webhook answered by what it is for."""

    def __init__(
        self,
        hub: Hub,
        held: HeldAnswers,
        elsewhere: HeldElsewhere | None,
        flows: FlowRuns,
        refusals: Refusals,
    ) -> None:
        self._hub = hub
        self._held = held
        self._elsewhere = elsewhere
        self._flows = flows
        self._refusals = refusals
        self._handlers = HandlerRuns(hub)

    def _renew(self) -> None:
        """Make anew what must not cross a fork."""
        self._handlers._renew()

    async def answer(self, admitted: Admitted, budget: Budget) -> WebhookResponse:
        """The answer to a webhook, or, where that takes too long, what has Twilio ask again for it."""
        try:
            return await self._answer(admitted, budget)
        except WebhookInvalid as error:
            return self._refusals.unreadable(admitted.request, admitted.route, error)
        except Exception as error:  # such as a store that refuses what it is given
            return self._failed(admitted, error, admitted.given.values())

    def needs_no_loop(self, admitted: Admitted) -> bool:
        """Whether `answer_blocking` can tell."""
        route = admitted.route
        return (
            isinstance(route, Handler)
            and not issubclass(route.event, Notification)
            and not is_async(route.function)
            and not _asks_again(admitted.tag)
            and not self._converses(admitted)
        )

    def answer_blocking(self, admitted: Admitted, budget: Budget) -> WebhookResponse:
        """The same for a thread that runs no event loop, where a handler that isn't async answers."""
        try:
            answer = self._handle(admitted, self._read(admitted))
        except WebhookInvalid as error:
            return self._refusals.unreadable(admitted.request, admitted.route, error)
        return self._held.serve_blocking(answer, budget.left, admitted.match)

    def use(self, flows: FlowRuns) -> None:
        """Have other flows led from now on."""
        self._flows = flows

    def close(self) -> None:
        """End the handlers at work."""
        self._handlers.close()

    async def _answer(self, admitted: Admitted, budget: Budget) -> WebhookResponse:
        route, tag = admitted.route, admitted.tag
        if tag is not None and _asks_again(tag):
            answer = self._held.find(tag.id)
            if answer is None and self._elsewhere is not None:
                made, comes = await self._elsewhere.find(tag.id, budget)
                again = ask_again(admitted.match.again, "hold", tag.id)
                return made or (again if comes else self._lost(admitted))
        elif isinstance(route, Flow):
            answer = await self._lead(route, admitted)
        else:
            event = self._read(admitted)
            if isinstance(event, Notification):
                await self._notify(admitted, event, budget)
                return nothing()
            if isinstance(event, IncomingMessage) and self._converses(admitted):
                answer = await self._converse(admitted, event, budget)
            else:
                answer = self._handle(admitted, event)
        if answer is None:
            return self._lost(admitted)
        return await self._held.serve(answer, budget.left, admitted.match)

    async def _lead(self, flow: Flow[...], admitted: Admitted) -> Answer | None:
        """Have a flow go on, or begin; None where what goes on isn't here."""
        tag, given = admitted.tag, admitted.given
        if tag is not None and tag.kind == "flow":
            return await self._flows.resume(tag, {**sent_in(admitted.match.query), **given})
        arguments = flow.arguments.read(admitted.match.query)
        event = flow.read(given, tag)
        self._bind(tag, event)
        start = Start(
            flow=flow,
            event=event,
            given=given,
            url=admitted.match.url,
            arguments=arguments,
            identity=admitted.identity,
        )
        return await self._flows.start(start)

    def _converses(self, admitted: Admitted) -> bool:
        """Whether what comes there may be for a conversation."""
        return self._flows.routes.converses and admitted.route.event is IncomingMessage

    async def _converse(self, admitted: Admitted, event: IncomingMessage, budget: Budget) -> Answer:
        """Hand a message to its conversation. Its webhook isn't held where what is said later can be sent."""
        route, tag, match = admitted.route, admitted.tag, admitted.match
        flow = route if isinstance(route, Conversation) else None
        if flow is not None:
            self._hub.announce(event)
        answer = await self._flows.receive(
            Incoming(
                event=event,
                given=admitted.given,
                url=match.url,
                flow=flow,
                arguments={} if flow is None else flow.arguments.read(match.query),
                otherwise=lambda: self._handle(admitted, event),
                run=tag.id if tag is not None and tag.kind == "text" else None,
            )
        )
        if self._hub.settings.client is not None:
            await answer.wait(budget.left)
            if answer.response is None:
                answer.give_up()
                await answer.wait(MOMENT)
        return answer

    def _handle(self, admitted: Admitted, event: Event) -> Answer:
        """Have a handler begin."""
        route = cast("AnyHandler", admitted.route)
        arguments = route.arguments.read(admitted.match.query)
        self._hub.announce(event)
        return self._handlers.start(route, arguments, event)

    async def _notify(self, admitted: Admitted, event: Notification, budget: Budget) -> None:
        """Tell those who listen, and wait for them as long as there is time."""
        route = admitted.route
        arguments = route.arguments.read(admitted.match.query)
        if isinstance(event, CallEnded):
            await self._flows.hang_up(event.call_sid, event.status)
            self._handlers.hang_up(event.call_sid)
        work = [self._hub.emit(event)]
        if not isinstance(route, Handler):
            work.append(self._hub.handlers.emit(event))
        elif isinstance(event, route.event):
            said = tuple(route.arguments.said(arguments))
            work.append(self._hub.handlers.call(route.called_with(arguments), event, said))
        name = f"listeners of {type(event).__name__}"
        await asyncio.wait({self._hub.spawn(each, name) for each in work}, timeout=budget.left)

    def _read(self, admitted: Admitted) -> Event:
        asked = admitted.request
        request = EventRequest(method=asked.method, url=admitted.match.url, headers=asked.headers)
        event = parse(family(admitted.route.event), admitted.given, request=request)
        self._bind(admitted.tag, event)
        return event

    def _bind(self, tag: Tag | None, event: Event) -> None:
        """What the application started is known by its SID as soon as anything is heard of it."""
        if tag is not None and tag.kind in ("call", "message"):
            sid = text_of(event, f"{tag.kind}_sid")
            if sid is not None:
                self._hub.live.bind(tag.id, sid)

    def _lost(self, admitted: Admitted) -> WebhookResponse:
        error = LookupError(
            "this process doesn't have the flow or answer that was asked for: it was restarted or has "
            "forgotten it, or another worker has it, and all requests of a call have to come to one"
        )
        return self._failed(admitted, error)

    def _failed(self, admitted: Admitted, error: Exception, heard: Iterable[str] = ()) -> WebhookResponse:
        route, given = admitted.route, admitted.given
        call_sid, message_sid = given.get("CallSid"), given.get("MessageSid")
        self._hub.report(error, None, route.name, heard=heard, call_sid=call_sid, message_sid=message_sid)
        return self._hub.fallback(route.event)


def _asks_again(tag: Tag | None) -> bool:
    """Whether Twilio asks again for an answer that took too long."""
    return tag is not None and tag.kind == "hold"
