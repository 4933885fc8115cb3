"""How requests reach the network: two protocols and their implementations, one module each.

    Transport            send(request) -> response, close()
    └── urllib3          Urllib3Transport: the default of `Client`
    AsyncTransport       await send(request), await aclose()
    └── threaded         ThreadedTransport: any Transport in worker threads; the default of `AsyncClient`

A transport never retries, never follows a redirect and never invents a header: policies live in the client.
It raises `ConnectFailed` where nothing can have been sent, `TimedOut` where the answer did not come in time,
and `TransportError` for every other failure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ringback.http import Request, Response

__all__ = ["AsyncTransport", "Transport"]


class Transport(Protocol):
    """Sends requests and waits for the answers; safe to use from several threads at once."""

    def send(self, request: Request, /) -> Response:
        """The answer to `request`, read to its end.

        Raises:
            ConnectFailed: No connection was made, so nothing was sent.
            TimedOut: The answer did not come within `request.timeout`.
            TransportError: The connection broke.
        """
        ...

    def close(self) -> None:
        """Give the connections back; harmless when repeated."""
        ...


class AsyncTransport(Protocol):
    """The same for asyncio."""

    async def send(self, request: Request, /) -> Response:
        """See `Transport.send`."""
        ...

    async def aclose(self) -> None:
        """Give the connections back; harmless when repeated."""
        ...
