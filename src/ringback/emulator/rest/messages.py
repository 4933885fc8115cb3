"""Messages, their media and feedback. https://www.twilio.com/docs/messaging/api/message-resource"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.addresses import text_address
from ringback.emulator.engine.messaging.outgoing import cancel, send
from ringback.emulator.engine.records import Feedback, Media, Message
from ringback.emulator.engine.urls import shown
from ringback.emulator.rest import views
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.files import File
from ringback.emulator.rest.lists import Newest, Rows, page, within
from ringback.emulator.rest.sending import checked

if TYPE_CHECKING:
    from collections.abc import Callable

    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS", "FILES", "find", "matching"]

# Nothing becomes of these any more, unless they are read.
_FINAL: Final = frozenset(
    {"canceled", "delivered", "failed", "partially_delivered", "read", "received", "sent", "undelivered"}
)


def _create(request: RestRequest) -> Body:
    return views.message(send(request.network, request.account, checked(request)))


def _list(request: RestRequest) -> Body:
    listing = Newest(request.network.store.messages, request.account.sid, lambda message: message.sid)
    return page(request, listing, views.message, matching(request))


def matching(request: RestRequest) -> Callable[[Message], bool]:
    """Whether a message passes a list's filters."""
    parameters = request.parameters
    given = [parameters.text(name) for name in ("To", "From")]
    to, sender = (text_address(text) or text for text in given)
    return lambda message: (
        to in {"", message.to}
        and sender in {"", message.from_}
        and within(parameters, "DateSent", message.date_sent)
    )


def _fetch(request: RestRequest) -> Body:
    return views.message(find(request, request.sid))


def _update(request: RestRequest) -> Body:
    message, parameters = find(request, request.sid), request.parameters
    if parameters.text("Body"):
        raise Refused(400, 20001, "Body: a message's text can only be emptied")
    if parameters.text("Status") == "canceled":
        if message.status != "scheduled":
            raise Refused(
                409, 30409, f"Message {message.sid} is {message.status}: only scheduled ones can be canceled"
            )
        cancel(request.network, message)
    if "Body" in parameters:
        _check_final(message, "emptied")
        message.body = ""
        message.date_updated = request.network.clock.date
    return views.message(message)


def _delete(request: RestRequest) -> None:
    message = find(request, request.sid)
    _check_final(message, "deleted")
    store = request.network.store
    del store.messages[message.sid]
    store.feedback.pop(message.sid, None)
    store.http.forget(message.sid)
    for sid in message.media:
        del store.media[sid]


def _check_final(message: Message, what: str) -> None:
    if message.status not in _FINAL:
        raise Refused(409, 20009, f"Message {message.sid} is {message.status}: it can't be {what} yet")


def _media_list(request: RestRequest) -> Body:
    message = find(request, request.holes["MessageSid"])
    store = request.network.store.media
    found = [store[sid] for sid in message.media if sid in store]
    found = [media for media in found if within(request.parameters, "DateCreated", media.date_created)]
    return page(request, Rows(found[::-1], lambda media: media.sid), views.media)


def _media_fetch(request: RestRequest) -> Body:
    return views.media(_media(request))


def _media_file(request: RestRequest) -> File:
    """The file itself, as `MediaUrl0` of a webhook names it."""
    media = _media(request)
    if media.content is None:
        raise Refused(404, 20404, f"The file is elsewhere, and was not fetched: {shown(media.url)}")
    return File.of(media.content, media.content_type)


def _media_delete(request: RestRequest) -> None:
    media = _media(request)
    del request.network.store.media[media.sid]
    request.network.store.messages[media.parent_sid].media.remove(media.sid)


def _feedback(request: RestRequest) -> Body:
    message = find(request, request.holes["MessageSid"])
    if message.wanted is None or not message.wanted.provide_feedback:
        raise Refused(400, 20001, f"Message {message.sid} was not sent with ProvideFeedback=true")
    table, now = request.network.store.feedback, request.network.clock.date
    outcome = request.parameters.text("Outcome", "confirmed")
    feedback = table.get(message.sid)
    if feedback is None:
        feedback = table[message.sid] = Feedback(
            sid=message.sid,
            date_created=now,
            date_updated=now,
            account_sid=message.account_sid,
            message_sid=message.sid,
            outcome=outcome,
        )
    feedback.outcome, feedback.date_updated = outcome, now
    return views.feedback(feedback)


def find(request: RestRequest, sid: str) -> Message:
    """The message of this SID.

    Raises:
        Refused: The account has none.
    """
    message = request.network.store.messages.get(sid)
    if message is None or message.account_sid != request.account.sid:
        raise request.missing()
    return message


def _media(request: RestRequest) -> Media:
    message = find(request, request.holes["MessageSid"])
    media = request.network.store.media.get(request.sid)
    if media is None or media.parent_sid != message.sid:
        raise request.missing()
    return media


ACTS = {
    "messages.create": _create,
    "messages.list": _list,
    "messages(sid).fetch": _fetch,
    "messages(sid).update": _update,
    "messages(sid).delete": _delete,
    "messages(sid).media.list": _media_list,
    "messages(sid).media(sid).fetch": _media_fetch,
    "messages(sid).media(sid).delete": _media_delete,
    "messages(sid).feedback.create": _feedback,
}
FILES = {"messages(sid).media(sid).fetch": {"": _media_file}}
