"""Snapshots in a SQLite file: rows that have changed are written, those that are gone are deleted."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from ringback.emulator.state.snapshots import Row, Snapshot
from ringback.errors import EmulatorError

__all__ = ["StateFile"]

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS state (
    family TEXT NOT NULL, key TEXT NOT NULL, lane TEXT NOT NULL, place INTEGER NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (family, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
"""
_VERSION: Final = 1


class StateFile:
    """One file, of one emulator at a time.

    Attributes:
        run: The number of this run: what is made in it is named after it, so that no SID comes twice even
            where the last run was killed before it could write.

    Raises:
        EmulatorError: It can't be opened, is no such file, of another version, or another emulator has it.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        try:
            # It holds credentials.
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            self._database = sqlite3.connect(
                self.path, timeout=1.0, isolation_level=None, check_same_thread=False
            )
            # One emulator at a time: the lock is held as long as the file is open.
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.executescript(_SCHEMA)
            self.run = self._begin()
        except (OSError, sqlite3.Error) as error:
            raise EmulatorError(f"state: {self.path} can't be used: {error}") from None
        self._written: dict[tuple[str, str], Row] = {}

    def _begin(self) -> int:
        database = self._database
        database.execute("BEGIN IMMEDIATE")
        meta = dict(database.execute("SELECT name, number FROM meta"))
        if meta.get("version", _VERSION) != _VERSION:
            raise sqlite3.Error(f"it is of version {meta['version']}, this is version {_VERSION}")
        run: int = meta.get("run", 0) + 1
        values = [("version", _VERSION), ("run", run)]
        database.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values)
        database.execute("COMMIT")
        return run

    def load(self) -> Snapshot | None:
        """What was kept last, or None where nothing was."""
        with closing(self._database.execute("SELECT * FROM state ORDER BY family, place")) as found:
            rows = tuple(Row(*row) for row in found)
        self._written = {(row.family, row.key): row for row in rows}
        return Snapshot(rows) if rows else None

    def save(self, snapshot: Snapshot) -> None:
        """Keep this instead: all of it or nothing.

        Raises:
            EmulatorError: It can't be written.
        """
        rows = {(row.family, row.key): row for row in snapshot.rows}
        gone = self._written.keys() - rows.keys()
        changed = [row for key, row in rows.items() if self._written.get(key) != row]
        if not gone and not changed:
            return
        database = self._database
        try:
            database.execute("BEGIN IMMEDIATE")
            database.executemany("DELETE FROM state WHERE family = ? AND key = ?", gone)
            database.executemany(
                "INSERT OR REPLACE INTO state VALUES (?, ?, ?, ?, ?)",
                [(row.family, row.key, row.lane, row.place, row.value) for row in changed],
            )
            database.execute("COMMIT")
        except sqlite3.Error as error:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise EmulatorError(f"state: {self.path} can't be written: {error}") from None
        self._written = rows

    def close(self) -> None:
        """Let go of the file; harmless when repeated."""
        self._database.close()
