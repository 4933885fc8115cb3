"""Play: audio, or keys. https://www.twilio.com/docs/voice/twiml/play"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine.documents import said
from ringback.emulator.engine.verbs.results import NEXT
from ringback.emulator.engine.verbs.sounds import Sound, hear, keys_length, repetitions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ringback.emulator.engine.documents import Document
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.settings import Settings
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.emulator.engine.verbs.results import Result
    from ringback.twiml import Play

__all__ = ["play", "sounds"]


def play(execution: Execution, verb: Play) -> Steps[Result]:
    """Play the file or the keys, as often as it is wanted."""
    leg = execution.leg
    yield from hear(leg, sounds(execution.document, verb, leg.world.settings), "Play")
    return NEXT


def sounds(document: Document, verb: Play, settings: Settings) -> Iterator[Sound]:
    """What is heard."""
    for _ in range(repetitions(verb.loop)):
        if verb.digits:
            yield Sound("tone", f"keys {verb.digits}", keys_length(verb.digits, settings.key))
        else:
            yield Sound("play", document.link(said(verb)), settings.play)
