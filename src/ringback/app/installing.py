"""Telling Twilio about an application, and taking over what Twilio was told before."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict
from urllib.parse import urlsplit, urlunsplit

from ringback.app.registry import Adopted
from ringback.errors import RegistrationError
from ringback.webhooks import (
    CallStatusChanged,
    IncomingCall,
    IncomingMessage,
    MessageFallback,
    MessageStatusChanged,
    VoiceFallback,
)

if TYPE_CHECKING:
    from ringback._core.webhooks.events import Event
    from ringback.app.registry import Registry
    from ringback.app.routes import Method
    from ringback.client import AsyncClient
    from ringback.rest import Application as Record
    from ringback.rest import IncomingPhoneNumber

__all__ = ["adopt", "install_async"]


class _Urls(TypedDict):
    voice_url: str
    voice_method: Method
    voice_fallback_url: str
    voice_fallback_method: Method
    status_callback: str
    status_callback_method: Method
    sms_url: str
    sms_method: Method
    sms_fallback_url: str
    sms_fallback_method: Method
    message_status_callback: str


async def install_async(
    registry: Registry, client: AsyncClient, *, friendly_name: str, phone_number: str | None = None
) -> Record:
    """Create or update the TwiML application of a name, and point a number to it."""
    urls = _urls(registry)
    found = [
        record
        async for record in client.applications.list(friendly_name=friendly_name)
        if record.friendly_name == friendly_name
    ]
    if found:
        record = await client.applications(found[0].sid).update(**urls)
    else:
        record = await client.applications.create(friendly_name=friendly_name, **urls)
    if phone_number is not None:
        numbers = [one async for one in client.incoming_phone_numbers.list(phone_number=phone_number)]
        number = _only(phone_number, numbers)
        await client.incoming_phone_numbers(number.sid).update(
            voice_application_sid=record.sid, sms_application_sid=record.sid
        )
    return record


def adopt(record: Record) -> tuple[str, dict[type[Event], Adopted]]:
    """The public URL of an application that takes over a TwiML application, and the URLs that it has there.

    Raises:
        RegistrationError: It has neither a voice nor a message URL, or one that isn't absolute.
    """
    adopted: dict[type[Event], Adopted] = {
        IncomingCall: Adopted("voice_url", record.voice_url, record.voice_method),
        VoiceFallback: Adopted("voice_fallback_url", record.voice_fallback_url, record.voice_fallback_method),
        CallStatusChanged: Adopted("status_callback", record.status_callback, record.status_callback_method),
        IncomingMessage: Adopted("sms_url", record.sms_url, record.sms_method),
        MessageFallback: Adopted("sms_fallback_url", record.sms_fallback_url, record.sms_fallback_method),
        MessageStatusChanged: Adopted(
            "message_status_callback", record.message_status_callback or record.sms_status_callback, "POST"
        ),
    }
    for place in adopted.values():
        if place.url and not (urlsplit(place.url).scheme in ("http", "https") and urlsplit(place.url).netloc):
            raise RegistrationError(
                f"{place.field}: expected an absolute http or https URL, got {place.url!r}"
            )
    main = record.voice_url or record.sms_url
    if not main:
        raise RegistrationError(
            f"voice_url: the TwiML application {record.sid} has neither a voice_url nor an sms_url"
        )
    parts = urlsplit(main)
    folder = parts.path.rpartition("/")[0]
    return urlunsplit((parts.scheme, parts.netloc, folder, "", "")), adopted


def _urls(registry: Registry) -> _Urls:
    routes = registry.routes
    return {
        "voice_url": _url(registry, IncomingCall),
        "voice_method": _method(registry, IncomingCall),
        "voice_fallback_url": _url(registry, VoiceFallback),
        "voice_fallback_method": _method(registry, VoiceFallback),
        "status_callback": routes.callback(CallStatusChanged).url,
        "status_callback_method": routes.callback(CallStatusChanged).methods[-1],
        "sms_url": _url(registry, IncomingMessage),
        "sms_method": _method(registry, IncomingMessage),
        "sms_fallback_url": _url(registry, MessageFallback),
        "sms_fallback_method": _method(registry, MessageFallback),
        "message_status_callback": routes.callback(MessageStatusChanged).url,
    }


def _url(registry: Registry, event: type[Event]) -> str:
    route = registry.entry(event)
    return "" if route is None else route.url


def _method(registry: Registry, event: type[Event]) -> Method:
    route = registry.entry(event)
    return "POST" if route is None else route.methods[-1]


def _only(phone_number: str, numbers: list[IncomingPhoneNumber]) -> IncomingPhoneNumber:
    for number in numbers:
        if number.phone_number == phone_number:
            return number
    raise RegistrationError(f"phone_number: {phone_number} is no number of the account")
