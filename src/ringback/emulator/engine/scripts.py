"""A person who follows a script: listens, presses, speaks and hangs up when the time has come."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.kernel.process import Steps, wait
from ringback.emulator.engine.people import (
    Beep,
    Greet,
    HangUp,
    Hear,
    Heard,
    Line,
    Pause,
    Press,
    Speak,
    Step,
)
from ringback.emulator.engine.phrases import has_phrase
from ringback.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["AUDIBLE", "SPOKEN", "follow", "length_of", "matches"]

SPOKEN: Final = frozenset({"say", "speech"})
AUDIBLE: Final = SPOKEN | {"play"}
# Seconds for which somebody waits for the other end to listen.
_PATIENCE: Final = 60.0


def length_of(text: str, characters: float) -> float:
    """How long it takes to say something, in seconds, to the tenth; never less than half a second."""
    return max(0.5, round(len(text) / characters, 1))


def matches(heard: Heard, text: str, kinds: frozenset[str]) -> bool:
    """Whether this is what somebody listens for: a phrase of what was said, any part of a URL or of a tone's
    name; upper and lower case are alike.
    """
    if heard.kind not in kinds:
        return False
    if heard.kind in SPOKEN:
        return has_phrase(heard.what, text)
    return " ".join(text.split()).casefold() in heard.what.casefold()


def follow(line: Line, steps: Iterable[Step]) -> None:
    """Let the person do what the script says, until it or the call is over. Who doesn't know what to do, as
    the script raises something, hangs up.
    """
    line.watch(line.leg.world.run(_follow(line, steps), lambda _: line.hang_up()))


def _follow(line: Line, steps: Iterable[Step]) -> Steps[None]:
    world = line.leg.world
    cursor = 0
    for step in steps:
        if line.ended:
            return
        match step:
            case Pause(seconds):
                yield from _until(line, lambda: False, seconds)
            case HangUp():
                line.hang_up()
                return
            case Hear(text, timeout):
                found = yield from _heard(line, text, cursor, timeout)
                if found is None:
                    if not line.ended:
                        world.note(line.leg.call.sid, line.phone.number, "gives up waiting for", f'"{text}"')
                        line.hang_up()
                    return
                cursor = found + 1
            case Press(keys):
                for key in keys:
                    if not (yield from _listened_to(line, "keys")):
                        return
                    line.press(key)
                    yield from _until(line, lambda: False, world.settings.key)
            case Speak(text, seconds):
                if not (yield from _listened_to(line, "speech")):
                    return
                yield from _say(line, text, seconds)
            case Greet(text, seconds):
                yield from _say(line, text, seconds)
            case Beep():
                line.beep()
                yield from _until(line, lambda: False, world.settings.beep)
            case _:
                raise EmulatorError(
                    f"script: expected Hear, Press, Speak, Greet, Beep, Pause or HangUp, got {step!r:.80}"
                )


def _say(line: Line, text: str, seconds: float | None) -> Steps[None]:
    length = length_of(text, line.leg.world.settings.characters) if seconds is None else seconds
    line.speak(text, length)
    yield from _until(line, lambda: not line.speaking, length)


def _listened_to(line: Line, what: str) -> Steps[bool]:
    if (yield from _until(line, lambda: what in line.listening, _PATIENCE)):
        return True
    if not line.ended:
        line.leg.world.note(line.leg.call.sid, line.phone.number, "gives up:", f"nobody listens for {what}")
    return False


def _heard(line: Line, text: str, cursor: int, timeout: float) -> Steps[int | None]:
    clock = line.leg.world.clock

    def first() -> int | None:
        for index, heard in enumerate(line.heard[cursor:], start=cursor):
            if matches(heard, text, AUDIBLE) and heard.over(clock.now):
                return index
        return None

    yield from _until(line, lambda: first() is not None, timeout)
    return first()


def _until(line: Line, done: Callable[[], bool], seconds: float) -> Steps[bool]:
    """Wait for at most so many seconds; a line tells whenever something about it changes."""
    clock = line.leg.world.clock
    deadline = round(clock.now + seconds, 3)
    while not done():
        if line.ended or clock.now >= deadline:
            return False
        yield from wait(round(deadline - clock.now, 3))
    return True
