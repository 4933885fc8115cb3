"""What runs in the background of one application, in whatever loop it was begun in."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, TypeVar

from ringback._core.forks import renew_in_child
from ringback.app.loops.background import FAREWELL, Background
from ringback.app.loops.portal import call_in, in_event_loop, portal_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

__all__ = ["BackgroundTasks"]

T = TypeVar("T")

log = logging.getLogger("ringback")


class BackgroundTasks:
    """The tasks of an application.

    Attributes:
        loop: Where the application last answered a webhook.
    """

    def __init__(self) -> None:
        self._renew()
        renew_in_child(self)

    def _renew(self) -> None:
        """Make anew what must not cross a fork."""
        self.loop: asyncio.AbstractEventLoop | None = None
        self._tasks: dict[asyncio.Task[object], Background] = {}

    def spawn(
        self, work: Coroutine[object, object, object], name: str, *, at_once: bool = False
    ) -> asyncio.Task[object]:
        """Run something in the background, until it ends or the application is closed.

        Args:
            work: What to run.
            name: What logs call it.
            at_once: Whether it is begun before this returns, up to what it has to wait for.
        """
        return Background(work, name, self._tasks, at_once=at_once).task

    def end(self, task: asyncio.Task[object]) -> None:
        """Cancel something in the background; a moment later it is over, whatever it does. To be called in
        its loop.
        """
        background = self._tasks.get(task)
        if background is not None:
            background.end()

    async def all_of(self, works: Sequence[Coroutine[object, object, object]], name: str) -> None:
        """Do several things at once and wait for all of them."""
        if len(works) == 1:
            await works[0]
        elif works:
            await asyncio.wait({self.spawn(work, name) for work in works})

    def later(self, seconds: float, function: Callable[[], object]) -> None:
        """Call something after a while, in the loop that webhooks are served in; from any thread."""
        loop = self._loop_from_here()
        call_in(loop, loop.call_later, seconds, function)

    def in_loop(self, function: Callable[[], object]) -> None:
        """Call something in the loop that webhooks are served in; from any thread."""
        call_in(self._loop_from_here(), function)

    def begin(self) -> None:
        """Serve in the loop that runs here, or in the portal's, until a webhook comes."""
        self.loop = self._loop_from_here()

    def run(self, work: Coroutine[object, object, T]) -> T:
        """Run something in the loop that webhooks are served in, and wait for it. For synchronous code."""
        return asyncio.run_coroutine_threadsafe(work, self._loop_from_here()).result()

    def _loop_from_here(self) -> asyncio.AbstractEventLoop:
        if in_event_loop():
            return asyncio.get_running_loop()
        return portal_loop() if self.loop is None or self.loop.is_closed() else self.loop

    async def aclose(self) -> None:
        """Cancel what runs in the background; wait for what does so in this loop, but no longer than it may
        take.
        """
        here = asyncio.get_running_loop()
        waiting: set[asyncio.Task[object]] = set()
        for task, background in tuple(self._tasks.items()):
            if task is asyncio.current_task():
                continue
            if task.get_loop() is here:
                background.end()
                waiting.add(task)
            else:
                call_in(task.get_loop(), background.end)
        if not waiting:
            return
        _, left = await asyncio.wait(waiting, timeout=FAREWELL + 0.5)
        for task in left:  # it waits for a task of its own that won't be cancelled
            log.warning("%s still runs: it is left behind", task.get_name())
            self._tasks.pop(task, None)
