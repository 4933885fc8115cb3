"""What the code of others raises.

Nothing that a handler, a listener or a flow raises may end a loop, or end silently: `KeyboardInterrupt` and
`SystemExit` end the loop that they are raised in, `CancelledError` and `GeneratorExit` are taken for the end
of a task. So each of these is turned into an `Exception` and reported, unless somebody outside did cancel or
close what was running.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["as_exception", "from_outside"]


def as_exception(raised: BaseException, who: str) -> Exception:
    """What was raised, as something that any coroutine can raise and any task can hold."""
    if isinstance(raised, Exception) and not isinstance(raised, StopIteration):
        return raised
    told = f"{who} raised {type(raised).__name__}" + (f": {raised}" if str(raised) else "")
    error = RuntimeError(told)
    error.__cause__ = raised
    return error


def from_outside(raised: BaseException, task: asyncio.Task[object] | None) -> bool:
    """Whether somebody cancelled `task` or closed its coroutine, as servers do when they stop, and what runs
    in it did not raise this by itself.

    Before Python 3.11 nothing tells the two apart for a cancellation, and it is taken to be so.
    """
    if isinstance(raised, asyncio.CancelledError):
        cancelling: Callable[[], int] | None = getattr(task, "cancelling", None)
        return cancelling is None or cancelling() > 0
    return isinstance(raised, GeneratorExit) and _current_task() is not task


def _current_task() -> asyncio.Task[object] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # no loop runs here: it is closed by whoever throws it away
        return None
