"""What somebody in a conference hears beside the others: announcements, music on hold and while waiting."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from attrs import evolve

from ringback.emulator.engine.documents import Source
from ringback.emulator.engine.kernel.process import Steps
from ringback.emulator.engine.kernel.signals import Signal
from ringback.emulator.engine.participants import ParticipantChanged
from ringback.emulator.engine.verbs.execution import Verbs, execute
from ringback.emulator.engine.verbs.fetching import Unavailable, fetch
from ringback.emulator.engine.verbs.prompts import Prompt, perform
from ringback.emulator.engine.verbs.restricted import WAITING
from ringback.emulator.engine.verbs.results import NEXT, Result
from ringback.emulator.engine.verbs.sounds import listen, music
from ringback.twiml import Pause, Play, Say
from ringback.webhooks import ConferenceWait, ParticipantHold

if TYPE_CHECKING:
    from ringback.emulator.engine.conferences import Conference
    from ringback.emulator.engine.documents import Document
    from ringback.emulator.engine.events import RequestFacts
    from ringback.emulator.engine.participants import Participant
    from ringback.emulator.engine.verbs.execution import Execution

__all__ = ["present"]

# A verb that no document for a conference may hold.
_FORBIDDEN: Final = 13238


class _Left(Exception):
    """Somebody did not want to listen any longer."""


def present(
    execution: Execution,
    conference: Conference,
    participant: Participant,
    leaves: Callable[[Signal], bool],
) -> Steps[None]:
    """What somebody in a conference hears, until they leave or it is something else.

    Raises:
        ParticipantChanged: It is something else now.
        Unavailable: The document to wait with can't be had.
    """

    def waits(facts: RequestFacts) -> ConferenceWait:
        return ConferenceWait(**facts, conference_sid=conference.sid)

    def is_held(facts: RequestFacts) -> ParticipantHold:
        return ParticipantHold(**facts, conference_sid=conference.sid)

    try:
        while participant.announcements:
            announcement = participant.announcements[0]
            try:
                yield from _announce(execution, announcement.document, leaves)
            except ParticipantChanged:
                conference.announced(announcement, participant)
                raise
            conference.announced(announcement, participant)
        if participant.hold is not None:
            source = evolve(participant.hold, question=is_held)
            try:
                yield from _repeat(execution, source, "on hold", leaves)
            except Unavailable:
                yield from listen(execution.leg, None, leaves)
        elif participant.waiting and participant.wait is not None:
            source = evolve(participant.wait, question=waits)
            yield from _repeat(execution, source, "while waiting", leaves)
        else:
            yield from listen(execution.leg, None, leaves)
    except _Left:
        pass


def _announce(execution: Execution, document: Document, leaves: Callable[[Signal], bool]) -> Steps[None]:
    result = yield from _run(execution, document, leaves)
    while isinstance(result, Source):
        try:
            following = yield from fetch(execution.leg, result)
        except Unavailable:
            break
        result = yield from _run(execution, following, leaves)


def _run(execution: Execution, document: Document, leaves: Callable[[Signal], bool]) -> Steps[Result]:
    return execute(execution.network, execution.leg, document, _verbs(leaves), forbidden=_FORBIDDEN)


def _verbs(leaves: Callable[[Signal], bool]) -> Verbs:
    """The verbs that may be heard in a conference, cut short by what makes somebody leave."""

    def sound(execution: Execution, verb: Prompt) -> Steps[Result]:
        place = f"Conference > {type(verb).__name__}"
        signal = yield from perform(execution.leg, execution.document, verb, place, leaves)
        if signal is not None:
            raise _Left
        return NEXT

    return {**WAITING, Say: sound, Play: sound, Pause: sound}


def _repeat(execution: Execution, source: Source, what: str, leaves: Callable[[Signal], bool]) -> Steps[None]:
    """A document over and over, or Twilio's own music where none is named, until somebody leaves.

    Raises:
        Unavailable: A document can't be had.
    """
    leg = execution.leg
    if not source.url:
        yield from music(leg, what, "Conference", leaves)
        return
    while True:
        begun = leg.world.clock.now
        result = yield from _run(execution, (yield from fetch(leg, source)), leaves)
        if isinstance(result, Source):
            source = result
        elif leg.world.clock.now == begun:
            # A document without a sound would be asked for again and again, for ever.
            break
    yield from listen(leg, None, leaves)
