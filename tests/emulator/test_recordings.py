"""Recordings: what they hold, how the API leads them, and their files."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ringback import Client, NotFound
from ringback.emulator import ACCOUNT_SID, AUTH_TOKEN, Emulator, serving
from ringback.emulator.audio import Sound
from ringback.errors import ApiError
from ringback.http import Headers
from ringback.webhooks import RecordResult, parse
from tests.emulator.audio.listening import RATE, channels_of, keys_in, loud, mp3_seconds
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Website
from tests.official.requests import HOME as API
from tests.official.requests import ask, login

if TYPE_CHECKING:
    from ringback.emulator import PhoneCall

CARL = "+15558675312"


@pytest.fixture
def client(emulator: Emulator) -> Client:
    return emulator.client()


def voicemail(emulator: Emulator, website: Website, attributes: str = "playBeep='false'") -> PhoneCall:
    """Somebody who leaves a message of three seconds and a key."""
    website.pages["/voice"] = (
        f"<Response><Record {attributes} action='/done' finishOnKey='#' trim='do-not-trim'/></Response>"
    )
    website.pages["/done"] = "<Response><Hangup/></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    emulator.advance(1)
    call.speak("Call me back", seconds=3)
    call.press("5")
    emulator.advance(1)
    call.press("#")
    emulator.run_until_idle()
    return call


def wav(emulator: Emulator, sid: str, query: str = "") -> list[Sequence[int]]:
    """The channels of a recording's file."""
    answer = ask(emulator, "GET", f"{API}/Recordings/{sid}{query}")
    assert answer.status == 200, answer.content
    return channels_of(answer.content)


def between(line: Sequence[int], start: float, end: float) -> Sequence[int]:
    return line[round(start * RATE) : round(end * RATE)]


def sounds_of(emulator: Emulator, sid: str) -> list[tuple[float, float, str, int]]:
    """What is in a recording: from and to which second, what, and on which channel."""
    with emulator.held() as network:
        audio = network.store.recordings[sid].audio
    assert audio is not None
    return [(each.at, round(each.at + each.seconds, 3), _what(each), each.channel) for each in audio.sounds]


def _what(sound: Sound) -> str:
    return sound.what or sound.kind


# Files


def test_a_message_can_be_listened_to(emulator: Emulator, website: Website, client: Client) -> None:
    voicemail(emulator, website)
    url = website.at("/done")[0]["RecordingUrl"]
    recording = client.recordings(url[-34:]).fetch()
    assert (recording.status, recording.duration, recording.media_url) == ("completed", 5, url)
    (line,) = wav(emulator, recording.sid)
    # A second of silence, three of words, and a key at once.
    assert not loud(between(line, 0, 1))
    assert loud(between(line, 1, 2))
    assert loud(between(line, 2.4, 3.8))
    assert keys_in(between(line, 4, 5)) == "5"
    assert len(line) / RATE == pytest.approx(5, abs=0.01)


def test_its_file_comes_by_its_suffix(emulator: Emulator, website: Website, client: Client) -> None:
    voicemail(emulator, website)
    (recording,) = client.recordings.list()
    place = f"{API}/Recordings/{recording.sid}"
    bare, named, packed = (ask(emulator, "GET", place + suffix) for suffix in ("", ".wav", ".mp3"))
    assert (bare.status, bare.headers["Content-Type"]) == (200, "audio/x-wav")
    assert bare.content == named.content
    assert packed.headers["Content-Type"] == "audio/mpeg"
    assert mp3_seconds(packed.content) == pytest.approx(5, abs=0.01)
    head = ask(emulator, "HEAD", f"{place}.mp3")
    assert (head.content, head.headers["Content-Length"]) == (b"", str(len(packed.content)))
    assert [ask(emulator, "GET", place + suffix).status for suffix in (".json", ".xml", ".txt")] == [
        200,
        200,
        404,
    ]
    assert ask(emulator, "GET", f"{place}.mp3", authorization=login(password="wrong")).status == 401


@pytest.mark.parametrize(
    ("channels", "requested", "answer"),
    [
        ("mono", "", 1),
        ("mono", "1", 1),
        ("mono", "2", 2),
        ("dual", "", 2),
        ("dual", "1", 1),
        ("dual", "3", 20001),
        ("verb", "2", 16113),
        ("verb", "1", 1),
    ],
)
def test_channels_can_be_asked_for(
    emulator: Emulator, website: Website, client: Client, channels: str, requested: str, answer: int
) -> None:
    if channels == "verb":
        voicemail(emulator, website)
    else:
        call, sid = connected(emulator, website)
        client.calls(sid).recordings.create(recording_channels="dual" if channels == "dual" else "mono")
        say(emulator, sid, "Hello", 1)
        emulator.advance(1)
        call.hangup()
        emulator.run_until_idle()
    (recording,) = client.recordings.list()
    query = f"?RequestedChannels={requested}" if requested else ""
    if answer > 2:
        refused = ask(emulator, "GET", f"{API}/Recordings/{recording.sid}.wav{query}")
        assert (refused.status, f"<Code>{answer}</Code>" in refused.content.decode()) == (400, True)
    else:
        assert len(wav(emulator, recording.sid, query)) == answer


def test_there_is_no_file_before_it_is_completed(
    emulator: Emulator, website: Website, client: Client
) -> None:
    call, sid = connected(emulator, website)
    recording = client.calls(sid).recordings.create()
    place = f"{API}/Recordings/{recording.sid}.mp3"
    emulator.advance(3)
    assert ask(emulator, "GET", place).status == 404
    call.hangup()
    assert client.recordings(recording.sid).fetch().status == "processing"
    assert ask(emulator, "GET", place).status == 404
    emulator.run_until_idle()
    assert ask(emulator, "GET", place).status == 200
    client.recordings(recording.sid).delete()
    assert ask(emulator, "GET", place).status == 404
    assert ask(emulator, "GET", f"{place}?IncludeSoftDeleted=true").status == 404


def test_the_library_downloads_it(
    emulator: Emulator, website: Website, client: Client, tmp_path: Path
) -> None:
    voicemail(emulator, website)
    (recording,) = client.recordings.list()
    done = client.recordings(recording.sid).download(tmp_path)
    assert (done.path, done.content_type) == (tmp_path / f"{recording.sid}.mp3", "audio/mpeg")
    assert mp3_seconds((tmp_path / f"{recording.sid}.mp3").read_bytes()) == pytest.approx(5, abs=0.01)
    result = parse(RecordResult, website.at("/done")[0].given)
    assert client.download(result, tmp_path / "again.mp3", wait=1).size == done.size
    # What broke off is gone on with.
    whole = io.BytesIO()
    client.recordings(recording.sid).download(whole, format="wav")
    part = tmp_path / f"message.wav.{recording.sid}-wav.part"
    part.write_bytes(whole.getvalue()[:1000])
    again = client.recordings(recording.sid).download(tmp_path / "message.wav", format="wav")
    assert (again.resumed_from, again.size) == (1000, len(whole.getvalue()))
    assert (tmp_path / "message.wav").read_bytes() == whole.getvalue()


def test_it_is_downloaded_over_http(website: Website, tmp_path: Path) -> None:
    with Emulator() as emulator, serving(emulator) as home:
        emulator.mount(HOME, website)
        emulator.number(OURS, voice_url=f"{HOME}/voice")
        voicemail(emulator, website)
        url = website.at("/done")[0]["RecordingUrl"]
        assert url.startswith(f"{home}/2010-04-01/")
        passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        passwords.add_password(None, home, ACCOUNT_SID, AUTH_TOKEN)
        opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(passwords))
        with opener.open(url) as answer:
            assert answer.headers["Content-Type"] == "audio/x-wav"
            (line,) = channels_of(answer.read())
        assert len(line) / RATE == pytest.approx(5, abs=0.01)
        asked = urllib.request.Request(  # noqa: S310
            f"{url}.mp3", method="HEAD", headers={"Range": "bytes=0-99"}
        )
        with opener.open(asked) as answer:
            assert (answer.status, answer.headers["Content-Length"], answer.read()) == (206, "100", b"")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(url)  # noqa: S310
        with Client(ACCOUNT_SID, AUTH_TOKEN, base_url=home) as client:
            done = client.recordings(url[-34:]).download(tmp_path, wait=5)
        assert done.path is not None
        assert mp3_seconds(done.path.read_bytes()) == pytest.approx(5, abs=0.01)


# What is in them


def connected(emulator: Emulator, website: Website, page: str = "") -> tuple[PhoneCall, str]:
    """A call that came in and goes on."""
    website.pages["/voice"] = page or "<Response><Say>Hi</Say><Pause length='600'/></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    emulator.advance(1)
    assert call.sid is not None
    return call, call.sid


def say(emulator: Emulator, sid: str, text: str, seconds: float) -> None:
    """The person on a call begins to say something, though nobody asked."""
    with emulator.held() as network:
        network.legs[sid].line.speak(text, seconds)


def test_both_sides_of_a_dial_have_their_channel(
    emulator: Emulator, website: Website, client: Client
) -> None:
    website.pages["/voice"] = (
        f"<Response><Dial record='record-from-answer-dual' trim='do-not-trim'>{BEN}</Dial></Response>"
    )
    anna = emulator.phone(ANNA).dial(OURS)
    ben = emulator.phone(BEN).answer()
    emulator.advance(1)
    anna.speak("Hello Ben", seconds=2)
    ben.speak("Good morning", seconds=2)
    anna.press("4")
    emulator.advance(1)
    ben.hangup()
    emulator.run_until_idle()
    (recording,) = client.recordings.list()
    assert (recording.source, recording.channels, recording.call_sid) == ("DialVerb", 2, anna.sid)
    assert sounds_of(emulator, recording.sid) == [
        (1.0, 3.0, "Hello Ben", 0),
        (3.0, 5.0, "Good morning", 1),
        (5.0, 5.2, "4", 0),
    ]
    caller, callee = wav(emulator, recording.sid)
    assert loud(between(caller, 1, 3))
    assert not loud(between(caller, 3.1, 4.9))
    assert loud(between(callee, 3.1, 5))
    assert not loud(between(callee, 0, 3))
    assert keys_in(between(caller, 5, 6)) == "4"
    assert recording.duration == round(len(caller) / RATE)


def test_what_twilio_plays_is_on_it(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/answered"] = (
        "<Response><Say>Welcome to the line</Say><Play digits='12'/><Play>/song.wav</Play>"
        "<Gather timeout='3' action='/keys'/></Response>"
    )
    website.pages["/keys"] = "<Response><Say>Bye</Say></Response>"
    emulator.phone(ANNA, on_call="answer")
    with emulator.held() as network:
        network.audio[f"{HOME}/song.wav"] = 2.0
    client.calls.create(to=ANNA, from_=OURS, url=f"{HOME}/answered", record=True, trim="do-not-trim")
    emulator.advance(2)
    (call,) = emulator.phone(ANNA).calls
    call.expect_play("song")
    call.press("7")
    emulator.run_until_idle()
    (recording,) = client.recordings.list()
    assert recording.source == "OutboundAPI"
    said, *_, key, bye = sounds_of(emulator, recording.sid)
    assert sounds_of(emulator, recording.sid) == [
        said,
        (1.3, 1.5, "1", 1),
        (1.5, 1.7, "2", 1),
        (1.7, 3.7, "music", 1),
        key,
        bye,
    ]
    assert (said[2:], key[2:], bye[2:]) == (("Welcome to the line", 1), ("7", 0), ("Bye", 1))
    (line,) = wav(emulator, recording.sid)
    assert keys_in(between(line, 1.25, 1.7)) == "12"


@pytest.mark.parametrize(
    ("track", "heard"),
    [("inbound", ["I said"]), ("outbound", ["You hear"]), ("both", ["You hear", "I said"])],
)
def test_one_side_alone(
    emulator: Emulator, website: Website, client: Client, track: str, heard: list[str]
) -> None:
    call, sid = connected(
        emulator, website, "<Response><Say>Hi</Say><Pause/><Say>You hear</Say><Pause length='9'/></Response>"
    )
    client.calls(sid).recordings.create(recording_track=track)  # type: ignore[arg-type]
    call.expect_say("You hear")
    say(emulator, sid, "I said", 1)
    emulator.advance(1)
    call.hangup()
    emulator.run_until_idle()
    (recording,) = client.calls(sid).recordings.list()
    assert recording.track == track
    assert [what for _, _, what, _ in sounds_of(emulator, recording.sid)] == heard


def test_a_recording_begins_and_ends_in_the_middle_of_what_is_said(
    emulator: Emulator, website: Website, client: Client
) -> None:
    call, sid = connected(emulator, website)
    say(emulator, sid, "one two three four five six", 6)
    emulator.advance(2)
    recording = client.calls(sid).recordings.create()
    emulator.advance(2)
    client.calls(sid).recordings(recording.sid).update(status="stopped")
    emulator.advance(10)
    assert sounds_of(emulator, recording.sid) == [(0.0, 2.0, "three four", 0)]
    call.hangup()


@pytest.mark.parametrize(
    ("behaviour", "sounds", "seconds"),
    [
        ("skip", [(0.0, 2.0, "one two", 0), (2.0, 3.0, "six", 0)], 3),
        ("silence", [(0.0, 2.0, "one two", 0), (5.0, 6.0, "six", 0)], 6),
    ],
)
def test_a_pause(
    emulator: Emulator,
    website: Website,
    client: Client,
    behaviour: str,
    sounds: list[tuple[float, float, str, int]],
    seconds: int,
) -> None:
    call, sid = connected(emulator, website)
    recording = client.calls(sid).recordings.create()
    say(emulator, sid, "one two three four five six", 6)
    one = client.calls(sid).recordings("Twilio.CURRENT")
    emulator.advance(2)
    assert one.update(status="paused", pause_behavior=behaviour).status == "paused"  # type: ignore[arg-type]
    emulator.advance(3)
    assert one.update(status="in-progress").status == "in-progress"
    emulator.advance(1)
    call.hangup()
    emulator.run_until_idle()
    assert sounds_of(emulator, recording.sid) == sounds
    assert client.recordings(recording.sid).fetch().duration == seconds
    (line,) = wav(emulator, recording.sid)
    assert len(line) == seconds * RATE


def test_silence_at_both_ends_is_cut_off(emulator: Emulator, website: Website, client: Client) -> None:
    call, sid = connected(emulator, website)
    whole = client.calls(sid).recordings.create()
    trimmed = client.calls(sid).recordings.create(trim="trim-silence")
    emulator.advance(2)
    say(emulator, sid, "Hello", 1)
    emulator.advance(5)
    call.hangup()
    emulator.run_until_idle()
    assert client.recordings(whole.sid).fetch().duration == 7
    assert client.recordings(trimmed.sid).fetch().duration == 1
    assert sounds_of(emulator, trimmed.sid) == [(0.0, 1.0, "Hello", 0)]


def test_numbers_of_ours_that_call_each_other_are_heard(
    emulator: Emulator, website: Website, client: Client
) -> None:
    emulator.number("+15017122662", voice_url=f"{HOME}/robot")
    website.pages["/robot"] = "<Response><Say>I am a robot</Say><Hangup/></Response>"
    website.pages["/voice"] = (
        "<Response><Dial record='record-from-answer-dual'>+15017122662</Dial></Response>"
    )
    emulator.phone(ANNA).dial(OURS)
    emulator.run_until_idle()
    (recording,) = client.recordings.list()
    assert [(what, channel) for *_, what, channel in sounds_of(emulator, recording.sid)] == [
        ("I am a robot", 1)
    ]


def test_a_dial_is_recorded_from_the_ringing_on(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/voice"] = (
        "<Response><Dial record='record-from-ringing-dual' action='/done'>"
        f"<Number statusCallback='/leg'>{BEN}</Number></Dial></Response>"
    )
    website.pages["/done"] = "<Response/>"
    emulator.phone(BEN, on_call="answer", after=4)
    anna = emulator.phone(ANNA).dial(OURS)
    emulator.advance(6)
    anna.speak("Hello Ben", seconds=2)
    anna.hangup()
    emulator.run_until_idle()
    (recording,) = client.recordings.list()
    assert sounds_of(emulator, recording.sid) == [(0.0, 4.0, "ringing", 1), (5.0, 7.0, "Hello Ben", 0)]
    for told in (website.at("/done")[0], website.at("/leg")[0]):
        assert (told["RecordingSid"], told["RecordingDuration"]) == (recording.sid, "7")


def test_who_takes_a_call_from_a_queue_records_it(
    emulator: Emulator, website: Website, client: Client
) -> None:
    website.pages["/voice"] = "<Response><Enqueue waitUrl=''>tables</Enqueue></Response>"
    waiting = emulator.phone(BEN).dial(OURS)
    emulator.advance(5)
    website.pages["/voice"] = (
        "<Response><Dial record='record-from-answer' action='/done'><Queue>tables</Queue></Dial></Response>"
    )
    website.pages["/done"] = "<Response/>"
    emulator.phone(ANNA).dial(OURS)
    waiting.speak("At last", seconds=3)
    waiting.hangup()
    emulator.run_until_idle()
    (recording,) = client.recordings.list()
    assert sounds_of(emulator, recording.sid) == [(0.0, 3.0, "At last", 1)]
    assert website.at("/done")[0]["RecordingSid"] == recording.sid


def test_a_dial_that_was_over_at_once_has_no_recording(
    emulator: Emulator, website: Website, client: Client
) -> None:
    website.pages["/voice"] = (
        f"<Response><Dial record='record-from-answer' action='/done'>{BEN}</Dial></Response>"
    )
    website.pages["/done"] = "<Response/>"
    emulator.phone(ANNA).dial(OURS)
    ben = emulator.phone(BEN).answer()
    emulator.advance(0.05)
    ben.hangup()
    emulator.run_until_idle()
    assert [each.status for each in client.recordings.list()] == ["absent"]
    assert not [name for name in website.at("/done")[0].given if name.startswith("Recording")]


def test_keys_that_nobody_is_to_see_are_not_on_it(
    emulator: Emulator, website: Website, client: Client
) -> None:
    call, sid = connected(emulator, website)
    recording = client.calls(sid).recordings.create()
    with emulator.held() as network:
        leg = network.legs[sid]
        leg.hides_keys = True
        leg.pressed("4")
        leg.hides_keys = False
        leg.pressed("5")
    emulator.advance(1)
    call.hangup()
    emulator.run_until_idle()
    assert [what for *_, what, _ in sounds_of(emulator, recording.sid)] == ["5"]


ROOM = "<Response><Dial><Conference {}>room</Conference></Dial></Response>"


def test_a_conference_is_recorded_as_the_first_one_wants(
    emulator: Emulator, website: Website, client: Client
) -> None:
    website.pages["/voice"] = ROOM.format(
        "record='record-from-start' trim='do-not-trim' recordingStatusCallback='/file'"
        " recordingStatusCallbackEvent='in-progress completed' eventCallbackUrl='/old'"
    )
    website.pages["/announcement"] = "<Response><Say>We close</Say></Response>"
    anna = emulator.phone(ANNA).dial(OURS)
    emulator.advance(3)
    website.pages["/voice"] = ROOM.format("record='do-not-record'")
    ben = emulator.phone(BEN).dial(OURS)
    carl = emulator.phone(CARL).dial(OURS)
    emulator.advance(1)
    anna.speak("Hello all", seconds=2)
    ben.speak("Hello Anna", seconds=1)
    (found,) = client.conferences.list()
    room = client.conferences(found.sid)
    assert carl.sid is not None
    room.participants(carl.sid).update(muted=True)
    say(emulator, carl.sid, "Nobody hears this", 1)
    emulator.advance(1)
    room.update(announce_url=f"{HOME}/announcement")
    anna.expect_say("We close")
    (recording,) = room.recordings.list()
    assert (recording.status, recording.conference_sid, recording.duration) == (
        "in-progress",
        found.sid,
        None,
    )
    room.update(status="completed")
    emulator.run_until_idle()
    assert sounds_of(emulator, recording.sid) == [
        (0.0, 0.5, "beep", 1),  # Ben comes, and Carl
        (1.0, 3.0, "Hello all", 0),
        (3.0, 4.0, "Hello Anna", 1),
        (5.0, 5.5, "We close", 1),
    ]
    (line,) = wav(emulator, recording.sid)
    assert len(line) / RATE == pytest.approx(5.5, abs=0.01)
    assert len(wav(emulator, recording.sid, "?RequestedChannels=2")) == 2
    begun, told = website.at("/file")
    assert (begun["RecordingStatus"], told["RecordingStatus"]) == ("in-progress", "completed")
    assert (told["ConferenceSid"], told["RecordingSource"], told["RecordingDuration"]) == (
        found.sid,
        "Conference",
        "6",
    )
    assert "CallSid" not in told.given
    assert not website.at("/old")
    assert [each.sid for each in client.recordings.list(conference_sid=found.sid)] == [recording.sid]


def test_a_conference_tells_its_older_callback(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/voice"] = ROOM.format("record='record-from-start' eventCallbackUrl='/old'")
    anna, _ = emulator.phone(ANNA).dial(OURS), emulator.phone(BEN).dial(OURS)
    emulator.advance(2)
    anna.speak("Hello", seconds=4)
    anna.hangup()
    emulator.phone(BEN).calls[0].hangup()
    emulator.run_until_idle()
    (recording,) = client.recordings.list()
    (told,) = website.at("/old")
    assert (told["EventName"], told["RecordingUrl"]) == ("conference-record-end", recording.media_url)
    assert told["Duration"] == str(recording.duration)


def test_a_conference_of_the_api_is_recorded(emulator: Emulator, website: Website, client: Client) -> None:
    anna = client.conferences("room").participants.create(
        to=ANNA,
        from_=OURS,
        beep="false",
        conference_record="true",
        conference_recording_status_callback=f"{HOME}/file",
    )
    client.conferences("room").participants.create(to=BEN, from_=OURS, beep="false")
    emulator.advance(6)
    room = client.conferences(anna.conference_sid)
    one = room.recordings("Twilio.CURRENT")
    assert one.update(status="paused", pause_behavior="skip").status == "paused"
    say(emulator, anna.call_sid, "Not on it", 2)
    emulator.advance(2)
    one.update(status="in-progress")
    say(emulator, anna.call_sid, "On it", 2)
    emulator.advance(2)
    stopped = one.update(status="stopped")
    assert refusal(lambda: room.recordings(stopped.sid).update(status="paused")) == (400, 16114)
    assert refusal(lambda: one.update(status="paused")) == (404, 20404)
    emulator.advance(2)
    assert sounds_of(emulator, stopped.sid) == [(0.0, 2.0, "On it", 0)]
    assert website.at("/file")[0]["RecordingDuration"] == "2"
    assert (
        room.recordings(stopped.sid)
        .fetch()
        .uri.endswith(f"/Conferences/{anna.conference_sid}/Recordings/{stopped.sid}.json")
    )
    room.recordings(stopped.sid).delete()
    assert not list(room.recordings.list())
    room.update(status="completed")
    emulator.run_until_idle()


def test_a_document_starts_and_stops_a_recording(
    emulator: Emulator, website: Website, client: Client
) -> None:
    website.pages["/voice"] = (
        "<Response><Say>Not yet</Say>"
        "<Start><Recording name='one' recordingStatusCallback='/one' trim='do-not-trim'/>"
        "<Recording name='other' channels='mono' track='outbound'/></Start>"
        "<Say>Both of them</Say><Stop><Recording name='one'/></Stop><Say>The other one</Say></Response>"
    )
    emulator.phone(ANNA).dial(OURS)
    emulator.run_until_idle()
    other, one = client.recordings.list()
    assert (one.source, one.channels, other.channels) == ("StartCallRecordingTwiML", 2, 1)
    assert [what for *_, what, _ in sounds_of(emulator, one.sid)] == ["Both of them"]
    assert [what for *_, what, _ in sounds_of(emulator, other.sid)] == ["Both of them", "The other one"]
    assert [each["RecordingSid"] for each in website.at("/one")] == [one.sid]


def test_a_stop_without_a_name_stops_all(emulator: Emulator, website: Website, client: Client) -> None:
    call, sid = connected(
        emulator,
        website,
        "<Response><Start><Recording/><Recording/></Start><Say>Hi</Say><Stop><Recording/></Stop>"
        "<Pause length='9'/></Response>",
    )
    client.calls(sid).recordings.create()
    assert [each.status for each in client.recordings.list()] == ["in-progress", "processing", "processing"]
    call.hangup()
    emulator.run_until_idle()


# How they are led


def refusal(request: Callable[[], object]) -> tuple[int, int | None]:
    with pytest.raises(ApiError) as refused:
        request()
    return refused.value.status, refused.value.code


def test_only_calls_in_progress_are_recorded(emulator: Emulator, website: Website, client: Client) -> None:
    call = client.calls.create(to=ANNA, from_=OURS, twiml="<Response><Pause/></Response>")
    assert refusal(client.calls(call.sid).recordings.create) == (400, 21220)
    emulator.run_until_idle()
    assert refusal(client.calls(call.sid).recordings.create) == (400, 21220)
    assert refusal(client.calls("CA" + "0" * 32).recordings.create) == (404, 20404)


@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ([("RecordingStatusCallback", "nowhere")], 13256),
        ([("RecordingChannels", "three")], 20001),
    ],
)
def test_what_can_not_be_asked_of_a_recording(
    emulator: Emulator, website: Website, pairs: list[tuple[str, str]], code: int
) -> None:
    call, sid = connected(emulator, website)
    assert ask(emulator, "POST", f"{API}/Calls/{sid}/Recordings.json", pairs).refusal == (400, code)
    call.hangup()


def test_the_current_one_has_to_be_clear(emulator: Emulator, website: Website, client: Client) -> None:
    _, sid = connected(emulator, website)
    recordings = client.calls(sid).recordings
    assert refusal(lambda: recordings("Twilio.CURRENT").update(status="stopped")) == (404, 20404)
    one, other = recordings.create(), recordings.create()
    emulator.advance(1)
    assert refusal(lambda: recordings("Twilio.CURRENT").update(status="stopped")) == (400, 16108)
    assert recordings(one.sid).update(status="stopped").status == "stopped"
    assert recordings("Twilio.CURRENT").update(status="paused").sid == other.sid
    emulator.advance(10)
    assert [(each.sid, each.status) for each in recordings.list()] == [
        (other.sid, "paused"),
        (one.sid, "completed"),
    ]
    client.calls(sid).update(status="completed")


def test_states_that_do_not_follow_each_other(emulator: Emulator, website: Website, client: Client) -> None:
    call, sid = connected(emulator, website)
    recording = client.calls(sid).recordings.create()
    one = client.calls(sid).recordings(recording.sid)
    assert refusal(lambda: one.update(status="in-progress")) == (400, 16114)
    assert refusal(lambda: one.update(status="completed")) == (400, 20001)
    emulator.advance(1)
    one.update(status="paused")
    assert refusal(lambda: one.update(status="paused")) == (400, 16114)
    one.update(status="stopped")
    assert refusal(lambda: one.update(status="in-progress")) == (400, 16114)
    assert refusal(lambda: one.update(status="stopped")) == (400, 16114)
    call.hangup()
    emulator.run_until_idle()
    assert refusal(lambda: one.update(status="stopped")) == (400, 16114)


def test_a_record_verb_is_led_by_its_caller_alone(
    emulator: Emulator, website: Website, client: Client
) -> None:
    call, sid = connected(emulator, website, "<Response><Record action='/done'/></Response>")
    website.pages["/done"] = "<Response/>"
    (recording,) = client.calls(sid).recordings.list()
    assert (recording.status, recording.duration, recording.price) == ("in-progress", None, None)
    assert refusal(lambda: client.calls(sid).recordings(recording.sid).update(status="stopped")) == (
        400,
        16114,
    )
    call.speak("Hello", seconds=2)
    emulator.run_until_idle()
    assert client.recordings(recording.sid).fetch().duration == 2


@pytest.mark.parametrize(
    ("seconds", "events", "told"),
    [
        (2, "", [("completed", "0")]),
        (2, "in-progress completed absent", [("in-progress", "0"), ("completed", "0")]),
        (0, "in-progress completed absent", [("in-progress", "0"), ("absent", "16101")]),
        (0, "completed", []),
    ],
)
def test_what_is_told_of_a_recording(
    emulator: Emulator,
    website: Website,
    client: Client,
    seconds: int,
    events: str,
    told: list[tuple[str, str]],
) -> None:
    call, sid = connected(emulator, website)
    recording = client.calls(sid).recordings.create(
        recording_status_callback=f"{HOME}/file",
        recording_status_callback_event=events.split() or None,
    )
    emulator.advance(seconds)
    call.hangup()
    emulator.run_until_idle()
    assert [(each["RecordingStatus"], each["ErrorCode"]) for each in website.at("/file")] == told
    assert {each["RecordingSource"] for each in website.at("/file")} <= {"StartCallRecordingAPI"}
    assert client.recordings(recording.sid).fetch().error_code == (None if seconds else 16101)


def test_silence_of_a_record_verb_leaves_nothing(
    emulator: Emulator, website: Website, client: Client
) -> None:
    website.pages["/voice"] = "<Response><Record/><Say>Nobody?</Say></Response>"
    emulator.phone(ANNA).dial(OURS).expect_say("Nobody?")
    emulator.run_until_idle()
    (recording,) = client.recordings.list()
    assert (recording.status, recording.error_code, recording.duration) == ("absent", 16102, None)
    assert ask(emulator, "GET", f"{API}/Recordings/{recording.sid}").status == 404


# What is kept of them


def test_what_is_deleted_can_be_seen_for_forty_days(
    emulator: Emulator, website: Website, client: Client
) -> None:
    voicemail(emulator, website)
    (recording,) = client.recordings.list()
    client.recordings(recording.sid).delete()
    with pytest.raises(NotFound):
        client.recordings(recording.sid).delete()
    with pytest.raises(NotFound):
        client.recordings(recording.sid).fetch()
    assert client.recordings(recording.sid).fetch(include_soft_deleted=True).status == "deleted"
    assert [each.sid for each in client.recordings.list(include_soft_deleted=True)] == [recording.sid]
    assert not list(client.recordings.list())
    emulator.advance(timedelta(days=41).total_seconds())
    assert not list(client.recordings.list(include_soft_deleted=True))


def test_one_that_goes_on_is_deleted(emulator: Emulator, website: Website, client: Client) -> None:
    call, sid = connected(emulator, website)
    recording = client.calls(sid).recordings.create(
        recording_status_callback=f"{HOME}/file", recording_status_callback_event=["completed", "absent"]
    )
    emulator.advance(3)
    client.calls(sid).recordings(recording.sid).delete()
    call.hangup()
    emulator.run_until_idle()
    assert client.recordings(recording.sid).fetch(include_soft_deleted=True).status == "deleted"
    assert not website.at("/file")


def test_they_are_found_by_day_and_call(emulator: Emulator, website: Website, client: Client) -> None:
    first = voicemail(emulator, website)
    emulator.advance(timedelta(days=2).total_seconds())
    second = voicemail(emulator, website)
    today = emulator.date.date()
    recordings = client.recordings
    assert [each.call_sid for each in recordings.list()] == [second.sid, first.sid]
    assert [each.call_sid for each in recordings.list(date_created=today)] == [second.sid]
    assert [each.call_sid for each in recordings.list(date_created_before=today - timedelta(days=1))] == [
        first.sid
    ]
    assert [each.call_sid for each in recordings.list(call_sid=first.sid)] == [first.sid]
    assert first.sid is not None
    assert not list(client.calls(first.sid).recordings.list(date_created=today))
    assert len(list(client.calls(first.sid).recordings.list(date_created_before=today))) == 1


def test_they_cost_something_once_they_are_there(
    emulator: Emulator, website: Website, client: Client
) -> None:
    voicemail(emulator, website, "playBeep='false' transcribe='true'")
    (recording,) = client.recordings.list()
    (transcription,) = client.transcriptions.list()
    assert (str(recording.price), recording.price_unit) == ("-0.0025", "USD")
    assert str(transcription.price) == "-0.05"
    used = {each.category: (str(each.count), str(each.usage)) for each in client.usage.records.today.list()}
    assert used["recordings"] == used["calls-recordings"] == used["transcriptions"] == ("1", "1")


# What is written down


def test_a_transcription_is_read_as_text(emulator: Emulator, website: Website, client: Client) -> None:
    voicemail(emulator, website, "transcribe='true' transcribeCallback='/text'")
    (transcription,) = client.transcriptions.list()
    assert (transcription.status, transcription.transcription_text) == ("completed", "Call me back")
    url = website.at("/text")[0]["TranscriptionUrl"].removeprefix("https://api.twilio.com")
    for place in (url, f"{API}/Transcriptions/{transcription.sid}"):
        text = ask(emulator, "GET", f"{place}.txt")
        assert (text.content, text.headers["Content-Type"]) == (b"Call me back", "text/plain;charset=utf-8")
    client.recordings(transcription.recording_sid or "").transcriptions(transcription.sid).delete()
    assert not list(client.transcriptions.list())
    assert ask(emulator, "GET", f"{url}.txt").status == 404


def test_a_message_that_is_too_long_is_not_transcribed(
    emulator: Emulator, website: Website, client: Client
) -> None:
    emulator.allow_problems(13615, 13617)
    website.pages["/voice"] = (
        "<Response><Record maxLength='300' transcribeCallback='/text' action='/done'/></Response>"
    )
    website.pages["/done"] = "<Response/>"
    emulator.phone(ANNA).dial(OURS).speak("A long story", seconds=200)
    emulator.run_until_idle()
    (transcription,) = client.transcriptions.list()
    assert (transcription.status, transcription.transcription_text, transcription.price) == (
        "failed",
        "(blank)",
        None,
    )
    (told,) = website.at("/text")
    assert (told["TranscriptionStatus"], told["TranscriptionText"]) == ("failed", "(blank)")
    assert [(each.code, each.level) for each in emulator.problems] == [(13615, "warning"), (13617, "warning")]


def test_a_message_is_deleted_before_it_is_transcribed(
    emulator: Emulator, website: Website, client: Client
) -> None:
    emulator.allow_problems(13618)
    website.pages["/voice"] = "<Response><Record transcribe='true' action='/done'/></Response>"
    website.pages["/done"] = "<Response/>"
    emulator.phone(ANNA).dial(OURS).speak("Never mind", seconds=2)
    emulator.advance(5)
    (recording,) = client.recordings.list()
    client.recordings(recording.sid).delete()
    emulator.run_until_idle()
    assert [each.status for each in client.transcriptions.list()] == ["failed"]
    assert [each.code for each in emulator.problems] == [13618]


# What add-ons make of them


def test_an_add_on_of_the_number_looks_at_a_recording(
    emulator: Emulator, website: Website, client: Client
) -> None:
    number = next(iter(client.incoming_phone_numbers.list()))
    client.incoming_phone_numbers(number.sid).assigned_add_ons.create(installed_add_on_sid="XE" + "7" * 32)
    voicemail(emulator, website)
    (recording,) = client.recordings.list()
    results = client.recordings(recording.sid).add_on_results
    (result,) = results.list()
    assert (result.status, result.add_on_sid) == ("completed", "XB" + "7" * 32)
    assert result.date_completed is not None
    (payload,) = results(result.sid).payloads.list()
    url = results(result.sid).payloads(payload.sid).data.fetch().redirect_to
    assert url is not None
    path = url.removeprefix("https://api.twilio.com")
    data = emulator.answer("GET", path, Headers(), b"")
    assert (data.status, data.headers["Content-Type"]) == (200, "application/json")
    assert json.loads(data.body)["results"] == {"text": "Call me back"}
    place = f"{API}/Recordings/{recording.sid}/AddOnResults/{result.sid}/Payloads/{payload.sid}/Data"
    answer = ask(emulator, "GET", f"{place}.json")
    assert (answer.status, answer.headers["Location"]) == (307, url)
    results(result.sid).delete()
    for gone in (place, f"{place.removesuffix('/Data')}.json", path):
        assert ask(emulator, "GET", gone).status == 404
    assert not list(results.list())


def test_an_add_on_of_nobody_looks_at_nothing(emulator: Emulator, website: Website, client: Client) -> None:
    emulator.number("+15017122662")
    (other,) = client.incoming_phone_numbers.list(phone_number="+15017122662")
    client.incoming_phone_numbers(other.sid).assigned_add_ons.create(installed_add_on_sid="XE" + "7" * 32)
    voicemail(emulator, website)
    (recording,) = client.recordings.list()
    assert not list(client.recordings(recording.sid).add_on_results.list())


def test_an_add_on_comes_too_late_for_what_is_deleted(
    emulator: Emulator, website: Website, client: Client
) -> None:
    number = next(iter(client.incoming_phone_numbers.list()))
    for digit in "78":
        client.incoming_phone_numbers(number.sid).assigned_add_ons.create(
            installed_add_on_sid="XE" + digit * 32
        )
    website.pages["/voice"] = "<Response><Record action='/done'/></Response>"
    website.pages["/done"] = "<Response/>"
    emulator.phone(ANNA).dial(OURS).speak("Never mind", seconds=2)
    emulator.advance(7)
    (recording,) = client.recordings.list()
    results = client.recordings(recording.sid).add_on_results
    one, other = results.list()
    assert {one.status, other.status} == {"in-progress"}
    results(one.sid).delete()
    client.recordings(recording.sid).delete()
    emulator.run_until_idle()
    assert [(each.sid, each.status) for each in results.list()] == [(other.sid, "failed")]
