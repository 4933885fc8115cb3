"""What a conference tells of itself. https://www.twilio.com/docs/voice/twiml/conference#attributes-status-callback"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypedDict, cast

from attrs import frozen

from ringback.emulator.engine.exchange import Session
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
        ConferenceReasonConferenceEnded,
        ConferenceStatusCallbackEvent,
        ParticipantCallStatus,
        ReasonParticipantLeft,
    )
    from ringback.emulator.engine.participants import Participant
    from ringback.emulator.engine.records import Account, ConferenceRecord
    from ringback.emulator.engine.world import World

__all__ = ["Callback", "Reports"]

_REASONS: Final[dict[ConferenceReasonConferenceEnded, str]] = {
    "conference-ended-via-api": "The conference was ended by the API",
    "last-participant-kicked": "The last participant was removed by the API",
    "last-participant-left": "The last participant left",
    "participant-with-end-conference-on-exit-kicked": "One whose exit ends it was removed by the API",
    "participant-with-end-conference-on-exit-left": "One whose exit ends it left",
}


@frozen
class Callback:
    """Where a conference's events are told; the first participant decides.

    Attributes:
        events: Which: `start`, `end`, `join`, `leave`, `mute`, `hold`, `modify`, `speaker`, `announcement`.
    """

    url: str
    method: str
    events: frozenset[str]


class Reports:
    """The events of a conference, to whoever wants to be told."""

    def __init__(self, world: World, account: Account, record: ConferenceRecord) -> None:
        self.callback: Callback | None = None
        self._world = world
        self._session = Session(account, "voice")
        self._record = record
        self._sequence = 0

    def started(self) -> None:
        self._tell("start", lambda report: ConferenceStarted(**report))

    def ended(self, reason: ConferenceReasonConferenceEnded, by: Participant | None) -> None:
        """It is over, where nobody ended it by the API because somebody left."""
        self._tell(
            "end",
            lambda report: ConferenceEnded(
                **report,
                call_sid_ending_conference=by.leg.call.sid if by is not None else None,
                participant_label_ending_conference=(by.label or None) if by is not None else None,
                reason_conference_ended=reason,
                reason=_REASONS[reason],
            ),
        )

    def joined(self, participant: Participant) -> None:
        self._tell("join", lambda report: ParticipantJoined(**report, **_about(participant)))

    def left(self, participant: Participant, reason: ReasonParticipantLeft) -> None:
        self._tell(
            "leave",
            lambda report: ParticipantLeft(
                **report,
                **_about(participant),
                participant_call_status=cast("ParticipantCallStatus", participant.leg.call.status),
                reason_participant_left=reason,
            ),
        )

    def changed(self, event: str, name: ConferenceStatusCallbackEvent, participant: Participant) -> None:
        """Something about a participant is another now."""
        self._tell(event, lambda report: ConferenceStatusChanged(**report, **_about(participant), event=name))

    def announced(self, url: str, single: Participant | None) -> None:
        """Everybody whom something was played to has heard it, or is gone; says who, if it was but one."""

        def tells(report: _Report) -> ConferenceStatusChanged:
            if single is None:
                return ConferenceStatusChanged(**report, event="announcement-end", announce_url=url)
            about = _about(single)
            return ConferenceStatusChanged(**report, **about, event="announcement-end", announce_url=url)

        self._tell("announcement", tells)

    def _tell(self, event: str, tells: Callable[[_Report], ConferenceStatusChanged]) -> None:
        callback = self.callback
        if callback is None or event not in callback.events:
            return
        # Only what is told has a number: whoever is told sees whether something is missing.
        self._sequence += 1
        record = self._record
        told = tells(
            {
                "account_sid": record.account_sid,
                "conference_sid": record.sid,
                "friendly_name": record.friendly_name,
                "sequence_number": self._sequence,
                "timestamp": self._world.clock.date,
            }
        )
        self._world.tell(
            self._session,
            record.sid,
            url=callback.url,
            method=callback.method,
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
        "coaching": bool(participant.coached),
        "end_conference_on_exit": participant.ends,
        "start_conference_on_enter": participant.starts,
        "participant_label": participant.label or None,
    }
