"""Pause: silence. https://www.twilio.com/docs/voice/twiml/pause"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine.verbs.results import NEXT
from ringback.emulator.engine.verbs.sounds import Sound, hear

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.emulator.engine.verbs.results import Result
    from ringback.twiml import Pause

__all__ = ["pause", "sounds"]


def pause(execution: Execution, verb: Pause) -> Steps[Result]:
    """Let time pass; a second where no length is given."""
    yield from hear(execution.leg, sounds(verb), "Pause")
    return NEXT


def sounds(verb: Pause) -> Iterator[Sound]:
    """What is heard: nothing."""
    yield Sound("silence", "", float(1 if verb.length is None else verb.length))
