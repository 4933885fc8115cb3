"""Enqueue: waiting in line. https://www.twilio.com/docs/voice/twiml/enqueue"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve

from ringback.emulator.engine.call_signals import ChildOver, ChildReady, HungUp, Moved
from ringback.emulator.engine.documents import Source, said
from ringback.emulator.engine.events import redirected
from ringback.emulator.engine.queues import LONGEST_NAME, Dequeued
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.verbs.execution import execute, whisper
from ringback.emulator.engine.verbs.fetching import Unavailable, fetch, last_words
from ringback.emulator.engine.verbs.gather import gather
from ringback.emulator.engine.verbs.hangup import hangup
from ringback.emulator.engine.verbs.restricted import WAITING
from ringback.emulator.engine.verbs.results import END, NEXT, action
from ringback.emulator.engine.verbs.sounds import listen, music, nothing
from ringback.twiml import Gather, Hangup, Leave
from ringback.webhooks import EnqueueResult, wire_parameters

if TYPE_CHECKING:
    from ringback._generated.webhooks.enums import QueueResult
    from ringback.emulator.engine.events import RequestFacts, VoiceQuestion
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.network import Network
    from ringback.emulator.engine.queues import Handover, Queue, QueueMember
    from ringback.emulator.engine.verbs.execution import Execution, Verbs
    from ringback.emulator.engine.verbs.results import Result
    from ringback.twiml import Enqueue
    from ringback.webhooks import VoiceCallRequest

__all__ = ["enqueue"]


def enqueue(execution: Execution, verb: Enqueue) -> Steps[Result]:
    """Wait in line, until somebody takes the call, it leaves, or it is over; then ask the action."""
    network, leg, document = execution.network, execution.leg, execution.document
    refusal = _refusal(execution, verb)
    if refusal is not None:
        result, trouble = refusal
        network.problem(leg.session.account, leg.call.sid, trouble)
        return action(document, verb, lambda facts: EnqueueResult(**facts, queue_result=result))
    queue = network.queue(leg.session.account, said(verb))
    member = queue.join(leg)

    def told(outcome: QueueResult) -> VoiceQuestion:
        return lambda facts: EnqueueResult(
            **facts, queue_result=outcome, queue_sid=queue.sid, queue_time=member.seconds
        )

    try:
        outcome = yield from _stay(execution, verb, queue, member)
    except (HungUp, Moved) as interruption:
        last = action(document, verb, told(_cut_short(member, moved=isinstance(interruption, Moved))))
        if isinstance(last, Source):
            # It learns how it went, and its answer is of no use any more.
            yield from last_words(leg, last)
        raise
    return action(document, verb, told(outcome))


def _refusal(execution: Execution, verb: Enqueue) -> tuple[QueueResult, Trouble] | None:
    """Why the call can't wait in that line."""
    network, account, url = execution.network, execution.leg.session.account, execution.document.url
    name = said(verb)
    if verb.workflow_sid:
        return "error", Trouble(14226, "the emulator has no TaskRouter: there are no workflows", url)
    if len(name) > LONGEST_NAME:
        return "error", Trouble(14205, f"queue {name}: a name has at most {LONGEST_NAME} characters", url)
    if network.queue(account, name).full(verb.max_queue_size):
        return "queue-full", Trouble(14207, f"queue {name} is full", url)
    return None


def _stay(execution: Execution, verb: Enqueue, queue: Queue, member: QueueMember) -> Steps[QueueResult]:
    """Wait, and talk to whoever takes the call out of the line; how it left."""
    leg = execution.leg
    try:
        try:
            yield from _wait(execution, verb, queue, member)
        except Unavailable:
            return "error"
        except Dequeued as taken:
            yield from _meet(execution.network, leg, taken.handover)
            return "bridged" if taken.handover.bridged else "bridging-in-process"
        return "leave"
    finally:
        member.waiting = False
        queue.leave(member)
        leg.listen_for()
        if member.handover is not None:
            member.handover.taker.signal(ChildOver(leg.call.sid))


def _cut_short(member: QueueMember, *, moved: bool) -> QueueResult:
    """How a call left that was hung up or moved elsewhere."""
    bridged = member.handover is not None and member.handover.bridged
    if moved:
        return "redirected-from-bridged" if bridged else "redirected"
    return "bridged" if bridged else "hangup"


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
        Unavailable: A document can't be had.
    """
    network, leg, document = execution.network, execution.leg, execution.document
    if verb.wait_url is None:
        yield from music(leg, "while waiting", "Enqueue")
    start = Source(document.link(verb.wait_url), verb.wait_url_method or "POST") if verb.wait_url else None
    source = start
    while source is not None:
        begun = leg.world.clock.now
        asked = Source(source.url, source.method, question=_in_line(source.question, queue, member))
        try:
            result = yield from execute(network, leg, (yield from fetch(leg, asked)), _VERBS)
        except _Left:
            return
        if result is END:
            leg.finish("completed")
            break
        source = result if isinstance(result, Source) else start
        if result is NEXT and leg.world.clock.now == begun:
            # A document without a sound would be asked for again and again, for ever.
            break
    yield from listen(leg, None, nothing)


def _meet(network: Network, leg: Leg, handover: Handover) -> Steps[None]:
    """Talk to whoever took the call out of the queue, until they are gone."""
    taker = handover.taker
    if handover.whisper is not None and not (yield from whisper(network, leg, handover.whisper, WAITING)):
        leg.finish("completed")
        yield from listen(leg, None, nothing)
    if not handover.over:
        handover.bridged = True
        taker.signal(ChildReady(leg.call.sid))
        yield from listen(leg, None, lambda signal: signal == ChildOver(taker.call.sid))
