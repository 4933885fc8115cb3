"""The default transport: urllib3, one pool, shared by all threads."""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from ringback.errors import ConnectFailed, TimedOut, TransportError
from ringback.http import Headers, Response
from ringback.transports import Transport
from ringback.transports.streams import CHUNK_SIZE, ResponseStream

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from ringback.http import Request

__all__ = ["Urllib3Transport"]


class Urllib3Transport(Transport):
    """Sends over urllib3.

    Args:
        pool_size: Connections kept open to one host; more are made when needed and closed after use.
        proxy: URL of an HTTP proxy, or None.
        pool: A urllib3 pool of your own (its TLS settings, its proxies); it is not closed by `close`.
    """

    def __init__(
        self,
        *,
        pool_size: int = 10,
        proxy: str | None = None,
        pool: urllib3.PoolManager | None = None,
    ) -> None:
        self._owned = pool is None
        if pool is not None:
            self._pool = pool
        elif proxy is not None:
            self._pool = urllib3.ProxyManager(proxy, maxsize=pool_size)
        else:
            self._pool = urllib3.PoolManager(maxsize=pool_size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def send(self, request: Request, /) -> Response:
        """See `Transport.send`."""
        with _errors(request):
            answer = self._request(request, preload=True)
            return Response(answer.status, Headers(answer.headers.iteritems()), answer.data)

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
                yield from answer.stream(CHUNK_SIZE)

        return ResponseStream(answer.status, Headers(answer.headers.iteritems()), chunks(), close)

    def close(self) -> None:
        """Close the idle connections."""
        if self._owned:
            self._pool.clear()

    def _request(self, request: Request, *, preload: bool) -> urllib3.BaseHTTPResponse:
        return self._pool.request(
            request.method,
            request.url,
            body=request.body or None,
            headers=dict(request.headers.multi_items()),
            timeout=urllib3.Timeout(connect=request.timeout.connect, read=request.timeout.read),
            retries=False,
            redirect=False,
            preload_content=preload,
        )


@contextmanager
def _errors(request: Request) -> Generator[None]:
    """urllib3's errors as ours."""
    what = f"{request.method} {request.url.partition('?')[0]}"
    try:
        yield
    except ConnectTimeoutError as error:
        raise ConnectFailed(f"no connection within {request.timeout.connect} s: {what}") from error
    except SSLError as error:
        if _in_handshake(error):
            raise ConnectFailed(f"no TLS connection: {what}: {error}") from error
        raise TransportError(f"the TLS connection broke: {what}: {error}") from error
    except (NewConnectionError, NameResolutionError, ProxyError) as error:
        raise ConnectFailed(f"no connection: {what}: {error}") from error
    except ReadTimeoutError as error:
        raise TimedOut(f"no answer within {request.timeout.read} s: {what}") from error
    except HTTPError as error:
        raise TransportError(f"the connection broke: {what}: {error}") from error


def _in_handshake(error: SSLError) -> bool:
    """Whether TLS failed before anything was sent; in doubt not, so that no POST is sent twice."""
    cause = error.args[0] if error.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return True
    return isinstance(cause, ssl.SSLError) and cause.reason in {
        "WRONG_VERSION_NUMBER",
        "UNSUPPORTED_PROTOCOL",
    }
