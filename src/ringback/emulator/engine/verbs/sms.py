"""Sms: a message from within a call. https://www.twilio.com/docs/voice/twiml/sms"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.addresses import text_address
from ringback.emulator.engine.documents import said
from ringback.emulator.engine.messaging.outgoing import send
from ringback.emulator.engine.records import OutgoingMessage
from ringback.emulator.engine.verbs.results import action
from ringback.webhooks import SmsVerbResult

if TYPE_CHECKING:
    from ringback._generated.webhooks.enums import SmsVerbStatus
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.emulator.engine.verbs.results import Result
    from ringback.twiml import Sms

__all__ = ["sms"]

_BAD_TO: Final = 14101
_OPTED_OUT: Final = 21610


def sms(execution: Execution, verb: Sms) -> Steps[Result]:
    """A message from the number that was called to the caller, unless the verb says otherwise."""
    yield from ()
    leg, document = execution.leg, execution.document
    ours, theirs = leg.call.to, leg.call.from_
    if leg.call.direction != "inbound":
        ours, theirs = theirs, ours
    to, sender = verb.to or theirs, verb.from_ or ours
    refused = _refused(execution, to, sender)
    message = send(
        execution.network,
        leg.session.account,
        OutgoingMessage(
            to=to,
            from_=sender,
            body=said(verb),
            direction="outbound-call",
            callbacks=((document.link(verb.status_callback), "POST"),) if verb.status_callback else (),
            refused=refused,
        ),
    )
    status: SmsVerbStatus = "sending" if refused is None else "invalid"
    return action(
        document, verb, lambda facts: SmsVerbResult(**facts, sms_sid=message.sid, sms_status=status)
    )


def _refused(execution: Execution, to: str, sender: str) -> int | None:
    """The code for which the message comes to nothing."""
    if text_address(to) is None:
        return _BAD_TO
    out = execution.network.store.correspondence.has_opted_out(to, sender)
    return _OPTED_OUT if out else None
