"""Say, Play and Pause: things that take time and are heard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

from attrs import frozen

from ringback.emulator.engine.people import Heard
from ringback.emulator.engine.process import Signal, Steps, wait
from ringback.emulator.engine.scripts import length_of

if TYPE_CHECKING:
    from ringback.emulator.engine.calls import Leg
    from ringback.emulator.engine.documents import Document, Element

__all__ = ["SOUNDS", "listen", "nothing", "perform"]

SOUNDS = frozenset({"Say", "Play", "Pause"})
_MOST_LOOPS = 1000


@frozen
class _Sound:
    kind: Literal["say", "play", "tone", "silence"]
    what: str
    seconds: float


def nothing(_: Signal) -> bool:
    """Wants no signal: what is performed can't be cut short by the person."""
    return False


def perform(
    leg: Leg,
    document: Document,
    verb: Element,
    place: str,
    wanted: Callable[[Signal], bool] = nothing,
) -> Steps[Signal | None]:
    """Let the person hear a verb to its end, or to the first signal that is `wanted`, which is given back."""
    for sound in _sounds(leg, document, verb):
        heard: Heard | None = None
        if sound.kind != "silence":
            heard = Heard(leg.network.clock.now, sound.kind, sound.what, place, leg.document)
            leg.line.hear(heard)
        try:
            signal = yield from listen(leg, sound.seconds, wanted)
        finally:
            if heard is not None and heard.until is None:
                heard.until = leg.network.clock.now
                heard.cut = heard.until < round(heard.at + sound.seconds, 3)
        if signal is not None:
            return signal
    return None


def listen(leg: Leg, seconds: float | None, wanted: Callable[[Signal], bool]) -> Steps[Signal | None]:
    """Let time pass; the first signal that is `wanted`, or None. Others are ignored."""
    clock = leg.network.clock
    deadline = None if seconds is None else clock.now + seconds
    while True:
        signal = yield from wait(None if deadline is None else round(deadline - clock.now, 3))
        if signal is None or wanted(signal):
            return signal


def _sounds(leg: Leg, document: Document, verb: Element) -> Iterator[_Sound]:
    settings = leg.network.settings
    if verb.name == "Pause":
        yield _Sound("silence", "", float(max(verb.number("length", 1), 0)))
        return
    times = verb.number("loop", 1)
    for _ in range(_MOST_LOOPS if times == 0 else min(times, _MOST_LOOPS)):
        if verb.name == "Say":
            text = verb.line
            if text:
                yield _Sound("say", text, length_of(text, settings.characters))
        elif verb.get("digits"):
            keys = verb.get("digits")
            # `w` and `W` are pauses, everything else is a key.
            length = sum({"w": 0.5, "W": 1.0}.get(key, settings.key) for key in keys)
            yield _Sound("tone", f"keys {keys}", round(length, 1))
        elif verb.line:
            yield _Sound("play", document.resolve(verb.text), settings.play)
