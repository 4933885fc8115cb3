"""How long a file plays, from its bytes, whoever made them: WAV and MP3.

They are walked through here, since what libraries tell is what headers say: a WAV file that was written into
a pipe says that it takes 13 hours, and an MP3 file is longer than its sound by what its encoder put around.
"""

from __future__ import annotations

import struct
from typing import Final, Literal

from attrs import frozen

__all__ = ["seconds_of"]

# A day: no call hears more, and what says so is no sound.
_LONGEST: Final = 86_400.0
_MOST_CHUNKS: Final = 1_000
# Bytes among which the first frame has to begin.
_MOST_JUNK: Final = 65_536

_SYNC: Final = 0xFFE0
# By the two bits of a frame's header.
_MPEG_25, _MPEG_2, _MPEG_1 = 0, 2, 3
_LAYER_3: Final = 1
_MONO: Final = 3
_RATES: Final = {
    _MPEG_1: (44_100, 48_000, 32_000),
    _MPEG_2: (22_050, 24_000, 16_000),
    _MPEG_25: (11_025, 12_000, 8_000),
}
# kbit/s.
_SPEEDS_1: Final = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_SPEEDS_2: Final = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
# From the Xing tag on: after these fields comes what the encoder says of itself, if anything.
_XING_FIELDS: Final = ((1, 4), (2, 4), (4, 100), (8, 4))
# Of what it says, the place of the delays.
_DELAYS: Final = 21
_DECODER_DELAY: Final = 529


def seconds_of(data: bytes) -> float | None:
    """How long it plays, or None where it is neither WAV nor MP3, or none that could be played."""
    seconds = _wav(data) if data[:4] == b"RIFF" and data[8:12] == b"WAVE" else _mp3(data)
    return seconds if seconds is not None and seconds <= _LONGEST else None


def _wav(data: bytes) -> float | None:
    a_second = 0
    at = 12
    for _ in range(_MOST_CHUNKS):
        if len(data) < at + 8:
            return None
        name, size = struct.unpack_from("<4sI", data, at)
        at += 8
        if name == b"fmt " and len(data) >= at + 16:
            (a_second,) = struct.unpack_from("<I", data, at + 8)
        elif name == b"data":
            # Whoever writes into a pipe doesn't know its size yet, and says so by a large one.
            return min(size, len(data) - at) / a_second if a_second else None
        at += size + size % 2
    return None


@frozen
class _Frame:
    """What a frame's header says.

    Attributes:
        size: In bytes, the header included.
        kind: What all frames of a file have in common: version and rate.
    """

    version: Literal[0, 2, 3]
    rate: int
    size: int
    mono: bool

    @property
    def samples(self) -> int:
        return 1152 if self.version == _MPEG_1 else 576

    @property
    def kind(self) -> tuple[int, int]:
        return self.version, self.rate

    @property
    def tag_at(self) -> int:
        """Where a tag is, in a frame that has one instead of sound: behind the side information."""
        if self.version == _MPEG_1:
            return 4 + (17 if self.mono else 32)
        return 4 + (9 if self.mono else 17)


def _frame(data: bytes, at: int) -> _Frame | None:
    if len(data) < at + 4:
        return None
    sync, coding, mode = struct.unpack_from(">HBB", data, at)
    version, layer = sync >> 3 & 3, sync >> 1 & 3
    speed, rate = coding >> 4, coding >> 2 & 3
    if sync & _SYNC != _SYNC or layer != _LAYER_3 or rate == 3 or not 0 < speed < 15:
        return None
    if version not in (_MPEG_25, _MPEG_2, _MPEG_1):
        return None
    hertz = _RATES[version][rate]
    kbit = (_SPEEDS_1 if version == _MPEG_1 else _SPEEDS_2)[speed - 1]
    samples = 1152 if version == _MPEG_1 else 576
    return _Frame(version, hertz, samples // 8 * kbit * 1000 // hertz + (coding >> 1 & 1), mode >> 6 == _MONO)


def _mp3(data: bytes) -> float | None:
    at = _first_frame(data, _behind_id3(data))
    first = None if at is None else _frame(data, at)
    if at is None or first is None:
        return None
    surplus = _surplus(data[at : at + first.size], first)
    frames = 0
    frame: _Frame | None = first
    while frame is not None and frame.kind == first.kind:
        frames += 1
        at += frame.size
        frame = _frame(data, at)
    return max(0, frames * first.samples - surplus) / first.rate


def _behind_id3(data: bytes) -> int:
    """Where sound may begin: behind the tag that names title and artist."""
    if data[:3] != b"ID3" or len(data) < 10:
        return 0
    size = 0
    for byte in data[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size


def _first_frame(data: bytes, start: int) -> int | None:
    """Where the first frame begins: one that another one follows, or the end."""
    at = start
    while (at := data.find(b"\xff", at, start + _MOST_JUNK)) >= 0:
        frame = _frame(data, at)
        if frame is not None:
            following = _frame(data, at + frame.size)
            if at + frame.size == len(data) or (following is not None and following.kind == frame.kind):
                return at
        at += 1
    return None


def _surplus(frame: bytes, header: _Frame) -> int:
    """How many samples there are more than the sound has, by the tag in the first frame, if there is one."""
    if frame[36:40] == b"VBRI":
        return header.samples
    at = header.tag_at
    if frame[at : at + 4] not in (b"Xing", b"Info") or len(frame) < at + 8:
        return 0
    (flags,) = struct.unpack_from(">I", frame, at + 4)
    at += 8 + sum(size for flag, size in _XING_FIELDS if flags & flag)
    delays = frame[at + _DELAYS : at + _DELAYS + 3]
    if not frame[at : at + 4].isalpha() or len(delays) < 3:
        return header.samples
    both = int.from_bytes(delays, "big")
    return header.samples + (both >> 12) + (both & 0xFFF)
