"""Where a file is that a webhook told of: its URL, checked before anything is sent there."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final, Protocol, cast

from attrs import frozen

from ringback._core.parameters.kinds import Choice
from ringback._core.webhooks.events import Event, ReceivedMedia
from ringback.errors import InvalidValue

if TYPE_CHECKING:
    from ringback._core.client.config import Config

__all__ = ["Recorded", "Source", "source_of"]

_FORMAT: Final = Choice(("mp3", "wav"))
_ACCOUNT: Final = r"/2010-04-01/Accounts/AC[0-9a-fA-F]{32}/"
_RECORDING: Final = re.compile(_ACCOUNT + r"Recordings/(RE[0-9a-fA-F]{32})")
_MEDIA: Final = re.compile(_ACCOUNT + r"Messages/[A-Z]{2}[0-9a-fA-F]{32}/Media/(ME[0-9a-fA-F]{32})")
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,99}", re.ASCII)
_ALLOWED: Final = (
    "the URL of a file, an event with a recording_url such as RecordResult, or one of a message's event.media"
)


class Recorded(Protocol):
    """An event that tells of a recording: `RecordResult`, `RecordingStatusChanged`, `DialResult`, …"""

    @property
    def recording_url(self) -> str | None:
        """Where the recording is."""
        ...


@frozen
class Source:
    """A file to be downloaded.

    Attributes:
        url: Where it is.
        name: What it is called in a folder.
        suffix: Of that name; None where its type decides.
        key: Tells it from others of its name.
    """

    url: str
    name: str
    suffix: str | None
    key: str


def source_of(source: str | ReceivedMedia | Recorded, format: object, config: Config) -> Source:
    """What to download.

    Raises:
        InvalidValue: It is no file that a webhook tells of, or its URL isn't one to send a request to.
    """
    if format is not None:
        _FORMAT.encode("format", format)
    url = _url(source)
    config.check_url("source", url)
    path = url.partition("://")[2].partition("/")[2]
    at_twilio = config.trusts(url)
    if at_twilio and (recording := _RECORDING.fullmatch("/" + path)):
        # Without a suffix it is the record, or whatever Twilio thinks fit.
        chosen = format or "mp3"
        return Source(f"{url}.{chosen}", recording[1], f".{chosen}", f"{recording[1]}-{chosen}")
    if format is not None:
        raise InvalidValue(
            "format", format, "None here; only the URL of a recording at Twilio leaves it open"
        )
    if at_twilio and (media := _MEDIA.fullmatch("/" + path)):
        return Source(url, media[1], None, media[1])
    name = path.partition("?")[0].rpartition("/")[2]
    if not _FILE_NAME.fullmatch(name):
        name = "download"
    return Source(url, name, "" if "." in name else None, hashlib.sha256(url.encode()).hexdigest()[:16])


def _url(source: object) -> str:
    if isinstance(source, str):
        return source
    if isinstance(source, ReceivedMedia):
        return source.url
    if not isinstance(source, Event) or not hasattr(source, "recording_url"):
        name = source.__name__ if isinstance(source, type) else type(source).__name__
        hint = f"{_ALLOWED}; of what the API gave: client.recordings(sid).download(…)"
        raise InvalidValue("source", _Shown(name), hint)
    url: object = cast("Recorded", source).recording_url
    if not isinstance(url, str) or not url:
        raise InvalidValue(
            f"source.recording_url of {type(source).__name__}", url, "a URL; nothing was recorded"
        )
    return url


class _Shown:
    """The name of a class in an error: what is in an object of it may be what people wrote."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name
