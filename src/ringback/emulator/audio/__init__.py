"""What recordings sound like, as files: from a description to samples, WAV and MP3, and back to a length.

    sounds      Audio: the sounds of a recording, at which second, on which channel
    ├── tones   what is synthesized here: keys, beeps, music, words as tones
    ├── speech  words by espeak-ng
    └── mixing  all of them together, as samples: 8 kHz, 16 bit
    files       AudioFile: the bytes of a file, a piece at a time; WavFile
    └── mp3     Mp3File
    ranges      which part of a file a request asks for
    lengths     how long a WAV or MP3 file plays

Nothing here knows of calls. A file is made while it is read, piece by piece, so that neither an hour of sound
nor its file is ever in memory as a whole:

    audio = Audio(seconds=4, sounds=(Sound(0, "tone", 0.5, "beep"), Sound(0.5, "speech", 3, "It's me")))
    file = WavFile(audio)
    part = part_of(request.headers.get("Range"), file.size)
    body = file.chunks(part.start, part.stop)
"""

from __future__ import annotations

from ringback.emulator.audio.files import AudioFile, WavFile
from ringback.emulator.audio.lengths import seconds_of
from ringback.emulator.audio.mp3 import Mp3File
from ringback.emulator.audio.ranges import Part, part_of
from ringback.emulator.audio.sounds import Audio, Sound
from ringback.emulator.audio.speech import Voice

__all__ = ["Audio", "AudioFile", "Mp3File", "Part", "Sound", "Voice", "WavFile", "part_of", "seconds_of"]
