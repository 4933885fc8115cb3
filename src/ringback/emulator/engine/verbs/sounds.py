"""How sounds are heard, and how something is waited for meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from attrs import frozen

from ringback.emulator.engine.kernel.process import wait
from ringback.emulator.engine.people import Heard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.kernel.signals import Signal
    from ringback.emulator.engine.legs import Leg

__all__ = ["Sound", "hear", "keys_length", "listen", "music", "nothing", "repetitions"]

_MOST_LOOPS: Final = 1000
# `w` and `W` in digits are pauses, everything else is a key.
_PAUSES: Final = {"w": 0.5, "W": 1.0}


@frozen
class Sound:
    """Something that takes time, and is heard unless it is silence.

    Attributes:
        what: The text, the URL or the tone's name.
        seconds: How long it takes.
    """

    kind: Literal["say", "play", "tone", "silence"]
    what: str
    seconds: float


def nothing(_: Signal) -> bool:
    """Wants no signal: what is performed can't be cut short by the person."""
    return False


def hear(
    leg: Leg, sounds: Iterable[Sound], place: str, wanted: Callable[[Signal], bool] = nothing
) -> Steps[Signal | None]:
    """Let the person hear sounds to their end, or to the first signal that is `wanted`, which is given back.

    Args:
        place: The TwiML that they come from, e.g. `Gather > Say`.
    """
    for sound in sounds:
        heard: Heard | None = None
        if sound.kind != "silence":
            heard = Heard(
                leg.world.clock.now, sound.kind, sound.what, place, leg.document, seconds=sound.seconds
            )
            leg.line.hear(heard)
        try:
            signal = yield from listen(leg, sound.seconds, wanted)
        finally:
            if heard is not None:
                heard.cut = leg.world.clock.now < round(heard.at + sound.seconds, 3)
                leg.line.end(heard)
        if signal is not None:
            return signal
    return None


def music(
    leg: Leg, what: str, place: str, wanted: Callable[[Signal], bool] = nothing
) -> Steps[Signal | None]:
    """Let the person hear Twilio's own music until a signal that is `wanted`."""
    heard = Heard(leg.world.clock.now, "music", what, place, leg.document)
    leg.line.hear(heard)
    try:
        return (yield from listen(leg, None, wanted))
    finally:
        leg.line.end(heard)


def listen(leg: Leg, seconds: float | None, wanted: Callable[[Signal], bool]) -> Steps[Signal | None]:
    """Let time pass; the first signal that is `wanted`, or None. Others are ignored."""
    clock = leg.world.clock
    deadline = None if seconds is None else clock.now + seconds
    while True:
        signal = yield from wait(None if deadline is None else round(deadline - clock.now, 3))
        if signal is None or wanted(signal):
            return signal


def keys_length(keys: str, a_key: float) -> float:
    """How long it takes to press keys, in seconds."""
    return round(sum(_PAUSES.get(key, a_key) for key in keys), 3)


def repetitions(loop: int | None) -> int:
    """How often something is said or played: once, unless told otherwise; 0 is without an end."""
    times = 1 if loop is None else loop
    return _MOST_LOOPS if times == 0 else min(times, _MOST_LOOPS)
