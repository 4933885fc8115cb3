"""Queues: lines of calls that wait to be taken. https://www.twilio.com/docs/voice/twiml/enqueue"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from attrs import define, field

from ringback.emulator.engine.documents import Source
from ringback.emulator.engine.kernel.signals import Changed, Interruption
from ringback.emulator.engine.parameters import API_VERSION
from ringback.emulator.engine.records import QueueRecord
from ringback.webhooks import QueueWait

if TYPE_CHECKING:
    from datetime import datetime

    from ringback.emulator.engine.events import RequestFacts
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.records import Account
    from ringback.emulator.engine.world import World

__all__ = ["LONGEST_NAME", "Dequeued", "Handover", "Queue", "QueueMember", "new_queue"]

# In TwiML.
LONGEST_NAME: Final = 63


@define(eq=False)
class Handover:
    """Somebody takes a call out of a queue.

    Attributes:
        taker: Who takes it.
        whisper: What the one who waited hears first.
        bridged: Whether the two talk, or have talked.
        over: Whether the taker is gone.
    """

    taker: Leg
    whisper: Source | None
    bridged: bool = False
    over: bool = False


class Dequeued(Interruption):
    """A call that waited was taken."""

    def __init__(self, member: QueueMember, handover: Handover) -> None:
        self.handover = handover
        self._member = member
        super().__init__()

    def due(self) -> bool:
        return self._member.waiting


@define(eq=False)
class QueueMember:
    """A call in a queue.

    Attributes:
        since: When it came, in seconds of the clock.
        enqueued: The same by the calendar.
        waiting: Whether its Enqueue still waits for somebody.
        handover: Who has taken it, and how that went.
    """

    leg: Leg
    since: float
    enqueued: datetime
    waiting: bool = field(default=True, init=False)
    handover: Handover | None = field(default=None, init=False)
    _left: float | None = field(default=None, init=False)

    @property
    def seconds(self) -> int:
        """How long it waits, or has waited."""
        now = self.leg.world.clock.now if self._left is None else self._left
        return math.floor(now - self.since + 0.5)

    def left(self) -> None:
        """It waits no longer."""
        self._left = self.leg.world.clock.now


def new_queue(world: World, account: Account, name: str) -> QueueRecord:
    """The record of a queue that is made by the first who joins it."""
    sid, now = world.sids.new("QU"), world.clock.date
    return QueueRecord(
        sid=sid,
        account_sid=account.sid,
        friendly_name=name,
        date_created=now,
        date_updated=now,
        uri=f"/{API_VERSION}/Accounts/{account.sid}/Queues/{sid}.json",
    )


class Queue:
    """A line with a name.

    Attributes:
        record: What the REST API knows of it.
        members: Who waits and was taken by nobody yet, in order.
        takers: Who waits for somebody to come.
    """

    def __init__(self, world: World, record: QueueRecord) -> None:
        self.world = world
        self.record = record
        self.members: list[QueueMember] = []
        self.takers: list[Leg] = []
        world.transcript.open(self.sid, "queue", record.friendly_name)

    @property
    def sid(self) -> str:
        return self.record.sid

    @property
    def average(self) -> int:
        """How long those who wait have waited on average, in seconds."""
        return sum(each.seconds for each in self.members) // max(1, len(self.members))

    def position(self, member: QueueMember) -> int:
        """The place in line, from 1."""
        return self.members.index(member) + 1

    def full(self, most: int | None) -> bool:
        """Whether nobody else may come, or none of those who want at most so many in line."""
        size = self.record.max_size
        return len(self.members) >= min(size, size if most is None else most)

    def join(self, leg: Leg) -> QueueMember:
        """Somebody comes."""
        member = QueueMember(leg, self.world.clock.now, self.world.clock.date)
        self.members.append(member)
        # Whoever hangs up stands in nobody's way any more, and isn't listed.
        leg.on_end.append(lambda: self.leave(member))
        self.world.note(self.sid, leg.line.phone.number, "waits")
        for taker in self.takers:
            taker.signal(Changed())
        return member

    def take(self, handover: Handover, member: QueueMember) -> None:
        """Somebody takes a call out."""
        self.leave(member)
        member.handover = handover
        member.leg.interrupt(Dequeued(member, handover))

    def leave(self, member: QueueMember) -> None:
        """Somebody is taken, has enough or is gone."""
        if member in self.members:
            self.members.remove(member)
            member.left()
            self.world.note(self.sid, member.leg.line.phone.number, "leaves")

    def ask(self, member: QueueMember, facts: RequestFacts) -> QueueWait:
        """What the document for somebody who waits is asked with."""
        return QueueWait(
            **facts,
            queue_sid=self.sid,
            queue_time=member.seconds,
            # It may just have been taken: nobody hears the answer then.
            queue_position=self.position(member) if member in self.members else 1,
            avg_queue_time=self.average,
            current_queue_size=len(self.members),
            max_queue_size=self.record.max_size,
        )
