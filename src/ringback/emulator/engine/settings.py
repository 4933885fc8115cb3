"""How long things take in the emulated network."""

from __future__ import annotations

from attrs import asdict, frozen

from ringback.emulator.engine.arguments import LONGEST, number

__all__ = ["Settings"]


@frozen
class Settings:
    """How long things take, in seconds, where the real network doesn't say.

    Attributes:
        initiate: From a call's turn in the queue to `initiated`.
        ring: From `initiated` to `ringing`.
        characters: How many characters a second are said.
        play: How long an audio file plays that can't be fetched, or isn't WAV or MP3.
        beep: How long a recording's beep takes.
        key: How long a key is held, the gap after it included.
        amd: How long an answering machine detection takes.
        send: From one status of a message to the next.
        recording: From the end of a recording to its `completed`.
        transcription: From the end of a recording to its transcription.
        add_on: From a recording's `completed` to what an add-on makes of it.
        longest: How long a call may live.
        documents: How many documents a call may run through without a second passing.
        queue: Seconds between two outgoing calls of one account.
    """

    initiate: float = 0.2
    ring: float = 0.8
    characters: float = 15.0
    play: float = 5.0
    beep: float = 0.5
    key: float = 0.2
    amd: float = 2.0
    send: float = 0.5
    recording: float = 1.0
    transcription: float = 5.0
    add_on: float = 5.0
    longest: float = 14_400.0
    documents: int = 100
    queue: float = 1.0

    def __attrs_post_init__(self) -> None:
        for name, value in asdict(self).items():
            # Of these at least one: calls have to end, and to come to something.
            positive = name in {"characters", "documents", "longest"}
            number(f"settings.{name}", value, positive=positive, most=LONGEST)
