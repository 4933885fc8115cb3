"""What the parts of one application share: its settings, its listeners, its threads and background tasks."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

from attrs import frozen

from ringback._core.events import MessageRequest
from ringback.app.answers import twiml
from ringback.app.emitter import Emitter
from ringback.app.events import HandlerFailed
from ringback.app.followed import Followed
from ringback.app.portal import in_event_loop, portal_loop
from ringback.app.routes import function_name

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from ringback._core.events import Event
    from ringback.app.stores import Store
    from ringback.http import WebhookResponse
    from ringback.twiml import MessagingResponse, VoiceResponse

__all__ = ["Hub", "Settings"]

log = logging.getLogger("ringback")


@frozen(kw_only=True)
class Settings:
    """An application's settings; `Application` says what they mean."""

    public_url: str
    fallback: VoiceResponse
    message_fallback: MessagingResponse
    deadline: float
    hold_limit: float
    idle_limit: float
    max_body: int
    max_parameters: int
    threads: int
    store: Store


class Hub:
    """The middle of an application.

    Attributes:
        listeners: The application's listeners.
        handlers: Its handlers of notifications, for those that come to no handler's own URL.
        followed: Its live calls and messages.
        loop: Where it last answered a webhook.
        watchers: Told of each failure at once, before any listener.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.listeners = Emitter(self.pool, self.listener_failed)
        self.handlers = Emitter(self.pool, self.listener_failed)
        self.followed = Followed()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.watchers: list[Callable[[HandlerFailed], None]] = []
        self._tasks: set[asyncio.Task[object]] = set()

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.settings.threads, thread_name_prefix="ringback")

    def pool(self) -> ThreadPoolExecutor:
        """The threads for functions that aren't async, started when the first one is called."""
        return self._pool

    def spawn(self, work: Coroutine[object, object, object]) -> asyncio.Task[object]:
        """Run something in the background, until it ends or the application is closed."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def emit(self, event: Event) -> None:
        """Tell the listeners of the application, and of the live call or message that an event is about."""
        about = self.followed.about(text_of(event, "call_sid"), text_of(event, "message_sid"))
        await asyncio.gather(self.listeners.emit(event), *(live.arrived(event) for live in about))

    def announce(self, event: Event) -> None:
        """Tell of an event from anywhere, and don't wait: in the loop that webhooks are served in, if there
        is.
        """
        if in_event_loop():
            self.spawn(self.emit(event))
        else:
            loop = portal_loop() if self.loop is None or self.loop.is_closed() else self.loop
            asyncio.run_coroutine_threadsafe(self.emit(event), loop)

    async def failed(self, error: Exception, event: Event | None, name: str) -> None:
        """Report what a handler, flow or listener raised: to the log and as `HandlerFailed`."""
        call_sid = text_of(event, "call_sid")
        message_sid = text_of(event, "message_sid")
        log.error(
            "%s failed on %s of %s",
            name,
            "a request" if event is None else type(event).__name__,
            call_sid or message_sid or "no call",
            exc_info=error,
        )
        failure = HandlerFailed(
            error=error, route=name, event=event, call_sid=call_sid, message_sid=message_sid
        )
        for watcher in tuple(self.watchers):
            watcher(failure)
        if not isinstance(event, HandlerFailed):  # whose listeners only have the log to turn to
            await self.emit(failure)

    async def listener_failed(self, error: Exception, event: Event, listener: Callable[..., object]) -> None:
        """Report what a listener raised."""
        await self.failed(error, event, function_name(listener) or repr(listener))

    def fallback(self, event: type[Event]) -> WebhookResponse:
        """What a caller or sender gets where the answer failed."""
        settings = self.settings
        return twiml(settings.message_fallback if issubclass(event, MessageRequest) else settings.fallback)

    async def aclose(self) -> None:
        """Cancel what runs in the background and wait for what does so in this loop."""
        here = asyncio.get_running_loop()
        waiting: list[asyncio.Task[object]] = []
        for task in tuple(self._tasks):
            if task is asyncio.current_task():
                continue
            if task.get_loop() is here:
                task.cancel()
                waiting.append(task)
            elif not task.get_loop().is_closed():
                task.get_loop().call_soon_threadsafe(task.cancel)
        await asyncio.gather(*waiting, return_exceptions=True)


def text_of(event: Event | None, name: str) -> str | None:
    """A field that not every event has, such as `call_sid`; None where it has none."""
    value: object = getattr(event, name, None)
    return value if isinstance(value, str) else None
