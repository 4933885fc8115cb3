"""A person who follows a script: listens, presses, speaks and hangs up when the time has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine.people import HangUp, Hear, Heard, Line, Pause, Press, Speak, Step
from ringback.emulator.engine.process import Steps, wait

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["AUDIBLE", "follow", "length_of", "matches"]

AUDIBLE = frozenset({"say", "play", "speech"})

# How often somebody looks whether the other end listens by now, in seconds.
_LOOK = 0.1
_PATIENCE = 60.0


def length_of(text: str, characters: float) -> float:
    """How long it takes to say something, in seconds, to the tenth; never less than half a second."""
    return max(0.5, round(len(text) / characters, 1))


def matches(heard: Heard, text: str, kinds: frozenset[str]) -> bool:
    """Whether this is what somebody listens for: text somewhere in it, upper and lower case alike."""
    return heard.kind in kinds and " ".join(text.split()).casefold() in heard.what.casefold()


def follow(line: Line, steps: Iterable[Step]) -> Steps[None]:
    """Do what the script says until it or the call is over."""
    network = line.leg.network
    cursor = 0
    for step in steps:
        if line.ended:
            return
        match step:
            case Pause(seconds):
                yield from wait(seconds)
            case HangUp():
                line.hang_up()
                return
            case Hear(text, timeout):
                found = yield from _until_heard(line, text, cursor, timeout)
                if found is None:
                    if not line.ended:
                        network.note(
                            line.leg.call.sid, line.phone.number, "gives up waiting for", f'"{text}"'
                        )
                        line.hang_up()
                    return
                cursor = found + 1
            case Press(keys):
                for key in keys:
                    if not (yield from _until_listened(line, "keys")):
                        return
                    line.press(key)
                    yield from wait(network.settings.key)
            case Speak(text, seconds):
                if not (yield from _until_listened(line, "speech")):
                    return
                length = length_of(text, network.settings.characters) if seconds is None else seconds
                line.speak(text, length)
                yield from wait(length)


def _until_heard(line: Line, text: str, cursor: int, timeout: float) -> Steps[int | None]:
    clock = line.leg.network.clock
    deadline = clock.now + timeout
    while True:
        for index, heard in enumerate(line.heard[cursor:], start=cursor):
            if matches(heard, text, AUDIBLE) and heard.over(clock.now):
                return index
        if line.ended or clock.now >= deadline:
            return None
        yield from wait(_LOOK)


def _until_listened(line: Line, what: str) -> Steps[bool]:
    deadline = line.leg.network.clock.now + _PATIENCE
    while not line.ended and line.leg.network.clock.now < deadline:
        if what in line.listening:
            return True
        yield from wait(_LOOK)
    return False
