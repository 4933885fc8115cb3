"""What goes on beside a call: streams, SIPREC sessions, live transcriptions, messages of a Voice SDK."""

from __future__ import annotations

import json

import pytest

from ringback import Client
from ringback._generated.emulation.records import StreamRecord
from ringback.emulator import Emulator
from ringback.errors import ApiError, EmulatorError, InvalidRequest, NotFound
from ringback.http import WebhookResponse
from tests.emulator.conftest import ANNA, OURS
from tests.emulator.website import HOME, Website

TALK = "<Response><Gather input='speech' timeout='600'/></Response>"


@pytest.fixture
def client(emulator: Emulator, website: Website) -> Client:
    return emulator.client()


def call(emulator: Emulator, client: Client, *, to: str = ANNA, twiml: str = TALK) -> str:
    made = client.calls.create(to=to, from_=OURS, twiml=twiml)
    emulator.advance(5)
    assert client.calls(made.sid).fetch().status == "in-progress"
    return made.sid


def code_of(error: pytest.ExceptionInfo[ApiError]) -> int | None:
    return error.value.code


def test_a_session_ends_with_its_call(emulator: Emulator, website: Website, client: Client) -> None:
    sid = call(emulator, client)
    stream = client.calls(sid).streams.create(url="wss://example.com/media", status_callback=f"{HOME}/told")
    client.calls(sid).siprec.create(name="tape", status_callback=f"{HOME}/told")
    emulator.phone(ANNA).calls[-1].hangup()
    emulator.run_until_idle()
    told = website.at("/told")
    assert [each.given.get("StreamEvent") or each["SiprecEvent"] for each in told] == [
        *("stream-started", "siprec-started", "stream-stopped", "siprec-stopped")
    ]
    assert (told[0]["StreamName"], told[1]["SiprecName"]) == (stream.sid, "tape")
    with pytest.raises(InvalidRequest) as refused:
        client.calls(sid).streams(stream.sid).update(status="stopped")
    assert code_of(refused) == 21220


def test_what_hangs_on_a_call_goes_with_it(emulator: Emulator, client: Client) -> None:
    sid = call(emulator, client)
    stream = client.calls(sid).streams.create(url="wss://example.com/media")
    recording = client.calls(sid).recordings.create()
    emulator.phone(ANNA).calls[-1].hangup()
    emulator.run_until_idle()
    client.calls(sid).delete()
    assert stream.sid not in emulator.snapshot().to_json()
    # It is the account's as well.
    assert client.recordings(recording.sid).fetch().call_sid == sid


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ws://example.com/media", 31922),
        ("https://example.com/media", 31922),
        ("wss://", 31923),
        ("media", 31923),
        ("wss://example.com/media?room=7", 31923),
    ],
)
def test_streams_go_to_websockets_alone(emulator: Emulator, client: Client, url: str, code: int) -> None:
    sid = call(emulator, client)
    with pytest.raises(InvalidRequest) as refused:
        client.calls(sid).streams.create(url=url)
    assert code_of(refused) == code


def test_names_are_taken_while_their_sessions_live(emulator: Emulator, client: Client) -> None:
    sessions = client.calls(call(emulator, client)).siprec
    sessions.create(name="tape", track="inbound_track")
    with pytest.raises(InvalidRequest, match="tape"):
        sessions.create(name="tape")
    assert sessions("tape").update(status="stopped").status == "stopped"
    with pytest.raises(NotFound):
        sessions("tape").update(status="stopped")
    assert sessions.create(name="tape").status == "in-progress"


def test_four_tracks_of_a_call_are_sent_at_most(emulator: Emulator, client: Client) -> None:
    sid = call(emulator, client)
    client.calls(sid).siprec.create()
    client.calls(sid).streams.create(url="wss://example.com/a", track="both_tracks")
    client.calls(sid).transcriptions.create()
    with pytest.raises(InvalidRequest, match="4 tracks"):
        client.calls(sid).streams.create(url="wss://example.com/b")


def test_a_transcription_tells_who_said_what(emulator: Emulator, website: Website, client: Client) -> None:
    talk = "<Response><Gather input='speech' timeout='60'><Say>How are you?</Say></Gather></Response>"
    website.pages["/talk"] = talk
    sid = client.calls.create(to=ANNA, from_=OURS, url=f"{HOME}/quiet").sid
    website.pages["/quiet"] = f"<Response><Pause length='5'/><Redirect>{HOME}/talk</Redirect></Response>"
    emulator.advance(5)
    client.calls(sid).transcriptions.create(
        status_callback_url=f"{HOME}/heard", partial_results=True, hints="fine, well", language_code="en-GB"
    )
    emulator.phone(ANNA).calls[-1].expect_say("How are you?")
    emulator.phone(ANNA).calls[-1].speak("I am fine thank you", seconds=4)
    emulator.advance(1)
    started, *content = website.at("/heard")
    assert json.loads(started["ProviderConfiguration"])["hints"] == "fine, well"
    assert [
        (each["Track"], each["Final"], json.loads(each["TranscriptionData"])["transcript"])
        for each in content
    ] == [
        ("outbound_track", "false", "How are"),
        ("outbound_track", "true", "How are you?"),
        ("inbound_track", "false", "I am fine"),
        ("inbound_track", "true", "I am fine thank you"),
    ]
    assert [each["SequenceId"] for each in website.at("/heard")] == ["1", "2", "3", "4", "5"]
    assert {each["LanguageCode"] for each in content} == {"en-GB"}


def test_a_transcription_hears_one_side_where_one_was_asked_for(
    emulator: Emulator, website: Website, client: Client
) -> None:
    sid = call(emulator, client)
    session = client.calls(sid).transcriptions.create(
        track="outbound_track", status_callback_url=f"{HOME}/heard"
    )
    emulator.phone(ANNA).calls[-1].speak("Hello?", seconds=1)
    client.calls(sid).transcriptions(session.sid).update(status="stopped")
    emulator.advance(1)
    assert [each["TranscriptionEvent"] for each in website.at("/heard")] == [
        "transcription-started",
        "transcription-stopped",
    ]


def test_messages_of_a_voice_sdk(emulator: Emulator, website: Website, client: Client) -> None:
    sid = call(emulator, client, to="client:anna")
    (line,) = emulator.phone("client:anna").calls
    sent = client.calls(sid).user_defined_messages.create(content={"table": 4}, idempotency_key="1")
    again = client.calls(sid).user_defined_messages.create(content={"table": 4}, idempotency_key="1")
    assert (sent.sid, line.messages) == (again.sid, ('{"table":4}',))
    subscriptions = client.calls(sid).user_defined_message_subscriptions
    subscription = subscriptions.create(callback=f"{HOME}/from-app")
    for content in ('{"ready": true}', '"bye"'):
        line.send_message(content)
    emulator.advance(1)
    told = website.at("/from-app")
    assert [(each["Content"], each["SequenceNumber"]) for each in told] == [
        ('{"ready": true}', "1"),
        ('"bye"', "2"),
    ]
    assert (told[0]["CallSid"], told[0]["Sid"][:2]) == (sid, "KX")
    subscriptions(subscription.sid).delete()
    line.send_message("1")
    emulator.advance(1)
    assert len(website.at("/from-app")) == 2
    with pytest.raises(EmulatorError, match="JSON"):
        line.send_message("{")


def test_a_subscriber_that_fails(emulator: Emulator, website: Website, client: Client) -> None:
    sid = call(emulator, client, to="client:anna")
    client.calls(sid).user_defined_message_subscriptions.create(callback=f"{HOME}/from-app")
    website.pages["/from-app"] = WebhookResponse(500)
    emulator.phone("client:anna").calls[-1].send_message("1")
    emulator.advance(1)
    assert [(each.code, each.level) for each in emulator.problems] == [(32711, "warning")]
    emulator.allow_problems(32711)


def test_only_applications_of_a_voice_sdk_take_messages(emulator: Emulator, client: Client) -> None:
    sid = call(emulator, client)
    with pytest.raises(InvalidRequest, match="Voice SDK"):
        client.calls(sid).user_defined_messages.create(content="1")
    with pytest.raises(EmulatorError, match="client: phone"):
        emulator.phone(ANNA).calls[-1].send_message("1")


@pytest.mark.parametrize(
    ("content", "code"), [("{", 32702), ("[" * 9_000, 32702), (f'"{"a" * 10_000}"', 32703)]
)
def test_messages_are_json_of_some_length(
    emulator: Emulator, client: Client, content: str, code: int
) -> None:
    sid = call(emulator, client, to="client:anna")
    with pytest.raises(InvalidRequest) as refused:
        client.calls(sid).user_defined_messages.create(content=content)
    assert code_of(refused) == code


def test_what_went_on_has_ended_in_a_restored_emulator(
    emulator: Emulator, website: Website, client: Client
) -> None:
    sid = call(emulator, client, to="client:anna")
    client.calls(sid).streams.create(url="wss://example.com/media")
    subscription = client.calls(sid).user_defined_message_subscriptions.create(callback=f"{HOME}/from-app")
    emulator.restore(emulator.snapshot())
    with emulator.held() as network:
        (stream,) = network.store.table("calls().streams", StreamRecord).values()
        assert stream.status == "stopped"
    assert len(list(client.calls(sid).events.list())) == 3
    with pytest.raises(InvalidRequest) as refused:
        client.calls(sid).update(status="completed")
    assert code_of(refused) == 21220
    client.calls(sid).user_defined_message_subscriptions(subscription.sid).delete()
