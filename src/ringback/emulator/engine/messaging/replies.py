"""What an application answers a message with, sent. https://www.twilio.com/docs/messaging/twiml"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.addresses import channel_of, is_name, text_address
from ringback.emulator.engine.documents import said
from ringback.emulator.engine.messaging.outgoing import send
from ringback.emulator.engine.messaging.senders import record_of
from ringback.emulator.engine.records import OutgoingMessage
from ringback.emulator.engine.trouble import Trouble
from ringback.twiml import Body, Media

if TYPE_CHECKING:
    from ringback.emulator.engine.documents import Document
    from ringback.emulator.engine.network import Network
    from ringback.emulator.engine.records import Account, Message
    from ringback.twiml import Message as TwimlMessage
    from ringback.twiml.messaging import Sms

__all__ = ["reply"]

_BAD_TO: Final = 14101
_BAD_FROM: Final = 14102
_LOOP: Final = 14107
_OPTED_OUT: Final = 21610
_OTHER_CHANNEL: Final = 21910


def reply(
    network: Network, account: Account, message: Message, document: Document, verb: TwimlMessage | Sms
) -> None:
    """Send one of the answers to a message, or say why not."""

    def problem(code: int, what: str) -> None:
        network.problem(account, message.sid, Trouble(code, what, document.url))

    to = message.from_ if verb.to is None else text_address(verb.to)
    if not to:
        problem(_BAD_TO, f"to '{verb.to}' is no number that can be texted")
        return
    sender = message.to if verb.from_ is None else _sender(network, account, verb.from_)
    if sender is None:
        problem(_BAD_FROM, f"from '{verb.from_}' is none of this account's")
        return
    if channel_of(to) != channel_of(sender):
        problem(_OTHER_CHANNEL, f"{to} and {sender} are on different channels")
        return
    correspondence = network.store.correspondence
    if correspondence.has_opted_out(to, sender, message.messaging_service_sid):
        problem(_OPTED_OUT, f"{to} has opted out of texts from {sender}")
        return
    loops = not correspondence.reply(to, sender, network.clock.date)
    if loops:
        problem(_LOOP, f"too many quick replies from {sender} to {to}: this one fails")
    media = tuple(document.link(said(child)) for child in verb.children if isinstance(child, Media))
    callback = verb.action or verb.status_callback
    send(
        network,
        account,
        OutgoingMessage(
            to=to,
            from_=sender,
            body=_body(verb),
            media=media,
            callbacks=((document.link(callback), verb.method or "POST"),) if callback else (),
            direction="outbound-reply",
            messaging_service_sid=message.messaging_service_sid,
            refused=_LOOP if loops else None,
        ),
    )


def _sender(network: Network, account: Account, text: str) -> str | None:
    if is_name(text):
        return text
    address = text_address(text)
    record = None if address is None else record_of(network.store, address)
    return address if record is not None and record.account_sid == account.sid else None


def _body(verb: TwimlMessage | Sms) -> str:
    """The text of a reply; several bodies are one."""
    bodies = [str(child.text) for child in verb.children if isinstance(child, Body)]
    return "".join(bodies) or "".join(child for child in verb.children if isinstance(child, str)).strip()
