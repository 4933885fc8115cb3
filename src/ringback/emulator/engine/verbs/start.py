"""Start: something beside the call. https://www.twilio.com/docs/voice/twiml/stream"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine.documents import name_of
from ringback.emulator.engine.verbs.results import NEXT
from ringback.twiml import Raw

if TYPE_CHECKING:
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.emulator.engine.verbs.results import Result
    from ringback.twiml import Start, Stop

__all__ = ["note_nouns", "start"]


def start(execution: Execution, verb: Start) -> Steps[Result]:
    """Begin something beside the call: the emulator notes that it did."""
    yield from ()
    note_nouns(execution.leg, verb, "starts")
    return NEXT


def note_nouns(leg: Leg, verb: Start | Stop, did: str) -> None:
    """Note what a verb starts or stops."""
    for noun in verb.children:
        if not isinstance(noun, Raw):
            what = f"<{name_of(noun).removeprefix('Stop')}>"
            leg.world.note(leg.call.sid, "Twilio", did, what, name_of(verb), leg.document)
