"""Streams, SIPREC sessions and live transcriptions of calls.

https://www.twilio.com/docs/voice/api/stream-resource, https://www.twilio.com/docs/voice/api/siprec and
https://www.twilio.com/docs/voice/api/realtime-transcription-resource
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from ringback.emulator.engine.media_sessions import (
    LiveTranscription,
    MediaOptions,
    MediaSession,
    Siprec,
    Stream,
    TranscriptionOptions,
    fault,
    find,
)
from ringback.emulator.rest.calls import in_progress
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.writing import written

if TYPE_CHECKING:
    from collections.abc import Callable

    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.media_sessions import Tracks
    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS"]

# Parameter -> what the engine's provider calls it, and its default.
_SETTINGS: Final = {
    "ProfanityFilter": ("profanityFilter", "true"),
    "SpeechModel": ("speechModel", "telephony"),
    "Hints": ("hints", ""),
    "EnableAutomaticPunctuation": ("enableAutomaticPunctuation", "true"),
}


def _stream(request: RestRequest) -> Body:
    parameters = request.parameters
    options = MediaOptions(
        name=parameters.text("Name") or None,
        track=cast("Tracks", parameters.text("Track", "inbound_track")),
        url=parameters.text("StatusCallback"),
        method=parameters.text("StatusCallbackMethod", "POST"),
        target=parameters.text("Url"),
        parameters=parameters.pairs("Parameter"),
    )
    return _begin(request, Stream, options, lambda leg: Stream(leg.line, leg.session, options))


def _siprec(request: RestRequest) -> Body:
    parameters = request.parameters
    options = MediaOptions(
        name=parameters.text("Name") or None,
        track=cast("Tracks", parameters.text("Track", "both_tracks")),
        url=parameters.text("StatusCallback"),
        method=parameters.text("StatusCallbackMethod", "POST"),
        target=parameters.text("ConnectorName"),
        parameters=parameters.pairs("Parameter"),
    )
    return _begin(request, Siprec, options, lambda leg: Siprec(leg.line, leg.session, options))


def _transcription(request: RestRequest) -> Body:
    parameters, given = request.parameters, dict(request.query)
    settings = {name: given.get(wire) or usual for wire, (name, usual) in _SETTINGS.items()}
    options = TranscriptionOptions(
        name=parameters.text("Name") or None,
        track=cast("Tracks", parameters.text("Track", "both_tracks")),
        url=parameters.text("StatusCallbackUrl"),
        method=parameters.text("StatusCallbackMethod", "POST"),
        language=parameters.text("LanguageCode") or "en-US",
        engine=parameters.text("TranscriptionEngine", "google"),
        partial=parameters.flag("PartialResults"),
        inbound_label=parameters.text("InboundTrackLabel") or None,
        outbound_label=parameters.text("OutboundTrackLabel") or None,
        settings=settings,
    )
    return _begin(
        request,
        LiveTranscription,
        options,
        lambda leg: LiveTranscription(leg.line, leg.session, options),
    )


def _begin(
    request: RestRequest,
    kind: type[MediaSession],
    options: MediaOptions,
    make: Callable[[Leg], MediaSession],
) -> Body:
    leg = in_progress(request)
    wrong = fault(leg.media, kind, options)
    if wrong is not None:
        raise Refused(400, wrong.code, wrong.message)
    session = make(leg)
    leg.attach(session)
    return written(request.operation.answer or "", session.record)


def _stop(kind: type[MediaSession]) -> Callable[[RestRequest], Body]:
    def stop(request: RestRequest) -> Body:
        leg = in_progress(request)
        session = find(leg.media, kind, request.sid)
        if session is None:
            raise request.missing()
        session.stop()
        return written(request.operation.answer or "", session.record)

    return stop


ACTS = {
    "calls(sid).streams.create": _stream,
    "calls(sid).streams(sid).update": _stop(Stream),
    "calls(sid).siprec.create": _siprec,
    "calls(sid).siprec(sid).update": _stop(Siprec),
    "calls(sid).transcriptions.create": _transcription,
    "calls(sid).transcriptions(sid).update": _stop(LiveTranscription),
}
