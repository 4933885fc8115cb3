"""Values of steps as a journal keeps them: JSON, and a little more, that comes back as it was."""

from __future__ import annotations

import base64
import dataclasses
import sys
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, Flag
from typing import TYPE_CHECKING, Final, Protocol, cast, runtime_checkable
from uuid import UUID

import attrs

from ringback.errors import InvalidValue, JournalUnreadable

if TYPE_CHECKING:
    from typing import TypeGuard

__all__ = ["Converter", "read_value", "write_value"]

TAG: Final = "$"
ALLOWED: Final = (
    "None, bool, int, float, str, bytes, list, tuple, set, dict, datetime, date, time, timedelta, Decimal, "
    "UUID, enums, attrs classes and dataclasses of modules, or what converter= knows"
)
DEEPEST: Final = 100
LONGEST_NUMBER: Final = 10_000  # bits; Python writes none of more than 4,300 digits


@runtime_checkable
class Converter(Protocol):
    """What knows further classes, such as a `cattrs.Converter`."""

    def unstructure(self, obj: object, /) -> object:
        """An object as something that can be written."""
        ...

    def structure(self, obj: object, cl: type[object], /) -> object:
        """The object again."""
        ...


def _spell(value: object) -> str:
    """A value of a kind that has one spelling."""
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(_microseconds(value))
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)


_NAMES: Final[Mapping[type, str]] = {
    kind: kind.__name__ for kind in (datetime, date, time, timedelta, Decimal, UUID, bytes)
}
_READ: Final[Mapping[str, Callable[[str], object]]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda text: _duration(int(text)),
    "Decimal": Decimal,
    "UUID": UUID,
    "bytes": base64.b64decode,
}
_SEQUENCES: Final[Mapping[str, Callable[[list[object]], object]]] = {
    "tuple": lambda items: tuple(items),
    "set": lambda items: set(items),
    "frozenset": lambda items: frozenset(items),
}


def write_value(where: str, value: object, converter: Converter | None = None) -> object:
    """A value as JSON can hold it.

    Raises:
        InvalidValue: It is something that can't be recorded; the error says what and where in it.
    """
    return _write(where, value, converter, 0)


def read_value(where: str, written: object, converter: Converter | None = None) -> object:
    """The value again.

    Raises:
        JournalUnreadable: It is garbled, or of a class that isn't there.
    """
    try:
        return _read(written, converter)
    except JournalUnreadable:
        raise
    except Exception as error:
        raise JournalUnreadable(where, "its value is garbled, or of a class that has changed") from error


def _write(where: str, value: object, converter: Converter | None, depth: int) -> object:
    if depth > DEEPEST:
        raise InvalidValue(where, "…", f"a value of at most {DEEPEST} levels")
    kind = type(value)
    if kind is int and cast("int", value).bit_length() > LONGEST_NUMBER:
        raise InvalidValue(where, "…", f"a number of at most {LONGEST_NUMBER} bits")
    if value is None or kind in (bool, int, float, str):
        return value
    if kind is list:
        items = cast("list[object]", value)
        return [_write(f"{where}[{n}]", item, converter, depth + 1) for n, item in enumerate(items)]
    if kind is dict:
        return _write_dict(where, cast("dict[object, object]", value), converter, depth)
    if kind in (tuple, set, frozenset):
        items = list(cast("tuple[object, ...]", value))
        return {TAG: kind.__name__, "v": _write(where, items, converter, depth + 1)}
    spelt = _NAMES.get(kind)
    if spelt is not None:
        return {TAG: spelt, "v": _spell(value)}
    if isinstance(value, Enum) and _is_of_a_module(kind):
        # Several flags at once have no name.
        how = value.value if isinstance(value, Flag) else value.name
        return {TAG: "enum", "t": _name(kind), "v": how}
    if _has_fields(kind) and _is_of_a_module(kind):
        parts = {
            name: _write(f"{where}.{name}", getattr(value, name), converter, depth + 1)
            for name in _fields(kind)
        }
        return {TAG: "object", "t": _name(kind), "v": parts}
    if converter is not None and _is_of_a_module(kind):
        made = converter.unstructure(value)
        if type(made) is not kind:
            return {TAG: "converted", "t": _name(kind), "v": _write(where, made, converter, depth + 1)}
    raise InvalidValue(where, kind, ALLOWED)


def _write_dict(where: str, value: dict[object, object], converter: Converter | None, depth: int) -> object:
    plain = all(type(key) is str for key in value) and TAG not in value
    if plain:
        return {
            cast("str", key): _write(f"{where}[{key!r}]", item, converter, depth + 1)
            for key, item in value.items()
        }
    pairs = [
        [_write(where, key, converter, depth + 1), _write(where, item, converter, depth + 1)]
        for key, item in value.items()
    ]
    return {TAG: "dict", "v": pairs}


def _read(written: object, converter: Converter | None) -> object:
    if isinstance(written, list):
        return [_read(item, converter) for item in cast("list[object]", written)]
    if not isinstance(written, dict):
        return written
    given = cast("dict[str, object]", written)
    tag = given.get(TAG)
    if tag is None:
        return {key: _read(item, converter) for key, item in given.items()}
    value = given["v"]
    name = cast("str", tag)
    if name in _READ:
        return _READ[name](cast("str", value))
    if name in _SEQUENCES:
        return _SEQUENCES[name](cast("list[object]", _read(value, converter)))
    if name == "dict":
        return {
            _read(key, converter): _read(item, converter)
            for key, item in cast("list[tuple[object, object]]", value)
        }
    kind = _class(cast("str", given["t"]))
    if name == "enum":
        if issubclass(kind, Flag):
            return kind(value)
        return cast("type[Enum]", kind)[cast("str", value)]
    if name == "object":
        return _make(
            kind, {key: _read(item, converter) for key, item in cast("dict[str, object]", value).items()}
        )
    if name == "converted" and converter is not None:
        return converter.structure(_read(value, converter), kind)
    raise JournalUnreadable("value", "it needs the converter= that it was written with")


def _make(kind: type[object], parts: dict[str, object]) -> object:
    """An object with these fields, whatever its constructor would make of them."""
    names = _fields(kind)  # and nothing is made of a class that has none
    made = object.__new__(kind)
    for name in names:
        object.__setattr__(made, name, parts[name])
    return made


def _class(name: str) -> type[object]:
    """A class by its name. Nothing is imported for it: what a store holds shall not run code."""
    module, _, path = name.partition(":")
    found: object = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, part, None)
    if not isinstance(found, type):
        raise JournalUnreadable("value", f"there is no class {path} in {module}")
    return found


def _name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _is_of_a_module(kind: type) -> bool:
    return "<locals>" not in kind.__qualname__


def _has_fields(kind: type) -> TypeGuard[type[attrs.AttrsInstance]]:
    return attrs.has(kind) or dataclasses.is_dataclass(kind)


def _fields(kind: type) -> list[str]:
    if attrs.has(kind):
        return [each.name for each in attrs.fields(kind)]
    return [each.name for each in dataclasses.fields(kind)]


def _microseconds(value: timedelta) -> int:
    return (value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds


def _duration(microseconds: int) -> timedelta:
    seconds, rest = divmod(microseconds, 1_000_000)
    days, seconds = divmod(seconds, 86_400)
    return timedelta(days=days, seconds=seconds, microseconds=rest)
