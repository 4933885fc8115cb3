"""Start: something beside the call. https://www.twilio.com/docs/voice/twiml/stream"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine.documents import name_of
from ringback.emulator.engine.recordings import RecordingOptions
from ringback.emulator.engine.verbs.results import NEXT
from ringback.twiml import Raw, Recording

if TYPE_CHECKING:
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.emulator.engine.verbs.results import Result
    from ringback.twiml import Start, Stop

__all__ = ["note_nouns", "start"]


def start(execution: Execution, verb: Start) -> Steps[Result]:
    """Begin something beside the call. Of streams and the like the emulator notes that they began."""
    yield from ()
    leg = execution.leg
    note_nouns(leg, verb, "starts")
    for noun in verb.children:
        if isinstance(noun, Recording):
            leg.record(leg.prepare_recording(RecordingOptions.of(execution.document, noun)))
    return NEXT


def note_nouns(leg: Leg, verb: Start | Stop, did: str) -> None:
    """Note what a verb starts or stops."""
    for noun in verb.children:
        if not isinstance(noun, Raw):
            what = f"<{name_of(noun).removeprefix('Stop')}>"
            leg.world.note(leg.call.sid, "Twilio", did, what, name_of(verb), leg.document)
