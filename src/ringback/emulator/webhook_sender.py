"""Sends webhooks: to applications of this process by a call, to others over HTTP."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Future
from contextvars import copy_context
from functools import partial
from inspect import iscoroutine
from typing import TYPE_CHECKING, Final, Protocol

from attrs import frozen

from ringback.app import Application, Switchboard
from ringback.app.loops.budget import CLOCK
from ringback.app.loops.threads import Threads
from ringback.emulator.driver import Sending
from ringback.emulator.engine.kernel.requests import Failure
from ringback.emulator.engine.urls import WebUrl
from ringback.errors import EmulatorError
from ringback.http import Headers, WebhookRequest, WebhookResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from ringback.emulator.apploop import AppLoop
    from ringback.emulator.engine.kernel.requests import Ask, Outcome
    from ringback.emulator.webhook_http import HttpWebhooks

__all__ = ["Handler", "Installed", "WebhookSender"]

# Where handlers of this process run that have no loop: as many as are asked at once. One that hangs keeps its
# thread, and doesn't keep the process.
_THREADS: Final = Threads(5_000, awaited=False)


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
        self._http: HttpWebhooks | None = None

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
        """End what is under way elsewhere."""
        if self._http is not None:
            self._http.close()

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

    def send(self, ask: Ask, /) -> Sending:
        """Begin to send a request."""
        url = WebUrl.parse(ask.request.url)
        if url is None:
            return Sending.over(Failure("refused", "this is no URL that could be asked"))
        handler = self._handler(url, ask.request)
        if self.loop is not None and isinstance(handler, (Application, Switchboard)):
            return Sending(self.loop.start(_run(handler, ask)), inside=True)
        if handler is not None:
            return _in_thread(ask, partial(_call, handler))
        if not self._any_host and not url.local:
            return Sending.over(
                Failure(
                    "refused",
                    f"no application of this process has the public URL, and {url.host} is not this machine: "
                    "give the application to the emulator, or allow any host",
                )
            )
        return self._over_http(ask, url)

    def _over_http(self, ask: Ask, url: WebUrl) -> Sending:
        if self._http is None:
            try:
                from ringback.emulator.webhook_http import HttpWebhooks
            except ImportError:
                missing = "sending webhooks over HTTP needs h11: pip install 'ringback[emulator]'"
                return Sending.over(Failure("refused", missing))
            self._http = HttpWebhooks()
        return Sending(self._http.send(ask, url), inside=False)

    def _handler(self, url: WebUrl, request: WebhookRequest) -> Handler | None:
        """What takes the request in this process, if anything does."""
        mounted = [each for each in self._mounted if each.takes(url)]
        if mounted:
            return max(mounted, key=lambda each: len(each.path)).handler
        installed = () if url.local else self._installed
        return next((each for each in installed if each.matches(request)), None)


def _in_thread(ask: Ask, work: Callable[[Ask], Outcome]) -> Sending:
    """Do something that takes its time, unless whoever waits for its outcome gives up before that."""
    answer: Future[Outcome] = Future()

    def run() -> None:
        started = time.monotonic()
        try:
            outcome = work(ask)
        except Exception as error:  # an answer has to come, whatever happens on its way
            outcome = Failure("broken", f"no answer could be had ({type(error).__name__})")
        if answer.set_running_or_notify_cancel():
            ask.spent.seconds += time.monotonic() - started
            answer.set_result(outcome)

    _THREADS.submit(copy_context().run, run)
    return Sending(answer, inside=False)


def _call(handler: Handler, ask: Ask) -> Outcome:
    try:
        return _checked(handler.handle_sync(ask.request))
    except BaseException as error:
        return Failure("broken", f"the application raised {type(error).__name__}: {error}")


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
