"""Dial with a Conference: waiting for it to start, being in it. https://www.twilio.com/docs/voice/twiml/conference"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.conferences import Callback, Conference, Participant
from ringback.emulator.engine.documents import said
from ringback.emulator.engine.exchange import Trouble
from ringback.emulator.engine.people import Heard
from ringback.emulator.engine.process import (
    ConferenceOver,
    ConferenceStarted,
    HungUp,
    Interruption,
    Key,
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

__all__ = ["JOINED", "join"]

# What the action is told of somebody who was in.
JOINED: Final = [("DialCallStatus", "answered"), ("DialBridged", "true")]

_MOST: Final = 250
_LONGEST: Final = 14_400


def join(leg: Leg, document: Document, dial: Dial, noun: ConferenceNoun) -> Steps[Pairs]:
    """Be in the conference until it or the stay is over; what Dial's action is told."""
    network, account = leg.network, leg.session.account
    name = said(noun)
    key = (account.sid, name)
    conference = network.conferences.get(key) or Conference(network, account, name)
    if len(conference.participants) >= (noun.max_participants or _MOST):
        network.problem(account, leg.call.sid, Trouble(16020, f"conference {name} is full", document.url))
        return [("DialCallStatus", "failed"), ("DialBridged", "false")]
    network.conferences[key] = conference
    participant = Participant(
        leg,
        starts=noun.start_conference_on_enter is not False,
        ends=bool(noun.end_conference_on_exit),
        muted=bool(noun.muted),
        label=noun.participant_label or "",
    )

    def leaves(signal: Signal) -> bool:
        return bool(dial.hangup_on_star) and signal == Key("*")

    leg.listen_for("keys", *(() if participant.muted else ("speech",)))
    reason = "participant_hung_up"
    limit = network.clock.after(float(dial.time_limit or _LONGEST), lambda: _stayed(participant))
    try:
        conference.join(participant, _callback(document, noun))
        try:
            if participant.waiting:
                yield from _wait(leg, document, noun, conference, leaves)
        except ConferenceStarted:
            pass
        yield from listen(leg, None, leaves)
    except (_Left, StayOver):
        pass
    except ConferenceOver:
        reason = "moderator_ended_conference"
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
    """Somebody did not want to wait for the conference to start."""


def _wait(
    leg: Leg,
    document: Document,
    noun: ConferenceNoun,
    conference: Conference,
    leaves: Callable[[Signal], bool],
) -> Steps[None]:
    """What is heard until the conference starts: hold music, a document over and over, or silence."""

    def sound(leg: Leg, document: Document, verb: Audible) -> Steps[Result]:
        signal = yield from perform(leg, document, verb, f"Conference > {type(verb).__name__}", leaves)
        if signal is not None:
            raise _Left
        return NEXT

    verbs: Verbs = {**WAITING, Say: sound, Play: sound, Pause: sound}
    if noun.wait_url:
        source = Source(
            document.link(noun.wait_url),
            noun.wait_method or "POST",
            extra=(("ConferenceSid", conference.sid),),
        )
        while True:
            begun = leg.network.clock.now
            try:
                result = yield from execute(leg, (yield from fetch(leg, source)), verbs)
            except Unavailable:
                break
            if isinstance(result, Source):
                source = result
            elif leg.network.clock.now == begun:
                # A document without a sound would be asked for again and again, for ever.
                break
    elif noun.wait_url is None:
        leg.line.hear(Heard(leg.network.clock.now, "music", "while waiting", "Conference", leg.document))
    yield from listen(leg, None, leaves)
    raise _Left
