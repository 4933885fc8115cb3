"""Carries webhooks: to applications of this process by a call, to others over HTTP."""

from __future__ import annotations

import ipaddress
import threading
import time
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from attrs import frozen

from ringback.emulator.engine.documents import MOST_BYTES
from ringback.emulator.engine.process import Failure
from ringback.http import Headers, WebhookResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    import urllib3

    from ringback.emulator.engine.process import Ask, Outcome
    from ringback.http import WebhookRequest

__all__ = ["Courier", "Handler", "Installed"]

_CHUNK: Final = 16_384
_SLACK: Final = 0.5  # seconds that a request gets beyond its limit, to fail with its own error


class Handler(Protocol):
    """What takes webhooks in this process: an `Application` or a `Switchboard`."""

    def handle_sync(self, request: WebhookRequest, /) -> WebhookResponse: ...


class Installed(Handler, Protocol):
    """An application or switchboard: it knows which requests are its own."""

    def matches(self, request: WebhookRequest, /) -> bool: ...


@frozen
class _Mounted:
    scheme: str
    netloc: str
    path: str
    handler: Handler

    def takes(self, url: str) -> bool:
        parts = urlsplit(url)
        path = parts.path
        return (parts.scheme, parts.netloc.lower()) == (self.scheme, self.netloc) and (
            path == self.path or path.startswith(f"{self.path}/")
        )


class Courier:
    """Sends webhooks.

    Args:
        any_host: Whether to send to other machines; otherwise to this one only.
    """

    def __init__(self, *, any_host: bool = False) -> None:
        self._any_host = any_host
        self._mounted: list[_Mounted] = []
        self._installed: list[Installed] = []
        self._pool: urllib3.PoolManager | None = None
        self._lock = threading.Lock()

    def mount(self, public_url: str, handler: Handler) -> None:
        """Send what goes to `public_url`, and to anything below it, to `handler`."""
        parts = urlsplit(public_url)
        where = (parts.scheme, parts.netloc.lower(), parts.path.rstrip("/"))
        kept = [each for each in self._mounted if (each.scheme, each.netloc, each.path) != where]
        self._mounted = [*kept, _Mounted(*where, handler)]

    def install(self, application: Installed) -> None:
        """Send to `application` what nothing is mounted for and it takes for its own.

        An application that was adopted has URLs that don't begin with its public URL.
        """
        if application not in self._installed:
            self._installed.append(application)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.clear()

    def send(self, ask: Ask, /) -> Outcome:
        """The answer, or why there is none."""
        url = ask.request.url
        handlers = [each for each in self._mounted if each.takes(url)]
        if handlers:
            return _call(max(handlers, key=lambda each: len(each.path)).handler, ask)
        host = urlsplit(url).hostname or ""
        local = is_loopback(host)
        if not local:
            for application in self._installed:
                if application.matches(ask.request):
                    return _call(application, ask)
        if not self._any_host and not local:
            return Failure(
                "refused",
                f"no application of this process has the public URL, and {host} is not this machine: "
                "give the application to the emulator, or allow any host",
            )
        # A head that drips in byte by byte never lets the socket's own timeout strike.
        return _within(ask.limits.total + _SLACK, lambda: self._http(ask)) or _late(ask)

    def _http(self, ask: Ask) -> Outcome:
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
                self._pool = urllib3.PoolManager(maxsize=32)
            pool = self._pool
        limits = ask.limits
        deadline = time.monotonic() + limits.total
        try:
            response = pool.request(
                ask.request.method,
                ask.request.url,
                body=ask.request.body or None,
                headers=urllib3.HTTPHeaderDict(ask.request.headers.multi_items()),
                timeout=urllib3.Timeout(connect=limits.connect, read=limits.read, total=limits.total),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                body = bytearray()
                while len(body) <= MOST_BYTES:
                    if time.monotonic() > deadline:
                        return Failure("timeout", f"no whole answer within {limits.total:g} s")
                    chunk = response.read1(_CHUNK)
                    if not chunk:
                        break
                    body += chunk
                return WebhookResponse(
                    response.status, Headers(list(response.headers.iteritems())), bytes(body)
                )
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
        except (HTTPError, OSError) as error:
            return Failure("broken", f"the connection broke ({type(error).__name__})")


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _call(handler: Handler, ask: Ask) -> Outcome:
    def work() -> Outcome:
        try:
            return handler.handle_sync(ask.request)
        except BaseException as error:
            return Failure("broken", f"the application raised {type(error).__name__}: {error}")

    return _within(ask.limits.total, work) or _late(ask)


def _late(ask: Ask) -> Failure:
    return Failure("timeout", f"no answer within {ask.limits.total:g} s")


def _within(seconds: float, work: Callable[[], Outcome]) -> Outcome | None:
    """What `work` gives, or None where that takes too long: in a thread of its own, which is left behind."""
    answers: SimpleQueue[Outcome] = SimpleQueue()
    context = copy_context()
    threading.Thread(
        target=lambda: answers.put(context.run(work)), name="ringback-application", daemon=True
    ).start()
    try:
        return answers.get(timeout=seconds)
    except Empty:
        return None
