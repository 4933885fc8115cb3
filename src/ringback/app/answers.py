"""TwiML as answers: which documents fit which question, how they are sent, and answers that take long.

Twilio waits 15 seconds for an answer. One that takes longer than the deadline is held: the caller hears a
short pause and Twilio is redirected back to ask for the same answer again, as often as it takes.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar

from ringback._core.events import MessageRequest, VoiceRequest
from ringback.app.tags import tagged
from ringback.errors import TwimlError
from ringback.http import WebhookResponse
from ringback.twiml import MessagingResponse, Pause, Redirect, VoiceResponse
from ringback.twiml.messaging import Redirect as MessagingRedirect

if TYPE_CHECKING:
    from collections.abc import Callable

    from ringback._core.events import Event
    from ringback.app.routes import AnyRoute

__all__ = ["Answer", "Desk", "document_for", "held", "nothing", "refusal", "settled", "twiml"]

T = TypeVar("T")

LARGEST_TWIML: Final = 64 * 1024


def twiml(document: VoiceResponse | MessagingResponse) -> WebhookResponse:
    """A document as Twilio wants it.

    Raises:
        TwimlError: It is larger than the 64 KB that Twilio reads.
    """
    body = str(document).encode()
    if len(body) > LARGEST_TWIML:
        raise TwimlError("response", f"{len(body)} bytes", f"a document of at most {LARGEST_TWIML} bytes")
    return WebhookResponse(200, {"Content-Type": "text/xml; charset=utf-8"}, body)


def nothing() -> WebhookResponse:
    """The answer to a notification."""
    return WebhookResponse(204)


def refusal(status: int, reason: str) -> WebhookResponse:
    """A refusal, told in one line of plain text."""
    return WebhookResponse(status, {"Content-Type": "text/plain; charset=utf-8"}, f"{reason}\n".encode())


def held(route: AnyRoute, id: str) -> WebhookResponse:
    """What makes Twilio wait a moment and ask `route` again for the answer with this id."""
    url = tagged(route.url, "hold", id)
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
        give_up: Called when it takes too long: has to set it, and to stop making it.

    Attributes:
        id: Under which a held request asks again.
        future: The answer; never an exception.
    """

    def __init__(self, give_up: Callable[[], None]) -> None:
        self.id = secrets.token_urlsafe(12)
        self.future: Future[WebhookResponse] = Future()
        self.give_up = give_up
        self._since: float | None = None

    @property
    def age(self) -> float:
        """For how long somebody has been waiting for it, in seconds, from the first look at this on."""
        if self._since is None:
            self._since = time.monotonic()
        return time.monotonic() - self._since

    def set(self, response: WebhookResponse) -> bool:
        """Set it unless it is set; whether it was."""
        with suppress(InvalidStateError):
            self.future.set_result(response)
            return True
        return False


class Desk:
    """Serves answers as they get ready and holds who asked where they don't.

    Args:
        deadline: Seconds that one request waits at most.
        limit: Seconds that an answer may be in the making.
    """

    _MOST: Final = 10_000  # held answers; the oldest are forgotten

    def __init__(self, *, deadline: float, limit: float) -> None:
        self._deadline = deadline
        self._limit = limit
        self._held: OrderedDict[str, Answer] = OrderedDict()

    async def serve(self, answer: Answer, hold: Callable[[str], WebhookResponse]) -> WebhookResponse:
        """The answer, or, where it isn't ready in time, what `hold` makes of its id."""
        patience = max(0.0, min(self._deadline, self._limit - answer.age))
        if not await settled(answer.future, patience) and answer.age >= self._limit:
            answer.give_up()
        if answer.future.done():
            return answer.future.result()
        self._held[answer.id] = answer
        while len(self._held) > self._MOST:
            self._held.popitem(last=False)
        return hold(answer.id)

    def find(self, id: str) -> Answer | None:
        """The answer that a held request comes back for, or None where it has been forgotten."""
        return self._held.get(id)


async def settled(future: Future[T], timeout: float) -> bool:
    """Wait for a future of any thread; whether it is done after `timeout` seconds. Leaves it as it is."""
    if not future.done():
        await asyncio.wait({asyncio.wrap_future(future)}, timeout=timeout)
    return future.done()
