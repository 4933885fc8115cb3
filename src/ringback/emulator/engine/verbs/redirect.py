"""Redirect: another document. https://www.twilio.com/docs/voice/twiml/redirect"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine.documents import said
from ringback.emulator.engine.events import redirected

if TYPE_CHECKING:
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.emulator.engine.verbs.results import Result
    from ringback.twiml import Redirect

__all__ = ["redirect"]


def redirect(execution: Execution, verb: Redirect) -> Steps[Result]:
    """Go to another document; an empty one asks for this one again."""
    yield from ()
    return execution.document.source(said(verb), verb.method, redirected)
