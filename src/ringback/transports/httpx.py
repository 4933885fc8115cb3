"""httpx, sync and async, and HTTP/2 with it: `pip install ringback[httpx]`, for HTTP/2 `ringback[http2]`."""

from __future__ import annotations

import ssl
from collections import deque
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, TypeVar

try:
    import httpx
except ImportError as error:
    raise ImportError("this transport needs httpx: pip install 'ringback[httpx]'") from error

from ringback.errors import ConfigurationError, ConnectFailed, TimedOut, TransportError
from ringback.http import Headers, Response
from ringback.transports import AsyncTransport, Transport
from ringback.transports.bodies import Body, Unpacking
from ringback.transports.guard import Guard, what_of
from ringback.transports.in_loop import warn_in_loop
from ringback.transports.one_loop import OneLoop
from ringback.transports.per_process import PerProcess
from ringback.transports.proxies import Proxies
from ringback.transports.streams import AsyncResponseStream, ResponseStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

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
        proxy: URL of a proxy that everything goes through: HTTP, or SOCKS 5 with the package socksio.
        trust_env: Without `proxy`, whether https goes through the proxy that `HTTPS_PROXY`, `ALL_PROXY` and
            `NO_PROXY` tell of.
        ssl_context: TLS settings, such as the certificates to trust; default the system's.

    Raises:
        InvalidValue: `proxy` is malformed.
        ConfigurationError: `http2` without its extra; a SOCKS proxy of another version or without socksio.
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
        self._proxies = Proxies(proxy, trust_env=trust_env, check=_check)
        self._settings = _Settings(http2, ssl_context, httpx.Limits(keepalive_expiry=_KEEP_ALIVE))
        self._pool_size = pool_size
        # One thread at a time has a pool: shared by threads, httpcore closes connections that another of them
        # has just begun to use.
        self._idle = PerProcess[dict["Proxy | None", deque[httpx.HTTPTransport]]](dict)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def send(self, request: Request, /) -> Response:
        """See `Transport.send`."""
        warn_in_loop()
        with Guard(request, _translated):
            answer, close = self._open(request)
            try:
                headers = Headers(answer.headers.multi_items())
                body = Body(request, answer.status_code, headers)
                for data in answer.iter_raw():
                    body.add(data)
                return Response(answer.status_code, headers, body.whole())
            finally:
                close()

    def stream(self, request: Request, /) -> ResponseStream:
        """See `Transport.stream`."""
        warn_in_loop()
        guard = Guard(request, _translated)
        with guard:
            answer, close = self._open(request)
        headers = Headers(answer.headers.multi_items())

        def chunks() -> Iterator[bytes]:
            unpacking = Unpacking(request, headers)
            raw = answer.iter_raw()
            while True:
                with guard:
                    data = next(raw, b"")
                if not data:
                    return unpacking.end()
                yield from unpacking.pieces(data)

        return ResponseStream(answer.status_code, headers, chunks(), close)

    def _open(self, request: Request) -> tuple[httpx.Response, Callable[[], None]]:
        """The beginning of an answer, and what gives its connection back."""
        proxy = self._proxies.of(request.url)
        idle = self._idle.get().setdefault(proxy, deque())
        try:
            pool = idle.pop()
        except IndexError:
            pool = self._settings.make(httpx.HTTPTransport, proxy)
        outgoing = self._settings.outgoing(request, _Once().sync_event)
        request.delivery.start()
        try:
            answer = pool.handle_request(outgoing)
        except BaseException:
            pool.close()
            raise
        request.delivery.answered(answer.status_code)
        in_use = [pool]

        def close() -> None:
            while in_use:
                pool = in_use.pop()
                answer.close()
                if len(idle) < self._pool_size:
                    idle.append(pool)
                else:
                    pool.close()

        return answer, close

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
        self._proxies = Proxies(proxy, trust_env=trust_env, check=_check)
        limits = httpx.Limits(max_connections=pool_size, keepalive_expiry=_KEEP_ALIVE)
        self._settings = _Settings(http2, ssl_context, limits)
        self._pools = OneLoop[dict["Proxy | None", httpx.AsyncHTTPTransport]](repr(self), dict)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    async def send(self, request: Request, /) -> Response:
        """See `Transport.send`."""
        with Guard(request, _translated):
            answer = await self._request(request)
            try:
                headers = Headers(answer.headers.multi_items())
                body = Body(request, answer.status_code, headers)
                async for data in answer.aiter_raw():
                    body.add(data)
                return Response(answer.status_code, headers, body.whole())
            finally:
                await answer.aclose()

    async def stream(self, request: Request, /) -> AsyncResponseStream:
        """See `Transport.stream`."""
        guard = Guard(request, _translated)
        with guard:
            answer = await self._request(request)
        headers = Headers(answer.headers.multi_items())

        async def chunks() -> AsyncIterator[bytes]:
            unpacking = Unpacking(request, headers)
            raw = aiter(answer.aiter_raw())
            while True:
                with guard:
                    data = await anext(raw, b"")
                if not data:
                    unpacking.end()
                    return
                for piece in unpacking.pieces(data):
                    yield piece

        return AsyncResponseStream(answer.status_code, headers, chunks(), answer.aclose)

    async def aclose(self) -> None:
        """Close the connections."""
        for pool in (self._pools.take() or {}).values():
            await pool.aclose()

    async def _request(self, request: Request) -> httpx.Response:
        pools = self._pools.get()
        proxy = self._proxies.of(request.url)
        if proxy not in pools:
            pools[proxy] = self._settings.make(httpx.AsyncHTTPTransport, proxy)
        outgoing = self._settings.outgoing(request, _Once().async_event)
        request.delivery.start()
        answer = await pools[proxy].handle_async_request(outgoing)
        request.delivery.answered(answer.status_code)
        return answer


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

    def outgoing(self, request: Request, trace: object) -> httpx.Request:
        # Straight to httpx's transport: its client would add headers, cookies and settings of its own.
        wait = request.timeout
        extensions: dict[str, object] = {
            "timeout": {"connect": wait.connect, "read": wait.read, "write": wait.read, "pool": None}
        }
        if self._http2:
            extensions["trace"] = trace
        return httpx.Request(
            request.method,
            request.url,
            headers=request.headers.multi_items(),
            content=request.body or None,
            extensions=extensions,
        )


class _SentBefore(Exception):
    """What httpx would have sent again."""


class _Once:
    """Takes from httpx the chance to send a request again by itself, unseen by retry and hooks.

    Over HTTP/2 it does, POSTs too, where a server that goes away says that it has not looked at it.
    """

    __slots__ = ("_begun",)

    def __init__(self) -> None:
        self._begun = False

    def sync_event(self, event: str, info: Mapping[str, object]) -> None:
        """What httpx tells of its doings, before each."""
        if event.endswith(".send_request_headers.started") and not _is_tunnel(info["request"]):
            if self._begun:
                raise _SentBefore
            self._begun = True

    async def async_event(self, event: str, info: Mapping[str, object]) -> None:
        """The same for asyncio."""
        self.sync_event(event, info)


def _is_tunnel(request: object) -> bool:
    return getattr(request, "method", b"") == b"CONNECT"


def _check(proxy: Proxy) -> None:
    if proxy.is_socks and not proxy.url.startswith("socks5"):
        raise ConfigurationError("httpx speaks SOCKS 5 alone; the default transport speaks the others too")
    if proxy.is_socks and find_spec("socksio") is None:
        raise ConfigurationError("a SOCKS proxy needs the package socksio: pip install 'httpx[socks]'")


def _proxy(proxy: Proxy) -> httpx.Proxy:
    if proxy.is_socks:
        auth = None if proxy.username is None else (proxy.username, proxy.password or "")
        return httpx.Proxy(proxy.url, auth=auth)
    return httpx.Proxy(proxy.url, headers=proxy.headers)


def _translated(error: BaseException, request: Request) -> TransportError | None:
    """httpx's errors as ours."""
    if isinstance(error, _NOT_SENT):
        return ConnectFailed(f"no connection: {what_of(request)}: {error}")
    if isinstance(error, httpx.TimeoutException):
        return TimedOut(f"no answer within {request.timeout.read} s: {what_of(request)}")
    if isinstance(error, _SentBefore):
        return TransportError(f"the connection broke: {what_of(request)}: the server sent it back unread")
    if isinstance(error, (httpx.TransportError, httpx.StreamError, httpx.InvalidURL)):
        return TransportError(f"the connection broke: {what_of(request)}: {error}")
    return None
