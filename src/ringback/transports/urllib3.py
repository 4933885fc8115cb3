"""The default transport: urllib3, one pool, shared by all threads."""

from __future__ import annotations

import ssl
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

if TYPE_CHECKING:
    from ringback.http import Request

__all__ = ["Urllib3Transport"]


class Urllib3Transport:
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
        timeout = urllib3.Timeout(connect=request.timeout.connect, read=request.timeout.read)
        host = request.url.partition("?")[0]
        try:
            answer = self._pool.request(
                request.method,
                request.url,
                body=request.body or None,
                headers=dict(request.headers.multi_items()),
                timeout=timeout,
                retries=False,
                redirect=False,
            )
        except ConnectTimeoutError as error:
            raise ConnectFailed(
                f"no connection within {request.timeout.connect} s: {request.method} {host}"
            ) from error
        except SSLError as error:
            if _in_handshake(error):
                raise ConnectFailed(f"no TLS connection: {request.method} {host}: {error}") from error
            raise TransportError(f"the TLS connection broke: {request.method} {host}: {error}") from error
        except (NewConnectionError, NameResolutionError, ProxyError) as error:
            raise ConnectFailed(f"no connection: {request.method} {host}: {error}") from error
        except ReadTimeoutError as error:
            raise TimedOut(f"no answer within {request.timeout.read} s: {request.method} {host}") from error
        except HTTPError as error:
            raise TransportError(f"the connection broke: {request.method} {host}: {error}") from error
        return Response(answer.status, Headers(answer.headers.iteritems()), answer.data)

    def close(self) -> None:
        """Close the idle connections."""
        if self._owned:
            self._pool.clear()


def _in_handshake(error: SSLError) -> bool:
    """Whether TLS failed before anything was sent; in doubt not, so that no POST is sent twice."""
    cause = error.args[0] if error.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return True
    return isinstance(cause, ssl.SSLError) and cause.reason in {
        "WRONG_VERSION_NUMBER",
        "UNSUPPORTED_PROTOCOL",
    }
