"""Coroutines of flows that another worker goes on with.

They must neither be cancelled nor closed: their `finally` runs once, at the flow's real end, wherever that
is. So nothing continues them, and nothing collects them either, until the process is gone.
"""

from __future__ import annotations

import asyncio
import ctypes
import sys
from typing import TYPE_CHECKING, Final, Protocol

from ringback.app.loops.background import Background
from ringback.app.loops.watchdog import watchdog

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ["HeldTask"]

_kept: Final[list[object]] = []


class Holder(Protocol):
    """Who decides whether a coroutine may go on."""

    def may_go_on(self) -> bool | asyncio.Future[None]:
        """Whether it may; a future where that has to be found out first, and is asked again then."""
        ...

    def abandon(self) -> None:
        """Somebody else has it, or shall have it."""
        ...

    @property
    def loop_ends(self) -> bool:
        """Whether everything that runs in its loop is being cancelled."""
        ...


class HeldTask(Background):
    """A flow's coroutine in a task that can be taken from it.

    Args:
        work: The coroutine.
        name: What logs call it.
        all: Where it is to be found while it runs.
        holder: Asked before each of its steps.
    """

    def __init__(
        self,
        work: Coroutine[object, object, object],
        name: str,
        all: dict[asyncio.Task[object], Background],
        holder: Holder,
    ) -> None:
        self._holder = holder
        self._abandoned = False
        self._raising: BaseException | None = None
        self._forgets: Callable[[asyncio.Task[object]], object] = all.pop
        super().__init__(work, name, all)

    def abandon(self) -> None:
        """Never continue it again."""
        if self._abandoned or self.task.done():
            return
        self._abandoned = True
        _keep_for_ever(self._work)
        self._forgets(self.task)
        watchdog.leave(self.task.get_loop())

    def send(self, value: None, /) -> object:
        """Go on until the next thing to await."""
        if self._abandoned:
            return _blocking(self.task.get_loop().create_future())
        allowed = self._holder.may_go_on()
        if isinstance(allowed, asyncio.Future):
            return _blocking(allowed)
        if not allowed:
            self._holder.abandon()
            return _blocking(self.task.get_loop().create_future())
        if self._raising is not None:
            error, self._raising = self._raising, None
            return super().throw(error)
        return super().send(value)

    def throw(self, typ: type[BaseException] | BaseException, /, *rest: object) -> object:
        """Go on by raising something."""
        if not self._abandoned and self._ending is None and self._holder.loop_ends:
            self._holder.abandon()
        if self._abandoned:
            raise asyncio.CancelledError
        allowed = True if self._dropped else self._holder.may_go_on()
        if isinstance(allowed, asyncio.Future):
            self._raising = typ if isinstance(typ, BaseException) else typ()
            return _blocking(allowed)
        self._raising = None
        return super().throw(typ, *rest)

    def close(self) -> None:
        """End it, as it is thrown away."""
        if not self._abandoned:
            super().close()

    def _over(self, _: object) -> None:
        if not self._abandoned:
            super()._over(_)


def _keep_for_ever(work: object) -> None:
    """See to it that nothing collects it. CPython closes what it collects at its very end, too, which would
    run every `finally`.
    """
    if sys.implementation.name == "cpython":
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(work))
    else:
        _kept.append(work)


def _blocking(future: asyncio.Future[None]) -> object:
    """A future as a task takes it from its coroutine: what `await` does."""
    future._asyncio_future_blocking = True
    return future
