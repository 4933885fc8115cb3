"""Refer. https://www.twilio.com/docs/voice/twiml/refer"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.documents import said
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.verbs.results import NEXT, action
from ringback.webhooks import ReferResult

if TYPE_CHECKING:
    from ringback.emulator.engine.events import RequestFacts
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.emulator.engine.verbs.results import Result
    from ringback.twiml import Refer

__all__ = ["refer"]

_DECLINE: Final = 603


def refer(execution: Execution, verb: Refer) -> Steps[Result]:
    """Hand a SIP call back: whoever sent it takes it."""
    yield from ()
    leg, document = execution.leg, execution.document
    where = next((said(noun) for noun in verb.children), "")
    if not leg.line.phone.number.startswith(("sip:", "sips:")):
        message = f"only calls of SIP phones can be handed back, to {where}"
        leg.world.problem(leg.session.account, leg.call.sid, Trouble(13801, message, document.url))
        return NEXT
    leg.world.note(leg.call.sid, "Twilio", "refers to", where, "Refer", leg.document)
    leg.line.referred_to = where
    return action(document, verb, _taken if leg.line.phone.takes_refer else _declined)


def _taken(facts: RequestFacts) -> ReferResult:
    return ReferResult(
        **facts, refer_call_status="in-progress", refer_sip_response_code=202, notify_sip_response_code=200
    )


def _declined(facts: RequestFacts) -> ReferResult:
    return ReferResult(**facts, refer_sip_response_code=_DECLINE)
