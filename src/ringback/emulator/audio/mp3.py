"""MP3 files, encoded by LAME (extra `emulator`)."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Final, Protocol, cast

from ringback.emulator.audio.files import AudioFile
from ringback.emulator.audio.mixing import mixed
from ringback.emulator.audio.tones import RATE
from ringback.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ringback.emulator.audio.sounds import Audio
    from ringback.emulator.audio.speech import Voice

__all__ = ["Mp3File"]

_KBIT_A_SECOND: Final = 32
# MPEG 2.5, layer III: at 8 kHz.
_SAMPLES_A_FRAME: Final = 576
# Exactly so many: at this rate and speed none is padded.
_BYTES_A_FRAME: Final = _KBIT_A_SECOND * 1000 // 8 * _SAMPLES_A_FRAME // RATE
# Samples of silence that the encoder puts before the sound, and that a decoder adds to them.
_ENCODER_DELAY: Final = 576
_DECODER_DELAY: Final = 529
# LAME's own scale, from 0, the best, to 9.
_QUALITY: Final = 5
# MPEG 2.5, layer III, no checksum; 32 kbit/s, 8 kHz; one channel, or two encoded jointly; an original.
_HEADERS: Final = {1: b"\xff\xe3\x48\xc4", 2: b"\xff\xe3\x48\x44"}
# Bytes of a frame that say how what follows is encoded: nothing follows where they are 0.
_SIDE_INFORMATION: Final = {1: 9, 2: 17}


class _Encoder(Protocol):
    """What of lameenc's encoder is used; it comes without types."""

    def silence(self) -> None: ...
    def set_bit_rate(self, kbit: int, /) -> None: ...
    def set_in_sample_rate(self, rate: int, /) -> None: ...
    def set_channels(self, channels: int, /) -> None: ...
    def set_quality(self, quality: int, /) -> None: ...
    def encode(self, samples: bytes, /) -> bytearray: ...
    def flush(self) -> bytearray: ...


class Mp3File(AudioFile):
    """32 kbit/s, as recordings are downloaded with `.mp3`. See `AudioFile`.

    A part of it takes as long as all that comes before it.

    Raises:
        ConfigurationError: lameenc is not installed.
    """

    content_type = "audio/mpeg"

    def __init__(self, audio: Audio, *, channels: int | None = None, voice: Voice | None = None) -> None:
        super().__init__(audio, channels=channels, voice=voice)
        self._encoder()
        self._mp3_frames = math.ceil((self._frames + _ENCODER_DELAY + _DECODER_DELAY) / _SAMPLES_A_FRAME)
        # One more tells how long it is.
        self.size = (1 + self._mp3_frames) * _BYTES_A_FRAME

    def _from(self, start: int) -> tuple[int, Iterator[bytes]]:
        return start, self._pieces()

    def _pieces(self) -> Iterator[bytes]:
        padding = self._mp3_frames * _SAMPLES_A_FRAME - _ENCODER_DELAY - self._frames
        yield _info_frame(self._channels, self._mp3_frames, padding)
        encoder = self._encoder()
        # It can't be flushed before it was given something, be it nothing.
        yield bytes(encoder.encode(b""))
        for samples in mixed(self._audio, self._channels, self._voice):
            yield bytes(encoder.encode(samples.tobytes()))
        yield bytes(encoder.flush())

    def _encoder(self) -> _Encoder:
        try:
            import lameenc
        except ImportError as error:
            raise ConfigurationError("MP3 files need lameenc: pip install 'ringback[emulator]'") from error

        encoder = cast("_Encoder", lameenc.Encoder())  # pyright: ignore[reportUnknownMemberType]
        encoder.silence()
        encoder.set_bit_rate(_KBIT_A_SECOND)
        encoder.set_in_sample_rate(RATE)
        encoder.set_channels(self._channels)
        encoder.set_quality(_QUALITY)
        return encoder


def _info_frame(channels: int, frames: int, padding: int) -> bytes:
    """A frame without sound that says how long the file is, to the sample.

    http://gabriel.mp3-tech.org/mp3infotag.html; its checksums and levels are left at 0, which players ignore.
    """
    size = (1 + frames) * _BYTES_A_FRAME
    places = bytes(256 * percent // 100 for percent in range(100))
    quality = 10 * (10 - _QUALITY)
    tag = struct.pack(">4sIII100sI", b"Info", 0b1111, frames, size, places, quality)
    constant_speed = 1
    delays = (_ENCODER_DELAY << 12 | padding).to_bytes(3, "big")
    lame = struct.pack(">9sB10xB3s4xI4x", b"LAME3.100", constant_speed, _KBIT_A_SECOND, delays, size)
    frame = _HEADERS[channels] + bytes(_SIDE_INFORMATION[channels]) + tag + lame
    return frame.ljust(_BYTES_A_FRAME, b"\0")
