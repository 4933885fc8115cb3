"""The parameters of webhooks: which names go with which request, and how values are written.

https://www.twilio.com/docs/voice/twiml#request-parameters and
https://www.twilio.com/docs/messaging/guides/webhook-request
"""

from __future__ import annotations

from email.utils import format_datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from ringback.emulator.engine.records import Call, Media, Message, Recording

__all__ = ["Pairs", "incoming_message", "message_status", "recording_status", "rfc2822", "voice"]

Pairs = list[tuple[str, str]]
API_VERSION: Final = "2010-04-01"

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


def rfc2822(moment: datetime) -> str:
    """`Tue, 31 Aug 2010 20:36:28 +0000`."""
    return format_datetime(moment)


def country(number: str) -> str:
    """The country of a phone number, or "" where it isn't known."""
    return next((_COUNTRIES[number[:size]] for size in (2, 3) if number[:size] in _COUNTRIES), "")


def geography(role: str, number: str) -> Pairs:
    """`FromCity`, `FromState`, `FromZip`, `FromCountry` for role `From`; none for a client or SIP address."""
    if not number.startswith("+"):
        return []
    return [
        (f"{role}City", ""),
        (f"{role}State", ""),
        (f"{role}Zip", ""),
        (f"{role}Country", country(number)),
    ]


def voice(call: Call, status: str | None = None) -> Pairs:
    """What every request about a call carries; `status` where it isn't the record's."""
    pairs: Pairs = [
        ("CallSid", call.sid),
        ("AccountSid", call.account_sid),
        ("From", call.from_),
        ("To", call.to),
        ("CallStatus", status or call.status),
        ("ApiVersion", API_VERSION),
        ("Direction", call.direction),
        ("Caller", call.from_),
        ("Called", call.to),
    ]
    for role, number in (("From", call.from_), ("To", call.to), ("Caller", call.from_), ("Called", call.to)):
        pairs += geography(role, number)
    if call.parent_call_sid:
        pairs.append(("ParentCallSid", call.parent_call_sid))
    if call.application_sid:
        pairs.append(("ApplicationSid", call.application_sid))
    if call.caller_name is not None:
        pairs.append(("CallerName", call.caller_name))
    return pairs


def recording_status(recording: Recording, status: str) -> Pairs:
    """A recording status callback."""
    pairs: Pairs = [
        ("AccountSid", recording.account_sid),
        ("CallSid", recording.call_sid),
        ("RecordingSid", recording.sid),
        ("RecordingUrl", recording.url),
        ("RecordingStatus", status),
        ("RecordingChannels", str(recording.channels)),
        ("RecordingStartTime", rfc2822(recording.start_time)),
        ("RecordingSource", recording.source),
        ("RecordingTrack", recording.track),
        ("ErrorCode", "0"),
    ]
    if status == "completed":
        pairs.insert(5, ("RecordingDuration", str(recording.duration)))
    return pairs


def incoming_message(message: Message, media: list[Media]) -> Pairs:
    """A message that came in."""
    pairs: Pairs = [
        ("MessageSid", message.sid),
        ("SmsSid", message.sid),
        ("SmsMessageSid", message.sid),
        ("AccountSid", message.account_sid),
        ("From", message.from_ or ""),
        ("To", message.to),
        ("Body", message.body),
        ("NumMedia", str(len(media))),
        ("NumSegments", str(message.num_segments)),
        ("SmsStatus", "received"),
        ("ApiVersion", API_VERSION),
    ]
    for role, number in (("From", message.from_ or ""), ("To", message.to)):
        pairs += geography(role, number)
    for index, item in enumerate(media):
        pairs += [(f"MediaUrl{index}", item.url), (f"MediaContentType{index}", item.content_type)]
    return pairs


def message_status(message: Message, done: str | None) -> Pairs:
    """The new status of a message that goes out; `done` is the carrier's time stamp, YYMMDDhhmm."""
    pairs: Pairs = [
        ("MessageSid", message.sid),
        ("SmsSid", message.sid),
        ("AccountSid", message.account_sid),
        ("MessageStatus", message.status),
        ("SmsStatus", message.status),
        ("To", message.to),
        ("From", message.from_ or ""),
        ("ApiVersion", API_VERSION),
    ]
    if message.messaging_service_sid:
        pairs.append(("MessagingServiceSid", message.messaging_service_sid))
    if message.error_code is not None:
        pairs += [("ErrorCode", str(message.error_code)), ("ErrorMessage", message.error_message or "")]
    if done is not None:
        pairs.append(("RawDlrDoneDate", done))
    return pairs
