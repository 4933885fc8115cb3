"""The records of runs, as SQL. Each function is part of a transaction, or a single statement that reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringback.stores.sqlite.clock import BOOT
from ringback.stores.store import NEVER, Appended, Begun, Entry, Outcome, Record

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

__all__ = [
    "RUNS_SCHEMA",
    "append",
    "beat",
    "begin",
    "beats_of",
    "claim",
    "forget_expired",
    "is_due",
    "latest",
    "leave",
    "read",
    "take_due",
]

# A table without row ids is its own index: an append touches a page of each.
RUNS_SCHEMA: Final = (
    """\
CREATE TABLE IF NOT EXISTS ringback_runs (
    run TEXT PRIMARY KEY,
    call TEXT NOT NULL,
    owner TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    due REAL,
    until REAL NOT NULL
) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS ringback_runs_due ON ringback_runs (due) WHERE due IS NOT NULL",
    """\
CREATE TABLE IF NOT EXISTS ringback_fields (
    run TEXT NOT NULL,
    field TEXT NOT NULL,
    value BLOB NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (run, field)
) WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS ringback_latest (call TEXT PRIMARY KEY, run TEXT NOT NULL) WITHOUT ROWID",
    """\
CREATE TABLE IF NOT EXISTS ringback_pulses (
    worker TEXT PRIMARY KEY,
    times INTEGER NOT NULL,
    until REAL NOT NULL,
    boot TEXT NOT NULL
) WITHOUT ROWID""",
)

_READ: Final = """\
SELECT ringback_runs.call, owner, epoch, field, value, at
FROM ringback_runs LEFT JOIN ringback_fields ON ringback_fields.run = ringback_runs.run
WHERE ringback_runs.run = ? AND until > ?"""
_LATEST: Final = """\
SELECT ringback_runs.run FROM ringback_latest JOIN ringback_runs ON ringback_runs.run = ringback_latest.run
WHERE ringback_latest.call = ? AND until > ?"""
_OWNER: Final = "SELECT owner FROM ringback_runs WHERE run = ?"
_SET: Final = "INSERT INTO ringback_fields VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_BEAT: Final = """\
INSERT INTO ringback_pulses VALUES (?, 1, ?, ?) ON CONFLICT (worker) DO UPDATE
SET times = CASE WHEN until > ? AND boot = excluded.boot THEN times + 1 ELSE 1 END,
    until = excluded.until, boot = excluded.boot"""


def begin(
    connection: sqlite3.Connection,
    now: float,
    call: str,
    run: str,
    fields: Mapping[str, bytes],
    owner: str,
    epoch: int,
    before: str | None,
    due: float,
    ttl: float,
) -> tuple[Begun, str | None]:
    """Make a run; and the owner of the one that it supersedes."""
    there = read(connection, now, run)
    if there is not None:
        return Begun(False, there), None
    superseded = None
    former = latest(connection, now, call)
    if former is not None:
        if former != before:
            in_the_way = read(connection, now, former)
            assert in_the_way is not None  # noqa: S101
            return Begun(False, in_the_way), None
        [superseded] = connection.execute(_OWNER, (former,)).fetchone()
        connection.execute("UPDATE ringback_runs SET epoch = epoch + 1 WHERE run = ?", (former,))
        connection.execute(_SET, (former, "moved", run.encode(), now))
    _forget(connection, run)  # one that has expired, and was not yet forgotten
    connection.execute(
        "INSERT INTO ringback_runs VALUES (?, ?, ?, ?, ?, ?)",
        (run, call, owner, epoch, _when(now, due), now + ttl),
    )
    connection.executemany(_SET, [(run, name, value, now) for name, value in fields.items()])
    connection.execute("INSERT OR REPLACE INTO ringback_latest VALUES (?, ?)", (call, run))
    entries = {name: Entry(value, now) for name, value in fields.items()}
    return Begun(True, Record(run, call, owner, epoch, entries, now)), superseded


def append(
    connection: sqlite3.Connection,
    now: float,
    run: str,
    field: str,
    value: bytes,
    epoch: int | None,
    want: Sequence[str],
    due: float | None,
    ttl: float,
) -> Appended:
    """Set a field unless it is set. Nobody is told yet."""
    row: tuple[str, int] | None = connection.execute(
        "SELECT owner, epoch FROM ringback_runs WHERE run = ? AND until > ?", (run, now)
    ).fetchone()
    if row is None:
        return Appended(Outcome.MISSING)
    owner, current = row
    if epoch is not None and epoch != current:
        outcome = Outcome.FENCED
    elif connection.execute(_SET, (run, field, value, now)).rowcount:
        outcome = Outcome.WON
        if due is None:
            connection.execute("UPDATE ringback_runs SET until = ? WHERE run = ?", (now + ttl, run))
        else:
            connection.execute(
                "UPDATE ringback_runs SET until = ?, due = ? WHERE run = ?", (now + ttl, _when(now, due), run)
            )
    else:
        outcome = Outcome.LOST
        want = (*want, field)
    return Appended(outcome, owner, current, _fields(connection, run, want))


def read(connection: sqlite3.Connection, now: float, run: str) -> Record | None:
    """A run's record."""
    rows = connection.execute(_READ, (run, now)).fetchall()
    if not rows:
        return None
    call, owner, epoch, *_ = rows[0]
    # A record without any field has one row, whose columns of a field are empty.
    fields = {name: Entry(value, at) for _, _, _, name, value, at in rows if name is not None}
    return Record(run, call, owner, epoch, fields, now)


def claim(
    connection: sqlite3.Connection, now: float, run: str, epoch: int, me: str, ttl: float
) -> Record | None:
    """Become a run's owner."""
    claimed = connection.execute(
        "UPDATE ringback_runs SET owner = ?, epoch = epoch + 1, until = ? WHERE run = ? AND epoch = ?"
        " AND until > ?",
        (me, now + ttl, run, epoch, now),
    ).rowcount
    return read(connection, now, run) if claimed else None


def latest(connection: sqlite3.Connection, now: float, call: str) -> str | None:
    """The run begun last for a call."""
    row: tuple[str] | None = connection.execute(_LATEST, (call, now)).fetchone()
    return None if row is None else row[0]


def is_due(connection: sqlite3.Connection, now: float) -> bool:
    """Whether any run is, which is cheaper to ask than to take one that isn't there."""
    return (
        connection.execute(
            "SELECT 1 FROM ringback_runs WHERE due <= ? AND until > ? LIMIT 1", (now, now)
        ).fetchone()
        is not None
    )


def take_due(connection: sqlite3.Connection, now: float, most: int, again: float) -> list[str]:
    """Runs that are due, the longest first."""
    rows: list[tuple[str]] = connection.execute(
        "SELECT run FROM ringback_runs WHERE due <= ? AND until > ? ORDER BY due LIMIT ?", (now, now, most)
    ).fetchall()
    connection.executemany(
        "UPDATE ringback_runs SET due = ? WHERE run = ?", [(now + again, run) for (run,) in rows]
    )
    return [run for (run,) in rows]


def beat(connection: sqlite3.Connection, now: float, me: str, ttl: float) -> None:
    """A worker is alive."""
    connection.execute(_BEAT, (me, now + ttl, BOOT, now))


def beats_of(connection: sqlite3.Connection, now: float, worker: str) -> int | None:
    """How often it was. A pulse from before the system was started anew is none."""
    row: tuple[int] | None = connection.execute(
        "SELECT times FROM ringback_pulses WHERE worker = ? AND until > ? AND boot = ?", (worker, now, BOOT)
    ).fetchone()
    return None if row is None else row[0]


def leave(connection: sqlite3.Connection, me: str) -> None:
    """A worker is gone."""
    connection.execute("DELETE FROM ringback_pulses WHERE worker = ?", (me,))


def forget_expired(connection: sqlite3.Connection, now: float, most: int) -> bool:
    """Forget up to so many runs that have expired; whether there may be more."""
    rows: list[tuple[str]] = connection.execute(
        "SELECT run FROM ringback_runs WHERE until <= ? LIMIT ?", (now, most)
    ).fetchall()
    for (run,) in rows:
        _forget(connection, run)
    connection.execute("DELETE FROM ringback_pulses WHERE until <= ?", (now,))
    return len(rows) == most


def _forget(connection: sqlite3.Connection, run: str) -> None:
    row: tuple[str] | None = connection.execute(
        "SELECT call FROM ringback_runs WHERE run = ?", (run,)
    ).fetchone()
    if row is not None:
        connection.execute("DELETE FROM ringback_runs WHERE run = ?", (run,))
        connection.execute("DELETE FROM ringback_fields WHERE run = ?", (run,))
        connection.execute("DELETE FROM ringback_latest WHERE call = ? AND run = ?", (row[0], run))


def _fields(connection: sqlite3.Connection, run: str, want: Sequence[str]) -> dict[str, Entry]:
    if not want:
        return {}
    marks = ", ".join("?" * len(want))
    rows = connection.execute(
        f"SELECT field, value, at FROM ringback_fields WHERE run = ? AND field IN ({marks})",  # noqa: S608
        (run, *want),
    )
    return {name: Entry(value, at) for name, value, at in rows}


def _when(now: float, due: float) -> float | None:
    return None if due == NEVER else now + due
