"""What a program may hand us by mistake, told at once: clients, events, functions, targets of a wrong kind.

Type checkers find all of it; this is for everybody else.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Final, TypeVar, cast

from ringback import webhooks
from ringback._core.twiml.values import closest, unbound, uncalled
from ringback._core.webhooks.events import Event, MessageRequest, Notification, VoiceRequest
from ringback.app.loops.portal import is_async
from ringback.errors import InvalidValue, RegistrationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import TypeIs

    from ringback._core.webhooks.events import Target
    from ringback.app.routes import Route
    from ringback.client import AsyncClient, Client

__all__ = [
    "address",
    "check_event",
    "check_flow",
    "check_listener",
    "check_registered",
    "check_takes_one",
    "check_target",
    "is_sync",
]

E = TypeVar("E", bound=Event)

ROOTS: Final = (Event, VoiceRequest, MessageRequest, Notification)


def is_sync(client: Client | AsyncClient) -> TypeIs[Client]:
    """Whether it is a client for synchronous code.

    Raises:
        InvalidValue: It is no client of the REST API.
    """
    from ringback.client import AsyncClient, Client

    if isinstance(client, Client):
        return True
    given = cast("object", client)
    if isinstance(given, AsyncClient):
        return False
    allowed = "a ringback.Client or ringback.AsyncClient"
    if type(given).__module__.startswith("ringback._generated.twiml"):
        allowed += " (ringback.twiml.Client is somebody to call in a <Dial>)"
    elif given is Client or given is AsyncClient:
        allowed += f" (that is the class: call it, {given.__name__}())"
    raise InvalidValue("client", given, allowed)


def check_event(event: object) -> None:
    """See to it that it is the class of an event.

    Raises:
        InvalidValue: It is something else; the message says what was probably meant.
    """
    if (allowed := _expected(event)) is not None:
        raise InvalidValue("event", event, allowed)


def check_registered(event: object, decorator: str | None = None) -> None:
    """The same where something is registered for the event, by `@app.on` for one.

    Raises:
        RegistrationError: It is something else; the message says what was probably meant.
    """
    if (allowed := _expected(event, decorator)) is not None:
        raise RegistrationError(f"event: expected {allowed}, got {event!r}")


def _expected(event: object, decorator: str | None = None) -> str | None:
    """What an event should have been; None where it is the class of one."""
    if isinstance(event, type) and issubclass(event, Event):
        return None
    allowed = "the class of an event, such as IncomingCall"
    if isinstance(event, Event):
        return f"{allowed} (give the class itself, {type(event).__name__})"
    if decorator is not None and not isinstance(event, type) and callable(event):
        return f"{allowed} (the decorator needs one: @{decorator}(IncomingCall))"
    if isinstance(event, type) and event.__module__.startswith("ringback."):
        allowed += f" ({event.__name__} is {_kind(event)})"
    name = event if isinstance(event, str) else getattr(event, "__name__", type(event).__name__)
    meant = _event_like(str(name))
    return allowed if meant is None else f"{allowed} (did you mean {meant}?)"


def check_listener(listener: object, event: type[Event]) -> None:
    """See to it that it can be called with an event.

    Raises:
        RegistrationError: It can't.
    """
    if isinstance(listener, str):
        raise RegistrationError(f"listener: expected a function, got {listener!r}; a path is given as path=")
    check_takes_one("listener", listener, event)


def check_takes_one(field: str, function: object, event: type[object], *, named: bool = False) -> None:
    """See to it that a function can be called with one thing: an event, or the call that a flow leads.

    Args:
        field: What the function is given as.
        function: The function.
        event: The class of what it is called with.
        named: Whether it may take other things by their names, which a link carries.

    Raises:
        RegistrationError: It can't, or it takes something else by its annotation.
    """
    from ringback.app.routes import Route

    what = event.__name__
    if isinstance(function, Route):
        raise RegistrationError(
            f"{field}: {function.name} is registered already, and has one URL; register another function, "
            "which may call it"
        )
    if not callable(function) or isinstance(function, type):
        raise RegistrationError(f"{field}: expected a function of {_an(what)}, got {function!r}")
    name = getattr(function, "__qualname__", None) or repr(function)
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise RegistrationError(f"{field}: {name} has a yield, so that calling it does nothing")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some built-in functions have none
        return
    try:
        needed = [each for each in signature.parameters.values() if each.default is each.empty]
        by_name = {each.name: None for each in needed if named and each.kind is each.KEYWORD_ONLY}
        bound = signature.bind(None, **by_name)
    except TypeError:
        hint = "; what links carry goes behind a star" if named and len(signature.parameters) > 1 else ""
        if next(iter(signature.parameters), None) == "self":
            hint = "; register methods of an instance, not of a class: app.on(…)(instance.method)"
        raise RegistrationError(
            f"{field}: {name}{signature} has to take one argument, {_an(what)}{hint}"
        ) from None
    taken = next((signature.parameters[given].annotation for given in bound.arguments), None)
    taken = _named(function, taken)
    if isinstance(taken, type) and issubclass(taken, Event) and not issubclass(event, taken):
        raise RegistrationError(f"{field}: {name} takes {_an(taken.__name__)}, and {_an(what)} is what comes")


def check_flow(function: Callable[..., object], led: type[object], version: str) -> None:
    """See to it that a function can lead calls or conversations, and has a version that records can say.

    Raises:
        RegistrationError: It can't, or hasn't.
    """
    from ringback.app.routes import function_name

    check_takes_one("function", function, led, named=True)
    if not is_async(function):
        raise RegistrationError(f"flow: {function_name(function) or function!r} has to be an async function")
    if not isinstance(cast("object", version), str):
        raise RegistrationError(f"version: expected a text, got {version!r}")


def check_target(field: str, target: object, *events: type[Event], allowed: str) -> None:
    """See to it that Twilio can be sent to it.

    Raises:
        InvalidValue: It is no handler or flow, one of other events, or one that lacks an argument.
    """
    takes = cast("Callable[..., bool] | None", getattr(target, "_takes", None))
    if takes is not None and not isinstance(target, type):
        if takes(*(event.__name__ for event in events)):
            if not (lacks := unbound(target)):
                return
            raise InvalidValue(field, target, f"{allowed}, with its arguments{lacks}")
        allowed += f" (that is one of {cast('Route[Event]', target).event.__name__})"
    elif hasattr(target, "_handles") and hasattr(target, "url"):
        return
    elif call := uncalled(target):
        allowed += call
    elif inspect.isroutine(target):
        allowed += f" (a function becomes one by @app.on({events[0].__name__}))"
    elif type(target).__module__.startswith("ringback._generated.twiml"):
        allowed += f" (verbs go into a document: VoiceResponse({type(target).__name__}(…)))"
    raise InvalidValue(field, target, allowed)


def address(field: str, target: str | Target[E] | None, event: type[E]) -> str | None:
    """The URL of a handler of `event`, or the one that was given.

    Raises:
        InvalidValue: It is neither.
    """
    if target is None or isinstance(target, str):
        return target
    check_target(field, target, event, allowed=f"a URL or a handler of {event.__name__}")
    return target.url


def _event_like(word: str) -> str | None:
    """The event whose name was probably meant."""
    names = [name for name in dir(webhooks) if _is_event(name)]
    found = closest(word, names)
    if found is None and len(word) > 3:
        inside = [name for name in names if name.lower().endswith(word.lower())]
        inside += [name for name in names if name.lower().startswith(word.lower())]
        found = min(inside, key=len, default=None)
    return found


def _is_event(name: str) -> bool:
    found: object = getattr(webhooks, name, None)
    return isinstance(found, type) and issubclass(found, Event) and found not in ROOTS


def _kind(given: type) -> str:
    """What a class of ours is, in words."""
    if issubclass(given, BaseException):
        return "an exception"
    if ".twiml" in given.__module__:
        return "an element of TwiML"
    if ".api" in given.__module__:
        return "a record of the REST API"
    return "something else"


def _named(function: object, annotation: object) -> object:
    """The class that an annotation names, where it is a plain name that can be found."""
    if isinstance(annotation, str):
        return cast("dict[str, object]", getattr(function, "__globals__", {})).get(annotation)
    return annotation


def _an(name: str) -> str:
    return f"an {name}" if name[0] in "AEIOU" else f"a {name}"
