"""A store in PostgreSQL, for the workers of many machines: `pip install ringback[postgres]`."""

from __future__ import annotations

import asyncio
import time
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from contextlib import aclosing, suppress
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

try:
    from psycopg import AsyncConnection, OperationalError, Rollback, sql
    from psycopg.conninfo import conninfo_to_dict, make_conninfo
    from psycopg.errors import ProgrammingError, UndefinedTable
except ImportError as error:
    raise ImportError("this store needs psycopg: pip install 'ringback[postgres]'") from error

from ringback._core.limits import check_count, check_flag, check_seconds
from ringback.errors import InvalidValue
from ringback.stores import postgres_sql as statements
from ringback.stores.per_loop import PerLoop
from ringback.stores.postgres_connections import Connections
from ringback.stores.store import NEVER, Appended, Begun, Entry, Outcome, Record, Told
from ringback.stores.values import (
    LONGEST_TIMEOUT,
    check_append,
    check_begin,
    check_call,
    check_claim,
    check_due,
    check_key,
    check_prefix,
    check_pulse,
    check_run,
    check_tell,
    check_value,
    check_worker,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence

    from typing_extensions import LiteralString

__all__ = ["PostgresStore"]

Rows: TypeAlias = "Sequence[tuple[Any, ...]]"

T = TypeVar("T")

_SWEEP: Final = 60.0  # seconds between two looks for what has expired
_TRIES: Final = 20

# Whatever the database's own defaults are: statements are written for READ COMMITTED, and planned once for
# each connection, by the primary keys. (While the tables are young, the server would plan to read them whole,
# and stay with that.)
_SESSION: Final = (
    r"-c default_transaction_isolation=read\ committed"
    " -c statement_timeout={0} -c idle_in_transaction_session_timeout={0}"
    " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off"
)


class PostgresStore:
    """A store in a PostgreSQL database, version 12 or newer.

    Connections are made when they are first needed, in each event loop and each process for itself: up to 8
    in an event loop, and one for a mailbox. They have to reach the database itself, or a pooler in session
    mode: mailboxes are channels of LISTEN and NOTIFY. The clock is the database's, so that those of the
    workers may differ.

    Args:
        url: Where the database is: `postgresql://user:password@host:port/database`, or what else libpq takes.
        prefix: Put before every key, for programs that share a database.
        create_tables: Whether to make the tables where they aren't there; without, `schema` has to have been
            run by somebody who may.
        connect_timeout: Seconds to connect in, whole ones; of several hosts, each has two at least.
        timeout: Seconds to wait for a connection, and for an answer.

    Raises:
        InvalidValue: `url` isn't one, or a time isn't above 0.
        ImportError: The extra is missing.

    Operations raise `psycopg.Error` where the database can't be reached or refuses.
    """

    schema: Final = statements.SCHEMA
    """The SQL that makes the tables, for those who make tables by hand. Whoever uses them has to be allowed
    to select, insert, update and delete."""

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "",
        create_tables: bool = True,
        connect_timeout: int = 1,
        timeout: float = 3.0,
    ) -> None:
        check_count("connect_timeout", connect_timeout, most=LONGEST_TIMEOUT)
        check_seconds("timeout", timeout, most=LONGEST_TIMEOUT)
        check_flag("create_tables", create_tables)
        try:
            parts = conninfo_to_dict(url)
        except (ProgrammingError, ValueError, AttributeError):  # which quote the URL, and its password
            raise InvalidValue("url", url, "a postgresql URL or libpq's own form", secret=True) from None
        self._place = f"{parts.get('host') or ''}/{parts.get('dbname') or ''}"
        self._prefix = check_prefix(prefix)
        self._timeout = timeout
        options = f"{parts.get('options') or ''} {_SESSION.format(round(timeout * 1000))}".strip()
        conninfo = make_conninfo(
            url,
            connect_timeout=connect_timeout,
            options=options,
            client_encoding="UTF8",
            fallback_application_name="ringback",
        )
        hosts = str(parts.get("host") or parts.get("hostaddr") or "").count(",") + 1
        patience = connect_timeout if hosts == 1 else hosts * max(2, connect_timeout)
        self._databases = PerLoop(
            lambda: _Database(Connections(conninfo, patience, timeout), create_tables=create_tables)
        )

    def __repr__(self) -> str:
        return f"PostgresStore({self._place!r}, prefix={self._prefix!r})"

    async def add(self, key: str, value: bytes, ttl: float) -> bool:
        """Keep `value` for `ttl` seconds unless the key is there already; whether it was kept."""
        check_value(key, value, ttl)
        return bool(await self._write(statements.ADD, key, value, ttl))

    async def get(self, key: str) -> bytes | None:
        """What is kept under the key, or None."""
        check_key(key)
        rows = await self._ask(statements.GET, key=self._prefix + key)
        return rows[0][0] if rows else None

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        """Keep `value` for `ttl` seconds, in place of what was there."""
        check_value(key, value, ttl)
        await self._write(statements.PUT, key, value, ttl)

    async def remove(self, key: str) -> None:
        """Forget the key; nothing happens where it isn't there."""
        check_key(key)
        await self._ask(statements.REMOVE, key=self._prefix + key)

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
        new = {
            "prefix": self._prefix,
            "call": call,
            "run": run,
            "owner": owner,
            "mailbox": self._mailbox(owner),
            "epoch": epoch,
            "due": None if due == NEVER else due,
            "ttl": ttl,
            "names": list(fields),
            "values": list(fields.values()),
        }
        for _ in range(_TRIES):
            made = await self._ask(statements.BEGIN, **new)
            if not made:
                # Something is in the way. Until it is looked at it may be gone, or superseded by others.
                supersede = partial(self._supersede, new, before, _encode(note))
                begun = await self._databases.get().use(supersede)
                if isinstance(begun, Begun):
                    return begun
                made = begun
            if made:
                now: float = made[0][0]
                kept = {name: Entry(value, now) for name, value in fields.items()}
                return Begun(True, Record(run, call, owner, epoch, kept, now))
        raise OperationalError(f"the runs of {call!r} change faster than one can be begun")

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
        where = {"prefix": self._prefix, "run": run, "want": [*want, field]}
        rows = await self._ask(
            statements.APPEND,
            **where,
            field=field,
            value=value,
            fact=epoch is None,
            epoch=epoch or 0,
            wake=[self._mailbox(worker) for worker in wake],
            note=_encode(note),
            leave_due=due is None,
            due=None if due == NEVER else due,
            ttl=ttl,
        )
        if not rows:
            return Appended(Outcome.MISSING)
        owner, its_epoch, fresh, _, won_at = rows[0][:5]
        kept = _entries(row[5:] for row in rows)
        if not fresh:
            kept = _entries(await self._ask(statements.FIELDS, **where))
        if won_at is not None:
            outcome = Outcome.WON
            kept[field] = Entry(value, won_at)
        else:
            outcome = Outcome.LOST if epoch is None or epoch == its_epoch else Outcome.FENCED
        if outcome is not Outcome.LOST and field not in want:
            kept.pop(field, None)
        return Appended(outcome, owner, its_epoch, kept)

    async def read(self, run: str) -> Record | None:
        """A run's record, or None."""
        check_run(run)
        return _record(run, await self._ask(statements.READ, prefix=self._prefix, run=run))

    async def claim(self, run: str, epoch: int, me: str, *, ttl: float) -> Record | None:
        """Become the owner of a run whose epoch is `epoch`; see `RunStore.claim`."""
        check_claim(run, epoch, me, ttl)
        claimed = await self._ask(
            statements.CLAIM,
            prefix=self._prefix,
            run=run,
            epoch=epoch,
            me=me,
            mailbox=self._mailbox(me),
            ttl=ttl,
        )
        if not claimed:
            return None
        # Asked by itself: the statement that claims may have waited for others, and not see what they did.
        record = await self.read(run)
        return record if record is not None and (record.epoch, record.owner) == (epoch + 1, me) else None

    async def latest(self, call: str) -> str | None:
        """The id of the run that was begun last for a call, if its record is still there."""
        check_call(call)
        rows = await self._ask(statements.LATEST, prefix=self._prefix, call=call)
        return rows[0][0] if rows else None

    async def due(self, most: int, *, again: float) -> list[str]:
        """The ids of runs that are due, which are due again in `again` seconds; see `RunStore.due`."""
        check_due(most, again)
        await self._databases.get().sweep(statements.EXPIRED_RUNS)
        await self._databases.get().sweep(statements.EXPIRED_PULSES)
        rows = await self._ask(statements.DUE, prefix=self._prefix, most=most, again=again)
        return [row[0] for row in rows]

    async def pulse(self, me: str, *, ttl: float) -> None:
        """Tell the others that this worker is alive, for the next `ttl` seconds."""
        check_pulse(me, ttl)
        await self._ask(statements.PULSE, prefix=self._prefix, worker=me, ttl=ttl)

    async def pulse_of(self, worker: str) -> int | None:
        """How often a worker has told so; None where its last time has lapsed, or it has left."""
        check_worker(worker)
        rows = await self._ask(statements.PULSE_OF, prefix=self._prefix, worker=worker)
        return rows[0][0] if rows else None

    async def leave(self, me: str) -> None:
        """Tell the others that this worker is gone."""
        check_worker(me, "me")
        await self._ask(statements.LEAVE, prefix=self._prefix, worker=me)

    async def tell(self, worker: str, note: bytes) -> Told:
        """Put a note into a worker's mailbox. It may get lost, and nobody learns whether it was reached."""
        check_tell(worker, note)
        await self._ask(statements.TELL, mailbox=self._mailbox(worker), note=_encode(note))
        return Told.UNKNOWN

    def mail(self, me: str) -> AsyncGenerator[bytes, None]:
        """The notes that are put into this worker's mailbox from now on, the empty one first."""
        check_worker(me, "me")
        return self._mail(self._mailbox(me))

    async def aclose(self) -> None:
        """Close the connections of this event loop; new ones are made where the store is used again."""
        database = self._databases.take()
        if database is not None:
            await database.connections.close()

    async def _mail(self, mailbox: str) -> AsyncGenerator[bytes, None]:
        connections = self._databases.get().connections
        connection = await connections.open()
        try:
            async with connections.limit(connection):
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(mailbox)))
            yield b""
            while True:
                async with aclosing(connection.notifies(timeout=self._timeout)) as notes:
                    async for note in notes:
                        # What isn't base64 was put there by somebody else.
                        with suppress(NotBase64):
                            yield b64decode(note.payload, validate=True)
                # A connection may be cut without a word; a server that is there answers.
                async with connections.limit(connection):
                    await connection.execute("SELECT 1")
        finally:
            await connection.close()

    async def _ask(self, statement: LiteralString, **values: Any) -> Rows:
        return await self._databases.get().ask(statement, **values)

    async def _write(self, statement: LiteralString, key: str, value: bytes, ttl: float) -> Rows:
        written = await self._ask(statement, key=self._prefix + key, value=value, ttl=ttl)
        await self._databases.get().sweep(statements.EXPIRED_VALUES)
        return written

    async def _supersede(
        self, new: Mapping[str, Any], before: str | None, note: str, connection: AsyncConnection
    ) -> Begun | Rows:
        """Begin a run that can't just be added: what is in its way, else when it was begun, else nothing."""
        ask = partial(_ask, connection)
        made: Rows = ()
        async with connection.transaction():
            for (fresh,) in await ask(statements.IS_THERE, **new):
                if fresh:
                    there = _record(new["run"], await ask(statements.READ, **new))
                    return () if there is None else Begun(False, there)
                await ask(statements.FORGET, **new)
            for latest, fresh in await ask(statements.IS_LATEST, **new):
                where = {**new, "latest": latest, "note": note}
                if not fresh:
                    await ask(statements.NO_LONGER_LATEST, **where)
                elif latest != before:
                    there = _record(latest, await ask(statements.READ, prefix=self._prefix, run=latest))
                    return () if there is None else Begun(False, there)
                else:
                    await ask(statements.SUPERSEDE, **where)
            made = await ask(statements.BEGIN, **new)
            if not made:  # nor is anything superseded
                raise Rollback
        return made

    def _mailbox(self, worker: str) -> str:
        """The channel of a worker: PostgreSQL takes names of 63 bytes."""
        name = f"{self._prefix}\0{worker}".encode()
        return f"ringback_{blake2b(name, digest_size=16).hexdigest()}"


class _Database:
    """The database as one event loop uses it: makes the tables where they are missing, and sweeps them."""

    def __init__(self, connections: Connections, *, create_tables: bool) -> None:
        self.connections = connections
        self._create_tables = create_tables
        self._ready = not create_tables
        self._preparing: asyncio.Task[None] | None = None
        self._sweep_at: dict[str, float] = {}

    async def ask(self, statement: LiteralString, **values: Any) -> Rows:
        """What a statement answers; where that is nothing, one empty row for each row that it changed."""
        asking = partial(_ask, statement=statement, **values)
        try:
            return await self.use(asking)
        except UndefinedTable:
            if not self._create_tables:
                raise
        self._ready = False  # somebody has dropped them since
        return await self.use(asking)

    async def use(self, what: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do something on a connection."""
        if not self._ready:
            if self._preparing is None:
                self._preparing = asyncio.create_task(self.connections.use(self._prepare))
                self._preparing.add_done_callback(self._prepared)
            # All who wait for it share its failure: one after the other they would wait long where the server
            # hangs. And whoever no longer waits leaves the others alone.
            await asyncio.shield(self._preparing)
        return await self.connections.use(what)

    async def sweep(self, statement: LiteralString) -> None:
        """Drop some of what has expired, if it is time to; soon again if there is more."""
        now = time.monotonic()
        if now >= self._sweep_at.get(statement, 0.0):
            self._sweep_at[statement] = now + _SWEEP
            if len(await self.ask(statement)) >= statements.SWEPT:
                self._sweep_at[statement] = now

    async def _prepare(self, connection: AsyncConnection) -> None:
        if await _ask(connection, statements.THERE) == [(True,)]:
            return  # whoever may only use the tables may not even ask for them to be made
        async with connection.transaction():
            await connection.execute(statements.CREATING)
            await connection.execute(statements.SCHEMA, prepare=False)  # which is several

    def _prepared(self, preparing: asyncio.Task[None]) -> None:
        self._preparing = None
        self._ready = not preparing.cancelled() and preparing.exception() is None


async def _ask(connection: AsyncConnection, statement: LiteralString, **values: Any) -> Rows:
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(statement, values)
        return [()] * cursor.rowcount if cursor.description is None else await cursor.fetchall()


def _encode(note: bytes) -> str:
    """What a notification carries is text."""
    return b64encode(note).decode()


def _entries(rows: Iterable[tuple[Any, ...]]) -> dict[str, Entry]:
    """Of name, value and time, None where a record has none of those that were asked for."""
    return {name: Entry(value, at) for name, value, at in rows if name is not None}


def _record(run: str, rows: Rows) -> Record | None:
    if not rows:
        return None
    call, owner, epoch, now = rows[0][:4]
    return Record(run, call, owner, epoch, _entries(row[4:] for row in rows), now)
