"""Handlers at work: one function answering one request.

An async handler begins in the coroutine of the request, which most never leave: nothing has to be awaited.
Another one runs in a thread. Either goes on when its request has been told to ask again.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import Coroutine
from functools import partial
from inspect import isawaitable
from typing import TYPE_CHECKING

from ringback.app.hub import text_of
from ringback.app.loops.failures import as_exception, from_outside
from ringback.app.loops.portal import call_in, is_async
from ringback.app.loops.ready import Ready
from ringback.app.reports import shown_sid
from ringback.app.webhooks.answers import answer_to
from ringback.app.webhooks.held import Answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from typing_extensions import TypeIs

    from ringback._core.webhooks.events import Event
    from ringback.app.hub import Hub
    from ringback.app.routes import AnyHandler

__all__ = ["HandlerRun", "HandlerRuns"]

log = logging.getLogger("ringback")


class HandlerRun:
    """A handler at work.

    Args:
        hub: The middle of the application.
        route: The handler.
        arguments: What the link to it carried.
        event: What it answers.
        over: Called when it is.

    Attributes:
        about: The call or message, or None.
        answer: What comes of it.
        done: Whether it is over.
    """

    __slots__ = ("_arguments", "_event", "_hub", "_over", "_route", "_task", "about", "answer", "done")

    def __init__(
        self,
        hub: Hub,
        route: AnyHandler,
        arguments: Mapping[str, object],
        event: Event,
        over: Callable[[HandlerRun], None],
    ) -> None:
        self._hub = hub
        self._route = route
        self._arguments = arguments
        self._event = event
        self._over = over
        self._task: asyncio.Task[object] | None = None
        self.about = text_of(event, "call_sid") or text_of(event, "message_sid")
        self.answer = Answer(self._give_up)
        self.done = False

    # --- async ones, in a task of the loop that the request is answered in

    def begin(self) -> None:
        """Have an async handler begin. To be called in a loop."""
        self._lead(self._call)

    def _lead(self, call: Callable[[], object]) -> None:
        name = f"handler {self._route.name} of {shown_sid(self.about)}"
        too_late = self.done
        self._task = self._hub.spawn(self._await(call), name, at_once=True)
        if too_late:
            self._hub.end(self._task)
        elif not self.done:
            self._task.add_done_callback(self._end)

    async def _await(self, call: Callable[[], object]) -> None:
        task = asyncio.current_task()
        try:
            result = call()
            self._answer(await result if _needs_await(result) else result)
        except BaseException as raised:
            if from_outside(raised, task):
                raise
            self._fail(raised)
        self._end()

    # --- others, in a thread

    def begin_in_thread(self) -> None:
        """Have one that isn't async begin. To be called in any thread."""
        self._hub.threads.submit(contextvars.copy_context().run, self._work)

    def _work(self) -> None:
        try:
            result = self._call()
            if _needs_await(result):
                if not self.done:
                    self._hub.in_loop(partial(self._lead, lambda: result))
                elif isinstance(result, Coroutine):  # nobody is there any more
                    result.close()
                return
            self._answer(result)
        except BaseException as raised:
            self._fail(raised)
        self._end()

    # --- what comes of it

    def _call(self) -> object:
        return self._route.called_with(self._arguments)(self._event)

    def _answer(self, returned: object) -> None:
        self.answer.set(answer_to(self._event, returned))

    def _fail(self, raised: BaseException) -> None:
        try:
            self._report(as_exception(raised, "a handler"))
        finally:
            self.answer.set(self._hub.fallback(self._route.event))

    def _report(self, error: Exception) -> None:
        said = self._route.arguments.said(self._arguments)
        self._hub.report(error, self._event, self._route.name, heard=said)

    def _end(self, _: object = None) -> None:
        """It is over, or left to itself."""
        if self.done:
            return
        self.done = True
        if self.answer.response is None:
            log.warning("handler %s of %s was cancelled", self._route.name, shown_sid(self.about))
            self.answer.set(self._hub.fallback(self._route.event))
        self._over(self)

    # --- its limits

    def overstay(self) -> None:
        """The call has ended a while ago, and the handler still works on an answer that nobody will hear."""
        if not self.done:
            log.warning(
                "handler %s still runs %s s after the end of call %s",
                self._route.name,
                self._hub.settings.linger,
                shown_sid(self.about),
            )
            self.cancel()

    def cancel(self) -> None:
        """End it, or, where a thread is at work that nothing can end, let it work for nobody."""
        if self._task is None:
            self._end()
        else:
            call_in(self._task.get_loop(), self._hub.end, self._task)

    def _give_up(self) -> None:
        self.answer.set(self._hub.fallback(self._route.event))
        error = TimeoutError(f"the handler gave no answer within {self._hub.settings.hold_limit} s")
        self._report(error)
        self.cancel()


def _needs_await(result: object) -> TypeIs[Awaitable[object]]:
    return isawaitable(result) and not isinstance(result, Ready)


class HandlerRuns:
    """The handlers at work in one application."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._renew()

    def _renew(self) -> None:
        """Forget those that a parent process runs."""
        self._runs: dict[HandlerRun, None] = {}
        self._by_call: dict[str, set[HandlerRun]] = {}
        self._lock = threading.Lock()

    def start(self, route: AnyHandler, arguments: Mapping[str, object], event: Event) -> Answer:
        """Have a handler answer a request, an async one in this very loop."""
        run = HandlerRun(self._hub, route, arguments, event, self._forget)
        if is_async(route.function):
            run.begin()
            if not run.done:
                self._keep(run)
        else:
            self._keep(run)
            run.begin_in_thread()
        return run.answer

    def hang_up(self, call_sid: str) -> None:
        """A call has ended: what still works for it has an end, too."""
        with self._lock:
            runs = tuple(self._by_call.get(call_sid, ()))
        for run in runs:
            self._hub.later(self._hub.settings.linger, run.overstay)

    def close(self) -> None:
        """End all of them."""
        with self._lock:
            runs = tuple(self._runs)
        for run in runs:
            run.cancel()

    def _keep(self, run: HandlerRun) -> None:
        with self._lock:
            self._runs[run] = None
            if run.about is not None:
                self._by_call.setdefault(run.about, set()).add(run)

    def _forget(self, run: HandlerRun) -> None:
        with self._lock:
            if run in self._runs:
                del self._runs[run]
                of_call = self._by_call.get(run.about or "")
                if of_call is not None:
                    of_call.discard(run)
                    if not of_call:
                        del self._by_call[run.about or ""]
