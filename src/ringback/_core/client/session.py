"""What every resource client holds: it has a driver carry exchanges out.

Its own imports are few, for this is what a client needs before its first request; the rest comes with that.

Exchanges            operation, path and values -> exchange (exchanges.py)
├── Session          ... carried out by the sync driver
└── AsyncSession     ... carried out by the async one
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ringback._core.operations.drivers import drive, drive_async, drive_stream, drive_stream_async

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ringback._core.client.options import RequestOptions
    from ringback._core.operations.exchange import Exchange
    from ringback._core.operations.exchanges import Exchanges
    from ringback._core.operations.operation import Operation
    from ringback._core.operations.paging import AsyncPager, PageContent, Pager
    from ringback.transports import AsyncResponseStream, AsyncTransport, ResponseStream, Transport

__all__ = ["AsyncSession", "Session"]

T = TypeVar("T")


class Session:
    """Carries exchanges out, one after the other; safe to share between threads."""

    def __init__(self, exchanges: Callable[[], Exchanges], transport: Callable[[], Transport]) -> None:
        self._make_exchanges = exchanges
        self._exchanges: Exchanges | None = None
        self._transport = transport

    @property
    def exchanges(self) -> Exchanges:
        """What makes the exchanges; made for the first request."""
        # No cached_property: it holds a lock meanwhile, which a fork could copy locked. Two threads may make
        # one each, and both are as good.
        if self._exchanges is None:
            self._exchanges = self._make_exchanges()
        return self._exchanges

    def drive(self, exchange: Exchange[T]) -> T:
        """Carry any exchange out."""
        return drive(exchange, self._transport())

    def one(
        self,
        operation: Operation,
        path: str,
        values: Sequence[object],
        model: type[T],
        options: RequestOptions | None,
    ) -> T:
        """Carry out an operation that gives one record."""
        return self.drive(self.exchanges.one(operation, path, values, model, options))

    def stream(self, path: str, options: RequestOptions | None = None) -> ResponseStream:
        """Open the content behind `path`, such as a recording's `….mp3`, to be read in chunks.

        It may be a checked URL as well, see `Exchanges.content`.

        Retries until the answer begins; from then on a broken connection is the caller's, who goes on with
        `RequestOptions(headers={"Range": f"bytes={received}-"})` and looks whether `status` is 206. Redirects
        to the storage host are followed without credentials.

            with session.stream(context._path + ".mp3") as answer:
                total = answer.headers.get("Content-Length")
                for chunk in answer:
                    file.write(chunk)

        Raises:
            ApiError: Twilio refused.
            TransportError: No usable answer came.
            ResponseInvalid: A redirect leads nowhere or in circles.
        """
        return drive_stream(self.exchanges.content(path, options), self._transport())

    def none(
        self, operation: Operation, path: str, values: Sequence[object], options: RequestOptions | None
    ) -> None:
        """Carry out an operation that gives nothing."""
        self.drive(self.exchanges.none(operation, path, values, options))

    def list(
        self,
        operation: Operation,
        path: str,
        values: Sequence[object],
        model: type[T],
        limit: int | None,
        page_size: int | None,
        options: RequestOptions | None,
        from_page: str | None = None,
    ) -> Pager[T]:
        """A pager over the records of a list operation."""
        from ringback._core.operations.paging import Pager

        def fetch(url: str) -> PageContent[T]:
            return self.drive(self.exchanges.page(url, operation, model, options))

        first = self.exchanges.first_page(operation, path, values, limit, page_size, options, from_page)
        return Pager(first, fetch, limit)


class AsyncSession:
    """`Session` for asyncio; safe to share between tasks."""

    def __init__(self, exchanges: Callable[[], Exchanges], transport: Callable[[], AsyncTransport]) -> None:
        self._make_exchanges = exchanges
        self._exchanges: Exchanges | None = None
        self._transport = transport

    @property
    def exchanges(self) -> Exchanges:
        """See `Session.exchanges`."""
        if self._exchanges is None:
            self._exchanges = self._make_exchanges()
        return self._exchanges

    async def drive(self, exchange: Exchange[T]) -> T:
        """Carry any exchange out."""
        return await drive_async(exchange, self._transport())

    async def one(
        self,
        operation: Operation,
        path: str,
        values: Sequence[object],
        model: type[T],
        options: RequestOptions | None,
    ) -> T:
        """Carry out an operation that gives one record."""
        return await self.drive(self.exchanges.one(operation, path, values, model, options))

    async def stream(self, path: str, options: RequestOptions | None = None) -> AsyncResponseStream:
        """See `Session.stream`; here it is `async with await session.stream(path)`, and `async for`."""
        return await drive_stream_async(self.exchanges.content(path, options), self._transport())

    async def none(
        self, operation: Operation, path: str, values: Sequence[object], options: RequestOptions | None
    ) -> None:
        """Carry out an operation that gives nothing."""
        await self.drive(self.exchanges.none(operation, path, values, options))

    def list(
        self,
        operation: Operation,
        path: str,
        values: Sequence[object],
        model: type[T],
        limit: int | None,
        page_size: int | None,
        options: RequestOptions | None,
        from_page: str | None = None,
    ) -> AsyncPager[T]:
        """A pager over the records of a list operation."""
        from ringback._core.operations.paging import AsyncPager

        async def fetch(url: str) -> PageContent[T]:
            return await self.drive(self.exchanges.page(url, operation, model, options))

        first = self.exchanges.first_page(operation, path, values, limit, page_size, options, from_page)
        return AsyncPager(first, fetch, limit)
