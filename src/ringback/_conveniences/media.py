"""The files behind records: `client.recordings("RE…").download(…)` and the same for media of messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ringback._core.client.resource import Resource
from ringback._core.parameters.kinds import Choice, Sid
from ringback.errors import InvalidValue

if TYPE_CHECKING:
    import os

    from ringback._conveniences.downloads import Download, Progress, Writable
    from ringback._core.client.options import RequestOptions
    from ringback._core.client.session import AsyncSession, Session

__all__ = [
    "AsyncMediaDownloads",
    "AsyncRecordingDownloads",
    "MediaDownloads",
    "RecordingDownloads",
    "RecordingFormat",
]

RecordingFormat: TypeAlias = Literal["mp3", "wav"]
"""How the audio of a recording is packed: `mp3` is small, `wav` is as it was recorded."""

_FORMAT: Final = Choice(("mp3", "wav"))
_RECORDING: Final = Sid(("RE",))


class RecordingDownloads(Resource):
    """Downloads the audio of a recording."""

    __slots__ = ()

    if TYPE_CHECKING:
        sid: str
        _path: str
        _session: Session

    def download(
        self,
        to: str | os.PathLike[str] | Writable,
        *,
        format: RecordingFormat = "mp3",
        channels: Literal[1, 2] | None = None,
        wait: float = 0,
        progress: Progress | None = None,
        options: RequestOptions | None = None,
    ) -> Download:
        """Download the audio, chunk by chunk, so that its size doesn't matter.

        ```python
        client.recordings("RE…").download("call.wav", format="wav")
        client.recordings("RE…").download("call.mp3", wait=30)
        client.recordings("RE…").download("recordings/", progress=lambda done, total: print(done, total))
        ```

        A broken connection is taken up where it broke, as often as the retry policy allows; each byte that
        comes starts its count anew. A path appears only when the file is complete: until then it is beside
        it, `….part`, and a later download of the same recording goes on with that. Twilio sends the audio
        from other hosts, which get no credentials.

        Args:
            to: Where it goes: a path, which is replaced; a folder, in which it is called `RE….mp3`; or a file
                open for writing bytes.
            format: `mp3`, or `wav`.
            channels: 1 mixes both parties of a call, 2 keeps them apart where they were recorded so; as the
                recording was asked for when left out.
            wait: Seconds to wait for a file that isn't there yet (404), 0 to 3600; it is asked for again
                after 0.5, 1, 2 and 4 seconds, then every 5. Other errors come at once, and so does 404 once
                bytes have come.
            progress: Called after each chunk with the bytes that are there and those that there will be, None
                if that isn't known.
            options: Settings of this download alone.

        Returns:
            Where it is, its size and type.

        Raises:
            InvalidValue: An argument is none of these; nothing was sent.
            NotFound: There is no audio, or not yet, after `wait` seconds: `status` of the recording tells.
            ApiError: Twilio refused.
            TransportError: The connection broke too often.
            ResponseInvalid: The file changed while it was downloaded.
            OSError: It can't be written.

        See https://www.twilio.com/docs/voice/api/recording
        """
        from ringback._conveniences.downloads import download, target_of

        path, name, key = _recording(self._path, self.sid, format, channels)
        return download(
            self._session,
            path,
            target_of(to, name=name, suffix=f".{format}", key=key),
            wait,
            progress,
            options,
        )


class AsyncRecordingDownloads(Resource):
    """`RecordingDownloads` for asyncio."""

    __slots__ = ()

    if TYPE_CHECKING:
        sid: str
        _path: str
        _session: AsyncSession

    async def download(
        self,
        to: str | os.PathLike[str] | Writable,
        *,
        format: RecordingFormat = "mp3",
        channels: Literal[1, 2] | None = None,
        wait: float = 0,
        progress: Progress | None = None,
        options: RequestOptions | None = None,
    ) -> Download:
        """See `RecordingDownloads.download`; the file is written in a thread."""
        from ringback._conveniences.downloads import download_async, target_of

        path, name, key = _recording(self._path, self.sid, format, channels)
        return await download_async(
            self._session,
            path,
            target_of(to, name=name, suffix=f".{format}", key=key),
            wait,
            progress,
            options,
        )


class MediaDownloads(Resource):
    """Downloads a file of a message."""

    __slots__ = ()

    if TYPE_CHECKING:
        sid: str
        _path: str
        _session: Session

    def download(
        self,
        to: str | os.PathLike[str] | Writable,
        *,
        wait: float = 0,
        progress: Progress | None = None,
        options: RequestOptions | None = None,
    ) -> Download:
        """Download the file, chunk by chunk, so that its size doesn't matter.

        ```python
        for media in client.messages("MM…").media.list():
            client.messages("MM…").media(media.sid).download("media/")
        ```

        A broken connection is taken up where it broke, as often as the retry policy allows; each byte that
        comes starts its count anew. A path appears only when the file is complete: until then it is beside
        it, `….part`, and a later download of the same file goes on with that. Twilio sends it from other
        hosts, which get no credentials.

        Args:
            to: Where it goes: a path, which is replaced; a folder, in which it is called by its SID and a
                suffix that suits its media type; or a file open for writing bytes.
            wait: Seconds to wait for a file that isn't there yet (404), 0 to 3600; it is asked for again
                after 0.5, 1, 2 and 4 seconds, then every 5. Other errors come at once, and so does 404 once
                bytes have come.
            progress: Called after each chunk with the bytes that are there and those that there will be, None
                if that isn't known.
            options: Settings of this download alone.

        Returns:
            Where it is, its size and type.

        Raises:
            InvalidValue: An argument is none of these; nothing was sent.
            NotFound: There is no such file, even after `wait` seconds.
            ApiError: Twilio refused.
            TransportError: The connection broke too often.
            ResponseInvalid: The file changed while it was downloaded.
            OSError: It can't be written.

        See https://www.twilio.com/docs/messaging/api/media-resource
        """
        from ringback._conveniences.downloads import download, target_of

        target = target_of(to, name=self.sid, suffix=None, key=self.sid)
        return download(self._session, self._path, target, wait, progress, options)


class AsyncMediaDownloads(Resource):
    """`MediaDownloads` for asyncio."""

    __slots__ = ()

    if TYPE_CHECKING:
        sid: str
        _path: str
        _session: AsyncSession

    async def download(
        self,
        to: str | os.PathLike[str] | Writable,
        *,
        wait: float = 0,
        progress: Progress | None = None,
        options: RequestOptions | None = None,
    ) -> Download:
        """See `MediaDownloads.download`; the file is written in a thread."""
        from ringback._conveniences.downloads import download_async, target_of

        target = target_of(to, name=self.sid, suffix=None, key=self.sid)
        return await download_async(self._session, self._path, target, wait, progress, options)


def _recording(path: str, sid: str, format: object, channels: object) -> tuple[str, str, str]:
    """The path of the audio, the name of its file, and what tells it from others of that name."""
    _FORMAT.encode("format", format)
    if channels is not None and not (type(channels) is int and channels in {1, 2}):
        raise InvalidValue("channels", channels, "1, 2 or None")
    # A call's recordings are the account's too, and only there they have audio; one that goes on has none.
    account = "/".join(path.split("/")[:4])
    file = f"{account}/Recordings/{_RECORDING.encode('sid', sid)}.{format}"
    query = "" if channels is None else f"?RequestedChannels={channels}"
    return file + query, sid, f"{sid}-{format}" if channels is None else f"{sid}-{format}-{channels}"
