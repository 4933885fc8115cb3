"""Audio files as they are fetched: whether they can be played, and for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringback.emulator.audio import seconds_of
from ringback.emulator.engine.documents import content_type, is_audio, most_bytes
from ringback.emulator.engine.trouble import Trouble

if TYPE_CHECKING:
    from ringback.emulator.engine.exchange import Answer

__all__ = ["read_audio"]

_TOO_LONG: Final = 11750
_NO_CONTENT_TYPE: Final = 12300
_NOT_AUDIO: Final = 13420
# Those whose files are looked into; Twilio plays others as well, such as AIFF and GSM.
_WAV_OR_MP3: Final = frozenset(
    {"audio/mp3", "audio/mpeg", "audio/vnd.wave", "audio/wav", "audio/wave", "audio/x-wav"}
)


def read_audio(answer: Answer) -> float | Trouble | None:
    """How many seconds it plays; None where only its player can tell."""
    headers, body = answer.response.headers, answer.response.body
    kind = content_type(headers)
    if not is_audio(headers):
        return Trouble(_NO_CONTENT_TYPE, f"content type {kind or 'unknown'} is no audio", answer.url)
    if len(body) > most_bytes(headers):
        return Trouble(_TOO_LONG, f"audio of more than {most_bytes(headers)} bytes", answer.url)
    seconds = seconds_of(body)
    if seconds is None:
        what = f"{len(body)} bytes that are no sound"
        return Trouble(_NOT_AUDIO, f"{kind}: {what}", answer.url) if kind in _WAV_OR_MP3 else None
    return round(seconds, 3)
