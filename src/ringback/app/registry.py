"""What is registered with an application, and under which URLs.

A handler's URL is the application's public URL and the handler's name, or its `path=`. In an application that
was adopted from a TwiML application, the handlers of the events that come to that application's URLs have
those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, TypeVar
from urllib.parse import quote

from attrs import frozen

from ringback._core.webhooks.events import Event, MessageRequest, Notification, VoiceRequest
from ringback.app.arguments import Arguments
from ringback.app.checks import check_flow
from ringback.app.conversations.route import Conversation
from ringback.app.flows.call import Flow
from ringback.app.routes import Callback, Handler, RouteTable, check_path, family, function_name
from ringback.errors import RegistrationError
from ringback.webhooks import IncomingCall, IncomingMessage, MessageFallback, VoiceFallback

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ringback.app.conversations.route import ConversationFunction
    from ringback.app.flows.call import FlowEvent, FlowFunction
    from ringback.app.routes import AnyRoute, Method

__all__ = ["Adopted", "Registry"]

A = ParamSpec("A")
E = TypeVar("E", bound=Event)
R = TypeVar("R")
AnyR = TypeVar("AnyR", bound="AnyRoute")

ENTRIES: Final = frozenset({IncomingCall, IncomingMessage, VoiceFallback, MessageFallback})
"""Events that a number or TwiML application sends to one URL each: one handler is the entry for each."""


@frozen
class Adopted:
    """A URL of an adopted TwiML application; `field` is what its record calls it."""

    field: str
    url: str | None
    method: Method | None


class Registry:
    """The handlers, flows and callbacks of one application."""

    def __init__(self, public_url: str, overrides: str = "") -> None:
        self.routes = RouteTable(public_url, overrides)
        self._adopted: Mapping[type[Event], Adopted] = {}
        self._entries: dict[type[Event], AnyRoute] = {}
        self._further: set[AnyRoute] = set()  # those with a path of their own, which make way for one without

    def adopt(self, adopted: Mapping[type[Event], Adopted]) -> None:
        """Use these URLs for what comes without a path of its own from now on, and for notifications at once.

        Raises:
            RegistrationError: Two of them have the same path.
        """
        self._adopted = adopted
        for event, place in adopted.items():
            if issubclass(event, Notification) and place.url:
                url = self.routes.asked(place.url)
                self.routes.add(Callback(event=event, url=url, name=place.field, methods=_methods(place)))

    def handler(
        self, event: type[E], function: Callable[Concatenate[E, A], R], path: str | None
    ) -> Handler[E, R, A]:
        """Register a handler."""
        family(event)
        arguments = Arguments.of(function)
        name, url, methods = self._place(event, function, path, arguments)
        handler = Handler(
            event=event, url=url, name=name, methods=methods, arguments=arguments, function=function
        )
        return self._add(handler, path)

    def flow(
        self, event: type[FlowEvent], function: FlowFunction[A], path: str | None, version: str
    ) -> Flow[A]:
        """Register a flow."""
        check_flow(function, Flow.led(), version)
        arguments = Arguments.of(function)
        # A flow takes any method: those of its later steps are up to their verbs.
        name, url, (*_, last) = self._place(event, function, path, arguments)
        flow = Flow(
            event=event,
            url=url,
            name=name,
            methods=_any(last),
            arguments=arguments,
            function=function,
            version=version,
        )
        return self._add(flow, path)

    def conversation(
        self, function: ConversationFunction[A], path: str | None, version: str
    ) -> Conversation[A]:
        """Register a flow of conversations."""
        check_flow(function, Conversation.led(), version)
        arguments = Arguments.of(function)
        name, url, methods = self._place(IncomingMessage, function, path, arguments)
        conversation = Conversation(
            event=IncomingMessage,
            url=url,
            name=name,
            methods=methods,
            arguments=arguments,
            function=function,
            version=version,
        )
        self.routes.converses = True
        return self._add(conversation, path)

    def entry(self, event: type[Event]) -> AnyRoute | None:
        """What takes such events when they come from a number or a TwiML application."""
        return self._entries.get(event)

    def _place(
        self, event: type[Event], function: Callable[..., object], path: str | None, arguments: Arguments
    ) -> tuple[str, str, tuple[Method, ...]]:
        name = function_name(function)
        adopted = self._adopted.get(event)
        if adopted is not None and path is None and event not in self._entries and not arguments.required:
            if not adopted.url:
                raise RegistrationError(
                    f"{adopted.field}: the adopted TwiML application has none, so no {event.__name__} comes; "
                    "set it, or give this handler a path="
                )
            return name or adopted.field, self.routes.asked(adopted.url), _methods(adopted)
        # Whoever has calls asked about with GET has all of them asked about so, and links will say it.
        family = IncomingMessage if issubclass(event, MessageRequest) else IncomingCall
        main = self._adopted.get(family) if issubclass(event, (VoiceRequest, MessageRequest)) else None
        methods = _any("POST" if main is None else main.method or "POST")
        if path is not None:
            return name or path, self.routes.asked(self.routes.public_url + check_path(path)), methods
        if name is None:
            raise RegistrationError(f"path: {function!r} has no name to make one of, so path= is needed")
        return name, self.routes.asked(f"{self.routes.public_url}/{quote(name)}"), methods

    def _add(self, route: AnyR, path: str | None) -> AnyR:
        before = self._entries.get(route.event)
        if route.arguments.required:  # neither a number nor a TwiML application could say them
            self.routes.add(route)
            return route
        if path is None and before is not None and before not in self._further:
            raise RegistrationError(
                f"event: {route.event.__name__} has a handler, {before.name!r}; "
                f"give {route.name!r} a path= to make it a further one"
            )
        self.routes.add(route)
        if path is not None:
            self._further.add(route)
        if route.event in ENTRIES and (before is None or path is None):
            self._entries[route.event] = route
        return route


def _any(last: Method) -> tuple[Method, ...]:
    """Any method, and the one that links say."""
    return ("POST", "GET") if last == "GET" else ("GET", "POST")


def _methods(adopted: Adopted) -> tuple[Method, ...]:
    return (adopted.method or "POST",)
