"""Recordings, their audio, and what is written down of them.

https://www.twilio.com/docs/voice/api/recording and https://www.twilio.com/docs/voice/api/recording-transcription
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ringback._generated.emulation.records import TranscriptionRecord
from ringback.emulator.audio import AudioFile, Mp3File, WavFile
from ringback.emulator.engine.recordings import ActiveRecording, RecordingOptions, WrongState
from ringback.emulator.engine.records import Recording
from ringback.emulator.rest import generic, views
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.files import File
from ringback.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ringback.emulator.engine.conferences import Conference
    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS", "FILES"]

_CURRENT: Final = "Twilio.CURRENT"
_LEADS: Final = ("paused", "in-progress", "stopped")
# What is deleted can be seen for so long by those who ask for it.
_KEPT: Final = timedelta(days=40)


# The account's


def _list(request: RestRequest) -> Body:
    return generic.listed_as(request, Recording, _view(request), lambda record: _shown(request, record))


def _fetch(request: RestRequest) -> Body:
    return _view(request)(_find(request))


def _view(request: RestRequest) -> Callable[[Recording], Body]:
    return lambda record: views.recording(record, request.network.home)


def _delete(request: RestRequest) -> None:
    record = _find(request)
    now = request.network.clock.date
    if record.status == "deleted":
        raise request.missing()
    for each in _active(request, record):
        if each.recording is record:
            each.finish()
    record.status = "deleted"
    record.date_updated = now
    record.audio = None


# A call's


def _create(request: RestRequest) -> Body:
    parameters, network = request.parameters, request.network
    call = network.store.calls.get(request.holes["CallSid"])
    if call is None or call.account_sid != request.account.sid:
        raise request.missing()
    if call.status != "in-progress":
        raise Refused(400, 21220, f"Call {call.sid} is {call.status}: it can't be recorded")
    options = RecordingOptions(
        source="StartCallRecordingAPI",
        channels=2 if parameters.text("RecordingChannels") == "dual" else 1,
        track=parameters.text("RecordingTrack", "both"),
        trimmed=parameters.text("Trim") == "trim-silence",
        callback=parameters.text("RecordingStatusCallback"),
        method=parameters.text("RecordingStatusCallbackMethod", "POST"),
        events=frozenset(parameters.texts("RecordingStatusCallbackEvent") or ["completed"]),
    )
    leg = network.legs[call.sid]
    recording = leg.prepare_recording(options)
    leg.record(recording)
    return views.call_recording(recording.recording)


def _list_of_call(request: RestRequest) -> Body:
    return generic.listed_as(request, Recording, views.call_recording, lambda record: _shown(request, record))


def _fetch_of_call(request: RestRequest) -> Body:
    return views.call_recording(_find(request))


def _update_of_call(request: RestRequest) -> Body:
    leg = request.network.legs.get(request.holes["CallSid"])
    return views.call_recording(_lead(request, leg.recordings if leg is not None else ()))


# A conference's


def _list_of_conference(request: RestRequest) -> Body:
    return generic.listed_as(
        request, Recording, views.conference_recording, lambda record: _shown(request, record)
    )


def _fetch_of_conference(request: RestRequest) -> Body:
    return views.conference_recording(_find(request))


def _update_of_conference(request: RestRequest) -> Body:
    conference = _conference(request, request.holes["ConferenceSid"])
    active = conference.recorded.recordings if conference is not None else ()
    return views.conference_recording(_lead(request, active))


def _conference(request: RestRequest, sid: str) -> Conference | None:
    """The conference of a SID, if it goes on."""
    record = request.network.store.conferences.get(sid)
    key = (request.account.sid, record.friendly_name if record is not None else "")
    conference = request.network.conferences.get(key)
    return conference if conference is not None and conference.record is record else None


# Any of them


def _find(request: RestRequest) -> Recording:
    record: Recording = generic.find(request, Recording)
    if not _shown(request, record):
        raise request.missing()
    return record


def _shown(request: RestRequest, record: Recording) -> bool:
    if record.status != "deleted":
        return True
    kept = request.network.clock.date < record.date_updated + _KEPT
    return kept and request.parameters.flag("IncludeSoftDeleted")


def _active(request: RestRequest, record: Recording) -> Iterable[ActiveRecording]:
    """Those of the same call or conference, as far as they live."""
    if record.conference_sid is not None:
        conference = _conference(request, record.conference_sid)
        return conference.recorded.recordings if conference is not None else ()
    leg = request.network.legs.get(record.call_sid or "")
    return leg.recordings if leg is not None else ()


def _lead(request: RestRequest, candidates: Iterable[ActiveRecording]) -> Recording:
    """Pause, resume or stop one of these; its record."""
    parameters = request.parameters
    status = parameters.text("Status")
    if status not in _LEADS:
        raise Refused(400, 20001, f"Status '{status}' is not valid: expected one of {', '.join(_LEADS)}")
    active = [each for each in candidates if each.led_by_api]
    if request.sid == _CURRENT:
        if not active:
            raise request.missing()
        if len(active) > 1:
            raise Refused(400, 16108, f"{_CURRENT} could be any of {len(active)} recordings that go on")
        recording = active[0]
    else:
        record = _find(request)
        found = next((each for each in active if each.recording is record), None)
        if found is None:
            raise Refused(400, 16114, f"Recording {record.sid} is {record.status}: it can't be {status} now")
        recording = found
    try:
        if status == "paused":
            recording.pause(silent=parameters.text("PauseBehavior") != "skip")
        elif status == "in-progress":
            recording.resume()
        else:
            recording.stop()
    except WrongState as error:
        raise Refused(400, 16114, str(error)) from None
    return recording.recording


# What add-ons made of them


def _data(request: RestRequest) -> Body:
    generic.check_parents(request)
    network = request.network
    data = network.store.add_on_data[request.holes["RecordingAddOnResultPayloadSid"]]
    return {"redirect_to": f"{network.home}{data.path}"}


# Files


def _wav(request: RestRequest) -> File:
    return _audio(request, WavFile)


def _mp3(request: RestRequest) -> File:
    return _audio(request, Mp3File)


def _audio(request: RestRequest, kind: type[AudioFile]) -> File:
    """The audio of a recording that is completed."""
    record = _find(request)
    if record.audio is None or record.status != "completed":
        raise request.missing()
    channels = _channels(request, record, record.audio.channels)
    try:
        file = kind(record.audio, channels=channels)
    except ConfigurationError as error:
        raise Refused(501, 20501, str(error)) from None
    return File(file.content_type, file.size, file.chunks)


def _channels(request: RestRequest, record: Recording, most: int) -> int:
    """How many channels the file shall have: as many as the recording was asked for with, if nobody says."""
    wanted = dict(request.query).get("RequestedChannels")
    if wanted is None:
        return min(record.channels or 1, most)
    if wanted not in {"1", "2"}:
        raise Refused(400, 20001, f"RequestedChannels '{wanted[:50]}' is not valid: expected 1 or 2")
    if int(wanted) > most:
        raise Refused(400, 16113, f"Recording {record.sid} has {most} channel: 2 can't be made of it")
    return int(wanted)


def _text(request: RestRequest) -> File:
    """What a transcription says."""
    record = generic.find(request, TranscriptionRecord)
    return File.of((record.transcription_text or "").encode(), "text/plain;charset=utf-8")


ACTS = {
    "recordings.list": _list,
    "recordings(sid).fetch": _fetch,
    "recordings(sid).delete": _delete,
    "calls(sid).recordings.create": _create,
    "calls(sid).recordings.list": _list_of_call,
    "calls(sid).recordings(sid).fetch": _fetch_of_call,
    "calls(sid).recordings(sid).update": _update_of_call,
    "calls(sid).recordings(sid).delete": _delete,
    "recordings(sid).add_on_results(sid).payloads(sid).data.fetch": _data,
    "conferences(sid).recordings.list": _list_of_conference,
    "conferences(sid).recordings(sid).fetch": _fetch_of_conference,
    "conferences(sid).recordings(sid).update": _update_of_conference,
    "conferences(sid).recordings(sid).delete": _delete,
}
FILES = {
    "recordings(sid).fetch": {"": _wav, ".wav": _wav, ".mp3": _mp3},
    "transcriptions(sid).fetch": {".txt": _text},
    "recordings(sid).transcriptions(sid).fetch": {".txt": _text},
}
