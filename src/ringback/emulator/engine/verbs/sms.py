"""Sms: a message from within a call. https://www.twilio.com/docs/voice/twiml/sms"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine.documents import said
from ringback.emulator.engine.messages import OutgoingMessage, send
from ringback.emulator.engine.verbs.results import action
from ringback.webhooks import SmsVerbResult

if TYPE_CHECKING:
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.emulator.engine.verbs.results import Result
    from ringback.twiml import Sms

__all__ = ["sms"]


def sms(execution: Execution, verb: Sms) -> Steps[Result]:
    """A message from the number that was called to the caller, unless the verb says otherwise."""
    yield from ()
    leg, document = execution.leg, execution.document
    ours, theirs = leg.call.to, leg.call.from_
    if leg.call.direction != "inbound":
        ours, theirs = theirs, ours
    message = send(
        execution.network,
        leg.session.account,
        OutgoingMessage(
            to=verb.to or theirs,
            from_=verb.from_ or ours,
            body=said(verb),
            direction="outbound-call",
            callbacks=((document.link(verb.status_callback), "POST"),) if verb.status_callback else (),
        ),
    )
    return action(
        document, verb, lambda facts: SmsVerbResult(**facts, sms_sid=message.sid, sms_status="sending")
    )
