"""Conferences: rooms that calls join and leave. https://www.twilio.com/docs/voice/twiml/conference"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field, frozen

from ringback.emulator.engine import parameters
from ringback.emulator.engine.exchange import Session
from ringback.emulator.engine.process import ConferenceOver, ConferenceStarted

if TYPE_CHECKING:
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.network import Network
    from ringback.emulator.engine.records import Account

__all__ = ["Callback", "Conference", "Participant"]


@frozen
class Callback:
    """Where a conference's events are told; the first participant who has one decides."""

    url: str
    method: str
    events: frozenset[str]


@define(eq=False)
class Participant:
    """A call in a conference.

    Attributes:
        waiting: Whether it still hears the hold music.
        inside: Whether its Dial is still about this conference.
    """

    leg: Leg
    starts: bool = True
    ends: bool = False
    muted: bool = False
    label: str = ""
    waiting: bool = field(default=True, init=False)
    inside: bool = field(default=True, init=False)


class Conference:
    """A room with a name.

    Attributes:
        sid: Its SID.
        participants: Who is in it, in order of arrival.
        started: Whether those in it hear each other.
    """

    def __init__(self, network: Network, account: Account, name: str) -> None:
        self.network = network
        self.sid = network.sids.new("CF")
        self.name = name
        self.participants: list[Participant] = []
        self.started = False
        self.over = False
        self._account = account
        self._session = Session(account, "voice")
        self._callback: Callback | None = None
        self._sequence = 0
        network.transcript.open(self.sid, "conference", name)

    def join(self, participant: Participant, callback: Callback | None) -> None:
        """Somebody enters."""
        if self._callback is None and callback is not None:
            self._callback = callback
        self.participants.append(participant)
        leg = participant.leg
        leg.audience = lambda: self._hears(participant)
        self.network.note(self.sid, leg.line.phone.number, "joins")
        self._tell("join", "participant-join", self._about(participant))
        if self.started:
            participant.waiting = False
        elif len(self.participants) > 1 and any(each.starts for each in self.participants):
            self.started = True
            self.network.note(self.sid, "Twilio", "starts the conference")
            self._tell("start", "conference-start", [])
            for each in self.participants:
                each.waiting = False
                if each is not participant and each.leg.process is not None:
                    each.leg.process.interrupt(ConferenceStarted(each))

    def leave(self, participant: Participant, reason: str) -> None:
        """Somebody is gone; perhaps the conference with him."""
        if participant not in self.participants:
            return
        self.participants.remove(participant)
        leg = participant.leg
        leg.audience = tuple
        self.network.note(self.sid, leg.line.phone.number, "leaves")
        self._tell(
            "leave",
            "participant-leave",
            [
                *self._about(participant),
                ("ParticipantCallStatus", leg.call.status),
                ("ReasonParticipantLeft", reason),
            ],
        )
        if self.over:
            return
        if not self.participants:
            self._end(participant, "last-participant-left")
        elif participant.ends:
            self._end(participant, "participant-with-end-conference-on-exit-left")

    def _end(self, participant: Participant, reason: str) -> None:
        self.over = True
        self.network.conferences.pop((self._account.sid, self.name), None)
        for each in tuple(self.participants):
            self.leave(each, "moderator_ended_conference")
            if each.leg.process is not None:
                each.leg.process.interrupt(ConferenceOver(each))
        self.network.note(self.sid, "Twilio", "ends the conference:", reason)
        pairs = [("CallSidEndingConference", participant.leg.call.sid), ("ReasonConferenceEnded", reason)]
        if participant.label:
            pairs.append(("ParticipantLabelEndingConference", participant.label))
        self._tell("end", "conference-end", pairs)

    def _hears(self, speaker: Participant) -> tuple[Leg, ...]:
        if not self.started or speaker.muted:
            return ()
        return tuple(each.leg for each in self.participants if each is not speaker)

    def _about(self, participant: Participant) -> parameters.Pairs:
        pairs: parameters.Pairs = [
            ("CallSid", participant.leg.call.sid),
            ("Muted", _boolean(participant.muted)),
            ("Hold", "false"),
            ("Coaching", "false"),
            ("EndConferenceOnExit", _boolean(participant.ends)),
            ("StartConferenceOnEnter", _boolean(participant.starts)),
        ]
        if participant.label:
            pairs.append(("ParticipantLabel", participant.label))
        return pairs

    def _tell(self, event: str, name: str, more: parameters.Pairs) -> None:
        self._sequence += 1
        if self._callback is None or event not in self._callback.events:
            return
        self.network.tell(
            self._session,
            self.sid,
            url=self._callback.url,
            method=self._callback.method,
            pairs=[
                ("AccountSid", self._account.sid),
                ("ConferenceSid", self.sid),
                ("FriendlyName", self.name),
                ("SequenceNumber", str(self._sequence)),
                ("Timestamp", parameters.rfc2822(self.network.clock.date)),
                ("StatusCallbackEvent", name),
                *more,
            ],
            about=name,
        )


def _boolean(value: bool) -> str:
    return "true" if value else "false"
