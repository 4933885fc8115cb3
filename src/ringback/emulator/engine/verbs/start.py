"""Start: something beside the call. https://www.twilio.com/docs/voice/twiml/stream"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine.documents import name_of
from ringback.emulator.engine.recordings import RecordingOptions
from ringback.emulator.engine.verbs.media_nouns import PASSED_ON, begin
from ringback.emulator.engine.verbs.results import NEXT
from ringback.twiml import Recording

if TYPE_CHECKING:
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.emulator.engine.verbs.results import Result
    from ringback.twiml import Start

__all__ = ["start"]


def start(execution: Execution, verb: Start) -> Steps[Result]:
    """Begin something beside the call, and go on at once."""
    yield from ()
    leg = execution.leg
    for noun in verb.children:
        if isinstance(noun, Recording):
            leg.world.note(
                leg.call.sid, "Twilio", "starts", f"<{name_of(noun)}>", name_of(verb), leg.document
            )
            leg.record(leg.prepare_recording(RecordingOptions.of(execution.document, noun)))
        elif isinstance(noun, PASSED_ON):
            begin(execution, noun)
    return NEXT
