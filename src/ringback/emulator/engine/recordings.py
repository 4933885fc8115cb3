"""Recordings of calls: their record, their status callbacks, their transcription."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from attrs import evolve, frozen

from ringback.emulator.engine.documents import name_of
from ringback.emulator.engine.parameters import API_VERSION
from ringback.emulator.engine.records import Recording, Transcription
from ringback.twiml import Dial, Record
from ringback.webhooks import RecordingStatusChanged, TranscriptionReady

if TYPE_CHECKING:
    from ringback._generated.webhooks.enums import CallStatus, RecordingStatus, RecordingTrack
    from ringback.emulator.engine.documents import Document
    from ringback.emulator.engine.exchange import Session
    from ringback.emulator.engine.records import Call
    from ringback.emulator.engine.world import World

__all__ = ["ActiveRecording", "RecordingOptions"]


@frozen
class RecordingOptions:
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
    def of(cls, document: Document, verb: Dial | Record) -> RecordingOptions:
        """By a verb."""
        url = verb.recording_status_callback
        options = cls(
            source="DialVerb",
            place=name_of(verb),
            callback=document.link(url) if url else "",
            method=verb.recording_status_callback_method or "POST",
            events=frozenset(verb.recording_status_callback_event or ("completed",)),
        )
        if isinstance(verb, Dial):
            dual = verb.record in {"record-from-answer-dual", "record-from-ringing-dual"}
            return evolve(options, channels=2 if dual else 1, track=verb.recording_track or "both")
        callback = verb.transcribe_callback
        return evolve(
            options,
            source="RecordVerb",
            # Whoever says where the text goes wants one.
            transcribe=bool(callback) if verb.transcribe is None else verb.transcribe,
            transcribe_callback=document.link(callback) if callback else "",
        )


class ActiveRecording:
    """A recording that is under way, or whose file is being made.

    Args:
        document: Where the TwiML came from that asked for it, or "".

    Attributes:
        recording: Its record.
    """

    def __init__(
        self, world: World, session: Session, call: Call, options: RecordingOptions, document: str
    ) -> None:
        self._world = world
        self._session = session
        self._call = call
        self._options = options
        self._document = document
        sid = world.sids.new("RE")
        now = world.clock.date
        account = call.account_sid
        self.recording = Recording(
            sid=sid,
            date_created=now,
            date_updated=now,
            account_sid=account,
            call_sid=call.sid,
            source=options.source,
            channels=options.channels,
            track=options.track,
            start_time=now,
            url=f"{world.home}/{API_VERSION}/Accounts/{account}/Recordings/{sid}",
        )

    def start(self) -> None:
        """It runs."""
        self.recording.start_time = self._world.clock.date
        self._tell("in-progress")

    def nothing(self) -> None:
        """There was nothing to keep."""
        self.recording.status = "absent"
        self._tell("absent")

    def finish(self, seconds: int, words: list[str]) -> None:
        """It is over; the callbacks follow when the file is ready."""
        world = self._world
        world.store.recordings[self.recording.sid] = self.recording
        self.recording.duration = seconds
        self.recording.words = words
        self.recording.status = "processing"
        world.note(self._call.sid, "Twilio", "records", f"{seconds} s", self._options.place, self._document)
        world.clock.after(world.settings.recording, self._ready)
        if self._options.transcribe:
            world.clock.after(world.settings.transcription, self._transcribed)

    def _ready(self) -> None:
        self.recording.status = "completed"
        self._tell("completed")

    def _tell(self, status: RecordingStatus) -> None:
        if not self._options.callback or status not in self._options.events:
            return
        self._world.tell(
            self._session,
            self._call.sid,
            url=self._options.callback,
            method=self._options.method,
            event=self._report(status),
            about=f"recording {status}",
        )

    def _report(self, status: RecordingStatus) -> RecordingStatusChanged:
        recording = self.recording
        return RecordingStatusChanged(
            account_sid=recording.account_sid,
            call_sid=recording.call_sid,
            recording_sid=recording.sid,
            recording_url=recording.url,
            status=status,
            duration=recording.duration if status == "completed" else None,
            channels=recording.channels,
            start_time=recording.start_time,
            source=recording.source,
            track=cast("RecordingTrack", recording.track),
            error_code=0,
        )

    def _transcribed(self) -> None:
        world = self._world
        sid = world.sids.new("TR")
        now = world.clock.date
        account = self._call.account_sid
        transcription = Transcription(
            sid=sid,
            date_created=now,
            date_updated=now,
            account_sid=account,
            recording_sid=self.recording.sid,
            status="completed",
            text=" ".join(self.recording.words),
            url=f"{world.home}/{API_VERSION}/Accounts/{account}/Recordings/{self.recording.sid}"
            f"/Transcriptions/{sid}",
        )
        world.store.transcriptions[sid] = transcription
        if not self._options.transcribe_callback:
            return
        call = self._call
        world.tell(
            self._session,
            call.sid,
            url=self._options.transcribe_callback,
            method="POST",
            event=TranscriptionReady(
                call_sid=call.sid,
                account_sid=call.account_sid,
                from_=call.from_,
                to=call.to,
                call_status=cast("CallStatus", call.status),
                direction=call.direction,
                transcription_sid=sid,
                text=transcription.text,
                status="completed",
                transcription_url=transcription.url,
                recording_sid=self.recording.sid,
                recording_url=self.recording.url,
            ),
            about="transcription completed",
        )
