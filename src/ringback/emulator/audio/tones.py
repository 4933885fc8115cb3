"""Sounds that are synthesized here, out of sines: the same in every run and on every machine.

Frequencies are whole numbers of Hertz, so that a second of a tone can be repeated without a seam.
"""

from __future__ import annotations

import math
from array import array
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias
from zlib import crc32

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "KEYS",
    "NAMED_TONES",
    "RATE",
    "Samples",
    "key_tones",
    "music",
    "named_tone",
    "silence",
    "tone",
    "word_tones",
]

Samples: TypeAlias = "array[int]"

RATE: Final = 8_000
"""Samples a second, on the telephone and in what is recorded of it."""

# How loud a tone is altogether, of 32,767: two of them at once aren't too much.
_LEVEL: Final = 12_000
# Samples over which a tone swells and fades: 5 ms, without which it clicks.
_EDGE: Final = RATE // 200

# Dual-tone multi-frequency signalling, ITU-T Q.23.
_ROWS: Final = (697, 770, 852, 941)
_COLUMNS: Final = (1209, 1336, 1477, 1633)
_DTMF: Final = {
    key: (row, column)
    for row, keys in zip(_ROWS, ("123A", "456B", "789C", "*0#D"), strict=True)
    for column, key in zip(_COLUMNS, keys, strict=True)
}
# Seconds.
_PAUSES: Final = {"w": 0.5, "W": 1.0}
KEYS: Final = frozenset(_DTMF) | frozenset(_PAUSES)
# Of the time for a key it sounds for so much; the rest keeps it apart from the next.
_PRESSED: Final = 0.6


@frozen
class _Cadence:
    """A tone that comes and goes, as signals on a telephone do; seconds."""

    frequencies: tuple[int, ...]
    on: float
    off: float = 0.0


# The signals are those of North America.
NAMED_TONES: Final = {
    "beep": _Cadence((1000,), 1.0),
    "busy": _Cadence((480, 620), 0.5, 0.5),
    "ringing": _Cadence((440, 480), 2.0, 4.0),
}
# Two octaves of a scale without half-tones, for words.
_WORDS: Final = (262, 294, 330, 392, 440, 523, 587, 659, 784, 880)
# C, A minor, F, G.
_CHORDS: Final = ((262, 330, 392), (220, 262, 330), (175, 220, 262), (196, 247, 294))
_CHORD_SECONDS: Final = 2


def silence(count: int) -> Samples:
    """So many samples of nothing."""
    return array("h", bytes(2 * count))


def tone(frequencies: tuple[int, ...], count: int) -> Samples:
    """So many samples of sines of these frequencies together."""
    second = _second(frequencies)
    seconds, rest = divmod(count, RATE)
    samples = second * seconds + second[:rest]
    edge = min(_EDGE, count // 2)
    for index in range(edge):
        samples[index] = samples[index] * index // edge
        samples[-1 - index] = samples[-1 - index] * index // edge
    return samples


def named_tone(name: str, count: int) -> Samples:
    """One of the `NAMED_TONES`."""
    cadence = NAMED_TONES[name]
    on, off = round(cadence.on * RATE), round(cadence.off * RATE)
    if not off:
        return tone(cadence.frequencies, count)
    turn = tone(cadence.frequencies, on) + silence(off)
    return (turn * (count // len(turn) + 1))[:count]


def key_tones(keys: str, count: int) -> Samples:
    """Keys pressed one after the other; the pauses among them take their time if there is that much."""
    pauses = sum(_PAUSES.get(key, 0.0) for key in keys) * RATE
    pressed = sum(key not in _PAUSES for key in keys)
    # What is left for each key; where the pauses leave nothing, all are shortened alike.
    a_key = max(count - pauses, count / 2) / pressed if pressed else 0.0
    shares = [_PAUSES[key] * RATE if key in _PAUSES else a_key for key in keys]
    return _in_turn(
        silence(length)
        if key in _PAUSES
        else tone(_DTMF[key], pressed_for := round(length * _PRESSED)) + silence(length - pressed_for)
        for key, length in zip(keys, _lengths(shares, count), strict=True)
    )


def word_tones(text: str, count: int) -> Samples:
    """Words that nobody can say here: a tone for each, longer for a longer one, the same for the same one."""
    words = text.split()
    shares = [float(len(word) + 1) for word in words]
    # The gap behind a word is as long as one of its letters.
    return _in_turn(
        tone(
            (_WORDS[crc32(word.casefold().encode()) % len(_WORDS)],),
            length - (gap := length // (len(word) + 1)),
        )
        + silence(gap)
        for word, length in zip(words, _lengths(shares, count), strict=True)
    )


def music(count: int) -> Samples:
    """What somebody on hold hears."""
    chord = _CHORD_SECONDS * RATE
    chords = range(math.ceil(count / chord))
    return _in_turn(tone(_CHORDS[index % len(_CHORDS)], chord) for index in chords)[:count]


@lru_cache(maxsize=64)
def _second(frequencies: tuple[int, ...]) -> Samples:
    level = _LEVEL / len(frequencies)
    turns = [2 * math.pi * frequency / RATE for frequency in frequencies]
    return array("h", [round(level * sum(math.sin(turn * index) for turn in turns)) for index in range(RATE)])


def _lengths(shares: list[float], count: int) -> Iterator[int]:
    """`count` samples divided up, to the last one."""
    total = sum(shares)
    done = 0.0
    start = 0
    for share in shares:
        done += share
        end = round(count * done / total)
        yield end - start
        start = end


def _in_turn(parts: Iterable[Samples]) -> Samples:
    samples = array("h")
    for part in parts:
        samples += part
    return samples
