"""Leave, outside of what waits in a queue. https://www.twilio.com/docs/voice/twiml/leave"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine.verbs.results import NEXT

if TYPE_CHECKING:
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.emulator.engine.verbs.results import Result
    from ringback.twiml import Leave

__all__ = ["leave"]


def leave(_execution: Execution, _verb: Leave) -> Steps[Result]:
    """There is nothing to leave."""
    yield from ()
    return NEXT
