"""How long files play: ours, others', broken ones and what is no audio at all."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import time
import wave

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ringback.emulator.audio import Audio, Mp3File, Sound, WavFile, seconds_of
from tests.emulator.audio.listening import mp3_seconds

AUDIO = Audio(2.5, (Sound(0, "music", 2),), channels=2)
WAV = WavFile(AUDIO).read()
MP3 = Mp3File(AUDIO).read()
# MPEG 1, layer III, 128 kbit/s, 44.1 kHz: 417 bytes, one more where it is padded.
FRAME = b"\xff\xfb\x90\x44" + bytes(413)
PADDED = b"\xff\xfb\x92\x44" + bytes(414)


def wav(rate: int, width: int, channels: int, frames: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as opened:
        opened.setparams((channels, width, rate, 0, "NONE", "not compressed"))
        opened.writeframes(bytes(frames * width * channels))
    return file.getvalue()


@given(
    st.sampled_from([8000, 11_025, 44_100, 48_000]),
    st.sampled_from([1, 2, 3]),
    st.sampled_from([1, 2]),
    st.integers(0, 3000),
)
def test_wav_files_of_all_kinds(rate: int, width: int, channels: int, frames: int) -> None:
    assert seconds_of(wav(rate, width, channels, frames)) == pytest.approx(frames / rate)


@given(st.floats(0, 5), st.sampled_from([1, 2]))
def test_ours(seconds: float, channels: int) -> None:
    audio = Audio(seconds, channels=channels)
    assert seconds_of(WavFile(audio).read()) == pytest.approx(seconds, abs=1 / 8000)
    assert seconds_of(Mp3File(audio).read()) == pytest.approx(seconds, abs=1 / 8000)


def test_a_wav_file_with_other_things_in_it() -> None:
    # An odd chunk is followed by a byte that isn't counted.
    extra = b"LIST" + struct.pack("<I", 5) + b"INFOx\0"
    assert seconds_of(WAV[:12] + extra + WAV[12:] + extra) == 2.5


def test_a_wav_file_from_a_pipe_whose_header_knows_no_size() -> None:
    endless = WAV[:4] + struct.pack("<I", 0x7FFFF024) + WAV[8:40] + struct.pack("<I", 0x7FFFF000) + WAV[44:]
    assert seconds_of(endless) == 2.5


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed: make servers")
def test_what_espeak_writes() -> None:
    spoken = subprocess.run(["espeak-ng", "--stdout", "Hello there"], capture_output=True, check=True).stdout
    assert seconds_of(spoken) == pytest.approx((len(spoken) - 44) / 2 / 22_050)


@pytest.mark.parametrize("frames", [1, 2, 50])
def test_mp3_files_without_any_tag(frames: int) -> None:
    file = b"".join((FRAME, PADDED)[index % 2] for index in range(frames))
    assert seconds_of(file) == pytest.approx(frames * 1152 / 44_100)


def test_mp3_files_whose_frames_differ_in_size() -> None:
    # 64 kbit/s.
    smaller = b"\xff\xfb\x50\x44" + bytes(204)
    assert seconds_of((FRAME + smaller) * 20) == pytest.approx(40 * 1152 / 44_100)


@pytest.mark.parametrize("name", [b"Xing", b"Info"])
def test_a_tag_is_no_sound(name: bytes) -> None:
    tagged = FRAME[:36] + name + bytes(4) + FRAME[44:]
    assert seconds_of(tagged + FRAME * 10) == pytest.approx(10 * 1152 / 44_100)


def test_a_tag_of_another_encoder_is_no_sound_either() -> None:
    tagged = FRAME[:36] + b"VBRI" + FRAME[40:]
    assert seconds_of(tagged + FRAME * 10) == pytest.approx(10 * 1152 / 44_100)


def test_titles_and_pictures_are_no_sound() -> None:
    picture = b"\xff\xfb\x90\x44" * 250
    id3 = b"ID3\x04\0\0" + bytes((0, 0, len(picture) >> 7, len(picture) & 0x7F)) + picture
    assert seconds_of(id3 + MP3 + b"TAG" + bytes(125)) == 2.5 == pytest.approx(mp3_seconds(id3 + MP3))


def test_junk_before_the_first_frame() -> None:
    assert seconds_of(b"\xff\xfb junk \xff" + MP3) == 2.5


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<Response/>",
        b"RIFF",
        WAV[:20],
        WAV[:36],
        # No byte a second.
        WAV[:28] + bytes(4) + WAV[32:],
        # Before it is said how samples are written.
        WAV[:12] + WAV[36:],
        b"RIFF\0\0\0\0WAVE" + b"none\0\0\0\0" * 100_000,
        # One byte a second, for more than a day.
        WAV[:28] + struct.pack("<I", 1) + WAV[32:40] + struct.pack("<I", 90_000) + bytes(90_000),
        b"ID3",
        b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + FRAME,
        FRAME[:4],
        bytes(1_000_000) + MP3,
        # Layers I and II, a free speed, a speed and rates that don't exist.
        *(
            header + bytes(413)
            for header in (b"\xff\xff\x90\x44", b"\xff\xfd\x90\x44", b"\xff\xfb\x00\x44", b"\xff\xfb\xf0\x44")
        ),
        *(header + bytes(413) for header in (b"\xff\xfb\x9c\x44", b"\xff\xeb\x90\x44")),
    ],
)
def test_what_is_no_audio(data: bytes) -> None:
    assert seconds_of(data) is None


def _nibble_at(file: bytes, place: int, change: bytes) -> bytes:
    place %= len(file)
    return file[:place] + change + file[place + len(change) :]


@given(st.binary(max_size=2000))
@example(b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0")
@example(b"RIFF\0\0\0\0WAVE" + b"\xff" * 100)
def test_garbage_is_told_or_not_but_breaks_nothing(data: bytes) -> None:
    for start in (b"", b"ID3\x03\0\0\0\0\0\0", WAV[:12], WAV[:44], MP3[:200], FRAME * 3):
        seconds = seconds_of(start + data)
        assert seconds is None or 0 <= seconds <= 86_400


@given(st.sampled_from([WAV, MP3]), st.integers(0, 10_000), st.binary(max_size=16), st.integers(0, 40_000))
def test_broken_files_break_nothing(file: bytes, place: int, change: bytes, length: int) -> None:
    seconds = seconds_of(_nibble_at(file, place % 300, change)[:length])
    assert seconds is None or 0 <= seconds <= 86_400
    seconds = seconds_of(_nibble_at(file, place, change))
    assert seconds is None or 0 <= seconds <= 86_400


@pytest.mark.parametrize(
    "data",
    [
        b"\xff" * 16_000_000,
        b"\xff\xfb\x90" * 5_000_000,
        # The smallest frames there are.
        (b"\xff\xf3\x14\xc4" + bytes(20)) * 600_000,
        b"RIFF\0\0\0\0WAVE" + bytes(16_000_000),
    ],
    ids=["sync", "headers", "frames", "chunks"],
)
def test_large_files_take_no_time(data: bytes) -> None:
    started = time.process_time()
    seconds_of(data)
    assert time.process_time() - started < 5
