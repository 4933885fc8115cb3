"""A store in a file, for the workers of one machine: the standard library's SQLite, in WAL mode."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from ringback.errors import InvalidValue
from ringback.stores.values import check_key, check_value
from ringback.transports.per_process import PerProcess

__all__ = ["SQLiteStore"]

_PATIENCE: Final = 3.0  # seconds that a write waits for those of other processes
_RETRY: Final = 0.02
_SWEEP: Final = 60.0  # seconds between two looks for what has expired
_SWEPT: Final = 1_000  # rows at once, so that nobody waits long for the file

_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS ringback_values"
    " (key TEXT PRIMARY KEY, value BLOB NOT NULL, until REAL NOT NULL)"
)
_INDEX: Final = "CREATE INDEX IF NOT EXISTS ringback_values_until ON ringback_values (until)"
_ADD: Final = (
    "INSERT INTO ringback_values (key, value, until) VALUES (?, ?, ?)"
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value, until = excluded.until WHERE until <= ?"
)
_PUT: Final = "INSERT OR REPLACE INTO ringback_values (key, value, until) VALUES (?, ?, ?)"
_GET: Final = "SELECT value FROM ringback_values WHERE key = ? AND until > ?"
_REMOVE: Final = "DELETE FROM ringback_values WHERE key = ?"
_EXPIRED: Final = (
    "DELETE FROM ringback_values WHERE key IN (SELECT key FROM ringback_values WHERE until <= ? LIMIT ?)"
)


class SQLiteStore:
    """A store in a file: shared by all processes of one machine, and there after a restart.

    The file is opened when it is first used, by each process for itself, so that a server may fork. It has to
    be on a local disk: SQLite's locks don't work over a network.

    Args:
        path: The file; it is made where it isn't there, its folder is not. Two more, `-wal` and `-shm`, stand
            beside it while it is open.

    Raises:
        InvalidValue: `path` is a folder, lies in a folder that isn't there, or is `:memory:`.

    Operations raise `sqlite3.Error` where the file can't be read or written, or is locked for 3 seconds.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        text = os.fspath(path)
        if text in {"", ":memory:"}:
            raise InvalidValue("path", text, "a file; MemoryStore keeps values in memory")
        self._path = Path(text).absolute()
        if self._path.is_dir() or not self._path.parent.is_dir():
            raise InvalidValue("path", text, "a file in a folder that exists")
        self._opened = PerProcess(lambda: _Database(self._path))

    def __repr__(self) -> str:
        return f"SQLiteStore({str(self._path)!r})"

    async def add(self, key: str, value: bytes, ttl: float) -> bool:
        """Keep `value` for `ttl` seconds unless the key is there already; whether it was kept."""
        check_value(key, value, ttl)
        now = time.time()
        return await self._write(_ADD, key, value, now + ttl, now) > 0

    async def get(self, key: str) -> bytes | None:
        """What is kept under the key, or None."""
        check_key(key)
        return await asyncio.to_thread(self._opened.get().read, key)

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        """Keep `value` for `ttl` seconds, in place of what was there."""
        check_value(key, value, ttl)
        await self._write(_PUT, key, value, time.time() + ttl)

    async def remove(self, key: str) -> None:
        """Forget the key; nothing happens where it isn't there."""
        check_key(key)
        await self._write(_REMOVE, key)

    async def aclose(self) -> None:
        """Close the file in this process; it is opened again where the store is used again."""
        opened = self._opened.take()
        if opened is not None:
            await asyncio.to_thread(opened.close)

    async def _write(self, sql: str, *values: str | bytes | float) -> int:
        return await asyncio.to_thread(self._opened.get().write, sql, *values)


class _Database:
    """One process's connection to the file, used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._sweep_at = 0.0

    def read(self, key: str) -> bytes | None:
        with self._lock:
            row: tuple[bytes] | None = self._connected().execute(_GET, (key, time.time())).fetchone()
        return None if row is None else row[0]

    def write(self, sql: str, *values: str | bytes | float) -> int:
        """How many rows it changed."""
        with self._lock:
            connection = self._connected()
            changed = connection.execute(sql, values).rowcount
            if time.monotonic() >= self._sweep_at:
                self._sweep_at = time.monotonic() + _SWEEP
                connection.execute(_EXPIRED, (time.time(), _SWEPT))
        return changed

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = sqlite3.connect(
                self._path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
            try:
                _enter_wal(connection)
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute(_TABLE)
                connection.execute(_INDEX)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection


def _enter_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL. SQLite doesn't wait for others here, whatever its timeout: two processes that open a new
    file at once would fail.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        with suppress(sqlite3.OperationalError):
            if connection.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",):
                return
        if time.monotonic() >= deadline:
            connection.execute("PRAGMA journal_mode = WAL")  # raises what has been in the way
            return
        time.sleep(_RETRY)
