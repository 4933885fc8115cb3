"""Connect: somebody else for the call than people. https://www.twilio.com/docs/voice/twiml/connect

Nobody is at the other end here: whatever a call is connected to is over at once, and the action is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.documents import name_of, said
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.verbs.results import NEXT, action
from ringback.twiml import ConversationRelay, Raw, Stream, VirtualAgent
from ringback.webhooks import ConnectResult, VirtualAgentResult

if TYPE_CHECKING:
    from ringback.emulator.engine.events import RequestFacts, VoiceQuestion
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.emulator.engine.verbs.results import Result
    from ringback.twiml import Connect

__all__ = ["connect"]

_NOT_DONE: Final = 12200
# What talks to a WebSocket.
_SOCKETS: Final = (ConversationRelay, Stream)


def connect(execution: Execution, verb: Connect) -> Steps[Result]:
    """Connect the call to a virtual agent, a room and the like, and ask the action when that is over."""
    yield from ()
    leg, document = execution.leg, execution.document
    noun = next((child for child in verb.children if not isinstance(child, Raw)), None)
    if noun is None or isinstance(noun, _SOCKETS):
        what = "nothing" if noun is None else f"a <{name_of(noun)}>"
        trouble = Trouble(_NOT_DONE, f"the emulator can't connect a call to {what}", document.url)
        leg.world.problem(leg.session.account, leg.call.sid, trouble)
        return NEXT
    name = f" {said(noun)}" if said(noun) else ""
    leg.world.note(leg.call.sid, "Twilio", "connects to", f"<{name_of(noun)}>{name}", "Connect", leg.document)
    question: VoiceQuestion = _agent(noun) if isinstance(noun, VirtualAgent) else _over
    return action(document, verb, question)


def _agent(noun: VirtualAgent) -> VoiceQuestion:
    def question(facts: RequestFacts) -> VirtualAgentResult:
        return VirtualAgentResult(
            **facts, virtual_agent_status="completed", virtual_agent_provider=noun.connector_name
        )

    return question


def _over(facts: RequestFacts) -> ConnectResult:
    return ConnectResult(**facts)
