"""Where Twilio can ask an application: URLs, and what answers there.

Route[E]                a URL at which an event arrives
├── Handler[E, R, A]    and the function that takes it, still callable as such
├── Flow[A]             and the coroutine function that leads the whole call (flows/call.py)
└── Callback[E]         and nobody but the listeners

Link[E]                 a route with the arguments that it is asked with

Each of them is a `Target[E]`, if no argument is missing.
"""

from __future__ import annotations

import re
import threading
from functools import partial
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Final,
    Generic,
    Literal,
    TypeAlias,
    TypeVar,
    cast,
)
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from attrs import frozen

from ringback import webhooks
from ringback._core.forks import renew_in_child
from ringback._core.webhooks.events import Event, MessageRequest, Notification, VoiceRequest
from ringback._generated.webhooks.tables import SELECTORS
from ringback.app.arguments import Arguments, with_arguments
from ringback.app.overrides import overridden
from ringback.errors import InvalidValue, RegistrationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from typing_extensions import ParamSpec

    from ringback.app.flows.route import AnyFlowRoute
    from ringback.http import WebhookRequest

__all__ = [
    "AnyHandler",
    "AnyRoute",
    "Callback",
    "Handler",
    "Link",
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
if TYPE_CHECKING:
    A = ParamSpec("A", default=[])  # so that `Handler[E, R]` is one without arguments
else:
    from typing import ParamSpec

    A = ParamSpec("A")

RESERVED: Final = "/_ringback/"
Method = Literal["GET", "POST"]

_PATH: Final = re.compile(r"(/[^/?#%\\\s\x00-\x20\x7f]+)+/?")


NO_ARGUMENTS: Final = Arguments("", {})


@frozen(kw_only=True, eq=False, repr=False)
class Route(Generic[E]):
    """A URL of an application at which one kind of event arrives.

    TwiML attributes, `Application.dial` and `LiveCall.redirect` take it in place of a URL.

    Attributes:
        event: The class of what arrives.
        url: Its absolute URL, the same in every process and after every restart.
        name: What logs and `HandlerFailed.route` call it.
        methods: How Twilio may ask; both, unless an adopted TwiML application says which. Links say the last
            one where it isn't POST, Twilio's default.
        arguments: What its links carry.
    """

    event: type[E]
    url: str
    name: str
    methods: tuple[Method, ...] = ("GET", "POST")
    arguments: Arguments = NO_ARGUMENTS

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

    @property
    def _lacks(self) -> tuple[str, ...]:
        """The arguments that it needs and hasn't got: what `Target` says to type checkers."""
        return self.arguments.required

    def _bound(self, args: tuple[object, ...], given: Mapping[str, object]) -> Link[E]:
        if args:
            raise TypeError(f"{self.name}.bind takes its arguments by name")
        return Link(self, self.arguments.write(self.url, given))


@frozen(repr=False)
class Link(Generic[E]):
    """A route with the arguments that it is asked with, from `bind`. Two that say the same are equal.

    Attributes:
        route: What is asked.
        url: Its URL, with the arguments.
    """

    route: Route[E]
    url: str

    def __repr__(self) -> str:
        address, query, _ = self.url.partition("?")  # what it carries may be people's
        return f"<Link to {self.route.name} of {self.event.__name__} at {address}{query and '?…'}>"

    @property
    def event(self) -> type[E]:
        """The class of what arrives there."""
        return self.route.event

    @property
    def methods(self) -> tuple[Method, ...]:
        """How Twilio may ask."""
        return self.route.methods

    def bind(self) -> Link[E]:
        """Itself: it is bound."""
        return self

    def _handles(self, event: E, /) -> None:
        """Makes it a `Target`: never called."""

    def _takes(self, *events: str) -> bool:
        return self.route._takes(*events)


@frozen(kw_only=True, eq=False, repr=False)
class Handler(Route[E], Generic[E, R, A]):
    """A registered function. Calling it calls the function, so that tests need no request.

    Attributes:
        function: The function as it was before `@app.on`.
    """

    function: Callable[Concatenate[E, A], R]

    if not TYPE_CHECKING:  # Python itself knows no default of a ParamSpec before 3.13

        def __class_getitem__(cls, kinds):
            return super().__class_getitem__((*kinds, []) if len(kinds) == 2 else kinds)

    def __call__(self, event: E, /, *args: A.args, **kwargs: A.kwargs) -> R:
        """What the function makes of the event."""
        return self.function(event, *args, **kwargs)

    def bind(self, /, *args: A.args, **kwargs: A.kwargs) -> Link[E]:
        """A link to it that carries arguments: the function is called with them when Twilio asks.

        Raises:
            TypeError: One is missing, or there is none of that name.
            InvalidValue: A value isn't what the function's annotation says, or can't be carried; or the URL
                would be longer than Twilio takes.
        """
        return self._bound(args, kwargs)

    def called_with(self, arguments: Mapping[str, object]) -> Callable[[E], R]:
        """The function, given what a link to it carried."""
        function = cast("Callable[..., R]", self.function)
        return partial(function, **arguments) if arguments else function


@frozen(kw_only=True, eq=False, repr=False)
class Callback(Route[E]):
    """A URL whose notifications go to whoever listens: the application's, a live call's or message's
    listeners.
    """

    def bind(self) -> Link[E]:
        """A link to it: it takes no arguments."""
        return self._bound((), {})


AnyRoute: TypeAlias = "Route[Any]"
AnyHandler: TypeAlias = "Handler[Any, object, ...]"


Again: TypeAlias = "Route[Any] | Link[Any]"
"""Where Twilio is sent to ask once more."""


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

    @property
    def query(self) -> str:
        """The query of `url`, as it is written."""
        return self.url.partition("?")[2]

    @property
    def again(self) -> Again:
        """Where Twilio has to be sent to ask the same: the route, with the arguments that came along."""
        if not self.route.arguments:
            return self.route
        return Link(self.route, with_arguments(self.route.url, self.query))


class RouteTable:
    """The routes of one application, by path.

    Args:
        public_url: What their URLs begin with.
        overrides: What Twilio is told about asking them.

    Attributes:
        converses: Whether any of them is a flow of conversations.
    """

    def __init__(self, public_url: str, overrides: str = "") -> None:
        self.public_url = public_url
        self.converses = False
        self._overrides = overrides
        self._prefix = unquote(urlsplit(public_url).path)
        self._routes: dict[str, AnyRoute] = {}
        self._public: dict[AnyRoute, tuple[str, str]] = {}  # host, and the URL up to its path
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
        host, path = route.location
        parts = urlsplit(route.url)
        with self._lock:
            # Known before it can be found.
            self._public[route] = host, urlunsplit((parts.scheme, parts.netloc, parts.path or "/", "", ""))
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

    def flow(self, key: str, version: str) -> AnyFlowRoute | None:
        """The flow that a journal names, with the function of its version."""
        for route in self._routes.values():
            if "".join(route.location) == key and not isinstance(route, (Handler, Callback)):
                return cast("AnyFlowRoute", route).of_version(version)
        return None

    def find(self, request: WebhookRequest) -> Match | None:
        """The route whose path was asked for, whatever the method.

        The server may see the public path, or, behind a proxy or a mount, one whose beginning differs.
        """
        try:
            seen, query = _cut(request.url)
        except ValueError:
            return None
        path = unquote(seen.path) or "/"  # which is the same for every server
        for rank, candidate in self._candidates(path, request.mount):
            route = self._routes.get(candidate) or self._late_callback(candidate)
            if route is not None:
                host, place = self._public[route]
                url = f"{place}?{query}" if query else place
                same_host = host == seen.netloc.lower()
                return Match(route, url, rank + same_host, slashed=candidate[-1:] != path[-1:])
        return None

    def _candidates(self, path: str, mount: str) -> Iterator[tuple[int, str]]:
        yield 2, path
        inner = path[len(mount) :] if path.startswith(f"{mount}/") else path
        yield 0, self._prefix + inner
        yield 0, inner
        if path[-1:] == "/":  # some hosts, Litestar for one, end what is mounted in them with a slash
            yield 2, path.rstrip("/")
            yield 0, (self._prefix + inner).rstrip("/")
            yield 0, inner.rstrip("/")

    def _late_callback(self, path: str) -> AnyRoute | None:
        # Twilio may have been given the URL by another process, or before a restart.
        before, _, name = path.partition(RESERVED)
        kind: object = getattr(webhooks, name, None) if before == self._prefix else None
        if not isinstance(kind, type) or not issubclass(kind, Notification) or kind is Notification:
            return None
        return self.callback(kind) if family(kind) is kind else None


def _cut(url: str) -> tuple[SplitResult, str]:
    """A URL taken apart, and its query. The standard library remembers what it has cut; but each step of a
    flow has a query of its own.

    Raises:
        ValueError: It is none.
    """
    place, _, query = url.partition("?")
    if "#" not in url and query.isascii() and query.isprintable():
        return urlsplit(place), query
    seen = urlsplit(url)
    return seen, seen.query


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
