"""Conferences: rooms that calls join and leave. https://www.twilio.com/docs/voice/twiml/conference"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, cast

from attrs import define, field, frozen

from ringback.emulator.engine.documents import Source
from ringback.emulator.engine.exchange import Session
from ringback.emulator.engine.kernel.signals import Interruption
from ringback.emulator.engine.records import ConferenceRecord
from ringback.webhooks import (
    ConferenceEnded,
    ConferenceStarted,
    ConferenceStatusChanged,
    ParticipantJoined,
    ParticipantLeft,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from ringback._generated.webhooks.enums import (
        ConferenceStatusCallbackEvent,
        ParticipantCallStatus,
        ReasonParticipantLeft,
    )
    from ringback.emulator.engine.documents import Document
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.records import Account
    from ringback.emulator.engine.world import World

__all__ = [
    "Announcement",
    "Callback",
    "Conference",
    "ConferenceOver",
    "Participant",
    "ParticipantChanged",
    "StayOver",
]


@frozen
class Callback:
    """Where a conference's events are told; the first participant who has one decides."""

    url: str
    method: str
    events: frozenset[str]


@define(eq=False)
class Announcement:
    """Something that is played to some participants.

    Attributes:
        document: What it is.
        single: The one participant whom it was for, or None where it was for all.
        listeners: Those who have not heard it to its end yet.
    """

    url: str
    document: Document
    single: Participant | None
    listeners: set[Participant] = field(factory=set["Participant"])


@define(eq=False)
class Participant:
    """A call in a conference, or on its way there.

    Attributes:
        since: When it was added.
        changed_at: When the API changed it last.
        waiting: Whether it still hears the hold music.
        inside: Whether its Dial is still about this conference.
        hold: What it hears on hold, where it is; a source without a URL is Twilio's own music.
        announcements: What is played to it, and will be, in order.
        removed: Whether it was taken out by the API.
    """

    leg: Leg
    since: datetime
    starts: bool = True
    ends: bool = False
    muted: bool = False
    label: str = ""
    changed_at: datetime | None = field(default=None, init=False)
    waiting: bool = field(default=True, init=False)
    inside: bool = field(default=False, init=False)
    hold: Source | None = field(default=None, init=False)
    announcements: list[Announcement] = field(factory=list[Announcement], init=False)
    removed: bool = field(default=False, init=False)

    @property
    def sid(self) -> str:
        """What pages of participants are counted by."""
        return f"CP{self.leg.call.sid[2:]}"

    def changed(self) -> None:
        """It hears something else now."""
        if self.inside:
            self.leg.interrupt(ParticipantChanged(self))

    def listen(self) -> None:
        """Take notice of what it says, unless it is muted."""
        self.leg.listen_for("keys", *(() if self.muted else ("speech",)))


class _InConference(Interruption):
    def __init__(self, participant: Participant) -> None:
        self._participant = participant
        super().__init__()

    def due(self) -> bool:
        return self._participant.inside


class ParticipantChanged(_InConference):
    """What the participant hears is another thing now: the conference began, a hold, an announcement."""


class ConferenceOver(_InConference):
    rank = 1


class StayOver(_InConference):
    """The longest time that somebody may be in the conference, waiting included, is up."""

    rank = 1


class Conference:
    """A room with a name.

    Args:
        on_over: Called when it is over.

    Attributes:
        record: What the REST API knows of it.
        participants: Who is in it, in order of arrival.
        expected: Who is being called to come in.
    """

    def __init__(self, world: World, account: Account, name: str, on_over: Callable[[], None]) -> None:
        self.world = world
        now = world.clock.date
        self.record = ConferenceRecord(
            sid=world.sids.new("CF"),
            date_created=now,
            date_updated=now,
            account_sid=account.sid,
            friendly_name=name,
        )
        self.participants: list[Participant] = []
        self.expected: list[Participant] = []
        self._account = account
        self._session = Session(account, "voice")
        self._callback: Callback | None = None
        self._sequence = 0
        self._on_over = on_over
        world.store.conferences[self.sid] = self.record
        world.transcript.open(self.sid, "conference", name)

    @property
    def sid(self) -> str:
        return self.record.sid

    @property
    def name(self) -> str:
        return self.record.friendly_name

    @property
    def started(self) -> bool:
        """Whether those in it hear each other."""
        return self.record.status == "in-progress"

    @property
    def over(self) -> bool:
        return self.record.status == "completed"

    def expect(self, participant: Participant) -> None:
        """Somebody is called to come in."""
        self.expected.append(participant)
        participant.leg.on_end.append(lambda: self._lost(participant))

    def _lost(self, participant: Participant) -> None:
        """Somebody who was called is gone, in or not."""
        if participant in self.expected:
            self.expected.remove(participant)
            self._left(participant, "participant_add_failed")
            if not self.participants and not self.expected and not self.over:
                self._end(participant, "last-participant-left")

    def join(self, participant: Participant, callback: Callback | None) -> None:
        """Somebody enters."""
        if self._callback is None and callback is not None:
            self._callback = callback
        if participant in self.expected:
            self.expected.remove(participant)
        self.participants.append(participant)
        participant.inside = True
        leg = participant.leg
        leg.audience = lambda: self._hears(participant)
        self.world.note(self.sid, leg.line.phone.number, "joins")
        self._tell("join", lambda report: ParticipantJoined(**report, **_about(participant)))
        if self.started:
            participant.waiting = False
        elif len(self.participants) > 1 and any(each.starts for each in self.participants):
            self.record.status = "in-progress"
            self.record.date_updated = self.world.clock.date
            self.world.note(self.sid, "Twilio", "starts the conference")
            self._tell("start", lambda report: ConferenceStarted(**report))
            for each in self.participants:
                each.waiting = False
                if each is not participant:
                    each.changed()

    def leave(self, participant: Participant, reason: ReasonParticipantLeft) -> None:
        """Somebody is gone; perhaps the conference with him."""
        if participant not in self.participants:
            return
        self.participants.remove(participant)
        participant.leg.audience = tuple
        for announcement in tuple(participant.announcements):
            self.announced(announcement, participant)
        self.world.note(self.sid, participant.leg.line.phone.number, "leaves")
        self._left(participant, reason)
        if self.over:
            return
        how = "kicked" if participant.removed else "left"
        if not self.participants and not self.expected:
            self._end(participant, f"last-participant-{how}")
        elif participant.ends:
            self._end(participant, f"participant-with-end-conference-on-exit-{how}")

    def _left(self, participant: Participant, reason: ReasonParticipantLeft) -> None:
        self._tell(
            "leave",
            lambda report: ParticipantLeft(
                **report,
                **_about(participant),
                participant_call_status=cast("ParticipantCallStatus", participant.leg.call.status),
                reason_participant_left=reason,
            ),
        )

    def remove(self, participant: Participant) -> None:
        """The API takes somebody out: their call goes on behind the Dial that brought them in, if it does."""
        participant.removed = True
        if participant.inside:
            participant.leg.interrupt(ConferenceOver(participant))
        else:
            participant.leg.finish("canceled")

    def end(self) -> None:
        """The API ends it."""
        self._end(None, "conference-ended-via-api")

    def _end(self, participant: Participant | None, reason: str) -> None:
        self.record.status = "completed"
        self.record.date_updated = self.world.clock.date
        self.record.reason_conference_ended = reason
        self._on_over()
        for each in tuple(self.expected):
            each.leg.finish("canceled")
        for each in tuple(self.participants):
            self.leave(
                each, "conference_ended_via_api" if participant is None else "moderator_ended_conference"
            )
            each.leg.interrupt(ConferenceOver(each))
        self.world.note(self.sid, "Twilio", "ends the conference:", reason)
        if participant is not None:
            self.record.call_sid_ending_conference = participant.leg.call.sid
        self._tell(
            "end",
            lambda report: ConferenceEnded(
                **report,
                call_sid_ending_conference=self.record.call_sid_ending_conference,
                participant_label_ending_conference=(participant.label or None) if participant else None,
                reason_conference_ended=reason,
            ),
        )

    # What participants hear and may do

    def mute(self, participant: Participant, muted: bool) -> None:
        """Whether the others hear what somebody says."""
        if participant.muted == muted:
            return
        participant.muted = muted
        if participant.inside:
            participant.listen()
            self._tell_change("mute", "participant-mute" if muted else "participant-unmute", participant)

    def hold(self, participant: Participant, source: Source | None) -> None:
        """Put somebody on hold, where they hear `source`; None takes them back."""
        before, participant.hold = participant.hold, source
        if source == before:
            return
        participant.changed()
        if participant.inside and (source is None or before is None):
            number = participant.leg.line.phone.number
            self.world.note(self.sid, number, "is held" if before is None else "is back")
            name: ConferenceStatusCallbackEvent = (
                "participant-hold" if before is None else "participant-unhold"
            )
            self._tell_change("hold", name, participant)

    def modify(self, participant: Participant, *, ends: bool) -> None:
        """Whether the conference ends as somebody leaves."""
        participant.ends = ends
        self._tell_change("modify", "participant-modify", participant)

    def announce(self, announcement: Announcement, participants: list[Participant]) -> None:
        """Play something to participants who are here."""
        announcement.listeners = {each for each in participants if each.inside}
        for each in announcement.listeners:
            each.announcements.append(announcement)
            each.changed()

    def announced(self, announcement: Announcement, participant: Participant) -> None:
        """Somebody has heard it, or has left meanwhile."""
        if announcement not in participant.announcements:
            return
        participant.announcements.remove(announcement)
        announcement.listeners.discard(participant)
        if announcement.listeners:
            return
        single = announcement.single
        self._tell(
            "announcement",
            lambda report: ConferenceStatusChanged(
                **report,
                event="announcement-end",
                announce_url=announcement.url,
                call_sid=single.leg.call.sid if single is not None else None,
            ),
        )

    def _hears(self, speaker: Participant) -> tuple[Leg, ...]:
        if not self.started or speaker.muted or speaker.hold is not None:
            return ()
        return tuple(each.leg for each in self.participants if each is not speaker and each.hold is None)

    # What it tells

    def _tell_change(self, event: str, name: ConferenceStatusCallbackEvent, participant: Participant) -> None:
        """Something about a participant is another now."""
        self._tell(event, lambda report: ConferenceStatusChanged(**report, **_about(participant), event=name))

    def _tell(self, event: str, tells: Callable[[_Report], ConferenceStatusChanged]) -> None:
        self._sequence += 1
        if self._callback is None or event not in self._callback.events:
            return
        told = tells(
            {
                "account_sid": self._account.sid,
                "conference_sid": self.sid,
                "friendly_name": self.name,
                "sequence_number": self._sequence,
                "timestamp": self.world.clock.date,
            }
        )
        self.world.tell(
            self._session,
            self.sid,
            url=self._callback.url,
            method=self._callback.method,
            event=told,
            about=told.event,
        )


class _Report(TypedDict):
    """What every report of a conference says."""

    account_sid: str
    conference_sid: str
    friendly_name: str
    sequence_number: int
    timestamp: datetime


class _ParticipantReport(TypedDict):
    """What every report of a participant says."""

    call_sid: str
    muted: bool
    hold: bool
    coaching: bool
    end_conference_on_exit: bool
    start_conference_on_enter: bool
    participant_label: str | None


def _about(participant: Participant) -> _ParticipantReport:
    return {
        "call_sid": participant.leg.call.sid,
        "muted": participant.muted,
        "hold": participant.hold is not None,
        "coaching": False,
        "end_conference_on_exit": participant.ends,
        "start_conference_on_enter": participant.starts,
        "participant_label": participant.label or None,
    }
