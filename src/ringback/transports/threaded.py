"""Any synchronous transport for asyncio: each request runs in a worker thread."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from ringback.transports import AsyncTransport
from ringback.transports.streams import AsyncResponseStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from ringback.http import Request, Response
    from ringback.transports import Transport

__all__ = ["ThreadedTransport"]

T = TypeVar("T")


class ThreadedTransport(AsyncTransport):
    """Runs a `Transport` in threads of its own; the default of `AsyncClient`, since it needs no extra.

    Args:
        transport: The transport to run.
        threads: How many requests may be under way at once; more wait their turn.
    """

    def __init__(self, transport: Transport, *, threads: int = 32) -> None:
        self._transport = transport
        self._executor = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="ringback-http")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._transport!r})"

    async def send(self, request: Request, /) -> Response:
        """See `Transport.send`."""
        return await self._run(partial(self._transport.send, request))

    async def stream(self, request: Request, /) -> AsyncResponseStream:
        """See `Transport.stream`."""
        answer = await self._run(partial(self._transport.stream, request))
        pieces = iter(answer)

        async def chunks() -> AsyncIterator[bytes]:
            while chunk := await self._run(partial(next, pieces, b"")):
                yield chunk

        async def close() -> None:
            await self._run(answer.close)

        return AsyncResponseStream(answer.status, answer.headers, chunks(), close)

    async def aclose(self) -> None:
        """Close the transport, once the requests under way are done."""
        await asyncio.to_thread(self._executor.shutdown)
        self._transport.close()

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)
