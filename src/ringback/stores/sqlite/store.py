"""SQLiteStore: what is asked of it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
import weakref
from contextlib import aclosing, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from attrs import evolve

from ringback.errors import InvalidValue
from ringback.stores.sqlite import post, runs
from ringback.stores.sqlite.clock import CLOCK_SCHEMA, Clock
from ringback.stores.sqlite.file import File
from ringback.stores.sqlite.post import POST_SCHEMA, Letters, Post, Sender
from ringback.stores.sqlite.runs import RUNS_SCHEMA
from ringback.stores.store import NEVER, Outcome, Told
from ringback.stores.values import (
    check_append,
    check_begin,
    check_call,
    check_claim,
    check_due,
    check_key,
    check_pulse,
    check_run,
    check_tell,
    check_value,
    check_worker,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence

    from ringback.stores.store import Appended, Begun, Record

__all__ = ["SQLiteStore"]

T = TypeVar("T")

_SWEEP: Final = 60.0  # seconds between two looks for what has expired
_SWEEP_ON: Final = 1.0  # the same where the last one didn't find an end
_SWEPT_VALUES: Final = 1_000  # at once, so that nobody waits long for the file
_SWEPT_RUNS: Final = 200
_POLL: Final = 0.02  # seconds between two looks for notes where there are no sockets
_POLLING: Final = 1.0  # seconds between two times that a worker says that it polls

_VALUES_SCHEMA: Final = (
    """\
CREATE TABLE IF NOT EXISTS ringback_values (
    key TEXT PRIMARY KEY,
    value BLOB NOT NULL,
    until REAL NOT NULL
)""",
    "CREATE INDEX IF NOT EXISTS ringback_values_until ON ringback_values (until)",
)
_ADD: Final = """\
INSERT INTO ringback_values (key, value, until) VALUES (?, ?, ?)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, until = excluded.until WHERE until <= ?"""
_PUT: Final = "INSERT OR REPLACE INTO ringback_values (key, value, until) VALUES (?, ?, ?)"
_GET: Final = "SELECT value FROM ringback_values WHERE key = ? AND until > ?"
_REMOVE: Final = "DELETE FROM ringback_values WHERE key = ?"
_EXPIRED: Final = """\
DELETE FROM ringback_values WHERE key IN (SELECT key FROM ringback_values WHERE until <= ? LIMIT ?)"""


class SQLiteStore:
    """A store in a file: shared by all processes of one machine, and there after a restart.

    The file is opened when it is first used, by each process for itself, so that a server may fork. It has to
    be on a local disk: SQLite's locks don't work over a network.

    Args:
        path: The file; it is made where it isn't there, its folder is not. Two more, `-wal` and `-shm`, stand
            beside it while it is open, and a folder `-mail` with the workers' mailboxes; where its path would
            be too long for sockets, that is in the system's folder for temporary files.

    Raises:
        InvalidValue: `path` is a folder, lies in a folder that isn't there, or is `:memory:`.

    Operations raise `sqlite3.Error` where the file can't be read or written, or is locked for 3 seconds.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            self._path = Path(path).absolute()
        except TypeError:
            raise InvalidValue("path", path, "a str, or a path as of pathlib") from None
        text = os.fspath(path)
        if text in {"", ":memory:"}:
            raise InvalidValue("path", text, "a file; MemoryStore keeps values in memory")
        if self._path.is_dir() or not self._path.parent.is_dir():
            raise InvalidValue("path", text, "a file in a folder that exists")
        self._post = Post(self._path)
        self._file = File(self._path, partial(_State, self._post))
        # Where nobody has closed it, its thread ends with it.
        weakref.finalize(self, self._file.drop).atexit = False

    def __repr__(self) -> str:
        return f"SQLiteStore({str(self._path)!r})"

    async def add(self, key: str, value: bytes, ttl: float) -> bool:
        """Keep `value` for `ttl` seconds unless the key is there already; whether it was kept."""
        check_value(key, value, ttl)
        return await self._write(
            lambda connection, now: connection.execute(_ADD, (key, value, now + ttl, now)).rowcount > 0
        )

    async def get(self, key: str) -> bytes | None:
        """What is kept under the key, or None."""
        check_key(key)
        row: tuple[bytes] | None = await self._read(
            lambda connection, now: connection.execute(_GET, (key, now)).fetchone()
        )
        return None if row is None else row[0]

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        """Keep `value` for `ttl` seconds, in place of what was there."""
        check_value(key, value, ttl)
        await self._write(lambda connection, now: connection.execute(_PUT, (key, value, now + ttl)).rowcount)

    async def remove(self, key: str) -> None:
        """Forget the key; nothing happens where it isn't there."""
        check_key(key)
        await self._write(lambda connection, _: connection.execute(_REMOVE, (key,)).rowcount)

    async def begin(
        self,
        call: str,
        run: str,
        fields: Mapping[str, bytes],
        *,
        owner: str,
        epoch: int = 1,
        before: str | None = None,
        note: bytes = b"",
        due: float = NEVER,
        ttl: float,
    ) -> Begun:
        """Make a run, the call's latest, unless another one is in the way; see `RunStore.begin`."""
        check_begin(call, run, fields, owner=owner, epoch=epoch, before=before, note=note, due=due, ttl=ttl)
        letters = Letters(note)

        def work(connection: sqlite3.Connection, now: float) -> Begun:
            begun, superseded = runs.begin(connection, now, call, run, fields, owner, epoch, before, due, ttl)
            if superseded is not None:
                letters.address(connection, now, [superseded])
            return begun

        return await self._write(work, lambda state: letters.send(state.sender))

    async def append(
        self,
        run: str,
        field: str,
        value: bytes,
        *,
        epoch: int | None = None,
        want: Sequence[str] = (),
        wake: Sequence[str] = (),
        note: bytes = b"",
        due: float | None = None,
        ttl: float,
    ) -> Appended:
        """Set a field unless it is set, and say what the record has by then; see `RunStore.append`."""
        check_append(run, field, value, epoch=epoch, want=want, wake=wake, note=note, due=due, ttl=ttl)
        letters = Letters(note)

        def work(connection: sqlite3.Connection, now: float) -> Appended:
            appended = runs.append(connection, now, run, field, value, epoch, want, due, ttl)
            if appended.outcome is Outcome.WON:
                letters.address(connection, now, [*wake, appended.owner] if epoch is None else wake)
            return appended

        appended = await self._write(work, lambda state: letters.send(state.sender))
        told = letters.told.get(appended.owner) if epoch is None else None
        return appended if told is None else evolve(appended, told=told)

    async def read(self, run: str) -> Record | None:
        """A run's record, or None."""
        check_run(run)
        return await self._read(lambda connection, now: runs.read(connection, now, run))

    async def claim(self, run: str, epoch: int, me: str, *, ttl: float) -> Record | None:
        """Become the owner of a run whose epoch is `epoch`; see `RunStore.claim`."""
        check_claim(run, epoch, me, ttl)
        return await self._write(lambda connection, now: runs.claim(connection, now, run, epoch, me, ttl))

    async def latest(self, call: str) -> str | None:
        """The id of the run that was begun last for a call, if its record is still there."""
        check_call(call)
        return await self._read(lambda connection, now: runs.latest(connection, now, call))

    async def due(self, most: int, *, again: float) -> list[str]:
        """The ids of runs that are due, which are due again in `again` seconds; see `RunStore.due`."""
        check_due(most, again)
        if not await self._read(lambda connection, now: runs.is_due(connection, now)):
            return []
        return await self._write(lambda connection, now: runs.take_due(connection, now, most, again))

    async def pulse(self, me: str, *, ttl: float) -> None:
        """Tell the others that this worker is alive, for the next `ttl` seconds."""
        check_pulse(me, ttl)
        await self._write(lambda connection, now: runs.beat(connection, now, me, ttl))

    async def pulse_of(self, worker: str) -> int | None:
        """How often a worker has told so; None where its last time has lapsed, or it has left."""
        check_worker(worker)
        return await self._read(lambda connection, now: runs.beats_of(connection, now, worker))

    async def leave(self, me: str) -> None:
        """Tell the others that this worker is gone."""
        check_worker(me, "me")
        await self._write(lambda connection, _: runs.leave(connection, me))

    async def tell(self, worker: str, note: bytes) -> Told:
        """Put a note into a worker's mailbox. It may get lost."""
        check_tell(worker, note)

        def by_socket(connection: sqlite3.Connection, state: _State) -> tuple[Told, bool]:
            told = state.sender.send(worker, note)
            polls = told is not Told.REACHED and post.is_polled(connection, state.clock.now(), worker)
            return told, polls

        told, polls = await self._file.read(by_socket)
        if polls:
            letters = Letters(note)
            await self._write(lambda connection, now: letters.address(connection, now, [worker]))
            told = letters.told.get(worker, told)
        return told

    async def mail(self, me: str) -> AsyncGenerator[bytes, None]:
        """The notes that are put into this worker's mailbox from now on, the empty one first."""
        check_worker(me, "me")
        slot = self._post.open(me)
        notes = self._polled(me) if slot is None else self._post.received(slot)
        async with aclosing(notes):
            async for note in notes:
                yield note

    async def aclose(self) -> None:
        """Close the file in this process; it is opened again where the store is used again."""
        await self._file.close()

    async def _polled(self, me: str) -> AsyncGenerator[bytes, None]:
        """The notes of a worker that has no socket."""
        try:
            await self._write(lambda connection, now: post.start_polling(connection, now, me))
            told_at = time.monotonic()
            yield b""
            while True:
                await asyncio.sleep(_POLL)
                if await self._read(lambda connection, _: post.has_notes(connection, me)):
                    for note in await self._write(lambda connection, _: post.fetch_notes(connection, me)):
                        yield note
                if time.monotonic() >= told_at + _POLLING:
                    await self._write(lambda connection, now: post.poll(connection, now, me))
                    told_at = time.monotonic()
        finally:
            with suppress(sqlite3.Error):  # it lapses by itself
                await self._write(lambda connection, _: post.stop_polling(connection, me))

    def _read(self, work: Callable[[sqlite3.Connection, float], T]) -> Awaitable[T]:
        return self._file.read(lambda connection, state: work(connection, state.clock.now()))

    def _write(
        self, work: Callable[[sqlite3.Connection, float], T], then: Callable[[_State], None] | None = None
    ) -> Awaitable[T]:
        def sweeping(connection: sqlite3.Connection, state: _State) -> T:
            now = state.clock.now()
            state.sweep(connection, now)
            return work(connection, now)

        return self._file.write(sweeping, then)


class _State:
    """What belongs to an open file. It is made in the transaction that makes the tables."""

    def __init__(self, post: Post, connection: sqlite3.Connection) -> None:
        for statement in (CLOCK_SCHEMA, *_VALUES_SCHEMA, *RUNS_SCHEMA, *POST_SCHEMA):
            connection.execute(statement)
        self.clock = Clock(connection)
        self.sender = Sender(post)
        self.close = self.sender.close
        self._sweep_at = 0.0

    def sweep(self, connection: sqlite3.Connection, now: float) -> None:
        """Forget what has expired, now and then and a little at once."""
        if now < self._sweep_at:
            return
        values = connection.execute(_EXPIRED, (now, _SWEPT_VALUES)).rowcount
        more = runs.forget_expired(connection, now, _SWEPT_RUNS) or values == _SWEPT_VALUES
        self._sweep_at = now + (_SWEEP_ON if more else _SWEEP)
