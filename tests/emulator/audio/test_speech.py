"""Words by espeak-ng, and by tones where it isn't, or doesn't do it."""

from __future__ import annotations

import os
import shutil
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ringback.emulator.audio import Audio, Sound, WavFile, speech
from ringback.emulator.audio.tones import word_tones
from tests.emulator.audio.listening import RATE, channels_of, loud

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXT = "Hello, this is the pizza service. What would you like to have?"


def said(text: str = TEXT, seconds: float = 5.0, *, whole: float = 6.0) -> Sequence[int]:
    (line,) = channels_of(WavFile(Audio(whole, (Sound(0.5, "speech", seconds, text),))).read())
    assert len(line) == whole * RATE
    return line


def as_tones(text: str = TEXT, seconds: float = 5.0, *, whole: float = 6.0) -> Sequence[int]:
    audio = Audio(whole, (Sound(0.5, "speech", seconds, text),))
    (line,) = channels_of(WavFile(audio, voice=word_tones).read())
    return line


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only program on the path: a script in the place of espeak-ng, to be filled in."""
    shell = shutil.which("sh")
    assert shell is not None
    path = tmp_path / "espeak-ng"
    monkeypatch.setenv("PATH", str(tmp_path))
    path.write_text(f"#!{shell}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def espeak() -> None:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed: make servers")


@pytest.mark.usefixtures("espeak")
@pytest.mark.parametrize("seconds", [0.2, 1.0, 5.0, 30.0])
def test_words_are_said_and_fit_into_their_time(seconds: float) -> None:
    line = said(seconds=seconds, whole=32)
    assert line != as_tones(seconds=seconds, whole=32)
    start, end = RATE // 2, RATE // 2 + round(seconds * RATE)
    assert not any(line[:start])
    assert not any(line[end:])
    assert seconds < 1 or loud(line[start:end])


@pytest.mark.usefixtures("espeak")
def test_it_is_speech_and_no_tone() -> None:
    line = said()
    # Voices change from one moment to the next.
    parts = [line[start : start + 800] for start in range(RATE // 2, 3 * RATE, 800)]
    heights = [sum(one * next_ < 0 for one, next_ in pairwise(part)) for part in parts]
    assert max(heights) > 3 * (min(heights) + 1)


@pytest.mark.usefixtures("espeak")
@pytest.mark.parametrize(
    "text", ["你好世界", "Grüße aus Köln", "[[h@l'oU", "<speak>1 < 2</speak>", "-v nobody", "…"]
)
def test_it_is_asked_to_say_anything(text: str) -> None:
    said(text)


@pytest.mark.usefixtures("espeak")
def test_a_long_text_is_said_to_its_end() -> None:
    line = said("This goes on and on. " * 60, 90.0, whole=92)
    # Somebody breathes now and then, but for less than two seconds.
    assert all(loud(line[second * RATE : (second + 2) * RATE]) for second in range(1, 89))


def test_without_it_words_are_tones(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert said() == as_tones()


@pytest.mark.parametrize(
    "does",
    [
        "exit 1",
        "echo no sound",
        "printf RIFF",
        "printf 'RIFF\\0\\0\\0\\0WAVEjunk\\377\\377\\377\\377'",
    ],
)
def test_a_failure_makes_them_tones(program: Path, does: str) -> None:
    program.write_text(f"{program.read_text()}{does}\n")
    assert said() == as_tones()


def test_sound_of_another_kind_makes_them_tones(program: Path, tmp_path: Path) -> None:
    two_channels = WavFile(Audio(1, (Sound(0, "music", 1),), channels=2)).read()
    (tmp_path / "two.wav").write_bytes(two_channels)
    cat = shutil.which("cat", path=os.defpath)
    program.write_text(f"{program.read_text()}{cat} {tmp_path}/two.wav\n")
    assert said() == as_tones()


def test_what_can_not_be_run_makes_them_tones(program: Path) -> None:
    program.write_text("#!/nowhere/interpreter\n")
    assert said() == as_tones()


def test_what_takes_too_long_makes_them_tones(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "_PATIENCE", 0.05)
    program.write_text(f"{program.read_text()}read forever <&1\n")
    assert said() == as_tones()


def test_the_text_is_no_part_of_the_command(program: Path, tmp_path: Path) -> None:
    program.write_text(f'{program.read_text()}echo "$@" >> {tmp_path}/asked\n')
    said("$(touch /tmp/x); --voices `id`")
    assert (tmp_path / "asked").read_text().split() == ["--stdin", "--stdout", "-b", "1", "-s", "80"]
