"""Dial with a Conference: coming in and being in it. https://www.twilio.com/docs/voice/twiml/conference"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.call_signals import HungUp, Key
from ringback.emulator.engine.conference_reports import Callback
from ringback.emulator.engine.conferences import MOST_PARTICIPANTS, is_label
from ringback.emulator.engine.documents import said
from ringback.emulator.engine.kernel.signals import Interruption
from ringback.emulator.engine.participants import (
    ConferenceOver,
    Participant,
    ParticipantChanged,
    StayOver,
)
from ringback.emulator.engine.recordings import RecordingOptions
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.verbs.conference_sounds import present
from ringback.emulator.engine.verbs.fetching import Unavailable
from ringback.webhooks import DialResult

if TYPE_CHECKING:
    from ringback._generated.webhooks.enums import ReasonParticipantLeft
    from ringback.emulator.engine.conferences import Conference as Room
    from ringback.emulator.engine.documents import Document
    from ringback.emulator.engine.events import RequestFacts, VoiceQuestion
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.kernel.signals import Signal
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.twiml import Conference, Dial

__all__ = ["join", "joined"]

_LONGEST: Final = 14_400


def joined(facts: RequestFacts) -> DialResult:
    """What the action is asked with after somebody was in."""
    return DialResult(**facts, dial_call_status="answered", dial_bridged=True)


def _failed(facts: RequestFacts) -> DialResult:
    return DialResult(**facts, dial_call_status="failed", dial_bridged=False)


def join(execution: Execution, dial: Dial, noun: Conference) -> Steps[VoiceQuestion]:
    """Be in the conference until it or the stay is over; what Dial's action is asked with."""
    network, leg, document = execution.network, execution.leg, execution.document
    account, name = leg.session.account, said(noun)
    there = network.conferences.get((account.sid, name))
    called = next((each for each in there.expected if each.leg is leg), None) if there is not None else None
    participant = called or Participant.of(leg, document, noun)
    trouble = _refusal(there, participant, noun, document.url)
    if trouble is not None:
        network.problem(account, leg.call.sid, trouble)
        return _failed
    conference = network.conference(account, name)

    def leaves(signal: Signal) -> bool:
        return bool(dial.hangup_on_star) and signal == Key("*")

    if leg.call.status == "ringing":
        leg.answer()
    participant.listen()
    reason: ReasonParticipantLeft = "participant_hung_up"
    limit = network.clock.after(float(dial.time_limit or _LONGEST), lambda: _stayed(participant))
    try:
        conference.mix(noun.region or "")
        if not conference.participants:
            _record(conference, document, noun)
        conference.join(participant, _callback(document, noun))
        while True:
            try:
                yield from present(execution, conference, participant, leaves)
            except ParticipantChanged:
                continue
            break
    except StayOver:
        pass
    except ConferenceOver:
        reason = "participant_updated_via_api" if participant.removed else "moderator_ended_conference"
    except Unavailable:
        reason = "participant_add_failed"
        return _failed
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


def _refusal(there: Room | None, participant: Participant, noun: Conference, url: str) -> Trouble | None:
    """Why somebody can't come in."""
    label, coached, name = participant.label, noun.coach, said(noun)
    inside = there.participants if there is not None else []
    if len(inside) >= (noun.max_participants or MOST_PARTICIPANTS):
        return Trouble(16020, f"conference {name} is full", url)
    if not is_label(label):
        return Trouble(16023, f"label '{label}' holds a slash, or could be a call", url)
    if there is not None and there.find(label) not in {None, participant}:
        return Trouble(16025, f"label '{label}' is another participant's", url)
    if coached and coached not in {each.leg.call.sid for each in inside}:
        return Trouble(13240, f"{coached} is nobody in conference {name}", url)
    return None


def _stayed(participant: Participant) -> None:
    participant.leg.interrupt(StayOver(participant))


def _record(conference: Room, document: Document, noun: Conference) -> None:
    """Record the conference as the first one who comes wants it, or not."""
    recorded = conference.recorded
    recorded.options = (
        RecordingOptions.of(document, noun) if noun.record in {True, "record-from-start"} else None
    )
    recorded.old_callback = document.link(noun.event_callback_url) if noun.event_callback_url else ""


def _callback(document: Document, noun: Conference) -> Callback | None:
    if not noun.status_callback:
        return None
    return Callback(
        document.link(noun.status_callback),
        noun.status_callback_method or "POST",
        frozenset(noun.status_callback_event or ()),
    )
