"""Recordings, what was said in them, and what add-ons make of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator import ACCOUNT_SID
from tests.emulator.website import HOME
from tests.official.world import ANNA, OURS, covers

if TYPE_CHECKING:
    from tests.official.world import World


@covers(
    *("calls(sid).recordings.create", "calls(sid).recordings.list"),
    *(f"calls(sid).recordings(sid).{action}" for action in ("fetch", "update", "delete")),
    *("recordings.list", "recordings(sid).fetch", "recordings(sid).delete"),
)
def recordings(world: World) -> None:
    client = world.client
    sid = world.call()
    of_call = client.calls(sid).recordings
    made = of_call.create(recording_status_callback=f"{HOME}/recorded", recording_channels="dual")
    assert (made.sid[:2], made.status, made.duration, made.price) == ("RE", "in-progress", None, None)
    assert (made.source, made.track, made.call_sid) == ("StartCallRecordingAPI", "both", sid)
    world.wait(4)
    assert of_call("Twilio.CURRENT").update(status="paused", pause_behavior="skip").status == "paused"
    world.wait(10)
    assert of_call(made.sid).update(status="in-progress").status == "in-progress"
    world.wait(3)
    assert of_call(made.sid).update(status="stopped").sid == made.sid
    world.wait(5)
    recording = client.recordings(made.sid).fetch()
    assert (recording.status, recording.duration, recording.channels) == ("completed", "7", 2)
    assert recording.media_url.endswith(f"/Recordings/{made.sid}")
    audio = client.request("GET", f"{recording.media_url}.mp3")
    assert (audio.status_code, audio.headers["Content-Type"]) == (200, "audio/mpeg")
    (told,) = world.website.at("/recorded")
    assert (told["RecordingStatus"], told["RecordingDuration"]) == ("completed", "7")
    assert told["RecordingUrl"].endswith(f"/Recordings/{made.sid}")

    second = of_call.create()
    world.wait(2)
    client.calls(sid).update(status="completed")
    world.wait(5)
    assert {each.sid for each in of_call.list()} == {made.sid, second.sid}
    assert of_call(second.sid).fetch().status == "completed"
    assert [each.sid for each in client.recordings.list(call_sid=sid)] == [second.sid, made.sid]
    assert of_call(second.sid).delete()
    assert client.recordings(made.sid).delete()
    assert client.recordings.list() == []
    with world.refused(404, 20404):
        client.recordings(made.sid).fetch()
    assert len(client.recordings.list(include_soft_deleted=True)) == 2


TRANSCRIPTIONS = "recordings(sid).transcriptions"


@covers(
    *("transcriptions.list", "transcriptions(sid).fetch", "transcriptions(sid).delete"),
    *(f"{TRANSCRIPTIONS}.list", f"{TRANSCRIPTIONS}(sid).fetch", f"{TRANSCRIPTIONS}(sid).delete"),
)
def transcriptions(world: World) -> None:
    client = world.client
    world.website.pages["/voice"] = (
        "<Response><Record transcribe='true' transcribeCallback='/written' playBeep='false'/></Response>"
    )
    for words in ("Call me back", "It is urgent"):
        caller = world.emulator.phone(ANNA).dial(OURS)
        caller.speak(words, seconds=3)
        caller.hangup()
        world.wait(60)
    urgent, back = client.transcriptions.list()
    assert (back.transcription_text, back.status, back.type) == ("Call me back", "completed", "fast")
    assert client.transcriptions(urgent.sid).fetch().transcription_text == "It is urgent"
    of_first = client.recordings(back.recording_sid).transcriptions
    assert [each.sid for each in of_first.list()] == [back.sid]
    assert of_first(back.sid).fetch().duration == "3"
    assert of_first(back.sid).delete()
    assert client.transcriptions(urgent.sid).delete()
    assert client.transcriptions.list() == []
    told = [each["TranscriptionText"] for each in world.website.at("/written")]
    assert told == ["Call me back", "It is urgent"]


RESULTS = "recordings(sid).add_on_results"
PAYLOADS = f"{RESULTS}(sid).payloads"


@covers(
    *(f"{RESULTS}.list", f"{RESULTS}(sid).fetch", f"{RESULTS}(sid).delete"),
    *(f"{PAYLOADS}.list", f"{PAYLOADS}(sid).fetch", f"{PAYLOADS}(sid).delete"),
    f"{PAYLOADS}(sid).data.fetch",
)
def add_on_results(world: World) -> None:
    client = world.client
    number = client.incoming_phone_numbers.list()[0]
    client.incoming_phone_numbers(number.sid).assigned_add_ons.create(installed_add_on_sid="XE" + "7" * 32)
    world.website.pages["/voice"] = "<Response><Record playBeep='false'/></Response>"
    caller = world.emulator.phone(ANNA).dial(OURS)
    caller.speak("Call me back", seconds=3)
    caller.hangup()
    world.wait(60)
    (recording,) = client.recordings.list()
    results = client.recordings(recording.sid).add_on_results
    (result,) = results.list()
    assert (result.sid[:2], result.status, result.reference_sid) == ("XR", "completed", recording.sid)
    assert results(result.sid).fetch().account_sid == ACCOUNT_SID
    payloads = results(result.sid).payloads
    (payload,) = payloads.list()
    assert (payload.sid[:2], payload.content_type) == ("XH", "application/json")
    assert payloads(payload.sid).fetch().add_on_result_sid == result.sid
    assert payloads(payload.sid).data().fetch().redirect_to.startswith("http")
    assert payloads(payload.sid).delete()
    assert payloads.list() == []
    assert results(result.sid).delete()
    assert results.list() == []
