"""Gather: keys and words. https://www.twilio.com/docs/voice/twiml/gather"""

from __future__ import annotations

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
        signal: Signal | None = None
        for prompt in verb.children:
            if isinstance(prompt, (Say, Play, Pause)) and signal is None:
                place = f"Gather > {type(prompt).__name__}"
                signal = yield from perform(leg, document, prompt, place, wanted)
        if signal is None:
            signal = yield from listen(leg, timeout, wanted)
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
            signal = yield from listen(leg, timeout, lambda got: isinstance(got, Key))
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


def _speech(leg: Leg, document: Document, verb: Gather, speech: Speech) -> Steps[Result]:
    # Nothing listens from here on: what is spoken now waits for the next Gather or Record.
    leg.listen_for()
    words = speech.text.split()
    if verb.partial_result_callback and len(words) > 1:
        yield from listen(leg, speech.seconds / 2, nothing)
        heard = " ".join(words[: len(words) // 2])
        leg.world.tell(
            leg.session,
            leg.call.sid,
            url=document.link(verb.partial_result_callback),
            method=verb.partial_result_callback_method or "POST",
            event=GatherPartialResult(
                **request_facts(leg.call),
                unstable_speech_result=heard,
                stable_speech_result="",
                sequence_number=0,
            ),
            about=f'partial result "{heard}"',
        )
        yield from listen(leg, speech.seconds / 2, nothing)
    else:
        yield from listen(leg, speech.seconds, nothing)
    # `auto`, and no value at all, recognise the end of speech by themselves; a number waits that long.
    pause = verb.speech_timeout if isinstance(verb.speech_timeout, int) else 1
    yield from listen(leg, float(pause), nothing)
    return _action(
        document,
        verb,
        lambda facts: GatherResult(**facts, speech_result=speech.text, confidence=_CONFIDENCE),
    )


def _action(document: Document, verb: Gather, question: VoiceQuestion) -> Source:
    return document.source(verb.action, verb.method, question)


def _no_keys(facts: RequestFacts) -> GatherResult:
    return GatherResult(**facts, digits="", finished_on_key="")


def _no_speech(facts: RequestFacts) -> GatherResult:
    return GatherResult(**facts, speech_result="")
