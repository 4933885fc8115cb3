"""Words, said by espeak-ng where that is installed, and as tones where it isn't."""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from array import array
from collections.abc import Callable
from itertools import accumulate, pairwise
from typing import Final, TypeAlias

from ringback.emulator.audio.tones import RATE, Samples, silence, word_tones

__all__ = ["Voice", "installed_voice"]

Voice: TypeAlias = "Callable[[str, int], Samples]"
"""Says a text in so many samples, at least one: neither more nor less."""

# Words a minute: what espeak-ng takes, and what it speaks like when not told.
_SLOWEST: Final = 80
_FASTEST: Final = 450
_USUAL: Final = 175
# Characters a second at that speed.
_CHARACTERS: Final = 15.0
# How much a text that is still too long is squeezed, which makes its voice higher; the rest is cut off.
_SQUEEZE: Final = 1.25
# Seconds that it may take for one piece of speech: some hundred times what it takes.
_PATIENCE: Final = 10.0


def installed_voice() -> Voice:
    """What says words here."""
    program = shutil.which("espeak-ng")
    if program is None:
        return word_tones
    return lambda text, count: _espeak(program, text, count)


def _espeak(program: str, text: str, count: int) -> Samples:
    speed = round(_USUAL * len(text) / _CHARACTERS / (count / RATE))
    command = [program, "--stdin", "--stdout", "-b", "1", "-s", str(min(max(speed, _SLOWEST), _FASTEST))]
    try:
        spoken = subprocess.run(  # noqa: S603 (no shell; the text is no part of the command)
            command, input=_plain(text).encode(), capture_output=True, timeout=_PATIENCE, check=True
        )
        said, rate = _read(spoken.stdout)
    except (OSError, subprocess.SubprocessError, wave.Error, EOFError, ValueError):
        return word_tones(text, count)
    squeeze = min(max(len(said) * RATE / rate / count, 1.0), _SQUEEZE)
    said = _resampled(said, round(len(said) * RATE / rate / squeeze))[:count]
    return said + silence(count - len(said))


def _plain(text: str) -> str:
    """As it is to be read out: two brackets would begin phonemes."""
    return text.replace("[[", "[ [")


def _read(file: bytes) -> tuple[Samples, int]:
    """Samples, and how many of them are a second.

    Raises:
        ValueError: It isn't one channel of 16 bits, of at least the telephone's rate.
    """
    with wave.open(io.BytesIO(file)) as spoken:
        rate = spoken.getframerate()
        if spoken.getnchannels() != 1 or spoken.getsampwidth() != 2 or rate < RATE:
            raise ValueError(f"espeak-ng gave {spoken.getparams()}")
        return array("h", spoken.readframes(spoken.getnframes())), rate


def _resampled(samples: Samples, count: int) -> Samples:
    """Fewer samples that sound the same: each is the mean of those that it stands for."""
    sums = [0, *accumulate(samples)]
    edges = [index * len(samples) // count for index in range(count + 1)] if count else []
    return array("h", [(sums[end] - sums[start]) // (end - start) for start, end in pairwise(edges)])
