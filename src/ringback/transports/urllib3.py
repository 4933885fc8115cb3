"""The default transport: urllib3, one pool for each proxy, shared by all threads."""

from __future__ import annotations

import os
from contextlib import contextmanager
from traceback import walk_tb
from typing import TYPE_CHECKING

import urllib3
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from ringback.errors import ConfigurationError, ConnectFailed, TimedOut, TransportError
from ringback.http import Headers, Response
from ringback.transports import Transport
from ringback.transports.per_process import PerProcess
from ringback.transports.proxies import Proxies
from ringback.transports.streams import CHUNK_SIZE, ResponseStream

if TYPE_CHECKING:
    import ssl
    from collections.abc import Generator, Iterator

    from ringback.http import Request
    from ringback.transports.proxies import Proxy

__all__ = ["Urllib3Transport"]


class Urllib3Transport(Transport):
    """Sends over urllib3; safe to share between threads, and usable in a forked child.

    Args:
        pool_size: Connections kept open to one host; more are made when needed and closed after use.
        proxy: URL of an HTTP proxy that everything goes through.
        trust_env: Without `proxy`, whether https goes through the proxy that `HTTPS_PROXY`, `ALL_PROXY` and
            `NO_PROXY` tell of.
        ssl_context: TLS settings, such as the certificates to trust; default the system's.
        pool: A urllib3 pool of your own instead; it is not closed by `close`.

    Raises:
        InvalidValue: `proxy` is malformed.
        ConfigurationError: `pool` goes together with none of the others.
    """

    def __init__(
        self,
        *,
        pool_size: int = 32,
        proxy: str | None = None,
        trust_env: bool = True,
        ssl_context: ssl.SSLContext | None = None,
        pool: urllib3.PoolManager | None = None,
    ) -> None:
        if pool is not None and (proxy is not None or ssl_context is not None):
            raise ConfigurationError("pass pool, or proxy and ssl_context, not both: set them in the pool")
        self._pool_size = pool_size
        self._proxies = Proxies(proxy, trust_env=trust_env)
        self._ssl_context = ssl_context
        self._given = pool
        self._given_to: int | None = None
        self._pools = PerProcess[dict["Proxy | None", urllib3.PoolManager]](dict)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def send(self, request: Request, /) -> Response:
        """See `Transport.send`."""
        with _errors(request):
            answer = self._request(request, preload=True)
            if not answer.data and _endless(answer):
                raise ProtocolError("the answer broke off in its headers")
            return Response(answer.status, Headers(answer.headers.items()), answer.data)

    def stream(self, request: Request, /) -> ResponseStream:
        """See `Transport.stream`."""
        with _errors(request):
            answer = self._request(request, preload=False)

        def close() -> None:
            # What is left would have to be read before another request could use the connection.
            answer.close()
            answer.release_conn()

        def chunks() -> Iterator[bytes]:
            with _errors(request):
                while chunk := answer.read1(CHUNK_SIZE):
                    yield chunk

        return ResponseStream(answer.status, Headers(answer.headers.items()), chunks(), close)

    def close(self) -> None:
        """Close the idle connections."""
        for pool in (self._pools.take() or {}).values():
            pool.clear()

    def _request(self, request: Request, *, preload: bool) -> urllib3.BaseHTTPResponse:
        return self._pool(request.url).request(
            request.method,
            request.url,
            body=request.body or None,
            headers=dict(request.headers.multi_items()),
            timeout=urllib3.Timeout(connect=request.timeout.connect, read=request.timeout.read),
            retries=False,
            redirect=False,
            preload_content=preload,
        )

    def _pool(self, url: str) -> urllib3.PoolManager:
        if self._given is not None:
            process = os.getpid()
            if self._given_to is None:
                self._given_to = process
            elif self._given_to != process:
                raise ConfigurationError(
                    "the urllib3 pool was used before this process was forked: make the client after the fork"
                )
            return self._given
        proxy = self._proxies.of(url)
        pools = self._pools.get()
        pool = pools.get(proxy)
        return pool if pool is not None else pools.setdefault(proxy, self._make(proxy))

    def _make(self, proxy: Proxy | None) -> urllib3.PoolManager:
        if proxy is None:
            return urllib3.PoolManager(maxsize=self._pool_size, ssl_context=self._ssl_context)
        headers = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else None
        return urllib3.ProxyManager(
            proxy.url, proxy_headers=headers, maxsize=self._pool_size, ssl_context=self._ssl_context
        )


@contextmanager
def _errors(request: Request) -> Generator[None]:
    """urllib3's errors as ours."""
    try:
        yield
    except HTTPError as error:
        what = f"{request.method} {request.url.partition('?')[0]}"
        if _while_connecting(error):
            raise ConnectFailed(f"no connection: {what}: {error}") from error
        if isinstance(error, ReadTimeoutError):
            raise TimedOut(f"no answer within {request.timeout.read} s: {what}") from error
        raise TransportError(f"the connection broke: {what}: {error}") from error


def _endless(answer: urllib3.BaseHTTPResponse) -> bool:
    """Whether nothing tells the body's length; http.client takes a connection's end for the headers' end."""
    headers = answer.headers
    return not ("content-length" in headers or "transfer-encoding" in headers or answer.status in {204, 304})


def _while_connecting(error: BaseException) -> bool:
    """Whether it came up before anything of the request was sent; in doubt not, so no POST is sent twice.

    urllib3 gives a TLS handshake that fails or hangs the same classes as an answer that does; only the place
    tells them apart.
    """
    current: BaseException | None = error
    while current is not None:
        for frame, _ in walk_tb(current.__traceback__):
            if frame.f_code.co_name == "connect" and frame.f_globals.get("__name__") == "urllib3.connection":
                return True
        current = current.__cause__ or current.__context__
    return False
