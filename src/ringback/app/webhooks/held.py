"""Answers in the making, and what becomes of those that take long.

Twilio waits 15 seconds for an answer. One that takes longer than the deadline is held: the caller hears a
short pause and Twilio is redirected back to ask for the same answer again, as often as it takes.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections import OrderedDict
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, ClassVar, Final

from ringback._core.forks import renew_in_child
from ringback._core.webhooks.events import Notification
from ringback.app.loops.budget import CLOCK, Budget
from ringback.app.loops.portal import call_in, portal_is_blocked
from ringback.app.webhooks.answers import ask_again

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ringback.app.routes import Match
    from ringback.http import WebhookResponse

__all__ = ["Answer", "HeldAnswers"]

LOOK: Final = 0.5  # seconds between two looks at whether the portal is blocked


class Answer:
    """An answer in the making, by a loop or a thread; other threads may wait for it.

    Args:
        give_up: Called when it takes too long, in any thread: has to set it, and to stop making it.

    Attributes:
        response: What it is, once it is made.
    """

    __slots__ = ("_give_up", "_id", "_since", "_waiting", "response")

    _lock: ClassVar = threading.Lock()  # one for all: it is held for a moment, and answers are many

    def __init__(self, give_up: Callable[[], None]) -> None:
        self.response: WebhookResponse | None = None
        self._give_up: Callable[[], None] | None = give_up
        self._waiting: list[Callable[[WebhookResponse], object]] | None = None
        self._since: float | None = None
        self._id = ""

    @property
    def again(self) -> tuple[str, ...]:
        """The tag by which a held request asks again, where others may know the answer, too; or empty."""
        return ()

    @property
    def sent(self) -> Mapping[str, str]:
        """What has to be brought again then, since nobody could keep it."""
        return {}

    @property
    def id(self) -> str:
        """Under which a held request asks again."""
        if not self._id:
            self._id = secrets.token_urlsafe(12)
        return self._id

    @id.setter
    def id(self, id: str) -> None:
        self._id = id

    @property
    def named(self) -> bool:
        """Whether its id is known already."""
        return bool(self._id)

    @property
    def awaited(self) -> bool:
        """Whether somebody waits for it, or has."""
        return bool(self._waiting)

    @property
    def age(self) -> float:
        """For how long somebody has been waiting for it, in seconds, from the first look at this on."""
        now = CLOCK.get()()
        if self._since is None:
            self._since = now
        return now - self._since

    def set(self, response: WebhookResponse) -> bool:
        """Set it unless it is set; whether it was."""
        with self._lock:
            if self.response is not None:
                return False
            self.response = response
            waiting, self._waiting = self._waiting, None
            self._give_up = None  # which refers to this
        for tell in waiting or ():
            tell(response)
        return True

    def give_up(self) -> None:
        """It takes too long."""
        if (give_up := self._give_up) is not None:
            give_up()

    def when_made(self, tell: Callable[[WebhookResponse], object]) -> None:
        """Call something with it once it is made, in the thread that makes it; at once where it is."""
        with self._lock:
            if self.response is None:
                self._waiting = self._waiting or []
                self._waiting.append(tell)
                return
        tell(self.response)

    async def wait(self, seconds: float | None = None) -> None:
        """Wait until it is made, for so many seconds at most, or for as long as that takes."""
        if self.response is None:
            await asyncio.sleep(0)  # a flow that was just woken up answers within the loop's turn
        if self.response is not None:
            return
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()

        def wake() -> None:
            if not waiter.done():
                waiter.set_result(None)

        timer = None if seconds is None else loop.call_later(seconds, wake)
        # Most are made in this very loop, where nothing has to be woken up across threads.
        self.when_made(lambda _: call_in(loop, wake))
        try:
            await waiter
        finally:
            if timer is not None:
                timer.cancel()

    def wait_blocking(self, seconds: float) -> None:
        """The same for a thread that runs no event loop. Where the portal is blocked, it waits no longer: the
        threads of a server are few.
        """
        made: SimpleQueue[WebhookResponse] = SimpleQueue()
        self.when_made(made.put)
        waiting = Budget(seconds)
        while self.response is None and (left := waiting.left):
            try:
                made.get(timeout=min(left, LOOK))
            except Empty:
                if portal_is_blocked():
                    return


class _Lock:
    """Of all answers."""

    def _renew(self) -> None:
        Answer._lock = threading.Lock()


_lock: Final = _Lock()
renew_in_child(_lock)


class HeldAnswers:
    """Keeps the answers that take long for those who come back for them.

    Args:
        limit: Seconds that an answer may be in the making.
        linger: Seconds for which one that is made is kept, as the request for it may be repeated.
        later: Calls something after some seconds.
        keep: Lets others have an answer that is held here and may be asked for there.
    """

    _MOST: Final = 10_000  # the oldest are forgotten

    def __init__(
        self,
        *,
        limit: float,
        linger: float,
        later: Callable[[float, Callable[[], object]], None],
        keep: Callable[[Answer], None] | None = None,
    ) -> None:
        self._share = keep
        self._limit = limit
        self._linger = linger
        self._later = later
        self._renew()

    def _renew(self) -> None:
        """Forget the answers that a parent process makes."""
        self._held: OrderedDict[str, Answer] = OrderedDict()
        self._lock = threading.Lock()

    async def serve(self, answer: Answer, patience: float, match: Match) -> WebhookResponse:
        """The answer, or, where it isn't ready within `patience` seconds, what has the same asked again."""
        if answer.response is None:
            await asyncio.sleep(0)  # most are made in the next turn of the loop
            if answer.response is None:
                await answer.wait(self._patience(answer, patience))
        return self._ready(answer) or self._hold(answer, match)

    def serve_blocking(self, answer: Answer, patience: float, match: Match) -> WebhookResponse:
        """The same for a thread that runs no event loop."""
        if answer.response is None:
            answer.wait_blocking(self._patience(answer, patience))
        return self._ready(answer) or self._hold(answer, match)

    def find(self, id: str) -> Answer | None:
        """The answer that a held request comes back for, or None where it has been forgotten."""
        return self._held.get(id)

    def _patience(self, answer: Answer, patience: float) -> float:
        return min(patience, max(0.0, self._limit - answer.age))

    def _ready(self, answer: Answer) -> WebhookResponse | None:
        if answer.response is None and answer.age >= self._limit:
            answer.give_up()
        return answer.response

    def _hold(self, answer: Answer, match: Match) -> WebhookResponse:
        """Keep an answer, and have the same asked again for it."""
        if self._share is not None and not answer.again and not answer.named:
            self._share(answer)
        id = answer.id
        if not issubclass(match.route.event, Notification) and self._keep(id, answer):
            # Neither may depend on whether somebody asks again: callers hang up.
            self._later(self._limit - answer.age, lambda: self._expire(id))
            answer.when_made(lambda _: self._later(self._linger, lambda: self._held.pop(id, None)))
        return ask_again(match.again, *(answer.again or ("hold", id)), sent=answer.sent)

    def _keep(self, id: str, answer: Answer) -> bool:
        """Whether it wasn't kept already."""
        with self._lock:
            if id in self._held:
                return False
            self._held[id] = answer
            while len(self._held) > self._MOST:
                self._held.popitem(last=False)
            return True

    def _expire(self, id: str) -> None:
        answer = self._held.get(id)
        if answer is not None and answer.response is None:
            answer.give_up()
