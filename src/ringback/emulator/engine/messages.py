"""Messages: out of the API, in from a phone, replies as TwiML.

    out     queued → sending → sent → delivered | undelivered | failed
    in      receiving → received

https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Literal, cast

from attrs import frozen

from ringback.emulator.engine.documents import Document, read_answer, said
from ringback.emulator.engine.events import message_facts
from ringback.emulator.engine.exchange import Session, exchange
from ringback.emulator.engine.kernel.process import Steps, wait
from ringback.emulator.engine.messaging.media import address_of, attach, fetch
from ringback.emulator.engine.optouts import heed
from ringback.emulator.engine.parameters import API_VERSION
from ringback.emulator.engine.people import Attachment, Phone, Text
from ringback.emulator.engine.phrases import has_phrase
from ringback.emulator.engine.records import Message
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.urls import shown
from ringback.rest import segments as count_segments
from ringback.twiml import Body
from ringback.twiml import Media as TwimlMedia
from ringback.twiml import Message as TwimlMessage
from ringback.twiml.messaging import Redirect, Sms
from ringback.webhooks import (
    IncomingMessage,
    MessageFallback,
    MessageStatusChanged,
    ReceivedMedia,
    wire_parameters,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ringback._generated.webhooks.enums import MessageStatus
    from ringback.emulator.engine.network import Network
    from ringback.emulator.engine.records import Account, Number
    from ringback.webhooks import ReceivedMessage

__all__ = ["OutgoingMessage", "cancel", "receive", "segments", "send"]

_UNDELIVERED: Final = (30005, "Unknown destination handset")
_FAILED: Final = (30008, "Unknown error")
_MOST_DOCUMENTS: Final = 50
_MOST_REPLIES: Final = 10


@frozen
class OutgoingMessage:
    """What the REST API was asked to send, or a TwiML reply.

    Attributes:
        callbacks: URL and method of each place that is told of its statuses.
        media: URLs.
        first: The status it is created with.
    """

    to: str
    from_: str | None
    body: str
    media: tuple[str, ...] = ()
    callbacks: tuple[tuple[str, str], ...] = ()
    direction: Literal["outbound-api", "outbound-call", "outbound-reply"] = "outbound-api"
    messaging_service_sid: str | None = None
    first: Literal["queued", "accepted", "scheduled"] = "queued"
    delay: float = 0.0


def segments(body: str) -> int:
    """In how many pieces a text travels; one without text is one."""
    return max(1, count_segments(body).count)


def send(network: Network, account: Account, wanted: OutgoingMessage) -> Message:
    """A message goes out."""
    message = _record(network, account, wanted)
    sender = wanted.from_ or wanted.messaging_service_sid or "nobody"
    network.transcript.open(message.sid, "message", f"{sender} → {wanted.to} ({wanted.direction})")
    network.note(message.sid, "Twilio", "takes the message:", f'"{wanted.body}"')
    network.run(
        _travel(network, account, message, wanted),
        lambda error: network.broke(account, message.sid, error),
    )
    return message


def cancel(network: Network, message: Message) -> None:
    """A scheduled message is not to be sent after all."""
    message.status = "canceled"
    message.date_updated = network.clock.date


def receive(
    network: Network, sender: Phone, number: Number, body: str, media: Iterable[str | Attachment]
) -> Message:
    """A person sends a text to one of our numbers; files by their URLs or as they are."""
    account = network.account(number.account_sid)
    files = tuple(media)
    now = network.clock.date
    message = Message(
        sid=network.sids.new("MM" if files else "SM"),
        date_created=now,
        date_updated=now,
        account_sid=account.sid,
        to=number.phone_number,
        from_=sender.number,
        body=body,
        direction="inbound",
        status="receiving",
        num_segments=segments(body),
    )
    network.store.messages[message.sid] = message
    for file in files:
        attach(network, message, file)
    network.transcript.open(message.sid, "message", f"{sender.number} → {number.phone_number} (inbound)")
    network.note(message.sid, sender.number, "texts", f'"{body}"')
    answer = heed(network.store, message)
    if answer is not None:
        reply = OutgoingMessage(to=sender.number, from_=message.to, body=answer, direction="outbound-reply")
        send(network, account, reply)
    network.run(
        _arrive(network, account, number, message),
        lambda error: network.broke(account, message.sid, error),
    )
    return message


def _arrive(network: Network, account: Account, number: Number, message: Message) -> Steps[None]:
    session = network.messaging_session(account, message.from_ or "", message.to)
    trouble = yield from fetch(network, session, message)
    if trouble is not None:
        network.problem(account, message.sid, trouble)
    message.status = "received"
    message.date_sent = message.date_updated = network.clock.date
    application = network.store.applications.get(number.sms_application_sid)
    settings = application or number
    if not settings.sms_url:
        network.note(message.sid, "Twilio", "keeps the message: the number has no SmsUrl")
        return
    media = [network.store.media[sid] for sid in message.media]
    facts = message_facts(
        message, tuple(ReceivedMedia(address_of(network, each), each.content_type) for each in media)
    )
    question: ReceivedMessage = IncomingMessage(**facts)
    url, method = settings.sms_url, settings.sms_method
    fallback = settings.sms_fallback_url or ""
    replies = 0
    for _ in range(_MOST_DOCUMENTS):
        document = yield from _fetch(network, session, message, url, method, question)
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
                _reply(network, account, message, document, verb)
            else:
                what = f"this one got {_MOST_REPLIES} replies, and the next is not sent"
                network.problem(account, message.sid, Trouble(14109, what, document.url))
        else:
            return
    what = f"{_MOST_DOCUMENTS} documents answered this one, and the next is not asked for"
    network.problem(account, message.sid, Trouble(14106, what, url))


def _fetch(
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


def _reply(
    network: Network, account: Account, message: Message, document: Document, verb: TwimlMessage | Sms
) -> None:
    media = tuple(document.link(said(child)) for child in verb.children if isinstance(child, TwimlMedia))
    callback = verb.action or verb.status_callback
    to, from_ = verb.to or message.from_ or "", verb.from_ or message.to
    if (to, from_) in network.store.opted_out:
        what = f"{to} has opted out of texts from {from_}"
        network.problem(account, message.sid, Trouble(21610, what, document.url))
        return
    send(
        network,
        account,
        OutgoingMessage(
            to=to,
            from_=from_,
            body=_body(verb),
            media=media,
            callbacks=((document.link(callback), verb.method or "POST"),) if callback else (),
            direction="outbound-reply",
        ),
    )


def _body(verb: TwimlMessage | Sms) -> str:
    """The text of a reply; several bodies are one."""
    bodies = [str(child.text) for child in verb.children if isinstance(child, Body)]
    return "".join(bodies) or "".join(child for child in verb.children if isinstance(child, str)).strip()


def _record(network: Network, account: Account, wanted: OutgoingMessage) -> Message:
    now = network.clock.date
    message = Message(
        sid=network.sids.new("MM" if wanted.media else "SM"),
        date_created=now,
        date_updated=now,
        account_sid=account.sid,
        to=wanted.to,
        from_=wanted.from_,
        body=wanted.body,
        direction=wanted.direction,
        status=wanted.first,
        num_segments=segments(wanted.body),
        messaging_service_sid=wanted.messaging_service_sid,
    )
    network.store.messages[message.sid] = message
    for url in wanted.media:
        attach(network, message, url)
    return message


def _sender(network: Network, message: Message) -> str | None:
    """Whom a service chooses among its senders: here it is the account's first number."""
    for number in network.store.numbers.values():
        if number.account_sid == message.account_sid:
            return number.phone_number
    return None


def _report(message: Message, done: str | None) -> MessageStatusChanged:
    """Where a message is on its way; `done` is the carrier's time stamp, YYMMDDhhmm."""
    return MessageStatusChanged(
        message_sid=message.sid,
        account_sid=message.account_sid,
        status=cast("MessageStatus", message.status),
        to=message.to,
        from_=message.from_ or "",
        api_version=API_VERSION,
        messaging_service_sid=message.messaging_service_sid or None,
        error_code=message.error_code,
        error_message=None if message.error_code is None else message.error_message or "",
        raw_dlr_done_date=done,
    )


def _travel(network: Network, account: Account, message: Message, wanted: OutgoingMessage) -> Steps[None]:
    """A message on its way to the phone."""
    pause = network.settings.send
    yield from wait(wanted.delay + pause)
    if _called_off(network, message):
        return
    if message.from_ is None:
        message.from_ = _sender(network, message)
    session = network.messaging_session(account, message.from_ or "", message.to)
    receiver = network.phone(message.to)
    told = partial(_advance, network, session, message, wanted.callbacks)
    told("sending")
    files = _Files(network, session, message)
    yield from wait(pause)
    while not files.over:
        yield from wait(pause)
    if _called_off(network, message):
        return
    if files.trouble is not None:
        network.problem(account, message.sid, files.trouble)
        told("failed", files.trouble.code, files.trouble.message)
        return
    if receiver.on_text == "fail":
        told("failed", *_FAILED)
        return
    message.date_sent = network.clock.date
    told("sent")
    yield from wait(pause)
    if _called_off(network, message):
        return
    if receiver.on_text == "undelivered":
        told("undelivered", *_UNDELIVERED)
        return
    told("delivered")
    _hand_over(network, message, receiver)


class _Files:
    """The files of a message. They are fetched while it is sent, so that messages keep their order.

    Attributes:
        over: Whether they are here, as far as they are anywhere near.
        trouble: Why one can't be sent.
    """

    def __init__(self, network: Network, session: Session, message: Message) -> None:
        self.over = not message.media
        self.trouble: Trouble | None = None
        if message.media:
            network.run(self._get(network, session, message), self._broke)

    def _get(self, network: Network, session: Session, message: Message) -> Steps[None]:
        self.trouble = yield from fetch(network, session, message)
        self.over = True

    def _broke(self, _: Exception) -> None:
        self.over = True


def _called_off(network: Network, message: Message) -> bool:
    """Whether it is canceled, or its record is gone."""
    return message.status == "canceled" or message.sid not in network.store.messages


def _advance(
    network: Network,
    session: Session,
    message: Message,
    callbacks: tuple[tuple[str, str], ...],
    status: str,
    code: int | None = None,
    why: str | None = None,
) -> None:
    """A message comes a step further, or to its end."""
    message.status = status
    message.date_updated = network.clock.date
    message.error_code, message.error_message = code, why
    network.note(message.sid, "Twilio", f"message is {status}")
    done = network.clock.date.strftime("%y%m%d%H%M") if status in {"delivered", "undelivered"} else None
    for url, method in callbacks:
        event = _report(message, done)
        network.tell(session, message.sid, url=url, method=method, event=event, about=status)


def _answer_by_itself(network: Network, message: Message, receiver: Phone) -> None:
    """What somebody's phone answers to a message, if anything."""
    number = network.store.number(message.from_ or "")
    reply = next((each.reply for each in receiver.replies if has_phrase(message.body, each.text)), None)
    if number is None or reply is None:
        return

    def answer() -> None:
        receive(network, receiver, number, reply, ())

    network.clock.after(network.settings.send, answer)


def _hand_over(network: Network, message: Message, receiver: Phone) -> None:
    """Somebody gets a message."""
    files = [network.store.media[sid] for sid in message.media]
    urls = tuple(media.url for media in files)
    receiver.texts.append(Text(network.clock.now, message.sid, message.from_ or "", message.body, urls))
    network.note(message.sid, receiver.number, "reads", " ".join((f'"{message.body}"', *urls)))
    _answer_by_itself(network, message, receiver)
    # A text to one of our own numbers comes in there.
    own = network.store.number(message.to)
    if own is not None and message.from_:
        passed = (
            media.url if media.content is None else Attachment(media.content, media.content_type)
            for media in files
        )
        receive(network, network.phone(message.from_), own, message.body, passed)
