"""What a Dial records. https://www.twilio.com/docs/voice/twiml/dial#record"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.recordings import RecordingOptions, recording_facts

if TYPE_CHECKING:
    from ringback.emulator.engine.recordings import ActiveRecording, RecordingFacts
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.twiml import Dial

__all__ = ["DialRecording"]

_FROM_RINGING: Final = frozenset({"record-from-ringing", "record-from-ringing-dual"})


class DialRecording:
    """The recording of one Dial, if it wants one: of its caller, and of all that the caller hears meanwhile.

    Attributes:
        active: It, once it has begun.
    """

    def __init__(self, execution: Execution, verb: Dial) -> None:
        self._leg = execution.leg
        self._options = RecordingOptions.of(execution.document, verb)
        # `true` is an older way to say `record-from-answer`.
        self._wanted = verb.record not in {None, "do-not-record"}
        self._from_ringing = verb.record in _FROM_RINGING
        self.active: ActiveRecording | None = None

    def ring(self) -> None:
        """Somebody's phone rings."""
        if self._from_ringing and self.active is None:
            self._begin()

    def connect(self) -> None:
        """The two can talk."""
        if self._wanted and self.active is None:
            self._begin()

    def finish(self) -> None:
        """The Dial is over; harmless when repeated."""
        if self.active is not None:
            self.active.finish()

    @property
    def facts(self) -> RecordingFacts:
        """What the action is asked with."""
        return recording_facts(self.active)

    def _begin(self) -> None:
        self.active = self._leg.prepare_recording(self._options)
        self._leg.record(self.active)
