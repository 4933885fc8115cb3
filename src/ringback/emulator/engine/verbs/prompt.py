"""Prompt, outside of a Pay: what is in it is heard. https://www.twilio.com/docs/voice/twiml/pay/prompt"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine.verbs.prompts import perform
from ringback.emulator.engine.verbs.results import NEXT
from ringback.twiml import Pause, Play, Say

if TYPE_CHECKING:
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.emulator.engine.verbs.results import Result
    from ringback.twiml import Prompt

__all__ = ["prompt"]


def prompt(execution: Execution, verb: Prompt) -> Steps[Result]:
    """Let the person hear it."""
    for each in verb.children:
        if isinstance(each, (Say, Play, Pause)):
            place = f"Prompt > {type(each).__name__}"
            yield from perform(execution.leg, execution.document, each, place)
    return NEXT
