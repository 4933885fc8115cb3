"""What a link can carry, and how it is written: one class a kind of value.

    Kind
    ├── Words       str
    ├── Whole       int
    ├── Truth       bool
    ├── Number      float
    ├── Amount      Decimal
    ├── Day         date
    ├── Moment      datetime, with its zone
    ├── Member      a member of an enum, by its name
    ├── Flags       several of a `Flag`, by their value
    └── Listed      the values of a `Literal`

Each value has one spelling. Whatever is written otherwise wasn't written by us, and is refused.
"""

from __future__ import annotations

import types
from abc import ABC, abstractmethod
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, Flag
from typing import Annotated, Final, Literal, TypeVar, Union, cast, get_args, get_origin

__all__ = ["SUPPORTED", "Kind", "kind_of"]

T = TypeVar("T")

SUPPORTED: Final = "str, int, bool, float, Decimal, date, datetime, an enum or a Literal, each or None"


class Kind(ABC):
    """A kind of value."""

    allowed: str

    @abstractmethod
    def write(self, value: object) -> str:
        """Its text.

        Raises:
            ValueError, TypeError: It is no value of the kind, or none that survives the way.
        """

    def read(self, text: str) -> object:
        """The value.

        Raises:
            ValueError, LookupError, ArithmeticError, OSError: It isn't the text of one.
        """
        value = self._read(text)
        if self.write(value) != text:
            raise ValueError("not as it is written")
        return value

    @abstractmethod
    def _read(self, text: str) -> object: ...


class Words(Kind):
    """Any text, empty as well."""

    allowed = "text"

    def write(self, value: object) -> str:
        text = str.__str__(_a(str, value))
        text.encode()  # lone surrogates have no bytes
        return text

    def _read(self, text: str) -> str:
        return text


class Whole(Kind):
    """A whole number, of any size."""

    allowed = "an int"

    def write(self, value: object) -> str:
        return int.__repr__(int(_a(int, value)))

    def _read(self, text: str) -> int:
        return int(text)


class Truth(Kind):
    """True or false."""

    allowed = "True or False"

    def write(self, value: object) -> str:
        return "true" if _a(bool, value) else "false"

    def _read(self, text: str) -> bool:
        return text == "true"


class Number(Kind):
    """A float, infinite ones and NaN as well. Type checkers take a whole number for one, so that it is taken
    where it can be one.
    """

    allowed = "a float"

    def write(self, value: object) -> str:
        if isinstance(value, int):
            number = float(value)
            if number != value:
                raise ValueError("too large to be a float")
            return repr(number)
        return float.__repr__(_a(float, value))

    def _read(self, text: str) -> float:
        return float(text)


class Amount(Kind):
    """A decimal number, with the digits that it has."""

    allowed = "a Decimal"

    def write(self, value: object) -> str:
        return Decimal.__str__(_a(Decimal, value))

    def _read(self, text: str) -> Decimal:
        return Decimal(text)


class Day(Kind):
    """A day. A `datetime` is one to type checkers; its time would be lost."""

    allowed = "a date, not a datetime"

    def write(self, value: object) -> str:
        if isinstance(value, datetime):
            raise TypeError
        return date.isoformat(_a(date, value))

    def _read(self, text: str) -> date:
        return date.fromisoformat(text)


class Moment(Kind):
    """A day and time; with an offset where it has one, and the zone's name where it has a `ZoneInfo`, as RFC
    9557 writes it: `2026-11-25T19:00:00+01:00[Europe/Vienna]`.
    """

    allowed = "a datetime"

    def write(self, value: object) -> str:
        moment = _a(datetime, value)
        text = datetime.isoformat(moment)
        if datetime.fromisoformat(text).utcoffset() != moment.utcoffset():
            raise ValueError("an offset of microseconds, which Python writes and doesn't read")
        zone = _zone_name(moment)
        return text if zone is None else f"{text}[{zone}]"

    def read(self, text: str) -> datetime:
        stamp, bracket, zone = text.partition("[")
        moment = datetime.fromisoformat(stamp)
        if moment.isoformat() != stamp or (bracket and (zone[-1:] != "]" or moment.tzinfo is None)):
            raise ValueError("not as it is written")
        return _in_zone(moment, zone[:-1]) if bracket else moment

    def _read(self, text: str) -> datetime:
        raise NotImplementedError


def _zone_name(moment: datetime) -> str | None:
    if moment.tzinfo is None or moment.utcoffset() is None:
        return None
    from zoneinfo import ZoneInfo

    return moment.tzinfo.key if isinstance(moment.tzinfo, ZoneInfo) else None


def _in_zone(moment: datetime, name: str) -> datetime:
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(name)
    for fold in (0, 1):  # by the wall's clock first, which hours have that no clock has shown
        there = moment.replace(tzinfo=zone, fold=fold)
        if there.utcoffset() == moment.utcoffset():
            return there
    return moment.astimezone(zone)  # another machine knows other rules of the zone: the moment is what counts


class Member(Kind):
    """A member of an enum."""

    def __init__(self, enum: type[Enum]) -> None:
        self._enum = enum
        self.allowed = f"a member of {enum.__name__}"

    def write(self, value: object) -> str:
        return _a(self._enum, value).name

    def read(self, text: str) -> Enum:
        return self._enum[text]  # by an alias too: it may be what the member was called before

    def _read(self, text: str) -> Enum:
        raise NotImplementedError


class Flags(Kind):
    """A flag, or several: they have no name together."""

    def __init__(self, enum: type[Flag]) -> None:
        self._enum = enum
        self.allowed = f"a member of {enum.__name__}"

    def write(self, value: object) -> str:
        return int.__repr__(int(_a(self._enum, value).value))

    def _read(self, text: str) -> Flag:
        return self._enum(int(text))


class Listed(Kind):
    """One of the values of a `Literal`.

    Raises:
        ValueError: One of them can't be carried, or two are written alike.
    """

    def __init__(self, values: tuple[object, ...]) -> None:
        self._values: dict[str, object] = {}
        for value in values:
            kind = kind_of(type(value))[0]
            if kind is None:
                raise ValueError(f"{value!r} can't be carried")
            if self._values.setdefault(kind.write(value), value) is not value:
                raise ValueError(f"{value!r} is written as another one is")
        self.allowed = f"one of {', '.join(map(repr, values))}"

    def write(self, value: object) -> str:
        for text, each in self._values.items():
            if (
                each == value
                and isinstance(value, type(each))
                and isinstance(value, bool) is (isinstance(each, bool))
            ):
                return text
        raise ValueError

    def _read(self, text: str) -> object:
        return self._values[text]


_KINDS: Final[dict[object, Kind]] = {
    str: Words(),
    int: Whole(),
    bool: Truth(),
    float: Number(),
    Decimal: Amount(),
    date: Day(),
    datetime: Moment(),
}


def kind_of(annotation: object) -> tuple[Kind | None, bool]:
    """The kind of value that an annotation tells, None where links carry no such thing; and whether it may be
    None as well.

    Raises:
        ValueError: A `Literal` has values that can't be carried or told apart.
    """
    annotation = _plain(annotation)
    if isinstance(annotation, type):
        return _KINDS.get(annotation) or _of_enum(cast("type[object]", annotation)), False
    values = _literals(annotation)
    if values is not None:
        return Listed(tuple(value for value in values if value is not None)), None in values
    if get_origin(annotation) in (Union, types.UnionType):
        some = [each for each in get_args(annotation) if each is not type(None)]
        kind, optional = kind_of(some[0]) if len(some) == 1 else (None, False)
        return kind, optional or len(some) < len(get_args(annotation))
    return None, False


def _of_enum(kind: type[object]) -> Kind | None:
    if issubclass(kind, Flag):
        return Flags(kind)
    return Member(kind) if issubclass(kind, Enum) else None


def _literals(annotation: object) -> tuple[object, ...] | None:
    """The values of a `Literal`, or of several and None; None where it isn't one."""
    annotation = _plain(annotation)
    if annotation is None:
        return (None,)
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [_literals(each) for each in get_args(annotation)]
        if all(part is not None for part in parts):
            return tuple(value for part in parts if part is not None for value in part)
    return None


def _plain(annotation: object) -> object:
    """What an alias, a `NewType` or an `Annotated` stands for."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif hasattr(annotation, "__supertype__"):
            annotation = cast("object", getattr(annotation, "__supertype__"))  # noqa: B009  (no type has it)
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = cast("object", getattr(annotation, "__value__"))  # noqa: B009
        else:
            return None if annotation is type(None) else annotation


def _a(kind: type[T], value: object) -> T:
    """The value, if it is one of the kind."""
    if not isinstance(value, kind):
        raise TypeError
    return value
