"""Echo. https://www.twilio.com/docs/voice/twiml/echo"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine.verbs.results import NEXT
from ringback.emulator.engine.verbs.sounds import listen, nothing

if TYPE_CHECKING:
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.emulator.engine.verbs.results import Result
    from ringback.twiml import Echo

__all__ = ["echo"]


def echo(execution: Execution, _verb: Echo) -> Steps[Result]:
    """Everybody hears themselves, until they hang up."""
    leg = execution.leg
    leg.listen_for("keys", "speech")
    leg.audience = lambda: (leg,)
    try:
        yield from listen(leg, None, nothing)
    finally:
        leg.audience = tuple
        leg.listen_for()
    return NEXT
