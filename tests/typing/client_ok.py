"""What type checkers make of the REST client: every answer, list and file has its type."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path

from typing_extensions import assert_type

import ringback
from ringback import AsyncClient, Client, Page, Pager, RequestOptions, RetryPolicy, Timeout
from ringback.rest import (
    Account,
    AccountStatus,
    AvailablePhoneNumber,
    AvailablePhoneNumberCapabilities,
    Balance,
    Call,
    CallContext,
    CallRecording,
    CallSid,
    CallStatus,
    ConferenceSid,
    Download,
    IncomingPhoneNumber,
    Media,
    Message,
    MessageSid,
    NumberOnOffer,
    Participant,
    Recording,
    RecordingContext,
    RecordingSid,
    RecordingSource,
    Segments,
    UsageRecord,
    segments,
)
from ringback.webhooks import DialResult, IncomingMessage, RecordResult


def creating(client: Client) -> None:
    assert_type(client.messages.create(to="+1", from_="+2", body="Hello"), Message)
    assert_type(
        client.messages.create(to="+1", messaging_service_sid="MG", media_url=["https://a.b"]), Message
    )
    call = client.calls.create(
        to="+1",
        from_="+2",
        url="https://example.com",
        status_callback_event=["initiated", "completed"],
        timeout=20,
        record=True,
        options=RequestOptions(timeout=Timeout(read=5), retry=RetryPolicy(attempts=2)),
    )
    assert_type(call, Call)
    assert_type(client.calls.create(to="+1", from_="+2", twiml="<Response/>"), Call)
    assert_type(client.messages("SM").feedback.create(outcome="confirmed").message_sid, MessageSid)


def records_have_honest_fields(call: Call, recording: Recording, account: Account) -> None:
    assert_type(call.sid, CallSid)
    assert_type(call.status, CallStatus)
    assert_type(call.duration, int | None)
    assert_type(call.price, Decimal | None)
    assert_type(call.start_time, datetime | None)
    assert_type(call.unknown_fields, Mapping[str, object])
    assert_type(recording.sid, RecordingSid)
    assert_type(recording.conference_sid, ConferenceSid | None)
    assert_type(recording.source, RecordingSource | None)
    assert_type(recording.encryption_details, object)
    assert_type(account.status, AccountStatus)
    assert_type(account.subresource_uris, Mapping[str, str] | None)


def lists_are_lazy(client: Client) -> None:
    calls = client.calls.list(
        status="completed",
        start_time_after=date(2026, 11, 1),
        start_time_before=datetime(2026, 11, 2, tzinfo=timezone.utc),
        limit=10,
        page_size=5,
    )
    assert_type(calls, Pager[Call])
    for call in calls:
        assert_type(call, Call)
    for page in calls.pages():
        assert_type(page, Page[Call])
        assert_type(page.items, tuple[Call, ...])
        assert_type(page.next(), Page[Call] | None)
    assert_type(calls.first(), Call | None)


def resources_hang_together(client: Client, call: Call) -> None:
    context = client.calls(call.sid)
    assert_type(context, CallContext)
    assert_type(client.calls("CA" + "0" * 32), CallContext)
    assert_type(context.fetch(), Call)
    assert_type(context.update(status="completed"), Call)
    assert_type(context.update(twiml="<Response/>"), Call)
    context.delete()
    assert_type(context.recordings.list(), Pager[CallRecording])
    assert_type(client.accounts("AC").calls("CA").recordings("RE").fetch(), CallRecording)
    assert_type(client.usage.records.daily.list(), Pager[UsageRecord])
    assert_type(client.conferences("room").participants("label").update(muted=True), Participant)
    assert_type(client.balance.fetch(), Balance)
    assert_type(client.balance.fetch().balance, Decimal)
    assert_type(client.request("GET", "/2010-04-01/Accounts.json"), Mapping[str, object])


def conveniences(client: Client, path: Path) -> None:
    assert_type(client.account.close(), Account)
    assert_type(client.accounts("AC").suspend(), Account)
    recording = client.recordings("RE")
    assert_type(recording, RecordingContext)
    assert_type(recording.download(path), Download)
    assert_type(recording.download("a.wav", format="wav", channels=2), Download)
    assert_type(client.calls("CA").recordings("RE").download(io.BytesIO()), Download)
    assert_type(client.recordings("RE").download(path, wait=30), Download)
    with path.open("wb") as file, path.open("wb", buffering=0) as raw:
        assert_type(client.messages("MM").media("ME").download(file, progress=print), Download)
        client.messages("MM").media("ME").download(raw)
    for media in client.messages("MM").media.list():
        assert_type(media, Media)
    number = client.available_phone_numbers("US").local.list(area_code=614).first()
    assert_type(number, AvailablePhoneNumber | None)
    if number is not None:
        offered: NumberOnOffer = number
        assert_type(client.incoming_phone_numbers.buy(offered), IncomingPhoneNumber)
        assert_type(number.capabilities, AvailablePhoneNumberCapabilities)
    assert_type(client.incoming_phone_numbers.buy("+15550100", sms_url="https://a.b"), IncomingPhoneNumber)
    assert_type(segments("Hello"), Segments)
    assert_type(ringback.segments("Hello").count, int)


def events_tell_of_files(
    client: Client, path: Path, recorded: RecordResult, dialled: DialResult, incoming: IncomingMessage
) -> None:
    assert_type(client.download("https://api.twilio.com/a", path, wait=30), Download)
    assert_type(client.download(recorded, path, format="wav", progress=print), Download)
    assert_type(client.download(dialled, io.BytesIO(), wait=0.5), Download)
    for received in incoming.media:
        assert_type(client.download(received, path), Download)


async def events_tell_of_files_awaited(client: AsyncClient, path: Path, recorded: RecordResult) -> None:
    assert_type(await client.download(recorded, path, wait=30), Download)


async def the_same_awaited(client: AsyncClient, path: Path) -> None:
    assert_type(await client.messages.create(to="+1", from_="+2", body="Hello"), Message)
    async for call in client.calls.list(limit=1):
        assert_type(call, Call)
    assert_type(await client.calls.list().first(), Call | None)
    assert_type(await client.account.activate(), Account)
    assert_type(await client.recordings("RE").download(path), Download)
    assert_type(await client.messages("MM").media("ME").download(path), Download)
    assert_type(await client.incoming_phone_numbers.buy("+15550100"), IncomingPhoneNumber)
    assert_type(await client.request("GET", "/2010-04-01/Accounts.json"), Mapping[str, object])
