"""TwiML as answers: which documents fit which question, how they are sent, and answers that take long.

Twilio waits 15 seconds for an answer. One that takes longer than the deadline is held: the caller hears a
short pause and Twilio is redirected back to ask for the same answer again, as often as it takes.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from ringback._core.webhooks.events import MessageRequest, Notification, VoiceRequest
from ringback.app.loops.budget import CLOCK, Budget
from ringback.app.loops.portal import call_in, portal_is_blocked
from ringback.app.tags import tagged
from ringback.errors import TwimlError
from ringback.http import WebhookResponse
from ringback.twiml import MessagingResponse, Pause, Redirect, VoiceResponse
from ringback.twiml.messaging import Redirect as MessagingRedirect

if TYPE_CHECKING:
    from collections.abc import Callable

    from ringback._core.webhooks.events import Event
    from ringback.app.routes import AnyRoute, Link

    Again: TypeAlias = AnyRoute | Link[Any]

__all__ = [
    "Answer",
    "Desk",
    "document_for",
    "held",
    "nothing",
    "refusal",
    "settled",
    "twiml",
    "written_twiml",
]

T = TypeVar("T")

LARGEST_TWIML: Final = 64 * 1024
LOOK: Final = 0.5  # seconds between two looks at whether the portal is blocked


def twiml(document: VoiceResponse | MessagingResponse) -> WebhookResponse:
    """A document as Twilio wants it.

    Raises:
        TwimlError: It is larger than the 64 KB that Twilio reads.
    """
    body = str(document).encode()
    if len(body) > LARGEST_TWIML:
        raise TwimlError("response", f"{len(body)} bytes", f"a document of at most {LARGEST_TWIML} bytes")
    return WebhookResponse(200, {"Content-Type": "text/xml; charset=utf-8"}, body)


def written_twiml(document: str) -> WebhookResponse:
    """A document that was written before."""
    return WebhookResponse(200, {"Content-Type": "text/xml; charset=utf-8"}, document.encode())


def nothing() -> WebhookResponse:
    """The answer to a notification."""
    return WebhookResponse(204)


def refusal(status: int, reason: str) -> WebhookResponse:
    """A refusal, told in one line of plain text."""
    return WebhookResponse(status, {"Content-Type": "text/plain; charset=utf-8"}, f"{reason}\n".encode())


def held(route: Again, answer: Answer) -> WebhookResponse:
    """What makes Twilio wait a moment and ask `route` again for an answer."""
    if issubclass(route.event, Notification):
        return nothing()  # nobody waits for what comes of one
    url = tagged(route.url, *(answer.again or ("hold", answer.id)))
    method = route.methods[-1]
    if issubclass(route.event, MessageRequest):
        return twiml(MessagingResponse(MessagingRedirect(url, method=method)))
    return twiml(VoiceResponse(Pause(length=1), Redirect(url, method=method)))


def document_for(event: Event, returned: object) -> VoiceResponse | MessagingResponse:
    """What a handler returned, if it answers the event.

    Raises:
        TypeError: It does not.
    """
    if isinstance(event, VoiceRequest) and isinstance(returned, VoiceResponse):
        return returned
    if isinstance(event, MessageRequest):
        if returned is None:
            return MessagingResponse()
        if isinstance(returned, MessagingResponse):
            return returned
    expected = "a VoiceResponse" if isinstance(event, VoiceRequest) else "a MessagingResponse or None"
    raise TypeError(
        f"{type(event).__name__} has to be answered with {expected}, got {type(returned).__name__}"
    )


class Answer:
    """An answer in the making, in whatever loop makes it; other threads may wait for it.

    Args:
        give_up: Called when it takes too long, in any thread: has to set it, and to stop making it.
        again: The tag by which a held request asks again where others may know the answer, too.

    Attributes:
        future: The answer; never an exception.
    """

    def __init__(self, give_up: Callable[[], None], again: tuple[str, ...] = ()) -> None:
        self.future: Future[WebhookResponse] = Future()
        self.give_up = give_up
        self.again = again
        self._since: float | None = None

    @cached_property
    def id(self) -> str:
        """Under which a held request asks again."""
        return secrets.token_urlsafe(12)

    @property
    def age(self) -> float:
        """For how long somebody has been waiting for it, in seconds, from the first look at this on."""
        now = CLOCK.get()()
        if self._since is None:
            self._since = now
        return now - self._since

    def set(self, response: WebhookResponse) -> bool:
        """Set it unless it is set; whether it was."""
        with suppress(InvalidStateError):
            self.future.set_result(response)
            return True
        return False


class Desk:
    """Keeps the answers that take long for those who come back for them.

    Args:
        limit: Seconds that an answer may be in the making.
        linger: Seconds for which one that is made is kept, as the request for it may be repeated.
        later: Calls something after some seconds.
    """

    _MOST: Final = 10_000  # held answers; the oldest are forgotten

    def __init__(
        self, *, limit: float, linger: float, later: Callable[[float, Callable[[], object]], None]
    ) -> None:
        self._limit = limit
        self._linger = linger
        self._later = later
        self._held: OrderedDict[str, Answer] = OrderedDict()

    async def serve(self, answer: Answer, patience: float, route: Again) -> WebhookResponse:
        """The answer, or, where it isn't ready within `patience` seconds, what has `route` asked again."""
        if not answer.future.done():
            await settled(answer.future, min(patience, max(0.0, self._limit - answer.age)))
        return self._ready(answer) or self.hold(answer, route)

    def serve_blocking(self, answer: Answer, patience: float, route: Again) -> WebhookResponse:
        """The same for a thread that runs no event loop. It waits no longer for a portal that is blocked: the
        threads of a server are few.
        """
        waiting = Budget(min(patience, max(0.0, self._limit - answer.age)))
        while not answer.future.done() and (left := waiting.left):
            with suppress(FutureTimeout):
                answer.future.result(min(left, LOOK))
            if portal_is_blocked():
                break
        return self._ready(answer) or self.hold(answer, route)

    def hold(self, answer: Answer, route: Again) -> WebhookResponse:
        """Keep an answer, and have `route` asked again for it."""
        id = answer.id
        if id not in self._held and not issubclass(route.event, Notification):
            self._held[id] = answer
            while len(self._held) > self._MOST:
                self._held.popitem(last=False)
            # Neither may depend on whether somebody asks again: callers hang up.
            self._later(self._limit - answer.age, lambda: self._expire(id))
            answer.future.add_done_callback(
                lambda _: self._later(self._linger, lambda: self._held.pop(id, None))
            )
        return held(route, answer)

    def find(self, id: str) -> Answer | None:
        """The answer that a held request comes back for, or None where it has been forgotten."""
        return self._held.get(id)

    def _renew(self) -> None:
        """Forget the answers that a parent process makes."""
        self._held.clear()

    def _ready(self, answer: Answer) -> WebhookResponse | None:
        if not answer.future.done() and answer.age >= self._limit:
            answer.give_up()
        return answer.future.result() if answer.future.done() else None

    def _expire(self, id: str) -> None:
        answer = self._held.get(id)
        if answer is not None and not answer.future.done():
            answer.give_up()


async def settled(future: Future[T], timeout: float) -> bool:
    """Wait for a future of any thread; whether it is done after `timeout` seconds. Leaves it as it is."""
    if future.done():
        return True
    loop = asyncio.get_running_loop()
    waiter: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not waiter.done():
            waiter.set_result(None)

    timer = loop.call_later(timeout, wake)
    # Most are settled in this very loop, where nothing has to be woken up across threads.
    future.add_done_callback(lambda _: call_in(loop, wake))
    try:
        await waiter
    finally:
        timer.cancel()
    return future.done()
