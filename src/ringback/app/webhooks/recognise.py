"""Webhooks that are delivered twice: what they are told by, and the one answer that both get.

Twilio signs what it says, so two deliveries of one webhook carry the same signature, however they are
spelled, and nobody else can make another one of them. `I-Twilio-Idempotency-Token` isn't signed: whoever has
a request can send it again with a token of his own. So the token is never enough, and only counts where the
same may be said twice: a call that comes by again, by `<Redirect>`, is asked about with the very same
parameters.

A store may be slow or broken, and callers don't wait for it: it gets a part of a request's time, and a
webhook that it tells nothing of is answered like any other.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import threading
from typing import TYPE_CHECKING, Final, TypeVar, cast

from attrs import frozen

from ringback._core.webhooks.events import MessageRequest, Notification
from ringback.app.flows.reach import StoreAway
from ringback.app.loops.budget import Budget, within
from ringback.app.reports import without
from ringback.app.webhooks.held import Answer
from ringback.http import WebhookResponse
from ringback.stores.memory import MemoryStore
from ringback.stores.store import Told
from ringback.webhooks import SIGNATURE_HEADER

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from ringback.app.flows.sharing import Sharing
    from ringback.app.hub import Hub
    from ringback.app.routes import AnyRoute, Match
    from ringback.app.tags import Tag
    from ringback.http import WebhookRequest
    from ringback.webhooks import Parameters

__all__ = ["Identity", "Recognition", "dump_response", "identify", "load_response"]

T = TypeVar("T")

log = logging.getLogger("ringback")

WORKS: Final = b"@"  # before the id of the worker that makes an answer
REMEMBERED: Final = 3_600.0  # seconds for which an answer is kept; Twilio repeats a request within a minute
SHARE: Final = 0.25  # of the deadline, for one question to the store
MARGIN: Final = 1.0  # seconds that another process may be late
GLANCE: Final = 0.05  # seconds between two looks for an answer that another process is making


@frozen
class Identity:
    """What a webhook is told by.

    Attributes:
        content: The same for all requests that say the same to the same URL.
        delivery: The same for all deliveries of one webhook and for nothing else; None where nothing tells
            those from a webhook that says the same again.
    """

    content: str
    delivery: str | None


def identify(
    request: WebhookRequest, match: Match, tag: Tag | None, parameters: Parameters, *, verified: bool
) -> Identity:
    """The identity of a request; `verified` says whether its signature was found to be right."""
    if verified:
        content = _hash(request.headers[SIGNATURE_HEADER])
    else:
        content = _hash(json.dumps([match.url, *sorted(parameters.multi_items())]))
    # A notification has its sequence number or timestamp, and a message its SID. But held requests come back
    # saying the same each time.
    if issubclass(match.route.event, (Notification, MessageRequest)) and (
        tag is None or tag.kind not in ("hold", "text")
    ):
        return Identity(content, f"ringback:{content}")
    token = request.headers.get("I-Twilio-Idempotency-Token")
    return Identity(content, f"ringback:{_hash(f'{content} {token}')}" if token else None)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Recognition:
    """Has each webhook answered once, here or by whoever shares the store, and gives that answer to all
    requests that deliver it.

    Args:
        hub: Has the store, and says how long each of those who share it takes at most for an answer.
        sharing: Those who share it, where they can be asked whether they live.
    """

    def __init__(self, hub: Hub, sharing: Sharing | None) -> None:
        self._hub = hub
        self._sharing = sharing
        self._store = hub.settings.store
        self._deadline = hub.settings.deadline
        self._at_hand = type(self._store) is MemoryStore  # which never waits, and so needs no limit
        self._renew()

    def _renew(self) -> None:
        """Forget the answers that a parent process makes."""
        self._running: dict[str, Answer] = {}
        self._lock = threading.Lock()

    def once(self, key: str, route: AnyRoute, work: Callable[[], Awaitable[WebhookResponse]]) -> Answer:
        """The answer to all requests with a key; `work` makes it for the first of them."""
        with self._lock:
            answer = self._running.get(key)
            if answer is not None:
                return answer
            answer = self._running[key] = self._to_come(route)
        # A task of its own: the first to ask may hang up while others wait for the same answer.
        self._hub.spawn(self._first(key, route, work, answer), f"a request to {route.name}", at_once=True)
        return answer

    def once_blocking(self, key: str, route: AnyRoute, work: Callable[[], WebhookResponse]) -> Answer | None:
        """The same for a thread that runs no event loop. None where it takes one to find out whether the
        answer was given already.
        """
        with self._lock:
            answer = self._running.get(key)
            if answer is not None:
                return answer
            if not self._at_hand or not _now(self._store.add(key, b"", REMEMBERED)):
                return None
            answer = self._running[key] = self._to_come(route)
        try:
            response = work()
            answer.set(response)
            _now(self._remember(key, response))
        finally:
            self._over(key, route, answer)
        return answer

    def _to_come(self, route: AnyRoute) -> Answer:
        def give_up() -> None:
            answer.set(self._hub.fallback(route.event))
            error = TimeoutError("neither a handler nor the store answered")
            self._hub.report(error, None, route.name)

        answer = Answer(give_up)
        return answer

    async def _first(
        self, key: str, route: AnyRoute, work: Callable[[], Awaitable[WebhookResponse]], answer: Answer
    ) -> None:
        try:
            response = await self._recall(key) or await work()
            answer.set(response)
            await self._remember(key, response)
        finally:
            self._over(key, route, answer)

    def _over(self, key: str, route: AnyRoute, answer: Answer) -> None:
        if answer.response is None:  # it was cancelled
            answer.set(self._hub.fallback(route.event))
        with self._lock:
            self._running.pop(key, None)

    async def _recall(self, key: str) -> WebhookResponse | None:
        """The answer that was given, or None where the key is ours to work on."""
        try:
            if self._sharing is not None:  # who is named there without a pulse would be taken for dead
                await self._ask(self._sharing.worker.join())
            if await self._ask(self._store.add(key, self._mine, REMEMBERED)):
                return None
            # Whoever works on it answers within the deadline, or has died.
            patience = Budget(self._deadline + MARGIN)
            while patience.left:
                saved = await self._ask(self._store.get(key))
                if saved and not saved.startswith(WORKS):
                    return load_response(saved)
                if saved and await self._is_dead(saved):
                    return None
                await asyncio.sleep(GLANCE)
        except StoreAway:
            pass
        except Exception:
            log.exception("the store failed: a repeated webhook may be dispatched twice")
        return None

    @property
    def _mine(self) -> bytes:
        """What tells the others that the answer is made here."""
        return b"" if self._sharing is None else WORKS + self._sharing.worker.id.encode()

    async def _is_dead(self, working: bytes) -> bool:
        """Whether who made an answer is gone."""
        if self._sharing is None:
            return False
        worker = working.removeprefix(WORKS).decode()
        return await self._ask(self._sharing.worker.gone(worker, Told.UNKNOWN))

    async def _remember(self, key: str, response: WebhookResponse) -> None:
        """Keep the answer that was given."""
        try:
            await self._ask(self._store.put(key, dump_response(response), REMEMBERED))
        except StoreAway:
            pass
        except Exception as error:
            # A database shows the row that it won't take, and people are spoken to by name.
            shown = without(error, [response.body.decode()])
            log.error("the store failed: a repeated webhook may be dispatched twice", exc_info=shown)

    async def _ask(self, question: Coroutine[object, object, T]) -> T:
        """What the store says.

        Raises:
            StoreAway: A store that workers share is away, which is told once, and not asked by everybody.
        """
        if self._at_hand:
            return await question
        if self._sharing is None:
            return await within(self._deadline * SHARE, question)
        if self._sharing.worker.away:
            question.close()
            raise StoreAway
        with self._sharing.reach.asking():
            return await within(self._deadline * SHARE, question)


def _now(work: Coroutine[object, object, T]) -> T:
    """What a coroutine returns that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as ended:
        return cast("T", ended.value)
    raise RuntimeError("a store in memory had to wait")


def dump_response(response: WebhookResponse) -> bytes:
    """An answer as stores keep it."""
    return json.dumps(
        [response.status, response.headers.multi_items(), response.body.decode()], ensure_ascii=False
    ).encode()


def load_response(saved: bytes) -> WebhookResponse:
    """The answer again."""
    status, headers, body = json.loads(saved)
    return WebhookResponse(status, [(name, value) for name, value in headers], body.encode())
