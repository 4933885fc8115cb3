"""Where Twilio can ask an application: URLs, and what answers there.

Route[E]            a URL at which an event arrives; a `Target[E]`
├── Handler[E, R]   and the function that takes it, still callable as such
├── Flow            and the coroutine function that leads the whole call (flows.py)
└── Callback[E]     and nobody but the listeners
"""

from __future__ import annotations

import re
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeAlias, TypeVar, cast
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from attrs import frozen

from ringback import webhooks
from ringback._core.forks import renew_in_child
from ringback._core.webhooks.events import Event, MessageRequest, Notification, VoiceRequest
from ringback._generated.webhooks.tables import SELECTORS
from ringback.app.overrides import overridden
from ringback.errors import InvalidValue, RegistrationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ringback.http import WebhookRequest

__all__ = [
    "AnyRoute",
    "Callback",
    "Handler",
    "Match",
    "Method",
    "Route",
    "RouteTable",
    "check_path",
    "check_public_url",
    "family",
    "function_name",
]

E = TypeVar("E", bound=Event)
N = TypeVar("N", bound=Notification)
R = TypeVar("R")

RESERVED: Final = "/_ringback/"
Method = Literal["GET", "POST"]

_PATH: Final = re.compile(r"(/[^/?#%\\\s\x00-\x20\x7f]+)+/?")


@frozen(kw_only=True, eq=False, repr=False)
class Route(Generic[E]):
    """A URL of an application at which one kind of event arrives.

    It is a `Target[E]`: TwiML attributes, `Application.dial` and `LiveCall.redirect` take it in place of a
    URL.

    Attributes:
        event: The class of what arrives.
        url: Its absolute URL, the same in every process and after every restart.
        name: What logs and `HandlerFailed.route` call it.
        methods: How Twilio may ask; both, unless an adopted TwiML application says which. Links say the last
            one where it isn't POST, Twilio's default.
    """

    event: type[E]
    url: str
    name: str
    methods: tuple[Method, ...] = ("GET", "POST")

    @property
    def location(self) -> tuple[str, str]:
        """Host, with port, and path: two routes at one location can't be told apart."""
        parts = urlsplit(self.url)
        return parts.netloc.lower(), unquote(parts.path) or "/"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} of {self.event.__name__} at {self.url}>"

    def _handles(self, event: E, /) -> None:
        """Makes it a `Target`: never called."""

    def _takes(self, *events: str) -> bool:
        """Whether it fits where one of these arrives, by name: what `Target` says to type checkers."""
        return self.event.__name__ in events or any(
            issubclass(getattr(webhooks, event), self._kinds()) for event in events
        )

    def _kinds(self) -> tuple[type[Event], ...]:
        """The classes of what it takes."""
        return (self.event,)


@frozen(kw_only=True, eq=False, repr=False)
class Handler(Route[E], Generic[E, R]):
    """A registered function. Calling it calls the function, so that tests need no request.

    Attributes:
        function: The function as it was before `@app.on`.
    """

    function: Callable[[E], R]

    def __call__(self, event: E, /) -> R:
        """What the function makes of the event."""
        return self.function(event)


@frozen(kw_only=True, eq=False, repr=False)
class Callback(Route[E]):
    """A URL whose notifications go to whoever listens: the application's, a live call's or message's
    listeners.
    """


AnyRoute: TypeAlias = "Route[Any]"


@frozen
class Match:
    """A route that a request asked for.

    Attributes:
        url: The URL as Twilio asked for it, and signed it.
        rank: How sure we are; of several applications the one with the highest rank gets the request.
        slashed: Whether the path came with a slash at its end that the route hasn't: Twilio was told so, or
            the server has put it there.
    """

    route: AnyRoute
    url: str
    rank: int
    slashed: bool = False


class RouteTable:
    """The routes of one application, by path.

    Args:
        public_url: What their URLs begin with.
        overrides: What Twilio is told about asking them.
    """

    def __init__(self, public_url: str, overrides: str = "") -> None:
        self.public_url = public_url
        self._overrides = overrides
        self._prefix = unquote(urlsplit(public_url).path)
        self._routes: dict[str, AnyRoute] = {}
        self._renew()
        renew_in_child(self)

    def _renew(self) -> None:
        """Make anew what must not cross a fork."""
        self._lock = threading.RLock()  # threads of a WSGI server may make the same callback at once

    def __iter__(self) -> Iterator[AnyRoute]:
        return iter(tuple(self._routes.values()))

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of all routes."""
        return tuple(self._routes)

    def asked(self, url: str) -> str:
        """A URL of ours as Twilio is told it."""
        return overridden(url, self._overrides)

    def add(self, route: AnyRoute) -> None:
        """Register a route.

        Raises:
            RegistrationError: Its path is taken.
        """
        _, path = route.location
        with self._lock:
            taken = self._routes.setdefault(path, route)
        if taken is not route:
            raise RegistrationError(
                f"path: {path!r} is taken by {taken.name!r} of {taken.event.__name__}; "
                f"give {route.name!r} of {route.event.__name__} another name or a path= of its own"
            )

    def callback(self, event: type[N]) -> Callback[N]:
        """The URL for an application's notifications of one kind, made when first asked for."""
        kind = family(event)
        if not issubclass(kind, Notification):
            raise RegistrationError(f"event: expected a notification, got {event.__name__}")
        with self._lock:
            for route in self._routes.values():
                if isinstance(route, Callback) and route.event is kind:
                    return route
            url = self.asked(f"{self.public_url}{RESERVED}{kind.__name__}")
            made = Callback(event=kind, url=url, name=kind.__name__)
            self.add(made)
        return cast("Callback[N]", made)

    def find(self, request: WebhookRequest) -> Match | None:
        """The route whose path was asked for, whatever the method.

        The server may see the public path, or, behind a proxy or a mount, one whose beginning differs.
        """
        try:
            seen = urlsplit(request.url)
        except ValueError:
            return None
        path = unquote(seen.path) or "/"  # which is the same for every server
        inner = path[len(request.mount) :] if path.startswith(f"{request.mount}/") else path
        candidates = [(2, path), (0, self._prefix + inner), (0, inner)]
        if path[-1:] == "/":  # some hosts, Litestar for one, end what is mounted in them with a slash
            candidates += [(rank, candidate.rstrip("/")) for rank, candidate in candidates]
        for rank, candidate in candidates:
            route = self._routes.get(candidate) or self._late_callback(candidate)
            if route is not None:
                public = urlsplit(route.url)
                same_host = public.netloc.lower() == seen.netloc.lower()
                url = urlunsplit((public.scheme, public.netloc, public.path or "/", seen.query, ""))
                return Match(route, url, rank + same_host, slashed=candidate[-1:] != path[-1:])
        return None

    def _late_callback(self, path: str) -> AnyRoute | None:
        # Twilio may have been given the URL by another process, or before a restart.
        before, _, name = path.partition(RESERVED)
        kind: object = getattr(webhooks, name, None) if before == self._prefix else None
        if not isinstance(kind, type) or not issubclass(kind, Notification) or kind is Notification:
            return None
        return self.callback(kind) if family(kind) is kind else None


def check_public_url(url: str) -> str:
    """An application's public URL without its last slash.

    Raises:
        InvalidValue: It isn't absolute, not http or https, or has a user, a query or a fragment.
    """
    allowed = "an absolute http or https URL without user, query and fragment"
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except (ValueError, AttributeError, TypeError):
        raise InvalidValue("public_url", url, allowed) from None
    if not fine or parts.username is not None or "?" in url or "#" in url or re.search(r"[\s\x00-\x1f]", url):
        raise InvalidValue("public_url", url, allowed, secret=parts.username is not None)
    return url.rstrip("/")


def check_path(path: str) -> str:
    """A route's path, percent-encoded where it has to be.

    Raises:
        RegistrationError: It doesn't begin with a slash, or holds what a path can't.
    """
    given = cast("object", path)
    if not isinstance(given, str) or not _PATH.fullmatch(path) or not {".", ".."}.isdisjoint(path.split("/")):
        raise RegistrationError(
            f"path: expected a path such as '/menu/choose', unquoted and without query, got {path!r}"
        )
    if path.startswith(RESERVED):
        raise RegistrationError(f"path: {RESERVED} is ringback's own, got {path!r}")
    return quote(path, safe="/~!$&'()*+,;=:@-._")


def function_name(function: Callable[..., object]) -> str | None:
    """The name that a function was defined by, or None where it has none that is stable."""
    while isinstance(function, partial):
        function = function.func
    name = getattr(function, "__name__", None)
    return name if isinstance(name, str) and name.isidentifier() else None


def family(event: type[Event]) -> type[Event]:
    """The class to read a request as: for `CallEnded` it is `CallStatusChanged`, which turns into what
    arrived.

    Raises:
        RegistrationError: It is nothing that Twilio sends.
    """
    roots = (VoiceRequest, MessageRequest, Notification)
    if event in roots or not issubclass(event, roots):
        raise RegistrationError(
            f"event: expected the class of a webhook, such as IncomingCall, got {event.__name__}"
        )
    return next((kind for kind in event.__mro__ if kind.__name__ in SELECTORS), event)
