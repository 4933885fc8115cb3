"""What a call's process is told while it waits, and what ends whatever it does."""

from __future__ import annotations

from attrs import frozen

from ringback.emulator.engine.documents import Source
from ringback.emulator.engine.kernel.signals import Interruption, Signal

__all__ = ["ChildOver", "ChildReady", "HungUp", "Key", "Moved", "Referred", "Speech"]


@frozen
class Key(Signal):
    key: str


@frozen
class Speech(Signal):
    text: str
    seconds: float


@frozen
class ChildReady(Signal):
    """A call that this one waits for can be connected to it."""

    call_sid: str


@frozen
class ChildOver(Signal):
    """A call that this one waits for, or talks to, is gone."""

    call_sid: str


@frozen
class Referred(Signal):
    """A SIP phone hands the call on to somebody else."""

    target: str


class HungUp(Interruption):
    """The other side is gone."""

    rank = 3
    final = True


class Moved(Interruption):
    """The call was given other TwiML."""

    rank = 2

    def __init__(self, source: Source) -> None:
        self.source = source
        super().__init__(source.url)
