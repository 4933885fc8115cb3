"""The file: one connection and one thread for each process, one transaction for each operation."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeAlias, TypeVar

from ringback._core.forks import hold_at_fork

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

__all__ = ["File"]

_PATIENCE: Final = 3.0  # seconds that an operation waits for those of other processes
# Seconds between two tries, at first and at most. SQLite itself would wait for 1 ms at first, which is
# ten transactions.
_SHORTEST: Final = 0.0002
_LONGEST: Final = 0.01


class _Closable(Protocol):
    def close(self) -> None: ...


# Writes after which they are carried over from the log to the file, which takes some milliseconds; and the
# pages of the log after which SQLite does so itself, while somebody waits.
_CARRIED: Final = 100
_LONGEST_LOG: Final = 4_000

S = TypeVar("S", bound=_Closable)
T = TypeVar("T")


class File(Generic[S]):
    """A file that is opened when it is first used, by each process for itself, so that a server may fork.

    All its work is done in a thread of its own, one piece after the other: no event loop waits for the disk
    or for other processes, and handing work to it costs less than handing it to a pool.

    Args:
        path: Where it is.
        prepare: Makes the tables, in a transaction that writes. What it returns is handed to all work, and
            closed with the file.
    """

    def __init__(self, path: Path, prepare: Callable[[sqlite3.Connection], S]) -> None:
        self._path = path
        self._prepare = prepare
        self._renew()
        hold_at_fork(self)

    def _renew(self) -> None:
        self._lock = threading.Lock()
        self._desk: _Desk[S] | None = None

    def _hold(self) -> None:
        self._lock.acquire()
        if self._desk is not None:
            self._desk.hold()

    def _release(self) -> None:
        if self._desk is not None:
            self._desk.release()
        self._lock.release()

    def read(self, work: Callable[[sqlite3.Connection, S], T]) -> Awaitable[T]:
        """Do what reads by a single statement."""
        return self._do(lambda desk, deadline: desk.read(work, deadline))

    def write(
        self, work: Callable[[sqlite3.Connection, S], T], then: Callable[[S], None] | None = None
    ) -> Awaitable[T]:
        """Do something as one transaction, `then` more once that is in the file."""
        return self._do(lambda desk, deadline: desk.write(work, then, deadline))

    async def close(self) -> None:
        """Close it in this process; it is opened again where it is used again."""
        desk = self._let_go()
        if desk is not None:
            await _ask(desk, lambda desk, _: desk.close(), last=True)

    def drop(self) -> None:
        """Close it in this process some time soon."""
        desk = self._let_go()
        if desk is not None:
            desk.jobs.put((lambda desk: desk.close(), True))

    def _let_go(self) -> _Desk[S] | None:
        with self._lock:
            desk, self._desk = self._desk, None
        return desk

    def _do(self, work: Callable[[_Desk[S], float], T]) -> asyncio.Future[T]:
        with self._lock:
            if self._desk is None:
                self._desk = _Desk(self._path, self._prepare)
            return _ask(self._desk, work)


def _ask(desk: _Desk[S], work: Callable[[_Desk[S], float], T], *, last: bool = False) -> asyncio.Future[T]:
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    deadline = time.monotonic() + _PATIENCE

    def job(desk: _Desk[S]) -> None:
        try:
            settle = partial(_give, future, work(desk, deadline))
        except BaseException as error:
            settle = partial(_fail, future, error)
            desk.heal(error)
        with suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(settle)

    desk.jobs.put((job, last))
    return future


def _give(future: asyncio.Future[T], value: T) -> None:
    if not future.done():
        future.set_result(value)


def _fail(future: asyncio.Future[T], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)


_Job: TypeAlias = "Callable[[_Desk[S]], None]"


class _Desk(Generic[S]):
    """Where the work is done: a thread and what it has to do, and the connection."""

    def __init__(self, path: Path, prepare: Callable[[sqlite3.Connection], S]) -> None:
        self.jobs: SimpleQueue[tuple[_Job[S], bool]] = SimpleQueue()
        self._path = path
        self._prepare = prepare
        self._busy = threading.Lock()
        self._opened: tuple[sqlite3.Connection, S] | None = None
        self._written = 0
        threading.Thread(target=self._run, name="ringback-sqlite", daemon=True).start()

    def _run(self) -> None:
        last = False
        while not last:
            job, last = self.jobs.get()
            with self._busy:
                job(self)
                self._tidy()
            del job  # it knows who waited, and what for

    def hold(self) -> None:
        """Close the file for the time of a fork, in the middle of nothing. SQLite doesn't survive one: a
        child that opens the file anew would take the parent's locks for its own.
        """
        self._busy.acquire()
        with suppress(sqlite3.Error):
            self.close()

    def release(self) -> None:
        """Go on."""
        self._busy.release()

    def read(self, work: Callable[[sqlite3.Connection, S], T], deadline: float) -> T:
        connection, state = self._open(deadline)
        return _patiently(lambda: work(connection, state), deadline)

    def write(
        self,
        work: Callable[[sqlite3.Connection, S], T],
        then: Callable[[S], None] | None,
        deadline: float,
    ) -> T:
        connection, state = self._open(deadline)
        value = _transaction(connection, lambda: work(connection, state), deadline)
        self._written += 1
        if then is not None:
            then(state)
        return value

    def _tidy(self) -> None:
        """Carry over what was written from the log to the file, when nobody waits for this thread."""
        if self._opened is not None and self._written >= _CARRIED:
            self._written = 0
            with suppress(sqlite3.Error):  # others may be at it
                self._opened[0].execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def heal(self, error: BaseException) -> None:
        """Open the file anew where something is wrong with it: somebody may have emptied it."""
        if isinstance(error, sqlite3.Error) and not _is_lock(error):
            with suppress(sqlite3.Error):
                self.close()

    def close(self) -> None:
        if self._opened is not None:
            connection, state = self._opened
            self._opened = None
            state.close()
            connection.close()

    def _open(self, deadline: float) -> tuple[sqlite3.Connection, S]:
        if self._opened is None:
            connection = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
            try:
                _patiently(lambda: _enter_wal(connection), deadline)
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute(f"PRAGMA wal_autocheckpoint = {_LONGEST_LOG}")
                state = _transaction(connection, lambda: self._prepare(connection), deadline)
            except BaseException:
                connection.close()
                raise
            self._opened = connection, state
        return self._opened


def _enter_wal(connection: sqlite3.Connection) -> None:
    """SQLite doesn't wait for others here, whatever its timeout: two processes that open a new file at once
    would fail.
    """
    [mode] = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise sqlite3.OperationalError("database is locked")


def _transaction(connection: sqlite3.Connection, work: Callable[[], T], deadline: float) -> T:
    _patiently(lambda: connection.execute("BEGIN IMMEDIATE"), deadline)
    try:
        value = work()
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return value


def _patiently(work: Callable[[], T], deadline: float) -> T:
    """Do it as soon as nobody else has the file locked."""
    pause = _SHORTEST
    while True:
        try:
            return work()
        except sqlite3.OperationalError as error:
            if not _is_lock(error) or time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST)


def _is_lock(error: sqlite3.Error) -> bool:
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)
