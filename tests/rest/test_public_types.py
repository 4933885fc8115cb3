"""No `Any` in a public signature, anywhere in the library."""

from __future__ import annotations

import inspect
import pkgutil
import re
import typing
from collections.abc import Iterator
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any, cast

import pytest

import ringback

# Importing it runs it.
MAIN = {"ringback.__main__"}
PRIVATE = re.compile(r"(?:^|\.)_(?!_)")


def public_modules() -> list[str]:
    return ["ringback"] + [
        name
        for _, name, _ in pkgutil.walk_packages(ringback.__path__, "ringback.")
        if not PRIVATE.search(name) and name not in MAIN
    ]


def public_objects(module: ModuleType) -> Iterator[tuple[str, object]]:
    """What a module offers: its `__all__`, or what it defines itself."""
    names: list[str] = list(
        getattr(module, "__all__", None)
        or (
            name
            for name, value in vars(module).items()
            if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
        )
    )
    for name in names:
        yield f"{module.__name__}.{name}", getattr(module, name)


def signatures(name: str, value: object) -> Iterator[tuple[str, FunctionType]]:
    """The functions behind a public object: itself, or its public methods, inherited ones too."""
    if isinstance(value, FunctionType):
        yield name, value
    elif inspect.isclass(value):
        for cls in value.__mro__:
            if not cls.__module__.startswith("ringback"):
                continue
            for member, attribute in vars(cls).items():
                if member.startswith("_") and member not in {
                    "__init__",
                    "__call__",
                    "__enter__",
                    "__aenter__",
                }:
                    continue
                for function in unwrapped(attribute):
                    # A protocol's constructor is that of `typing`.
                    if function.__module__ != "typing":
                        yield f"{name}.{member}", function


def unwrapped(attribute: object) -> Iterator[FunctionType]:
    inner: list[object] = [attribute]
    if isinstance(attribute, property):
        inner = [attribute.fget, attribute.fset]
    elif isinstance(attribute, (classmethod, staticmethod)):
        inner = [cast("Any", attribute).__func__]
    yield from (function for function in inner if isinstance(function, FunctionType))


def holds_any(annotation: object, scope: dict[str, object], depth: int = 0) -> bool:
    """Whether `Any` is in an annotation, or in an alias that it names."""
    if depth > 6:
        return False
    if isinstance(annotation, str):
        bare = re.sub(r"(['\"]).*?\1", "", annotation)  # Literal["Any"] is a word
        return any(
            word == "Any"
            or (word in scope and is_alias(scope[word]) and holds_any(scope[word], scope, depth + 1))
            for word in re.findall(r"[A-Za-z_]\w*", bare)
        )
    if annotation is Any:
        return True
    return any(holds_any(part, scope, depth + 1) for part in typing.get_args(annotation))


def is_alias(value: object) -> bool:
    return typing.get_origin(value) not in {None, typing.Literal}


@pytest.mark.parametrize("module", public_modules())
def test_no_any_in_public_signatures(module: str) -> None:
    found: list[str] = []
    for name, value in public_objects(import_module(module)):
        for where, function in signatures(name, value):
            parameters = inspect.signature(function).parameters
            annotations = inspect.get_annotations(function)
            missing = [
                parameter
                for position, parameter in enumerate(parameters)
                if parameter not in annotations and not (position == 0 and parameter in {"self", "cls"})
            ]
            if "return" not in annotations and not where.endswith("__init__"):
                missing.append("return")
            found += [f"{where}: {parameter} has no type" for parameter in missing]
            found += [
                f"{where}: {parameter} is {annotation}"
                for parameter, annotation in annotations.items()
                if holds_any(annotation, function.__globals__)
            ]
        if inspect.isclass(value):
            found += [
                f"{name}.{field} is {annotation}"
                for field, annotation in inspect.get_annotations(value).items()
                if not field.startswith("_") and holds_any(annotation, vars(import_module(value.__module__)))
            ]
    assert found == []


def test_the_test_would_find_one() -> None:
    scope: dict[str, object] = {"Json": dict[str, Any], "Word": typing.Literal["Any"]}
    assert holds_any("Any", {})
    assert holds_any("list[Any] | None", {})
    assert holds_any("Json", scope)
    assert holds_any(dict[str, Any], {})
    assert not holds_any("Literal['Any']", {})
    assert not holds_any("Word", scope)
    assert not holds_any("object", {})
