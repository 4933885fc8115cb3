"""The records that live, as the JSON that Twilio would send: what their models say that they don't hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import fields

from ringback._generated.emulation.tables import FAMILIES
from ringback.emulator.engine.parameters import API_VERSION
from ringback.emulator.engine.records import Configured
from ringback.emulator.numbering import Capabilities, NumberRange, formatted, range_of
from ringback.emulator.rest.generic import links
from ringback.emulator.rest.writing import Body, written

if TYPE_CHECKING:
    from ringback.emulator.engine.conferences import Conference
    from ringback.emulator.engine.participants import Participant
    from ringback.emulator.engine.queues import Queue, QueueMember
    from ringback.emulator.engine.records import (
        Call,
        ConferenceRecord,
        Feedback,
        Media,
        Message,
        Number,
        Recording,
    )

__all__ = [
    "call",
    "call_recording",
    "conference",
    "conference_recording",
    "dependent_number",
    "feedback",
    "media",
    "member",
    "message",
    "number",
    "participant",
    "queue",
    "recording",
]

# Of a number that is not for sale.
_EXAMPLE = NumberRange(
    iso_country="US",
    kind="local",
    masks=(),
    capabilities=Capabilities(voice=True, sms=True, mms=True, fax=False),
)
# Where conferences are mixed when nobody says where.
_REGION = "us1"
# A participant who is not in yet, by the status of the call.
_COMING = {"queued": "queued", "initiated": "connecting", "ringing": "ringing"}
# What a message has on its older path, besides status and address.
_OF_SMS = (
    *("sid", "account_sid", "date_created", "date_updated", "date_sent", "to", "from", "body", "direction"),
    *("price", "price_unit", "api_version"),
)
_SMS_STATUS = {
    **dict.fromkeys(("accepted", "scheduled", "queued"), "queued"),
    "sending": "sending",
    **dict.fromkeys(("sent", "delivered", "partially_delivered", "read"), "sent"),
    **dict.fromkeys(("undelivered", "failed", "canceled"), "failed"),
    **dict.fromkeys(("receiving", "received"), "received"),
}


def number(record: Number) -> Body:
    return written("IncomingPhoneNumber", record, **_of_number(record))


def dependent_number(record: Number) -> Body:
    return written("DependentPhoneNumber", record, **_of_number(record))


def _of_number(record: Number) -> dict[str, object]:
    """What a number doesn't hold. One that isn't for sale, such as those of examples, does everything."""
    place = _place(record.account_sid, "IncomingPhoneNumbers", record.sid)
    offer = range_of(record.phone_number) or _EXAMPLE
    return {
        **_configured(record),
        "address_requirements": offer.address_requirements,
        "address_sid": record.address_sid or None,
        "beta": offer.beta,
        "bundle_sid": record.bundle_sid or None,
        "capabilities": offer.capabilities,
        "emergency_address_sid": record.emergency_address_sid or None,
        "emergency_address_status": "registered" if record.emergency_address_sid else "unregistered",
        "identity_sid": record.identity_sid or None,
        "origin": "twilio",
        "status": "in-use",
        "trunk_sid": record.trunk_sid or None,
        "type": offer.kind.replace("_", "-"),
        "uri": f"{place}.json",
    }


def call(record: Call) -> Body:
    place = _place(record.account_sid, "Calls", record.sid)
    status = record.status
    if status == "initiated":
        # A status of callbacks alone: the resource still says `queued`, or rings where a Dial made it.
        status = "ringing" if record.direction == "outbound-dial" else "queued"
    return written(
        "Call",
        record,
        to_formatted=formatted(record.to),
        from_formatted=formatted(record.from_),
        status=status,
        duration=None if record.live else record.duration,
        price_unit="USD",
        api_version=API_VERSION,
        group_sid=None,
        trunk_sid=None,
        uri=f"{place}.json",
        subresource_uris=links(FAMILIES["calls"], place),
    )


def conference(record: ConferenceRecord) -> Body:
    place = _place(record.account_sid, "Conferences", record.sid)
    return written(
        "Conference",
        record,
        api_version=API_VERSION,
        region=record.region or _REGION,
        uri=f"{place}.json",
        subresource_uris=links(FAMILIES["conferences"], place),
    )


def participant(room: Conference, one: Participant) -> Body:
    call = one.leg.call
    return written(
        "Participant",
        call,
        call_sid=call.sid,
        call_sid_to_coach=one.coached or None,
        coaching=bool(one.coached),
        conference_sid=room.sid,
        date_created=one.since,
        date_updated=one.changed_at or one.since,
        end_conference_on_exit=one.ends,
        hold=one.hold is not None,
        label=one.label or None,
        muted=one.muted,
        start_conference_on_enter=one.starts,
        status="connected" if one.inside else _COMING.get(call.status, "connecting"),
        uri=f"{_place(call.account_sid, 'Conferences', room.sid)}/Participants/{call.sid}.json",
    )


def queue(line: Queue) -> Body:
    return written("Queue", line.record, current_size=len(line.members), average_wait_time=line.average)


def member(line: Queue, one: QueueMember) -> Body:
    call = one.leg.call
    return written(
        "Member",
        one,
        call_sid=call.sid,
        queue_sid=line.sid,
        position=line.position(one),
        wait_time=one.seconds,
        date_enqueued=one.enqueued,
        uri=f"{line.record.uri.removesuffix('.json')}/Members/{call.sid}.json",
    )


def message(record: Message) -> Body:
    place = _place(record.account_sid, "Messages", record.sid)
    return written(
        "Message",
        record,
        price_unit="USD",
        api_version=API_VERSION,
        uri=f"{place}.json",
        subresource_uris=links(FAMILIES["messages"], place),
    )


def sms_message(record: Message) -> Body:
    """A message on its older path, which knows fewer statuses and nothing of files and services."""
    body = message(record)
    return {
        **{name: body[name] for name in _OF_SMS},
        "status": _SMS_STATUS[record.status],
        "uri": f"{_place(record.account_sid, 'SMS/Messages', record.sid)}.json",
    }


def media(record: Media) -> Body:
    place = _place(record.account_sid, "Messages", record.parent_sid)
    return written("Media", record, uri=f"{place}/Media/{record.sid}.json")


def feedback(record: Feedback) -> Body:
    place = _place(record.account_sid, "Messages", record.message_sid)
    return written("MessageFeedback", record, uri=f"{place}/Feedback.json")


def recording(record: Recording, home: str) -> Body:
    place = record.uri.removesuffix(".json")
    return written(
        "Recording",
        record,
        media_url=record.url(home),
        subresource_uris=links(FAMILIES["recordings"], place),
    )


def call_recording(record: Recording) -> Body:
    place = _place(record.account_sid, "Calls", record.call_sid or "")
    return written("CallRecording", record, uri=f"{place}/Recordings/{record.sid}.json")


def conference_recording(record: Recording) -> Body:
    place = _place(record.account_sid, "Conferences", record.conference_sid or "")
    return written("ConferenceRecording", record, uri=f"{place}/Recordings/{record.sid}.json")


def _configured(record: Configured) -> dict[str, object]:
    """The settings that may be empty: null then."""
    names = [each.name for each in fields(Configured) if each.name.endswith(("_url", "_callback"))]
    return {name: getattr(record, name) or None for name in names}


def _place(account_sid: str, family: str, sid: str) -> str:
    return f"/{API_VERSION}/Accounts/{account_sid}/{family}/{sid}"
