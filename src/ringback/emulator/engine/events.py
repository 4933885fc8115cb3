"""What webhooks say about calls and messages, under the names of the typed events that carry it.

https://www.twilio.com/docs/voice/twiml#request-parameters and
https://www.twilio.com/docs/messaging/guides/webhook-request
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias, TypedDict, cast

from attrs import evolve

from ringback.emulator.engine.addresses import bare, channel_of
from ringback.emulator.engine.callers import Place, SipFacts
from ringback.webhooks import (
    CallRedirected,
    IncomingCall,
    OutgoingCall,
    QueueDequeued,
    ReceivedMedia,
    wire_parameters,
)

if TYPE_CHECKING:
    from ringback._generated.webhooks.enums import CallDirection, CallStatus, OptOutType
    from ringback.emulator.engine.records import Call, Message
    from ringback.webhooks import VoiceCallRequest

__all__ = [
    "CallFacts",
    "MessageFacts",
    "RequestFacts",
    "VoiceQuestion",
    "call_facts",
    "dequeued",
    "from_sdk",
    "incoming",
    "message_facts",
    "outgoing",
    "redirected",
    "request_facts",
]

# For `FromCountry` and the like; cities stay empty, as they often are in what Twilio sends.
_COUNTRIES: Final = {
    "+1": "US",
    "+31": "NL",
    "+33": "FR",
    "+34": "ES",
    "+39": "IT",
    "+43": "AT",
    "+44": "GB",
    "+46": "SE",
    "+48": "PL",
    "+49": "DE",
    "+61": "AU",
    "+81": "JP",
}


_NO_PLACE: Final = Place(None, None, None, None)


class _Geography(TypedDict):
    from_city: str | None
    from_state: str | None
    from_zip: str | None
    from_country: str | None
    to_city: str | None
    to_state: str | None
    to_zip: str | None
    to_country: str | None


class CallFacts(_Geography):
    """What every report of a call says."""

    call_sid: str
    account_sid: str
    from_: str
    to: str
    direction: CallDirection
    caller_city: str | None
    caller_state: str | None
    caller_zip: str | None
    caller_country: str | None
    called_city: str | None
    called_state: str | None
    called_zip: str | None
    called_country: str | None
    forwarded_from: str | None
    caller_name: str | None
    parent_call_sid: str | None
    call_token: str | None
    application_sid: str | None
    sip_call_id: str | None
    sip_domain: str | None
    sip_domain_sid: str | None
    sip_source_ip: str | None
    sip_headers: Mapping[str, str]


class RequestFacts(CallFacts):
    """What every request about a call says."""

    call_status: CallStatus


class MessageFacts(_Geography):
    """What every request about a message that came in says."""

    message_sid: str
    account_sid: str
    from_: str
    to: str
    body: str
    num_media: int
    num_segments: int
    media: tuple[ReceivedMedia, ...]
    messaging_service_sid: str | None
    opt_out_type: OptOutType | None
    profile_name: str | None
    wa_id: str | None
    channel_metadata: str | None
    message_type: str | None
    referral_num_media: int | None


VoiceQuestion: TypeAlias = "Callable[[RequestFacts], VoiceCallRequest]"
"""Makes the event that a document is asked for with, of what the call is when it is asked for."""


def call_facts(call: Call) -> CallFacts:
    """About a call, as it is now."""
    geography = _geography(call.from_, call.to, call.from_place, call.to_place)
    sip = call.sip or SipFacts("")
    return {
        "call_sid": call.sid,
        "account_sid": call.account_sid,
        "from_": call.from_,
        "to": call.to,
        "direction": call.direction,
        **geography,
        "caller_city": geography["from_city"],
        "caller_state": geography["from_state"],
        "caller_zip": geography["from_zip"],
        "caller_country": geography["from_country"],
        "called_city": geography["to_city"],
        "called_state": geography["to_state"],
        "called_zip": geography["to_zip"],
        "called_country": geography["to_country"],
        "forwarded_from": call.forwarded_from,
        "caller_name": call.caller_name,
        "parent_call_sid": call.parent_call_sid or None,
        "call_token": call.call_token,
        "application_sid": call.application_sid or None,
        "sip_call_id": sip.call_id or None,
        "sip_domain": sip.domain or None,
        "sip_domain_sid": sip.domain_sid or None,
        "sip_source_ip": sip.source_ip or None,
        "sip_headers": sip.headers,
    }


def request_facts(call: Call) -> RequestFacts:
    """The same for a request, which says the call's status as well."""
    return {**call_facts(call), "call_status": cast("CallStatus", call.status)}


def message_facts(
    message: Message,
    media: tuple[ReceivedMedia, ...],
    *,
    opt_out_type: OptOutType | None,
    profile_name: str,
    sent_from: Place | None,
) -> MessageFacts:
    """About a message that came in.

    Args:
        message: The message.
        media: Its files.
        opt_out_type: What it says about texts; sent where a service handles it.
        profile_name: What its sender goes by on WhatsApp; their number where it is "".
        sent_from: Where their number belongs to.
    """
    sender = message.from_ or ""
    whatsapp = channel_of(sender) == "whatsapp"
    user = {"ProfileName": profile_name or bare(sender), "WaId": bare(sender).removeprefix("+")}
    metadata = {"type": "whatsapp", "data": {"context": user}}
    return {
        "message_sid": message.sid,
        "account_sid": message.account_sid,
        "from_": sender,
        "to": message.to,
        "body": message.body,
        "num_media": message.num_media,
        "num_segments": message.num_segments,
        "media": media,
        "messaging_service_sid": message.messaging_service_sid,
        "opt_out_type": opt_out_type if message.messaging_service_sid else None,
        "profile_name": user["ProfileName"] if whatsapp else None,
        "wa_id": user["WaId"] if whatsapp else None,
        "channel_metadata": json.dumps(metadata) if whatsapp else None,
        "message_type": _message_type(media) if whatsapp else None,
        "referral_num_media": 0 if whatsapp else None,
        **_geography(sender, message.to, None if whatsapp else sent_from),
    }


def _message_type(media: tuple[ReceivedMedia, ...]) -> str:
    """What kind of message it is to WhatsApp."""
    if not media:
        return "text"
    kind = (media[0].content_type or "").partition("/")[0]
    return kind if kind in {"audio", "image", "video"} else "document"


def incoming(facts: RequestFacts) -> IncomingCall:
    """Somebody calls."""
    return IncomingCall(**facts)


def from_sdk(parameters: Mapping[str, str]) -> VoiceQuestion:
    """An application of a Voice SDK calls, and tells something under names of its own."""

    def question(facts: RequestFacts) -> IncomingCall:
        call = incoming(facts)
        ours = wire_parameters(call)
        return evolve(
            call, unknown_parameters={name: text for name, text in parameters.items() if name not in ours}
        )

    return question


def outgoing(facts: RequestFacts) -> OutgoingCall:
    """Somebody whom the REST API called picked up."""
    return OutgoingCall(**facts)


def redirected(facts: RequestFacts) -> CallRedirected:
    """A call moves to another document."""
    return CallRedirected(**facts)


def dequeued(facts: RequestFacts) -> QueueDequeued:
    """The REST API takes a call out of its queue."""
    return QueueDequeued(**facts)


def _geography(
    sender: str, to: str, sent_from: Place | None = None, sent_to: Place | None = None
) -> _Geography:
    one, other = sent_from or _place(sender), sent_to or _place(to)
    return {
        "from_city": one.city,
        "from_state": one.state,
        "from_zip": one.zip_code,
        "from_country": one.country,
        "to_city": other.city,
        "to_state": other.state,
        "to_zip": other.zip_code,
        "to_country": other.country,
    }


def _place(number: str) -> Place:
    """What a phone number alone says; nothing for a client or SIP address."""
    if not number.startswith("+"):
        return _NO_PLACE
    country = next((_COUNTRIES[number[:size]] for size in (2, 3) if number[:size] in _COUNTRIES), "")
    return Place(country=country)
