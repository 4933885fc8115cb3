"""What the log says of refused webhooks: why, where, and what would have been right; never too often.

Anybody on the internet can be refused. So a line comes once a minute for each reason, at most so many reasons
are told, and nothing of a request is shown but its method and path, cut and escaped.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from ringback._core.forks import renew_in_child
from ringback.app.webhooks.answers import refusal
from ringback.webhooks import SIGNATURE_HEADER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ringback.app.routes import AnyRoute
    from ringback.errors import WebhookInvalid
    from ringback.http import WebhookRequest, WebhookResponse

__all__ = ["Refusals", "Throttle"]

log = logging.getLogger("ringback")

_SHOWN: Final = 100  # characters of a path
_LONGEST_METHOD: Final = 10
_COMPARED: Final = 500  # paths of an application among which the nearest is looked for


class Throttle:
    """Lets one message of a kind through in a minute, and so many kinds. Safe among threads.

    Args:
        most: Of how many kinds.
        clock: What tells the time, in seconds.
    """

    _EVERY: Final = 60.0

    def __init__(self, *, most: int = 20, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._renew()
        self._until: dict[str, float] = {}
        self._order: deque[str] = deque()
        renew_in_child(self)

    def _renew(self) -> None:
        """Let a forked child begin with a lock that nobody holds."""
        self._lock = threading.Lock()

    def admits(self, kind: str) -> bool:
        """Whether a message may be told now."""
        now = self._clock()
        with self._lock:
            while self._order and self._until[self._order[0]] <= now:
                del self._until[self._order.popleft()]
            if kind in self._until or len(self._order) >= self._most:
                return False
            self._until[kind] = now + self._EVERY
            self._order.append(kind)
            return True


class Refusals:
    """Refuses webhooks and says so in the log."""

    def __init__(self) -> None:
        self._signed = Throttle()  # what looks like Twilio's isn't drowned by who looks for holes
        self._unsigned = Throttle()

    def unmatched(self, request: WebhookRequest, paths: Iterable[str]) -> WebhookResponse:
        """Nothing is registered at the path."""
        path = _path(request)
        where, told = _escaped(path, _SHOWN), "nothing is registered there"
        if self._may_tell(request, where, told):  # looking for the nearest takes its time
            near = _nearest(path, paths)
            other = (
                "nothing is registered at all" if near is None else f"the nearest path that exists is {near}"
            )
            _say(request, where, f"{told}, {other}")
        return refusal(404, "nothing is registered here")

    def wrong_method(self, request: WebhookRequest, route: AnyRoute) -> WebhookResponse:
        """The route is asked with other methods."""
        allowed = f"ask with {' or '.join(route.methods)}"
        self.tell(request, route.url, f"{route.name} is there and takes other methods, {allowed}")
        return refusal(405, allowed)

    def unreadable(self, request: WebhookRequest, route: AnyRoute, error: WebhookInvalid) -> WebhookResponse:
        """No event can be made of the request."""
        self.tell(request, route.url, str(error))
        return refusal(error.status, str(error))

    def tell(self, request: WebhookRequest, where: str, reason: str, details: str = "") -> None:
        """Say in the log why a request is refused, unless the same was said within the last minute.

        Args:
            request: What is refused.
            where: The URL or path, as it can be shown.
            reason: Why. The same reason at the same place is the same.
            details: What is shown as well.
        """
        if self._may_tell(request, where, reason):
            _say(request, where, f"{reason} {details}".strip())

    def _may_tell(self, request: WebhookRequest, where: str, reason: str) -> bool:
        throttle = self._signed if SIGNATURE_HEADER in request.headers else self._unsigned
        return throttle.admits(f"{_method(request)} {where} {reason}")


def _say(request: WebhookRequest, where: str, why: str) -> None:
    log.warning("refused %s %s: %s", _method(request), where, why)


def _method(request: WebhookRequest) -> str:
    return _escaped(request.method, _LONGEST_METHOD)


def _path(request: WebhookRequest) -> str:
    try:
        return unquote(urlsplit(request.url).path) or "/"
    except ValueError:
        return "/"


def _nearest(path: str, paths: Iterable[str]) -> str | None:
    known = list(islice(paths, _COMPARED))
    plain = path[:_SHOWN].rstrip("/").lower()
    same = next((each for each in known if each.rstrip("/").lower() == plain), None)
    if same is not None:
        return same
    close = get_close_matches(plain, known, n=1, cutoff=0.0)
    return close[0] if close else None


def _escaped(text: str, most: int) -> str:
    shown = text if len(text) <= most else f"{text[:most]}…"
    return shown if shown.isascii() and shown.isprintable() and " " not in shown else ascii(shown)
