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
import logging
import threading
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar, cast

from ringback._core.forks import renew_in_child
from ringback.app.loops.failures import as_exception, from_outside
from ringback.app.loops.ready import Ready
from ringback.app.loops.watchdog import watchdog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from concurrent.futures import Executor, Future

__all__ = [
    "call_in",
    "check_no_loop",
    "close_in_portal",
    "in_event_loop",
    "invoke",
    "is_async",
    "portal_is_blocked",
    "portal_loop",
    "start_in_portal",
]

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("ringback")

CLOSING: Final = 5.0  # seconds


def in_event_loop() -> bool:
    """Whether an event loop runs in this thread, which must not be blocked."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def check_no_loop() -> None:
    """See to it that this thread may wait.

    Raises:
        RuntimeError: An event loop runs in it, which would be blocked, for ever if it is the portal's.
    """
    if in_event_loop():
        raise RuntimeError("an event loop runs in this thread and would be blocked: await the async twin")


def portal_is_blocked() -> bool:
    """Whether the watchdog has found the portal's loop blocked, and it still is."""
    loop = _portals.loop
    return loop is not None and watchdog.blocked(loop)


def start_in_portal(work: Callable[[], Coroutine[object, object, T]]) -> Future[T]:
    """Run a coroutine function in the portal's loop.

    Raises:
        RuntimeError: An event loop runs in this thread.
    """
    check_no_loop()
    return asyncio.run_coroutine_threadsafe(work(), portal_loop())


def close_in_portal(aclose: Callable[[], Coroutine[object, object, None]]) -> None:
    """Close something in the portal's loop, and don't wait for ever where that is blocked.

    Raises:
        RuntimeError: An event loop runs in this thread.
    """
    try:
        start_in_portal(aclose).result(CLOSING)
    except FutureTimeout:
        log.warning("the event loop is blocked: what runs there is left behind")


def portal_loop() -> asyncio.AbstractEventLoop:
    """The portal's loop, running."""
    return _portals.current().loop


def call_in(
    loop: asyncio.AbstractEventLoop, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs
) -> bool:
    """Call a function in its loop, at once where that is this one; False where the loop is closed."""
    if in_event_loop() and asyncio.get_running_loop() is loop:
        function(*args, **kwargs)
        return True
    try:
        loop.call_soon_threadsafe(functools.partial(function, *args, **kwargs))
    except RuntimeError:
        return False
    return True


async def invoke(function: Callable[..., object], argument: object, threads: Executor) -> object:
    """Call a handler or listener with one argument: on the loop if it is async, else in a thread.

    Raises:
        Exception: What it raised; a RuntimeError where that was no `Exception`, such as `SystemExit`.
        CancelledError: Somebody cancelled the task that this runs in.
    """
    task = asyncio.current_task()
    try:
        result: object = None
        if is_async(function):
            result = function(argument)
        else:
            result = await _in_thread(function, argument, threads)
        if not inspect.isawaitable(result) or isinstance(result, Ready):
            return result
        return await cast("Awaitable[object]", result)
    except BaseException as raised:
        if from_outside(raised, task):
            raise
        error = as_exception(raised, "a handler")
        if error is raised:
            raise
        raise error from raised


async def _in_thread(function: Callable[..., object], argument: object, threads: Executor) -> object:
    context = contextvars.copy_context()

    def work() -> tuple[object, Exception | None]:
        # The exception is carried as a value: a future refuses StopIteration and would never be done.
        try:
            return context.run(function, argument), None
        except BaseException as raised:
            return None, as_exception(raised, "a handler")

    result, error = await asyncio.get_running_loop().run_in_executor(threads, work)
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


class _Portal:
    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="ringback-portal", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        while not self._stopping:
            try:
                self.loop.run_forever()
            except BaseException:  # a task that a handler made itself raised SystemExit or the like
                log.exception("a task would have ended the loop of all others")
        try:
            tasks = asyncio.all_tasks(self.loop)
            for task in tasks:
                task.cancel()
            self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        finally:
            self.loop.close()

    def stop(self) -> None:
        self._stopping = True
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(timeout=2.0)  # a flow that won't end must not keep the process alive


class _Portals:
    """The portal of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._portal: _Portal | None = None
        self._inherited: list[_Portal | None] = []
        renew_in_child(self)
        atexit.register(self._stop)

    def current(self) -> _Portal:
        with self._lock:
            if self._portal is None:
                self._portal = _Portal()
            return self._portal

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """Its loop, if it has been needed."""
        return None if self._portal is None else self._portal.loop

    def _renew(self) -> None:
        """Forget the portal of a parent process, whose thread is not in this one."""
        self._lock = threading.Lock()
        # Kept all the same: closing its loop would take the parent's sockets out of the selector they share.
        self._inherited.append(self._portal)
        self._portal = None

    def _stop(self) -> None:
        if self._portal is not None:
            self._portal.stop()


_portals = _Portals()
