"""Tapes: what is heard while they run, wherever they are paused."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.emulator.audio import Audio
from ringback.emulator.engine.kernel.clock import Clock
from ringback.emulator.engine.people import Heard
from ringback.emulator.engine.tapes import Tape

START = datetime(2026, 1, 5, tzinfo=timezone.utc)
tenths = st.integers(0, 100).map(lambda count: count / 10)


@st.composite
def heards(draw: st.DrawFn) -> tuple[Heard, int]:
    """Something of up to ten seconds, on either channel; it may be cut short, or have no end."""
    kinds: list[tuple[Literal["say", "speech", "key", "tone", "play", "music"], str]] = [
        ("say", "one two three four five"),
        ("speech", "hello"),
        ("speech", "   "),
        ("key", "7"),
        ("tone", "keys 1w2W#"),
        ("tone", "keys ab"),
        ("tone", "beep"),
        ("tone", "number not in service"),
        ("play", "https://example.com/song.mp3"),
        ("music", "while waiting"),
    ]
    kind, what = draw(st.sampled_from(kinds))
    at, seconds = draw(tenths), draw(tenths)
    until = draw(st.one_of(st.none(), st.floats(0, 10).map(lambda length: round(at + length, 3))))
    return Heard(at, kind, what, until=until, seconds=seconds), draw(st.sampled_from([0, 1]))


def taped(moves: list[tuple[float, str]], sounds: list[tuple[Heard, int]], *, trimmed: bool = False) -> Audio:
    """What is on a tape that runs from the start on, is led so, and stops after ten seconds."""
    clock = Clock(START)
    tape = Tape(clock)
    tape.start()
    for heard, channel in sounds:
        tape.add(heard, channel)
    for second, move in sorted(moves):
        clock.move_to(second)
        if move == "go on":
            tape.start()
        else:
            tape.pause(silent=move == "silence")
    clock.move_to(10)
    tape.stop()
    tape.stop()
    clock.move_to(20)
    return tape.audio(2, trimmed=trimmed)


moves = st.lists(st.tuples(tenths, st.sampled_from(["go on", "skip", "silence"])), max_size=6)


@given(moves, st.lists(heards(), max_size=5), st.booleans())
def test_all_that_is_on_it_is_within_it(
    led: list[tuple[float, str]], sounds: list[tuple[Heard, int]], trimmed: bool
) -> None:
    audio = taped(led, sounds, trimmed=trimmed)
    assert 0 <= audio.seconds <= 10
    for sound in audio.sounds:
        assert sound.at >= 0
        assert round(sound.at + sound.seconds, 3) <= round(audio.seconds, 3)
    if trimmed and audio.sounds:
        assert min(sound.at for sound in audio.sounds) == 0


@given(moves)
def test_it_is_as_long_as_it_ran(led: list[tuple[float, str]]) -> None:
    runs, since, seconds = True, 0.0, 0.0
    for second, move in [*sorted(led), (10.0, "skip")]:
        seconds += second - since if runs else 0
        runs, since = move != "skip", second
    assert taped(led, []).seconds == pytest.approx(seconds, abs=0.01)


@given(st.floats(0, 4), st.floats(0.5, 5), st.integers(1, 9))
def test_words_are_on_it_whole_and_once(at: float, seconds: float, count: int) -> None:
    words = " ".join(f"word{number}" for number in range(count))
    heard = Heard(round(at, 3), "speech", words, until=round(at + seconds, 3), seconds=seconds)
    (sound,) = taped([], [(heard, 1)]).sounds
    assert (sound.what, sound.channel) == (words, 1)
    # Where it pauses in the middle, each word is in one of the two halves or in the pause.
    middle = round(at + seconds / 2, 3)
    halves = taped([(middle, "go on")], [(heard, 1)]).sounds
    assert " ".join(each.what for each in halves) == words
