"""What may befall the store of the workers, and what is left in it: of each kind, by its own means."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import redis.asyncio
from psycopg import AsyncConnection

from tests.workers.application import store_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.workers.application import Setting

__all__ = ["emptied", "hanging", "left"]


class _Client(Protocol):
    """What of Redis's client is used here; its types are half unknown."""

    async def execute_command(self, *words: object) -> object: ...

    async def aclose(self) -> None: ...


_POSTGRES = ("ringback_values", "ringback_runs", "ringback_fields", "ringback_pulses")
# Workers that live are in the store, and a clock of the file's own.
_OTHERS = ("ringback_pulses", "ringback_pollers", "ringback_clock")


async def hanging(setting: Setting, seconds: float) -> None:
    """The store answers nobody for so long."""
    match setting.store.partition(":")[0]:
        case "redis":
            await _redis(setting, "CLIENT", "PAUSE", round(seconds * 1000), "ALL")
            await asyncio.sleep(seconds)
        case "sqlite":
            with closing(_sqlite(setting)) as connection:
                connection.execute("BEGIN EXCLUSIVE")
                await asyncio.sleep(seconds)
                connection.execute("ROLLBACK")
        case _:
            async with await AsyncConnection.connect(setting.store) as database:
                await database.execute(f"LOCK TABLE {', '.join(_POSTGRES)} IN ACCESS EXCLUSIVE MODE")
                await asyncio.sleep(seconds)


async def emptied(setting: Setting) -> None:
    """All that the store had is gone."""
    match setting.store.partition(":")[0]:
        case "redis":
            await _redis(setting, "FLUSHALL")
        case "sqlite":
            with closing(_sqlite(setting)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                for table in _tables(connection):
                    if table != "ringback_clock":
                        connection.execute(f"DELETE FROM {table}")  # noqa: S608
                connection.execute("COMMIT")
        case _:
            async with await AsyncConnection.connect(setting.store) as database:
                await database.execute(f"TRUNCATE {', '.join(_POSTGRES)}")


async def left(setting: Setting) -> int:
    """How many keys or rows the store has, but for those that tell which workers live, after it was swept."""
    for _ in range(5):  # each store sweeps as it begins, and some at a time
        store = store_of(setting)
        assert store is not None
        await store.add("swept", b"", 0.001)
        await store.due(1, again=0.1)
        await store.remove("swept")
        close: Callable[[], Awaitable[None]] | None = getattr(store, "aclose", None)
        if close is not None:
            await close()
    match setting.store.partition(":")[0]:
        case "redis":
            keys = cast("list[bytes]", await _redis(setting, "KEYS", "*"))
            return sum(b":pulse:" not in key for key in keys)
        case "sqlite":
            with closing(_sqlite(setting)) as connection:
                tables = [table for table in _tables(connection) if table not in _OTHERS]
                return sum(_count(connection, table) for table in tables)
        case _:
            async with await AsyncConnection.connect(setting.store) as database:
                rows = 0
                for table in _POSTGRES:
                    if table not in _OTHERS:
                        counted = await database.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
                        rows += (await counted.fetchall())[0][0]
                return rows


async def _redis(setting: Setting, *command: str | int) -> object:
    """What the server says to a command."""
    connect: Callable[[str], _Client] = vars(redis.asyncio)["from_url"]
    client = connect(setting.store)
    try:
        return await client.execute_command(*command)
    finally:
        await client.aclose()


def _sqlite(setting: Setting) -> sqlite3.Connection:
    return sqlite3.connect(Path(setting.folder) / "store.sqlite", timeout=10, isolation_level=None)


def _tables(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'ringback%'")
    return [cast("str", name) for (name,) in rows]


def _count(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
