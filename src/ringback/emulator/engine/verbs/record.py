"""Record: a message after the beep. https://www.twilio.com/docs/voice/twiml/record"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine.call_signals import HungUp, Key, Speech
from ringback.emulator.engine.kernel.process import Steps, wait
from ringback.emulator.engine.kernel.signals import Signal
from ringback.emulator.engine.people import Heard
from ringback.emulator.engine.recordings import RecordingOptions
from ringback.emulator.engine.transcriptions import LONGEST as LONGEST_TRANSCRIBED
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.verbs.fetching import last_words
from ringback.emulator.engine.verbs.results import NEXT, Result
from ringback.emulator.engine.verbs.sounds import listen, nothing
from ringback.webhooks import RecordResult

if TYPE_CHECKING:
    from ringback.emulator.engine.documents import Document, Source
    from ringback.emulator.engine.events import RequestFacts
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.recordings import ActiveRecording
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.twiml import Record

__all__ = ["record"]

_ANY_KEY = "1234567890*#"
_SILENCE = 5.0
_LONGEST = 3600
_NOT_TRANSCRIBED = 13615


def record(execution: Execution, verb: Record) -> Steps[Result]:
    """Record until silence, a key, the longest time or the end of the call, and ask the action.

    Silence alone is no recording: the next verb follows.
    """
    leg, document = execution.leg, execution.document
    options = RecordingOptions.of(document, verb)
    recording = leg.prepare_recording(options)
    if verb.play_beep is not False:
        now = leg.world.clock.now
        leg.line.hear(Heard(now, "tone", "beep", "Record", leg.document, now + leg.world.settings.beep))
        yield from listen(leg, leg.world.settings.beep, nothing)
    clock = leg.world.clock
    finish_keys = _ANY_KEY if verb.finish_on_key is None else verb.finish_on_key
    longest = _longest(leg, verb, options)
    # 0 means that silence ends nothing.
    silence = _SILENCE if verb.timeout is None else float(verb.timeout)
    start = quiet_since = clock.now
    leg.record(recording)
    ended_by = ""
    leg.listen_for("speech", *(("keys",) if finish_keys else ()))
    try:
        while True:
            deadline = start + longest
            if silence > 0:
                deadline = min(deadline, quiet_since + silence)
            signal: Signal | None = yield from wait(round(deadline - clock.now, 3))
            if signal is None:
                break
            if isinstance(signal, Speech):
                quiet_since = max(clock.now, quiet_since) + signal.seconds
            elif isinstance(signal, Key) and signal.key in finish_keys:
                ended_by = signal.key
                break
    except HungUp:
        if recording.finish():
            # The call is over; the action is told all the same, and its answer is of no use any more.
            yield from last_words(leg, _action(document, verb, recording, "hangup"))
        raise
    finally:
        leg.listen_for()
        leg.line.cut_off()
        kept = recording.finish()
    if not kept:
        leg.world.note(leg.call.sid, leg.line.phone.number, "leaves no message", source="Record")
        return NEXT
    return _action(document, verb, recording, ended_by)


def _longest(leg: Leg, verb: Record, options: RecordingOptions) -> int:
    """How long it may become, in seconds."""
    if not options.transcribe:
        return verb.max_length or _LONGEST
    if verb.max_length is not None and verb.max_length > LONGEST_TRANSCRIBED:
        message = f"maxLength {verb.max_length}: at most {LONGEST_TRANSCRIBED} s are transcribed"
        trouble = Trouble(_NOT_TRANSCRIBED, message, leg.document)
        leg.world.problem(leg.session.account, leg.call.sid, trouble)
    return verb.max_length or LONGEST_TRANSCRIBED


def _action(document: Document, verb: Record, recording: ActiveRecording, ended_by: str) -> Source:
    record, url = recording.recording, recording.url

    def question(facts: RequestFacts) -> RecordResult:
        return RecordResult(
            **facts,
            recording_url=url,
            recording_sid=record.sid,
            duration=record.duration or 0,
            digits=ended_by or None,
        )

    return document.source(verb.action, verb.method, question)
