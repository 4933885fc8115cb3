"""Answers whose body is still on its way.

    ResponseStream          status and headers at once, the body in chunks while it is iterated
    AsyncResponseStream     the same for asyncio

Each is a context manager: leaving it gives the connection back, read to its end or not.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING

from ringback.http import Headers, Response

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

__all__ = ["CHUNK_SIZE", "AsyncResponseStream", "ResponseStream"]

CHUNK_SIZE = 65_536
"""Bytes that a transport reads at once; a chunk may be shorter, never empty."""


class ResponseStream:
    """An answer whose body can be read once, chunk by chunk.

    ```python
    with transport.stream(Request("GET", url)) as answer:
        if answer.status == 200:
            for chunk in answer:
                file.write(chunk)
    ```

    Iterating raises `TimedOut` where the next piece takes longer than the request's `timeout.read`, and
    `TransportError` where the connection breaks before the promised end.

    Attributes:
        status: The HTTP status.
        headers: The header fields, `Content-Length` and `Content-Range` among them where they were sent.
    """

    __slots__ = ("_chunks", "_close", "headers", "status")

    def __init__(
        self, status: int, headers: Headers, chunks: Iterator[bytes], close: Callable[[], None]
    ) -> None:
        self.status = status
        self.headers = headers
        self._chunks = chunks
        self._close = close

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.status})"

    @classmethod
    def of(cls, response: Response) -> Self:
        """A stream over an answer that is complete already."""
        return cls(
            response.status, response.headers, iter((response.body,) if response.body else ()), _nothing
        )

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def read(self, limit: int | None = None) -> bytes:
        """What is left of the body; with a limit, a little more than so many bytes at most."""
        pieces: list[bytes] = []
        size = 0
        for chunk in self._chunks:
            pieces.append(chunk)
            size += len(chunk)
            if limit is not None and size >= limit:
                break
        return b"".join(pieces)

    def close(self) -> None:
        """Give the connection back; harmless when repeated."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class AsyncResponseStream:
    """`ResponseStream` for asyncio: `async with`, `async for`, `await answer.read()`."""

    __slots__ = ("_chunks", "_close", "headers", "status")

    def __init__(
        self,
        status: int,
        headers: Headers,
        chunks: AsyncIterator[bytes],
        close: Callable[[], Awaitable[None]],
    ) -> None:
        self.status = status
        self.headers = headers
        self._chunks = chunks
        self._close = close

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.status})"

    @classmethod
    def of(cls, response: Response) -> Self:
        """See `ResponseStream.of`."""
        return cls(response.status, response.headers, _all_of(response.body), _nothing_async)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._chunks

    async def read(self, limit: int | None = None) -> bytes:
        """See `ResponseStream.read`."""
        pieces: list[bytes] = []
        size = 0
        async for chunk in self._chunks:
            pieces.append(chunk)
            size += len(chunk)
            if limit is not None and size >= limit:
                break
        return b"".join(pieces)

    async def aclose(self) -> None:
        """Give the connection back; harmless when repeated."""
        await self._close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


async def _all_of(body: bytes) -> AsyncIterator[bytes]:
    if body:
        yield body


def _nothing() -> None:
    pass


async def _nothing_async() -> None:
    pass
