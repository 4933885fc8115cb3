"""Messages on their way to people.

    [scheduled | accepted →] queued → sending → sent → delivered [→ read] | undelivered | failed

https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.addresses import channel_of
from ringback.emulator.engine.kernel.process import Steps, wait
from ringback.emulator.engine.messaging.media import attach, fetch
from ringback.emulator.engine.messaging.senders import record_of, senders
from ringback.emulator.engine.messaging.smart_encoding import smart_encoded
from ringback.emulator.engine.messaging.status import advance
from ringback.emulator.engine.people import Attachment, Text
from ringback.emulator.engine.phrases import has_phrase
from ringback.emulator.engine.records import Message
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.urls import shown
from ringback.emulator.engine.usage import message_ended, price_of_message
from ringback.rest import segments as count_segments

if TYPE_CHECKING:
    from ringback.emulator.engine.addresses import Channel
    from ringback.emulator.engine.exchange import Session
    from ringback.emulator.engine.network import Network
    from ringback.emulator.engine.people import Phone
    from ringback.emulator.engine.records import Account, OutgoingMessage

__all__ = ["cancel", "resume", "segments", "send"]

_OPTED_OUT: Final = 21610
_NO_SENDER: Final = 21703
_SUSPENDED: Final = 30002
_FAILED: Final = 30008
_TOO_DEAR: Final = 30010
_RAN_OUT: Final = 30036
_WINDOW_CLOSED: Final = 63016
_ENDS: Final = frozenset({"canceled", "delivered", "failed", "read", "undelivered"})
# What becomes of messages to a phone that doesn't get them.
_UNDELIVERED: Final = {
    "undelivered": 30005,
    "unreachable": 30003,
    "blocked": 30004,
    "landline": 30006,
    "filtered": 30007,
}


def segments(body: str) -> int:
    """In how many pieces a text travels; one without text is one."""
    return max(1, count_segments(body).count)


def send(network: Network, account: Account, wanted: OutgoingMessage) -> Message:
    """A message goes out."""
    message = _record(network, account, wanted)
    sender = wanted.from_ or wanted.messaging_service_sid or "nobody"
    network.transcript.open(message.sid, "message", f"{sender} → {wanted.to} ({wanted.direction})")
    network.note(message.sid, "Twilio", "takes the message:", f'"{wanted.body}"')
    _start(network, account, message, wanted)
    return message


def resume(network: Network, message: Message) -> None:
    """A message that was under way when it was kept goes on."""
    if message.status == "receiving":
        message.status = "received"
    if message.wanted is None or message.status in _ENDS:
        return
    if message.status in {"sending", "sent"}:
        message.status = "queued"
    _start(network, network.account(message.account_sid), message, message.wanted)


def _start(network: Network, account: Account, message: Message, wanted: OutgoingMessage) -> None:
    transit = _Transit(network, account, message, wanted)
    network.run(transit.steps(), lambda error: network.broke(account, message.sid, error))


def cancel(network: Network, message: Message) -> None:
    """A scheduled message is not to be sent after all."""
    advance(network, message, "canceled")


def _record(network: Network, account: Account, wanted: OutgoingMessage) -> Message:
    now = network.clock.date
    service = wanted.messaging_service_sid
    message = Message(
        sid=network.sids.new("MM" if wanted.media or wanted.as_mms else "SM"),
        date_created=now,
        date_updated=now,
        account_sid=account.sid,
        to=wanted.to,
        from_=wanted.from_,
        body=wanted.body,
        direction=wanted.direction,
        status="scheduled" if wanted.send_at else "accepted" if service else "queued",
        num_segments=_segments(wanted) if wanted.from_ else 0,
        messaging_service_sid=service,
        wanted=wanted,
    )
    network.store.messages[message.sid] = message
    for url in wanted.media:
        attach(network, message, url)
    return message


def _text(wanted: OutgoingMessage) -> str:
    """The text as it travels."""
    return smart_encoded(wanted.body) if wanted.smart_encoded else wanted.body


def _segments(wanted: OutgoingMessage) -> int:
    one = wanted.media or wanted.as_mms or channel_of(wanted.to) is not None
    return 1 if one else segments(_text(wanted))


class _Transit:
    """One message on its way."""

    def __init__(self, network: Network, account: Account, message: Message, wanted: OutgoingMessage) -> None:
        self._network = network
        self._account = account
        self._message = message
        self._wanted = wanted
        self._channel: Channel | None = channel_of(wanted.to)

    def steps(self) -> Steps[None]:
        """From its first status to its last."""
        network, message, pause = self._network, self._message, self._network.settings.send
        if message.status == "scheduled" and self._wanted.send_at is not None:
            yield from wait((self._wanted.send_at - network.clock.date).total_seconds())
        if message.status != "queued":
            yield from wait(pause)
            if self._called_off():
                return
            self._choose_sender()
            advance(network, message, "queued")
        queued = network.clock.now
        yield from wait(pause)
        if self._called_off():
            return
        code = self._hindrance(network.clock.now - queued)
        if code is not None:
            advance(network, message, "failed", code)
            return
        files = _Files(network, self._session, message)
        advance(network, message, "sending")
        yield from wait(pause)
        while not files.over:
            yield from wait(pause)
        if self._called_off():
            return
        if files.trouble is not None:
            network.problem(self._account, message.sid, files.trouble)
            advance(network, message, "failed", files.trouble.code)
            return
        receiver = network.phone(message.to)
        if receiver.on_text == "fail":
            advance(network, message, "failed", _FAILED)
            return
        message.date_sent = network.clock.date
        advance(network, message, "sent")
        yield from wait(pause)
        if self._called_off():
            return
        message_ended(network, message)
        code = self._obstacle(receiver)
        if code is not None:
            advance(network, message, "undelivered", code)
            return
        advance(network, message, "delivered")
        self._hand_over(receiver)
        if receiver.on_text == "read":
            yield from wait(pause)
            if not self._called_off():
                advance(network, message, "read")

    @property
    def _session(self) -> Session:
        return self._network.messaging_session(self._account, self._message.from_ or "", self._message.to)

    def _called_off(self) -> bool:
        """Whether it is canceled, or its record is gone."""
        return self._message.status == "canceled" or self._message.sid not in self._network.store.messages

    def _choose_sender(self) -> None:
        message, store = self._message, self._network.store
        service = message.messaging_service_sid
        if message.from_ is None and service is not None:
            able = senders(store, self._account, self._channel)
            message.from_ = store.correspondence.sender(service, message.to, able)
        message.num_segments = _segments(self._wanted)

    def _hindrance(self, waited: float) -> int | None:
        """Why it can't leave, as a code."""
        message, wanted = self._message, self._wanted
        if wanted.refused is not None:
            return wanted.refused
        if self._account.status != "active":
            return _SUSPENDED
        if message.from_ is None:
            return _NO_SENDER
        if waited > wanted.validity:
            return _RAN_OUT
        if wanted.max_price is not None and price_of_message(message) > wanted.max_price:
            return _TOO_DEAR
        chosen = wanted.from_ is None and message.from_
        if chosen and self._network.store.correspondence.has_opted_out(message.to, chosen):
            return _OPTED_OUT
        return None

    def _obstacle(self, receiver: Phone) -> int | None:
        """Why it doesn't get there, as a code."""
        message, network = self._message, self._network
        if self._channel == "whatsapp" and not self._wanted.from_template:
            correspondence = network.store.correspondence
            if not correspondence.is_open(message.to, message.from_ or "", network.clock.date):
                return _WINDOW_CLOSED
        return _UNDELIVERED.get(receiver.on_text)

    def _hand_over(self, receiver: Phone) -> None:
        """Somebody gets it."""
        network, message = self._network, self._message
        files = [network.store.media[sid] for sid in message.media]
        urls = tuple(shown(media.url) for media in files)
        pictures = all(media.content_type.startswith("image/") for media in files)
        # WhatsApp shows a text with pictures alone.
        body = _text(self._wanted) if self._channel != "whatsapp" or pictures else ""
        receiver.texts.append(Text(network.clock.now, message.sid, message.from_ or "", body, urls))
        network.note(message.sid, receiver.number, "reads", " ".join((f'"{body}"', *urls)))
        network.act(receiver.number, message.sid, "reads", body)
        self._let_answer(receiver, body)
        # A message to one of our own numbers comes in there.
        own = record_of(network.store, message.to)
        if own is not None and message.from_:
            passed = tuple(
                media.url if media.content is None else Attachment(media.content, media.content_type)
                for media in files
            )
            network.receive(network.phone(message.from_), own, message.to, body, passed)

    def _let_answer(self, receiver: Phone, body: str) -> None:
        """Whoever gets it answers as they were told to."""
        network, sender = self._network, self._message.from_ or ""
        number = record_of(network.store, sender)
        reply = next((each.reply for each in receiver.replies if has_phrase(body, each.text)), None)
        if number is None or reply is None:
            return

        def answer() -> None:
            network.receive(receiver, number, sender, reply, ())

        network.clock.after(network.settings.send, answer)


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
