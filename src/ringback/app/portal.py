"""From synchronous code into an event loop, and from an event loop into threads.

The portal is one event loop in one background thread, started when it is first needed. Under WSGI, and for
`handle_sync`, everything asynchronous runs there: flows outlive the request that started them.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import functools
import inspect
import os
import threading
from typing import TYPE_CHECKING, Final, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from concurrent.futures import Executor

__all__ = [
    "OF_THE_LOOP",
    "cancelled_from_outside",
    "in_event_loop",
    "invoke",
    "is_async",
    "portal_loop",
    "run_in_portal",
]

T = TypeVar("T")

OF_THE_LOOP: Final = (asyncio.CancelledError, KeyboardInterrupt, GeneratorExit)
"""What ends a coroutine from outside, and is no failure of what runs in it."""


def in_event_loop() -> bool:
    """Whether an event loop runs in this thread, which must not be blocked."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def run_in_portal(work: Callable[[], Coroutine[object, object, T]]) -> T:
    """Run a coroutine function in the portal's loop and wait for its result.

    Raises:
        RuntimeError: An event loop runs in this thread; waiting would block it, for ever if it is the
            portal's.
    """
    if in_event_loop():
        raise RuntimeError("an event loop runs in this thread and would be blocked: await the async twin")
    return asyncio.run_coroutine_threadsafe(work(), portal_loop()).result()


def portal_loop() -> asyncio.AbstractEventLoop:
    """The portal's loop, running."""
    return _Portal.current().loop


async def invoke(function: Callable[..., object], argument: object, threads: Executor) -> object:
    """Call a handler or listener with one argument: on the loop if it is async, else in a thread.

    Raises:
        RuntimeError: It raised what a coroutine can't, or what is no `Exception`, such as `SystemExit`.
        Exception: What it raised.
    """
    try:
        result: object = None
        if is_async(function):
            result = function(argument)
        else:
            result = await _in_thread(function, argument, threads)
        return await cast("Awaitable[object]", result) if inspect.isawaitable(result) else result
    except StopIteration as error:
        raise RuntimeError("a handler raised StopIteration") from error
    except BaseException as error:
        if isinstance(error, (Exception, *OF_THE_LOOP)):
            raise
        # The likes of SystemExit and pytest.fail: a loop would end by one, or nobody would hear of it.
        raise RuntimeError(f"a handler raised {type(error).__name__}: {error}") from error


async def _in_thread(function: Callable[..., object], argument: object, threads: Executor) -> object:
    context = contextvars.copy_context()

    def work() -> tuple[object, BaseException | None]:
        # The exception is carried as a value: a future refuses StopIteration and would never be done.
        try:
            return context.run(function, argument), None
        except BaseException as error:
            return None, error

    result, error = await asyncio.get_running_loop().run_in_executor(threads, work)
    if isinstance(error, KeyboardInterrupt):  # nobody pressed a key: those go to the main thread
        raise RuntimeError("a handler raised KeyboardInterrupt") from error
    if error is not None:
        raise error
    return result


def is_async(function: Callable[..., object]) -> bool:
    """Whether calling it gives a coroutine: an `async def`, a partial of one, an object with async
    `__call__`.
    """
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)


def cancelled_from_outside() -> bool:
    """Whether somebody cancelled the current task, as servers do when they stop, and not what it waited for.

    Before Python 3.11 nothing tells the two apart, and it is taken to be so.
    """
    cancelling: Callable[[], int] | None = getattr(asyncio.current_task(), "cancelling", None)
    return cancelling is None or cancelling() > 0


class _Portal:
    _current: _Portal | None = None
    _lock = threading.Lock()

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._pid = os.getpid()
        self._thread = threading.Thread(target=self._run, name="ringback-portal", daemon=True)
        self._thread.start()
        atexit.register(self._stop)

    @classmethod
    def current(cls) -> _Portal:
        with cls._lock:
            # A forked child inherits the object without its thread.
            if cls._current is None or cls._current._pid != os.getpid():
                cls._current = _Portal()
            return cls._current

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
            tasks = asyncio.all_tasks(self.loop)
            for task in tasks:
                task.cancel()
            self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        finally:
            self.loop.close()

    def _stop(self) -> None:
        if self._pid == os.getpid():
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join(timeout=2.0)  # a flow that won't end must not keep the process alive
