"""aiohttp, the quickest of the asynchronous transports: `pip install ringback[aiohttp]`."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import TYPE_CHECKING, Final

try:
    import aiohttp
    from yarl import URL
except ImportError as error:
    raise ImportError("this transport needs aiohttp: pip install 'ringback[aiohttp]'") from error

from ringback.errors import ConfigurationError, ConnectFailed, TimedOut, TransportError
from ringback.http import Headers, Response
from ringback.transports import AsyncTransport
from ringback.transports.bodies import Body, Unpacking
from ringback.transports.guard import Guard, what_of
from ringback.transports.one_loop import OneLoop
from ringback.transports.proxies import Proxies
from ringback.transports.streams import CHUNK_SIZE, AsyncResponseStream

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

    from ringback.http import Request, Timeout
    from ringback.transports.proxies import Proxy

__all__ = ["AiohttpTransport"]

_NOT_SENT: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ClientHttpProxyError,
    aiohttp.ClientSSLError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
)


class AiohttpTransport(AsyncTransport):
    """Sends over aiohttp; belongs to the event loop that uses it first.

    Args:
        pool_size: Connections at most; further requests wait their turn.
        proxy: URL of an HTTP proxy that everything goes through.
        trust_env: Without `proxy`, whether https goes through the proxy that `HTTPS_PROXY`, `ALL_PROXY` and
            `NO_PROXY` tell of.
        ssl_context: TLS settings, such as the certificates to trust; default the system's.

    Raises:
        InvalidValue: `proxy` is malformed.
        ConfigurationError: It speaks SOCKS, which aiohttp doesn't.
    """

    def __init__(
        self,
        *,
        pool_size: int = 100,
        proxy: str | None = None,
        trust_env: bool = True,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._pool_size = pool_size
        self._proxies = Proxies(proxy, trust_env=trust_env, check=_check)
        self._ssl_context = ssl_context
        self._session = OneLoop(repr(self), self._make)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    async def send(self, request: Request, /) -> Response:
        """See `Transport.send`."""
        with Guard(request, _translated):
            async with await self._request(request) as answer:
                headers = Headers(answer.headers.items())
                body = Body(request, answer.status, headers)
                async for data in answer.content.iter_any():
                    body.add(data)
                return Response(answer.status, headers, body.whole())

    async def stream(self, request: Request, /) -> AsyncResponseStream:
        """See `Transport.stream`."""
        guard = Guard(request, _translated)
        with guard:
            answer = await self._request(request)
        headers = Headers(answer.headers.items())

        async def chunks() -> AsyncIterator[bytes]:
            unpacking = Unpacking(request, headers)
            while True:
                with guard:
                    data = await answer.content.read(CHUNK_SIZE)
                if not data:
                    unpacking.end()
                    return
                for piece in unpacking.pieces(data):
                    yield piece

        async def close() -> None:
            answer.close()

        return AsyncResponseStream(answer.status, headers, chunks(), close)

    async def aclose(self) -> None:
        """Close the connections."""
        session = self._session.take()
        if session is not None:
            await session.close()

    def _make(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._pool_size, ssl=True if self._ssl_context is None else self._ssl_context
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # it knows no limit
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
        )

    async def _request(self, request: Request) -> aiohttp.ClientResponse:
        proxy = self._proxies.of(request.url)
        session = self._session.get()
        request.delivery.start()
        answer = await session.request(
            request.method,
            URL(request.url, encoded=True),
            headers=request.headers.multi_items(),
            data=request.body or None,
            allow_redirects=False,
            proxy=None if proxy is None else proxy.url,
            proxy_headers=None if proxy is None else proxy.headers,
            timeout=_timeout(request.timeout),
            # aiohttp never repeats a POST by itself, and a middleware costs every request.
            middlewares=() if request.method == "POST" else (_send_once,),
        )
        request.delivery.answered(answer.status)
        return answer


def _check(proxy: Proxy) -> None:
    if proxy.is_socks:
        raise ConfigurationError(
            "aiohttp speaks to no SOCKS proxy: use the default transport, or AsyncHttpxTransport"
        )


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Takes from aiohttp the chance to send a GET or DELETE again by itself, unseen by retry and hooks."""
    try:
        return await handler(request)
    except _NOT_SENT:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _Broken(str(error)) from error


class _Broken(Exception):
    """What aiohttp would have tried again."""


def _translated(error: BaseException, request: Request) -> TransportError | None:
    """An error of aiohttp as ours."""
    what = what_of(request)
    # Some of aiohttp's messages quote the URL, whose query is nobody's business.
    reason = str(error)
    if isinstance(error, aiohttp.ClientResponseError):
        reason = f"{error.status} {error.message}"
    if isinstance(error, aiohttp.InvalidURL):
        return ConnectFailed(f"no usable URL: {what}")
    if isinstance(error, _NOT_SENT):
        return ConnectFailed(f"no connection: {what}: {reason}")
    if isinstance(error, asyncio.TimeoutError):
        return TimedOut(f"no answer within {request.timeout.read} s: {what}")
    if isinstance(error, (aiohttp.ClientError, _Broken)):
        return TransportError(f"the connection broke: {what}: {reason}")
    return None


@lru_cache(maxsize=64)
def _timeout(timeout: Timeout) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, sock_connect=timeout.connect, sock_read=timeout.read)
