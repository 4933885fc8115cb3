"""Connections to PostgreSQL of one event loop: few, kept, and none that hangs for long."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

from psycopg import AsyncConnection, Error, OperationalError
from psycopg.errors import ReadOnlySqlTransaction
from psycopg.pq import TransactionStatus

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

__all__ = ["Connections"]

_MOST: Final = 8  # further operations wait for one

T = TypeVar("T")


class Connections:
    """What operations run on. Made in the event loop that uses it.

    Args:
        conninfo: Where the database is.
        connect_timeout: Seconds to connect in.
        timeout: Seconds to wait for a connection, and seconds that an operation may have one.
    """

    def __init__(self, conninfo: str, connect_timeout: float, timeout: float) -> None:
        self._conninfo = conninfo
        self._connect_timeout = connect_timeout
        self._timeout = timeout
        self._idle: list[AsyncConnection] = []
        self._free = asyncio.Semaphore(_MOST)
        self._running: set[asyncio.Task[Any]] = set()  # or they might be collected as garbage
        self._closed = False

    async def use(self, what: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do something on a connection, which is cut off if it takes too long.

        It is done to its end even where whoever asked for it is cancelled: to be cancelled, psycopg would ask
        the server, and wait for that where it hangs.
        """
        await self._wait()
        try:
            connection = await self._kept() or await self.open()
        except BaseException:
            self._free.release()
            raise
        using = asyncio.create_task(self._use(connection, what))
        self._running.add(using)
        using.add_done_callback(self._running.discard)
        return await asyncio.shield(using)

    async def open(self) -> AsyncConnection:
        """A connection that isn't kept here; whoever asked for it closes it."""
        # psycopg's own limit is not below two seconds. It isn't cancelled but left to that: cancelled at the
        # wrong moment, psycopg would leave a connection open that nobody has.
        connecting = asyncio.create_task(
            AsyncConnection.connect(self._conninfo, autocommit=True, prepare_threshold=0)
        )
        try:
            await asyncio.wait([connecting], timeout=self._connect_timeout)
        except asyncio.CancelledError:
            self._abandon(connecting)
            raise
        if not connecting.done():
            self._abandon(connecting)
            raise OperationalError(f"no connection in {self._connect_timeout} seconds")
        return connecting.result()

    @asynccontextmanager
    async def limit(self, connection: AsyncConnection) -> AsyncGenerator[None, None]:
        """What is done within has as long as an operation may take.

        A server that hangs can't be cancelled: psycopg would ask it to, and wait for its answer. So the
        connection is cut, which psycopg takes for the server's doing.
        """
        timer = asyncio.get_running_loop().call_later(self._timeout, _cut, connection)
        try:
            yield
        except Error as error:
            if timer.when() <= asyncio.get_running_loop().time() and connection.broken:
                raise OperationalError(f"no answer in {self._timeout} seconds") from error
            raise
        finally:
            timer.cancel()

    async def close(self) -> None:
        """Close those that are kept; those in use are closed when they come back."""
        self._closed = True
        while self._idle:
            await self._idle.pop().close()

    async def _use(self, connection: AsyncConnection, what: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        try:
            async with self.limit(connection):
                return await what(connection)
        except ReadOnlySqlTransaction:  # this is no longer the primary; another connection may lead there
            await connection.close()
            raise
        finally:
            await self._keep(connection)
            self._free.release()

    def _abandon(self, connecting: asyncio.Task[AsyncConnection]) -> None:
        self._running.add(connecting)
        connecting.add_done_callback(self._running.discard)
        connecting.add_done_callback(_discard)

    async def _wait(self) -> None:
        if not self._free.locked():  # spares a task
            await self._free.acquire()
            return
        try:
            await asyncio.wait_for(self._free.acquire(), self._timeout)
        except asyncio.TimeoutError:
            raise OperationalError(f"no connection was free in {self._timeout} seconds") from None

    async def _kept(self) -> AsyncConnection | None:
        while self._idle:
            connection = self._idle.pop()
            # One that the server has closed meanwhile has its end to be read; all others have nothing.
            with suppress(OperationalError):
                connection.pgconn.consume_input()
            if not connection.closed:
                return connection
            await connection.close()
        return None

    async def _keep(self, connection: AsyncConnection) -> None:
        if self._closed or connection.closed or connection.info.transaction_status != TransactionStatus.IDLE:
            await connection.close()
        else:
            self._idle.append(connection)


def _discard(connecting: asyncio.Task[AsyncConnection]) -> None:
    if not connecting.cancelled() and connecting.exception() is None:
        connecting.result().pgconn.finish()


def _cut(connection: AsyncConnection) -> None:
    with (
        suppress(OSError, OperationalError),
        socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM) as end,
    ):
        end.shutdown(socket.SHUT_RDWR)
