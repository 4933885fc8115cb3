"""Coroutines in tasks of their own, which can be ended whatever they do."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from asyncio.tasks import _enter_task, _leave_task
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from ringback.app.loops.watchdog import watchdog

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["FAREWELL", "Background"]

log = logging.getLogger("ringback")

FAREWELL: Final = 2.0  # seconds that what is cancelled has for its `finally`
_MARK: Final = "_asyncio_future_blocking"  # of what is awaited, and not just yielded


class _Ended:
    """A first step that was the last."""

    __slots__ = ("raised",)

    def __init__(self, raised: BaseException | None = None) -> None:
        self.raised = raised


_ENDED: Final = _Ended()


class _Awaiting:
    """What a first step ended with waiting for."""

    __slots__ = ("_awaited", "_marked")

    def __init__(self, awaited: object) -> None:
        self._awaited = awaited
        # A future is marked by whoever awaits it until their task has it: meanwhile others may await it, too.
        self._marked = bool(getattr(awaited, _MARK, False))
        if self._marked:
            setattr(awaited, _MARK, False)

    def cancel(self) -> bool:
        """Cancel it, if it is something that can be."""
        awaited = self._awaited
        return isinstance(awaited, asyncio.Future) and cast("asyncio.Future[object]", awaited).cancel()

    def take(self) -> object:
        """It, for the task."""
        if self._marked:
            setattr(self._awaited, _MARK, True)
        return self._awaited


_First: TypeAlias = _Ended | _Awaiting


class Background(Coroutine[object, None, object]):
    """A coroutine that runs in a task of the current loop.

    A task can be cancelled only as long as its coroutine lets it: one that catches `CancelledError` goes on.
    This stands between the two, so that the task ends even so.

    Args:
        work: The coroutine.
        name: What logs call it.
        all: Where it is to be found while it runs.
        at_once: Whether its first step is taken here and now, and not in the loop's next turn. Nearly all
            handlers need no other.

    Attributes:
        task: What runs it.
    """

    # Not many live long: what each of them leaves to the garbage collector is worth little, and counts.
    __slots__ = (
        "__qualname__",
        "_all",
        "_begun",
        "_cancelled",
        "_context",
        "_dropped",
        "_ending",
        "_first",
        "_work",
        "task",
    )

    def __init__(
        self,
        work: Coroutine[object, object, object],
        name: str,
        all: dict[asyncio.Task[object], Background],
        *,
        at_once: bool = False,
    ) -> None:
        self._work = work
        self.__qualname__ = name  # where asyncio shows a coroutine
        self._all = all
        self._dropped = False
        self._cancelled = False  # and still at the first await since; all that Python 3.10 can tell
        self._ending: asyncio.TimerHandle | None = None
        self._begun = False
        self._context: contextvars.Context | None = None
        self._first: _First | None = None
        loop = asyncio.get_running_loop()
        self.task = loop.create_task(self, name=name)
        watchdog.enter(loop)
        # Where the loop itself begins tasks at once, as it can from Python 3.12 on, this one has begun.
        if at_once and not self._begun and self._ends_at_once(loop):
            watchdog.leave(loop)  # and its task learns of that later
            return
        all[self.task] = self
        self.task.add_done_callback(self._over)

    def _ends_at_once(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Take the first step as the task would, which takes over from there; whether it was the last."""
        self._context = contextvars.copy_context()
        outside = asyncio.current_task(loop)
        if outside is not None:
            _leave_task(loop, outside)
        _enter_task(loop, self.task)
        try:
            self._first = _Awaiting(self._context.run(self._work.send, None))
            return False
        except StopIteration:
            self._first = _ENDED
            self._context = None
            return True
        except BaseException as raised:
            self._first = _Ended(raised)
            return True
        finally:
            _leave_task(loop, self.task)
            if outside is not None:
                _enter_task(loop, outside)

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
        self._begun = True
        if self._first is not None:
            return self._take(self._first)
        return self._work.send(value) if self._context is None else self._context.run(self._work.send, value)

    def throw(self, typ: type[BaseException] | BaseException, /, *_: object) -> object:
        """Go on by raising something."""
        if self._dropped:
            raise asyncio.CancelledError
        self._cancelled = isinstance(typ, asyncio.CancelledError)
        first = self._first
        if first is not None:
            # A task that is cancelled cancels what it waits for, and is told so by that.
            if isinstance(first, _Ended) or first.cancel():
                return self._take(first)
            self._first = None
        error = typ if isinstance(typ, BaseException) else typ()
        return (
            self._work.throw(error) if self._context is None else self._context.run(self._work.throw, error)
        )

    def _take(self, first: _First) -> object:
        """What the task would have got of the first step."""
        self._first = None
        if isinstance(first, _Ended):
            del self.task  # which holds this
            raise StopIteration if first.raised is None else first.raised
        return first.take()

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
