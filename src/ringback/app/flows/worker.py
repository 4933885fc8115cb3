"""This process among the workers that share a store.

A thread of its own, with a small event loop, tells the others that the worker is alive, reads its mailbox and
takes what is due: a loop that is blocked for a while is no death.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Final, cast

from ringback._core.forks import renew_in_child
from ringback.app.loops.watchdog import watchdog
from ringback.stores.store import Told

if TYPE_CHECKING:
    from ringback.stores.store import RunStore

__all__ = [
    "HEARTBEAT",
    "LEASE",
    "TICK",
    "Note",
    "Worker",
    "read_note",
    "write_news",
    "write_note",
    "worker_of",
]

log = logging.getLogger("ringback")

MARK: Final = "_"  # between a worker's id, which has none, and what tells its names apart
HEARTBEAT: Final = 1.0  # seconds
SUSPICION: Final = 1.3  # seconds without a pulse after which a worker whose mailbox is unreachable is dead
LEASE: Final = 5.0  # seconds without a pulse after which any worker is
TICK: Final = 0.25  # seconds between two looks at a record that somebody waits for
STUCK: Final = 10.0  # seconds for which a blocked loop is no death
RETRY: Final = (0.05, 0.5)  # seconds between two tries to reach a store that is away: the first, the longest
WAKING: Final = SUSPICION * HEARTBEAT  # seconds for which a process that slept takes nothing for granted
OPENING: Final = 0.5  # seconds that whoever joins waits for its mailbox at most
FAREWELL: Final = 1.0  # seconds that a process which ends spends on telling so
MOST_DUE: Final = 20
LONGEST_NOTE: Final = 2_000  # bytes, as stores have it
MOST_SUSPECTED: Final = 1_000  # workers

Note = list[str]


def worker_of(name: str) -> str:
    """The worker that a name was made by, see `Worker.name`; empty where it is no such name."""
    worker, mark, _ = name.partition(MARK)
    return worker if mark else ""


def write_note(*parts: str) -> bytes:
    """A note, as mailboxes have it."""
    return json.dumps(parts, separators=(",", ":")).encode()


def write_news(run: str, field: str, value: bytes, *askers: str) -> bytes:
    """A note on what was appended to a run: with what it says, where there is room for that."""
    note = write_note("news", run, field, value.decode("utf-8", "surrogatepass"), *askers)
    return note if len(note) <= LONGEST_NOTE else write_note("run", run, field, *askers)


def read_note(written: bytes) -> Note:
    """Its parts; none where it isn't one."""
    with suppress(ValueError):
        parts: object = json.loads(written)
        if isinstance(parts, list) and all(isinstance(part, str) for part in cast("list[object]", parts)):
            return cast("Note", parts)
    return []


class Worker:
    """One of the workers that share a store.

    Attributes:
        id: What the others call it.
        naps: How often it gave no pulse for longer than its lease, and then another one.
        leaving: Whether it leaves its flows to the others.
        left: Whether it has told them so.

    Args:
        store: What they share.
        hear: Gets the notes of the mailbox, and an empty one whenever the mailbox has been opened; called in
            the worker's thread.
        take: Gets the ids of runs that are due, likewise.
        back: Called when the store is back after it was away, likewise.
        watched: The loop whose being stuck makes this worker as good as dead, if there is one.
    """

    def __init__(
        self,
        store: RunStore,
        *,
        hear: Callable[[Note], None],
        take: Callable[[str], None],
        back: Callable[[], None],
        watched: Callable[[], asyncio.AbstractEventLoop | None],
    ) -> None:
        self._store = store
        self._hear = hear
        self._take = take
        self._back = back
        self._watched = watched
        self._renew()
        renew_in_child(self)

    def _renew(self) -> None:
        """Become a worker of its own, as a forked child has to."""
        self.id = secrets.token_urlsafe(9).replace("_", "-")
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._opened = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pulsed = self._alive = time.monotonic()
        self._woke = -WAKING
        self._pulses_given = 0
        self.naps = 0
        self._away_since: float | None = None
        self._back_since = -LEASE
        self._pulses: dict[str, tuple[int, float]] = {}
        self._stopping: asyncio.Event | None = None
        self.leaving = False
        self.left = False

    def name(self, own: str) -> str:
        """A name that tells that this worker made it: of a run, an answer or a token in a URL.

        Args:
            own: What tells it from other names of this worker.
        """
        return f"{self.id}{MARK}{own}"

    def start(self) -> None:
        """Join the others, unless that is done."""
        if self._thread is not None and not self.left:
            return
        with self._lock:
            if self.left:  # the application was closed, and is used again
                self._renew()
            if self._thread is None:
                self._pulsed = self._alive = time.monotonic()
                self._thread = threading.Thread(target=self._run, name="ringback-pulse", daemon=True)
                self._thread.start()
                atexit.register(self.leave)

    async def join(self) -> None:
        """Join the others before anything is this worker's: who has never given a pulse is taken for dead,
        and what is put into a mailbox that isn't open is lost.
        """
        self.start()
        if self._pulses_given or self.away:
            return
        if self._thread is not None:
            await asyncio.to_thread(self._opened.wait, OPENING)
        try:
            await self._store.pulse(self.id, ttl=LEASE)
        except Exception as error:
            self.lost_store(error)
        else:
            self._pulses_given += 1

    @property
    def overslept(self) -> bool:
        """Whether the others may have taken this worker for dead."""
        return time.monotonic() - self._pulsed > LEASE

    @property
    def slept(self) -> bool:
        """Whether the whole process was stopped until a moment ago. What it had asked the store fails then,
        since its time was up meanwhile, and that says nothing of the store.
        """
        if self._thread is None or self.left:
            return False
        now = time.monotonic()
        return now - self._alive > LEASE or now - self._woke < WAKING

    @property
    def away(self) -> bool:
        """Whether the store was away when it was last asked."""
        return self._away_since is not None

    def lost_store(self, error: Exception) -> None:
        """The store did not answer. The log says so once."""
        if self._away_since is None:
            self._away_since = time.monotonic()
            log.error(
                "the store is away (%s): calls go on in the workers that have them, and are written when it "
                "is back",
                type(error).__name__,
            )

    def leave(self) -> None:
        """Tell the others that this worker takes no more part. Waits for that, but not for long."""
        if self.left:
            return
        self.leaving = self.left = True
        atexit.unregister(self.leave)
        thread, loop, stopping = self._thread, self._loop, self._stopping
        if thread is None or loop is None or stopping is None or self._pid != os.getpid():
            return
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(stopping.set)
            if thread is not threading.current_thread():
                thread.join(FAREWELL)

    async def gone(self, worker: str, told: Told) -> bool:
        """Whether another worker is dead: its lease has lapsed, it has left, or its mailbox can't be reached
        and it gave no pulse for a while.
        """
        if worker == self.id:
            return False
        count = await self._store.pulse_of(worker)
        if count is None:
            self._pulses.pop(worker, None)
            return not await self._was_emptied()
        if told is Told.REACHED:
            self._pulses.pop(worker, None)
            return False
        now = time.monotonic()
        seen, since = self._pulses.get(worker, (None, now))
        if seen != count:
            if len(self._pulses) >= MOST_SUSPECTED:
                self._pulses.clear()
            self._pulses[worker] = count, now
            return False
        # Who could not reach the store either needs a moment more.
        return now - since > SUSPICION * HEARTBEAT and now - self._back_since > LEASE

    async def _was_emptied(self) -> bool:
        """Whether the store has lost the pulses of workers that live, or they could give none: it knows fewer
        of this one than it was given. Each of them has as long as a lease then to give another one. Where
        this process slept, the others may have, too, and give one as it does.
        """
        if self.slept:
            return True
        given = self._pulses_given
        known = await self._store.pulse_of(self.id) or 0
        return known < min(given, LEASE / HEARTBEAT)

    # --- its thread

    def _run(self) -> None:
        with suppress(Exception):
            asyncio.run(self._live())

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        parts = [asyncio.create_task(part) for part in (self._beat(), self._read(), self._tick())]
        if self.left:
            self._stopping.set()
        await self._stopping.wait()
        for part in parts:
            part.cancel()
        await asyncio.gather(*parts, return_exceptions=True)
        with suppress(Exception):
            await asyncio.wait_for(self._store.leave(self.id), FAREWELL / 2)
        close: Callable[[], Coroutine[object, object, None]] | None = getattr(self._store, "aclose", None)
        if close is not None:
            with suppress(Exception):
                await asyncio.wait_for(close(), FAREWELL / 2)

    async def _tick(self) -> None:
        """Notice that the process was stopped."""
        while True:
            now = time.monotonic()
            if now - self._alive > LEASE:
                self._woke = now
                self._pulses_given = 0  # of which the store still knows
            self._alive = now
            await asyncio.sleep(HEARTBEAT)

    async def _beat(self) -> None:
        pause = RETRY[0]
        while True:
            started = time.monotonic()
            watched = self._watched()
            if watched is not None and (watched.is_closed() or watchdog.blocked_for(watched) > STUCK):
                await asyncio.sleep(HEARTBEAT)
                continue
            try:
                await self._store.pulse(self.id, ttl=LEASE)
                self._pulses_given += 1
                if started - self._pulsed > LEASE:
                    self.naps += 1  # before anybody sees that it has woken up
                self._pulsed = started
                if self._away_since is not None:
                    self._away_since, self._back_since = None, time.monotonic()
                    log.warning("the store is back: what was missed is written")
                    self._back()
                if watched is not None and not self.leaving:
                    await self._take_due(started + HEARTBEAT)
                pause = RETRY[0]
                # A slow store makes no pulse late: the others may be waiting for it.
                await asyncio.sleep(max(RETRY[0], started + HEARTBEAT - time.monotonic()))
            except Exception as error:
                self.lost_store(error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, RETRY[1])

    async def _take_due(self, until: float) -> None:
        """Take what is due, all of it unless that takes too long."""
        while True:
            runs = await self._store.due(MOST_DUE, again=LEASE)
            for run in runs:
                self._take(run)
            if len(runs) < MOST_DUE or time.monotonic() > until:
                return
            await asyncio.sleep(RETRY[0])

    async def _read(self) -> None:
        pause = RETRY[0]
        while True:
            try:
                async for written in self._store.mail(self.id):
                    pause = RETRY[0]
                    self._opened.set()
                    self._hear(read_note(written))
            except Exception as error:
                log.debug("the mailbox was lost: %s", type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(2 * pause, RETRY[1])
