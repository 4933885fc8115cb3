"""Coroutines in tasks of their own, which can be ended whatever they do."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator

__all__ = ["FAREWELL", "Background"]

log = logging.getLogger("ringback")

FAREWELL: Final = 2.0  # seconds that what is cancelled has for its `finally`


class Background:
    """A coroutine that runs in a task of the current loop.

    A task can be cancelled only as long as its coroutine lets it: one that catches `CancelledError` goes on.
    This drives the coroutine itself, so that it can stop doing so.

    Attributes:
        name: What logs call it.
        task: What runs it.
    """

    def __init__(self, work: Coroutine[object, object, object], name: str) -> None:
        self.name = name
        self._work = work
        self._dropped = False
        self._ending: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self.task = self._loop.create_task(self._run(), name=name)
        self.task.add_done_callback(self._over)

    def end(self) -> None:
        """Cancel it, and drop it if it still runs a moment later. To be called in its loop."""
        if self._ending is None and not self.task.done():
            self.task.cancel()
            self._ending = self._loop.call_later(FAREWELL, self._drop)

    async def _run(self) -> object:
        return await self

    def __await__(self) -> Generator[object, None, object]:
        # What `await self._work` would do, but for looking up between two steps.
        step = partial(self._work.send, None)
        while True:
            try:
                awaited = step()
            except StopIteration as end:
                return end.value
            try:
                yield awaited
            except GeneratorExit:  # the task is thrown away
                self._work.close()
                raise
            except BaseException as error:
                if self._dropped:
                    raise
                step = partial(self._work.throw, error)
            else:
                if self._dropped:
                    raise asyncio.CancelledError
                step = partial(self._work.send, None)

    def _drop(self) -> None:
        if self.task.done():
            return
        self._dropped = True
        log.warning("%s goes on %s s after it was cancelled: it is dropped", self.name, FAREWELL)
        try:
            self._work.close()
        except BaseException as error:
            log.warning("%s would not be closed: %s: %s", self.name, type(error).__name__, error)
        self.task.cancel()

    def _over(self, _: object) -> None:
        if not self._dropped:
            self._work.close()  # it may have been cancelled before its first step
        if self._ending is not None:
            self._ending.cancel()
