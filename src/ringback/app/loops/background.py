"""Coroutines in tasks of their own, which can be ended whatever they do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Final, cast

from ringback.app.loops.watchdog import watchdog

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["FAREWELL", "Background"]

log = logging.getLogger("ringback")

FAREWELL: Final = 2.0  # seconds that what is cancelled has for its `finally`


class Background(Coroutine[object, None, object]):
    """A coroutine that runs in a task of the current loop.

    A task can be cancelled only as long as its coroutine lets it: one that catches `CancelledError` goes on.
    This stands between the two, so that the task ends even so.

    Args:
        work: The coroutine.
        name: What logs call it.
        all: Where it is to be found while it runs.

    Attributes:
        task: What runs it.
    """

    def __init__(
        self, work: Coroutine[object, object, object], name: str, all: dict[asyncio.Task[object], Background]
    ) -> None:
        self._work = work
        self.__qualname__ = name  # where asyncio shows a coroutine
        self._all = all
        self._dropped = False
        self._cancelled = False  # and still at the first await since; all that Python 3.10 can tell
        self._ending: asyncio.TimerHandle | None = None
        loop = asyncio.get_running_loop()
        self.task = loop.create_task(self, name=name)
        all[self.task] = self
        watchdog.enter(loop)
        self.task.add_done_callback(self._over)

    def end(self) -> None:
        """Cancel it, and drop it if it still runs a moment later. To be called in its loop."""
        if self._ending is None and not self.task.done():
            if not self._is_cancelled():  # a second time would interrupt its `finally`
                self.task.cancel()
            self._ending = self.task.get_loop().call_later(FAREWELL, self._drop)

    def _is_cancelled(self) -> bool:
        """Whether somebody else has cancelled it already, as `asyncio.run` does at its end."""
        cancelling: Callable[[], int] | None = getattr(self.task, "cancelling", None)
        return self._cancelled if cancelling is None else cancelling() > 0

    # --- what its task does with it

    def send(self, value: None, /) -> object:
        """Go on until the next thing to await."""
        if self._dropped:
            raise asyncio.CancelledError
        self._cancelled = False
        return self._work.send(value)

    def throw(self, typ: type[BaseException] | BaseException, /, *_: object) -> object:
        """Go on by raising something."""
        if self._dropped:
            raise asyncio.CancelledError
        self._cancelled = isinstance(typ, asyncio.CancelledError)
        return self._work.throw(typ if isinstance(typ, BaseException) else typ())

    def close(self) -> None:
        """End it, as it is thrown away."""
        if not self._dropped:
            self._work.close()

    def __await__(self) -> Generator[object, None, object]:
        """What makes it a coroutine; its task doesn't ask for it."""
        return cast("Generator[object, None, object]", self._work.__await__())

    def __getattr__(self, name: str) -> object:
        """What debuggers, and anyio, look up in a coroutine."""
        if name.startswith("cr_"):
            return getattr(self._work, name)
        raise AttributeError(name)

    # --- its end

    def _drop(self) -> None:
        if self.task.done():
            return
        self._dropped = True
        log.warning("%s goes on %s s after it was cancelled: it is dropped", self.__qualname__, FAREWELL)
        try:
            self._work.close()
        except BaseException as error:
            # Not what the error says: it may quote what somebody wrote.
            log.warning("%s would not be closed: it raised %s", self.__qualname__, type(error).__name__)
        self.task.cancel()

    def _over(self, _: object) -> None:
        self._all.pop(self.task, None)
        watchdog.leave(self.task.get_loop())
        if self._ending is not None:
            self._ending.cancel()
        self.close()  # it may have been cancelled before its first step
