"""All sounds of a recording together, as samples: some seconds at a time."""

from __future__ import annotations

import textwrap
from array import array
from collections.abc import Callable
from operator import add
from typing import TYPE_CHECKING, Final

from attrs import frozen

from ringback.emulator.audio import tones
from ringback.emulator.audio.tones import RATE, Samples, silence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ringback.emulator.audio.sounds import Audio, Sound
    from ringback.emulator.audio.speech import Voice

__all__ = ["frames_of", "mixed"]

# Frames that are made at once.
_BLOCK: Final = 8 * RATE
# Seconds of one sound that are made at once; turns of music, busy and ringing tones fit into it.
_LONGEST_PIECE: Final = 24.0
# Characters a second: text is said no slower and no faster, whatever time there is for it.
_SLOWEST: Final = 5.0
_FASTEST: Final = 40.0


def frames_of(audio: Audio) -> int:
    """How many frames it has; a frame is one sample of each channel."""
    return round(audio.seconds * RATE)


def mixed(audio: Audio, channels: int, voice: Voice, start: int = 0) -> Iterator[Samples]:
    """Its samples from a frame on, those of two channels in turn; in one channel all sounds are together."""
    end = frames_of(audio)
    pieces = sorted(
        (piece for sound in audio.sounds for piece in _pieces(sound, voice)), key=lambda piece: piece.start
    )
    coming = iter(piece for piece in pieces if piece.end > start)
    following = next(coming, None)
    made: list[tuple[_Piece, Samples]] = []
    for begin in range(start, end, _BLOCK):
        until = min(begin + _BLOCK, end)
        while following is not None and following.start < until:
            made.append((following, following.make()))
            following = next(coming, None)
        lines = [silence(until - begin) for _ in range(channels)]
        for piece, samples in made:
            _add(lines[piece.channel % channels], samples, piece.start - begin)
        made = [each for each in made if each[0].end > until]
        yield _interleaved(lines)


@frozen(eq=False)
class _Piece:
    """Some seconds of a sound, or all of it; frames."""

    start: int
    end: int
    channel: int
    render: Callable[[int], Samples]

    def make(self) -> Samples:
        return self.render(self.end - self.start)


def _pieces(sound: Sound, voice: Voice) -> Iterator[_Piece]:
    """A sound in pieces that are short enough to be made at once."""
    if sound.kind == "silence":
        return
    for at, seconds, render in _parts(sound, voice):
        start, end = round((sound.at + at) * RATE), round((sound.at + at + seconds) * RATE)
        if end > start:
            yield _Piece(start, end, sound.channel, render)


def _parts(sound: Sound, voice: Voice) -> Iterator[tuple[float, float, Callable[[int], Samples]]]:
    """When each piece begins, seconds from the beginning of the sound; how long it is; what makes it."""
    if sound.kind == "keys":
        yield 0.0, sound.seconds, lambda count: tones.key_tones(sound.what, count)
        return
    if sound.kind == "speech":
        yield from _spoken(sound, voice)
        return
    at = 0.0
    while at < sound.seconds:
        seconds = min(_LONGEST_PIECE, sound.seconds - at)
        if sound.kind == "music":
            yield at, seconds, tones.music
        else:
            yield at, seconds, lambda count: tones.named_tone(sound.what, count)
        at += seconds


def _spoken(sound: Sound, voice: Voice) -> Iterator[tuple[float, float, Callable[[int], Samples]]]:
    """Whole words, as many in a piece as can be said in its time."""
    text = " ".join("".join(each if each.isprintable() else " " for each in sound.what).split())
    text = text[: int(sound.seconds * _FASTEST)]
    if not text:
        return
    pace = max(len(text) / sound.seconds, _SLOWEST)
    parts = textwrap.wrap(text, max(1, int(pace * _LONGEST_PIECE)), break_on_hyphens=False)
    at = 0.0
    spoken = len(text) / pace
    total = sum(map(len, parts))
    for part in parts:
        seconds = spoken * len(part) / total

        def say(count: int, part: str = part) -> Samples:
            return voice(part, count)

        yield at, seconds, say
        at += seconds


def _add(line: Samples, samples: Samples, at: int) -> None:
    """Add samples to a line, from this frame of it on; what doesn't fit is left out."""
    samples = samples[max(0, -at) : max(0, len(line) - at)]
    start = max(0, at)
    end = start + len(samples)
    here = line[start:end]
    if any(here):
        samples = _sum(here, samples)
    line[start:end] = samples


def _sum(some: Samples, others: Samples) -> Samples:
    try:
        return array("h", map(add, some, others))
    except OverflowError:  # too loud: no louder than can be
        return array(
            "h", [max(-32_768, min(one + other, 32_767)) for one, other in zip(some, others, strict=True)]
        )


def _interleaved(lines: list[Samples]) -> Samples:
    if len(lines) == 1:
        return lines[0]
    frames = silence(len(lines) * len(lines[0]))
    for channel, line in enumerate(lines):
        frames[channel :: len(lines)] = line
    return frames
