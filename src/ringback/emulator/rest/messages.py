"""Messages, their media and feedback. https://www.twilio.com/docs/messaging/api/message-resource"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.messages import OutgoingMessage, cancel, send
from ringback.emulator.engine.records import Feedback, Media, Message
from ringback.emulator.rest import views
from ringback.emulator.rest.addresses import normal
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.lists import page, within

if TYPE_CHECKING:
    from ringback.emulator.rest.decoding import Asked
    from ringback.emulator.rest.views import Body

__all__ = ["ACTS"]

# A name instead of a number, where a country allows that.
_NAME: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}\Z")
_SOONEST: Final = timedelta(minutes=15)
_LATEST: Final = timedelta(days=35)


def _create(asked: Asked) -> Body:
    given = asked.given
    to = normal(given.text("To"))
    if to is None or not to.startswith("+"):
        raise Refused(400, 21211, f"To '{given.text('To')}' is no number that can be texted")
    service = given.text("MessagingServiceSid") or None
    delay = _delay(asked, service)
    wanted = OutgoingMessage(
        to=to,
        from_=_sender(asked),
        body=given.text("Body"),
        media=given.texts("MediaUrl"),
        callbacks=_callbacks(asked),
        messaging_service_sid=service,
        first="scheduled" if delay else ("accepted" if service else "queued"),
        delay=delay,
    )
    if (to, wanted.from_) in asked.network.store.opted_out:
        raise Refused(400, 21610, f"To {to} has opted out of texts from {wanted.from_}")
    if wanted.from_ == to:
        raise Refused(400, 21266, "To and From are the same number")
    return views.message(send(asked.network, asked.account, wanted))


def _sender(asked: Asked) -> str | None:
    text = asked.given.text("From")
    if not text:
        return None  # the service chooses when it sends
    if _NAME.match(text):
        return text
    sender = normal(text)
    if sender is None:
        raise Refused(400, 21212, f"From '{text}' is no number that can send texts")
    owner = asked.network.store.number(sender)
    if owner is None or owner.account_sid != asked.account.sid:
        raise Refused(400, 21606, f"From {sender} is no number of this account that can send texts")
    return sender


def _callbacks(asked: Asked) -> tuple[tuple[str, str], ...]:
    given = asked.given
    url = given.text("StatusCallback")
    application = asked.network.store.applications.get(given.text("ApplicationSid"))
    if not url and application is not None and application.account_sid == asked.account.sid:
        url = application.message_status_callback or application.sms_status_callback
    return ((url, "POST"),) if url else ()


def _delay(asked: Asked, service: str | None) -> float:
    at = asked.given.day("SendAt")
    if not isinstance(at, datetime):
        return 0.0
    if asked.given.text("ScheduleType") != "fixed" or service is None:
        raise Refused(400, 35111, "SendAt needs ScheduleType=fixed and a MessagingServiceSid")
    wait = at - asked.network.clock.date
    if not _SOONEST <= wait <= _LATEST:
        raise Refused(400, 35114, "SendAt has to be between 15 minutes and 35 days from now")
    return wait.total_seconds()


def _list(asked: Asked) -> Body:
    given = asked.given
    to, sender = (normal(given.text(name)) or given.text(name) for name in ("To", "From"))
    found = [
        message
        for message in asked.network.store.messages.values()
        if message.account_sid == asked.account.sid
        and to in {"", message.to}
        and sender in {"", message.from_}
        and within(given, "DateSent", message.date_sent)
    ]
    return page(asked, "messages", found, views.message)


def _fetch(asked: Asked) -> Body:
    return views.message(_find(asked, asked.sid))


def _update(asked: Asked) -> Body:
    message, given = _find(asked, asked.sid), asked.given
    if given.text("Status") == "canceled":
        if message.status not in {"scheduled", "accepted", "queued"}:
            raise Refused(400, 30409, f"Message {message.sid} is {message.status}: it can't be canceled")
        cancel(asked.network, message)
    if "Body" in given:
        if given.text("Body"):
            raise Refused(400, 20001, "Body: a message's text can only be emptied")
        message.body = ""
    message.date_updated = asked.network.clock.date
    return views.message(message)


def _delete(asked: Asked) -> None:
    message = _find(asked, asked.sid)
    if message.status in {"queued", "accepted", "sending"}:
        raise Refused(409, 20009, f"Message {message.sid} is {message.status}: it can't be deleted yet")
    del asked.network.store.messages[message.sid]
    for sid in message.media:
        asked.network.store.media.pop(sid, None)


def _media_list(asked: Asked) -> Body:
    message = _find(asked, asked.sids["MessageSid"])
    store = asked.network.store.media
    found = [store[sid] for sid in message.media if sid in store]
    found = [media for media in found if within(asked.given, "DateCreated", media.date_created)]
    return page(asked, "media_list", found, views.media)


def _media_fetch(asked: Asked) -> Body:
    return views.media(_media(asked))


def _media_delete(asked: Asked) -> None:
    media = _media(asked)
    del asked.network.store.media[media.sid]
    asked.network.store.messages[media.parent_sid].media.remove(media.sid)


def _feedback(asked: Asked) -> Body:
    message = _find(asked, asked.sids["MessageSid"])
    now = asked.network.clock.date
    feedback = Feedback(
        sid=message.sid,
        date_created=now,
        date_updated=now,
        account_sid=message.account_sid,
        message_sid=message.sid,
        outcome=asked.given.text("Outcome", "confirmed"),
    )
    asked.network.store.feedback[message.sid] = feedback
    return views.feedback(feedback)


def _find(asked: Asked, sid: str) -> Message:
    message = asked.network.store.messages.get(sid)
    if message is None or message.account_sid != asked.account.sid:
        raise asked.missing()
    return message


def _media(asked: Asked) -> Media:
    message = _find(asked, asked.sids["MessageSid"])
    media = asked.network.store.media.get(asked.sid)
    if media is None or media.parent_sid != message.sid:
        raise asked.missing()
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
