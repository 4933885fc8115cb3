"""A thread that notices when an event loop is blocked, and says by what.

Code that blocks in one flow stops every call of the process, and nothing in the loop can tell: it is blocked.
"""

from __future__ import annotations

import asyncio
import logging
import os
import site
import sys
import sysconfig
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ringback._core.forks import renew_in_child

if TYPE_CHECKING:
    from collections.abc import Iterable
    from traceback import FrameSummary

__all__ = ["watchdog"]

log = logging.getLogger("ringback")

BUSY: Final = 1.0  # seconds for which a loop may be busy
PERIOD: Final = 0.25  # seconds between two looks
IDLE: Final = 5.0  # seconds for which the thread stays where there is nothing to watch

# What stands in a file below these is not what the author of a handler wrote.
_OTHERS: Final = tuple(
    f"{path}{os.sep}"
    for path in {
        str(Path(__file__).parents[2]),
        sysconfig.get_path("stdlib"),
        sysconfig.get_path("platstdlib"),
        *site.getsitepackages(),
        site.getusersitepackages(),
    }
)


class _Watched:
    """A loop in which something of ours runs.

    Attributes:
        thread: The thread that it runs in.
        running: How much runs in it; counted in that thread.
        asked: Since when it owes us a sign of life, or None.
        told: Whether the log was told that it is late with that.
    """

    __slots__ = ("asked", "loop", "running", "thread", "told")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.thread = threading.get_ident()
        self.running = 0
        self.asked: float | None = None
        self.told = False

    def answer(self) -> None:
        """The loop turns."""
        self.asked, self.told = None, False


class _Watchdog:
    """Watches all loops of the process in which applications have something running."""

    def __init__(self) -> None:
        self._renew()
        renew_in_child(self)

    def _renew(self) -> None:
        self._lock = threading.Lock()
        self._loops: dict[asyncio.AbstractEventLoop, _Watched] = {}
        self._awake = False

    def enter(self, loop: asyncio.AbstractEventLoop) -> None:
        """Something begins to run in the loop of this thread."""
        watched = self._loops.get(loop)
        if watched is None:
            watched = self._loops[loop] = _Watched(loop)
        watched.running += 1
        if not self._awake:
            with self._lock:
                if not self._awake:
                    self._awake = True
                    threading.Thread(target=self._watch, name="ringback-watchdog", daemon=True).start()

    def leave(self, loop: asyncio.AbstractEventLoop) -> None:
        """It has ended."""
        watched = self._loops.get(loop)
        if watched is not None:
            watched.running -= 1

    def blocked(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether it is known that a loop is blocked at this moment."""
        watched = self._loops.get(loop)
        return watched is not None and watched.told

    def blocked_for(self, loop: asyncio.AbstractEventLoop) -> float:
        """Seconds for which a loop has been blocked; 0 where it isn't known to be."""
        watched = self._loops.get(loop)
        asked = None if watched is None or not watched.told else watched.asked
        return 0.0 if asked is None else time.monotonic() - asked

    def _watch(self) -> None:
        needed = time.monotonic()
        while True:
            before = time.monotonic()
            time.sleep(PERIOD)
            now = time.monotonic()
            # Where this thread itself could not run, the loop has an excuse: the machine was asleep.
            late = now - before - PERIOD
            for watched in self._loops.copy().values():
                if watched.running:
                    needed = now
                    self._look(watched, now, late)
                else:
                    self._forget_idle(watched)
            if now - needed > IDLE:
                with self._lock:
                    self._awake = False
                    if not self._loops:
                        return
                    self._awake = True  # something began just now, and found the watchdog awake

    def _forget_idle(self, watched: _Watched) -> None:
        """Watch a loop no longer in which nothing runs, unless something has begun by the time that it is
        told so. Not at once: one handler follows the other.
        """
        loop = watched.loop

        def forget() -> None:
            if not watched.running:
                self._loops.pop(loop, None)

        try:
            if loop.is_running():
                loop.call_soon_threadsafe(forget)
                return
        except RuntimeError:  # it was closed just now
            pass
        self._loops.pop(loop, None)

    def _look(self, watched: _Watched, now: float, late: float) -> None:
        if watched.asked is None:
            watched.asked = now
            try:
                watched.loop.call_soon_threadsafe(watched.answer)
            except RuntimeError:  # it was closed before what ran in it had ended
                self._loops.pop(watched.loop, None)
        else:
            watched.asked += max(0.0, late)
            if now - watched.asked >= BUSY and not watched.told and watched.loop.is_running():
                watched.told = True
                _tell(watched)


def _tell(watched: _Watched) -> None:
    frame = sys._current_frames().get(watched.thread)
    task = asyncio.current_task(watched.loop)
    if frame is None:
        return
    stack = traceback.extract_stack(frame)
    turn = max((n for n, each in enumerate(stack) if each.filename.endswith("asyncio/events.py")), default=-1)
    mine = list(stack)[turn + 1 :]
    stands = _place(mine) or stack[-1]
    log.warning(
        "%s has kept its event loop busy for more than %s s, and every other call waits meanwhile: it stands "
        "at %s:%s, in %s. Blocking functions belong into threads (await asyncio.to_thread(function, …), or a "
        "handler that isn't async), and there is an AsyncClient.\n%s",
        "a callback" if task is None else task.get_name(),
        BUSY,
        stands.filename,
        stands.lineno,
        stands.name,
        "".join(traceback.format_list(mine)).rstrip(),
    )


def _place(stack: Iterable[FrameSummary]) -> FrameSummary | None:
    """The innermost line that is neither the standard library's, nor a package's."""
    own = [each for each in stack if not each.filename.startswith((*_OTHERS, "<frozen"))]
    return own[-1] if own else None


watchdog: Final = _Watchdog()
