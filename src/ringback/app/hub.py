"""What the parts of one application share: its settings, its listeners, its threads and background tasks.

Telling is here; what runs in the background is in loops/tasks.py.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

from ringback._core.webhooks.events import MessageRequest, Notification
from ringback.app.emitter import Emitter
from ringback.app.events import HandlerFailed
from ringback.app.live.index import LiveIndex
from ringback.app.loops.portal import call_in
from ringback.app.loops.tasks import BackgroundTasks
from ringback.app.loops.threads import Threads
from ringback.app.reports import Oddities, shown_sid, texts_of, without
from ringback.app.routes import function_name
from ringback.app.webhooks.answers import nothing, twiml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future

    from ringback._core.webhooks.events import Event
    from ringback.app.settings import Settings
    from ringback.http import WebhookResponse

__all__ = ["Hub"]

T = TypeVar("T")

log = logging.getLogger("ringback")


class Hub(BackgroundTasks):
    """What all parts of one application share: what it does in the background, and who is told of what.

    Attributes:
        listeners: The application's listeners.
        handlers: Its handlers of notifications, for those that come to no handler's own URL.
        live: Its live calls and messages.
        threads: Where functions that aren't async are called.
        watchers: Told of each failure at once, before any listener.
        timekeepers: Told what somebody begins to wait for, and for how many seconds; whether they see to it
            that the wait ends in time.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.threads = Threads(settings.threads)
        self.listeners = Emitter(self)
        self.handlers = Emitter(self)
        self.live = LiveIndex(self.later)
        self.watchers: list[Callable[[HandlerFailed], None]] = []
        self.timekeepers: list[Callable[[Future[Event], float | None], bool]] = []
        self._oddities = Oddities()

    def awaits(self, future: Future[Event], timeout: float | None) -> bool:
        """Somebody begins to wait; whether a clock other than the wall's sees to it that it ends in time."""
        kept = [keeper(future, timeout) for keeper in self.timekeepers]
        return any(kept)

    # --- telling

    async def emit(self, event: Event) -> None:
        """Tell the listeners of the application, and of the live call or message that an event is about."""
        if event.unreadable:
            self._oddities.note(event)
        sids = text_of(event, "call_sid"), text_of(event, "message_sid")
        about = self.live.about(*sids)
        # What is live learns of it first: a listener may look at it.
        works = [*(each.arrived(event) for each in about), self.listeners.emit(event)]
        if self.live.elsewhere is not None:
            works.append(self.live.elsewhere.tell(event, sids))
        try:
            await self.all_of(works, f"listeners of {type(event).__name__}")
        finally:
            if about:
                self.live.settle(*sids)

    def announce(self, event: Event) -> None:
        """Tell of an event from anywhere, and don't wait: in the loop that webhooks are served in, if there
        is.
        """
        if self.listeners.heard or self.live or self.live.elsewhere or event.unreadable:
            call_in(self._loop_from_here(), self._announce, event)

    def _announce(self, event: Event) -> None:
        self.spawn(self.emit(event), f"listeners of {type(event).__name__}")

    def report(
        self,
        error: Exception,
        event: Event | None,
        name: str,
        *,
        heard: Iterable[str] = (),
        call_sid: str | None = None,
        message_sid: str | None = None,
    ) -> None:
        """Report what a handler or flow raised, from anywhere: to the log and as `HandlerFailed`, whose
        listeners nobody waits for. Nothing of `heard` is in the log, nor of `event`. The SIDs are
        those of `event`, and only have to be given where there is none.
        """
        call_sid = call_sid or text_of(event, "call_sid")
        message_sid = message_sid or text_of(event, "message_sid")
        self.announce(self._failure(error, event, name, call_sid, message_sid, heard))

    async def listener_failed(
        self, error: Exception, event: Event, listener: Callable[..., object], heard: tuple[str, ...] = ()
    ) -> None:
        """Report what a listener raised, to those who listen to that as well."""
        sids = text_of(event, "call_sid"), text_of(event, "message_sid")
        failure = self._failure(error, event, _name_of(listener), *sids, heard)
        if not isinstance(event, HandlerFailed):  # whose listeners only have the log to turn to
            await self.emit(failure)

    def _failure(
        self,
        error: Exception,
        event: Event | None,
        name: str,
        call_sid: str | None,
        message_sid: str | None,
        heard: Iterable[str] = (),
    ) -> HandlerFailed:
        log.error(
            "%s failed on %s of %s",
            name,
            "a request" if event is None else type(event).__name__,
            shown_sid(call_sid or message_sid),
            exc_info=without(error, (*texts_of(event), *heard)),
        )
        failure = HandlerFailed(
            error=error, route=name, event=event, call_sid=call_sid, message_sid=message_sid
        )
        for watcher in tuple(self.watchers):
            watcher(failure)
        return failure

    def fallback(self, event: type[Event]) -> WebhookResponse:
        """What a caller or sender gets where the answer failed."""
        settings = self.settings
        if issubclass(event, Notification):
            return nothing()
        return twiml(settings.message_fallback if issubclass(event, MessageRequest) else settings.fallback)


def _name_of(listener: Callable[..., object]) -> str:
    # Not its repr, which may hold anything.
    name: object = getattr(listener, "__qualname__", type(listener).__qualname__)
    return function_name(listener) or str(name)


def text_of(event: Event | None, name: str) -> str | None:
    """A field that not every event has, such as `call_sid`; None where it has none."""
    value: object = getattr(event, name, None)
    return value if isinstance(value, str) else None
