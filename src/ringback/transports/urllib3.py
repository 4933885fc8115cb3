"""The default transport: urllib3, one pool for each proxy, shared by all threads."""

from __future__ import annotations

import os
import ssl
from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

import urllib3
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)

from ringback.errors import ConfigurationError, ConnectFailed, TimedOut, TransportError
from ringback.http import Headers, Response
from ringback.transports import Transport
from ringback.transports.bodies import Body, Unpacking
from ringback.transports.guard import Guard, what_of
from ringback.transports.in_loop import warn_in_loop
from ringback.transports.per_process import PerProcess
from ringback.transports.proxies import Proxies
from ringback.transports.streams import CHUNK_SIZE, ResponseStream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from urllib3._base_connection import BaseHTTPConnection

    from ringback.http import Request
    from ringback.transports.proxies import Proxy

__all__ = ["Urllib3Transport"]


class Urllib3Transport(Transport):
    """Sends over urllib3; safe to share between threads, and usable in a forked child.

    Args:
        pool_size: Connections kept open to one host; more are made when needed and closed after use.
        proxy: URL of a proxy that everything goes through: HTTP, or SOCKS with the extra `socks`.
        trust_env: Without `proxy`, whether https goes through the proxy that `HTTPS_PROXY`, `ALL_PROXY` and
            `NO_PROXY` tell of.
        ssl_context: TLS settings, such as the certificates to trust; default the system's.
        pool: A urllib3 pool of your own instead; it is not closed by `close`.

    Raises:
        InvalidValue: `proxy` is malformed.
        ConfigurationError: `pool` goes together with none of the others; a SOCKS proxy needs its extra.
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
        self._proxies = Proxies(proxy, trust_env=trust_env, check=_check)
        self._ssl_context = ssl_context
        self._given = pool
        self._given_to: int | None = None
        self._pools = PerProcess[dict["Proxy | None", urllib3.PoolManager]](dict)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def send(self, request: Request, /) -> Response:
        """See `Transport.send`."""
        warn_in_loop()
        with Guard(request, _translated):
            answer = self._request(request)
            try:
                headers = Headers(answer.headers.items())
                body = Body(request, answer.status, headers)
                while data := answer.read(CHUNK_SIZE, decode_content=False):
                    body.add(data)
                    if answer.length_remaining == 0:
                        break
                content = body.whole()
                if not content and _is_endless(answer):
                    raise ProtocolError("the answer broke off in its headers")
            except BaseException:
                _give_back(answer)
                raise
            return Response(answer.status, headers, content)

    def stream(self, request: Request, /) -> ResponseStream:
        """See `Transport.stream`."""
        warn_in_loop()
        guard = Guard(request, _translated)
        with guard:
            answer = self._request(request)
        headers = Headers(answer.headers.items())

        def chunks() -> Iterator[bytes]:
            unpacking = Unpacking(request, headers)
            while True:
                with guard:
                    data = answer.read1(CHUNK_SIZE, decode_content=False)
                if not data:
                    return unpacking.end()
                yield from unpacking.pieces(data)

        return ResponseStream(answer.status, headers, chunks(), lambda: _give_back(answer))

    def close(self) -> None:
        """Close the idle connections."""
        for pool in (self._pools.take() or {}).values():
            pool.clear()

    def _request(self, request: Request) -> urllib3.BaseHTTPResponse:
        pool = self._pool(request.url)
        request.delivery.start()
        answer = pool.request(
            request.method,
            request.url,
            body=request.body or None,
            headers=dict(request.headers.multi_items()),
            timeout=urllib3.Timeout(connect=request.timeout.connect, read=request.timeout.read),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        request.delivery.answered(answer.status)
        return answer

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
        pool: urllib3.PoolManager
        if proxy is None:
            pool = urllib3.PoolManager(maxsize=self._pool_size, ssl_context=self._ssl_context)
        elif proxy.is_socks:
            from urllib3.contrib.socks import SOCKSProxyManager  # needs an extra

            pool = SOCKSProxyManager(
                proxy.url,
                proxy.username,
                proxy.password,
                maxsize=self._pool_size,
                ssl_context=self._ssl_context,
            )
        else:
            pool = urllib3.ProxyManager(
                proxy.url,
                proxy_headers=proxy.headers,
                maxsize=self._pool_size,
                ssl_context=self._ssl_context,
            )
        return _telling(pool)


def _check(proxy: Proxy) -> None:
    if proxy.is_socks and find_spec("socks") is None:
        raise ConfigurationError("a SOCKS proxy needs PySocks: pip install 'ringback[socks]'")


class _NotConnected(Exception):
    """Its cause kept a connection from being made; no error of urllib3, so it comes through as it is."""


class _Telling(HTTPConnectionPool):
    """Connects before a request is sent, and tells what fails there from what fails later.

    urllib3 gives a TLS handshake that fails or hangs the same classes as an answer that does.
    """

    def _validate_conn(self, conn: BaseHTTPConnection) -> None:
        try:
            if conn.is_closed:
                conn.connect()
        except Exception as error:
            raise _NotConnected from error
        super()._validate_conn(conn)

    def _prepare_proxy(self, conn: BaseHTTPConnection) -> None:
        try:
            super()._prepare_proxy(conn)
        except Exception as error:
            raise _NotConnected from error


def _telling(manager: urllib3.PoolManager) -> urllib3.PoolManager:
    kinds = manager.pool_classes_by_scheme.items()
    manager.pool_classes_by_scheme = {
        scheme: cast("type[HTTPConnectionPool]", type(kind.__name__, (_Telling, kind), {}))
        for scheme, kind in kinds
    }
    return manager


def _translated(error: BaseException, request: Request) -> TransportError | None:
    """urllib3's errors as ours; in doubt something was sent, so that no POST is sent twice."""
    if isinstance(error, _NotConnected):
        failed = ConnectFailed(f"no connection: {what_of(request)}: {error.__cause__}")
        failed.__cause__ = error.__cause__
        return failed
    if not isinstance(error, HTTPError):
        return None
    if isinstance(error, (NewConnectionError, ConnectTimeoutError)) or _is_distrust(error):
        # Of a pool that somebody else made.
        return ConnectFailed(f"no connection: {what_of(request)}: {error}")
    if isinstance(error, ReadTimeoutError):
        return TimedOut(f"no answer within {request.timeout.read} s: {what_of(request)}")
    return TransportError(f"the connection broke: {what_of(request)}: {error}")


def _is_distrust(error: HTTPError) -> bool:
    return bool(error.args) and isinstance(error.args[0], ssl.SSLCertVerificationError)


def _is_endless(answer: urllib3.BaseHTTPResponse) -> bool:
    """Whether nothing tells the body's length; http.client takes a connection's end for the headers' end."""
    headers = answer.headers
    return not ("content-length" in headers or "transfer-encoding" in headers or answer.status in {204, 304})


def _give_back(answer: urllib3.BaseHTTPResponse) -> None:
    # What is left would have to be read before another request could use the connection.
    answer.close()
    answer.release_conn()
