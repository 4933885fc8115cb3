"""Reject. https://www.twilio.com/docs/voice/twiml/reject"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine.people import Heard
from ringback.emulator.engine.verbs.results import END

if TYPE_CHECKING:
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.emulator.engine.verbs.results import Result
    from ringback.twiml import Reject

__all__ = ["reject"]


def reject(execution: Execution, verb: Reject) -> Steps[Result]:
    """Refuse a call that was not answered yet; an answered one is hung up."""
    yield from ()
    leg = execution.leg
    if leg.call.status == "ringing":
        busy = verb.reason == "busy"
        now = leg.world.clock.now
        tone = "busy tone" if busy else "number not in service"
        leg.line.hear(Heard(now, "tone", tone, "Reject", leg.document, now))
        leg.finish("busy" if busy else "no-answer")
    return END
