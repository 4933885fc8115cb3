"""Verbs of which the person on the line notices little: Sms, Start and Stop, Refer; and Echo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.documents import name_of, said
from ringback.emulator.engine.exchange import Trouble
from ringback.emulator.engine.messages import OutgoingMessage, send
from ringback.emulator.engine.process import Source, Steps
from ringback.emulator.engine.verbs.results import NEXT, Result
from ringback.emulator.engine.verbs.sound import listen, nothing
from ringback.twiml import Echo, Raw, Refer, Sms, Start, Stop

if TYPE_CHECKING:
    from ringback.emulator.engine.documents import Document
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.verbs.flow import Verbs

__all__ = ["BESIDE"]


def echo(leg: Leg, _document: Document, _verb: Echo) -> Steps[Result]:
    """Everybody hears themselves, until they hang up."""
    leg.listen_for("keys", "speech")
    leg.audience = lambda: (leg,)
    try:
        yield from listen(leg, None, nothing)
    finally:
        leg.audience = tuple
        leg.listen_for()
    return NEXT


def sms(leg: Leg, document: Document, verb: Sms) -> Steps[Result]:
    """A message from the number that was called to the caller, unless the verb says otherwise."""
    yield from ()
    ours, theirs = leg.call.to, leg.call.from_
    if leg.call.direction != "inbound":
        ours, theirs = theirs, ours
    message = send(
        leg.network,
        leg.session.account,
        OutgoingMessage(
            to=verb.to or theirs,
            from_=verb.from_ or ours,
            body=said(verb),
            direction="outbound-call",
            callbacks=((document.link(verb.status_callback), "POST"),) if verb.status_callback else (),
        ),
    )
    if not verb.action:
        return NEXT
    told = (("SmsSid", message.sid), ("SmsStatus", "sending"))
    return Source(document.link(verb.action), verb.method or "POST", extra=told)


def start(leg: Leg, _document: Document, verb: Start) -> Steps[Result]:
    """Begins something beside the call: the emulator notes that it did."""
    return _noted(leg, verb, "starts")


def stop(leg: Leg, _document: Document, verb: Stop) -> Steps[Result]:
    """Ends it."""
    return _noted(leg, verb, "stops")


def _noted(leg: Leg, verb: Start | Stop, did: str) -> Steps[Result]:
    yield from ()
    for noun in verb.children:
        if not isinstance(noun, Raw):
            what = f"<{name_of(noun).removeprefix('Stop')}>"
            leg.network.note(leg.call.sid, "Twilio", did, what, type(verb).__name__, leg.document)
    return NEXT


def refer(leg: Leg, document: Document, verb: Refer) -> Steps[Result]:
    """Hands a SIP call back: whoever sent it takes it."""
    yield from ()
    where = next((said(noun) for noun in verb.children), "")
    if not leg.line.phone.number.startswith(("sip:", "sips:")):
        message = f"only calls of SIP phones can be handed back, to {where}"
        leg.network.problem(leg.session.account, leg.call.sid, Trouble(13801, message, document.url))
        return NEXT
    leg.network.note(leg.call.sid, "Twilio", "refers to", where, "Refer", leg.document)
    if not verb.action:
        return NEXT
    told = (
        ("ReferCallStatus", "in-progress"),
        ("ReferSipResponseCode", "202"),
        ("NotifySipResponseCode", "200"),
    )
    return Source(document.link(verb.action), verb.method or "POST", extra=told)


BESIDE: Final[Verbs] = {Echo: echo, Refer: refer, Sms: sms, Start: start, Stop: stop}
