"""Record: a message after the beep. https://www.twilio.com/docs/voice/twiml/record"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ringback.emulator.engine.call_signals import HungUp, Key, Moved, Speech
from ringback.emulator.engine.kernel.process import Steps, wait
from ringback.emulator.engine.kernel.signals import Signal
from ringback.emulator.engine.people import Heard
from ringback.emulator.engine.recordings import RecordingOptions
from ringback.emulator.engine.verbs.fetching import last_words
from ringback.emulator.engine.verbs.results import NEXT, Result
from ringback.emulator.engine.verbs.sounds import listen, nothing
from ringback.webhooks import RecordResult

if TYPE_CHECKING:
    from ringback.emulator.engine.documents import Document, Source
    from ringback.emulator.engine.events import RequestFacts
    from ringback.emulator.engine.recordings import ActiveRecording
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.twiml import Record

__all__ = ["record"]

_ANY_KEY = "1234567890*#"
_SILENCE = 5.0
_LONGEST = 3600
_LONGEST_TRANSCRIBED = 120


def record(execution: Execution, verb: Record) -> Steps[Result]:
    """Record until silence, a key, the longest time or the end of the call, and ask the action.

    Silence alone is no recording: the next verb follows.
    """
    leg, document = execution.leg, execution.document
    options = RecordingOptions.of(document, verb)
    recording = leg.record(options)
    if verb.play_beep is not False:
        now = leg.world.clock.now
        leg.line.hear(Heard(now, "tone", "beep", "Record", leg.document, now + leg.world.settings.beep))
        yield from listen(leg, leg.world.settings.beep, nothing)
    clock = leg.world.clock
    finish_keys = _ANY_KEY if verb.finish_on_key is None else verb.finish_on_key
    longest = verb.max_length or _LONGEST
    if options.transcribe:
        longest = min(longest, _LONGEST_TRANSCRIBED)
    # 0 means that silence ends nothing.
    silence = _SILENCE if verb.timeout is None else float(verb.timeout)
    start = clock.now
    recording.start()
    sounds: list[tuple[float, float, str]] = []
    ended_by = ""
    leg.listen_for("speech", *(("keys",) if finish_keys else ()))
    try:
        while True:
            quiet_since = max([start, *(end for _, end, _ in sounds)])
            deadline = start + longest
            if silence > 0:
                deadline = min(deadline, quiet_since + silence)
            signal: Signal | None = yield from wait(round(deadline - clock.now, 3))
            if signal is None:
                break
            if isinstance(signal, Speech):
                begin = max(clock.now, quiet_since) if sounds else clock.now
                sounds.append((begin, begin + signal.seconds, signal.text))
            elif isinstance(signal, Key) and signal.key in finish_keys:
                ended_by = signal.key
                break
    except (HungUp, Moved) as error:
        if sounds:
            recording.finish(_length(verb, start, clock.now, sounds), _texts(sounds, clock.now))
        else:
            recording.nothing()
        if sounds and isinstance(error, HungUp):
            # The call is over; the action is told all the same, and its answer is of no use any more.
            yield from last_words(leg, _action(document, verb, recording, "hangup"))
        raise
    finally:
        leg.listen_for()
        leg.line.cut_off()
    if not sounds:
        recording.nothing()
        leg.world.note(leg.call.sid, leg.line.phone.number, "leaves no message", source="Record")
        return NEXT
    recording.finish(_length(verb, start, clock.now, sounds), _texts(sounds, clock.now))
    return _action(document, verb, recording, ended_by)


def _length(verb: Record, start: float, now: float, sounds: list[tuple[float, float, str]]) -> int:
    """Whole seconds; trimmed of the silence at both ends unless told otherwise."""
    whole = verb.trim == "do-not-trim"
    length = now - start if whole else min(now, sounds[-1][1]) - sounds[0][0]
    return max(1, math.floor(length + 0.5))


def _texts(sounds: list[tuple[float, float, str]], now: float) -> list[str]:
    """What was said by now: of what was cut off as many words as there was time for."""
    said: list[str] = []
    for begin, end, text in sounds:
        if end <= now:
            said.append(text)
        elif begin < now:
            words = text.split()
            said.append(" ".join(words[: math.ceil((now - begin) / (end - begin) * len(words))]))
    return said


def _action(document: Document, verb: Record, recording: ActiveRecording, ended_by: str) -> Source:
    record = recording.recording

    def question(facts: RequestFacts) -> RecordResult:
        return RecordResult(
            **facts,
            recording_url=record.url,
            recording_sid=record.sid,
            duration=record.duration,
            digits=ended_by or None,
        )

    return document.source(verb.action, verb.method, question)
