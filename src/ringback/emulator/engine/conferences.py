"""Conferences: rooms that calls join and leave. https://www.twilio.com/docs/voice/twiml/conference"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.conference_recordings import ConferenceRecordings
from ringback.emulator.engine.conference_reports import Reports
from ringback.emulator.engine.participants import ConferenceOver
from ringback.emulator.engine.people import Heard
from ringback.emulator.engine.records import ConferenceRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from ringback._generated.webhooks.enums import (
        ConferenceReasonConferenceEnded,
        ConferenceStatusCallbackEvent,
        ReasonParticipantLeft,
    )
    from ringback.emulator.engine.conference_reports import Callback
    from ringback.emulator.engine.documents import Source
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.participants import Announcement, Participant
    from ringback.emulator.engine.records import Account
    from ringback.emulator.engine.world import World

__all__ = ["LONGEST_LABEL", "MOST_PARTICIPANTS", "Conference", "is_label"]

MOST_PARTICIPANTS: Final = 250
LONGEST_LABEL: Final = 128
_CALL: Final = re.compile(r"CA[0-9a-fA-F]{32}")
_LEFT: Final = "participant-with-end-conference-on-exit-left"
_KICKED: Final = "participant-with-end-conference-on-exit-kicked"
_SLASHES: Final = ("/", "%2f", "%2F")


def is_label(text: str) -> bool:
    """Whether a participant may be called so: by what is no call, and fits in a path."""
    return (
        len(text) <= LONGEST_LABEL
        and not any(slash in text for slash in _SLASHES)
        and not _CALL.fullmatch(text)
    )


class Conference:
    """A room with a name.

    Args:
        on_over: Called when it is over.

    Attributes:
        record: What the REST API knows of it.
        recorded: What is recorded of it.
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
        self._reports = Reports(world, account, self.record)
        self.recorded = ConferenceRecordings(world, account, self.record)
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

    @property
    def present(self) -> tuple[Participant, ...]:
        """Who is in it, and who is on the way."""
        return (*self.participants, *self.expected)

    def find(self, key: str) -> Participant | None:
        """Who has that label or call."""
        return next((each for each in self.present if key and key in {each.leg.call.sid, each.label}), None)

    def mix(self, region: str) -> None:
        """Where the audio is mixed: the first who says it decides."""
        self.record.region = self.record.region or region or None

    # Who comes and goes

    def expect(self, participant: Participant) -> None:
        """Somebody is called to come in."""
        self.expected.append(participant)
        participant.leg.on_end.append(lambda: self._lost(participant))
        if participant.early:
            participant.leg.on_ring = lambda: self._ring(participant)

    def _ring(self, participant: Participant) -> None:
        """Those who are in hear somebody's phone ring."""
        for each in self.participants:
            if each.listens:
                heard = self._sound(each, "ringing")
                participant.rings.append((each.leg, heard))

    def _picked_up(self, participant: Participant) -> None:
        for leg, heard in participant.rings:
            leg.line.end(heard)
        participant.rings.clear()

    def _lost(self, participant: Participant) -> None:
        """Somebody who was called is gone, in or not."""
        if participant in self.expected:
            self._picked_up(participant)
            self.expected.remove(participant)
            self._reports.left(participant, "participant_add_failed")
            if not self.participants and not self.expected and not self.over:
                self._end(participant, "last-participant-left")

    def join(self, participant: Participant, callback: Callback | None) -> None:
        """Somebody enters; the first one decides whom it tells."""
        if self._reports.callback is None and callback is not None:
            self._reports.callback = callback
        if participant in self.expected:
            self.expected.remove(participant)
            self._picked_up(participant)
        self.participants.append(participant)
        participant.inside = True
        leg = participant.leg
        leg.audience = lambda: self._hears(participant)
        leg.on_speech = lambda seconds: self._speaks(participant, seconds)
        self.recorded.enter(participant, lambda: self._heard(participant) and not participant.coached)
        self.world.note(self.sid, leg.line.phone.number, "joins")
        self._reports.joined(participant)
        if self.started:
            participant.waiting = False
        elif len(self.participants) > 1 and any(each.starts for each in self.participants):
            self._start(participant)
        if self.started and participant.beeps_on_entry:
            self._beep(participant)

    def _start(self, last: Participant) -> None:
        self.record.status = "in-progress"
        self.record.date_updated = self.world.clock.date
        self.world.note(self.sid, "Twilio", "starts the conference")
        self._reports.started()
        self.recorded.start(self.participants)
        for each in self.participants:
            each.waiting = False
            if each is not last:
                each.changed()

    def leave(self, participant: Participant, reason: ReasonParticipantLeft) -> None:
        """Somebody is gone; perhaps the conference with him."""
        if participant not in self.participants:
            return
        self.participants.remove(participant)
        participant.leg.audience = tuple
        participant.leg.on_speech = None
        self.recorded.leave(participant)
        self._falls_silent(participant)
        for announcement in tuple(participant.announcements):
            self.announced(announcement, participant)
        self.world.note(self.sid, participant.leg.line.phone.number, "leaves")
        self._reports.left(participant, reason)
        if self.over:
            return
        if not self.participants and not self.expected:
            removed = participant.removed
            self._end(participant, "last-participant-kicked" if removed else "last-participant-left")
        elif participant.ends:
            self._end(participant, _KICKED if participant.removed else _LEFT)
        elif self.started and participant.beeps_on_exit:
            self._beep(participant)

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

    def _end(self, participant: Participant | None, reason: ConferenceReasonConferenceEnded) -> None:
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
        self.recorded.finish()
        if participant is not None:
            self.record.call_sid_ending_conference = participant.leg.call.sid
        self._reports.ended(reason, participant)

    # What participants may do

    def mute(self, participant: Participant, muted: bool) -> None:
        """Whether the others hear what somebody says."""
        if participant.muted == muted:
            return
        participant.muted = muted
        if muted:
            self._falls_silent(participant)
        if participant.inside:
            participant.listen()
            self._reports.changed("mute", "participant-mute" if muted else "participant-unmute", participant)

    def hold(self, participant: Participant, source: Source | None) -> None:
        """Put somebody on hold, where they hear `source`; None takes them back."""
        before, participant.hold = participant.hold, source
        if source == before:
            return
        if source is not None:
            self._falls_silent(participant)
        participant.changed()
        if participant.inside and (source is None or before is None):
            number = participant.leg.line.phone.number
            self.world.note(self.sid, number, "is held" if before is None else "is back")
            name: ConferenceStatusCallbackEvent = (
                "participant-hold" if before is None else "participant-unhold"
            )
            self._reports.changed("hold", name, participant)

    def modify(
        self, participant: Participant, *, ends: bool, beeps_on_exit: bool, coached: str, wait: Source | None
    ) -> None:
        """Change what becomes of the conference and who hears what when somebody speaks, waits or leaves."""
        before = (participant.ends, participant.beeps_on_exit, participant.coached, participant.wait)
        if (ends, beeps_on_exit, coached, wait) == before:
            return
        participant.ends, participant.beeps_on_exit, participant.coached = ends, beeps_on_exit, coached
        if wait != participant.wait:
            participant.wait = wait
            if participant.waiting:
                participant.changed()
        self._reports.changed("modify", "participant-modify", participant)

    # What is heard

    def announce(self, announcement: Announcement, participants: list[Participant]) -> None:
        """Play something to participants who are here."""
        inside = [each for each in participants if each.inside]
        announcement.listeners.update(inside)
        # In the order in which they came: a set has another one in each run.
        for each in inside:
            each.announcements.append(announcement)
            each.changed()

    def announced(self, announcement: Announcement, participant: Participant) -> None:
        """Somebody has heard it, or has left meanwhile."""
        if announcement not in participant.announcements:
            return
        participant.announcements.remove(announcement)
        announcement.listeners.discard(participant)
        if not announcement.listeners:
            single = announcement.single
            self._reports.announced(announcement.url, single if single in self.participants else None)

    def _heard(self, speaker: Participant) -> bool:
        """Whether anybody may hear what somebody says."""
        return self.started and not speaker.muted and speaker.hold is None

    def _hears(self, speaker: Participant) -> tuple[Leg, ...]:
        if not self._heard(speaker):
            return ()
        others = (each for each in self.participants if each is not speaker and each.listens)
        # A coach speaks to one alone.
        return tuple(
            each.leg for each in others if not speaker.coached or each.leg.call.sid == speaker.coached
        )

    def _speaks(self, participant: Participant, seconds: float) -> None:
        if not self._heard(participant):
            return
        if participant.speech is None:
            self._reports.changed("speaker", "participant-speech-start", participant)
        else:
            participant.speech.cancel()
        participant.speech = self.world.clock.after(seconds, lambda: self._falls_silent(participant))

    def _falls_silent(self, participant: Participant) -> None:
        if participant.speech is not None:
            participant.speech.cancel()
            participant.speech = None
            self._reports.changed("speaker", "participant-speech-stop", participant)

    def _beep(self, participant: Participant) -> None:
        """Let the others notice that somebody came or left."""
        for each in self.participants:
            if each is not participant and each.listens:
                self._sound(each, "beep", self.world.settings.beep)

    def _sound(self, listener: Participant, what: str, seconds: float | None = None) -> Heard:
        leg, now = listener.leg, self.world.clock.now
        until = None if seconds is None else now + seconds
        heard = Heard(now, "tone", what, "Conference", leg.document, until, seconds=seconds or 0.0)
        leg.line.hear(heard)
        return heard
