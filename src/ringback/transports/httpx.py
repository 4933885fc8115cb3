"""httpx, sync and async, and HTTP/2 with it: `pip install ringback[httpx]`, for HTTP/2 `ringback[http2]`."""

from __future__ import annotations

import ssl
from collections import deque
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, TypeVar

try:
    import httpx
except ImportError as error:
    raise ImportError("this transport needs httpx: pip install 'ringback[httpx]'") from error

from ringback.errors import ConfigurationError, ConnectFailed, TimedOut, TransportError
from ringback.http import Headers, Response
from ringback.transports import AsyncTransport, Transport
from ringback.transports.one_loop import OneLoop
from ringback.transports.per_process import PerProcess
from ringback.transports.proxies import Proxies
from ringback.transports.streams import AsyncResponseStream, ResponseStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Iterator

    from ringback.http import Request
    from ringback.transports.proxies import Proxy

__all__ = ["AsyncHttpxTransport", "HttpxTransport"]

P = TypeVar("P")

_KEEP_ALIVE: Final = 30.0  # seconds that an idle connection is kept
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


class HttpxTransport(Transport):
    """Sends over httpx; safe to share between threads, and usable in a forked child.

    Args:
        pool_size: Connections kept open; more are made when needed and closed after use.
        http2: Whether to speak HTTP/2 where the server does; needs the extra `http2`.
        proxy: URL of an HTTP proxy that everything goes through.
        trust_env: Without `proxy`, whether https goes through the proxy that `HTTPS_PROXY`, `ALL_PROXY` and
            `NO_PROXY` tell of.
        ssl_context: TLS settings, such as the certificates to trust; default the system's.

    Raises:
        InvalidValue: `proxy` is malformed.
        ConfigurationError: `http2` without its extra.
    """

    def __init__(
        self,
        *,
        pool_size: int = 32,
        http2: bool = False,
        proxy: str | None = None,
        trust_env: bool = True,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._proxies = Proxies(proxy, trust_env=trust_env)
        self._settings = _Settings(http2, ssl_context, httpx.Limits(keepalive_expiry=_KEEP_ALIVE))
        self._pool_size = pool_size
        # One thread at a time has a pool: shared by threads, httpcore closes connections that another of them
        # has just begun to use.
        self._idle = PerProcess[dict["Proxy | None", deque[httpx.HTTPTransport]]](dict)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def send(self, request: Request, /) -> Response:
        """See `Transport.send`."""
        with self.stream(request) as answer:
            return Response(answer.status, answer.headers, answer.read())

    def stream(self, request: Request, /) -> ResponseStream:
        """See `Transport.stream`."""
        proxy = self._proxies.of(request.url)
        idle = self._idle.get().setdefault(proxy, deque())
        try:
            pool = idle.pop()
        except IndexError:
            pool = self._settings.make(httpx.HTTPTransport, proxy)
        try:
            with _errors(request):
                answer = pool.handle_request(_outgoing(request))
        except BaseException:
            pool.close()
            raise
        in_use = [pool]

        def chunks() -> Iterator[bytes]:
            with _errors(request):
                yield from answer.iter_bytes()

        def close() -> None:
            while in_use:
                pool = in_use.pop()
                answer.close()
                if len(idle) < self._pool_size:
                    idle.append(pool)
                else:
                    pool.close()

        return ResponseStream(answer.status_code, Headers(answer.headers.multi_items()), chunks(), close)

    def close(self) -> None:
        """Close the idle connections."""
        for pools in (self._idle.take() or {}).values():
            while pools:
                pools.pop().close()


class AsyncHttpxTransport(AsyncTransport):
    """`HttpxTransport` for asyncio; belongs to the event loop that uses it first."""

    def __init__(
        self,
        *,
        pool_size: int = 100,
        http2: bool = False,
        proxy: str | None = None,
        trust_env: bool = True,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._proxies = Proxies(proxy, trust_env=trust_env)
        limits = httpx.Limits(max_connections=pool_size, keepalive_expiry=_KEEP_ALIVE)
        self._settings = _Settings(http2, ssl_context, limits)
        self._pools = OneLoop[dict["Proxy | None", httpx.AsyncHTTPTransport]](repr(self), dict)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    async def send(self, request: Request, /) -> Response:
        """See `Transport.send`."""
        with _errors(request):
            answer = await self._request(request)
            try:
                body = await answer.aread()
            finally:
                await answer.aclose()
            return Response(answer.status_code, Headers(answer.headers.multi_items()), body)

    async def stream(self, request: Request, /) -> AsyncResponseStream:
        """See `Transport.stream`."""
        with _errors(request):
            answer = await self._request(request)

        async def chunks() -> AsyncIterator[bytes]:
            with _errors(request):
                async for chunk in answer.aiter_bytes():
                    yield chunk

        return AsyncResponseStream(
            answer.status_code, Headers(answer.headers.multi_items()), chunks(), answer.aclose
        )

    async def aclose(self) -> None:
        """Close the connections."""
        for pool in (self._pools.take() or {}).values():
            await pool.aclose()

    async def _request(self, request: Request) -> httpx.Response:
        pools = self._pools.get()
        proxy = self._proxies.of(request.url)
        if proxy not in pools:
            pools[proxy] = self._settings.make(httpx.AsyncHTTPTransport, proxy)
        return await pools[proxy].handle_async_request(_outgoing(request))


class _Settings:
    """What the pools of one transport have in common."""

    def __init__(self, http2: bool, ssl_context: ssl.SSLContext | None, limits: httpx.Limits) -> None:
        if http2 and find_spec("h2") is None:
            raise ConfigurationError("HTTP/2 needs the package h2: pip install 'ringback[http2]'")
        self._http2 = http2
        self._limits = limits
        self._ssl_context = ssl_context

    def make(self, pool: Callable[..., P], proxy: Proxy | None) -> P:
        if self._ssl_context is None:
            self._ssl_context = ssl.create_default_context()
        return pool(
            verify=self._ssl_context,
            http2=self._http2,
            limits=self._limits,
            proxy=None if proxy is None else _proxy(proxy),
        )


def _proxy(proxy: Proxy) -> httpx.Proxy:
    headers = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else None
    return httpx.Proxy(proxy.url, headers=headers)


def _outgoing(request: Request) -> httpx.Request:
    # Straight to httpx's transport: its client would add headers, cookies and settings of its own.
    wait = request.timeout
    return httpx.Request(
        request.method,
        request.url,
        headers=request.headers.multi_items(),
        content=request.body or None,
        extensions={
            "timeout": {"connect": wait.connect, "read": wait.read, "write": wait.read, "pool": None}
        },
    )


@contextmanager
def _errors(request: Request) -> Generator[None]:
    """httpx's errors as ours."""
    try:
        yield
    except (httpx.TransportError, httpx.DecodingError, httpx.InvalidURL) as error:
        what = f"{request.method} {request.url.partition('?')[0]}"
        if isinstance(error, _NOT_SENT):
            raise ConnectFailed(f"no connection: {what}: {error}") from error
        if isinstance(error, httpx.TimeoutException):
            raise TimedOut(f"no answer within {request.timeout.read} s: {what}") from error
        raise TransportError(f"the connection broke: {what}: {error}") from error
