"""What passes on the sound of a call, beside it: media streams, SIPREC sessions, live transcriptions.

https://www.twilio.com/docs/voice/api/stream-resource, https://www.twilio.com/docs/voice/api/siprec and
https://www.twilio.com/docs/voice/api/realtime-transcription-resource

Nobody is connected to yet: a stream or a SIPREC session begins, and ends, and tells so.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, ClassVar, Final, Literal, TypeAlias, cast

from attrs import evolve, field, frozen

from ringback._core.emulation.records import Record
from ringback._generated.emulation.records import RealtimeTranscriptionRecord, SiprecRecord, StreamRecord
from ringback.emulator.engine.parameters import API_VERSION
from ringback.emulator.engine.scripts import SPOKEN
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.urls import WebUrl, is_loopback, shown
from ringback.webhooks import RealtimeTranscription, SiprecStatusChanged, StreamStatusChanged

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ringback._generated.webhooks.enums import (
        CallStatus,
        RealtimeTranscriptionEvent,
        SiprecEvent,
        StreamEvent,
    )
    from ringback.emulator.engine.exchange import Session
    from ringback.emulator.engine.people import Heard, Line, Track
    from ringback.webhooks import Notification

__all__ = [
    "MEDIA_FAMILIES",
    "LiveTranscription",
    "MediaOptions",
    "MediaSession",
    "Siprec",
    "Stream",
    "TranscriptionOptions",
    "fault",
    "find",
]

Tracks: TypeAlias = Literal["inbound_track", "outbound_track", "both_tracks"]
Change: TypeAlias = Literal["started", "stopped"]

_MOST_TRACKS: Final = 4
_TAKEN: Final = 20001
_FAILED: Final = 31900
_NOT_WSS: Final = 31922
_MALFORMED: Final = 31923
_CONFIDENCE: Final = 0.9
_STABILITY: Final = 0.5


@frozen
class MediaOptions:
    """What a session was asked for with.

    Attributes:
        name: Its name, or None.
        track: Whose side is passed on.
        url: Where its events are told, or "".
        method: How.
        target: Where the sound goes: a WebSocket's URL, or the name of a connector.
        parameters: What it is told besides.
    """

    name: str | None = None
    track: Tracks = "both_tracks"
    url: str = ""
    method: str = "POST"
    target: str = ""
    parameters: Mapping[str, str] = field(factory=dict[str, str])


@frozen
class TranscriptionOptions(MediaOptions):
    """The same of a live transcription."""

    language: str = "en-US"
    engine: str = "google"
    partial: bool = False
    inbound_label: str | None = None
    outbound_label: str | None = None
    settings: Mapping[str, str] = field(factory=dict[str, str])


class MediaSession:
    """Passes on what is heard on a call, until it is stopped or the call ends.

    Attributes:
        record: How it is shown.
        live: Whether it goes on.
    """

    family: ClassVar[str]
    what: ClassVar[str]
    _prefix: ClassVar[str]
    _path: ClassVar[str]
    _kind: ClassVar[type[StreamRecord | SiprecRecord | RealtimeTranscriptionRecord]]

    def __init__(self, line: Line, session: Session, options: MediaOptions) -> None:
        self._line = line
        self._session = session
        self.options = options
        self.live = True
        call, world = line.leg.call, line.leg.world
        sid = world.sids.new(self._prefix)
        home = f"/{API_VERSION}/Accounts/{call.account_sid}/Calls/{call.sid}"
        self.record = self._kind(
            sid=sid,
            account_sid=call.account_sid,
            call_sid=call.sid,
            name=options.name,
            status="in-progress",
            date_updated=world.clock.date,
            uri=f"{home}/{self._path}/{sid}.json",
        )
        world.store.table(self.family, Record).put(sid, self.record, f"{call.account_sid}/{call.sid}")

    def start(self) -> None:
        """It begins."""
        self._change("started", "starts")

    def stop(self) -> None:
        """It ends, unless it has already."""
        if not self.live:
            return
        self.live = False
        self.record.status = "stopped"
        self.record.date_updated = self._line.leg.world.clock.date
        self._change("stopped", "stops")

    def _change(self, change: Change, did: str) -> None:
        name = self.record.name
        what = f"{self.what} {name}" if name else self.what
        self._line.leg.world.note(self.record.call_sid, "Twilio", did, what)
        self._tell(self._event(change), f"{self.what} {change}")

    def _event(self, change: Change) -> Notification:
        raise NotImplementedError

    def _tell(self, event: Notification, about: str) -> None:
        if self.options.url:
            self._line.leg.world.tell(
                self._session,
                self.record.call_sid,
                url=self.options.url,
                method=self.options.method,
                event=event,
                about=about,
            )


class Stream(MediaSession):
    """Sends sound to a WebSocket."""

    family = "calls().streams"
    _prefix = "MZ"
    _path = "Streams"
    _kind = StreamRecord
    what = "stream"

    def _event(self, change: Change) -> StreamStatusChanged:
        return StreamStatusChanged(
            call_sid=self.record.call_sid,
            account_sid=self.record.account_sid,
            stream_sid=self.record.sid,
            stream_name=self.record.name or self.record.sid,
            event=cast("StreamEvent", f"stream-{change}"),
            timestamp=self._line.leg.world.clock.date,
        )


class Siprec(MediaSession):
    """Sends sound to a recorder."""

    family = "calls().siprec"
    _prefix = "SR"
    _path = "Siprec"
    _kind = SiprecRecord
    what = "SIPREC session"

    def _event(self, change: Change) -> SiprecStatusChanged:
        call = self._line.leg.call
        return SiprecStatusChanged(
            call_sid=call.sid,
            account_sid=call.account_sid,
            from_=call.from_,
            to=call.to,
            call_status=cast("CallStatus", call.status),
            api_version=API_VERSION,
            direction=call.direction,
            siprec_sid=self.record.sid,
            siprec_name=self.record.name or self.record.sid,
            event=cast("SiprecEvent", f"siprec-{change}"),
            timestamp=self._line.leg.world.clock.date,
        )


class LiveTranscription(MediaSession):
    """Writes down what is said, as it is said."""

    family = "calls().transcriptions"
    _prefix = "GT"
    _path = "Transcriptions"
    _kind = RealtimeTranscriptionRecord
    what = "transcription"

    def __init__(self, line: Line, session: Session, options: TranscriptionOptions) -> None:
        super().__init__(line, session, options)
        self._wanted = options
        self._sequence = 0

    def start(self) -> None:
        super().start()
        self._line.taps.append(self._hears)

    def stop(self) -> None:
        if self.live:
            self._line.taps.remove(self._hears)
        super().stop()

    def _hears(self, track: Track, heard: Heard) -> None:
        if heard.kind not in SPOKEN or self.options.track not in {"both_tracks", track}:
            return
        clock = self._line.leg.world.clock
        if self._wanted.partial:
            clock.after(heard.seconds / 2, lambda: self._write(track, heard, final=False))
        clock.after(heard.seconds, lambda: self._write(track, heard, final=True))

    def _write(self, track: Track, heard: Heard, *, final: bool) -> None:
        """Tell what was said so far, and at the end all that was said until it was cut off."""
        if not self.live:
            return
        words = heard.what.split()
        share = 1.0 if final else 0.5
        if heard.cut and heard.until is not None and heard.seconds:
            share = min(share, (heard.until - heard.at) / heard.seconds)
        said = " ".join(words[: math.ceil(share * len(words))])
        data = {"transcript": said, "confidence": _CONFIDENCE} if final else {"transcript": said}
        event = evolve(
            self._report("transcription-content"),
            track=track,
            language_code=self._wanted.language,
            data=json.dumps(data),
            final=final,
            stability=None if final or not self._wanted.partial else _STABILITY,
        )
        self._tell(event, f'transcription "{said}"')

    def _event(self, change: Change) -> RealtimeTranscription:
        options = self._wanted
        if change == "stopped":
            return self._report("transcription-stopped")
        return evolve(
            self._report("transcription-started"),
            provider_configuration=json.dumps(dict(options.settings)),
            engine=options.engine,
            name=options.name,
            track=options.track,
            inbound_track_label=options.inbound_label,
            outbound_track_label=options.outbound_label,
            partial_results=options.partial,
            language_code=options.language,
        )

    def _report(self, event: RealtimeTranscriptionEvent) -> RealtimeTranscription:
        self._sequence += 1
        return RealtimeTranscription(
            call_sid=self.record.call_sid,
            account_sid=self.record.account_sid,
            transcription_sid=self.record.sid,
            timestamp=self._line.leg.world.clock.date,
            sequence_id=self._sequence,
            event=event,
        )


MEDIA_FAMILIES: Final = tuple(kind.family for kind in (Stream, Siprec, LiveTranscription))


def find(sessions: Iterable[MediaSession], kind: type[MediaSession], key: str) -> MediaSession | None:
    """The live session with this SID or name."""
    found = (each for each in sessions if isinstance(each, kind) and each.live)
    return next((each for each in found if key in {each.record.sid, each.record.name}), None)


def fault(
    sessions: Iterable[MediaSession], kind: type[MediaSession], options: MediaOptions
) -> Trouble | None:
    """Why a session can't begin beside those that go on, or None."""
    live = [each for each in sessions if each.live]
    if kind is Stream and (wrong := _wrong_target(options.target)) is not None:
        return wrong
    if options.name and find(live, kind, options.name) is not None:
        return Trouble(_TAKEN, f"the call has another one with the name {options.name[:100]}", "")
    sent = [each.options for each in live if not isinstance(each, LiveTranscription)]
    if kind is not LiveTranscription and sum(map(_tracks, [*sent, options])) > _MOST_TRACKS:
        return Trouble(_FAILED, f"at most {_MOST_TRACKS} tracks of a call are sent at a time", "")
    return None


def _wrong_target(url: str) -> Trouble | None:
    scheme, colon, rest = url.partition(":")
    parsed = WebUrl.parse(f"https:{rest}") if colon and rest.startswith("//") else None
    if parsed is None:
        return Trouble(_MALFORMED, f"{shown(url)[:200]} is no URL of a WebSocket", "")
    # Those who develop have no certificate for their own machine.
    if scheme.lower() != "wss" and not (scheme.lower() == "ws" and is_loopback(parsed.host)):
        return Trouble(_NOT_WSS, f"{shown(url)[:200]} does not begin with wss://", "")
    if parsed.query:
        return Trouble(_MALFORMED, f"{shown(url)[:200]} has a query, which would not be sent", "")
    return None


def _tracks(options: MediaOptions) -> int:
    return 2 if options.track == "both_tracks" else 1
