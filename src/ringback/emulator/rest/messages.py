"""Messages, their media and feedback. https://www.twilio.com/docs/messaging/api/message-resource"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.messages import OutgoingMessage, cancel, send
from ringback.emulator.engine.records import Feedback, Media, Message
from ringback.emulator.engine.urls import shown
from ringback.emulator.rest import views
from ringback.emulator.rest.addresses import normal
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.files import File
from ringback.emulator.rest.lists import Newest, Rows, page, within

if TYPE_CHECKING:
    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS", "FILES"]

# A name instead of a number, where a country allows that.
_NAME: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}\Z")
_SOONEST: Final = timedelta(minutes=15)
_LATEST: Final = timedelta(days=35)


def _create(request: RestRequest) -> Body:
    parameters = request.parameters
    to = normal(parameters.text("To"))
    if to is None or not to.startswith("+"):
        raise Refused(400, 21211, f"To '{parameters.text('To')}' is no number that can be texted")
    service = parameters.text("MessagingServiceSid") or None
    delay = _delay(request, service)
    wanted = OutgoingMessage(
        to=to,
        from_=_sender(request),
        body=parameters.text("Body"),
        media=parameters.texts("MediaUrl"),
        callbacks=_callbacks(request),
        messaging_service_sid=service,
        first="scheduled" if delay else ("accepted" if service else "queued"),
        delay=delay,
    )
    if (to, wanted.from_) in request.network.store.opted_out:
        raise Refused(400, 21610, f"To {to} has opted out of texts from {wanted.from_}")
    if wanted.from_ == to:
        raise Refused(400, 21266, "To and From are the same number")
    return views.message(send(request.network, request.account, wanted))


def _sender(request: RestRequest) -> str | None:
    text = request.parameters.text("From")
    if not text:
        return None  # the service chooses when it sends
    if _NAME.match(text):
        return text
    sender = normal(text)
    if sender is None:
        raise Refused(400, 21212, f"From '{text}' is no number that can send texts")
    owner = request.network.store.number(sender)
    if owner is None or owner.account_sid != request.account.sid:
        raise Refused(400, 21606, f"From {sender} is no number of this account that can send texts")
    return sender


def _callbacks(request: RestRequest) -> tuple[tuple[str, str], ...]:
    parameters = request.parameters
    url = parameters.text("StatusCallback")
    application = request.network.store.applications.get(parameters.text("ApplicationSid"))
    if not url and application is not None and application.account_sid == request.account.sid:
        url = application.message_status_callback or application.sms_status_callback or ""
    return ((url, "POST"),) if url else ()


def _delay(request: RestRequest, service: str | None) -> float:
    at = request.parameters.day("SendAt")
    if not isinstance(at, datetime):
        return 0.0
    if request.parameters.text("ScheduleType") != "fixed" or service is None:
        raise Refused(400, 35111, "SendAt needs ScheduleType=fixed and a MessagingServiceSid")
    wait = at - request.network.clock.date
    if not _SOONEST <= wait <= _LATEST:
        raise Refused(400, 35114, "SendAt has to be between 15 minutes and 35 days from now")
    return wait.total_seconds()


def _list(request: RestRequest) -> Body:
    parameters = request.parameters
    to, sender = (normal(parameters.text(name)) or parameters.text(name) for name in ("To", "From"))

    def matches(message: Message) -> bool:
        return (
            to in {"", message.to}
            and sender in {"", message.from_}
            and within(parameters, "DateSent", message.date_sent)
        )

    listing = Newest(request.network.store.messages, request.account.sid, lambda message: message.sid)
    return page(request, listing, views.message, matches)


def _fetch(request: RestRequest) -> Body:
    return views.message(_find(request, request.sid))


def _update(request: RestRequest) -> Body:
    message, parameters = _find(request, request.sid), request.parameters
    if parameters.text("Status") == "canceled":
        if message.status not in {"scheduled", "accepted", "queued"}:
            raise Refused(400, 30409, f"Message {message.sid} is {message.status}: it can't be canceled")
        cancel(request.network, message)
    if "Body" in parameters:
        if parameters.text("Body"):
            raise Refused(400, 20001, "Body: a message's text can only be emptied")
        message.body = ""
    message.date_updated = request.network.clock.date
    return views.message(message)


def _delete(request: RestRequest) -> None:
    message = _find(request, request.sid)
    if message.status in {"queued", "accepted", "sending"}:
        raise Refused(409, 20009, f"Message {message.sid} is {message.status}: it can't be deleted yet")
    del request.network.store.messages[message.sid]
    for sid in message.media:
        request.network.store.media.pop(sid, None)


def _media_list(request: RestRequest) -> Body:
    message = _find(request, request.holes["MessageSid"])
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
    message = _find(request, request.holes["MessageSid"])
    now = request.network.clock.date
    feedback = Feedback(
        sid=message.sid,
        date_created=now,
        date_updated=now,
        account_sid=message.account_sid,
        message_sid=message.sid,
        outcome=request.parameters.text("Outcome", "confirmed"),
    )
    request.network.store.feedback[message.sid] = feedback
    return views.feedback(feedback)


def _find(request: RestRequest, sid: str) -> Message:
    message = request.network.store.messages.get(sid)
    if message is None or message.account_sid != request.account.sid:
        raise request.missing()
    return message


def _media(request: RestRequest) -> Media:
    message = _find(request, request.holes["MessageSid"])
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
