"""Records as the JSON that Twilio would send. https://www.twilio.com/docs/usage/twilios-response"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from attrs import fields

from ringback.emulator.engine.parameters import API_VERSION, rfc2822
from ringback.emulator.engine.records import Configured

if TYPE_CHECKING:
    from datetime import datetime

    from ringback.emulator.engine.conferences import Conference, Participant
    from ringback.emulator.engine.records import (
        Account,
        Application,
        Call,
        ConferenceRecord,
        Feedback,
        Media,
        Message,
        Number,
        Record,
    )

__all__ = [
    "Body",
    "account",
    "application",
    "balance",
    "call",
    "conference",
    "feedback",
    "media",
    "message",
    "number",
    "participant",
]

Body: TypeAlias = "dict[str, object]"

# A participant who is not in yet, by the status of the call.
_COMING = {"queued": "queued", "initiated": "connecting", "ringing": "ringing"}

_ACCOUNT_PARTS = (
    "addresses",
    "applications",
    "authorized_connect_apps",
    "available_phone_numbers",
    "balance",
    "calls",
    "conferences",
    "connect_apps",
    "incoming_phone_numbers",
    "keys",
    "messages",
    "notifications",
    "outgoing_caller_ids",
    "queues",
    "recordings",
    "short_codes",
    "signing_keys",
    "sip",
    "transcriptions",
    "usage",
)


def account(record: Account) -> Body:
    home = f"/{API_VERSION}/Accounts/{record.sid}"
    return {
        "auth_token": record.auth_token,
        **_dates(record),
        "friendly_name": record.friendly_name,
        "owner_account_sid": record.owner_account_sid,
        "sid": record.sid,
        "status": record.status,
        "subresource_uris": {name: f"{home}/{_camel(name)}.json" for name in _ACCOUNT_PARTS},
        "type": record.type,
        "uri": f"{home}.json",
    }


def balance(record: Account) -> Body:
    return {"account_sid": record.sid, "balance": f"{record.balance:f}", "currency": "USD"}


def application(record: Application) -> Body:
    return {
        "sid": record.sid,
        **_configured(record),
        "message_status_callback": record.message_status_callback or None,
        "sms_status_callback": record.sms_status_callback or None,
        "public_application_connect_enabled": record.public_application_connect_enabled,
        "uri": _uri(record.account_sid, "Applications", record.sid),
    }


def number(record: Number) -> Body:
    return {
        "sid": record.sid,
        **_configured(record),
        "address_requirements": "none",
        "address_sid": record.address_sid or None,
        "beta": False,
        "bundle_sid": record.bundle_sid or None,
        "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
        "emergency_address_sid": record.emergency_address_sid or None,
        "emergency_address_status": "registered" if record.emergency_address_sid else "unregistered",
        "emergency_status": record.emergency_status,
        "identity_sid": record.identity_sid or None,
        "origin": "twilio",
        "phone_number": record.phone_number,
        "sms_application_sid": record.sms_application_sid,
        "status": "in-use",
        "trunk_sid": record.trunk_sid or None,
        "type": record.kind,
        "voice_application_sid": record.voice_application_sid,
        "voice_receive_mode": record.voice_receive_mode,
        "uri": _uri(record.account_sid, "IncomingPhoneNumbers", record.sid),
    }


def call(record: Call) -> Body:
    uri = _uri(record.account_sid, "Calls", record.sid)
    home = uri.removesuffix(".json")
    status = record.status
    if status == "initiated":
        # A status of callbacks alone: the resource still says `queued`, or rings where a Dial made it.
        status = "ringing" if record.direction == "outbound-dial" else "queued"
    return {
        "sid": record.sid,
        **_dates(record),
        "parent_call_sid": record.parent_call_sid,
        "account_sid": record.account_sid,
        "to": record.to,
        "to_formatted": formatted(record.to),
        "from": record.from_,
        "from_formatted": formatted(record.from_),
        "phone_number_sid": record.phone_number_sid,
        "status": status,
        "start_time": _date(record.start_time),
        "end_time": _date(record.end_time),
        "duration": None if record.live or record.duration is None else str(record.duration),
        "price": None,
        "price_unit": "USD",
        "direction": record.direction,
        "answered_by": record.answered_by,
        "api_version": API_VERSION,
        "forwarded_from": None,
        "group_sid": None,
        "caller_name": record.caller_name,
        "queue_time": str(record.queue_time),
        "trunk_sid": None,
        "uri": uri,
        "subresource_uris": {
            name: f"{home}/{_camel(name)}.json"
            for name in (
                "events",
                "notifications",
                "payments",
                "recordings",
                "siprec",
                "streams",
                "transcriptions",
                "user_defined_message_subscriptions",
                "user_defined_messages",
            )
        },
    }


def conference(record: ConferenceRecord) -> Body:
    uri = _uri(record.account_sid, "Conferences", record.sid)
    home = uri.removesuffix(".json")
    return {
        "sid": record.sid,
        **_dates(record),
        "account_sid": record.account_sid,
        "api_version": API_VERSION,
        "friendly_name": record.friendly_name,
        "region": "us1",
        "status": record.status,
        "reason_conference_ended": record.reason_conference_ended,
        "call_sid_ending_conference": record.call_sid_ending_conference,
        "uri": uri,
        "subresource_uris": {
            "participants": f"{home}/Participants.json",
            "recordings": f"{home}/Recordings.json",
        },
    }


def participant(room: Conference, one: Participant) -> Body:
    call = one.leg.call
    return {
        "account_sid": call.account_sid,
        "call_sid": call.sid,
        "call_sid_to_coach": None,
        "coaching": False,
        "conference_sid": room.sid,
        "date_created": rfc2822(one.since),
        "date_updated": rfc2822(one.changed_at or one.since),
        "end_conference_on_exit": one.ends,
        "hold": one.hold is not None,
        "label": one.label or None,
        "muted": one.muted,
        "queue_time": str(call.queue_time),
        "start_conference_on_enter": one.starts,
        "status": "connected" if one.inside else _COMING.get(call.status, "connecting"),
        "uri": _uri(call.account_sid, f"Conferences/{room.sid}/Participants", call.sid),
    }


def message(record: Message) -> Body:
    uri = _uri(record.account_sid, "Messages", record.sid)
    return {
        "body": record.body,
        "num_segments": str(record.num_segments),
        "direction": record.direction,
        "from": record.from_,
        **_dates(record),
        "price": None,
        "error_message": record.error_message,
        "uri": uri,
        "account_sid": record.account_sid,
        "num_media": str(len(record.media)),
        "to": record.to,
        "status": record.status,
        "messaging_service_sid": record.messaging_service_sid,
        "sid": record.sid,
        "date_sent": _date(record.date_sent),
        "error_code": record.error_code,
        "price_unit": "USD",
        "api_version": API_VERSION,
        "subresource_uris": {
            "media": f"{uri.removesuffix('.json')}/Media.json",
            "feedback": f"{uri.removesuffix('.json')}/Feedback.json",
        },
    }


def media(record: Media) -> Body:
    return {
        "account_sid": record.account_sid,
        "content_type": record.content_type,
        **_dates(record),
        "parent_sid": record.parent_sid,
        "sid": record.sid,
        "uri": _uri(record.account_sid, f"Messages/{record.parent_sid}/Media", record.sid),
    }


def feedback(record: Feedback) -> Body:
    return {
        "account_sid": record.account_sid,
        "message_sid": record.message_sid,
        "outcome": record.outcome,
        **_dates(record),
        "uri": _uri(record.account_sid, f"Messages/{record.message_sid}", "Feedback"),
    }


def formatted(number: str) -> str:
    """A number as people write it: `(501) 712-2661`."""
    digits = re.fullmatch(r"\+1([0-9]{3})([0-9]{3})([0-9]{4})", number)
    return f"({digits[1]}) {digits[2]}-{digits[3]}" if digits else number


def _configured(record: Configured) -> Body:
    own = {each.name: getattr(record, each.name) for each in fields(Configured)}
    urls = {name: value or None for name, value in own.items() if name.endswith(("_url", "_callback"))}
    return {**own, **urls, **_dates(record)}


def _dates(record: Record) -> Body:
    return {"date_created": _date(record.date_created), "date_updated": _date(record.date_updated)}


def _date(moment: datetime | None) -> str | None:
    return None if moment is None else rfc2822(moment)


def _uri(account_sid: str, family: str, sid: str) -> str:
    return f"/{API_VERSION}/Accounts/{account_sid}/{family}/{sid}.json"


def _camel(name: str) -> str:
    return "SIP" if name == "sip" else "".join(part.capitalize() for part in name.split("_"))
