"""Without the library for MP3 files everything else works, and they tell what is missing."""

from __future__ import annotations

import sys

import pytest

from ringback import ConfigurationError
from ringback.emulator.audio import Audio, Mp3File, WavFile


def test_mp3_files_name_the_extra_that_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lameenc", None)
    with pytest.raises(
        ConfigurationError, match=r"MP3 files need lameenc: pip install 'ringback\[emulator\]'"
    ):
        Mp3File(Audio(1))
    assert WavFile(Audio(1)).read()
