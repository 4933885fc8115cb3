"""What a recording sounds like, described: sounds, each at its second and on its channel."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

from attrs import frozen

from ringback.emulator.audio.tones import KEYS, NAMED_TONES
from ringback.emulator.engine import arguments
from ringback.errors import EmulatorError

__all__ = ["LONGEST", "Audio", "Sound", "SoundKind"]

SoundKind: TypeAlias = Literal["speech", "keys", "tone", "music", "silence"]

LONGEST: Final = 86_400.0
"""Seconds: no call lasts longer than a day, and a WAV file can't hold much more than two."""


@frozen
class Sound:
    """One sound.

    Attributes:
        at: The second of the recording at which it begins.
        kind: `speech`, `keys`, `tone`, `music` or `silence`.
        seconds: How long it takes; it is made to fit.
        what: The words, the keys with `w` and `W` as pauses of half a second and a second, or the tone's
            name: `beep`, `busy` or `ringing`. Nothing for music and silence.
        channel: 0 or 1, where there are two.

    Raises:
        EmulatorError: A value is out of range.
    """

    at: float
    kind: SoundKind
    seconds: float
    what: str = ""
    channel: int = 0

    def __attrs_post_init__(self) -> None:
        arguments.seconds("at", self.at)
        arguments.one_of("kind", self.kind, get_args(SoundKind))
        arguments.seconds("seconds", self.seconds)
        arguments.text("what", self.what)
        if self.channel not in {0, 1}:
            raise EmulatorError(f"channel: expected 0 or 1, got {self.channel!r:.80}")
        if self.kind == "tone":
            arguments.one_of("what", self.what, tuple(NAMED_TONES))
        if self.kind == "keys" and not (self.what and KEYS.issuperset(self.what)):
            raise EmulatorError(f"what: expected keys, {''.join(sorted(KEYS))}, got {self.what!r:.80}")


@frozen
class Audio:
    """A recording's sounds; all else in it is silence, and what is beyond its end isn't heard.

    Attributes:
        seconds: How long it is, at most a day.
        sounds: In any order; those at the same time are heard together.
        channels: 2 where both sides of a call were kept apart.

    Raises:
        EmulatorError: A value is out of range.
    """

    seconds: float
    sounds: tuple[Sound, ...] = ()
    channels: int = 1

    def __attrs_post_init__(self) -> None:
        arguments.number("seconds", self.seconds, positive=False, most=LONGEST, what="seconds")
        if self.channels not in {1, 2}:
            raise EmulatorError(f"channels: expected 1 or 2, got {self.channels!r:.80}")
