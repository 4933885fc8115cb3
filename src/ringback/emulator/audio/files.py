"""Files of audio, whose bytes are made while they are read."""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

from ringback.emulator.audio.mixing import frames_of, mixed
from ringback.emulator.audio.speech import installed_voice
from ringback.emulator.audio.tones import RATE
from ringback.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ringback.emulator.audio.sounds import Audio
    from ringback.emulator.audio.speech import Voice

__all__ = ["AudioFile", "WavFile"]

_SAMPLE: Final = 2  # bytes


class AudioFile(ABC):
    """A recording as a file.

    Its size is known without any of it being made. Reading it takes little memory however long it is, but it
    may take seconds: don't hold the emulated network meanwhile.

    Args:
        audio: What it sounds like.
        channels: 1 puts both sides of a call together; by default as many as the audio has.
        voice: What says words; by default espeak-ng if that is installed, otherwise tones.

    Attributes:
        content_type: The one it is sent with.
        size: In bytes.

    Raises:
        EmulatorError: More channels than the audio has.
    """

    content_type: str
    size: int

    def __init__(self, audio: Audio, *, channels: int | None = None, voice: Voice | None = None) -> None:
        if channels not in {None, *range(1, audio.channels + 1)}:
            raise EmulatorError(
                f"channels: expected at most the audio's {audio.channels}, got {channels!r:.80}"
            )
        self._audio = audio
        self._channels = channels or audio.channels
        self._voice = voice or installed_voice()
        self._frames = frames_of(audio)

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Its bytes from `start` to `stop`, or to its end."""
        left = (self.size if stop is None else min(stop, self.size)) - start
        if left <= 0:
            return
        skipped, pieces = self._from(start)
        for whole in pieces:
            piece = whole[skipped : skipped + left]
            skipped = max(0, skipped - len(whole))
            left -= len(piece)
            if piece:
                yield piece
            if not left:
                return

    def read(self) -> bytes:
        """All of it at once."""
        return b"".join(self.chunks())

    @abstractmethod
    def _from(self, start: int) -> tuple[int, Iterator[bytes]]:
        """The file from a place at or before `start` on, and how many bytes lie between the two."""


class WavFile(AudioFile):
    """16 bit at 8 kHz, as recordings are downloaded without a suffix or with `.wav`. See `AudioFile`."""

    content_type = "audio/x-wav"

    def __init__(self, audio: Audio, *, channels: int | None = None, voice: Voice | None = None) -> None:
        super().__init__(audio, channels=channels, voice=voice)
        self._header = _wav_header(self._channels, self._frames)
        self.size = len(self._header) + self._frames * self._frame

    @property
    def _frame(self) -> int:
        """Bytes."""
        return self._channels * _SAMPLE

    def _from(self, start: int) -> tuple[int, Iterator[bytes]]:
        # Any place in it can be reached without making what comes before.
        if start < len(self._header):
            return start, self._pieces(self._header, 0)
        frame, skipped = divmod(start - len(self._header), self._frame)
        return skipped, self._pieces(b"", frame)

    def _pieces(self, header: bytes, frame: int) -> Iterator[bytes]:
        yield header
        for samples in mixed(self._audio, self._channels, self._voice, frame):
            yield samples.tobytes()


def _wav_header(channels: int, frames: int) -> bytes:
    """What comes before the samples. The `wave` module writes it only together with all of them."""
    frame = channels * _SAMPLE
    kind = struct.pack("<HHIIHH", 1, channels, RATE, RATE * frame, frame, 8 * _SAMPLE)
    size = frames * frame
    riff = b"WAVE" + b"fmt " + struct.pack("<I", len(kind)) + kind + b"data" + struct.pack("<I", size)
    return b"RIFF" + struct.pack("<I", len(riff) + size) + riff
