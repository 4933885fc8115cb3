"""Threads for functions that aren't async.

The executors of the standard library have every process wait at its end for whatever their threads do, for
ever where a handler is stuck. These threads let it end, and end themselves when there is nothing to do.
"""

from __future__ import annotations

import atexit
import threading
import time
from concurrent.futures import Executor, Future
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar
from weakref import WeakSet

from ringback._core.forks import renew_in_child

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Threads"]

P = ParamSpec("P")
T = TypeVar("T")

IDLE: Final = 10.0  # seconds for which a thread without work stays
AT_EXIT: Final = 2.0  # seconds that a process which ends leaves to what its threads are doing

_awaited: Final[WeakSet[Threads]] = WeakSet()


class Threads(Executor):
    """At most `limit` threads, started when they are needed; what comes while all are busy waits its turn.

    Args:
        limit: How many.
        awaited: Whether a process that ends gives them a moment to finish what they do.
    """

    def __init__(self, limit: int, *, awaited: bool = True) -> None:
        self._limit = limit
        self._renew()
        renew_in_child(self)
        if awaited:
            _awaited.add(self)

    def _renew(self) -> None:
        """Begin without threads and without work, as a forked child has to."""
        self._lock = threading.Lock()
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._count = 0
        self._free = 0  # threads that wait and that no job in the queue is for
        self._backlog = 0  # jobs in the queue that no thread waits for

    @property
    def busy(self) -> int:
        """How many threads are at work."""
        return self._count - self._free

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call a function in one of the threads."""
        future: Future[T] = Future()
        with self._lock:
            if self._free:
                self._free -= 1
            elif self._count < self._limit:
                threading.Thread(target=self._serve, name="ringback-worker", daemon=True).start()
                self._count += 1
            else:
                self._backlog += 1
            self._jobs.put(partial(_work, future, partial(fn, *args, **kwargs)))
        return future

    def _serve(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=IDLE)
            except Empty:
                with self._lock:
                    if not self._free:  # a job has just been put in for this thread
                        continue
                    self._free -= 1
                    self._count -= 1
                    return
            job()
            del job  # nothing of it may live on while the thread waits
            with self._lock:
                if self._backlog:
                    self._backlog -= 1
                else:
                    self._free += 1


def _work(future: Future[T], function: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = function()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)


@atexit.register
def _let_finish() -> None:
    until = time.monotonic() + AT_EXIT
    while any(threads.busy for threads in _awaited) and time.monotonic() < until:
        time.sleep(0.01)
