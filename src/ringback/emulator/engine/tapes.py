"""Tapes: what is heard while a recording runs, by second and channel."""

from __future__ import annotations

import math
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from ringback.emulator.audio.sounds import LONGEST, Audio, Sound
from ringback.emulator.audio.tones import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ringback.emulator.audio.sounds import SoundKind
    from ringback.emulator.engine.kernel.clock import Clock
    from ringback.emulator.engine.people import Heard

__all__ = ["Tape"]

_KINDS: Final[dict[str, SoundKind]] = {"say": "speech", "speech": "speech", "key": "keys", "tone": "tone"}
_KEYS: Final = "keys "
_PAUSES: Final = {"w": 0.5, "W": 1.0}
# By the first word: it may ring as in some country.
_TONES: Final = {"beep": "beep", "ringing": "ringing"}


@frozen
class _Span:
    """A time that the tape ran; of a pause that counts, silence is kept."""

    start: float
    end: float
    silent: bool = False


class Tape:
    """Runs until it is stopped; may be paused meanwhile."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heard: list[tuple[Heard, int]] = []
        self._spans: list[_Span] = []
        self._since: float | None = None
        self._silent = False
        self._over = False

    def start(self) -> None:
        """Run from now on, again after a pause."""
        self._end_span()
        self._since, self._silent = self._clock.now, False

    def add(self, heard: Heard, channel: int) -> None:
        """Something is heard that began just now or before; it may go on."""
        if not self._over:
            self._heard.append((heard, channel))

    def pause(self, *, silent: bool) -> None:
        """Hear nothing from now on; where it is `silent`, that is on the tape as silence."""
        self._end_span()
        self._since, self._silent = (self._clock.now, True) if silent else (None, False)

    def stop(self) -> None:
        """Run no longer; harmless when repeated."""
        self._end_span()
        self._over = True

    def _end_span(self) -> None:
        if self._since is not None and not self._over:
            self._spans.append(_Span(self._since, self._clock.now, self._silent))
        self._since = None

    def audio(self, channels: int, *, trimmed: bool) -> Audio:
        """What is on it, without the silence at both ends where it is `trimmed`. It has been stopped."""
        seconds = min(math.fsum(span.end - span.start for span in self._spans), LONGEST)
        sounds = sorted(self._sounds(channels), key=lambda sound: (sound.at, sound.channel))
        if trimmed and sounds:
            start, end = sounds[0].at, max(sound.at + sound.seconds for sound in sounds)
            sounds = [evolve(sound, at=_whole(sound.at - start)) for sound in sounds]
            seconds = end - start
        return Audio(_whole(seconds), tuple(sounds), channels)

    def _sounds(self, channels: int) -> Iterator[Sound]:
        passed = 0.0
        for span in self._spans:
            if not span.silent:
                for heard, channel in self._heard:
                    until = span.end if heard.until is None else min(heard.until, span.end)
                    for sound in _between(heard, max(heard.at, span.start), until):
                        yield evolve(
                            sound,
                            at=_whole(passed + sound.at - span.start),
                            channel=min(channel, channels - 1),
                        )
            passed += span.end - span.start


def _between(heard: Heard, start: float, end: float) -> Iterator[Sound]:
    """What sounds of something from one second to another."""
    if _whole(end - start) <= 0:
        return
    kind = _KINDS.get(heard.kind, "music")
    if kind == "speech":
        words = heard.what.split()
        first, last = (_begun(heard, second, len(words)) for second in (start, end))
        if first < last:
            yield Sound(start, kind, _whole(end - start), " ".join(words[first:last]))
    elif kind == "keys" or heard.what.startswith(_KEYS):
        yield from _keys(heard, start, end)
    elif kind == "tone":
        yield Sound(start, kind, _whole(end - start), _TONES.get(heard.what.partition(" ")[0], "busy"))
    else:
        yield Sound(start, kind, _whole(end - start))


def _begun(heard: Heard, second: float, words: int) -> int:
    """How many of its words have begun by then."""
    return min(words, math.ceil(round(words * (second - heard.at) / _length(heard), 6)))


def _keys(heard: Heard, start: float, end: float) -> Iterator[Sound]:
    """Those that are pressed meanwhile."""
    keys = heard.what.removeprefix(_KEYS)
    pauses = sum(_PAUSES.get(key, 0.0) for key in keys)
    a_key = max(0.0, _length(heard) - pauses) / max(1, sum(key not in _PAUSES for key in keys))
    times = accumulate((_PAUSES.get(key, a_key) for key in keys), initial=heard.at)
    for key, (begin, until) in zip(keys, pairwise(times), strict=True):
        if key in KEYS - _PAUSES.keys() and start <= _whole(begin) < end:
            yield Sound(begin, "keys", _whole(min(until, end) - begin), key)


def _length(heard: Heard) -> float:
    """How long it takes when nobody cuts it short."""
    return heard.seconds or max((heard.until or heard.at) - heard.at, 0.001)


def _whole(seconds: float) -> float:
    """In milliseconds, as the clock has them."""
    return round(seconds, 3)
