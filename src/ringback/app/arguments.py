"""The arguments of handlers and flows, which their links carry: `…?ringback.table=4`.

    @app.on(GatherResult)
    async def choose(pressed: GatherResult, *, table: int) -> VoiceResponse: ...

    Gather(num_digits=1, action=choose.bind(table=4))

Twilio's own parameters stand in the same query where it asks with GET, so every argument's name has a prefix
that none of Twilio's has. Each is a parameter of its own, so that people can read a URL, and what is wrong is
told by its name. `None` is `ringback.table.none=`: no text can mean it, since any may be what somebody wrote.
What was not given to `bind` is left out, and has the default that the function has when it is called.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
import types
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal, Optional, cast, get_type_hints
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from attrs import frozen

from ringback._core.twiml.values import closest
from ringback.app.carried import SUPPORTED, Kind, Words, kind_of
from ringback.app.tags import PARAMETER
from ringback.errors import InvalidValue, RegistrationError, WebhookInvalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Arguments", "with_arguments"]

LONGEST: Final = 1_900  # characters of a URL: of the 2,000 that Twilio takes, tags.py needs some
PREFIX: Final = f"{PARAMETER}."
NONE: Final = ".none"  # no name of an argument has a dot
_BROKEN_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


@frozen
class Argument:
    """A keyword-only parameter of a handler or flow.

    Attributes:
        kind: What it is.
        optional: Whether it may be None.
        required: Whether it has no default.
    """

    kind: Kind
    optional: bool
    required: bool

    @property
    def allowed(self) -> str:
        """What it may be, in words."""
        return f"{self.kind.allowed} or None" if self.optional else self.kind.allowed

    def read(self, text: str, none: str) -> object:
        """Its value; `none` is what its name ends in where it is None.

        Raises:
            ValueError, LookupError, ArithmeticError, OSError: It is garbled.
        """
        if not none:
            return self.kind.read(_unquoted(text))
        if text or none != NONE or not self.optional:
            raise ValueError("not None")
        return None


class Arguments:
    """What a function takes besides its event or call.

    Args:
        name: What the function is called.
        arguments: Its keyword-only parameters.

    Attributes:
        required: The names of those without a default.
    """

    def __init__(self, name: str, arguments: Mapping[str, Argument]) -> None:
        self._name = name
        self._arguments = arguments
        self.required = tuple(each for each, argument in arguments.items() if argument.required)

    @classmethod
    def of(cls, function: Callable[..., object]) -> Arguments:
        """Those of a function, by its signature.

        Raises:
            RegistrationError: It has parameters that a link can't carry; the message names function and
                parameter.
        """
        name = str(getattr(_defined(function), "__name__", None) or repr(function))
        try:
            signature = inspect.signature(function)
        except (TypeError, ValueError):  # some built-in functions have none
            return cls(name, {})
        given: Mapping[str, object] = getattr(function, "keywords", {})  # of a partial
        first = next(iter(signature.parameters), "event")
        found: dict[str, Argument] = {}
        for place, parameter in enumerate(signature.parameters.values()):
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                raise RegistrationError(
                    f"function: {name} takes {str(parameter).partition(':')[0]}, and a link has to know what "
                    "it carries: name the arguments, or have your decorator use functools.wraps"
                )
            if parameter.kind is not parameter.KEYWORD_ONLY:
                if place > 0:
                    raise RegistrationError(
                        f"function: {name} takes {parameter.name} by its place, and what a link carries has "
                        f"a name: put it behind a star, {name}({first}, *, {parameter.name})"
                    )
            elif parameter.name not in given:  # a partial has given it already
                kind, optional = _kind(function, name, parameter)
                found[parameter.name] = Argument(kind, optional, parameter.default is parameter.empty)
        return cls(name, found)

    def __bool__(self) -> bool:
        return bool(self._arguments)

    def write(self, url: str, given: Mapping[str, object]) -> str:
        """`url` with them.

        Raises:
            TypeError: One is missing, or there is none of that name.
            InvalidValue: One can't be carried, or together they are too long.
        """
        for name in given:
            if name not in self._arguments:
                raise TypeError(f"{self._name}.bind has no argument {name!r}{self._meant(name)}")
        missing = [name for name in self.required if name not in given]
        if missing:
            raise TypeError(f"{self._name}.bind needs {', '.join(missing)}")
        made = _joined(url, "&".join(self._pair(name, value) for name, value in given.items()))
        if len(made) > LONGEST:
            allowed = f"arguments that make a URL of at most {LONGEST:,} characters"
            raise InvalidValue(f"{self._name}.bind", len(made), allowed)
        return made

    def read(self, query: str) -> dict[str, object]:
        """Those that a query carries. What isn't known, perhaps since other code wrote it, is left alone.

        Raises:
            WebhookInvalid: One is missing, comes twice or is garbled; the message doesn't show its value.
        """
        if not self._arguments:
            return {}
        found: dict[str, object] = {}
        for pair in query.split("&"):
            written, _, text = pair.partition("=")
            ours, prefix, rest = unquote(written).partition(PREFIX)
            if ours or not prefix:
                continue
            name, dot, none = rest.partition(".")
            argument = self._arguments.get(name)
            if argument is None:
                continue
            if name in found:
                raise WebhookInvalid(f"{self._name}: the argument {name} comes twice")
            try:
                found[name] = argument.read(text, dot + none)
            except (ValueError, LookupError, ArithmeticError, OSError):
                raise WebhookInvalid(f"{self._name}: the argument {name} is not {argument.allowed}") from None
        for name in self.required:
            if name not in found:
                raise WebhookInvalid(f"{self._name}: the argument {name} is missing")
        return found

    def said(self, given: Mapping[str, object]) -> Iterator[str]:
        """What people may have said of it, or be called: texts, and not the words of a `Literal` or enum."""
        for name, value in given.items():
            if isinstance(value, str) and isinstance(self._arguments[name].kind, Words):
                yield value

    def _pair(self, name: str, value: object) -> str:
        argument = self._arguments[name]
        if value is None and argument.optional:
            return f"{PREFIX}{quote(name)}{NONE}="
        try:
            return f"{PREFIX}{quote(name)}={quote(argument.kind.write(value), safe=':')}"
        except (ValueError, TypeError, ArithmeticError):
            raise InvalidValue(name, value, argument.allowed) from None

    def _meant(self, name: str) -> str:
        near = closest(name, self._arguments)
        if near is not None:
            return f"; did you mean {near!r}?"
        return f". It takes {', '.join(self._arguments)}" if self._arguments else ". It takes none"


def with_arguments(url: str, query: str) -> str:
    """`url` with the arguments that stand in a query."""
    return _joined(url, "&".join(pair for pair in query.split("&") if unquote(pair).startswith(PREFIX)))


def _joined(url: str, query: str) -> str:
    if not query:
        return url
    split = urlsplit(url)
    return urlunsplit(split._replace(query=f"{split.query}&{query}" if split.query else query))


def _unquoted(text: str) -> str:
    if len(text) > LONGEST or _BROKEN_PERCENT.search(text):
        raise ValueError("broken")
    unquoted = unquote(text.replace("+", " "), errors="strict")
    unquoted.encode()  # a URL may come with lone surrogates, which stand for bytes that were no UTF-8
    return unquoted


# --- what annotations say

# Linters move what only annotations name under `if TYPE_CHECKING:`.
_USUAL: Final[dict[str, object]] = {
    "Decimal": Decimal,
    "Literal": Literal,
    "Optional": Optional,
    "date": date,
    "datetime": datetime,
}


def _kind(function: Callable[..., object], name: str, parameter: inspect.Parameter) -> tuple[Kind, bool]:
    what = f"function: {parameter.name} of {name}"
    if parameter.annotation is parameter.empty:
        raise RegistrationError(f"{what} has no annotation, and links carry {SUPPORTED}")
    try:
        annotation = _resolved(function, parameter.annotation)
    except (NameError, AttributeError, TypeError, SyntaxError) as error:
        raise RegistrationError(
            f"{what} is annotated with {_shown(parameter.annotation)}, which can't be made out ({error}); "
            "what stands under `if TYPE_CHECKING:` isn't there at run time"
        ) from None
    try:
        kind, optional = kind_of(annotation)
    except ValueError as error:
        raise RegistrationError(f"{what} is {_shown(parameter.annotation)}, and {error}") from None
    if kind is None:
        raise RegistrationError(f"{what} is {_shown(parameter.annotation)}, and links carry {SUPPORTED}")
    return kind, optional


def _shown(annotation: object) -> str:
    if isinstance(annotation, str):
        return annotation
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


def _resolved(function: Callable[..., object], annotation: object) -> object:
    """What an annotation means, written as text or not, by the names where the function was defined."""
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    known = getattr(_defined(function), "__globals__", {})
    names = {**_USUAL, **cast("dict[str, object]", known)}
    return get_type_hints(holder, names, _locals(known))["it"]


def _defined(function: object) -> object:
    """The function that was written."""
    while True:
        if isinstance(function, functools.partial):
            function = cast("functools.partial[object]", function).func
        elif hasattr(function, "__wrapped__"):
            function = cast("object", getattr(function, "__wrapped__"))  # noqa: B009
        elif inspect.ismethod(function):
            function = function.__func__
        elif hasattr(function, "__globals__"):
            return function
        else:
            return cast("object", vars(type(function)).get("__call__"))


def _locals(known: object) -> dict[str, object]:
    """The names of the functions that are registering it: classes may be defined there."""
    found: dict[str, object] = {}
    frame: types.FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_globals is known:
            found = {**frame.f_locals, **found}
        frame = frame.f_back
    return found
