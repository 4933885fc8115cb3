"""Queues: lines of calls that wait to be taken. https://www.twilio.com/docs/voice/twiml/enqueue"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from attrs import define, field

from ringback.emulator.engine.process import Changed, Interruption, Source

if TYPE_CHECKING:
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.network import Network
    from ringback.emulator.engine.parameters import Pairs
    from ringback.emulator.engine.records import Account

__all__ = ["Dequeued", "Meeting", "Queue", "Waiting"]

_MOST: Final = 1000


@define(eq=False)
class Meeting:
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

    def __init__(self, waiting: Waiting, meeting: Meeting) -> None:
        self.meeting = meeting
        self._waiting = waiting
        super().__init__()

    def due(self) -> bool:
        return self._waiting.inside


@define(eq=False)
class Waiting:
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
        return math.floor(self.leg.network.clock.now - self.since + 0.5)


class Queue:
    """A line with a name."""

    def __init__(self, network: Network, account: Account, name: str) -> None:
        self.network = network
        self.sid = network.sids.new("QU")
        self.waiting: list[Waiting] = []
        self.takers: list[Leg] = []
        self.size = _MOST
        network.queues[account.sid, name] = self
        network.transcript.open(self.sid, "queue", name)

    @classmethod
    def of(cls, network: Network, account: Account, name: str) -> Queue:
        """The queue of that name; it is made where it isn't there."""
        return network.queues.get((account.sid, name)) or cls(network, account, name)

    def join(self, waiting: Waiting) -> None:
        """Somebody comes."""
        self.waiting.append(waiting)
        self.network.note(self.sid, waiting.leg.line.phone.number, "waits")
        for taker in self.takers:
            taker.signal(Changed())

    def leave(self, waiting: Waiting) -> None:
        """Somebody is taken, has enough or is gone."""
        waiting.inside = False
        if waiting in self.waiting:
            self.waiting.remove(waiting)
            self.network.note(self.sid, waiting.leg.line.phone.number, "leaves")

    def next(self) -> Waiting | None:
        """Who has waited longest and is nobody's yet."""
        return next((each for each in self.waiting if not each.taken), None)

    def position(self, waiting: Waiting) -> Pairs:
        """What the document for somebody who waits is told."""
        average = sum(each.seconds for each in self.waiting) // max(1, len(self.waiting))
        return [
            ("QueueSid", self.sid),
            ("QueueTime", str(waiting.seconds)),
            ("QueuePosition", str(self.waiting.index(waiting) + 1)),
            ("AvgQueueTime", str(average)),
            ("CurrentQueueSize", str(len(self.waiting))),
            ("MaxQueueSize", str(self.size)),
        ]
