"""Calls, what is known about them, and what goes on beside them."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Final

from ringback import Client
from ringback.rest import CallContext
from tests.cassettes.registry import OURS, THEIRS, Wait, scenario

LONG: Final = "<Response><Pause length='600'/></Response>"


def talking(client: Client, wait: Wait, twiml: str = LONG, to: str = THEIRS) -> CallContext:
    """A call that is going on."""
    placed = client.calls.create(to=to, from_=OURS, twiml=twiml)
    wait(5)
    return client.calls(placed.sid)


@scenario("calls")
def place_and_end(client: Client, _wait: Wait) -> None:
    placed = client.calls.create(
        to=THEIRS,
        from_=OURS,
        twiml="<Response><Say>Your table is ready.</Say></Response>",
        status_callback="https://example.com/status",
        status_callback_event=["initiated", "answered", "completed"],
        timeout=20,
    )
    assert placed.sid.startswith("CA")
    assert (placed.status, placed.duration, placed.answered_by) == ("queued", None, None)
    assert client.calls(placed.sid).update(status="canceled").sid == placed.sid
    listed = client.calls.list(to=THEIRS, start_time_after=datetime(2020, 1, 1, tzinfo=timezone.utc), limit=5)
    assert isinstance([call.sid for call in listed], list)
    client.calls(placed.sid).fetch()


@scenario("calls")
def events_and_a_notification(client: Client, wait: Wait) -> None:
    """An address that nobody answers at is a notification, and an event of its call."""
    placed = client.calls.create(to=THEIRS, from_=OURS, url="https://example.com/voice")
    wait(30)
    events = list(client.calls(placed.sid).events.list())
    assert ["'https://example.com/voice'" in str(each.request) for each in events] == [True, True]
    (error,) = client.calls(placed.sid).notifications.list()
    assert (error.sid[:2], error.call_sid, error.log) == ("NO", placed.sid, 0)
    told = client.notifications(error.sid).fetch()
    assert (told.error_code, told.request_url) == (error.error_code, "https://example.com/voice")


@scenario("calls")
def recording_from_birth_to_end(client: Client, wait: Wait) -> None:
    call = talking(client, wait)
    made = call.recordings.create(recording_channels="dual")
    assert (made.sid[:2], made.status, made.duration) == ("RE", "in-progress", None)
    wait(4)
    assert call.recordings("Twilio.CURRENT").update(status="paused").status == "paused"
    assert call.recordings(made.sid).update(status="stopped").sid == made.sid
    call.update(status="completed")
    wait(10)
    kept = client.recordings(made.sid).fetch()
    assert (kept.status, kept.duration, kept.channels) == ("completed", 4, 2)
    assert [each.sid for each in client.recordings.list(call_sid=call.sid)] == [made.sid]
    client.recordings(made.sid).delete()


@scenario("calls")
def transcription(client: Client, wait: Wait) -> None:
    """What is said after the beep, as text."""
    record = (
        "<Response><Record transcribe='true' timeout='3' action='https://example.com/recorded'/></Response>"
    )
    talking(client, wait, twiml=record)
    wait(120)
    (text,) = client.transcriptions.list()
    assert (text.sid[:2], text.status, text.transcription_text) == (
        "TR",
        "completed",
        "A table for two, please",
    )
    assert text.recording_sid is not None
    assert client.recordings(text.recording_sid).transcriptions(text.sid).fetch() == text
    client.transcriptions(text.sid).delete()


@scenario("calls")
def streams_beside_a_call(client: Client, wait: Wait) -> None:
    call = talking(client, wait)
    stream = call.streams.create(url="wss://example.com/media", name="ears")
    siprec = call.siprec.create(connector_name="Recorder", name="keeper")
    words = call.transcriptions.create(name="notes", language_code="en-US")
    assert [each.sid[:2] for each in (stream, siprec, words)] == ["MZ", "SR", "GT"]
    assert {each.status for each in (stream, siprec, words)} == {"in-progress"}
    wait(2)
    assert call.streams("ears").update(status="stopped").status == "stopped"
    assert call.siprec(siprec.sid).update(status="stopped").status == "stopped"
    assert call.transcriptions(words.sid).update(status="stopped").status == "stopped"


@scenario("calls")
def payment(client: Client, wait: Wait) -> None:
    call = talking(client, wait)
    told = "https://example.com/paid"
    payment = call.payments.create(idempotency_key="1", status_callback=told, charge_amount=Decimal("12.50"))
    assert (payment.sid[:2], payment.call_sid) == ("PK", call.sid)
    session = call.payments(payment.sid)
    session.update(idempotency_key="2", status_callback=told, capture="payment-card-number")
    assert session.update(idempotency_key="3", status_callback=told, status="cancel").sid == payment.sid


@scenario("calls")
def messages_of_a_voice_sdk(client: Client, wait: Wait) -> None:
    call = talking(client, wait, to="client:anna")
    subscription = call.user_defined_message_subscriptions.create(callback="https://example.com/from-app")
    assert (subscription.sid[:2], subscription.call_sid) == ("ZY", call.sid)
    assert call.user_defined_messages.create(content='{"table": 4}').sid.startswith("KX")
    call.user_defined_message_subscriptions(subscription.sid).delete()
