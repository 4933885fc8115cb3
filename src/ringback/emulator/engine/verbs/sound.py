"""Say, Play and Pause: things that take time and are heard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from attrs import frozen

from ringback.emulator.engine.documents import said
from ringback.emulator.engine.people import Heard
from ringback.emulator.engine.process import Signal, Steps, wait
from ringback.emulator.engine.scripts import length_of
from ringback.twiml import Pause, Play, Say

if TYPE_CHECKING:
    from ringback.emulator.engine.documents import Document
    from ringback.emulator.engine.legs import Leg

__all__ = ["Audible", "keys_length", "listen", "nothing", "perform"]

Audible: TypeAlias = "Say | Play | Pause"

_MOST_LOOPS: Final = 1000
# `w` and `W` in digits are pauses, everything else is a key.
_PAUSES: Final = {"w": 0.5, "W": 1.0}


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
    verb: Audible,
    place: str,
    wanted: Callable[[Signal], bool] = nothing,
) -> Steps[Signal | None]:
    """Let the person hear a verb to its end, or to the first signal that is `wanted`, which is given back."""
    for sound in _sounds(leg, document, verb):
        heard: Heard | None = None
        if sound.kind != "silence":
            heard = Heard(
                leg.network.clock.now, sound.kind, sound.what, place, leg.document, seconds=sound.seconds
            )
            leg.line.hear(heard)
        try:
            signal = yield from listen(leg, sound.seconds, wanted)
        finally:
            if heard is not None and heard.until is None:
                heard.until = leg.network.clock.now
                heard.cut = heard.until < round(heard.at + sound.seconds, 3)
                leg.line.changed()
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


def keys_length(keys: str, a_key: float) -> float:
    """How long it takes to press keys, in seconds."""
    return round(sum(_PAUSES.get(key, a_key) for key in keys), 3)


def _sounds(leg: Leg, document: Document, verb: Audible) -> Iterator[_Sound]:
    settings = leg.network.settings
    if isinstance(verb, Pause):
        yield _Sound("silence", "", float(1 if verb.length is None else verb.length))
        return
    times = 1 if verb.loop is None else verb.loop
    for _ in range(_MOST_LOOPS if times == 0 else min(times, _MOST_LOOPS)):
        if isinstance(verb, Say):
            text = said(verb)
            yield _Sound("say", text, length_of(text, settings.characters))
        elif verb.digits:
            yield _Sound("tone", f"keys {verb.digits}", keys_length(verb.digits, settings.key))
        else:
            yield _Sound("play", document.link(said(verb)), settings.play)
