"""Listeners by event class: `on`, `once`, `off`, and waiting for the next event."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from attrs import field, frozen

from ringback._core.forks import renew_in_child
from ringback._core.webhooks.events import Event
from ringback.app.loops.failures import as_exception
from ringback.app.loops.portal import in_event_loop, invoke

if TYPE_CHECKING:
    from collections.abc import Callable

    from ringback.app.hub import Hub

__all__ = ["Emitter", "Waiter", "wait", "wait_async"]

E = TypeVar("E", bound=Event)
T = TypeVar("T")


@frozen(eq=False)
class _Subscription:
    event: type[Event]
    listener: Callable[..., object]
    once: bool


@frozen(eq=False)
class Waiter:
    """Somebody who waits for one event.

    Attributes:
        wanted: Whether an event is it; what it raises ends the wait.
        future: The event; cancelled to stop waiting.
    """

    wanted: Callable[[Event], bool]
    future: Future[Event] = field(factory=Future[Event])

    def offer(self, event: Event) -> None:
        """End the wait if this is the event."""
        with suppress(InvalidStateError):  # it may have been cancelled meanwhile
            try:
                if not self.future.done() and self.wanted(event):
                    self.future.set_result(event)
            except BaseException as raised:
                self.future.set_exception(as_exception(raised, "where"))


class Emitter:
    """Hands each event to the listeners of its class and of the classes above it. Safe among threads.

    Args:
        hub: Has the threads for listeners that aren't async, and is told what listeners raise.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._subscriptions: list[_Subscription] = []
        self._waiters: list[Waiter] = []
        self._renew()
        renew_in_child(self)

    def _renew(self) -> None:
        """Make anew what must not cross a fork."""
        self._lock = threading.Lock()

    def on(self, event: type[E], listener: Callable[[E], object], *, once: bool = False) -> None:
        """Call `listener` with every such event from now on, or with the next alone."""
        with self._lock:
            self._subscriptions.append(_Subscription(event, listener, once))

    def off(self, event: type[E], listener: Callable[[E], object]) -> None:
        """Stop calling `listener`; nothing happens where it isn't registered."""
        with self._lock:
            self._subscriptions = [
                kept for kept in self._subscriptions if kept.event is not event or kept.listener != listener
            ]

    def next(self, wanted: Callable[[Event], bool]) -> Waiter:
        """Wait for the next event that is `wanted`."""
        waiter = Waiter(wanted)
        with self._lock:
            self._waiters.append(waiter)
        waiter.future.add_done_callback(lambda _: self._forget(waiter))
        return waiter

    @property
    def heard(self) -> bool:
        """Whether anybody listens at all."""
        return bool(self._subscriptions or self._waiters)

    @property
    def waited(self) -> bool:
        """Whether anybody waits for an event."""
        return bool(self._waiters)

    def offer(self, event: Event) -> None:
        """Hand `event` to those who wait, and to no listener."""
        with self._lock:
            waiters = list(self._waiters)
        for waiter in waiters:
            waiter.offer(event)

    async def emit(self, event: Event) -> None:
        """Hand `event` to everybody who wants it; returns when all listeners have."""
        if not self.heard:
            return
        with self._lock:
            waiters = list(self._waiters)
            listening = [kept for kept in self._subscriptions if isinstance(event, kept.event)]
            if any(kept.once for kept in listening):
                self._subscriptions = [
                    kept for kept in self._subscriptions if not (kept.once and kept in listening)
                ]
        for waiter in waiters:
            waiter.offer(event)
        works = [self.call(kept.listener, event) for kept in listening]
        await self._hub.all_of(works, f"listener of {type(event).__name__}")

    async def call(self, listener: Callable[..., object], event: Event, heard: tuple[str, ...] = ()) -> None:
        """Call one listener and report what it raises, without `heard`."""
        try:
            await invoke(listener, event, self._hub.threads)
        except Exception as error:
            await self._hub.listener_failed(error, event, listener, heard)

    def _forget(self, waiter: Waiter) -> None:
        with self._lock, suppress(ValueError):
            self._waiters.remove(waiter)


async def wait_async(hub: Hub, future: Future[Event], timeout: float | None) -> Event:
    """The event that a future of any thread brings.

    Raises:
        TimeoutError: It did not come within `timeout` seconds.
    """
    if future.done():
        return future.result()
    wall = None if hub.awaits(future, timeout) else timeout
    try:
        return await asyncio.wait_for(asyncio.wrap_future(future), wall)
    except asyncio.TimeoutError:
        raise TimeoutError(f"nothing came within {timeout} s") from None


def wait(hub: Hub, future: Future[Event], timeout: float | None) -> Event:
    """The same for synchronous code.

    Raises:
        TimeoutError: It did not come within `timeout` seconds.
        RuntimeError: An event loop runs in this thread and would be blocked.
    """
    if in_event_loop():
        future.cancel()
        raise RuntimeError(
            "an event loop runs in this thread and would be blocked: use an AsyncClient and await"
        )
    wall = None if hub.awaits(future, timeout) else timeout
    try:
        return future.result(wall)
    except FutureTimeout:
        future.cancel()
        raise TimeoutError(f"nothing came within {timeout} s") from None
