"""Recordings of calls: their record, their status callbacks, their transcription."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from ringback.emulator.engine import parameters
from ringback.emulator.engine.documents import name_of
from ringback.emulator.engine.records import Recording, Transcription
from ringback.twiml import Dial, Record

if TYPE_CHECKING:
    from ringback.emulator.engine.documents import Document
    from ringback.emulator.engine.legs import Leg

__all__ = ["Keeper", "Wanted"]


@frozen
class Wanted:
    """What a recording was asked for with.

    Attributes:
        source: Who asked: `RecordVerb`, `DialVerb`, `OutboundAPI`.
        place: The TwiML that did, or "".
        channels: 2 where both sides are kept apart.
        track: `inbound`, `outbound` or `both`.
        callback: Where its status is told, or "".
        events: Which ones: `in-progress`, `completed`, `absent`.
        transcribe: Whether it is transcribed.
        transcribe_callback: Where the text is told, or "".
    """

    source: str
    place: str = ""
    channels: int = 1
    track: str = "both"
    callback: str = ""
    method: str = "POST"
    events: frozenset[str] = frozenset({"completed"})
    transcribe: bool = False
    transcribe_callback: str = ""

    @classmethod
    def of(cls, document: Document, verb: Dial | Record) -> Wanted:
        """By a verb."""
        url = verb.recording_status_callback
        wanted = cls(
            source="DialVerb",
            place=name_of(verb),
            callback=document.link(url) if url else "",
            method=verb.recording_status_callback_method or "POST",
            events=frozenset(verb.recording_status_callback_event or ("completed",)),
        )
        if isinstance(verb, Dial):
            dual = verb.record in {"record-from-answer-dual", "record-from-ringing-dual"}
            return evolve(wanted, channels=2 if dual else 1, track=verb.recording_track or "both")
        callback = verb.transcribe_callback
        return evolve(
            wanted,
            source="RecordVerb",
            # Whoever says where the text goes wants one.
            transcribe=bool(callback) if verb.transcribe is None else verb.transcribe,
            transcribe_callback=document.link(callback) if callback else "",
        )


class Keeper:
    """Keeps one recording.

    Attributes:
        recording: Its record.
    """

    def __init__(self, leg: Leg, wanted: Wanted) -> None:
        self._leg = leg
        self._wanted = wanted
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
            source=wanted.source,
            channels=wanted.channels,
            track=wanted.track,
            start_time=now,
            url=f"{network.home}/{parameters.API_VERSION}/Accounts/{account}/Recordings/{sid}",
        )

    def parameters(self) -> parameters.Pairs:
        """What an action or the call's end is told about it."""
        return [
            ("RecordingUrl", self.recording.url),
            ("RecordingSid", self.recording.sid),
            ("RecordingDuration", str(self.recording.duration)),
        ]

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
        document = self._leg.document if self._wanted.place else ""
        network.note(self._leg.call.sid, "Twilio", "records", f"{seconds} s", self._wanted.place, document)
        network.clock.after(network.settings.recording, self._ready)
        if self._wanted.transcribe:
            network.clock.after(network.settings.transcription, self._transcribed)

    def _ready(self) -> None:
        self.recording.status = "completed"
        self._tell("completed")

    def _tell(self, status: str) -> None:
        if not self._wanted.callback or status not in self._wanted.events:
            return
        self._leg.network.tell(
            self._leg.session,
            self._leg.call.sid,
            url=self._wanted.callback,
            method=self._wanted.method,
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
        if not self._wanted.transcribe_callback:
            return
        call = self._leg.call
        network.tell(
            self._leg.session,
            call.sid,
            url=self._wanted.transcribe_callback,
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
