"""A store in PostgreSQL, for the workers of many machines: `pip install ringback[postgres]`."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

try:
    from psycopg import AsyncConnection
    from psycopg.conninfo import conninfo_to_dict, make_conninfo
    from psycopg.errors import ProgrammingError
    from psycopg_pool import AsyncConnectionPool
except ImportError as error:
    raise ImportError("this store needs psycopg: pip install 'ringback[postgres]'") from error

from ringback.errors import InvalidValue
from ringback.stores.per_loop import PerLoop
from ringback.stores.values import check_key, check_prefix, check_value

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from typing_extensions import LiteralString

__all__ = ["PostgresStore"]

_MOST: Final = 8  # connections of one event loop
_SWEEP: Final = 60.0  # seconds between two looks for what has expired

_SCHEMA: Final = """\
CREATE TABLE IF NOT EXISTS ringback_values (
    key text PRIMARY KEY,
    value bytea NOT NULL,
    until timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS ringback_values_until ON ringback_values (until);
"""
# Workers that start together would make the tables at once, which IF NOT EXISTS doesn't help against.
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('ringback_values'))"
_THERE: Final = "SELECT to_regclass('ringback_values') IS NOT NULL"
_ADD: Final = """\
INSERT INTO ringback_values AS kept (key, value, until) VALUES (%s, %s, now() + %s * interval '1 second')
ON CONFLICT (key) DO UPDATE SET value = excluded.value, until = excluded.until WHERE kept.until <= now()
"""
_PUT: Final = """\
INSERT INTO ringback_values (key, value, until) VALUES (%s, %s, now() + %s * interval '1 second')
ON CONFLICT (key) DO UPDATE SET value = excluded.value, until = excluded.until
"""
_GET: Final = "SELECT value FROM ringback_values WHERE key = %s AND until > now()"
_REMOVE: Final = "DELETE FROM ringback_values WHERE key = %s"
_EXPIRED: Final = """\
DELETE FROM ringback_values WHERE key IN (
    SELECT key FROM ringback_values WHERE until <= now() LIMIT 1000 FOR UPDATE SKIP LOCKED
)
"""


class PostgresStore:
    """A store in a PostgreSQL database.

    Connections are made when they are first needed, in each event loop and each process for itself. The clock
    is the database's, so that those of the workers may differ.

    Args:
        url: Where the database is: `postgresql://user:password@host:port/database`, or what else libpq takes.
        prefix: Put before every key, for programs that share a database.
        create_tables: Whether to make the table where it isn't there; without, `schema` has to have been run
            by somebody who may.
        connect_timeout: Seconds to connect in, whole ones.
        timeout: Seconds to wait for a connection, and for an answer.

    Raises:
        InvalidValue: `url` isn't one, or a time isn't above 0.
        ImportError: The extra is missing.

    Operations raise `psycopg.Error` where the database can't be reached or refuses.
    """

    schema: Final = _SCHEMA
    """The SQL that makes the table, for those who make tables by hand."""

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "",
        create_tables: bool = True,
        connect_timeout: int = 1,
        timeout: float = 3.0,
    ) -> None:
        for name, seconds in (("connect_timeout", connect_timeout), ("timeout", timeout)):
            if not 0 < seconds <= 60:
                raise InvalidValue(name, seconds, "seconds above 0, at most 60")
        try:
            parts = conninfo_to_dict(url)
        except ProgrammingError:  # which quotes the URL, and its password
            raise InvalidValue("url", url, "a postgresql URL or libpq's own form", secret=True) from None
        self._place = f"{parts.get('host') or ''}/{parts.get('dbname') or ''}"
        self._prefix = check_prefix(prefix)
        options = f"{parts.get('options') or ''} -c statement_timeout={round(timeout * 1000)}".strip()
        conninfo = make_conninfo(url, connect_timeout=connect_timeout, options=options)
        self._databases = PerLoop(lambda: _Database(conninfo, timeout, create_tables=create_tables))

    def __repr__(self) -> str:
        return f"PostgresStore({self._place!r}, prefix={self._prefix!r})"

    async def add(self, key: str, value: bytes, ttl: float) -> bool:
        """Keep `value` for `ttl` seconds unless the key is there already; whether it was kept."""
        check_value(key, value, ttl)
        return await self._databases.get().write(_ADD, self._prefix + key, value, ttl) > 0

    async def get(self, key: str) -> bytes | None:
        """What is kept under the key, or None."""
        check_key(key)
        return await self._databases.get().read(self._prefix + key)

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        """Keep `value` for `ttl` seconds, in place of what was there."""
        check_value(key, value, ttl)
        await self._databases.get().write(_PUT, self._prefix + key, value, ttl)

    async def remove(self, key: str) -> None:
        """Forget the key; nothing happens where it isn't there."""
        check_key(key)
        await self._databases.get().write(_REMOVE, self._prefix + key)

    async def aclose(self) -> None:
        """Close the connections of this event loop; new ones are made where the store is used again."""
        database = self._databases.take()
        if database is not None:
            await database.close()


class _Database:
    """The connections of one event loop."""

    def __init__(self, conninfo: str, timeout: float, *, create_tables: bool) -> None:
        self._pool = AsyncConnectionPool[AsyncConnection](
            conninfo,
            kwargs={"autocommit": True},
            min_size=0,
            max_size=_MOST,
            timeout=timeout,
            reconnect_timeout=timeout,
            # One that the server has closed meanwhile is noticed before it is used.
            check=AsyncConnectionPool.check_connection,
            open=False,
        )
        self._ready = not create_tables
        self._opening = asyncio.Lock()
        self._sweep_at = 0.0

    async def read(self, key: str) -> bytes | None:
        async with self._connection() as connection:
            row = await (await connection.execute(_GET, (key,))).fetchone()
        return None if row is None else bytes(row[0])

    async def write(self, sql: LiteralString, *values: str | bytes | float) -> int:
        """How many rows it changed."""
        async with self._connection() as connection:
            changed = (await connection.execute(sql, values)).rowcount
            if time.monotonic() >= self._sweep_at:
                self._sweep_at = time.monotonic() + _SWEEP
                await connection.execute(_EXPIRED)
        return changed

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[AsyncConnection, None]:
        if self._pool.closed or not self._ready:
            async with self._opening:
                await self._open()
        async with self._pool.connection() as connection:
            yield connection

    async def _open(self) -> None:
        if self._pool.closed:
            await self._pool.open()
        if not self._ready:
            async with self._pool.connection() as connection:
                await _create(connection)
            self._ready = True


async def _create(connection: AsyncConnection) -> None:
    there = await (await connection.execute(_THERE)).fetchone()
    if there == (True,):  # whoever may only use the table may not even ask for it to be made
        return
    async with connection.transaction():
        await connection.execute(_LOCK)
        await connection.execute(_SCHEMA)
