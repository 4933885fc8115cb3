"""Dial with a Conference: waiting for it to start, being in it. https://www.twilio.com/docs/voice/twiml/conference"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from attrs import evolve

from ringback.emulator.engine.conferences import Announcement, Callback, Conference, Participant
from ringback.emulator.engine.documents import said
from ringback.emulator.engine.exchange import Trouble
from ringback.emulator.engine.people import Heard
from ringback.emulator.engine.process import (
    ConferenceOver,
    HungUp,
    Interruption,
    Key,
    ParticipantChanged,
    Signal,
    Source,
    StayOver,
    Steps,
)
from ringback.emulator.engine.verbs.basic import WAITING
from ringback.emulator.engine.verbs.flow import Unavailable, Verbs, execute, fetch
from ringback.emulator.engine.verbs.results import NEXT, Result
from ringback.emulator.engine.verbs.sound import Audible, listen, perform
from ringback.twiml import Pause, Play, Say

if TYPE_CHECKING:
    from ringback.emulator.engine.documents import Document
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.parameters import Pairs
    from ringback.twiml import Conference as ConferenceNoun
    from ringback.twiml import Dial

__all__ = ["JOINED", "announce", "join"]

# What the action is told of somebody who was in.
JOINED: Final = [("DialCallStatus", "answered"), ("DialBridged", "true")]

_MOST: Final = 250
_LONGEST: Final = 14_400


def join(leg: Leg, document: Document, dial: Dial, noun: ConferenceNoun) -> Steps[Pairs]:
    """Be in the conference until it or the stay is over; what Dial's action is told."""
    network, account = leg.network, leg.session.account
    name = said(noun)
    conference = network.conferences.get((account.sid, name)) or Conference(network, account, name)
    if len(conference.participants) >= (noun.max_participants or _MOST):
        network.problem(account, leg.call.sid, Trouble(16020, f"conference {name} is full", document.url))
        return [("DialCallStatus", "failed"), ("DialBridged", "false")]
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
    reason = "participant_hung_up"
    limit = network.clock.after(float(dial.time_limit or _LONGEST), lambda: _stayed(participant))
    try:
        conference.join(participant, _callback(document, noun))
        while True:
            try:
                yield from _present(leg, document, noun, conference, participant, leaves)
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
    return JOINED


def _stayed(participant: Participant) -> None:
    if participant.leg.process is not None:
        participant.leg.process.interrupt(StayOver(participant))


def _callback(document: Document, noun: ConferenceNoun) -> Callback | None:
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
    leg: Leg,
    document: Document,
    noun: ConferenceNoun,
    conference: Conference,
    participant: Participant,
    leaves: Callable[[Signal], bool],
) -> Steps[None]:
    """What somebody in a conference hears, until they leave or it is something else.

    Raises:
        ParticipantChanged: It is something else now.
    """
    extra = (("ConferenceSid", conference.sid),)
    try:
        while participant.announcements:
            announcement = participant.announcements[0]
            try:
                result = yield from execute(leg, announcement.document, _heard(leaves))
                while isinstance(result, Source):
                    result = yield from execute(leg, (yield from fetch(leg, result)), _heard(leaves))
            except Unavailable:
                pass
            finally:
                conference.announced(announcement, participant)
        if participant.hold is not None:
            hold = participant.hold
            source = Source(hold.url, hold.method, extra=extra) if hold.url else None
            yield from _music(leg, source, "on hold", leaves)
        elif participant.waiting:
            wait_url = document.link(noun.wait_url) if noun.wait_url else ""
            source = Source(wait_url, noun.wait_method or "POST", extra=extra) if wait_url else None
            yield from _music(leg, source, "while waiting" if noun.wait_url is None else "", leaves)
        else:
            yield from listen(leg, None, leaves)
    except _Left:
        pass


def _heard(leaves: Callable[[Signal], bool]) -> Verbs:
    """The verbs that may be heard in a conference, cut short by what makes somebody leave."""

    def sound(leg: Leg, document: Document, verb: Audible) -> Steps[Result]:
        signal = yield from perform(leg, document, verb, f"Conference > {type(verb).__name__}", leaves)
        if signal is not None:
            raise _Left
        return NEXT

    return {**WAITING, Say: sound, Play: sound, Pause: sound}


def _music(leg: Leg, source: Source | None, music: str, leaves: Callable[[Signal], bool]) -> Steps[None]:
    """A document over and over, Twilio's own music, or silence, until somebody leaves."""
    while source is not None:
        begun = leg.network.clock.now
        try:
            result = yield from execute(leg, (yield from fetch(leg, source)), _heard(leaves))
        except Unavailable:
            break
        if isinstance(result, Source):
            source = result
        elif leg.network.clock.now == begun:
            # A document without a sound would be asked for again and again, for ever.
            break
    if source is None and music:
        leg.line.hear(Heard(leg.network.clock.now, "music", music, "Conference", leg.document))
    yield from listen(leg, None, leaves)


def announce(conference: Conference, source: Source, single: Participant | None) -> None:
    """Play a document to one participant, or to all of them: it is asked for once."""
    here = [single] if single is not None else [each for each in conference.participants if each.inside]
    if not here:
        return
    leg = here[0].leg

    def steps() -> Steps[None]:
        try:
            document = yield from fetch(leg, evolve(source, extra=(("ConferenceSid", conference.sid),)))
        except Unavailable:
            return
        conference.announce(Announcement(source.url, document, single), here)

    def died(error: Exception) -> None:
        conference.network.broke(leg.session.account, conference.sid, error)

    conference.network.run(steps(), died)
