"""Messages from people: receiving → received, and what applications answer.

https://www.twilio.com/docs/messaging/guides/webhook-request
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.addresses import channel_of
from ringback.emulator.engine.documents import Document, read_answer, said
from ringback.emulator.engine.events import message_facts
from ringback.emulator.engine.exchange import exchange
from ringback.emulator.engine.messaging.media import address_of, attach, fetch
from ringback.emulator.engine.messaging.optouts import heed
from ringback.emulator.engine.messaging.outgoing import segments, send
from ringback.emulator.engine.messaging.replies import reply
from ringback.emulator.engine.records import Message, OutgoingMessage
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.urls import shown
from ringback.emulator.engine.usage import message_ended
from ringback.twiml import Message as TwimlMessage
from ringback.twiml.messaging import Redirect, Sms
from ringback.webhooks import IncomingMessage, MessageFallback, ReceivedMedia, wire_parameters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ringback.emulator.engine.exchange import Session
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.messaging.optouts import Keyword
    from ringback.emulator.engine.network import Network
    from ringback.emulator.engine.people import Attachment, Phone
    from ringback.emulator.engine.records import Account, Number
    from ringback.webhooks import ReceivedMessage

__all__ = ["receive"]

_MOST_DOCUMENTS: Final = 50
_MOST_REPLIES: Final = 10


def receive(
    network: Network, sender: Phone, number: Number, to: str, body: str, media: Iterable[str | Attachment]
) -> Message:
    """A person sends a message to one of our numbers.

    Args:
        network: Where it happens.
        sender: Their phone.
        number: The number.
        to: How it is written to: the number itself, or on a channel.
        body: The text.
        media: Files, by their URLs or as they are.
    """
    account = network.account(number.account_sid)
    correspondence = network.store.correspondence
    services = correspondence.services(sender.number, to)
    files = tuple(media)
    now = network.clock.date
    message = Message(
        sid=network.sids.new("MM" if files else "SM"),
        date_created=now,
        date_updated=now,
        account_sid=account.sid,
        to=to,
        from_=sender.number,
        body=body,
        direction="inbound",
        status="receiving",
        num_segments=1 if files or channel_of(to) is not None else segments(body),
        messaging_service_sid=services[-1] if services else None,
    )
    network.store.messages[message.sid] = message
    for file in files:
        attach(network, message, file)
    network.transcript.open(message.sid, "message", f"{sender.number} → {to} (inbound)")
    network.note(message.sid, sender.number, "texts", f'"{body}"')
    network.act(sender.number, message.sid, "text")
    correspondence.hear(sender.number, to, now)
    keyword = heed(correspondence, message)
    if keyword is not None:
        answer = OutgoingMessage(to=sender.number, from_=to, body=keyword.answer, direction="outbound-reply")
        send(network, account, answer)
    network.run(
        _arrive(network, account, number, sender, message, keyword),
        lambda error: network.broke(account, message.sid, error),
    )
    return message


def _arrive(
    network: Network,
    account: Account,
    number: Number,
    sender: Phone,
    message: Message,
    keyword: Keyword | None,
) -> Steps[None]:
    session = network.messaging_session(account, message.from_ or "", message.to)
    trouble = yield from fetch(network, session, message)
    if trouble is not None:
        network.problem(account, message.sid, trouble)
    message.status = "received"
    message.date_sent = message.date_updated = network.clock.date
    message_ended(network, message)
    application = network.store.applications.get(number.sms_application_sid)
    settings = application or number
    if not settings.sms_url:
        network.note(message.sid, "Twilio", "keeps the message: the number has no SmsUrl")
        return
    media = [network.store.media[sid] for sid in message.media]
    facts = message_facts(
        message,
        tuple(ReceivedMedia(address_of(network, each), each.content_type) for each in media),
        opt_out_type=None if keyword is None else keyword.kind,
        profile_name=sender.owner,
        sent_from=sender.home,
    )
    question: ReceivedMessage = IncomingMessage(**facts)
    url, method = settings.sms_url, settings.sms_method
    fallback = settings.sms_fallback_url or ""
    replies = 0
    for _ in range(_MOST_DOCUMENTS):
        document = yield from _ask(network, session, message, url, method, question)
        if isinstance(document, Trouble):
            network.problem(account, message.sid, document)
            if not fallback:
                return
            question = MessageFallback(**facts, error_code=document.code, error_url=shown(document.url))
            url, method, fallback = fallback, settings.sms_fallback_method, ""
            continue
        for verb in document.verbs:
            if isinstance(verb, Redirect):
                url, method = document.link(said(verb)), verb.method or "POST"
                break
            if not isinstance(verb, (TwimlMessage, Sms)):
                continue
            replies += 1
            if replies <= _MOST_REPLIES:
                reply(network, account, message, document, verb)
            else:
                what = f"this one got {_MOST_REPLIES} replies, and the next is not sent"
                network.problem(account, message.sid, Trouble(14109, what, document.url))
        else:
            return
    what = f"{_MOST_DOCUMENTS} documents answered this one, and the next is not asked for"
    network.problem(account, message.sid, Trouble(14106, what, url))


def _ask(
    network: Network,
    session: Session,
    message: Message,
    url: str,
    method: str,
    question: ReceivedMessage,
) -> Steps[Document | Trouble]:
    answer = yield from exchange(
        session,
        method,
        url,
        list(wire_parameters(question).items()),
        lane=f"{message.sid}/messaging",
        token=network.sids.uuid("token"),
        observer=network.observer(session.account, message.sid),
    )
    if isinstance(answer, Trouble):
        return answer
    read = read_answer(answer, "messaging", strict=network.strict)
    if isinstance(read, Document):
        network.note(message.sid, "Twilio", "asks", f"{method} {shown(url)} → {read}")
        for misfit in read.misfits:
            network.problem(session.account, message.sid, misfit)
    return read
