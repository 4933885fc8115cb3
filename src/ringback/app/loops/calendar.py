"""What day it is, in an event loop: an emulator's has a calendar of its own."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import asyncio

__all__ = ["epoch"]


@runtime_checkable
class Dated(Protocol):
    """A loop with a calendar."""

    def epoch(self) -> float:
        """Seconds from 1970 to when its clock showed 0."""
        ...


def epoch(loop: asyncio.AbstractEventLoop) -> float:
    """Seconds from 1970 to when the clock of a loop showed 0."""
    return loop.epoch() if isinstance(loop, Dated) else time.time() - loop.time()
