"""Sends webhooks: to applications of this process by a call, to others over HTTP."""

from __future__ import annotations

import asyncio
import threading
import time
from contextvars import copy_context
from http.client import IncompleteRead
from inspect import iscoroutine
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, Protocol

from attrs import frozen

from ringback.app import Application, Switchboard
from ringback.app.loops.budget import CLOCK
from ringback.emulator.engine.documents import most_bytes
from ringback.emulator.engine.kernel.requests import Failure
from ringback.emulator.engine.urls import WebUrl
from ringback.errors import EmulatorError
from ringback.http import Headers, WebhookRequest, WebhookResponse

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    import urllib3

    from ringback.emulator.apploop import AppLoop
    from ringback.emulator.engine.kernel.requests import Ask, Outcome

__all__ = ["WebhookSender", "Handler", "Installed"]

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
    url: WebUrl
    handler: Handler

    @classmethod
    def at(cls, public_url: str, handler: Handler) -> _Mounted:
        url = WebUrl.parse(public_url)
        if url is None:
            raise EmulatorError(f"public_url: expected an absolute http or https URL, got {public_url!r}")
        return cls(url, handler)

    @property
    def path(self) -> str:
        return self.url.path.rstrip("/")

    @property
    def where(self) -> tuple[str, str, str]:
        return (self.url.scheme, self.url.authority.lower(), self.path)

    def takes(self, url: WebUrl) -> bool:
        return (url.scheme, url.authority.lower()) == self.where[:2] and (
            url.path == self.path or url.path.startswith(f"{self.path}/")
        )


class WebhookSender:
    """Sends webhooks.

    Args:
        any_host: Whether to send to other machines; otherwise to this one only.

    Attributes:
        loop: Where the applications of this process run, once there are any.
    """

    def __init__(self, *, any_host: bool = False) -> None:
        self.loop: AppLoop | None = None
        self._any_host = any_host
        self._mounted: list[_Mounted] = []
        self._installed: list[Installed] = []
        self._pool: urllib3.PoolManager | None = None
        self._lock = threading.Lock()

    def mount(self, public_url: str, handler: Handler) -> None:
        """Send what goes to `public_url`, and to anything below it, to `handler`."""
        mounted = _Mounted.at(public_url, handler)
        self._mounted = [*(each for each in self._mounted if each.where != mounted.where), mounted]

    def install(self, application: Installed) -> None:
        """Send to `application` what nothing is mounted for and it takes for its own.

        An application that was adopted has URLs that don't begin with its public URL.
        """
        if application not in self._installed:
            self._installed.append(application)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.clear()

    def reaches(self, url: str) -> bool:
        """Whether there is anybody to ask for a file: one of this machine, or an application of this process.

        An application knows of its own webhooks only; its files are with whoever serves it in production.
        """
        parsed = WebUrl.parse(url)
        if parsed is None:
            return True  # to be told what is wrong with it
        request = WebhookRequest("GET", str(parsed), Headers([("Host", parsed.authority)]))
        handler = self._handler(parsed, request)
        if isinstance(handler, (Application, Switchboard)):
            return handler.matches(request)
        return handler is not None or self._any_host or parsed.local

    def send(self, ask: Ask, /) -> Outcome:
        """The answer, or why there is none."""
        started = time.monotonic()
        try:
            return self._sent(ask)
        finally:
            ask.spent.seconds += time.monotonic() - started

    def _sent(self, ask: Ask) -> Outcome:
        url = WebUrl.parse(ask.request.url)
        if url is None:
            return Failure("refused", "this is no URL that could be asked")
        handler = self._handler(url, ask.request)
        if handler is not None:
            return _call(handler, ask)
        if not self._any_host and not url.local:
            return Failure(
                "refused",
                f"no application of this process has the public URL, and {url.host} is not this machine: "
                "give the application to the emulator, or allow any host",
            )
        # A head that drips in byte by byte never lets the socket's own timeout strike.
        return _within(ask.limits.total + _SLACK, lambda: self._http(ask, url)) or _late(ask)

    def begin(self, ask: Ask, /) -> Future[Outcome] | None:
        """Let an application of this process answer in the loop; None where it is for none."""
        url = WebUrl.parse(ask.request.url)
        handler = None if url is None else self._handler(url, ask.request)
        if self.loop is None or not isinstance(handler, (Application, Switchboard)):
            return None
        return self.loop.start(_run(handler, ask))

    def _handler(self, url: WebUrl, request: WebhookRequest) -> Handler | None:
        """What takes the request in this process, if anything does."""
        mounted = [each for each in self._mounted if each.takes(url)]
        if mounted:
            return max(mounted, key=lambda each: len(each.path)).handler
        installed = () if url.local else self._installed
        return next((each for each in installed if each.matches(request)), None)

    def _http(self, ask: Ask, url: WebUrl) -> Outcome:
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


def _call(handler: Handler, ask: Ask) -> Outcome:
    def work() -> Outcome:
        try:
            return _checked(handler.handle_sync(ask.request))
        except BaseException as error:
            return Failure("broken", f"the application raised {type(error).__name__}: {error}")

    return _within(ask.limits.total, work) or _late(ask)


async def _run(application: Application | Switchboard, ask: Ask) -> Outcome:
    """What an application answers, if it does so in time by the clock of this loop."""
    clock = asyncio.get_running_loop().time
    CLOCK.set(clock)
    started = clock()
    task = asyncio.ensure_future(application.handle(ask.request))
    await asyncio.wait({task}, timeout=ask.limits.total)
    ask.spent.seconds += clock() - started
    if not task.done():
        return _late(ask)
    try:
        return task.result()
    except BaseException as error:
        return Failure("broken", f"the application raised {type(error).__name__}: {error}")


def _checked(answer: object) -> Outcome:
    """What a handler answered, or why that is no answer: handlers are other people's."""
    if iscoroutine(answer):
        answer.close()
        return Failure("broken", "the application answered with a coroutine: `handle_sync` must not be async")
    if not isinstance(answer, WebhookResponse):
        return Failure(
            "broken", f"the application answered with {type(answer).__name__}, not with a WebhookResponse"
        )
    fields = answer.headers.multi_items()
    parts = [
        ("status", answer.status, int),
        ("body", answer.body, bytes),
        *(("header field", part, str) for field in fields for part in field),
    ]
    for name, value, kind in parts:
        if not _is_a(value, kind):
            return Failure("broken", f"the application answered with the {name} {value!r:.80}")
    if not 100 <= answer.status <= 599:
        return Failure("broken", f"the application answered with the status {answer.status!r:.80}")
    return answer


def _is_a(value: object, kind: type[object]) -> bool:
    """For values whose type says so already, but whose maker need not have asked it."""
    return isinstance(value, kind)


def _late(ask: Ask) -> Failure:
    return Failure("timeout", f"no answer within {ask.limits.total:g} s")


def _within(seconds: float, work: Callable[[], Outcome]) -> Outcome | None:
    """What `work` gives, or None where that takes too long: in a thread of its own, which is left behind."""
    answers: SimpleQueue[Outcome] = SimpleQueue()
    context = copy_context()

    def run() -> None:
        try:
            answers.put(context.run(work))
        except Exception as error:  # an answer has to come, whatever happens on its way
            answers.put(Failure("broken", f"no answer could be had ({type(error).__name__})"))

    threading.Thread(target=run, name="ringback-application", daemon=True).start()
    try:
        return answers.get(timeout=seconds)
    except Empty:
        return None
