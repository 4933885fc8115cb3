"""Models, enums and resource clients of the REST API; loaded when they are first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from ringback._generated import api as _api

if TYPE_CHECKING:
    from ringback._conveniences.downloads import Download, Progress
    from ringback._conveniences.media import RecordingFormat
    from ringback._conveniences.numbers import NumberOnOffer
    from ringback._conveniences.segments import SegmentEncoding, Segments, segments
    from ringback._generated.api import *  # noqa: F403

_HOMES: Final = {
    "Download": "downloads",
    "NumberOnOffer": "numbers",
    "Progress": "downloads",
    "RecordingFormat": "media",
    "SegmentEncoding": "segments",
    "Segments": "segments",
    "segments": "segments",
}

__all__ = [  # pyright: ignore[reportUnsupportedDunderAll]
    "Download",
    "NumberOnOffer",
    "Progress",
    "RecordingFormat",
    "SegmentEncoding",
    "Segments",
    "segments",
    *_api.__all__,
]


if not TYPE_CHECKING:  # a type checker would take any name to be there

    def __getattr__(name: str) -> object:
        if name in _HOMES:
            return getattr(import_module(f"ringback._conveniences.{_HOMES[name]}"), name)
        return getattr(_api, name)


def __dir__() -> list[str]:
    return sorted(__all__)
