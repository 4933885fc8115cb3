"""From a webhook to its answer: match, read, verify, de-duplicate, parse, dispatch.

Nothing here raises to its caller: what goes wrong becomes a 4xx, or the fallback TwiML and a `HandlerFailed`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import threading
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import TYPE_CHECKING, Final, cast

from ringback._core.events import Event, MessageRequest, Notification
from ringback.app.answers import Answer, Desk, document_for, held, nothing, refusal, twiml
from ringback.app.flows import Flow
from ringback.app.hub import text_of
from ringback.app.portal import cancelled_from_outside, invoke
from ringback.app.routes import Handler, family
from ringback.app.tags import Tag, read_tag, untagged
from ringback.errors import WebhookInvalid
from ringback.http import WebhookResponse
from ringback.webhooks import CallEnded, parse, read_parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from ringback.app.flow_runs import FlowRuns
    from ringback.app.flows import FlowEvent
    from ringback.app.hub import Hub
    from ringback.app.routes import AnyRoute, Match, RouteTable
    from ringback.app.signatures import Gate
    from ringback.http import WebhookRequest
    from ringback.webhooks import Parameters

__all__ = ["Dispatcher"]

log = logging.getLogger("ringback")

REMEMBERED: Final = 3_600.0  # seconds for which an answer is kept; Twilio repeats a request within a minute
MARGIN: Final = 1.0  # seconds that another process may be late
GLANCE: Final = 0.05  # seconds between two looks for an answer that another process is making


class Dispatcher:
    """Answers the webhooks of one application."""

    def __init__(self, hub: Hub, routes: RouteTable, gate: Gate, flows: FlowRuns) -> None:
        self._hub = hub
        self._routes = routes
        self._gate = gate
        self._flows = flows
        self._desk = Desk(deadline=hub.settings.deadline, limit=hub.settings.hold_limit)
        self._running: dict[str, Future[WebhookResponse]] = {}
        self._lock = threading.Lock()

    async def handle(self, request: WebhookRequest) -> WebhookResponse:
        """The answer to one webhook."""
        self._hub.loop = asyncio.get_running_loop()
        match = self._routes.find(request)
        if match is None:
            return refusal(404, "nothing is registered here")
        route = match.route
        if request.method not in route.methods:
            return refusal(405, f"ask with {' or '.join(route.methods)}")
        settings = self._hub.settings
        try:
            parameters = read_parameters(
                request, max_body=settings.max_body, max_parameters=settings.max_parameters
            )
        except WebhookInvalid as error:
            log.warning("refused %s %s: %s", request.method, route.url, error)
            return refusal(error.status, str(error))
        if not self._gate.admits(request, match, parameters):
            return refusal(403, "the signature is missing or wrong")
        tag = read_tag(match.url)
        key = _identity(request, route, tag, match.url, parameters)
        return await self._once(key, lambda: self._answer(match, tag, parameters, known=key is not None))

    async def _answer(
        self, match: Match, tag: Tag | None, parameters: Parameters, *, known: bool
    ) -> WebhookResponse:
        route = match.route
        given = untagged(parameters)
        try:
            if tag is not None and tag.kind == "hold":
                return await self._serve(route, self._desk.find(tag.id))
            if tag is not None and tag.kind == "flow" and isinstance(route, Flow):
                return await self._serve(route, self._flows.resume(tag, given))
            event = route.read(given, tag) if isinstance(route, Flow) else parse(family(route.event), given)
        except WebhookInvalid as error:
            log.warning("refused a request to %s: %s", route.url, error)
            return refusal(error.status, str(error))
        if tag is not None and tag.kind in ("call", "message"):
            sid = text_of(event, f"{tag.kind}_sid")
            if sid is not None:
                self._hub.followed.bind(tag.id, sid)
        if isinstance(event, Notification):
            return await self._notify(route, event)
        self._hub.spawn(self._hub.emit(event))
        if isinstance(route, Flow):
            # Where nothing else tells a repetition, it is one that is the same to the letter.
            entry = None if known else (match.url, given)
            return await self._serve(route, self._flows.start(route, cast("FlowEvent", event), entry))
        return await self._serve(route, self._ask(cast("Handler[Event, object]", route), event))

    async def _notify(self, route: AnyRoute, event: Notification) -> WebhookResponse:
        if isinstance(event, CallEnded):
            self._flows.hang_up(event.call_sid, event.status)
        work = [self._hub.emit(event)]
        if not isinstance(route, Handler):
            work.append(self._hub.handlers.emit(event))
        elif isinstance(event, route.event):
            work.append(self._hub.handlers.call(route.function, event))
        await asyncio.wait({self._hub.spawn(each) for each in work}, timeout=self._hub.settings.deadline)
        return nothing()

    async def _serve(self, route: AnyRoute, answer: Answer | None) -> WebhookResponse:
        if answer is None:
            error = LookupError("a flow or answer that this process doesn't have: was it restarted?")
            await self._hub.failed(error, None, route.name)
            return self._hub.fallback(route.event)
        return await self._desk.serve(answer, lambda answer_id: held(route, answer_id))

    def _ask(self, route: Handler[Event, object], event: Event) -> Answer:
        hub = self._hub
        loop = asyncio.get_running_loop()

        async def work() -> None:
            try:
                returned = await invoke(route.function, event, hub.pool())
                answer.set(twiml(document_for(event, returned)))
            except Exception as error:
                answer.set(hub.fallback(route.event))
                await hub.failed(error, event, route.name)
            except asyncio.CancelledError:
                given_up = not answer.set(hub.fallback(route.event))
                if not cancelled_from_outside():
                    await hub.failed(RuntimeError("cancelled from inside"), event, route.name)
                elif not given_up:
                    log.warning("handler %s was cancelled", route.name)
                raise

        def give_up() -> None:
            answer.set(hub.fallback(route.event))
            loop.call_soon_threadsafe(task.cancel)
            hub.spawn(hub.failed(TimeoutError("the handler took too long"), event, route.name))

        answer = Answer(give_up)
        task = hub.spawn(work())
        return answer

    async def _once(
        self, key: str | None, work: Callable[[], Coroutine[object, object, WebhookResponse]]
    ) -> WebhookResponse:
        """Do the work unless it has been done for the same key, here or by whoever shares the store."""
        if key is None:
            return await work()
        with self._lock:
            running = self._running.get(key)
            if running is None:
                running = self._running[key] = Future()
                # A task of its own: the first to ask may hang up while others wait for the same answer.
                self._hub.spawn(self._first(key, work, running))
        return await asyncio.shield(asyncio.wrap_future(running))

    async def _first(
        self,
        key: str,
        work: Callable[[], Coroutine[object, object, WebhookResponse]],
        running: Future[WebhookResponse],
    ) -> None:
        try:
            response = await self._recall(key)
            if response is None:
                response = await work()
                await self._remember(key, response)
            running.set_result(response)
        except BaseException as error:
            with suppress(InvalidStateError):
                running.set_exception(error)
            raise
        finally:
            del self._running[key]

    async def _recall(self, key: str) -> WebhookResponse | None:
        """The answer that was given, or None where the key is ours to work on."""
        store = self._hub.settings.store
        try:
            if await store.add(key, b"", REMEMBERED):
                return None
            # Whoever works on it answers within the deadline, or has died.
            for _ in range(int((self._hub.settings.deadline + MARGIN) / GLANCE)):
                saved = await store.get(key)
                if saved:
                    return _load(saved)
                await asyncio.sleep(GLANCE)
        except Exception:
            log.exception("the store failed: a repeated webhook may be dispatched twice")
        return None

    async def _remember(self, key: str, response: WebhookResponse) -> None:
        try:
            await self._hub.settings.store.put(key, _dump(response), REMEMBERED)
        except Exception:
            log.exception("the store failed: a repeated webhook may be dispatched twice")


def _identity(
    request: WebhookRequest, route: AnyRoute, tag: Tag | None, url: str, parameters: Parameters
) -> str | None:
    """What two deliveries of one webhook have in common, and no other has; None where nothing tells."""
    token = request.headers.get("I-Twilio-Idempotency-Token")
    if token:
        told = f"{token} {request.method} {url}"
    elif issubclass(route.event, (Notification, MessageRequest)) and (tag is None or tag.kind != "hold"):
        # SIDs, event and sequence number are all among them; a repetition has no new timestamp either.
        told = json.dumps([url, *sorted(parameters.multi_items())])
    else:
        return None
    return f"ringback:{hashlib.sha256(told.encode()).hexdigest()}"


def _dump(response: WebhookResponse) -> bytes:
    return json.dumps(
        [response.status, response.headers.multi_items(), response.body.decode()], ensure_ascii=False
    ).encode()


def _load(saved: bytes) -> WebhookResponse:
    status, headers, body = json.loads(saved)
    return WebhookResponse(status, [(name, value) for name, value in headers], body.encode())
