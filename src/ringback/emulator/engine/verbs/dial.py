"""Dial: other people for the call. https://www.twilio.com/docs/voice/twiml/dial"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ringback.emulator.engine.call_signals import HungUp, Moved
from ringback.emulator.engine.documents import Source, name_of, said
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.verbs.callees import CALLED, callees
from ringback.emulator.engine.verbs.dial_conference import join, joined
from ringback.emulator.engine.verbs.dial_number import NumbersDial
from ringback.emulator.engine.verbs.dial_queue import QueueDial, wrong_name
from ringback.emulator.engine.verbs.fetching import last_words
from ringback.emulator.engine.verbs.results import NEXT, action
from ringback.twiml import Conference, Number, Queue, Raw

if TYPE_CHECKING:
    from ringback.emulator.engine.events import RequestFacts, VoiceQuestion
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.emulator.engine.verbs.results import Result
    from ringback.twiml import Dial
    from ringback.webhooks import DialResult

__all__ = ["dial"]


class _Connection(Protocol):
    """A Dial that leads to other calls."""

    def run(self) -> Steps[Source | None]:
        """Connect the caller, until that is over; the document that the call goes on with at once, if any."""
        ...

    def drop(self) -> None:
        """The caller is gone, or has something else to do."""
        ...

    def result(self, facts: RequestFacts, /) -> DialResult:
        """What the action is asked with."""
        ...


def dial(execution: Execution, verb: Dial) -> Steps[Result]:
    """Connect the call to others, and ask the action when that is over."""
    nouns = [child for child in verb.children if not isinstance(child, (str, Raw))]
    if not nouns and said(verb):
        nouns = [Number(said(verb))]
    leg = execution.leg
    if len(nouns) > 1 and any(isinstance(noun, Conference) for noun in nouns):
        leg.world.problem(leg.session.account, leg.call.sid, Trouble(13000, "", execution.document.url))
    if nouns and isinstance(nouns[0], Conference):
        try:
            question = yield from join(execution, verb, nouns[0])
        except (HungUp, Moved):
            yield from _last_action(execution, verb, joined)
            raise
        return action(execution.document, verb, question)
    if nouns and isinstance(nouns[0], Queue):
        misnamed = wrong_name(nouns[0], execution.document.url)
        if misnamed is not None:
            execution.network.problem(execution.leg.session.account, execution.leg.call.sid, misnamed)
            return NEXT
        return (yield from _connect(execution, verb, QueueDial(execution, verb, nouns[0])))
    called = [noun for noun in nouns if isinstance(noun, CALLED)]
    for noun in nouns:
        if noun not in called:
            message = f"a <{name_of(noun)}> can't be dialed along with others"
            leg.world.problem(leg.session.account, leg.call.sid, Trouble(13215, message, leg.document))
    connection = NumbersDial(execution, verb, callees(execution, called))
    return (yield from _connect(execution, verb, connection))


def _connect(execution: Execution, verb: Dial, connection: _Connection) -> Steps[Result]:
    try:
        following = yield from connection.run()
    except Exception as error:
        connection.drop()
        if isinstance(error, (HungUp, Moved)):
            # The action learns how it went, and its answer is of no use any more.
            yield from _last_action(execution, verb, connection.result)
        raise
    return following or action(execution.document, verb, connection.result)


def _last_action(execution: Execution, verb: Dial, question: VoiceQuestion) -> Steps[None]:
    following = action(execution.document, verb, question)
    if isinstance(following, Source):
        yield from last_words(execution.leg, following)
