"""Dial with a Conference: waiting for it to start, being in it. https://www.twilio.com/docs/voice/twiml/conference"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.conferences import Callback, Conference, Participant
from ringback.emulator.engine.exchange import Trouble
from ringback.emulator.engine.people import Heard
from ringback.emulator.engine.process import (
    ConferenceOver,
    ConferenceStarted,
    HungUp,
    Interruption,
    Key,
    Source,
    Steps,
)
from ringback.emulator.engine.verbs.basic import WAITING
from ringback.emulator.engine.verbs.flow import Unavailable, execute, fetch
from ringback.emulator.engine.verbs.sound import listen, nothing

if TYPE_CHECKING:
    from ringback.emulator.engine.calls import Leg
    from ringback.emulator.engine.documents import Document, Element
    from ringback.emulator.engine.parameters import Pairs

__all__ = ["JOINED", "join"]

# What the action is told of somebody who was in.
JOINED: Final = [("DialCallStatus", "answered"), ("DialBridged", "true")]

_MOST: Final = 250
_LONGEST: Final = 14_400


def join(leg: Leg, document: Document, dial: Element, noun: Element) -> Steps[Pairs]:
    """Be in the conference until it or the stay is over; what Dial's action is told."""
    network, account = leg.network, leg.session.account
    key = (account.sid, noun.line)
    conference = network.conferences.get(key) or Conference(network, account, noun.line)
    if len(conference.participants) >= min(noun.number("maxParticipants", _MOST), _MOST):
        network.problem(
            account, leg.call.sid, Trouble(16020, f"conference {noun.line} is full", document.url)
        )
        return [("DialCallStatus", "failed"), ("DialBridged", "false")]
    network.conferences[key] = conference
    participant = Participant(
        leg,
        starts=noun.flag("startConferenceOnEnter", default=True),
        ends=noun.flag("endConferenceOnExit"),
        muted=noun.flag("muted"),
        label=noun.get("participantLabel"),
    )
    star = dial.flag("hangupOnStar")
    leg.listening |= {"keys", "speech"} if not participant.muted else {"keys"}
    reason = "participant_hung_up"
    try:
        conference.join(participant, _callback(document, noun))
        while participant.waiting:
            try:
                yield from _wait(leg, document, noun, conference)
            except ConferenceStarted:
                break
        yield from listen(
            leg, float(dial.number("timeLimit", _LONGEST)), lambda signal: star and signal == Key("*")
        )
    except ConferenceOver:
        reason = "moderator_ended_conference"
    except HungUp:
        raise
    except Interruption:
        reason = "participant_updated_via_api"
        raise
    finally:
        participant.inside = False
        leg.listening.clear()
        conference.leave(participant, reason)
    return JOINED


def _callback(document: Document, noun: Element) -> Callback | None:
    url = noun.get("statusCallback")
    if not url:
        return None
    return Callback(
        document.resolve(url),
        noun.get("statusCallbackMethod", "POST"),
        frozenset(noun.words("statusCallbackEvent")),
    )


def _wait(leg: Leg, document: Document, noun: Element, conference: Conference) -> Steps[None]:
    """What is heard until the conference starts: hold music, a document over and over, or silence."""
    url = noun.attributes.get("waitUrl")
    if url:
        source = Source(
            document.resolve(url),
            noun.get("waitMethod", "POST"),
            extra=(("ConferenceSid", conference.sid),),
            why="conference_wait_url",
        )
        while True:
            begun = leg.network.clock.now
            try:
                result = yield from execute(leg, (yield from fetch(leg, source)), WAITING)
            except Unavailable:
                break
            if isinstance(result, Source):
                source = result
            elif leg.network.clock.now == begun:
                # A document without a sound would be asked for again and again, for ever.
                break
    elif url is None:
        leg.line.hear(Heard(leg.network.clock.now, "music", "while waiting", "Conference", leg.document))
    yield from listen(leg, None, nothing)
