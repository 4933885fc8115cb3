"""Sounds become samples: at their time, on their channel, and the whole as long as it should be."""

from __future__ import annotations

import time
import tracemalloc
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.emulator.audio import Audio, AudioFile, Mp3File, Sound, WavFile
from ringback.emulator.audio.sounds import SoundKind
from ringback.emulator.audio.tones import word_tones
from ringback.errors import EmulatorError
from tests.emulator.audio.listening import RATE, channels_of, keys_in, loud, mp3_seconds, strength

SECOND = RATE

WHAT: list[tuple[SoundKind, str]] = [
    ("speech", "It's me, call me back"),
    ("keys", "1w#W9"),
    ("tone", "beep"),
    ("music", ""),
    ("silence", ""),
]


@st.composite
def sounds(draw: st.DrawFn) -> Sound:
    kind, what = draw(st.sampled_from(WHAT))
    return Sound(draw(st.floats(0, 12)), kind, draw(st.floats(0, 30)), what, draw(st.sampled_from([0, 1])))


audios = st.builds(
    Audio, st.floats(0, 10), st.lists(sounds(), max_size=4).map(tuple), st.sampled_from([1, 2])
)


def sound_of(*sounds: Sound, seconds: float = 4.0) -> list[int]:
    """One channel's samples."""
    (line,) = channels_of(WavFile(Audio(seconds, sounds), voice=word_tones).read())
    return list(line)


@given(audios)
def test_files_are_as_long_as_the_recording_to_the_sample(audio: Audio) -> None:
    lines = channels_of(WavFile(audio, voice=word_tones).read())
    assert [len(line) for line in lines] == [round(audio.seconds * RATE)] * audio.channels
    assert mp3_seconds(Mp3File(audio, voice=word_tones).read()) == pytest.approx(audio.seconds, abs=1 / RATE)


@given(audios, st.data())
def test_a_part_of_a_file_is_what_is_there_in_the_whole(audio: Audio, data: st.DataObject) -> None:
    for file in (WavFile(audio, voice=word_tones), Mp3File(audio, voice=word_tones)):
        whole = file.read()
        assert len(whole) == file.size
        start = data.draw(st.integers(0, file.size))
        stop = data.draw(st.one_of(st.none(), st.integers(0, file.size + 10)))
        assert b"".join(file.chunks(start, stop)) == whole[start:stop]


def test_a_file_is_the_same_every_time() -> None:
    audio = Audio(3, (Sound(0, "speech", 2, "Once more"), Sound(1, "music", 2)))
    assert WavFile(audio, voice=word_tones).read() == WavFile(audio, voice=word_tones).read()
    assert Mp3File(audio, voice=word_tones).read() == Mp3File(audio, voice=word_tones).read()


def test_content_types_are_twilios() -> None:
    assert WavFile(Audio(1)).content_type == "audio/x-wav"
    assert Mp3File(Audio(1)).content_type == "audio/mpeg"


def test_a_sound_is_heard_at_its_time_and_silence_else() -> None:
    samples = sound_of(Sound(1, "tone", 0.5, "beep"), Sound(3, "silence", 1))
    assert not any(samples[:SECOND])
    assert strength(samples[SECOND : SECOND * 3 // 2], 1000) > 0.9
    assert not any(samples[SECOND * 3 // 2 :])


def test_what_is_beyond_the_end_is_not_heard() -> None:
    samples = sound_of(Sound(0.5, "tone", 5, "beep"), Sound(2, "music", 2), seconds=1)
    assert len(samples) == SECOND
    assert strength(samples[SECOND // 2 :], 1000) > 0.9


def test_sounds_at_the_same_time_are_heard_together() -> None:
    samples = sound_of(Sound(0, "tone", 1, "beep"), Sound(0, "tone", 1, "ringing"))[:SECOND]
    for frequency in (1000, 440, 480):
        assert strength(samples, frequency) > 0.1


def test_many_sounds_at_once_are_as_loud_as_can_be_and_no_louder() -> None:
    samples = sound_of(*(Sound(0, "tone", 1, "beep") for _ in range(5)))
    assert max(samples) == 32_767
    assert min(samples) == -32_768
    # What is too loud is cut off: a sample that had run over would be far off in the other direction.
    assert strength(samples[:SECOND], 1000) > 0.8


@pytest.mark.parametrize("keys", ["1", "0123456789*#ABCD", "42#", "1w2W3"])
def test_keys_are_the_tones_that_an_exchange_understands(keys: str) -> None:
    samples = sound_of(Sound(0.5, "keys", 4, keys), seconds=5)
    assert keys_in(samples) == keys.replace("w", "").replace("W", "")


def test_pauses_between_keys_take_their_time() -> None:
    samples = sound_of(Sound(0, "keys", 2, "1W2"))
    # Each key has half a second, and sounds for some of it.
    assert keys_in(samples[: SECOND // 2]) == "1"
    assert not loud(samples[SECOND // 2 : SECOND * 3 // 2])
    assert keys_in(samples[SECOND * 3 // 2 : SECOND * 2]) == "2"


def test_pauses_that_leave_no_time_for_keys_are_shortened() -> None:
    assert keys_in(sound_of(Sound(0, "keys", 1, "1WWW2"))) == "12"
    assert not any(sound_of(Sound(0, "keys", 1, "wW")))


def test_a_busy_tone_comes_and_goes() -> None:
    samples = sound_of(Sound(0, "tone", 2, "busy"))
    assert strength(samples[: SECOND // 2], 480) > 0.3
    assert strength(samples[: SECOND // 2], 620) > 0.3
    assert not any(samples[SECOND // 2 : SECOND])
    assert loud(samples[SECOND : SECOND * 3 // 2])


def test_music_goes_on_and_is_no_single_tone() -> None:
    samples = sound_of(Sound(0, "music", 30), seconds=30)
    parts = [samples[second * SECOND : (second + 1) * SECOND] for second in range(30)]
    assert all(loud(part) for part in parts)
    assert strength(parts[0], 330) > 0.2
    assert strength(parts[4], 330) < 0.01
    # It takes up again where it was, although it is made in pieces.
    assert parts[0] == parts[8] == parts[24]


def test_the_same_word_has_the_same_tone() -> None:
    samples = sound_of(Sound(0, "speech", 1, "yes yes"), seconds=1)
    first, second = samples[: SECOND // 2], samples[SECOND // 2 :]
    assert loud(first)
    assert first == second
    assert sound_of(Sound(0, "speech", 1, "yes"), seconds=1) != sound_of(
        Sound(0, "speech", 1, "no"), seconds=1
    )


def test_few_words_are_not_drawn_out_over_much_time() -> None:
    samples = sound_of(Sound(0, "speech", 10, "Hello"), seconds=10)
    assert loud(samples[: SECOND // 2])
    assert not any(samples[2 * SECOND :])


def test_more_words_than_there_is_time_for_are_cut_off() -> None:
    assert len(sound_of(Sound(0, "speech", 1, "word " * 100_000), seconds=1)) == SECOND


def test_a_long_text_is_said_to_its_end() -> None:
    samples = sound_of(Sound(1, "speech", 60, "some words " * 80), seconds=62)
    assert not any(samples[:SECOND])
    assert all(loud(samples[second * SECOND : (second + 1) * SECOND]) for second in range(1, 61))
    assert not any(samples[61 * SECOND :])


@pytest.mark.parametrize(
    "text", ["", " \n\t", "\x00\x07", "a" * 3000, "你好世界" * 400, "[[h@l'oU]]", "-v x"]
)
def test_any_text_can_be_said(text: str) -> None:
    assert len(sound_of(Sound(0, "speech", 30, text), seconds=30)) == 30 * SECOND


def test_two_channels_are_kept_apart_or_put_together() -> None:
    audio = Audio(2, (Sound(0, "tone", 1, "beep"), Sound(1, "keys", 1, "5", channel=1)), channels=2)
    left, right = channels_of(WavFile(audio).read())
    assert (strength(left[:SECOND], 1000) > 0.9, any(left[SECOND:])) == (True, False)
    assert (any(right[:SECOND]), keys_in(right[SECOND:])) == (False, "5")
    (both,) = channels_of(WavFile(audio, channels=1).read())
    assert strength(both[:SECOND], 1000) > 0.9
    assert keys_in(both[SECOND:]) == "5"


def test_one_channel_does_not_become_two() -> None:
    audio = Audio(2, (Sound(0, "tone", 1, "beep", channel=1),))
    (line,) = channels_of(WavFile(audio).read())
    assert loud(line[:SECOND])
    with pytest.raises(EmulatorError, match="channels: expected at most the audio's 1, got 2"):
        WavFile(audio, channels=2)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: Sound(-1, "music", 1), "at: expected seconds of at least 0"),
        (lambda: Sound(0, "music", float("nan")), "seconds: expected seconds of at least 0"),
        (
            lambda: Sound(0, cast("SoundKind", "song"), 1),
            "kind: expected one of speech, keys, tone, music, silence, got 'song'",
        ),
        (lambda: Sound(0, "tone", 1, "boop"), "what: expected one of beep, busy, ringing, got 'boop'"),
        (lambda: Sound(0, "keys", 1, "12x"), r"what: expected keys, #\*0123456789ABCDWw, got '12x'"),
        (lambda: Sound(0, "keys", 1), "what: expected keys, .*, got ''"),
        (lambda: Sound(0, "speech", 1, "\ud800"), "what: expected text that UTF-8 can write"),
        (lambda: Sound(0, "music", 1, channel=2), "channel: expected 0 or 1, got 2"),
        (lambda: Audio(86_401), "seconds: expected seconds of at least 0, at most 86,400, got 86401"),
        (lambda: Audio(1, channels=3), "channels: expected 1 or 2, got 3"),
    ],
)
def test_what_can_not_be_is_refused(wrong: object, message: str) -> None:
    assert callable(wrong)
    with pytest.raises(EmulatorError, match=message):
        wrong()


def test_a_minute_takes_less_than_half_a_second() -> None:
    text = "Please say your name and the reason for your call after the tone. " * 15
    audio = Audio(60, (Sound(0, "speech", 60, text), Sound(0, "music", 60, channel=1)), channels=2)
    for file in (WavFile(audio, voice=word_tones), Mp3File(audio, voice=word_tones)):
        started = time.process_time()
        file.read()
        assert time.process_time() - started < 0.5


MUSIC = Sound(0, "music", 3600)
TALK = Sound(0, "speech", 3600, "some words that somebody says all the time " * 1200, channel=1)


@pytest.mark.parametrize(
    "file",
    [WavFile(Audio(3600, (MUSIC, TALK), channels=2), voice=word_tones), Mp3File(Audio(3600, (MUSIC,)))],
    ids=["wav", "mp3"],
)
def test_an_hour_takes_little_memory_and_seconds(file: AudioFile) -> None:
    started = time.process_time()
    tracemalloc.start()
    try:
        size = sum(map(len, file.chunks()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size == file.size
    assert peak < 10_000_000
    assert time.process_time() - started < 60


def test_the_end_of_an_hours_wav_is_there_at_once() -> None:
    audio = Audio(3600, (Sound(0, "music", 3600), Sound(3599, "keys", 1, "7")))
    file = WavFile(audio)
    started = time.process_time()
    assert len(b"".join(file.chunks(file.size - 100))) == 100
    assert time.process_time() - started < 0.5
