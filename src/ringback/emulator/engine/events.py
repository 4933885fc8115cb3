"""What webhooks say about calls and messages, under the names of the typed events that carry it.

https://www.twilio.com/docs/voice/twiml#request-parameters and
https://www.twilio.com/docs/messaging/guides/webhook-request
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias, TypedDict, cast

from ringback.webhooks import CallRedirected, IncomingCall, OutgoingCall, QueueDequeued, ReceivedMedia

if TYPE_CHECKING:
    from ringback._generated.webhooks.enums import CallDirection, CallStatus
    from ringback.emulator.engine.records import Call, Message
    from ringback.webhooks import VoiceCallRequest

__all__ = [
    "CallFacts",
    "MessageFacts",
    "RequestFacts",
    "VoiceQuestion",
    "call_facts",
    "dequeued",
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
    caller_name: str | None
    parent_call_sid: str | None
    application_sid: str | None


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


VoiceQuestion: TypeAlias = "Callable[[RequestFacts], VoiceCallRequest]"
"""Makes the event that a document is asked for with, of what the call is when it is asked for."""


def call_facts(call: Call) -> CallFacts:
    """About a call, as it is now."""
    from_place, from_country = _place(call.from_)
    to_place, to_country = _place(call.to)
    return {
        "call_sid": call.sid,
        "account_sid": call.account_sid,
        "from_": call.from_,
        "to": call.to,
        "direction": call.direction,
        "from_city": from_place,
        "from_state": from_place,
        "from_zip": from_place,
        "from_country": from_country,
        "to_city": to_place,
        "to_state": to_place,
        "to_zip": to_place,
        "to_country": to_country,
        "caller_city": from_place,
        "caller_state": from_place,
        "caller_zip": from_place,
        "caller_country": from_country,
        "called_city": to_place,
        "called_state": to_place,
        "called_zip": to_place,
        "called_country": to_country,
        "caller_name": call.caller_name,
        "parent_call_sid": call.parent_call_sid or None,
        "application_sid": call.application_sid or None,
    }


def request_facts(call: Call) -> RequestFacts:
    """The same for a request, which says the call's status as well."""
    return {**call_facts(call), "call_status": cast("CallStatus", call.status)}


def message_facts(message: Message, media: tuple[ReceivedMedia, ...]) -> MessageFacts:
    """About a message that came in, with its files."""
    sender = message.from_ or ""
    from_place, from_country = _place(sender)
    to_place, to_country = _place(message.to)
    return {
        "message_sid": message.sid,
        "account_sid": message.account_sid,
        "from_": sender,
        "to": message.to,
        "body": message.body,
        "num_media": message.num_media,
        "num_segments": message.num_segments,
        "media": media,
        "from_city": from_place,
        "from_state": from_place,
        "from_zip": from_place,
        "from_country": from_country,
        "to_city": to_place,
        "to_state": to_place,
        "to_zip": to_place,
        "to_country": to_country,
    }


def incoming(facts: RequestFacts) -> IncomingCall:
    """Somebody calls."""
    return IncomingCall(**facts)


def outgoing(facts: RequestFacts) -> OutgoingCall:
    """Somebody whom the REST API called picked up."""
    return OutgoingCall(**facts)


def redirected(facts: RequestFacts) -> CallRedirected:
    """A call moves to another document."""
    return CallRedirected(**facts)


def dequeued(facts: RequestFacts) -> QueueDequeued:
    """The REST API takes a call out of its queue."""
    return QueueDequeued(**facts)


def _place(number: str) -> tuple[str | None, str | None]:
    """City, state and ZIP code of a phone number, and its country; none for a client or SIP address."""
    if not number.startswith("+"):
        return None, None
    return "", next((_COUNTRIES[number[:size]] for size in (2, 3) if number[:size] in _COUNTRIES), "")
