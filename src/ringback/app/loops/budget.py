"""How long one request may take, whatever it has to wait for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ["CLOCK", "Budget", "within"]

T = TypeVar("T")

CLOCK: Final = ContextVar[Callable[[], float]]("ringback_clock", default=time.monotonic)
"""What tells the time, in seconds, where a request is answered: in a test it may be an emulator."""

LONGEST: Final = 86_400.0  # seconds; threads can't wait for ever with a limit


class Budget:
    """The seconds that a request has from its arrival on. Everything that it waits for shares them.

    Args:
        seconds: How many.
        arrived: When it arrived, by `time.monotonic()`; now by default.
    """

    __slots__ = ("_until",)

    def __init__(self, seconds: float, arrived: float | None = None) -> None:
        self._until = (CLOCK.get()() if arrived is None else arrived) + min(seconds, LONGEST)

    def at_most(self, seconds: float) -> Budget:
        """The same for a part that has so many seconds at most."""
        return Budget(min(seconds, self.left))

    @property
    def left(self) -> float:
        """How many are left; 0 where it is late."""
        return max(0.0, self._until - CLOCK.get()())


async def within(seconds: float, work: Coroutine[object, object, T]) -> T:
    """What a coroutine returns, if it does so in time. Where it doesn't, it is cancelled and not waited for.

    Raises:
        TimeoutError: It did not.
    """
    task = asyncio.get_running_loop().create_task(work)
    task.add_done_callback(lambda task: task.cancelled() or task.exception())  # nobody may be there to see it
    try:
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            raise TimeoutError(f"it took more than {seconds} s")
    finally:
        task.cancel()
    return task.result()
