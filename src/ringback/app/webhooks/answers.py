"""TwiML as answers: which documents fit which question, and how they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from attrs import evolve

from ringback._core.webhooks.events import MessageRequest, Notification, VoiceRequest
from ringback.app.cookies import WithCookies
from ringback.app.tags import tagged, with_sent
from ringback.errors import TwimlError
from ringback.http import Headers, WebhookResponse
from ringback.twiml import MessagingResponse, Pause, Redirect, VoiceResponse
from ringback.twiml.messaging import Redirect as MessagingRedirect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ringback._core.webhooks.events import Event
    from ringback.app.routes import AnyRoute, Link

    Again: TypeAlias = AnyRoute | Link[Any]

__all__ = ["answer_to", "ask_again", "document_for", "empty", "nothing", "refusal", "twiml", "written_twiml"]

LARGEST_TWIML: Final = 64 * 1024
_XML: Final = Headers({"Content-Type": "text/xml; charset=utf-8"})


def twiml(document: VoiceResponse | MessagingResponse) -> WebhookResponse:
    """A document as Twilio wants it.

    Raises:
        TwimlError: It is larger than the 64 KB that Twilio reads.
    """
    body = str(document).encode()
    if len(body) > LARGEST_TWIML:
        raise TwimlError("response", f"{len(body)} bytes", f"a document of at most {LARGEST_TWIML} bytes")
    return WebhookResponse(200, _XML, body)


def written_twiml(document: str) -> WebhookResponse:
    """A document that was written before."""
    return WebhookResponse(200, _XML, document.encode())


def empty(event: type[Event]) -> WebhookResponse:
    """A document that says nothing, for a request of this kind."""
    return twiml(MessagingResponse() if issubclass(event, MessageRequest) else VoiceResponse())


def nothing() -> WebhookResponse:
    """The answer to a notification."""
    return WebhookResponse(204)


def refusal(status: int, reason: str) -> WebhookResponse:
    """A refusal, told in one line of plain text."""
    return WebhookResponse(status, {"Content-Type": "text/plain; charset=utf-8"}, f"{reason}\n".encode())


def ask_again(route: Again, *tag: str, sent: Mapping[str, str] | None = None) -> WebhookResponse:
    """What makes Twilio wait a moment and ask `route` again for an answer, by a tag; `sent` is what a webhook
    brought that has to be brought again.
    """
    if issubclass(route.event, Notification):
        return nothing()  # nobody waits for what comes of one
    url = with_sent(tagged(route.url, *tag), sent or {})
    method = route.methods[-1]
    if issubclass(route.event, MessageRequest):
        return twiml(MessagingResponse(MessagingRedirect(url, method=method)))
    return twiml(VoiceResponse(Pause(length=1), Redirect(url, method=method)))


def answer_to(event: Event, returned: object) -> WebhookResponse:
    """What a handler returned, as Twilio wants it.

    Raises:
        TypeError: It doesn't answer the event.
        TwimlError: It is larger than the 64 KB that Twilio reads.
    """
    if not isinstance(returned, WithCookies):
        return twiml(document_for(event, returned))
    document: object = cast("WithCookies[object]", returned).response
    answer = twiml(document_for(event, document))
    return evolve(answer, headers=[*answer.headers.multi_items(), *returned._fields()])


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
