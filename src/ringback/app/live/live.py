"""What live calls and live messages have in common: a SID, listeners, and events to wait for.

Live
├── calls.CallState          ├── AsyncLiveCall
│                            └── LiveCall, for synchronous code
└── messages.MessageState    ├── AsyncLiveMessage
                             └── LiveMessage
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, ClassVar, Final, TypeVar

from ringback._core.forks import renew_in_child
from ringback._core.webhooks.events import Event
from ringback.app.checks import check_event, check_listener, check_registered
from ringback.app.emitter import Emitter

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from ringback.app.hub import Hub

__all__ = ["Live"]

E = TypeVar("E", bound=Event)


class Live:
    """Something at Twilio whose webhooks come to this application."""

    _KEPT: Final = 1_000  # events that nobody has waited for yet
    _ONCE: ClassVar[tuple[type[Event], ...]] = ()  # what happens once at most, and may be waited for again

    def __init__(self, hub: Hub, sid: str | None = None) -> None:
        self._hub = hub
        self._sid = sid
        self._listeners = Emitter(hub)
        self._unseen: deque[Event] = deque(maxlen=self._KEPT)
        self._happened: dict[type[Event], Event] = {}
        self._renew()
        renew_in_child(self)

    def _renew(self) -> None:
        """Make anew what must not cross a fork."""
        self._lock = threading.Lock()

    @property
    def sid(self) -> str:
        """Its SID."""
        assert self._sid is not None, "nobody has it before it is known"  # noqa: S101
        return self._sid

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._sid}>"

    def on(self, event: type[E], listener: Callable[[E], object], /) -> None:
        """Call `listener` with every such event about this from now on; sync or async, what it returns is
        ignored.

        Where the listener isn't async, it is called in a thread.
        """
        check_registered(event)
        check_listener(listener, event)
        self._listeners.on(event, listener)
        self._hub.live.hold(self)

    def once(self, event: type[E], listener: Callable[[E], object], /) -> None:
        """Call `listener` with the next such event alone."""
        check_registered(event)
        check_listener(listener, event)
        self._listeners.on(event, listener, once=True)
        self._hub.live.hold(self)

    def off(self, event: type[E], listener: Callable[[E], object], /) -> None:
        """Stop calling `listener`; nothing happens where it isn't registered for `event`."""
        self._listeners.off(event, listener)

    # --- what the application tells

    def known(self, sid: str, /) -> None:
        """Its SID has become known."""
        self._sid = sid

    async def arrived(self, event: Event, /) -> None:
        """Something was reported about it."""
        with self._lock:
            self._unseen.append(event)
            if isinstance(event, self._ONCE):
                self._happened.setdefault(type(event), event)
        await self._listeners.emit(event)

    def _ended(self) -> bool:
        """Whether nothing but stragglers will be reported about it."""
        return False

    def _heard(self) -> bool:
        """Whether somebody listens to it or waits for something about it."""
        return self._listeners.heard

    def _waited(self) -> bool:
        """Whether somebody waits for something about it."""
        return self._listeners.waited

    # --- waiting

    def _next(self, event: type[E], where: Callable[[E], bool] | None) -> Future[Event]:
        """The first such event that no wait has returned yet; one that happens once can be returned again."""
        check_event(event)
        self._check_open(event)

        def wanted(came: Event) -> bool:
            if isinstance(came, event):
                return (where is None or where(came)) and (event in self._ONCE or self._take(came))
            self._check_possible(event, came)
            return False

        waiter = self._listeners.next(wanted)
        self._hub.live.hold(self)
        if self._hub.live.elsewhere is not None:
            self._hub.live.elsewhere.watch(self.sid)
        # Only now: what arrives from here on finds the waiter, and what arrived before is found here.
        with self._lock:
            past = list(self._happened.values() if event in self._ONCE else self._unseen)
        for came in sorted(past, key=lambda came: not isinstance(came, event)):
            waiter.offer(came)
        return waiter.future

    def _take(self, event: Event) -> bool:
        """Whether no wait has returned the event; from now on, one has."""
        with self._lock:
            for index, unseen in enumerate(self._unseen):
                if unseen is event:
                    del self._unseen[index]
                    return True
        return False

    def _check_open(self, event: type[Event]) -> None:
        """Raise where `event` can't come any more, since all was over when we began to follow."""

    def _check_possible(self, event: type[Event], came: Event) -> None:
        """Raise where `event` can't come after what came."""
