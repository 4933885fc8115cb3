"""Say, Play and Pause where other verbs hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from ringback.emulator.engine.verbs import pause, play, say
from ringback.emulator.engine.verbs.sounds import hear, nothing
from ringback.twiml import Pause, Play, Say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ringback.emulator.engine.documents import Document
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.kernel.signals import Signal
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.verbs.sounds import Sound

__all__ = ["Prompt", "perform"]

Prompt: TypeAlias = "Say | Play | Pause"


def perform(
    leg: Leg, document: Document, prompt: Prompt, place: str, wanted: Callable[[Signal], bool] = nothing
) -> Steps[Signal | None]:
    """Let the person hear a prompt to its end, or to the first signal that is `wanted`: give that back."""
    return (yield from hear(leg, (yield from _sounds(leg, document, prompt)), place, wanted))


def _sounds(leg: Leg, document: Document, prompt: Prompt) -> Steps[Iterable[Sound]]:
    match prompt:
        case Say():
            return say.sounds(prompt, leg.world.settings)
        case Play():
            return (yield from play.sounds(leg, document, prompt))
        case Pause():
            return pause.sounds(prompt)
