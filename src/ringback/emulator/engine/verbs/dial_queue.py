"""Dial with a Queue: taking who waits. https://www.twilio.com/docs/voice/twiml/queue"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.call_signals import ChildOver, ChildReady, Key
from ringback.emulator.engine.documents import Source, said
from ringback.emulator.engine.kernel.signals import Changed
from ringback.emulator.engine.queues import LONGEST_NAME, Handover
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.verbs.dial_recording import DialRecording
from ringback.emulator.engine.verbs.sounds import listen
from ringback.webhooks import DialResult, QueueConnect

if TYPE_CHECKING:
    from collections.abc import Callable

    from ringback._generated.webhooks.enums import DialCallStatus
    from ringback.emulator.engine.events import RequestFacts
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.kernel.signals import Signal
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.queues import QueueMember
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.twiml import Dial, Queue

__all__ = ["QueueDial", "wrong_name"]

_TIMEOUT: Final = 30
_LONGEST: Final = 14_400


def wrong_name(noun: Queue, url: str) -> Trouble | None:
    """Why no queue can be called so."""
    name = said(noun)
    if len(name) <= LONGEST_NAME:
        return None
    return Trouble(14213, f"queue {name}: a name has at most {LONGEST_NAME} characters", url)


class QueueDial:
    """A Dial of a queue: the wait for somebody in it, and the talk with them."""

    def __init__(self, execution: Execution, verb: Dial, noun: Queue) -> None:
        leg = self._leg = execution.leg
        self._document = execution.document
        self._verb = verb
        self._noun = noun
        self._queue = execution.network.queue(leg.session.account, said(noun))
        self._handover: Handover | None = None
        self._member: Leg | None = None
        self._waited = 0
        self._bridged_at: float | None = None
        self._seconds = 0
        self._status: DialCallStatus = "no-answer"
        self._recording = DialRecording(execution, verb)

    def run(self) -> Steps[None]:
        """Take the one who has waited longest, or who comes first."""
        member = yield from self._somebody()
        if member is None:
            return
        leg, world = self._leg, self._leg.world
        self._member, self._waited = member.leg, member.seconds
        self._handover = Handover(leg, self._whisper(member))
        self._queue.take(self._handover, member)

        def of_member(signal: Signal) -> bool:
            return isinstance(signal, (ChildReady, ChildOver)) and signal.call_sid == member.leg.call.sid

        signal = yield from listen(leg, None, of_member)
        if isinstance(signal, ChildOver):
            return
        if leg.call.status == "ringing":
            leg.answer()
        self._bridged_at = world.clock.now
        self._status = "completed"
        for one, other in ((leg, member.leg), (member.leg, leg)):
            one.audience = _only(other)
            one.listen_for("keys", "speech")
        there = f"{leg.line.phone.number} and {member.leg.line.phone.number}"
        world.note(leg.call.sid, "Twilio", "connects", there)
        self._recording.connect()
        star = bool(self._verb.hangup_on_star)
        longest = float(self._verb.time_limit or _LONGEST)
        yield from listen(leg, longest, lambda signal: of_member(signal) or (star and signal == Key("*")))
        self.drop()

    def drop(self) -> None:
        """The taker is gone, or has something else to do."""
        self._recording.finish()
        if self._handover is None or self._handover.over:
            return
        self._handover.over = True
        if self._bridged_at is not None and self._member is not None:
            self._seconds = math.floor(self._leg.world.clock.now - self._bridged_at + 0.5)
            for each in (self._leg, self._member):
                each.audience = tuple
                each.listen_for()
        if self._member is not None:
            self._member.signal(ChildOver(self._leg.call.sid))

    def result(self, facts: RequestFacts) -> DialResult:
        """What the action is asked with."""
        bridged = self._bridged_at is not None
        member = self._member
        return DialResult(
            **facts,
            dial_call_status=self._status,
            dial_bridged=bridged,
            dial_call_sid=member.call.sid if member is not None else None,
            dial_call_duration=self._seconds if bridged else None,
            queue_sid=self._queue.sid if member is not None else None,
            queue_time=self._waited if member is not None else None,
            dequeing_call_sid=self._leg.call.sid if member is not None else None,
            **self._recording.facts,
        )

    def _somebody(self) -> Steps[QueueMember | None]:
        leg = self._leg
        deadline = leg.world.clock.now + float(self._verb.timeout or _TIMEOUT)
        self._queue.takers.append(leg)
        try:
            while not self._queue.members:
                left = round(deadline - leg.world.clock.now, 3)
                signal = yield from listen(leg, left, lambda signal: isinstance(signal, Changed))
                if signal is None:
                    return None
        finally:
            self._queue.takers.remove(leg)
        return self._queue.members[0]

    def _whisper(self, member: QueueMember) -> Source | None:
        if not self._noun.url:
            return None
        waited = member.seconds

        def question(facts: RequestFacts) -> QueueConnect:
            return QueueConnect(
                **facts,
                queue_sid=self._queue.sid,
                queue_time=waited,
                dequeing_call_sid=self._leg.call.sid,
            )

        return Source(self._document.link(self._noun.url), self._noun.method or "POST", question=question)


def _only(leg: Leg) -> Callable[[], tuple[Leg, ...]]:
    return lambda: (leg,)
