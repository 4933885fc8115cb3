"""Any synchronous transport for asyncio: each request runs in a worker thread."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from ringback.transports import AsyncTransport
from ringback.transports.per_process import PerProcess
from ringback.transports.streams import AsyncResponseStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from ringback.http import Request, Response
    from ringback.transports import Transport
    from ringback.transports.streams import ResponseStream

__all__ = ["ThreadedTransport"]

T = TypeVar("T")


class ThreadedTransport(AsyncTransport):
    """Runs a `Transport` in threads of its own; the default of `AsyncClient`, since it needs no extra.

    It belongs to no event loop: one may be used by several, one after the other or at once.

    Args:
        transport: The transport to run; closed with this one.
        threads: How many requests may be under way at once; more wait their turn.
    """

    def __init__(self, transport: Transport, *, threads: int = 32) -> None:
        self._transport = transport
        self._executors = PerProcess(
            partial(ThreadPoolExecutor, max_workers=threads, thread_name_prefix="ringback-http")
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._transport!r})"

    async def send(self, request: Request, /) -> Response:
        """See `Transport.send`; cancelling the task does not take back what was sent."""
        return await self._run(partial(self._transport.send, request))

    async def stream(self, request: Request, /) -> AsyncResponseStream:
        """See `Transport.stream`."""
        opening = self._executors.get().submit(self._transport.stream, request)
        try:
            answer = await asyncio.wrap_future(opening)
        except asyncio.CancelledError:
            # The thread goes on, and nobody else is left to give its connection back.
            opening.add_done_callback(_close_unwanted)
            raise
        pieces = iter(answer)

        async def chunks() -> AsyncIterator[bytes]:
            while chunk := await self._run(partial(next, pieces, b"")):
                yield chunk

        async def close() -> None:
            await self._run(answer.close)

        return AsyncResponseStream(answer.status, answer.headers, chunks(), close)

    async def aclose(self) -> None:
        """Close the transport, once the requests under way are done."""
        executor = self._executors.take()
        if executor is not None:
            await asyncio.to_thread(executor.shutdown)
        self._transport.close()

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executors.get(), work)


def _close_unwanted(opening: Future[ResponseStream]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
