"""Participants: calls in a conference, or on their way there, and what each may do and hears."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from ringback.emulator.engine.documents import Source
from ringback.emulator.engine.kernel.signals import Interruption

if TYPE_CHECKING:
    from datetime import datetime

    from ringback.emulator.engine.documents import Document
    from ringback.emulator.engine.kernel.clock import Timer
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.people import Heard
    from ringback.twiml import Conference as Noun

__all__ = ["Announcement", "ConferenceOver", "Participant", "ParticipantChanged", "StayOver"]


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
        starts: Whether the conference may start with it.
        ends: Whether the conference ends when it leaves.
        coached: The call of the only participant who hears it, or "" where all do.
        beeps_on_entry: Whether the others hear a beep when it enters, and likewise on exit.
        wait: What it hears until the conference starts; a source without a URL is Twilio's own music, None
            silence.
        early: Whether those who are in hear its phone ring.
        changed_at: When the API changed it last.
        waiting: Whether the conference has not started for it yet.
        inside: Whether its Dial is still about this conference.
        hold: What it hears on hold, where it is; a source without a URL is Twilio's own music.
        announcements: What is played to it, and will be, in order.
        removed: Whether it was taken out by the API.
        speech: Ends what it says, while it says something.
        rings: Who hears its phone ring.
    """

    leg: Leg
    since: datetime
    starts: bool
    ends: bool
    muted: bool
    label: str
    coached: str
    beeps_on_entry: bool
    beeps_on_exit: bool
    wait: Source | None
    early: bool = field(default=False, init=False)
    changed_at: datetime | None = field(default=None, init=False)
    waiting: bool = field(default=True, init=False)
    inside: bool = field(default=False, init=False)
    hold: Source | None = field(default=None, init=False)
    announcements: list[Announcement] = field(factory=list[Announcement], init=False)
    removed: bool = field(default=False, init=False)
    speech: Timer | None = field(default=None, init=False)
    rings: list[tuple[Leg, Heard]] = field(factory=list["tuple[Leg, Heard]"], init=False)

    @classmethod
    def of(cls, leg: Leg, document: Document, noun: Noun) -> Participant:
        """As a noun says."""
        return cls(
            leg,
            leg.world.clock.date,
            starts=noun.start_conference_on_enter is not False,
            ends=bool(noun.end_conference_on_exit),
            muted=bool(noun.muted),
            label=noun.participant_label or "",
            coached=noun.coach or "",
            beeps_on_entry=noun.beep in {None, True, "onEnter"},
            beeps_on_exit=noun.beep in {None, True, "onExit"},
            wait=_wait(document, noun),
        )

    @property
    def sid(self) -> str:
        """What pages of participants are counted by."""
        return f"CP{self.leg.call.sid[2:]}"

    @property
    def listens(self) -> bool:
        """Whether it hears what goes on in the conference."""
        return self.inside and self.hold is None

    def changed(self) -> None:
        """It hears something else now."""
        if self.inside:
            self.leg.interrupt(ParticipantChanged(self))

    def listen(self) -> None:
        """Take notice of what it says, unless it is muted."""
        self.leg.listen_for("keys", *(() if self.muted else ("speech",)))


def _wait(document: Document, noun: Noun) -> Source | None:
    if noun.wait_url is None:
        return Source("")
    return Source(document.link(noun.wait_url), noun.wait_method or "POST") if noun.wait_url else None


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
