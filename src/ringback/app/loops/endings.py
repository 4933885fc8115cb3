"""Whether an event loop is about to end: all that runs in it is being cancelled, as `asyncio.run` does.

Nothing tells a task why it is cancelled. But who ends a loop cancels all of its tasks before any of them
learns of it, and so also one that nobody has a reason to cancel.
"""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary, WeakSet

__all__ = ["loop_ends", "watch_end"]

_futures: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[asyncio.Future[None], asyncio.Task[None]]] = (
    WeakKeyDictionary()
)
_ended: WeakSet[asyncio.AbstractEventLoop] = WeakSet()


def watch_end(loop: asyncio.AbstractEventLoop) -> None:
    """See to it that `loop_ends` can tell. To be called in the loop."""
    if loop not in _futures:
        _ended.discard(loop)  # somebody cancelled everything, and went on
        never: asyncio.Future[None] = loop.create_future()
        _futures[loop] = never, loop.create_task(_wait(never), name="ringback: the loop has not ended")


def loop_ends(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether all that runs in the loop is being cancelled, or was."""
    watched = _futures.get(loop)
    return loop in _ended or loop.is_closed() or (watched is not None and watched[0].cancelled())


async def _wait(never: asyncio.Future[None]) -> None:
    try:
        await never
    finally:
        loop = asyncio.get_running_loop()
        _ended.add(loop)
        del _futures[loop]  # what refers to the loop must not be what keeps it
