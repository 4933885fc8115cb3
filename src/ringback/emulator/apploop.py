"""The event loop in which an emulator runs the applications of its process: its clock is the emulator's.

`asyncio.sleep(3600)` in a flow is over when an hour has passed on the phone, which takes no time on the wall.
Time is moved by the emulator alone, and not while the loop has anything to do. What the loop waits for may
also come from elsewhere: from a thread, or over a connection. Then time stands still for a while, as for
every webhook that is under way.

A loop outlives its emulator and is given to the next one: what an application keeps for its loop (locks,
queues, connections) works from test to test.
"""

from __future__ import annotations

import asyncio
import logging
import os
import selectors
import threading
import time
from asyncio import futures
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from ringback.app.loops import watchdog

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from concurrent.futures import Executor, Future
    from contextvars import Context

    from _typeshed import FileDescriptorLike
    from typing_extensions import TypeVarTuple, Unpack

    Ts = TypeVarTuple("Ts")

__all__ = ["AppLoop", "TimeKeeper"]

T = TypeVar("T")

_log = logging.getLogger("ringback")

# Seconds on the wall for which a loop that waits has to be silent before time may pass, where some task in it
# sleeps and where nobody can know what it waits for.
SLEEPING: Final = 0.005
SILENT: Final = 0.5
# Seconds on the wall for which time waits for work that no webhook waits for.
BACKGROUND: Final = 1.0
# Seconds on the wall after which a loop that does not turn is left behind.
BLOCKED: Final = 1.0
# How `asyncio.sleep` wakes up; other timers may only guard something else that goes on.
_WAKE_UP: Final[object] = getattr(futures, "_set_result_unless_cancelled", None)


class TimeKeeper(Protocol):
    """Whose clock a loop follows.

    Attributes:
        condition: Held while time is moved.
        speed: Virtual seconds a second on the wall, or 0 where time is moved on purpose.
    """

    @property
    def condition(self) -> threading.Condition: ...

    @property
    def speed(self) -> float: ...

    def now(self) -> float:
        """Virtual seconds since the start."""
        ...

    def epoch(self) -> float:
        """Seconds from 1970 to the start, by the calendar."""
        ...

    def wake_at(self, due: float | None, nap: float | None) -> None:
        """The loop waits, with nothing to do before this virtual second; a task in it sleeps until `nap`. The
        condition is held.
        """
        ...


class AppLoop(asyncio.SelectorEventLoop):
    """An event loop with a thread of its own, and the clock of whoever has it."""

    _idle: Final[list[AppLoop]] = []
    _lock = threading.Lock()

    def __init__(self) -> None:
        self._keeper: TimeKeeper | None = None
        self._offset = 0.0
        self._state = threading.RLock()
        self._waits_since: float | None = None
        self._works_since: float | None = None
        self._jobs = 0
        self._awaited = 0
        self._jobs_waiting = 0
        self._sleeps: dict[int, asyncio.TimerHandle] = {}
        self._pid = os.getpid()
        self._gauge = _Gauge(self)
        super().__init__(self._gauge)
        self._gauge.own = frozenset(self._gauge.get_map())
        # Virtual time comes in milliseconds: what is due within the next one is due.
        setattr(self, "_clock_resolution", 0.001)  # noqa: B010
        self.thread = threading.Thread(target=self._run, name="ringback-emulated", daemon=True)
        self.thread.start()

    @classmethod
    def take(cls, keeper: TimeKeeper) -> AppLoop:
        """A loop that follows this clock from now on."""
        with cls._lock:
            # A forked child has the objects without their threads.
            while cls._idle and cls._idle[-1]._pid != os.getpid():
                cls._idle.pop()
            loop = cls._idle.pop() if cls._idle else cls()
        loop.follow(keeper)
        return loop

    def give_back(self) -> None:
        """Let others take it, unless it is blocked."""
        if threading.current_thread() is not self.thread:
            turns = threading.Event()
            self.call_soon_threadsafe(turns.set)
            if not turns.wait(BLOCKED):
                return
        with self._lock:
            self._idle.append(self)

    def follow(self, keeper: TimeKeeper | None) -> None:
        """Follow this clock from now on; None is that on the wall."""
        with self._state:
            # Its own time never goes back, whosever clock it follows. Whole seconds add up without a rest.
            reached = float(int(self.time()) + 1)
            self._keeper = keeper
            self._offset = reached - (time.monotonic() if keeper is None else keeper.now())
            self._sleeps.clear()
            self._waits_since = None
            self._works_since = time.monotonic() if keeper is not None and not keeper.speed else None
        self.wake()

    def _run(self) -> None:
        asyncio.set_event_loop(self)
        while True:
            try:
                self.run_forever()
            except BaseException:  # a task that a handler made itself raised SystemExit or the like
                _log.exception("a task would have ended the loop of all others")

    # As a loop

    def time(self) -> float:
        """Seconds on the clock that it follows."""
        keeper = self._keeper
        return self._offset + (time.monotonic() if keeper is None else keeper.now())

    def epoch(self) -> float:
        """Seconds from 1970 to when it showed 0, by the calendar that it follows."""
        keeper = self._keeper
        return (time.time() - time.monotonic() if keeper is None else keeper.epoch()) - self._offset

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: Unpack[Ts],
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """See `asyncio.loop.call_at`."""
        handle = super().call_at(when, callback, *args, context=context)
        if callback is _WAKE_UP and self._keeper is not None and not self._keeper.speed:
            self._sleeps[id(handle)] = handle
        return handle

    def call_soon_threadsafe(
        self,
        callback: Callable[[Unpack[Ts]], object],
        *args: Unpack[Ts],
        context: Context | None = None,
    ) -> asyncio.Handle:
        """See `asyncio.loop.call_soon_threadsafe`."""
        with self._state:
            handle = super().call_soon_threadsafe(callback, *args, context=context)
            # A watchdog who looks in now and then changes nothing.
            if getattr(callback, "__module__", "") != watchdog.__name__:
                self.stir()
        return handle

    def stir(self) -> None:
        """Something has come to do."""
        with self._state:
            self._waits_since = None
            if self._works_since is None:
                self._works_since = time.monotonic()

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: Unpack[Ts]
    ) -> asyncio.Future[T]:
        """See `asyncio.loop.run_in_executor`."""
        job = super().run_in_executor(executor, func, *args)
        self._jobs += 1
        job.add_done_callback(self._done)
        return job

    def _done(self, _: asyncio.Future[T]) -> None:
        self._jobs -= 1

    def awaits(self, future: Future[T]) -> None:
        """What runs here, or in a thread of this loop, waits for something that comes when time passes."""
        blocking = threading.current_thread() is not self.thread
        self._count_awaited(1, blocking=blocking)
        future.add_done_callback(lambda _: self._count_awaited(-1, blocking=blocking))
        self.wake()

    def _count_awaited(self, more: int, *, blocking: bool) -> None:
        with self._state:
            self._awaited += more
            self._jobs_waiting += more * blocking

    # For whoever moves the clock

    def start(self, work: Coroutine[object, object, T]) -> Future[T]:
        """Run something here."""
        return asyncio.run_coroutine_threadsafe(work, self)

    def wake(self) -> None:
        """Look at the clock again."""
        self.call_soon_threadsafe(_nothing)

    @property
    def working(self) -> bool:
        """Whether it, or a thread that it waits for, has something to do that time has to wait for."""
        keeper, since = self._keeper, self._works_since
        return (
            keeper is not None
            and not keeper.speed
            and since is not None
            and time.monotonic() - since < BACKGROUND
        )

    def patience(self) -> float | None:
        """Seconds on the wall after which it is clear, if nothing happens, that it waits for time to pass;
        None where it waits for something else.
        """
        with self._state:
            since = self._waits_since
            if since is None or self._jobs > self._jobs_waiting:
                return None
            sleeps = self._awaited > 0 or self._nap() is not None
            connected = len(self._gauge.get_map()) > len(self._gauge.own)
            if connected and not sleeps:
                return None
            needed = SLEEPING if sleeps and not connected else SILENT
            return max(0.0, since + needed - time.monotonic())

    def _nap(self) -> float | None:
        """When the first task that sleeps wakes up, in seconds of this loop."""
        now = self.time()
        self._sleeps = {
            key: handle
            for key, handle in self._sleeps.items()
            if not handle.cancelled() and handle.when() > now
        }
        return min((handle.when() for handle in self._sleeps.values()), default=None)

    def fall_asleep(self, timeout: float | None) -> bool:
        """Nothing is left to do for so many of its seconds; False where something has come meanwhile."""
        keeper = self._keeper
        if keeper is None or keeper.speed:
            return True
        with keeper.condition, self._state:
            if self._keeper is not keeper or self._gauge.has_come():
                return False
            if self._waits_since is None:
                self._waits_since = time.monotonic()
            if self._jobs <= self._jobs_waiting:
                self._works_since = None
            nap = self._nap()
            keeper.wake_at(
                None if timeout is None else keeper.now() + timeout,
                None if nap is None else nap - self._offset,
            )
            keeper.condition.notify_all()
        return True

    def span(self, timeout: float | None) -> float | None:
        """How long that is on the wall; None where somebody else will say when it is over."""
        keeper = self._keeper
        if keeper is None or timeout is None:
            return timeout
        return timeout / keeper.speed if keeper.speed else None


class _Gauge(selectors.BaseSelector):
    """A selector that tells its loop when it has to wait.

    Attributes:
        own: What is the loop's own: other threads wake it up with that.
    """

    def __init__(self, loop: AppLoop) -> None:
        self.own: frozenset[FileDescriptorLike] = frozenset()
        self._loop = loop
        self._selector = selectors.DefaultSelector()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return self._selector.select(0)
        if not self._loop.fall_asleep(timeout):
            return self._selector.select(0)
        events = self._selector.select(self._loop.span(timeout))
        if any(key.fd not in self.own for key, _ in events):
            self._loop.stir()
        return events

    def has_come(self) -> bool:
        return bool(self._selector.select(0))

    def register(
        self, fileobj: FileDescriptorLike, events: int, data: object = None
    ) -> selectors.SelectorKey:
        return self._selector.register(fileobj, events, data)

    def unregister(self, fileobj: FileDescriptorLike) -> selectors.SelectorKey:
        return self._selector.unregister(fileobj)

    def modify(self, fileobj: FileDescriptorLike, events: int, data: object = None) -> selectors.SelectorKey:
        return self._selector.modify(fileobj, events, data)

    def close(self) -> None:
        self._selector.close()

    def get_map(self) -> Mapping[FileDescriptorLike, selectors.SelectorKey]:
        return self._selector.get_map()


def _nothing() -> None:
    """Makes a loop look at the clock again."""
