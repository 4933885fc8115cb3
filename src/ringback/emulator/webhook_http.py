"""Webhooks over HTTP."""

from __future__ import annotations

import threading
import time
from http.client import IncompleteRead
from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.documents import most_bytes
from ringback.emulator.engine.kernel.requests import Failure
from ringback.http import Headers, WebhookResponse

if TYPE_CHECKING:
    import urllib3

    from ringback.emulator.engine.kernel.requests import Ask, Outcome
    from ringback.emulator.engine.urls import WebUrl

__all__ = ["HttpWebhooks"]

_CHUNK: Final = 16_384
_KEPT: Final = 1_000  # connections to a host that are kept between requests


class HttpWebhooks:
    """Connections to applications that are elsewhere."""

    def __init__(self) -> None:
        self._pool: urllib3.PoolManager | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close those that no request needs."""
        if self._pool is not None:
            self._pool.clear()

    def send(self, ask: Ask, url: WebUrl) -> Outcome:
        """The answer, or why there is none.

        It may take longer than allowed: where a head drips in byte by byte, no timeout of the socket strikes.
        """
        import urllib3
        from urllib3.exceptions import (
            ConnectTimeoutError,
            HTTPError,
            NameResolutionError,
            NewConnectionError,
            ReadTimeoutError,
            SSLError,
        )

        with self._lock:
            if self._pool is None:
                self._pool = urllib3.PoolManager(maxsize=_KEPT)
            pool = self._pool
        limits = ask.limits
        deadline = time.monotonic() + limits.total
        try:
            # By host, so that no other parser has a say in where this goes.
            response = _pool_for(pool, url).urlopen(
                ask.request.method,
                url.target,
                body=ask.request.body or None,
                headers=urllib3.HTTPHeaderDict(ask.request.headers.multi_items()),
                timeout=urllib3.Timeout(connect=limits.connect, read=limits.read, total=limits.total),
                retries=False,
                redirect=False,
                assert_same_host=False,
                preload_content=False,
            )
            try:
                headers = Headers(list(response.headers.iteritems()))
                most = most_bytes(headers)
                body = bytearray()
                while len(body) <= most:
                    if time.monotonic() > deadline:
                        return Failure("timeout", f"no whole answer within {limits.total:g} s")
                    chunk = response.read1(_CHUNK)
                    if not chunk:
                        break
                    body += chunk
                return WebhookResponse(response.status, headers, bytes(body))
            finally:
                response.release_conn()
                response.close()
        except NameResolutionError as error:
            return Failure("host", f"no such host ({type(error).__name__})")
        except (ConnectTimeoutError, NewConnectionError) as error:
            return Failure("connect", f"no connection ({type(error).__name__})")
        except ReadTimeoutError:
            return Failure("timeout", f"no answer within {limits.read:g} s")
        except SSLError as error:
            return Failure("tls", f"no TLS connection ({error})")
        except (HTTPError, OSError, ValueError) as error:
            detail = f"the connection broke ({type(error).__name__})"
            return Failure("lost", detail) if _is_loss(error) else Failure("broken", detail)


def _is_loss(error: Exception) -> bool:
    """Whether the other side closed or reset the connection, and didn't say something that is no HTTP."""
    return any(isinstance(each, (ConnectionError, IncompleteRead)) for each in (error, *error.args))


def _pool_for(pools: urllib3.PoolManager, url: WebUrl) -> urllib3.HTTPConnectionPool:
    """Connections to the URL's host; names below `localhost` are this machine, whatever a resolver says."""
    below = url.host.lower().endswith(".localhost")
    host = "localhost" if below else url.host
    names = {"server_hostname": url.host, "assert_hostname": url.host}
    return pools.connection_from_host(
        host, url.port, url.scheme, pool_kwargs=names if below and url.scheme == "https" else None
    )
