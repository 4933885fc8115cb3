"""Calls, what is known about them, and what goes on beside them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ringback.http import WebhookResponse
from tests.emulator.website import HOME
from tests.official.world import ANNA, BEN, DAY, OURS, covers

if TYPE_CHECKING:
    from tests.official.world import World


@covers(
    "calls.create",
    "calls.list",
    *(f"calls(sid).{action}" for action in ("fetch", "update", "delete")),
    "calls(sid).events.list",
)
def calls(world: World) -> None:
    client = world.client
    world.website.pages["/answered"] = "<Response><Say>Hello</Say><Pause length='600'/></Response>"
    made = client.calls.create(
        to=ANNA,
        from_=OURS,
        url=f"{HOME}/answered",
        status_callback=f"{HOME}/progress",
        status_callback_event=["initiated", "ringing", "answered", "completed"],
    )
    assert (made.status, made.direction, made.duration) == ("queued", "outbound-api", None)
    world.wait(5)
    call = client.calls(made.sid)
    assert call.fetch().status == "in-progress"
    with world.refused(409, 20009):
        call.delete()
    call.update(twiml="<Response><Say>Goodbye</Say><Pause length='600'/></Response>")
    world.wait(5)
    assert [each.what for each in world.emulator.phone(ANNA).calls[-1].heard] == ["Hello", "Goodbye"]
    assert [each.sid for each in client.calls.list(status="in-progress")] == [made.sid]
    assert call.update(status="completed").sid == made.sid
    world.wait(1)
    over = call.fetch()
    assert (over.status, over.duration.isdecimal(), over.end_time > over.start_time) == (
        "completed",
        True,
        True,
    )
    assert [each["CallStatus"] for each in world.website.at("/progress")] == [
        "initiated",
        "ringing",
        "in-progress",
        "completed",
    ]
    asked = [each.request for each in call.events.list()]
    assert f"{HOME}/answered" in {each["url"] for each in asked}
    assert client.calls.list(to=BEN) == []
    # The SDK writes a day as its midnight.
    assert [each.sid for each in client.calls.list(start_time=DAY)] == [made.sid]
    assert [each.sid for each in client.calls.list(start_time_before=DAY, end_time_after=DAY)] == [made.sid]
    assert client.calls.list(start_time_after=DAY + timedelta(days=1)) == []
    with world.refused(400, 21220):
        call.update(status="completed")
    assert call.delete()
    with world.refused(404, 20404):
        call.fetch()


@covers(
    *("notifications.list", "notifications(sid).fetch"),
    *("calls(sid).notifications.list", "calls(sid).notifications(sid).fetch"),
)
def notifications(world: World) -> None:
    client = world.client
    world.website.pages["/voice"] = WebhookResponse(500, body=b"out of order")
    assert client.notifications.list() == []
    call = world.emulator.phone(ANNA).dial(OURS)
    call.expect_hangup()
    (error,) = client.notifications.list(log=0)
    assert (error.error_code, error.log, error.call_sid) == ("11200", "0", call.sid)
    assert error.more_info.endswith("/11200")
    fetched = client.notifications(error.sid).fetch()
    assert (fetched.request_url, fetched.request_method) == (f"{HOME}/voice", "POST")
    assert "CallSid=" in fetched.request_variables
    assert fetched.response_body == "out of order"
    assert [each.sid for each in client.calls(call.sid).notifications.list()] == [error.sid]
    assert client.calls(call.sid).notifications(error.sid).fetch().error_code == "11200"
    assert client.notifications.list(log=1) == []
    text = client.messages.create(to=ANNA, from_=OURS, body="Hi")
    assert text.status == "queued"


@covers("calls(sid).streams.create", "calls(sid).streams(sid).update")
def streams(world: World) -> None:
    call = world.client.calls(world.call())
    stream = call.streams.create(
        url="wss://example.com/media",
        name="ears",
        status_callback=f"{HOME}/stream",
        parameter1_name="room",
        parameter1_value="7",
    )
    assert (stream.sid[:2], stream.name, stream.status) == ("MZ", "ears", "in-progress")
    world.wait(1)
    assert call.streams("ears").update(status="stopped").status == "stopped"
    world.wait(1)
    assert [each["StreamEvent"] for each in world.website.at("/stream")] == [
        "stream-started",
        "stream-stopped",
    ]
    assert call.streams.create(url="wss://example.com/media").name is None


@covers("calls(sid).siprec.create", "calls(sid).siprec(sid).update")
def siprec(world: World) -> None:
    call = world.client.calls(world.call())
    session = call.siprec.create(
        connector_name="Recorder", track="both_tracks", status_callback=f"{HOME}/siprec"
    )
    assert (session.sid[:2], session.name, session.status) == ("SR", None, "in-progress")
    world.wait(1)
    assert call.siprec(session.sid).update(status="stopped").status == "stopped"
    world.wait(1)
    assert [each["SiprecEvent"] for each in world.website.at("/siprec")] == [
        "siprec-started",
        "siprec-stopped",
    ]


@covers("calls(sid).transcriptions.create", "calls(sid).transcriptions(sid).update")
def realtime_transcriptions(world: World) -> None:
    sid = world.call(twiml="<Response><Pause length='2'/><Gather input='speech' timeout='60'/></Response>")
    call = world.client.calls(sid)
    session = call.transcriptions.create(
        name="notes", status_callback_url=f"{HOME}/heard", language_code="en-US"
    )
    assert (session.sid[:2], session.name, session.status) == ("GT", "notes", "in-progress")
    world.emulator.phone(ANNA).calls[-1].speak("I would like a table", seconds=2)
    world.wait(5)
    assert call.transcriptions("notes").update(status="stopped").status == "stopped"
    world.wait(1)
    told = world.website.at("/heard")
    assert [each["TranscriptionEvent"] for each in told] == [
        "transcription-started",
        "transcription-content",
        "transcription-stopped",
    ]
    assert "I would like a table" in told[1]["TranscriptionData"]


@covers("calls(sid).payments.create", "calls(sid).payments(sid).update")
def payments(world: World) -> None:
    call = world.client.calls(world.call())
    told = f"{HOME}/paid"
    payment = call.payments.create(idempotency_key="1", status_callback=told, charge_amount=12.5)
    assert (payment.sid[:2], payment.call_sid) == ("PK", call._solution["sid"])
    session = call.payments(payment.sid)
    line = world.emulator.phone(ANNA).calls[-1]
    captured = {
        "payment-card-number": "4111111111111111",
        "expiration-date": "1228",
        "security-code": "123",
        "postal-code": "62701",
    }
    for number, (capture, keys) in enumerate(captured.items()):
        session.update(idempotency_key=f"2.{number}", status_callback=told, capture=capture)
        world.wait(1)
        line.press(f"{keys}#")
        world.wait(3)
    assert session.update(idempotency_key="3", status_callback=told, status="complete").sid == payment.sid
    world.wait(3)
    last = world.website.at("/paid")[-1]
    assert (last["Result"], last["PaymentCardType"]) == ("success", "visa")
    assert "4111111111111111" not in str(world.emulator.transcript)


@covers(
    "calls(sid).user_defined_messages.create",
    "calls(sid).user_defined_message_subscriptions.create",
    "calls(sid).user_defined_message_subscriptions(sid).delete",
)
def user_defined_messages(world: World) -> None:
    call = world.client.calls(world.call(to="client:anna"))
    subscription = call.user_defined_message_subscriptions.create(callback=f"{HOME}/from-app")
    assert (subscription.sid[:2], subscription.call_sid) == ("ZY", call._solution["sid"])
    message = call.user_defined_messages.create(content='{"table": 4}', idempotency_key="1")
    assert message.sid.startswith("KX")
    assert call.user_defined_message_subscriptions(subscription.sid).delete()
    with world.refused(404, 20404):
        call.user_defined_message_subscriptions(subscription.sid).delete()


@covers(
    "usage.records.list",
    *(
        f"usage.records.{span}.list"
        for span in ("daily", "monthly", "yearly", "all_time", "today", "yesterday", "this_month")
    ),
    "usage.records.last_month.list",
    *("usage.triggers.create", "usage.triggers.list"),
    *(f"usage.triggers(sid).{action}" for action in ("fetch", "update", "delete")),
)
def usage(world: World) -> None:
    client = world.client
    triggers = client.usage.triggers
    trigger = triggers.create(
        usage_category="sms",
        trigger_value="+2",
        trigger_by="count",
        callback_url=f"{HOME}/fired",
        friendly_name="Texts",
    )
    assert (trigger.sid[:2], trigger.trigger_value, trigger.current_value, trigger.date_fired) == (
        "UT",
        "2",
        "0",
        None,
    )
    client.calls(world.call()).update(status="completed")
    for body in ("1", "2", "3"):
        client.messages.create(to=ANNA, from_=OURS, body=body)
    world.wait(120)
    counted = {each.category: each.count for each in client.usage.records.list()}
    assert (counted["calls"], counted["sms"]) == ("1", "3")
    for span in ("daily", "monthly", "yearly", "all_time", "today", "this_month"):
        (record, *_) = getattr(client.usage.records, span).list(category="sms-outbound")
        assert (span, record.count, record.usage_unit) == (span, "3", "messages")
        assert set(record.subresource_uris) == {
            *("all_time", "daily", "last_month", "monthly"),
            *("this_month", "today", "yearly", "yesterday"),
        }
    for span in ("yesterday", "last_month"):
        (record, *_) = getattr(client.usage.records, span).list(category="sms-outbound")
        assert (span, record.count) == (span, "0")
    (fired,) = world.website.at("/fired")
    assert (fired["UsageTriggerSid"], fired["CurrentValue"]) == (trigger.sid, "3")
    assert triggers(trigger.sid).fetch().date_fired is not None
    assert triggers(trigger.sid).update(friendly_name="Many").friendly_name == "Many"
    assert [each.sid for each in triggers.list(usage_category="sms")] == [trigger.sid]
    assert triggers.list(usage_category="calls") == []
    assert triggers(trigger.sid).delete()
    assert triggers.list() == []
