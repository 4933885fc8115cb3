"""What is in samples: by decoding files, and by looking for frequencies in them."""

from __future__ import annotations

import io
import math
import wave
from array import array
from typing import TYPE_CHECKING, Final, Protocol, cast

from mutagen.mp3 import MP3

if TYPE_CHECKING:
    from collections.abc import Sequence

RATE: Final = 8000
ROWS: Final = (697, 770, 852, 941)
COLUMNS: Final = (1209, 1336, 1477, 1633)
KEYS: Final = ("123A", "456B", "789C", "*0#D")


class _Info(Protocol):
    """What mutagen tells; it comes without types."""

    sample_rate: int
    bitrate: int
    length: float


def channels_of(file: bytes) -> list[Sequence[int]]:
    """The samples of each channel of a WAV file, as Python's own module reads it."""
    with wave.open(io.BytesIO(file)) as opened:
        assert (opened.getframerate(), opened.getsampwidth(), opened.getcomptype()) == (RATE, 2, "NONE")
        samples = array("h", opened.readframes(opened.getnframes()))
        assert len(samples) == opened.getnframes() * opened.getnchannels()
        return [samples[channel :: opened.getnchannels()] for channel in range(opened.getnchannels())]


def mp3_seconds(file: bytes) -> float:
    """How long an MP3 file plays, as mutagen sees it."""
    info = cast("_Info", MP3(io.BytesIO(file)).info)  # type: ignore[no-untyped-call]
    assert (info.sample_rate, info.bitrate // 1000) == (RATE, 32)
    return info.length


def strength(samples: Sequence[int], frequency: int) -> float:
    """How much of a frequency is in samples, from 0 to 1 of all there could be; Goertzel's algorithm."""
    if not samples:
        return 0.0
    factor = 2 * math.cos(2 * math.pi * frequency / RATE)
    last = before = 0.0
    for sample in samples:
        last, before = sample + factor * last - before, last
    power = last * last + before * before - factor * last * before
    everything = sum(sample * sample for sample in samples) * len(samples) / 2
    return power / everything if everything else 0.0


def loud(samples: Sequence[int]) -> bool:
    """Whether there is anything to hear."""
    return max(map(abs, samples), default=0) > 500


def key_in(samples: Sequence[int]) -> str | None:
    """The key that is heard, as a telephone exchange finds it: one row and one column, and nothing else."""
    rows = [strength(samples, frequency) for frequency in ROWS]
    columns = [strength(samples, frequency) for frequency in COLUMNS]
    if max(rows) + max(columns) < 0.9:
        return None
    return KEYS[rows.index(max(rows))][columns.index(max(columns))]


def keys_in(samples: Sequence[int]) -> str:
    """All keys that are heard, one after the other: what is between two silences is one."""
    window = RATE // 100
    found: list[str] = []
    sounding = False
    for start in range(0, len(samples) - window, window):
        part = samples[start : start + window]
        if not loud(part):
            sounding = False
        elif not sounding:
            sounding = True
            # From where it surely sounds.
            found.append(key_in(samples[start + window : start + 4 * window]) or "?")
    return "".join(found)
