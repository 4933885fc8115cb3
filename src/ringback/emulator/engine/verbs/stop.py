"""Stop: the end of what Start began. https://www.twilio.com/docs/voice/twiml/stream"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine.verbs.results import NEXT
from ringback.emulator.engine.verbs.start import note_nouns
from ringback.twiml import Recording

if TYPE_CHECKING:
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.emulator.engine.verbs.results import Result
    from ringback.twiml import Stop

__all__ = ["stop"]


def stop(execution: Execution, verb: Stop) -> Steps[Result]:
    """End it: recordings of a name, or all that a Start began."""
    yield from ()
    note_nouns(execution.leg, verb, "stops")
    for noun in verb.children:
        if isinstance(noun, Recording):
            for each in execution.leg.recordings:
                if each.by_start and noun.name in {None, each.name}:
                    each.finish()
    return NEXT
