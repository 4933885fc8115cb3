"""What every client of a resource is, and what it says to those who misspell it.

    Resource             a path and a session; the generated `CallList`, `CallContext`, … and `Client` itself
    explained            the same care for the methods of other classes
    explained_init       and for the constructor of what users make themselves

Python refuses a wrong call before the method is entered, and names neither the near parameter nor those that
there are. So each public method is wrapped once, when its class is made: the wrapper looks at a TypeError
that the call itself raised, and at nothing else. What type checkers, editors and `help` see is the method.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Resource", "explained", "explained_init"]

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


class Resource:
    """One place of the REST API: where it is, and who carries requests there."""

    __slots__ = ("_path", "_session")

    # As it is written, `client.calls(sid)`; the attribute that tells one record from the others, `sid`.
    _title: ClassVar[str] = ""
    _key: ClassVar[str] = ""

    if TYPE_CHECKING:
        _path: str

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        explained(cls)

    def __repr__(self) -> str:
        key = f"{getattr(self, self._key)!r}, " if self._key else ""
        return f"{type(self).__name__}({key}path={self._path!r})"

    if not TYPE_CHECKING:  # type checkers name what isn't there themselves

        def __getattr__(self, name):
            if name[0] == "_":
                raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")
            # The name alone: given the object too, Python would add a second suggestion of its own.
            raise AttributeError(_absent(type(self), name), name=name)

        def __getitem__(self, key):
            # Loops come here as well, since there is no `__iter__`.
            raise TypeError(_no_list(type(self)))


def _explained(method: F) -> F:
    """`method`; called with what it doesn't take, it says what it takes."""
    call = explained_call(method)
    if not iscoroutinefunction(method):
        return call

    @wraps(method)
    async def call_async(self: object, *arguments: object, **named: object) -> object:
        begun = call(self, *arguments, **named)
        del arguments, named  # as there
        return await begun

    return cast("F", call_async)


def explained_call(method: F) -> F:
    """`method`, of which the call alone, and not what is awaited then, says what it takes."""

    @wraps(method)
    def call(self: object, *arguments: object, **named: object) -> object:
        try:
            return method(self, *arguments, **named)
        except TypeError as error:
            if not _is_of_the_call(error):
                raise
            problem = _misuse(method, type(self), arguments, named)
            raise (error if problem is None else TypeError(problem)) from None
        finally:
            # Crash reports that show variables have nothing to see here.
            del arguments, named

    return cast("F", call)


def explained(cls: type[T]) -> type[T]:
    """The class decorator for public methods: called with what they don't take, they say what they take."""
    for name, method in list(vars(cls).items()):
        if isinstance(method, FunctionType) and name[0] != "_":
            setattr(cls, name, _explained(method))
    return cls


def explained_init(cls: type[T]) -> type[T]:
    """The class decorator for what users make themselves: the same for its `__init__`."""
    setattr(cls, "__init__", _explained(vars(cls)["__init__"]))  # noqa: B010  (mypy takes no assignment)
    return cls


def _is_of_the_call(error: TypeError) -> bool:
    """Whether it was raised before the method began: then no frame below the wrapper's has seen it."""
    return error.__traceback__ is not None and error.__traceback__.tb_next is None


def _misuse(
    method: Callable[..., object], owner: type, arguments: tuple[object, ...], named: dict[str, object]
) -> str | None:
    """What is wrong with the call; values are not shown, for some are secret."""
    from inspect import Parameter, signature

    parameters = list(signature(method).parameters.values())[1:]
    by_place = [each.name for each in parameters if each.kind is not Parameter.KEYWORD_ONLY]
    by_name = [each.name for each in parameters if each.kind is not Parameter.POSITIONAL_ONLY]
    every = [each.name for each in parameters]
    title = _call(owner, method.__name__)
    for word in named:
        if word not in by_name:
            return f"{title} has no parameter {word!r}{_meant(word, by_name)} {_takes(every)}"
    if len(arguments) > len(by_place):
        if by_place:
            return (
                f"{title} takes {_listed(by_place)} without a name and nothing else, "
                f"but was given {len(arguments)} values. {_takes(every)}"
            )
        needed = [each.name for each in parameters if each.default is Parameter.empty] or every[:1]
        example = ", ".join(f"{name}=…" for name in needed)
        return f"{title} takes its arguments by name only, such as {title}({example}). {_takes(every)}"
    for word in by_place[: len(arguments)]:
        if word in named:
            return f"{title} was given {word!r} twice: by its place and by its name"
    missing = [
        each.name
        for each in parameters
        if each.default is Parameter.empty
        and each.name not in named
        and each.name not in by_place[: len(arguments)]
    ]
    return f"{title} needs {_listed(missing)}. {_takes(every)}" if missing else None


def _call(owner: type, method: str) -> str:
    """A method as it is written."""
    title = cast("str", getattr(owner, "_title", "")) or owner.__name__
    return owner.__name__ if method == "__init__" else f"{title}.{method}"


def _absent(owner: type[Resource], name: str) -> str:
    from ringback._core.twiml.values import closest

    title = owner._title or owner.__name__
    has = _public(owner)
    # `client.calls.fetch` is what `client.calls(sid).fetch` has, and the other way round.
    other = _counterpart(owner)
    if other is not None and name in _public(other):
        return f"{title} has no {name!r}; did you mean {other._title}.{name}?"
    near = closest(name, has, likeness=0.7)
    meant = f"; did you mean {near!r}?" if near else "."
    record = " A record and its fields are what fetch() gives." if "fetch" in has else ""
    return f"{title} has no {name!r}{meant} It has {_listed(has)}.{record}"


def _no_list(owner: type[Resource]) -> str:
    title = owner._title or owner.__name__
    ways = [f"{title}.list() gives its records"] if hasattr(owner, "list") else []
    ways += [f"{title}(…) is one of them"] if any("__call__" in vars(cls) for cls in owner.__mro__) else []
    return f"{title} is no list itself" + (f": {', '.join(ways)}" if ways else "")


def _counterpart(owner: type[Resource]) -> type[Resource] | None:
    """The class of one record for that of the collection, and the other way round; both are in one module."""
    for found in vars(sys.modules[owner.__module__]).values():
        if not (isinstance(found, type) and issubclass(found, Resource)):
            continue
        same_way = found.__name__.startswith("Async") == owner.__name__.startswith("Async")
        one, other = (owner, found) if owner._key else (found, owner)
        if same_way and one._key and one._title.rpartition("(")[0] == other._title:
            return found
    return None


def _public(owner: type) -> list[str]:
    return sorted({name for cls in owner.__mro__ for name in vars(cls) if name[0] != "_"})


def _meant(word: str, words: Iterable[str]) -> str:
    from ringback._core.twiml.values import closest

    near = closest(word, words)
    return f"; did you mean {near!r}?" if near else "."


def _takes(words: Iterable[str]) -> str:
    return f"It takes {_listed(words)}."


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
