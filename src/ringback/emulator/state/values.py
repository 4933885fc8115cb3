"""Records, and what is in them, as JSON that says what each value is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Any, Final, cast

import attrs

from ringback.errors import EmulatorError

__all__ = ["read_value", "write_value"]

_PACKAGE: Final = "ringback."
_KIND: Final = "$"


def write_value(value: object) -> object:
    """A value as JSON can hold it.

    Raises:
        EmulatorError: It is nothing that a record holds.
    """
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, datetime):
        return {_KIND: "datetime", "is": value.isoformat()}
    if isinstance(value, date):
        return {_KIND: "date", "is": value.isoformat()}
    if isinstance(value, Decimal):
        return {_KIND: "Decimal", "is": str(value)}
    if isinstance(value, bytes):
        return {_KIND: "bytes", "is": value.hex()}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = [write_value(each) for each in cast("Iterable[object]", value)]
        return {_KIND: type(cast("object", value)).__name__, "is": items}
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value)
        return {_KIND: "dict", "is": [[write_value(key), write_value(item)] for key, item in pairs.items()]}
    kind = type(value)
    if attrs.has(kind) and kind.__module__.startswith(_PACKAGE):
        names = _fields(kind.__module__, kind.__qualname__)
        fields = {name: write_value(getattr(value, name)) for name in names}
        return {_KIND: f"{kind.__module__}:{kind.__qualname__}", "is": fields}
    raise EmulatorError(f"state: a {kind.__name__} can't be kept")


def read_value(kept: object) -> object:
    """The value again.

    Raises:
        EmulatorError: It was kept by another version, which knew other records.
    """
    if not isinstance(kept, dict):
        return kept
    written = cast("dict[str, Any]", kept)
    kind, content = written[_KIND], written["is"]
    if kind in _PLAIN:
        return _PLAIN[kind](content)
    if kind == "dict":
        return {read_value(key): read_value(item) for key, item in content}
    if kind in _MANY:
        return _MANY[kind](read_value(each) for each in content)
    module, _, name = str(kind).partition(":")
    given = {key: read_value(item) for key, item in content.items()}
    try:
        return _kind(module, name)(**{key.lstrip("_"): item for key, item in given.items()})
    except (AttributeError, ImportError, TypeError) as error:
        raise EmulatorError(f"state: kept by another version of ringback: {name}: {error}") from None


_PLAIN: Final[Mapping[str, Callable[[Any], object]]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "Decimal": Decimal,
    "bytes": bytes.fromhex,
}
_MANY: Final[Mapping[str, Callable[[Any], object]]] = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
}


@cache
def _kind(module: str, name: str) -> Callable[..., object]:
    if not module.startswith(_PACKAGE):
        raise ImportError(f"{module} is none of its modules")
    kind = getattr(import_module(module), name)
    if not attrs.has(kind):
        raise AttributeError(f"{name} is no record")
    return cast("Callable[..., object]", kind)


@cache
def _fields(module: str, name: str) -> tuple[str, ...]:
    kind = cast("type[attrs.AttrsInstance]", _kind(module, name))
    return tuple(each.name for each in attrs.fields(kind) if each.init)
