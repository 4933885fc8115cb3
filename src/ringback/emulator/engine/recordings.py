"""Recordings of calls and conferences: what they hold, their states, and who is told of them.

    in-progress ⇄ paused → stopped → processing → completed
         └───────────┴────────────→ absent

https://www.twilio.com/docs/voice/api/recording
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal, TypedDict, cast

from attrs import evolve, frozen

from ringback.emulator.engine.add_ons import ask_add_ons
from ringback.emulator.engine.documents import name_of
from ringback.emulator.engine.ledger import Figures
from ringback.emulator.engine.parameters import API_VERSION
from ringback.emulator.engine.records import Call, ConferenceRecord, Recording
from ringback.emulator.engine.tapes import Tape
from ringback.emulator.engine.transcriptions import transcribe
from ringback.emulator.engine.usage import used
from ringback.twiml import Conference, Dial, Record
from ringback.twiml import Recording as Noun
from ringback.webhooks import ConferenceRecordingStatusChanged, RecordingStatusChanged

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from ringback._generated.webhooks.enums import RecordingStatus, RecordingTrack
    from ringback.emulator.engine.documents import Document
    from ringback.emulator.engine.exchange import Session
    from ringback.emulator.engine.people import Heard, Track
    from ringback.emulator.engine.world import World

__all__ = ["ActiveRecording", "RecordingFacts", "RecordingOptions", "WrongState", "recording_facts"]

_START: Final = "StartCallRecordingTwiML"
# Seconds below which there is nothing to keep.
_SHORTEST: Final = 0.1
_TOO_SHORT: Final = 16101
_SILENT: Final = 16102
# What a minute costs, in US dollars.
_MINUTE: Final = Decimal("0.0025")
_CATEGORIES: Final = ("recordings", "calls-recordings")


class WrongState(Exception):
    """A recording can't be paused, resumed or stopped now."""


@frozen
class RecordingOptions:
    """What a recording was asked for with.

    Attributes:
        source: Who asked: `RecordVerb`, `DialVerb`, `OutboundAPI`, …
        place: The TwiML that did, or "".
        channels: 2 where both sides are to be kept apart.
        track: `inbound`, `outbound` or `both`.
        trimmed: Whether silence at both ends is cut off.
        callback: Where its status is told, or "".
        events: Which ones: `in-progress`, `completed`, `absent`.
        name: By which it is found again, or "".
        transcribe: Whether it is transcribed.
        transcribe_callback: Where the text is told, or "".
    """

    source: str
    place: str = ""
    channels: int = 1
    track: str = "both"
    trimmed: bool = True
    callback: str = ""
    method: str = "POST"
    events: frozenset[str] = frozenset({"completed"})
    name: str = ""
    transcribe: bool = False
    transcribe_callback: str = ""

    @classmethod
    def of(cls, document: Document, verb: Dial | Record | Conference | Noun) -> RecordingOptions:
        """By a verb or noun."""
        url = verb.recording_status_callback
        options = cls(
            source="DialVerb",
            place=name_of(verb),
            trimmed=verb.trim != "do-not-trim",
            callback=document.link(url) if url else "",
            method=verb.recording_status_callback_method or "POST",
            events=frozenset(verb.recording_status_callback_event or ("completed",)),
        )
        if isinstance(verb, Dial):
            dual = verb.record in {"record-from-answer-dual", "record-from-ringing-dual"}
            return evolve(options, channels=2 if dual else 1, track=verb.recording_track or "both")
        if isinstance(verb, Conference):
            return evolve(options, source="Conference")
        if isinstance(verb, Noun):
            return evolve(
                options,
                source=_START,
                channels=1 if verb.channels == "mono" else 2,
                track=verb.track or "both",
                name=verb.name or "",
            )
        callback = verb.transcribe_callback
        return evolve(
            options,
            source="RecordVerb",
            # Whoever says where the text goes wants one.
            transcribe=bool(callback) if verb.transcribe is None else verb.transcribe,
            transcribe_callback=document.link(callback) if callback else "",
        )

    @property
    def of_one_side(self) -> bool:
        """Whether but one side is heard: there are no two channels then, whatever was asked for."""
        return self.source == "RecordVerb"


class ActiveRecording:
    """A recording that is under way, or whose file is being made.

    Args:
        subject: What is recorded.
        document: Where the TwiML came from that asked for it, or "".

    Attributes:
        recording: Its record.
        on_end: Called when it holds all that it will.
        on_completed: Called when its file can be had.
    """

    def __init__(
        self,
        world: World,
        session: Session,
        subject: Call | ConferenceRecord,
        options: RecordingOptions,
        document: str,
    ) -> None:
        self._world = world
        self._session = session
        self._subject = subject
        self._options = options
        self._document = document
        self._tape = Tape(world.clock)
        self.on_end: list[Callable[[], None]] = []
        self.on_completed: list[Callable[[], None]] = []
        sid, now, account = world.sids.new("RE"), world.clock.date, subject.account_sid
        self.recording = Recording(
            sid=sid,
            date_created=now,
            date_updated=now,
            status="in-progress",
            account_sid=account,
            call_sid=subject.sid if isinstance(subject, Call) else None,
            conference_sid=None if isinstance(subject, Call) else subject.sid,
            source=options.source,
            channels=options.channels,
            track=options.track,
            start_time=now,
            api_version=API_VERSION,
            uri=f"/{API_VERSION}/Accounts/{account}/Recordings/{sid}.json",
        )

    @property
    def url(self) -> str:
        """Where its audio will be."""
        return self.recording.url(self._world.home)

    @property
    def over(self) -> bool:
        """Whether it holds all that it will."""
        return self.recording.status not in {"in-progress", "paused"}

    @property
    def led_by_api(self) -> bool:
        """Whether it may be paused and stopped: what a Record verb records may not."""
        return not self.over and not self._options.of_one_side

    @property
    def by_start(self) -> bool:
        """Whether TwiML's Start began it."""
        return self._options.source == _START

    @property
    def name(self) -> str:
        """By which TwiML finds it, or ""."""
        return self._options.name

    def start(self) -> None:
        """It runs."""
        self.recording.start_time = self._world.clock.date
        self._world.store.recordings[self.recording.sid] = self.recording
        self._tape.start()
        self._tell("in-progress")

    # What is on it

    def hears(self, track: Track, heard: Heard) -> None:
        """Something sounds on the call: what its person says is on the first channel."""
        inbound = track == "inbound_track"
        wanted = "inbound" if self._options.of_one_side else self._options.track
        if wanted in {"both", "inbound" if inbound else "outbound"}:
            self.add(heard, 0 if inbound else 1)

    def add(self, heard: Heard, channel: int) -> None:
        """Something sounds on one of its channels."""
        self._tape.add(heard, channel)

    # What becomes of it

    def pause(self, *, silent: bool) -> None:
        """Record nothing for a while, or silence.

        Raises:
            WrongState: It doesn't run.
        """
        self._enter("paused", {"in-progress"})
        self._tape.pause(silent=silent)

    def resume(self) -> None:
        """Go on.

        Raises:
            WrongState: It isn't paused.
        """
        self._enter("in-progress", {"paused"})
        self._tape.start()

    def stop(self) -> None:
        """End it before its time.

        Raises:
            WrongState: It is over.
        """
        self._enter("stopped", {"in-progress", "paused"})
        self._keep()

    def finish(self) -> bool:
        """It is over, if it wasn't before; whether there is anything to keep."""
        if not self.over:
            self._enter("processing", {"in-progress", "paused"})
            self._keep()
        return self.recording.status != "absent"

    def _enter(
        self, status: Literal["in-progress", "paused", "stopped", "processing"], from_: set[str]
    ) -> None:
        recording = self.recording
        if recording.status not in from_:
            raise WrongState(f"recording {recording.sid} is {recording.status}: it can't be {status} now")
        recording.status = status
        recording.date_updated = self._world.clock.date

    def _keep(self) -> None:
        """Make its file, if there is anything to keep."""
        world, options, recording = self._world, self._options, self.recording
        self._tape.stop()
        audio = self._tape.audio(1 if options.of_one_side else 2, trimmed=options.trimmed)
        for action in self.on_end:
            action()
        if options.of_one_side and not audio.sounds:
            self._absent(_SILENT)
        elif audio.seconds < _SHORTEST:
            self._absent(_TOO_SHORT)
        else:
            recording.audio = audio
            recording.duration = max(1, math.floor(audio.seconds + 0.5))
            length = f"{recording.duration} s"
            world.note(self._subject.sid, "Twilio", "records", length, options.place, self._document)
            world.clock.after(0, self._process)
            world.clock.after(world.settings.recording, self._ready)
            if options.transcribe and isinstance(self._subject, Call):
                transcribe(world, self._session, self._subject, recording, options.transcribe_callback)

    def _absent(self, code: int) -> None:
        self.recording.status = "absent"
        self.recording.error_code = code
        self._tell("absent")

    def _process(self) -> None:
        if self.recording.status == "stopped":
            self.recording.status = "processing"

    def _ready(self) -> None:
        world, recording = self._world, self.recording
        if recording.status == "deleted":
            return
        recording.status = "completed"
        recording.date_updated = world.clock.date
        minutes = Decimal(math.ceil((recording.duration or 0) / 60))
        price = minutes * _MINUTE
        recording.price, recording.price_unit = -price, "USD"
        used(world, self._session.account, _CATEGORIES, Figures(Decimal(1), minutes, price))
        self._tell("completed")
        if isinstance(self._subject, Call):
            ask_add_ons(world, self._subject, recording)
        for action in self.on_completed:
            action()

    # What it tells

    def _tell(self, status: RecordingStatus) -> None:
        if not self._options.callback or status not in self._options.events:
            return
        self._world.tell(
            self._session,
            self._subject.sid,
            url=self._options.callback,
            method=self._options.method,
            event=self._report(status),
            about=f"recording {status}",
        )

    def _report(self, status: RecordingStatus) -> RecordingStatusChanged | ConferenceRecordingStatusChanged:
        recording = self.recording
        facts: _Facts = {
            "account_sid": recording.account_sid,
            "recording_sid": recording.sid,
            "recording_url": self.url,
            "status": status,
            "duration": recording.duration if status == "completed" else None,
            "channels": self._options.channels,
            "start_time": recording.start_time,
            "source": self._options.source,
            "track": cast("RecordingTrack", recording.track),
            "error_code": recording.error_code or 0,
        }
        if isinstance(self._subject, Call):
            return RecordingStatusChanged(**facts, call_sid=self._subject.sid)
        return ConferenceRecordingStatusChanged(**facts, conference_sid=self._subject.sid)


class RecordingFacts(TypedDict):
    """What reports of other things say of a recording."""

    recording_url: str | None
    recording_sid: str | None
    recording_duration: int | None


def recording_facts(active: ActiveRecording | None) -> RecordingFacts:
    """Of this one: nothing where there was nothing to keep."""
    if active is None or active.recording.status == "absent":
        return {"recording_url": None, "recording_sid": None, "recording_duration": None}
    recording = active.recording
    return {
        "recording_url": active.url,
        "recording_sid": recording.sid,
        "recording_duration": recording.duration,
    }


class _Facts(TypedDict):
    """What every report of a recording says."""

    account_sid: str
    recording_sid: str
    recording_url: str
    status: RecordingStatus
    duration: int | None
    channels: int
    start_time: datetime | None
    source: str
    track: RecordingTrack
    error_code: int
