"""Enqueue: waiting in line. https://www.twilio.com/docs/voice/twiml/enqueue"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve

from ringback.emulator.engine.call_signals import ChildOver, ChildReady, HungUp, Moved
from ringback.emulator.engine.documents import Source, said
from ringback.emulator.engine.events import redirected
from ringback.emulator.engine.people import Heard
from ringback.emulator.engine.queues import Dequeued, QueueMember
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.verbs.execution import execute, whisper
from ringback.emulator.engine.verbs.fetching import Unavailable, fetch, last_words
from ringback.emulator.engine.verbs.gather import gather
from ringback.emulator.engine.verbs.hangup import hangup
from ringback.emulator.engine.verbs.restricted import WAITING
from ringback.emulator.engine.verbs.results import END, NEXT, action
from ringback.emulator.engine.verbs.sounds import listen, nothing
from ringback.twiml import Gather, Hangup, Leave
from ringback.webhooks import EnqueueResult, wire_parameters

if TYPE_CHECKING:
    from ringback._generated.webhooks.enums import QueueResult
    from ringback.emulator.engine.events import RequestFacts, VoiceQuestion
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.network import Network
    from ringback.emulator.engine.queues import Handover, Queue
    from ringback.emulator.engine.verbs.execution import Execution, Verbs
    from ringback.emulator.engine.verbs.results import Result
    from ringback.twiml import Enqueue
    from ringback.webhooks import VoiceCallRequest

__all__ = ["enqueue"]


def enqueue(execution: Execution, verb: Enqueue) -> Steps[Result]:
    """Wait in line, until somebody takes the call, it leaves, or it is over; then ask the action."""
    network, leg, document = execution.network, execution.leg, execution.document
    account = leg.session.account
    if verb.workflow_sid:
        message = "the emulator has no TaskRouter: there are no workflows"
        network.problem(account, leg.call.sid, Trouble(14214, message, document.url))
        return action(document, verb, lambda facts: EnqueueResult(**facts, queue_result="error"))
    queue = network.queue(account, said(verb))
    if len(queue.members) >= min(queue.size, verb.max_queue_size or queue.size):
        return action(document, verb, lambda facts: EnqueueResult(**facts, queue_result="queue-full"))
    member = QueueMember(leg, network.clock.now)
    queue.join(member)
    outcome: QueueResult = "hangup"
    seconds: int | None = None
    try:
        try:
            yield from _wait(execution, verb, queue, member)
            outcome = "leave"
        except Dequeued as taken:
            outcome, seconds = "bridged", member.seconds
            queue.leave(member)
            yield from _meet(network, leg, taken.handover)
    except (HungUp, Moved) as interruption:
        if isinstance(interruption, Moved):
            outcome = "redirected-from-bridged" if outcome == "bridged" else "redirected"
        queue.leave(member)
        last = action(document, verb, _told(outcome, queue, member, seconds))
        if isinstance(last, Source):
            # It learns how it went, and its answer is of no use any more.
            yield from last_words(leg, last)
        raise
    finally:
        queue.leave(member)
        leg.listen_for()
    return action(document, verb, _told(outcome, queue, member, seconds))


def _told(outcome: QueueResult, queue: Queue, member: QueueMember, seconds: int | None) -> VoiceQuestion:
    waited = member.seconds if seconds is None else seconds
    return lambda facts: EnqueueResult(**facts, queue_result=outcome, queue_sid=queue.sid, queue_time=waited)


def _in_line(question: VoiceQuestion, queue: Queue, member: QueueMember) -> VoiceQuestion:
    """A question that also says where the call stands in line, whatever else it says."""

    def asks(facts: RequestFacts) -> VoiceCallRequest:
        wait = queue.ask(member, facts)
        if question is redirected:
            return wait
        # What a Gather in line has found: there is no event for both.
        asked = question(facts)
        said = wire_parameters(asked)
        place = {name: text for name, text in wire_parameters(wait).items() if name not in said}
        return evolve(asked, unknown_parameters=place)

    return asks


class _Left(Exception):
    """The document for those who wait lets somebody go."""


def _leave(_execution: Execution, _verb: Leave) -> Steps[Result]:
    yield from ()
    raise _Left


_VERBS: Final[Verbs] = {**WAITING, Gather: gather, Hangup: hangup, Leave: _leave}


def _wait(execution: Execution, verb: Enqueue, queue: Queue, member: QueueMember) -> Steps[None]:
    """What is heard in line, over and over, until a document lets the call leave.

    Raises:
        Dequeued: Somebody takes it.
    """
    network, leg, document = execution.network, execution.leg, execution.document
    start = Source(document.link(verb.wait_url), verb.wait_url_method or "POST") if verb.wait_url else None
    source = start
    while source is not None:
        begun = leg.world.clock.now
        asked = Source(source.url, source.method, question=_in_line(source.question, queue, member))
        try:
            result = yield from execute(network, leg, (yield from fetch(leg, asked)), _VERBS)
        except _Left:
            return
        except Unavailable:
            break
        if result is END:
            leg.finish("completed")
            break
        source = result if isinstance(result, Source) else start
        if result is NEXT and leg.world.clock.now == begun:
            # A document without a sound would be asked for again and again, for ever.
            break
    if verb.wait_url is None:
        leg.line.hear(Heard(leg.world.clock.now, "music", "while waiting", "Enqueue", leg.document))
    yield from listen(leg, None, nothing)


def _meet(network: Network, leg: Leg, handover: Handover) -> Steps[None]:
    """Talk to whoever took the call out of the queue, until they are gone."""
    taker = handover.taker
    try:
        if handover.whisper is not None and not (yield from whisper(network, leg, handover.whisper, WAITING)):
            leg.finish("completed")
        if not handover.over:
            taker.signal(ChildReady(leg.call.sid))
            yield from listen(leg, None, lambda signal: signal == ChildOver(taker.call.sid))
    finally:
        taker.signal(ChildOver(leg.call.sid))
