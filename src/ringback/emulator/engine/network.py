"""Where phones, calls, conferences and queues meet: everybody in the emulated world."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ringback.emulator.engine.conferences import Conference
from ringback.emulator.engine.exchange import Cookies, Session
from ringback.emulator.engine.people import OnCall, Phone
from ringback.emulator.engine.queues import Queue, new_queue
from ringback.emulator.engine.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from ringback.emulator.engine.documents import Source
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.payment_sessions import PaymentSession
    from ringback.emulator.engine.people import Attachment
    from ringback.emulator.engine.records import Account, Message, Number, QueueRecord
    from ringback.emulator.engine.settings import Settings

__all__ = ["Network"]


class Network(World):
    """The whole emulated world.

    Attributes:
        interpret: Runs a call's TwiML from a first document to the end of the call.
        receive: Takes a message that comes to one of our numbers.
        on_call: What a phone does when it rings, where nobody said otherwise.
        phones: Everybody's phone, by number; made when first rung or asked for.
        legs: Every call's live side, by call SID.
        conferences: Live conferences, by account SID and name.
        queues: What happens in queues, by their SID; made when first needed.
        payments: Payments that agents take, by SID.
        next_start: When an account's next outgoing call may start, by account SID.
    """

    def __init__(
        self,
        *,
        start: datetime,
        seed: str,
        settings: Settings,
        interpret: Callable[[Network, Leg, Source], Steps[None]],
        receive: Callable[[Network, Phone, Number, str, str, Iterable[str | Attachment]], Message],
        on_call: OnCall,
        reaches: Callable[[str], bool],
        strict: bool = False,
    ) -> None:
        super().__init__(start=start, seed=seed, settings=settings, reaches=reaches, strict=strict)
        self.interpret: Callable[[Leg, Source], Steps[None]] = partial(interpret, self)
        self.receive: Callable[[Phone, Number, str, str, Iterable[str | Attachment]], Message] = partial(
            receive, self
        )
        self.on_call = on_call
        self.phones: dict[str, Phone] = {}
        self.legs: dict[str, Leg] = {}
        self.conferences: dict[tuple[str, str], Conference] = {}
        self.queues: dict[str, Queue] = {}
        self.payments: dict[str, PaymentSession] = {}
        self.next_start: dict[str, float] = {}
        self._cookies: dict[frozenset[str], Cookies] = {}

    def phone(self, number: str) -> Phone:
        """Somebody's phone; made on first use."""
        if number not in self.phones:
            self.phones[number] = Phone(number, self.on_call)
        return self.phones[number]

    def conference(self, account: Account, name: str) -> Conference:
        """The live conference of that name; it is made where there is none."""
        key = account.sid, name
        found = self.conferences.get(key)
        if found is None:
            found = self.conferences[key] = Conference(self, account, name, lambda: self._over(key))
        return found

    def _over(self, key: tuple[str, str]) -> None:
        self.conferences.pop(key, None)

    def queue(self, account: Account, name: str) -> Queue:
        """The queue of that name; it is made where there is none."""
        record = self.store.queue(account.sid, name)
        if record is None:
            record = new_queue(self, account, name)
            self.store.queues[record.sid] = record
        return self.queue_of(record)

    def queue_of(self, record: QueueRecord) -> Queue:
        """The queue that a record is about."""
        found = self.queues.get(record.sid)
        if found is None:
            found = self.queues[record.sid] = Queue(self, record)
        return found

    def forget(self) -> None:
        """Forget what is known and cut off what is under way; nobody is told. Phones keep their behaviour."""
        for leg in self.legs.values():
            if leg.process is not None:
                leg.process.stop()
            if leg.line.engaged:
                leg.line.over()
        for phone in self.phones.values():
            phone.forget()
        for forgotten in (
            self.legs,
            self.conferences,
            self.queues,
            self.payments,
            self.next_start,
            self.audio,
            self._cookies,
        ):
            forgotten.clear()
        self.clock.clear()
        self.outbox.clear()
        self.mishaps.forget()
        self.store.clear()

    def messaging_session(self, account: Account, one: str, other: str) -> Session:
        """Messages between the same two numbers share their cookies."""
        cookies = self._cookies.setdefault(frozenset({one, other}), Cookies())
        return Session(account, "messaging", cookies)
