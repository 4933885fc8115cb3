"""Parameters -> event, and back."""

from __future__ import annotations

import copy
import pickle
import re
import subprocess
import sys
import typing
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Literal, cast, get_args, get_origin

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringback import webhooks
from ringback._generated.webhooks.tables import IDENTIFIERS, ROWS, SELECTORS
from ringback.errors import InvalidValue, WebhookInvalid
from ringback.webhooks import (
    CallConnected,
    CallEnded,
    CallInitiated,
    CallRinging,
    CallStatusChanged,
    ConferenceStatusChanged,
    DebuggerEvent,
    DialResult,
    Event,
    GatherResult,
    IncomingCall,
    IncomingMessage,
    MessageStatusChanged,
    ParticipantJoined,
    RealtimeTranscription,
    ReceivedMedia,
    RecordResult,
    UsageTriggered,
    VoiceFallback,
    VoiceRequest,
    parse,
    wire_parameters,
)
from tests.webhooks.requests import ACCOUNT, CALL, VOICE

EVENTS: list[type[Event]] = [getattr(webhooks, name) for name in ROWS]

MESSAGE = {
    "MessageSid": "SM" + "0" * 32,
    "SmsSid": "SM" + "0" * 32,
    "AccountSid": ACCOUNT,
    "From": "+15017122661",
    "To": "+15558675310",
    "Body": "Hi",
}


def test_an_incoming_call() -> None:
    call = parse(
        IncomingCall, {**VOICE, "Caller": "+15017122661", "FromCity": "", "SipHeader_X-Route-Id": "42"}
    )
    assert type(call) is IncomingCall
    assert isinstance(call, VoiceRequest)
    assert (call.call_sid, call.account_sid) == (CALL, ACCOUNT)
    assert (call.from_, call.to) == ("+15017122661", "+15558675310")
    assert call.from_city == ""
    assert call.to_city is None
    assert call.sip_headers == {"X-Route-Id": "42"}
    assert call.called == "+15558675310"  # an alias that wasn't sent says what its original says
    assert call.unknown_parameters == {}


def test_parameters_of_noun_and_sdk() -> None:
    call = parse(IncomingCall, {**VOICE, "Param_table": "7", "room": "blue"})
    assert call.parameters == {"table": "7"}
    assert call.unknown_parameters == {"room": "blue"}


def test_a_gather_result() -> None:
    pressed = parse(GatherResult, {**VOICE, "Digits": "1", "Confidence": "0.9", "SpeechResult": ""})
    assert pressed.digits == "1"
    assert pressed.confidence == 0.9
    assert pressed.speech_result is None
    assert parse(GatherResult, {**VOICE, "Digits": ""}).digits is None


def test_a_record_result() -> None:
    done = parse(
        RecordResult,
        {**VOICE, "RecordingUrl": "https://api.twilio.com/r", "RecordingDuration": "4", "Digits": "hangup"},
    )
    assert (done.duration, done.recording_url, done.digits) == (4, "https://api.twilio.com/r", "hangup")


def test_a_dial_result() -> None:
    done = parse(
        DialResult, {**VOICE, "DialCallStatus": "busy", "DialBridged": "false", "DialSipHeader_X-A": "b"}
    )
    assert done.dial_call_status == "busy"
    assert done.dial_bridged is False
    assert done.dial_sip_headers == {"X-A": "b"}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("queued", CallInitiated),
        ("initiated", CallInitiated),
        ("ringing", CallRinging),
        ("in-progress", CallConnected),
        ("completed", CallEnded),
        ("busy", CallEnded),
        ("failed", CallEnded),
        ("no-answer", CallEnded),
        ("canceled", CallEnded),
        ("teleported", CallStatusChanged),
    ],
)
def test_the_status_of_a_call_chooses_the_class(status: str, expected: type[CallStatusChanged]) -> None:
    event = parse(CallStatusChanged, {**VOICE, "CallStatus": status})
    assert type(event) is expected
    assert event.status == status


def test_the_end_of_a_call() -> None:
    ended = parse(
        CallEnded,
        {
            **VOICE,
            "CallStatus": "completed",
            "CallDuration": "61",
            "Duration": "2",
            "SequenceNumber": "3",
            "Timestamp": "Fri, 20 Aug 2010 01:13:42 +0000",
            "CallbackSource": "call-progress-events",
        },
    )
    assert (ended.duration, ended.duration_minutes, ended.sequence_number) == (61, 2, 3)
    assert ended.timestamp == datetime(2010, 8, 20, 1, 13, 42, tzinfo=timezone.utc)


def test_an_event_of_another_class_is_refused() -> None:
    with pytest.raises(WebhookInvalid, match="CallEnded: CallStatus is 'ringing'"):
        parse(CallEnded, {**VOICE, "CallStatus": "ringing"})


def test_an_applications_own_subclass() -> None:
    @attrs.frozen(kw_only=True)
    class OurStatus(CallStatusChanged):
        @property
        def good(self) -> bool:
            return self.status == "completed"

    event = parse(OurStatus, {**VOICE, "CallStatus": "completed"})
    assert type(event) is OurStatus
    assert event.good


def test_what_happens_in_a_conference_chooses_the_class() -> None:
    sent = {
        "ConferenceSid": "CF1",
        "FriendlyName": "room",
        "AccountSid": ACCOUNT,
        "SequenceNumber": "1",
        "Timestamp": "Fri, 20 Aug 2010 01:13:42 +0000",
    }
    joined = parse(
        ConferenceStatusChanged,
        {**sent, "StatusCallbackEvent": "participant-join", "CallSid": CALL, "Muted": "true"},
    )
    assert type(joined) is ParticipantJoined
    assert (joined.event, joined.call_sid, joined.muted) == ("participant-join", CALL, True)
    muted = parse(ConferenceStatusChanged, {**sent, "StatusCallbackEvent": "participant-mute"})
    assert type(muted) is ConferenceStatusChanged


def test_an_incoming_message_with_pictures() -> None:
    message = parse(
        IncomingMessage,
        {
            **MESSAGE,
            "NumMedia": "3",
            "MediaUrl10": "https://example.com/c",
            "MediaUrl0": "https://example.com/a",
            "MediaContentType0": "image/png",
            "MediaUrl2": "https://example.com/b",
            "MediaContentType7": "image/gif",
            "MediaUrl01": "no number of Twilio's",
        },
    )
    assert message.media == (
        ReceivedMedia("https://example.com/a", "image/png"),
        ("https://example.com/b", None),
        ("https://example.com/c", None),
    )
    assert (message.num_media, message.num_segments, message.status, message.body) == (3, 1, "received", "Hi")
    assert message.unknown_parameters == {
        "MediaContentType7": "image/gif",
        "MediaUrl01": "no number of Twilio's",
    }


def test_the_status_of_a_message() -> None:
    event = parse(
        MessageStatusChanged,
        {**MESSAGE, "MessageStatus": "undelivered", "ErrorCode": "30003", "SmsStatus": ""},
    )
    assert (event.status, event.error_code, event.sms_status) == ("undelivered", 30003, "undelivered")


def test_a_fallback_that_says_less_than_expected_is_still_answered() -> None:
    event = parse(VoiceFallback, VOICE)
    assert (event.error_code, event.error_url) == (None, None)


def test_money_is_exact() -> None:
    assert parse(UsageTriggered, {"CurrentValue": "0.10"}).current_value == Decimal("0.10")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-06-25T18:45:12.135751999Z", datetime(2024, 6, 25, 18, 45, 12, 135751, tzinfo=timezone.utc)),
        ("2024-06-25T18:45:12Z", datetime(2024, 6, 25, 18, 45, 12, tzinfo=timezone.utc)),
        (
            "2024-06-25T18:45:12.5+0200",
            datetime(2024, 6, 25, 18, 45, 12, 500000, tzinfo=timezone(timedelta(hours=2))),
        ),
        ("Tue, 25 Jun 2024 18:45:12 -0000", datetime(2024, 6, 25, 18, 45, 12, tzinfo=timezone.utc)),
    ],
)
def test_either_kind_of_time_is_read_everywhere(text: str, expected: datetime) -> None:
    sent = {"AccountSid": ACCOUNT, "CallSid": CALL, "TranscriptionSid": "GT1", "SequenceId": "1"}
    event = parse(
        RealtimeTranscription, {**sent, "Timestamp": text, "TranscriptionEvent": "transcription-stopped"}
    )
    assert event.timestamp == expected
    assert getattr(event.timestamp, "tzinfo", None) is not None


@pytest.mark.parametrize(
    ("wire", "text"),
    [
        ("CallDuration", "abc"),
        ("CallDuration", "1_000"),
        ("CallDuration", "١٢"),
        ("CallDuration", "9" * 5000),
        ("CallDuration", " 1"),
        ("SequenceNumber", "1.5"),
        ("Timestamp", "yesterday"),
        ("Timestamp", "2024-13-45T00:00:00Z"),
        ("Timestamp", "0001-01-01T00:00:00+23:59"),
        ("Timestamp", "Fri, 20 Aug 2010 01:13:42 +9999999"),
    ],
)
def test_what_is_malformed_is_kept_and_loses_no_event(wire: str, text: str) -> None:
    event = parse(CallStatusChanged, {**VOICE, "CallStatus": "completed", wire: text})
    assert isinstance(event, CallEnded)
    assert event.unreadable == {wire: text}
    assert (event.duration, event.sequence_number, event.timestamp) == (None, None, None)
    assert wire_parameters(event)[wire] == text
    assert "unreadable" not in repr(event)


@pytest.mark.parametrize("text", ["nan", "inf", "1e400", "0x1", "1e", "", "one", "52,5"])
def test_a_number_is_a_number(text: str) -> None:
    event = parse(GatherResult, {**VOICE, "Confidence": text})
    assert event.confidence is None
    assert event.unreadable == ({"Confidence": text} if text else {})


def test_a_flag_is_true_or_false() -> None:
    event = parse(DialResult, {**VOICE, "DialCallStatus": "busy", "DialBridged": "yes"})
    assert event.dial_bridged is None
    assert event.unreadable == {"DialBridged": "yes"}


def test_what_has_a_default_is_none_where_it_cannot_be_read() -> None:
    message = parse(IncomingMessage, {**MESSAGE, "NumSegments": "2.0", "Latitude": "52,5"})
    assert (message.num_media, message.num_segments, message.latitude) == (0, None, None)
    assert message.unreadable == {"NumSegments": "2.0", "Latitude": "52,5"}
    assert parse(IncomingMessage, wire_parameters(message)) == message


@pytest.mark.parametrize("text", [None, ""])
@pytest.mark.parametrize(
    ("event_class", "wire"),
    [
        (IncomingCall, "CallSid"),
        (IncomingMessage, "MessageSid"),
        (CallStatusChanged, "CallStatus"),
        (CallEnded, "CallStatus"),
        (MessageStatusChanged, "MessageSid"),
        (MessageStatusChanged, "MessageStatus"),
        (ConferenceStatusChanged, "StatusCallbackEvent"),
        (ConferenceStatusChanged, "ConferenceSid"),
    ],
)
def test_what_identifies_an_event_is_named(event_class: type[Event], wire: str, text: str | None) -> None:
    sent = {**VOICE, **MESSAGE, "MessageStatus": "sent", "CallStatus": "busy", "ConferenceSid": "CF1"}
    sent |= {"StatusCallbackEvent": "conference-start"}
    del sent[wire]
    gone = "missing" if text is None else "empty"
    with pytest.raises(WebhookInvalid, match=f"{event_class.__name__}: the parameter {wire} is {gone}"):
        parse(event_class, sent if text is None else {**sent, wire: text})


def test_what_is_promised_and_missing_is_empty_or_none() -> None:
    call = parse(IncomingCall, {"CallSid": CALL})
    assert (call.from_, call.to, call.account_sid, call.call_status, call.direction) == ("",) * 5
    assert (call.api_version, call.caller) == ("2010-04-01", "")
    recorded = parse(RecordResult, {"CallSid": CALL})
    assert (recorded.recording_url, recorded.duration) == ("", None)


def test_a_status_of_a_message_without_a_sender_yet() -> None:
    event = parse(MessageStatusChanged, {"MessageSid": "SM1", "MessageStatus": "accepted"})
    assert (event.status, event.from_, event.to) == ("accepted", None, None)
    assert event.unreadable == {}


def test_an_empty_sid_is_none_and_an_empty_caller_is_nobody() -> None:
    with pytest.raises(WebhookInvalid, match="the parameter CallSid is empty"):
        parse(IncomingCall, {**VOICE, "CallSid": ""})
    assert parse(IncomingCall, {**VOICE, "From": ""}).from_ == ""
    event = parse(IncomingCall, {**VOICE, "ParentCallSid": "", "ForwardedFrom": ""})
    assert (event.parent_call_sid, event.forwarded_from) == (None, None)


def test_an_unknown_word_passes_through() -> None:
    assert (
        parse(IncomingCall, {**VOICE, "StirVerstat": "TN-New", "Direction": "sideways"}).stir_verstat
        == "TN-New"
    )


def test_only_what_is_there_is_shown_and_no_secret() -> None:
    shown = repr(parse(IncomingCall, {**VOICE, "CallToken": "s3cr3t", "StirPassportToken": "s3cr3t"}))
    assert "s3cr3t" not in shown
    assert "None" not in shown
    assert shown.startswith("IncomingCall(call_sid=")


def test_events_compare_hash_copy_and_pickle() -> None:
    event = parse(IncomingCall, {**VOICE, "SipHeader_X-A": "b", "odd": "one"})
    twin = parse(IncomingCall, {**VOICE, "SipHeader_X-A": "b", "odd": "one"})
    assert event == twin
    assert hash(event) == hash(twin)
    assert copy.copy(event) == event
    assert pickle.loads(pickle.dumps(event)) == event  # noqa: S301
    assert attrs.evolve(event, to="+1") != event
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        event.to = "+1"  # type: ignore[misc]


def test_a_naive_time_is_refused() -> None:
    event = CallEnded(
        call_sid=CALL,
        account_sid=ACCOUNT,
        from_="+1",
        to="+2",
        direction="inbound",
        status="busy",
        timestamp=datetime(2024, 1, 1),
    )
    with pytest.raises(InvalidValue, match="a datetime with a time zone"):
        wire_parameters(event)


def test_json_stays_text() -> None:
    sent = {
        "Sid": "NO1",
        "AccountSid": ACCOUNT,
        "ParentAccountSid": "",
        "Timestamp": "2024-06-25T18:45:12Z",
        "Level": "ERROR",
        "PayloadType": "application/json",
        "Payload": "{not json",
    }
    event = parse(DebuggerEvent, sent)
    assert event.payload == "{not json"
    assert event.parent_account_sid is None


# --- properties -------------------------------------------------------------------------------------------

TEXT = st.text(max_size=20)
WORD = st.text(min_size=1, max_size=20)
ZONES = st.sampled_from(
    [timezone.utc, timezone(timedelta(hours=-5)), timezone(timedelta(hours=5, minutes=45))]
)
MOMENTS = st.datetimes(datetime(1900, 1, 2), datetime(2200, 1, 1), timezones=ZONES)
VALUES: dict[str, st.SearchStrategy[object]] = {
    "text": TEXT,
    "word": WORD,
    "integer": st.integers(-(10**18) + 1, 10**18 - 1),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "decimal": st.decimals(allow_nan=False, allow_infinity=False, places=4),
    "boolean": st.booleans(),
    "rfc2822": MOMENTS.map(lambda moment: moment.replace(microsecond=0)),
    "iso8601": MOMENTS,
    "family": st.dictionaries(WORD, TEXT, max_size=3),
    "media": st.lists(st.builds(ReceivedMedia, WORD, st.none() | WORD), max_size=3).map(tuple),
}


IDENTIFYING = {wire for wires in IDENTIFIERS.values() for wire in wires}


def rows_of(event_class: type[Event]) -> dict[str, tuple[str, str, str, bool]]:
    return {row[0]: row for base in reversed(event_class.__mro__) for row in ROWS.get(base.__name__, ())}


@st.composite
def events(draw: st.DrawFn) -> Event:
    """An event as `parse` could have made it."""
    event_class = draw(st.sampled_from(EVENTS))
    hints = typing.get_type_hints(event_class)
    values: dict[str, object] = {}
    rows = rows_of(event_class)
    discriminators = {SELECTORS[name][0] for name in SELECTORS if name == event_class.__name__}
    for wire, name, codec, required in rows.values():
        if not required and not draw(st.booleans()):
            continue
        if wire in discriminators:
            values[name] = "a value of tomorrow"
        elif get_origin(hints[name]) is Literal:
            values[name] = draw(st.sampled_from(get_args(hints[name])))
        else:
            values[name] = draw(VALUES[codec])
    prefixes = tuple(wire for wire, _, codec, _ in rows.values() if codec == "family")
    unknown = WORD.filter(
        lambda wire: (
            wire not in rows
            and not wire.startswith(prefixes or "\0")
            and not re.match("Media(Url|ContentType)", wire)
        )
    )
    values["unknown_parameters"] = draw(st.dictionaries(unknown, TEXT, max_size=2))
    return event_class(**values)  # type: ignore[arg-type]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=150)
@given(events())
def test_parse_is_the_inverse_of_wire_parameters(event: Event) -> None:
    sent = wire_parameters(event)
    assert all(type(name) is str and type(text) is str for name, text in sent.items())
    assert parse(type(event), sent) == event


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=300)
@given(events(), st.data())
def test_whatever_is_missing_or_garbled_no_event_is_lost(event: Event, data: st.DataObject) -> None:
    sent = wire_parameters(event)
    rows = rows_of(type(event))
    optional = st.sampled_from(sorted(set(rows) - IDENTIFYING) or ["other"])
    for wire in data.draw(st.sets(optional)):
        sent.pop(wire, None)
    garbled = data.draw(st.dictionaries(optional, TEXT | st.sampled_from(["2.0", "52,5", "-", "\x0b"])))
    sent |= garbled
    read = parse(type(event), sent)
    assert type(read) is type(event)
    for wire, text in read.unreadable.items():
        assert sent[wire] == text
        assert getattr(read, rows[wire][1]) is None
    # Nothing that came is gone: it can be read from the event, or stands in it as it came.
    again = wire_parameters(read)
    assert {name for name, text in sent.items() if text} <= set(again) | {"Media"}
    assert parse(type(read), again) == read


WIRES = sorted(
    {wire for rows in ROWS.values() for wire, *_ in rows} | {"MediaUrl0", "SipHeader_X", "Param_x"}
)


@settings(deadline=None)
@given(st.sampled_from(EVENTS), st.dictionaries(st.sampled_from(WIRES) | TEXT, TEXT, max_size=10))
def test_no_parameters_do_more_than_be_refused(event_class: type[Event], sent: dict[str, str]) -> None:
    sent = {**VOICE, **MESSAGE, **sent}
    try:
        event = parse(event_class, sent)
    except WebhookInvalid:
        return
    assert isinstance(event, event_class)
    assert parse(event_class, wire_parameters(event)) == event


# --- the public module ------------------------------------------------------------------------------------


def test_every_public_name_is_there() -> None:
    names = cast("list[str]", getattr(webhooks, "__all__"))  # noqa: B009 - pyright can't type the list
    assert len(set(names)) == len(names)
    for name in names:
        assert getattr(webhooks, name) is not None
    assert dir(webhooks) == sorted(names)
    with pytest.raises(AttributeError, match="no attribute 'IncomingFax'"):
        _ = webhooks.IncomingFax  # type: ignore[attr-defined]  # pyright: ignore


def test_every_field_is_documented() -> None:
    for name, rows in ROWS.items():
        doc = getattr(webhooks, name).__doc__
        for _, field, _, _ in rows:
            assert re.search(rf"^ +{field}: \S", doc, re.MULTILINE), (name, field)


def test_event_modules_are_imported_when_they_are_needed() -> None:
    program = (
        "import sys, ringback.webhooks as w; w.GatherResult;"
        "home = 'ringback._generated.webhooks.';"
        "print(sorted(n.removeprefix(home) for n in sys.modules if n.startswith(home)),"
        "[n for n in ('cattrs', 'urllib3') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['bases', 'enums', 'gather', 'tables'] []"
