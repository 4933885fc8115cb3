"""Any synchronous transport for asyncio: each request runs in a worker thread."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ringback.http import Request, Response
    from ringback.transports import Transport

__all__ = ["ThreadedTransport"]


class ThreadedTransport:
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
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._transport.send, request)

    async def aclose(self) -> None:
        """Close the transport, once the requests under way are done."""
        await asyncio.to_thread(self._executor.shutdown)
        self._transport.close()
