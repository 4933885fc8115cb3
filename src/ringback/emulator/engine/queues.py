"""Queues: lines of calls that wait to be taken. https://www.twilio.com/docs/voice/twiml/enqueue"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from attrs import define, field

from ringback.emulator.engine.documents import Source
from ringback.emulator.engine.kernel.signals import Changed, Interruption
from ringback.webhooks import QueueWait

if TYPE_CHECKING:
    from ringback.emulator.engine.events import RequestFacts
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.world import World

__all__ = ["Dequeued", "Handover", "Queue", "QueueMember"]

_MOST: Final = 1000


@define(eq=False)
class Handover:
    """Somebody takes a call out of a queue.

    Attributes:
        taker: Who takes it.
        whisper: What the one who waited hears first.
        over: Whether the taker is gone.
    """

    taker: Leg
    whisper: Source | None
    over: bool = False


class Dequeued(Interruption):
    """A call that waited was taken."""

    def __init__(self, member: QueueMember, handover: Handover) -> None:
        self.handover = handover
        self._member = member
        super().__init__()

    def due(self) -> bool:
        return self._member.inside


@define(eq=False)
class QueueMember:
    """A call in a queue.

    Attributes:
        since: When it came.
        inside: Whether its Enqueue is still about this queue.
        taken: Whether somebody has taken it.
    """

    leg: Leg
    since: float
    inside: bool = field(default=True, init=False)
    taken: bool = field(default=False, init=False)

    @property
    def seconds(self) -> int:
        """How long it has waited."""
        return math.floor(self.leg.world.clock.now - self.since + 0.5)


class Queue:
    """A line with a name."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.sid = world.sids.new("QU")
        self.members: list[QueueMember] = []
        self.takers: list[Leg] = []
        self.size = _MOST
        world.transcript.open(self.sid, "queue", name)

    def join(self, member: QueueMember) -> None:
        """Somebody comes."""
        self.members.append(member)
        self.world.note(self.sid, member.leg.line.phone.number, "waits")
        for taker in self.takers:
            taker.signal(Changed())

    def leave(self, member: QueueMember) -> None:
        """Somebody is taken, has enough or is gone."""
        member.inside = False
        if member in self.members:
            self.members.remove(member)
            self.world.note(self.sid, member.leg.line.phone.number, "leaves")

    def next(self) -> QueueMember | None:
        """Who has waited longest and is nobody's yet."""
        return next((each for each in self.members if not each.taken), None)

    def ask(self, member: QueueMember, facts: RequestFacts) -> QueueWait:
        """What the document for somebody who waits is asked with."""
        average = sum(each.seconds for each in self.members) // max(1, len(self.members))
        return QueueWait(
            **facts,
            queue_sid=self.sid,
            queue_time=member.seconds,
            queue_position=self.members.index(member) + 1,
            avg_queue_time=average,
            current_queue_size=len(self.members),
            max_queue_size=self.size,
        )
