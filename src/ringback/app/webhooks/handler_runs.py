"""Handlers at work: one function answering one request."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from ringback.app.hub import text_of
from ringback.app.loops.portal import call_in, invoke
from ringback.app.reports import shown_sid
from ringback.app.webhooks.answers import Answer, document_for, twiml

if TYPE_CHECKING:
    from ringback._core.webhooks.events import Event
    from ringback.app.hub import Hub
    from ringback.app.routes import AnyHandler

__all__ = ["HandlerRun", "HandlerRuns"]

log = logging.getLogger("ringback")


class HandlerRun:
    """A handler at work.

    Attributes:
        about: The call or message, or None.
        answer: What comes of it.
        task: What runs it.
    """

    def __init__(self, hub: Hub, route: AnyHandler, event: Event, arguments: dict[str, object]) -> None:
        self._hub = hub
        self._route = route
        self._function = route.called_with(arguments)
        self._event = event
        self._loop = asyncio.get_running_loop()
        self.about = text_of(event, "call_sid") or text_of(event, "message_sid")
        self.answer = Answer(self._give_up)
        self.task = hub.spawn(self._work(), f"handler {route.name} of {shown_sid(self.about)}")
        self.task.add_done_callback(self._over)

    async def _work(self) -> None:
        try:
            returned = await invoke(self._function, self._event, self._hub.threads)
            self.answer.set(twiml(document_for(self._event, returned)))
        except Exception as error:
            self.answer.set(self._hub.fallback(self._route.event))
            self._hub.report(error, self._event, self._route.name)

    def _over(self, _: object) -> None:
        if not self.answer.future.done():
            log.warning("handler %s of %s was cancelled", self._route.name, shown_sid(self.about))
            self.answer.set(self._hub.fallback(self._route.event))

    def overstay(self) -> None:
        """The call has ended a while ago, and the handler still works on an answer that nobody will hear."""
        if not self.task.done():
            log.warning(
                "handler %s still runs %s s after the end of call %s",
                self._route.name,
                self._hub.settings.linger,
                shown_sid(self.about),
            )
            self._hub.end(self.task)

    def _give_up(self) -> None:
        self.answer.set(self._hub.fallback(self._route.event))
        error = TimeoutError(f"the handler gave no answer within {self._hub.settings.hold_limit} s")
        self._hub.report(error, self._event, self._route.name)
        call_in(self._loop, self._hub.end, self.task)


class HandlerRuns:
    """The handlers at work in one application."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._by_call: dict[str, set[HandlerRun]] = {}

    def start(self, route: AnyHandler, event: Event, arguments: dict[str, object]) -> Answer:
        """Have a handler answer a request."""
        run = HandlerRun(self._hub, route, event, arguments)
        if run.about is not None:
            self._by_call.setdefault(run.about, set()).add(run)
            run.task.add_done_callback(lambda _: self._over(run))
        return run.answer

    def hang_up(self, call_sid: str) -> None:
        """A call has ended: what still works for it has an end, too."""
        for run in tuple(self._by_call.get(call_sid, ())):
            self._hub.later(self._hub.settings.linger, run.overstay)

    def _renew(self) -> None:
        """Forget those that a parent process runs."""
        self._by_call.clear()

    def _over(self, run: HandlerRun) -> None:
        about = run.about or ""
        runs = self._by_call.get(about, set())
        runs.discard(run)
        if not runs:
            self._by_call.pop(about, None)
