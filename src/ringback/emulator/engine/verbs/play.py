"""Play: audio, or keys. https://www.twilio.com/docs/voice/twiml/play"""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING

from ringback.emulator.engine.documents import said
from ringback.emulator.engine.urls import shown
from ringback.emulator.engine.verbs.file_length import file_length
from ringback.emulator.engine.verbs.results import NEXT
from ringback.emulator.engine.verbs.sounds import Sound, hear, keys_length, repetitions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ringback.emulator.engine.documents import Document
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.emulator.engine.verbs.results import Result
    from ringback.twiml import Play

__all__ = ["play", "sounds"]


def play(execution: Execution, verb: Play) -> Steps[Result]:
    """Play the file or the keys, as often as it is wanted."""
    leg = execution.leg
    yield from hear(leg, (yield from sounds(leg, execution.document, verb)), "Play")
    return NEXT


def sounds(leg: Leg, document: Document, verb: Play) -> Steps[Iterable[Sound]]:
    """What is heard: nothing of a file that can't be played."""
    if verb.digits:
        sound = Sound("tone", f"keys {verb.digits}", keys_length(verb.digits, leg.world.settings.key))
    else:
        url = document.link(said(verb))
        seconds = yield from file_length(leg, url)
        if seconds is None:
            return ()
        sound = Sound("play", shown(url), seconds)
    return repeat(sound, repetitions(verb.loop))
