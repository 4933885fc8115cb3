"""What a waiting process is told, and what ends what it does: kinds of both are defined elsewhere."""

from __future__ import annotations

from attrs import frozen

__all__ = ["Changed", "Interruption", "Signal"]


class Signal:
    """Something that a waiting process is told."""

    __slots__ = ()


@frozen
class Changed(Signal):
    """Something that the process watches changed: look again."""


class Interruption(Exception):
    """What a process was doing is over.

    Attributes:
        rank: Of two that come at the same moment, the one of higher rank counts.
        final: Whether a process that it meets before its first step need not begin at all.
    """

    rank = 0
    final = False

    def due(self) -> bool:
        """Whether it still makes sense by the time it is delivered."""
        return True
