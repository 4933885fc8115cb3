"""Recordings of calls: their record, their status callbacks, their transcription."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine import parameters
from ringback.emulator.engine.documents import name_of
from ringback.emulator.engine.records import Recording, Transcription
from ringback.twiml import Dial, Record

if TYPE_CHECKING:
    from ringback.emulator.engine.calls import Leg
    from ringback.emulator.engine.documents import Document

__all__ = ["Keeper"]


class Keeper:
    """Keeps one recording: of a Record verb, or of a Dial.

    Attributes:
        recording: Its record.
    """

    def __init__(
        self,
        leg: Leg,
        document: Document,
        verb: Dial | Record,
        *,
        source: str,
        channels: int = 1,
        transcribe: bool = False,
    ) -> None:
        self._leg = leg
        self._document = document
        self._verb = verb
        self._transcribe = transcribe
        network = leg.network
        sid = network.sids.new("RE")
        now = network.clock.date
        account = leg.call.account_sid
        self.recording = Recording(
            sid=sid,
            date_created=now,
            date_updated=now,
            account_sid=account,
            call_sid=leg.call.sid,
            source=source,
            channels=channels,
            start_time=now,
            url=f"{network.home}/{parameters.API_VERSION}/Accounts/{account}/Recordings/{sid}",
        )

    def start(self) -> None:
        """It runs."""
        self.recording.start_time = self._leg.network.clock.date
        self._tell("in-progress")

    def nothing(self) -> None:
        """There was nothing to keep."""
        self.recording.status = "absent"
        self._tell("absent")

    def finish(self, seconds: int, words: list[str]) -> None:
        """It is over; the callbacks follow when the file is ready."""
        network = self._leg.network
        network.store.recordings[self.recording.sid] = self.recording
        self.recording.duration = seconds
        self.recording.words = words
        self.recording.status = "processing"
        network.note(
            self._leg.call.sid, "Twilio", "records", f"{seconds} s", name_of(self._verb), self._leg.document
        )
        network.clock.after(network.settings.recording, self._ready)
        if self._transcribe:
            network.clock.after(network.settings.transcription, self._transcribed)

    def _ready(self) -> None:
        self.recording.status = "completed"
        self._tell("completed")

    def _tell(self, status: str) -> None:
        url = self._verb.recording_status_callback
        if not url or status not in (self._verb.recording_status_callback_event or ("completed",)):
            return
        self._leg.network.tell(
            self._leg.session,
            self._leg.call.sid,
            url=self._document.link(url),
            method=self._verb.recording_status_callback_method or "POST",
            pairs=parameters.recording_status(self.recording, status),
            about=f"recording {status}",
        )

    def _transcribed(self) -> None:
        network = self._leg.network
        sid = network.sids.new("TR")
        now = network.clock.date
        account = self._leg.call.account_sid
        transcription = Transcription(
            sid=sid,
            date_created=now,
            date_updated=now,
            account_sid=account,
            recording_sid=self.recording.sid,
            status="completed",
            text=" ".join(self.recording.words),
            url=f"{network.home}/{parameters.API_VERSION}/Accounts/{account}/Recordings/{self.recording.sid}"
            f"/Transcriptions/{sid}",
        )
        network.store.transcriptions[sid] = transcription
        url = self._verb.transcribe_callback if isinstance(self._verb, Record) else None
        if not url:
            return
        call = self._leg.call
        network.tell(
            self._leg.session,
            call.sid,
            url=self._document.link(url),
            method="POST",
            pairs=[
                ("CallSid", call.sid),
                ("AccountSid", call.account_sid),
                ("From", call.from_),
                ("To", call.to),
                ("CallStatus", call.status),
                ("ApiVersion", parameters.API_VERSION),
                ("Direction", call.direction),
                ("TranscriptionSid", sid),
                ("TranscriptionText", transcription.text),
                ("TranscriptionStatus", transcription.status),
                ("TranscriptionUrl", transcription.url),
                ("RecordingSid", self.recording.sid),
                ("RecordingUrl", self.recording.url),
            ],
            about="transcription completed",
        )
