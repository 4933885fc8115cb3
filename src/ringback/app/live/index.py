"""Which live calls and messages a webhook is about."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict, deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol
from weakref import ref

from ringback._core.forks import renew_in_child

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ringback._core.webhooks.events import Event
    from ringback.app.live.elsewhere import Elsewhere

__all__ = ["Followable", "LiveIndex"]

LONGEST: Final = 86_400.0  # seconds; no call lasts longer, so its last callback was lost
STRAGGLERS: Final = 300.0  # seconds after an end in which recordings and transcriptions are reported


class Followable(Protocol):
    """A live call or message."""

    def known(self, sid: str, /) -> None:
        """Its SID has become known."""
        ...

    async def arrived(self, event: Event, /) -> None:
        """Something was reported about it."""
        ...

    def _ended(self) -> bool:
        """Whether nothing but stragglers will be reported about it."""
        ...

    def _heard(self) -> bool:
        """Whether somebody listens to it or waits for something about it."""
        ...

    def _waited(self) -> bool:
        """Whether somebody waits for something about it."""
        ...


class LiveIndex:
    """Live calls and messages by SID, and, until that is known, by the token in the URLs that Twilio was
    given.

    A webhook may well arrive before the answer to the request that created its call. None is kept for the
    sake of it: one that its creator let go, and that nobody listens to, is of no use to anybody.

    Args:
        later: Calls something after some seconds.

    Attributes:
        elsewhere: The other workers, where the application shares its store with some.
    """

    _MOST: Final = 50_000  # live ones, and
    _MOST_ENDED: Final = 1_000  # ended ones that are held; the oldest make room

    def __init__(self, later: Callable[[float, Callable[[], object]], None]) -> None:
        self._later = later
        self.elsewhere: Elsewhere | None = None
        self._by_token: OrderedDict[str, Followable] = OrderedDict()
        self._by_sid: dict[str, tuple[ref[Followable], ...]] = {}
        self._held: OrderedDict[Followable, float] = OrderedDict()  # until when at most
        self._ended: OrderedDict[Followable, float] = OrderedDict()  # until when
        self._gone: deque[str] = deque()  # SIDs of what nobody holds any more; told by the garbage collector
        self._renew()
        renew_in_child(self)

    def _renew(self) -> None:
        self._lock = threading.Lock()

    def __len__(self) -> int:
        with self._lock:
            self._sweep()
            return len(self._by_sid)

    @contextmanager
    def expecting(self, live: Followable) -> Generator[str, None, None]:
        """While something is being created: the token that the URLs of its webhooks carry."""
        token = secrets.token_urlsafe(9) if self.elsewhere is None else self.elsewhere.token()
        with self._lock:
            self._by_token[token] = live
            if len(self._by_token) > self._MOST:
                self._by_token.popitem(last=False)
        try:
            yield token
        except BaseException:
            with self._lock:
                self._by_token.pop(token, None)
            raise

    def bind(self, token: str, sid: str) -> None:
        """What carries `token` is `sid`; said by whichever is first, its webhook or the answer of the REST
        API.
        """
        with self._lock:
            live = self._by_token.pop(token, None)
        if live is not None:
            live.known(sid)
            self.follow(sid, live, token)
        elif self.elsewhere is not None:
            self.elsewhere.carries(sid, token)

    def follow(self, sid: str, live: Followable, token: str | None = None) -> None:
        """Tell `live` what is reported about `sid`, as long as somebody holds it.

        Args:
            sid: What it is about.
            live: Who is told.
            token: What the URLs of its webhooks carry, where it was started here.
        """
        one = ref(live, lambda _: self._gone.append(sid))
        with self._lock:
            self._sweep()
            self._by_sid[sid] = (*self._by_sid.get(sid, ()), one)
        if self.elsewhere is not None:
            self.elsewhere.follow(sid, token)

    def hold(self, live: Followable) -> None:
        """Hold `live` as long as something is reported about it: somebody listens or waits."""
        now = time.monotonic()
        with self._lock:
            self._held.setdefault(live, now + LONGEST)
            while len(self._held) > self._MOST or (self._held and next(iter(self._held.values())) < now):
                self._held.popitem(last=False)
        if live._ended():
            self._let_go(live)

    def settle(self, *sids: str | None) -> None:
        """Let go of what has ended; what is listened to after a while."""
        for live in self.about(*sids):
            if live._ended():
                self._let_go(live)

    def forget(self, sid: str) -> None:
        """Tell nobody any more what is reported about `sid`."""
        for live in self.about(sid):
            with self._lock:
                self._held.pop(live, None)
                self._ended.pop(live, None)
        with self._lock:
            self._by_sid.pop(sid, None)
        if self.elsewhere is not None:
            self.elsewhere.forget(sid)

    def about(self, *sids: str | None) -> list[Followable]:
        """Everything live under these SIDs."""
        with self._lock:
            self._sweep()
            refs = [one for sid in sids if sid is not None for one in self._by_sid.get(sid, ())]
        return [live for one in refs if (live := one()) is not None]

    def _let_go(self, live: Followable) -> None:
        with self._lock:
            if self._held.pop(live, None) is None or not live._heard():
                return
            waiting = self._release_late() is not None
            self._ended[live] = time.monotonic() + STRAGGLERS
            if len(self._ended) > self._MOST_ENDED:
                self._ended.popitem(last=False)
        if not waiting:
            self._later(STRAGGLERS, self._look_again)

    def _look_again(self) -> None:
        with self._lock:
            left = self._release_late()
        if left is not None:
            self._later(left, self._look_again)

    def _release_late(self) -> float | None:
        """Release what has ended long ago; in how many seconds the next is due, if any is left."""
        now = time.monotonic()
        while self._ended:
            left = next(iter(self._ended.values())) - now
            if left > 0:
                return left
            self._ended.popitem(last=False)
        return None

    def _sweep(self) -> None:
        while self._gone:
            sid = self._gone.popleft()
            left = tuple(one for one in self._by_sid.get(sid, ()) if one() is not None)
            if left:
                self._by_sid[sid] = left
            else:
                self._by_sid.pop(sid, None)
