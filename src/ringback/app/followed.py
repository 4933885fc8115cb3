"""Which live calls and messages a webhook is about."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from ringback.app.forks import renew_in_child

if TYPE_CHECKING:
    from collections.abc import Generator

    from ringback._core.events import Event

__all__ = ["Followable", "Followed"]


class Followable(Protocol):
    """A live call or message."""

    def known(self, sid: str, /) -> None:
        """Its SID has become known."""
        ...

    async def arrived(self, event: Event, /) -> None:
        """Something was reported about it."""
        ...


class Followed:
    """Live calls and messages by SID, and, until that is known, by the token in the URLs that Twilio was
    given.

    A webhook may well arrive before the answer to the request that created its call.
    """

    _MOST: Final = (
        50_000  # the oldest are forgotten: a callback that never came must not keep its call for ever
    )

    def __init__(self) -> None:
        self._by_token: OrderedDict[str, Followable] = OrderedDict()
        self._by_sid: OrderedDict[str, tuple[Followable, ...]] = OrderedDict()
        self._renew()
        renew_in_child(self)

    def _renew(self) -> None:
        """Make anew what must not cross a fork."""
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._by_sid)

    @contextmanager
    def expecting(self, live: Followable) -> Generator[str, None, None]:
        """While something is being created: the token that the URLs of its webhooks carry."""
        token = secrets.token_urlsafe(9)
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
            self.follow(sid, live)

    def follow(self, sid: str, live: Followable) -> None:
        """Tell `live` what is reported about `sid`."""
        with self._lock:
            self._by_sid[sid] = (*self._by_sid.get(sid, ()), live)
            if len(self._by_sid) > self._MOST:
                self._by_sid.popitem(last=False)

    def forget(self, sid: str) -> None:
        """Tell nobody any more what is reported about `sid`."""
        with self._lock:
            self._by_sid.pop(sid, None)

    def about(self, *sids: str | None) -> list[Followable]:
        """Everything live under these SIDs."""
        with self._lock:
            return [live for sid in sids if sid is not None for live in self._by_sid.get(sid, ())]
