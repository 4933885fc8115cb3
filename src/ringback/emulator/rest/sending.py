"""What a request to send a message asks for, checked as Twilio checks it.

https://www.twilio.com/docs/messaging/api/message-resource#create-a-message
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final, cast

from attrs import frozen

from ringback.emulator.engine.addresses import channel_of, is_name, is_short_code, text_address
from ringback.emulator.engine.messaging.senders import can_text, record_of, senders
from ringback.emulator.engine.records import LONGEST_VALIDITY, OutgoingMessage
from ringback.emulator.engine.urls import WebUrl
from ringback.emulator.rest.errors import Refused

if TYPE_CHECKING:
    from ringback.emulator.rest.requests import RestRequest

__all__ = ["Callbacks", "callbacks_of", "check_pair", "checked", "own_sender", "recipient"]

Callbacks = tuple[tuple[str, str], ...]

_SERVICE: Final = re.compile(r"MG[0-9a-fA-F]{32}\Z")
_SOONEST: Final = timedelta(minutes=5)
_LATEST: Final = timedelta(days=35)
_LONGEST_CALLBACK: Final = 4_000
_LONGEST_TEXT: Final = 1_600
_PLACE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@frozen
class _Sender:
    """Who sends.

    Attributes:
        address: None where a messaging service has yet to choose.
        service: The SID of the service that sends.
    """

    address: str | None
    service: str | None


def checked(request: RestRequest) -> OutgoingMessage:
    """The message that is asked for.

    Raises:
        Refused: It can't be sent.
    """
    parameters = request.parameters
    to = recipient(request)
    sender = _sender(request, to)
    media = parameters.texts("MediaUrl")
    if sender.address is not None:
        check_pair(request, to, sender.address, sender.service)
        if is_name(sender.address) and (media or parameters.flag("SendAsMms")):
            raise Refused(400, 21621, f"From {sender.address} can't send media")
    elif request.network.store.correspondence.has_opted_out(to, sender.service):
        raise Refused(400, 21610, f"To {to} has opted out of texts from {sender.service}")
    template = parameters.text("ContentSid")
    body = _content(request, template) if template else parameters.text("Body")
    if not template and parameters.values.get("ContentVariables"):
        raise Refused(400, 21654, "ContentVariables without a ContentSid")
    return OutgoingMessage(
        to=to,
        from_=sender.address,
        body=body,
        media=media,
        callbacks=callbacks_of(request),
        messaging_service_sid=sender.service,
        send_at=_send_at(request, sender.service),
        validity=parameters.number("ValidityPeriod") or LONGEST_VALIDITY,
        smart_encoded=parameters.flag("SmartEncoded"),
        as_mms=parameters.flag("SendAsMms"),
        max_price=_max_price(request),
        from_template=bool(template),
        provide_feedback=parameters.flag("ProvideFeedback"),
    )


def recipient(request: RestRequest) -> str:
    """The address that it goes to.

    Raises:
        Refused: It is none that messages go to.
    """
    text = request.parameters.text("To")
    to = text_address(text)
    if to is None:
        raise Refused(400, 21211, f"To '{text}' is no number that can be texted")
    if is_short_code(to):
        raise Refused(400, 21265, f"To {to} is a short code, which can't be texted")
    return to


def own_sender(request: RestRequest, to: str) -> str:
    """The address in `From`, which has to be the account's own.

    Raises:
        Refused: It isn't.
    """
    text = request.parameters.text("From")
    if is_name(text):
        if to.startswith("+1"):
            raise Refused(400, 21606, f"From {text} is a name, which can't send texts to {to}")
        return text
    sender = text_address(text)
    if sender is None:
        raise Refused(400, 21212, f"From '{text}' is no number that can send texts")
    record = record_of(request.network.store, sender)
    if channel_of(sender) is not None:
        if record is None or record.account_sid != request.account.sid:
            raise Refused(400, 63007, f"From {sender} is no sender of this account on its channel")
    elif record is None:
        raise Refused(400, 21659, f"From {sender} is no number of Twilio's")
    elif record.account_sid != request.account.sid:
        raise Refused(400, 21660, f"From {sender} belongs to another account")
    elif not can_text(sender):
        raise Refused(400, 21661, f"From {sender} is a number that can't send texts")
    return sender


def check_pair(request: RestRequest, to: str, sender: str, service: str | None) -> None:
    """Refuse what can't go between two addresses."""
    channel = channel_of(to)
    if channel_of(sender) != channel:
        raise Refused(400, 21910, f"To {to} and From {sender} are on different channels")
    if sender == to:
        code = 21266 if channel is None else 63031
        raise Refused(400, code, f"To and From are the same: {to}")
    if request.network.store.correspondence.has_opted_out(to, sender, service):
        raise Refused(400, 21610, f"To {to} has opted out of texts from {sender}")


def callbacks_of(request: RestRequest) -> Callbacks:
    """Where its statuses are told.

    Raises:
        Refused: Nobody could be told there.
    """
    url = request.parameters.text("StatusCallback")
    where = WebUrl.parse(url)
    if url and (where is None or "_" in where.host or len(url) > _LONGEST_CALLBACK):
        raise Refused(400, 21609, f"StatusCallback '{url[:100]}' is no URL that can be asked")
    application = request.network.store.applications.get(request.parameters.text("ApplicationSid"))
    if not url and application is not None and application.account_sid == request.account.sid:
        url = application.message_status_callback or application.sms_status_callback or ""
    return ((url, "POST"),) if url else ()


def _sender(request: RestRequest, to: str) -> _Sender:
    text = request.parameters.text("From")
    service = request.parameters.text("MessagingServiceSid") or None
    if _SERVICE.match(text):
        text, service = "", text
    if text:
        return _Sender(own_sender(request, to), service)
    if not senders(request.network.store, request.account, channel_of(to)):
        raise Refused(400, 21704, f"Messaging service {service} has no sender for {to}: the account has none")
    return _Sender(None, service)


def _send_at(request: RestRequest, service: str | None) -> datetime | None:
    """When it goes; None is at once."""
    parameters = request.parameters
    at = parameters.day("SendAt")
    if not isinstance(at, datetime):
        if parameters.text("ScheduleType"):
            raise Refused(400, 35111, "ScheduleType is fixed, but there is no SendAt")
        return None
    if service is None:
        raise Refused(400, 35118, "SendAt needs a MessagingServiceSid: only services send later")
    if not parameters.text("ScheduleType"):
        return None
    ahead = at - request.network.clock.date
    if not _SOONEST <= ahead <= _LATEST:
        raise Refused(400, 35115, "SendAt has to be between 5 minutes and 35 days from now")
    return at


def _max_price(request: RestRequest) -> Decimal | None:
    price = request.parameters.values.get("MaxPrice")
    if not isinstance(price, Decimal):
        return None
    if price <= 0:
        raise Refused(400, 21627, f"MaxPrice {price} is nothing: it has to be positive")
    return price


def _content(request: RestRequest, sid: str) -> str:
    """The text of a template, filled."""
    template = request.network.store.contents.get(sid)
    if template is None:
        raise Refused(
            400, 21655, f"ContentSid {sid} is no template here: see emulator.content_template(…, sid=…)"
        )
    given = {**template.samples, **_variables(request)}
    text = _PLACE.sub(lambda place: given.get(place[1], ""), template.body)
    if len(text) > _LONGEST_TEXT:
        raise Refused(400, 21658, f"The text has {len(text)} characters: at most {_LONGEST_TEXT} are sent")
    return text


def _variables(request: RestRequest) -> dict[str, str]:
    value = request.parameters.values.get("ContentVariables")
    given = cast("dict[str, object]", value) if isinstance(value, dict) else None
    texts = {name: text for name, text in (given or {}).items() if isinstance(text, str)}
    if value is not None and (given is None or len(texts) < len(given)):
        raise Refused(400, 21656, "ContentVariables have to be a JSON object of texts")
    return texts
