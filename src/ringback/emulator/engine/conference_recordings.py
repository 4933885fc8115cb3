"""What is recorded of a conference: everybody who may be heard in it, and what all of them hear.

https://www.twilio.com/docs/voice/twiml/conference#record
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.exchange import Session
from ringback.emulator.engine.recordings import ActiveRecording, RecordingOptions
from ringback.webhooks import ConferenceRecordingEnded

if TYPE_CHECKING:
    from collections.abc import Callable

    from ringback.emulator.engine.participants import Participant
    from ringback.emulator.engine.people import Heard, Tap, Track
    from ringback.emulator.engine.records import Account, ConferenceRecord
    from ringback.emulator.engine.world import World

__all__ = ["ConferenceRecordings"]

# Where beeps and ringing come from.
_ROOM: Final = "Conference"


class ConferenceRecordings:
    """The recordings of one conference.

    Attributes:
        options: How it is recorded from its start on, or None where it isn't; the first participant decides.
        old_callback: Where an older kind of callback is told of it, or "".
        recordings: Those that there are.
    """

    def __init__(self, world: World, account: Account, conference: ConferenceRecord) -> None:
        self._world = world
        self._session = Session(account, "voice")
        self._conference = conference
        self.options: RecordingOptions | None = None
        self.old_callback = ""
        self.recordings: list[ActiveRecording] = []
        self._taps: dict[Participant, Tap] = {}
        # What all hear is on a recording once: as which of them, and since when.
        self._played: tuple[str, float] = ("", -1.0)

    def enter(self, participant: Participant, is_heard: Callable[[], bool]) -> None:
        """Somebody comes in. The first of all has a channel of their own.

        Args:
            is_heard: Whether what they say is heard by all.
        """
        channel = 0 if not self._taps else 1

        def tap(track: Track, heard: Heard) -> None:
            if track == "inbound_track":
                if is_heard():
                    self._add(heard, channel)
            elif _for_all(participant, heard) and self._played != (heard.what, heard.at):
                self._played = heard.what, heard.at
                self._add(heard, 1)

        self._taps[participant] = tap
        participant.leg.line.taps.append(tap)

    def leave(self, participant: Participant) -> None:
        """Somebody is gone."""
        participant.leg.line.taps.remove(self._taps[participant])

    def start(self, participants: list[Participant]) -> None:
        """The conference starts."""
        if self.options is None:
            return
        recording = ActiveRecording(self._world, self._session, self._conference, self.options, "")
        self.recordings.append(recording)
        recording.start()
        if self.old_callback and not self.options.callback:
            recording.on_completed.append(lambda: self._tell(recording))
        for each in participants:
            for said in each.leg.saying:
                self._taps[each]("inbound_track", said)

    def finish(self) -> None:
        """The conference is over."""
        for each in self.recordings:
            each.finish()

    def _add(self, heard: Heard, channel: int) -> None:
        for each in self.recordings:
            each.add(heard, channel)

    def _tell(self, active: ActiveRecording) -> None:
        self._world.tell(
            self._session,
            self._conference.sid,
            url=self.old_callback,
            method="POST",
            event=ConferenceRecordingEnded(
                conference_sid=self._conference.sid,
                account_sid=self._conference.account_sid,
                friendly_name=self._conference.friendly_name,
                event_name="conference-record-end",
                recording_url=active.url,
                duration=active.recording.duration,
                timestamp=self._world.clock.date,
            ),
            about="conference-record-end",
        )


def _for_all(listener: Participant, heard: Heard) -> bool:
    """Whether it is no music for one who waits, but something that everybody hears."""
    if heard.source == _ROOM:
        return heard.kind == "tone"
    announcements = listener.announcements
    return bool(announcements) and announcements[0].single is None and heard.source.startswith(_ROOM)
