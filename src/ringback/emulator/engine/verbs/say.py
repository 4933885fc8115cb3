"""Say: words. https://www.twilio.com/docs/voice/twiml/say"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine.documents import said
from ringback.emulator.engine.scripts import length_of
from ringback.emulator.engine.ssml import pauses
from ringback.emulator.engine.verbs.results import NEXT
from ringback.emulator.engine.verbs.sounds import Sound, hear, repetitions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.settings import Settings
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.emulator.engine.verbs.results import Result
    from ringback.twiml import Say

__all__ = ["say", "sounds"]


def say(execution: Execution, verb: Say) -> Steps[Result]:
    """Say the text, as often as it is wanted."""
    leg = execution.leg
    yield from hear(leg, sounds(verb, leg.world.settings), "Say")
    return NEXT


def sounds(verb: Say, settings: Settings) -> Iterator[Sound]:
    """What is heard."""
    text, silence = said(verb), pauses(verb)
    sound = Sound("silence", "", silence)
    if text:
        sound = Sound("say", text, round(length_of(text, settings.characters) + silence, 3))
    for _ in range(repetitions(verb.loop)):
        yield sound
