"""Hangup. https://www.twilio.com/docs/voice/twiml/hangup"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine.verbs.results import END

if TYPE_CHECKING:
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.emulator.engine.verbs.results import Result
    from ringback.twiml import Hangup

__all__ = ["hangup"]


def hangup(_execution: Execution, _verb: Hangup) -> Steps[Result]:
    """The end of the call."""
    yield from ()
    return END
