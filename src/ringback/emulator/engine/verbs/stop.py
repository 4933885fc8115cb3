"""Stop: the end of what Start began. https://www.twilio.com/docs/voice/twiml/stream"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine.documents import name_of
from ringback.emulator.engine.verbs.media_nouns import end
from ringback.emulator.engine.verbs.results import NEXT
from ringback.twiml import Raw, Recording

if TYPE_CHECKING:
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.emulator.engine.verbs.results import Result
    from ringback.twiml import Stop

__all__ = ["stop"]


def stop(execution: Execution, verb: Stop) -> Steps[Result]:
    """End it: what has a name, or all of its kind that a Start began."""
    yield from ()
    leg = execution.leg
    for noun in verb.children:
        if isinstance(noun, Recording):
            leg.world.note(leg.call.sid, "Twilio", "stops", f"<{name_of(noun)}>", name_of(verb), leg.document)
            for each in leg.recordings:
                if each.by_start and noun.name in {None, each.name}:
                    each.finish()
        elif not isinstance(noun, Raw):
            end(execution, noun)
    return NEXT
