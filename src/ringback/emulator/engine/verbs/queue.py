"""Enqueue, and Dial with a Queue: waiting in line, and taking who waits.

https://www.twilio.com/docs/voice/twiml/enqueue and https://www.twilio.com/docs/voice/twiml/queue
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.documents import said
from ringback.emulator.engine.exchange import Trouble
from ringback.emulator.engine.people import Heard
from ringback.emulator.engine.process import (
    Changed,
    ChildOver,
    ChildReady,
    HungUp,
    Key,
    Moved,
    Signal,
    Source,
    Steps,
)
from ringback.emulator.engine.queues import Dequeued, Meeting, Queue, Waiting
from ringback.emulator.engine.verbs.basic import WAITING, hangup
from ringback.emulator.engine.verbs.flow import Unavailable, Verbs, execute, fetch, last_words, whisper
from ringback.emulator.engine.verbs.gather import gather
from ringback.emulator.engine.verbs.results import END, NEXT, Result
from ringback.emulator.engine.verbs.sound import listen, nothing
from ringback.twiml import Gather, Hangup, Leave

if TYPE_CHECKING:
    from collections.abc import Callable

    from ringback.emulator.engine.documents import Document
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.parameters import Pairs
    from ringback.twiml import Dial, Enqueue
    from ringback.twiml import Queue as QueueNoun

__all__ = ["Taking", "enqueue"]

_TIMEOUT: Final = 30
_LONGEST: Final = 14_400


def enqueue(leg: Leg, document: Document, verb: Enqueue) -> Steps[Result]:
    """Wait in line, until somebody takes the call, it leaves, or it is over; then ask the action."""
    network, account = leg.network, leg.session.account
    if verb.workflow_sid:
        message = "the emulator has no TaskRouter: there are no workflows"
        network.problem(account, leg.call.sid, Trouble(14214, message, document.url))
        return _action(document, verb, [("QueueResult", "error")])
    queue = Queue.of(network, account, said(verb))
    if len(queue.waiting) >= min(queue.size, verb.max_queue_size or queue.size):
        return _action(document, verb, [("QueueResult", "queue-full")])
    waiting = Waiting(leg, network.clock.now)
    queue.join(waiting)
    outcome, seconds = "hangup", None
    try:
        try:
            yield from _wait(leg, document, verb, queue, waiting)
            outcome = "leave"
        except Dequeued as taken:
            outcome, seconds = "bridged", waiting.seconds
            queue.leave(waiting)
            yield from _meet(leg, taken.meeting)
    except (HungUp, Moved) as interruption:
        if isinstance(interruption, Moved):
            outcome = "redirected-from-bridged" if outcome == "bridged" else "redirected"
        queue.leave(waiting)
        last = _action(document, verb, _told(outcome, queue, waiting, seconds))
        if isinstance(last, Source):
            # It learns how it went, and its answer is of no use any more.
            yield from last_words(leg, last)
        raise
    finally:
        queue.leave(waiting)
        leg.listen_for()
    return _action(document, verb, _told(outcome, queue, waiting, seconds))


def _told(outcome: str, queue: Queue, waiting: Waiting, seconds: int | None) -> Pairs:
    waited = waiting.seconds if seconds is None else seconds
    return [("QueueResult", outcome), ("QueueSid", queue.sid), ("QueueTime", str(waited))]


def _action(document: Document, verb: Enqueue, pairs: Pairs) -> Result:
    if not verb.action:
        return NEXT
    return Source(document.link(verb.action), verb.method or "POST", extra=tuple(pairs))


class _Left(Exception):
    """The document for those who wait lets somebody go."""


def _leave(_leg: Leg, _document: Document, _verb: object) -> Steps[Result]:
    yield from ()
    raise _Left


_VERBS: Final[Verbs] = {**WAITING, Gather: gather, Hangup: hangup, Leave: _leave}


def _wait(leg: Leg, document: Document, verb: Enqueue, queue: Queue, waiting: Waiting) -> Steps[None]:
    """What is heard in line, over and over, until a document lets the call leave.

    Raises:
        Dequeued: Somebody takes it.
    """
    start = Source(document.link(verb.wait_url), verb.wait_url_method or "POST") if verb.wait_url else None
    source = start
    while source is not None:
        begun = leg.network.clock.now
        asked = Source(source.url, source.method, extra=(*source.extra, *queue.position(waiting)))
        try:
            result = yield from execute(leg, (yield from fetch(leg, asked)), _VERBS)
        except _Left:
            return
        except Unavailable:
            break
        if result is END:
            leg.finish("completed")
            break
        source = result if isinstance(result, Source) else start
        if result is NEXT and leg.network.clock.now == begun:
            # A document without a sound would be asked for again and again, for ever.
            break
    if verb.wait_url is None:
        leg.line.hear(Heard(leg.network.clock.now, "music", "while waiting", "Enqueue", leg.document))
    yield from listen(leg, None, nothing)


def _meet(leg: Leg, meeting: Meeting) -> Steps[None]:
    """Talk to whoever took the call out of the queue, until they are gone."""
    taker = meeting.taker
    try:
        if meeting.whisper is not None and not (yield from whisper(leg, meeting.whisper, WAITING)):
            leg.finish("completed")
        if not meeting.over:
            taker.signal(ChildReady(leg))
            yield from listen(leg, None, lambda signal: isinstance(signal, ChildOver) and signal.leg is taker)
    finally:
        taker.signal(ChildOver(leg))


class Taking:
    """A Dial of a queue: the wait for somebody in it, and the talk with them."""

    def __init__(self, leg: Leg, document: Document, verb: Dial, noun: QueueNoun) -> None:
        self._leg = leg
        self._document = document
        self._verb = verb
        self._noun = noun
        self._queue = Queue.of(leg.network, leg.session.account, said(noun))
        self._meeting: Meeting | None = None
        self._member: Leg | None = None
        self._waited = 0
        self._bridged_at: float | None = None
        self._seconds = 0
        self._status = "no-answer"

    def run(self) -> Steps[None]:
        """Take the one who has waited longest, or who comes first."""
        waiting = yield from self._somebody()
        if waiting is None:
            return
        leg, network = self._leg, self._leg.network
        self._member, self._waited, waiting.taken = waiting.leg, waiting.seconds, True
        self._meeting = Meeting(leg, self._whisper(waiting))
        assert waiting.leg.process is not None  # noqa: S101  (it waits)
        waiting.leg.process.interrupt(Dequeued(waiting, self._meeting))

        def of_member(signal: Signal) -> bool:
            return isinstance(signal, (ChildReady, ChildOver)) and signal.leg is waiting.leg

        signal = yield from listen(leg, None, of_member)
        if isinstance(signal, ChildOver):
            return
        if leg.call.status == "ringing":
            leg.answer()
        self._bridged_at = network.clock.now
        self._status = "completed"
        for one, other in ((leg, waiting.leg), (waiting.leg, leg)):
            one.audience = _only(other)
            one.listen_for("keys", "speech")
        there = f"{leg.line.phone.number} and {waiting.leg.line.phone.number}"
        network.note(leg.call.sid, "Twilio", "connects", there)
        star = bool(self._verb.hangup_on_star)
        longest = float(self._verb.time_limit or _LONGEST)
        yield from listen(leg, longest, lambda signal: of_member(signal) or (star and signal == Key("*")))
        self.drop()

    def drop(self) -> None:
        """The taker is gone, or has something else to do."""
        if self._meeting is None or self._meeting.over:
            return
        self._meeting.over = True
        if self._bridged_at is not None and self._member is not None:
            self._seconds = math.floor(self._leg.network.clock.now - self._bridged_at + 0.5)
            for each in (self._leg, self._member):
                each.audience = tuple
                each.listen_for()
        if self._member is not None:
            self._member.signal(ChildOver(self._leg))

    def result(self) -> Pairs:
        """What the action is told."""
        bridged = self._bridged_at is not None
        pairs: Pairs = [("DialCallStatus", self._status), ("DialBridged", "true" if bridged else "false")]
        if self._member is not None:
            pairs.append(("DialCallSid", self._member.call.sid))
            pairs += [("QueueSid", self._queue.sid), ("QueueTime", str(self._waited))]
            pairs.append(("DequeingCallSid", self._leg.call.sid))
        if bridged:
            pairs.append(("DialCallDuration", str(self._seconds)))
        return pairs

    def _somebody(self) -> Steps[Waiting | None]:
        leg = self._leg
        deadline = leg.network.clock.now + float(self._verb.timeout or _TIMEOUT)
        self._queue.takers.append(leg)
        try:
            while (waiting := self._queue.next()) is None:
                left = round(deadline - leg.network.clock.now, 3)
                signal = yield from listen(leg, left, lambda signal: isinstance(signal, Changed))
                if signal is None:
                    return None
        finally:
            self._queue.takers.remove(leg)
        return waiting

    def _whisper(self, waiting: Waiting) -> Source | None:
        if not self._noun.url:
            return None
        extra = (
            ("QueueSid", self._queue.sid),
            ("QueueTime", str(waiting.seconds)),
            ("DequeingCallSid", self._leg.call.sid),
        )
        return Source(self._document.link(self._noun.url), self._noun.method or "POST", extra=extra)


def _only(leg: Leg) -> Callable[[], tuple[Leg, ...]]:
    return lambda: (leg,)
