"""The time by which everybody who has the file open goes.

It is the monotonic clock, which all processes of a system share, and how far that was behind 1970 when the
first of them since the system's start opened the file: seconds since 1970 that no setting of clocks moves.
Where the system doesn't tell one start from another, it is the system's clock.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3

__all__ = ["BOOT", "CLOCK_SCHEMA", "Clock"]

CLOCK_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS ringback_clock (boot TEXT PRIMARY KEY, offset REAL NOT NULL)"
)


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


BOOT: Final = _boot()
"""Which start of the system this is; empty where that isn't known."""


class Clock:
    """Made in a transaction that writes."""

    __slots__ = ("_offset",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._offset: float | None = None
        if BOOT:
            connection.execute("DELETE FROM ringback_clock WHERE boot <> ?", (BOOT,))
            connection.execute(
                "INSERT OR IGNORE INTO ringback_clock VALUES (?, ?)", (BOOT, time.time() - time.monotonic())
            )
            self._offset = connection.execute("SELECT offset FROM ringback_clock").fetchone()[0]

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() if self._offset is None else time.monotonic() + self._offset
