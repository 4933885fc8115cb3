"""Gather: keys and words. https://www.twilio.com/docs/voice/twiml/gather"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.call_signals import Key, Speech
from ringback.emulator.engine.events import request_facts
from ringback.emulator.engine.kernel.process import Steps
from ringback.emulator.engine.kernel.signals import Signal
from ringback.emulator.engine.verbs.prompts import perform
from ringback.emulator.engine.verbs.results import NEXT, Result
from ringback.emulator.engine.verbs.sounds import listen, nothing
from ringback.twiml import Gather, Pause, Play, Say
from ringback.webhooks import GatherPartialResult, GatherResult

if TYPE_CHECKING:
    from ringback.emulator.engine.documents import Document, Source
    from ringback.emulator.engine.events import RequestFacts, VoiceQuestion
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.verbs.execution import Execution

__all__ = ["gather"]

_TIMEOUT: Final = 5
_CONFIDENCE: Final = 0.9
# Seconds of silence that end a speech where that is left to the recogniser.
_A_PAUSE: Final = 1.0


def gather(execution: Execution, verb: Gather) -> Steps[Result]:
    """Prompt, collect, and ask the action; the next verb where nothing came."""
    leg, document = execution.leg, execution.document
    modes = verb.input or ("dtmf",)
    keys, speech = "dtmf" in modes, "speech" in modes
    finish_key = "#" if verb.finish_on_key is None else verb.finish_on_key
    timeout = float(verb.timeout or _TIMEOUT)

    def wanted(signal: Signal) -> bool:
        return (keys and isinstance(signal, Key)) or (speech and isinstance(signal, Speech))

    leg.listen_for(*(("keys",) if keys else ()), *(("speech",) if speech else ()))
    try:
        early = deque[Signal]()

        def kept(signal: Signal) -> bool:
            """Without barge-in the prompts go on, and what comes meanwhile counts afterwards."""
            early.extend([signal] if wanted(signal) else ())
            return False

        signal: Signal | None = None
        for prompt in verb.children:
            if isinstance(prompt, (Say, Play, Pause)) and signal is None:
                place = f"Gather > {type(prompt).__name__}"
                stops = kept if verb.barge_in is False else wanted
                signal = yield from perform(leg, document, prompt, place, stops)
        if signal is None:
            signal = early.popleft() if early else (yield from listen(leg, timeout, wanted))
        if isinstance(signal, Speech):
            return (yield from _speech(leg, document, verb, signal))
        digits, finished_by = "", ""
        # Once a key was pressed, only keys count: words said after it are ignored.
        while isinstance(signal, Key):
            if signal.key == finish_key:
                finished_by = signal.key
                break
            digits += signal.key
            if len(digits) == verb.num_digits:
                break
            early = deque(filter(_is_key, early))
            signal = early.popleft() if early else (yield from listen(leg, timeout, _is_key))
    finally:
        leg.listen_for()
    if digits or finished_by:
        return _action(
            document,
            verb,
            lambda facts: GatherResult(**facts, digits=digits, finished_on_key=finished_by),
        )
    leg.world.note(leg.call.sid, leg.line.phone.number, "gives no input", source="Gather")
    if verb.action_on_empty_result:
        return _action(document, verb, _no_keys if keys else _no_speech)
    return NEXT


def _is_key(signal: Signal) -> bool:
    return isinstance(signal, Key)


def _speech(leg: Leg, document: Document, verb: Gather, speech: Speech) -> Steps[Result]:
    # Nothing listens from here on: what is spoken now waits for the next Gather or Record.
    leg.listen_for()
    longest = speech.seconds if verb.max_speech_time is None else float(verb.max_speech_time)
    seconds = min(speech.seconds, longest)
    heard = _words(speech, seconds)
    yield from _partials(leg, document, verb, speech, seconds)
    if verb.speech_timeout == "auto":
        pause = _A_PAUSE
    else:
        pause = float(verb.speech_timeout or verb.timeout or _TIMEOUT)
    if seconds == speech.seconds:
        yield from listen(leg, pause, nothing)
    return _action(
        document,
        verb,
        lambda facts: GatherResult(**facts, speech_result=heard, confidence=_CONFIDENCE),
    )


def _partials(leg: Leg, document: Document, verb: Gather, speech: Speech, seconds: float) -> Steps[None]:
    """Let the speech pass, and tell every second what was understood by then."""
    begun, number, stable = leg.world.clock.now, 0, ""
    step = min(1.0, seconds / 2)
    while (passed := round(step * (number + 1), 3)) < seconds and verb.partial_result_callback:
        yield from listen(leg, round(begun + passed - leg.world.clock.now, 3), nothing)
        heard = _words(speech, passed)
        if heard and heard != stable:
            leg.world.tell(
                leg.session,
                leg.call.sid,
                url=document.link(verb.partial_result_callback),
                method=verb.partial_result_callback_method or "POST",
                event=GatherPartialResult(
                    **request_facts(leg.call),
                    unstable_speech_result=heard.removeprefix(stable).strip(),
                    stable_speech_result=stable,
                    sequence_number=number,
                ),
                about=f'partial result "{heard}"',
            )
            stable = heard
        number += 1
    yield from listen(leg, round(begun + seconds - leg.world.clock.now, 3), nothing)


def _words(speech: Speech, seconds: float) -> str:
    """What was said by some second."""
    words = speech.text.split()
    return " ".join(words[: math.floor(len(words) * min(1.0, seconds / speech.seconds) + 0.001)])


def _action(document: Document, verb: Gather, question: VoiceQuestion) -> Source:
    return document.source(verb.action, verb.method, question)


def _no_keys(facts: RequestFacts) -> GatherResult:
    return GatherResult(**facts, digits="", finished_on_key="")


def _no_speech(facts: RequestFacts) -> GatherResult:
    return GatherResult(**facts, speech_result="")
