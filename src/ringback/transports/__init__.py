"""How requests reach the network: two protocols and their implementations, one module each.

    Transport                send(request) -> response, stream(request) -> response stream, close()
    ├── urllib3              Urllib3Transport: the default of `Client`
    ├── httpx                HttpxTransport, also over HTTP/2 (extras httpx, http2)
    ├── hooks, limiter       HookedTransport, LimitedTransport: around another transport
    └── testing              FakeTransport, RecordingTransport
    AsyncTransport           await send(request), await stream(request), await aclose()
    ├── threaded             ThreadedTransport: any Transport in worker threads; the default of `AsyncClient`
    ├── httpx, aiohttp       AsyncHttpxTransport, AiohttpTransport (extras httpx, http2, aiohttp)
    ├── hooks, limiter       AsyncHookedTransport, AsyncLimitedTransport
    └── testing              AsyncFakeTransport, AsyncRecordingTransport

What they share: bodies.py (unpacking within bounds), guard.py (errors of libraries), in_loop.py (who is
blocked), one_loop.py and per_process.py (what connections can't cross), proxies.py, streams.py. Spans are in
otel.py.

A transport never retries, never follows a redirect and never invents a header: policies live in the client.
It raises `ConnectFailed` where nothing can have been sent, `TimedOut` where the answer did not come in time,
and `TransportError` for every other failure.

To write one of your own, subclass `Transport` and define `send` and `close`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ringback.transports.streams import AsyncResponseStream, ResponseStream

if TYPE_CHECKING:
    from ringback.http import Request, Response

__all__ = ["AsyncResponseStream", "AsyncTransport", "ResponseStream", "Transport"]


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

    def stream(self, request: Request, /) -> ResponseStream:
        """The answer to `request` as soon as its headers are there; its body comes while it is iterated.

        A transport that subclasses this protocol may leave it out: then the body comes in one piece.

        Raises:
            ConnectFailed: No connection was made, so nothing was sent.
            TimedOut: The headers did not come within `request.timeout`.
            TransportError: The connection broke.
        """
        return ResponseStream.of(self.send(request))

    def close(self) -> None:
        """Give the connections back; harmless when repeated."""
        ...


class AsyncTransport(Protocol):
    """The same for asyncio."""

    async def send(self, request: Request, /) -> Response:
        """See `Transport.send`."""
        ...

    async def stream(self, request: Request, /) -> AsyncResponseStream:
        """See `Transport.stream`."""
        return AsyncResponseStream.of(await self.send(request))

    async def aclose(self) -> None:
        """Give the connections back; harmless when repeated."""
        ...
