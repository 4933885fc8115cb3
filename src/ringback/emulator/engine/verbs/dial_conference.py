"""Dial with a Conference: waiting for it to start, being in it. https://www.twilio.com/docs/voice/twiml/conference"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.call_signals import HungUp, Key
from ringback.emulator.engine.conferences import (
    Callback,
    ConferenceOver,
    Participant,
    ParticipantChanged,
    StayOver,
)
from ringback.emulator.engine.documents import Source, said
from ringback.emulator.engine.kernel.process import Steps
from ringback.emulator.engine.kernel.signals import Interruption, Signal
from ringback.emulator.engine.people import Heard
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.verbs.execution import Verbs, execute
from ringback.emulator.engine.verbs.fetching import Unavailable, fetch
from ringback.emulator.engine.verbs.prompts import Prompt, perform
from ringback.emulator.engine.verbs.restricted import WAITING
from ringback.emulator.engine.verbs.results import NEXT, Result
from ringback.emulator.engine.verbs.sounds import listen
from ringback.twiml import Pause, Play, Say
from ringback.webhooks import ConferenceWait, DialResult, ParticipantHold

if TYPE_CHECKING:
    from ringback._generated.webhooks.enums import ReasonParticipantLeft
    from ringback.emulator.engine.conferences import Conference as Room
    from ringback.emulator.engine.documents import Document
    from ringback.emulator.engine.events import RequestFacts, VoiceQuestion
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.network import Network
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.twiml import Conference, Dial

__all__ = ["join", "joined"]


def joined(facts: RequestFacts) -> DialResult:
    """What the action is asked with after somebody was in."""
    return DialResult(**facts, dial_call_status="answered", dial_bridged=True)


def _full(facts: RequestFacts) -> DialResult:
    return DialResult(**facts, dial_call_status="failed", dial_bridged=False)


_MOST: Final = 250
_LONGEST: Final = 14_400
# A verb that can't be in what somebody hears who waits, is on hold or is told something.
_FORBIDDEN: Final = 13238


def join(execution: Execution, dial: Dial, noun: Conference) -> Steps[VoiceQuestion]:
    """Be in the conference until it or the stay is over; what Dial's action is asked with."""
    network, leg, document = execution.network, execution.leg, execution.document
    account = leg.session.account
    name = said(noun)
    conference = network.conference(account, name)
    if len(conference.participants) >= (noun.max_participants or _MOST):
        network.problem(account, leg.call.sid, Trouble(16020, f"conference {name} is full", document.url))
        return _full
    called = next((each for each in conference.expected if each.leg is leg), None)
    participant = called or Participant(
        leg,
        network.clock.date,
        starts=noun.start_conference_on_enter is not False,
        ends=bool(noun.end_conference_on_exit),
        muted=bool(noun.muted),
        label=noun.participant_label or "",
    )

    def leaves(signal: Signal) -> bool:
        return bool(dial.hangup_on_star) and signal == Key("*")

    participant.listen()
    reason: ReasonParticipantLeft = "participant_hung_up"
    limit = network.clock.after(float(dial.time_limit or _LONGEST), lambda: _stayed(participant))
    try:
        conference.join(participant, _callback(document, noun))
        while True:
            try:
                yield from _present(execution, noun, conference, participant, leaves)
            except ParticipantChanged:
                continue
            break
    except StayOver:
        pass
    except ConferenceOver:
        reason = "participant_updated_via_api" if participant.removed else "moderator_ended_conference"
    except HungUp:
        raise
    except Interruption:
        reason = "participant_updated_via_api"
        raise
    finally:
        limit.cancel()
        participant.inside = False
        leg.listen_for()
        conference.leave(participant, reason)
    return joined


def _stayed(participant: Participant) -> None:
    participant.leg.interrupt(StayOver(participant))


def _callback(document: Document, noun: Conference) -> Callback | None:
    if not noun.status_callback:
        return None
    return Callback(
        document.link(noun.status_callback),
        noun.status_callback_method or "POST",
        frozenset(noun.status_callback_event or ()),
    )


class _Left(Exception):
    """Somebody did not want to listen any longer."""


def _present(
    execution: Execution,
    noun: Conference,
    conference: Room,
    participant: Participant,
    leaves: Callable[[Signal], bool],
) -> Steps[None]:
    """What somebody in a conference hears, until they leave or it is something else.

    Raises:
        ParticipantChanged: It is something else now.
    """
    network, leg, document = execution.network, execution.leg, execution.document

    def waits(facts: RequestFacts) -> ConferenceWait:
        return ConferenceWait(**facts, conference_sid=conference.sid)

    def is_held(facts: RequestFacts) -> ParticipantHold:
        return ParticipantHold(**facts, conference_sid=conference.sid)

    try:
        while participant.announcements:
            announcement = participant.announcements[0]
            try:
                result = yield from _hear(network, leg, announcement.document, leaves)
                while isinstance(result, Source):
                    result = yield from _hear(network, leg, (yield from fetch(leg, result)), leaves)
            except Unavailable:
                pass
            finally:
                conference.announced(announcement, participant)
        if participant.hold is not None:
            hold = participant.hold
            source = Source(hold.url, hold.method, question=is_held) if hold.url else None
            yield from _music(network, leg, source, "on hold", leaves)
        elif participant.waiting:
            wait_url = document.link(noun.wait_url) if noun.wait_url else ""
            source = Source(wait_url, noun.wait_method or "POST", question=waits) if wait_url else None
            yield from _music(network, leg, source, "while waiting" if noun.wait_url is None else "", leaves)
        else:
            yield from listen(leg, None, leaves)
    except _Left:
        pass


def _hear(network: Network, leg: Leg, document: Document, leaves: Callable[[Signal], bool]) -> Steps[Result]:
    """A document in a conference, cut short by what makes somebody leave."""

    def sound(execution: Execution, verb: Prompt) -> Steps[Result]:
        place = f"Conference > {type(verb).__name__}"
        signal = yield from perform(execution.leg, execution.document, verb, place, leaves)
        if signal is not None:
            raise _Left
        return NEXT

    verbs: Verbs = {**WAITING, Say: sound, Play: sound, Pause: sound}
    return execute(network, leg, document, verbs, forbidden=_FORBIDDEN)


def _music(
    network: Network, leg: Leg, source: Source | None, music: str, leaves: Callable[[Signal], bool]
) -> Steps[None]:
    """A document over and over, Twilio's own music, or silence, until somebody leaves."""
    while source is not None:
        begun = leg.world.clock.now
        try:
            result = yield from _hear(network, leg, (yield from fetch(leg, source)), leaves)
        except Unavailable:
            break
        if isinstance(result, Source):
            source = result
        elif leg.world.clock.now == begun:
            # A document without a sound would be asked for again and again, for ever.
            break
    if source is None and music:
        leg.line.hear(Heard(leg.world.clock.now, "music", music, "Conference", leg.document))
    yield from listen(leg, None, leaves)
