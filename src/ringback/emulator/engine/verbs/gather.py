"""Gather: keys and words. https://www.twilio.com/docs/voice/twiml/gather"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine.process import Key, Signal, Source, Speech, Steps
from ringback.emulator.engine.verbs.results import NEXT, Result
from ringback.emulator.engine.verbs.sound import SOUNDS, listen, nothing, perform

if TYPE_CHECKING:
    from ringback.emulator.engine.calls import Leg
    from ringback.emulator.engine.documents import Document, Element

__all__ = ["gather"]

_CONFIDENCE = "0.9"


def gather(leg: Leg, document: Document, verb: Element) -> Steps[Result]:
    """Prompt, collect, and ask the action; the next verb where nothing came."""
    modes = verb.words("input", "dtmf")
    keys, speech = "dtmf" in modes, "speech" in modes
    finish_key = verb.get("finishOnKey", "#")

    def wanted(signal: Signal) -> bool:
        return (keys and isinstance(signal, Key)) or (speech and isinstance(signal, Speech))

    leg.listening |= ({"keys"} if keys else set[str]()) | ({"speech"} if speech else set[str]())
    try:
        signal: Signal | None = None
        for prompt in verb.children:
            if prompt.name in SOUNDS and signal is None:
                signal = yield from perform(leg, document, prompt, f"Gather > {prompt.name}", wanted)
        timeout = float(verb.number("timeout", 5))
        if signal is None:
            signal = yield from listen(leg, timeout, wanted)
        if isinstance(signal, Speech):
            return (yield from _speech(leg, document, verb, signal))
        digits, finished_by = "", ""
        most = verb.number("numDigits", 0)
        # Once a key was pressed, only keys count: words said after it are ignored.
        while isinstance(signal, Key):
            if signal.key == finish_key:
                finished_by = signal.key
                break
            digits += signal.key
            if len(digits) == most:
                break
            signal = yield from listen(leg, timeout, lambda got: isinstance(got, Key))
    finally:
        leg.listening.clear()
    if digits or finished_by:
        return _action(document, verb, ("Digits", digits), ("FinishedOnKey", finished_by))
    leg.network.note(leg.call.sid, leg.line.phone.number, "gives no input", source="Gather")
    if verb.flag("actionOnEmptyResult"):
        empty = [("Digits", ""), ("FinishedOnKey", "")] if keys else [("SpeechResult", "")]
        return _action(document, verb, *empty)
    return NEXT


def _speech(leg: Leg, document: Document, verb: Element, speech: Speech) -> Steps[Result]:
    partial = verb.get("partialResultCallback")
    words = speech.text.split()
    if partial and len(words) > 1:
        yield from listen(leg, speech.seconds / 2, nothing)
        heard = " ".join(words[: len(words) // 2])
        leg.network.tell(
            leg.session,
            leg.call.sid,
            url=document.resolve(partial),
            method=verb.get("partialResultCallbackMethod", "POST"),
            pairs=[
                *leg.parameters(),
                ("UnstableSpeechResult", heard),
                ("StableSpeechResult", ""),
                ("SequenceNumber", "0"),
            ],
            about=f'partial result "{heard}"',
        )
        yield from listen(leg, speech.seconds / 2, nothing)
    else:
        yield from listen(leg, speech.seconds, nothing)
    # `auto`, and no value at all, recognise the end of speech by themselves; a number waits that long.
    pause = verb.number("speechTimeout", 1)
    yield from listen(leg, float(pause), nothing)
    return _action(document, verb, ("SpeechResult", speech.text), ("Confidence", _CONFIDENCE))


def _action(document: Document, verb: Element, *extra: tuple[str, str]) -> Source:
    return Source(
        document.resolve(verb.get("action")),
        verb.get("method", "POST"),
        extra=extra,
        why="gather_action",
    )
