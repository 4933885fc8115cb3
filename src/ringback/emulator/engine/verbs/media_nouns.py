"""What Start begins, and Stop ends, that passes on the sound of a call.

https://www.twilio.com/docs/voice/twiml/stream, https://www.twilio.com/docs/voice/twiml/siprec and
https://www.twilio.com/docs/voice/twiml/transcription
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from ringback.emulator.engine.media_sessions import (
    LiveTranscription,
    MediaOptions,
    MediaSession,
    TranscriptionOptions,
    fault,
)
from ringback.emulator.engine.media_sessions import Siprec as SiprecSession
from ringback.emulator.engine.media_sessions import Stream as StreamSession
from ringback.twiml import Config, Parameter, Siprec, StopSiprec, StopStream, Stream, Transcription

if TYPE_CHECKING:
    from ringback.emulator.engine.documents import Document
    from ringback.emulator.engine.verbs.execution import Execution

__all__ = ["PASSED_ON", "Noun", "begin", "end"]

Noun: TypeAlias = "Siprec | Stream | Transcription"
Stopped: TypeAlias = "StopSiprec | StopStream | Transcription"
PASSED_ON: Final = (Siprec, Stream, Transcription)

_KINDS: Final[dict[type[Stopped], type[MediaSession]]] = {
    StopSiprec: SiprecSession,
    StopStream: StreamSession,
    Transcription: LiveTranscription,
}


def begin(execution: Execution, noun: Noun) -> None:
    """Begin it, unless something is wrong with it."""
    leg, document = execution.leg, execution.document
    kind, options, make = _session(document, noun)
    wrong = fault(leg.media, kind, options)
    if wrong is not None:
        leg.world.problem(leg.session.account, leg.call.sid, wrong)
        return
    leg.attach(make(execution))


def end(execution: Execution, noun: Stopped) -> None:
    """End the one of a name, or all of its kind."""
    for session in execution.leg.media:
        if isinstance(session, _KINDS[type(noun)]) and noun.name in {None, session.record.name}:
            session.stop()


def _session(
    document: Document, noun: Noun
) -> tuple[type[MediaSession], MediaOptions, Callable[[Execution], MediaSession]]:
    match noun:
        case Stream():
            stream = MediaOptions(
                name=noun.name,
                track=noun.track or "inbound_track",
                url=document.link(noun.status_callback) if noun.status_callback else "",
                method=noun.status_callback_method or "POST",
                target=noun.url,
                parameters=_parameters(noun),
            )
            return StreamSession, stream, lambda on: StreamSession(on.leg.line, on.leg.session, stream)
        case Siprec():
            siprec = MediaOptions(
                name=noun.name,
                track=noun.track or "both_tracks",
                url=document.link(noun.status_callback) if noun.status_callback else "",
                method=noun.status_callback_method or "POST",
                target=noun.connector_name,
                parameters=_parameters(noun),
            )
            return SiprecSession, siprec, lambda on: SiprecSession(on.leg.line, on.leg.session, siprec)
        case Transcription():
            options = _transcription(document, noun)
            return (
                LiveTranscription,
                options,
                lambda on: LiveTranscription(on.leg.line, on.leg.session, options),
            )


def _transcription(document: Document, noun: Transcription) -> TranscriptionOptions:
    settings = {
        "profanityFilter": "false" if noun.profanity_filter is False else "true",
        "speechModel": noun.speech_model or "telephony",
        "hints": noun.hints or "",
        "enableAutomaticPunctuation": "false" if noun.enable_automatic_punctuation is False else "true",
    }
    given = {each.name: each.value for each in noun.children if isinstance(each, Config)}
    return TranscriptionOptions(
        name=noun.name,
        track=noun.track or "both_tracks",
        url=document.link(noun.status_callback_url) if noun.status_callback_url else "",
        method=noun.status_callback_method or "POST",
        parameters=_parameters(noun),
        language=noun.language_code or "en-US",
        engine=noun.transcription_engine or "google",
        partial=bool(noun.partial_results),
        inbound_label=noun.inbound_track_label,
        outbound_label=noun.outbound_track_label,
        settings={**settings, **given},
    )


def _parameters(noun: Noun) -> dict[str, str]:
    return {each.name: each.value for each in noun.children if isinstance(each, Parameter)}
