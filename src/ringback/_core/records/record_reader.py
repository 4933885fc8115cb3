"""The straight way from a record to a model: a function a model, written when it is first needed.

Reading a page shall take no longer than parsing its JSON, which two calls a field can't afford. So the
function is written out field by field, as attrs writes `__init__`. It takes what is as it should be and
raises at anything else; `convert` then has cattrs read the record, to find out what is wrong and where.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, TypeVar, cast

from attrs import frozen

from ringback._core.records.scalars import MONTHS

__all__ = ["Column", "Shape", "write_reader"]

T = TypeVar("T")
_DAY: Final = re.compile(r"[A-Z][a-z]{2}, ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) ")
_OFFSET: Final = re.compile(r" ([+-][0-9]{2})([0-9]{2})")

# Kinds that are read without calling their hook, whose call would take as long as the reading: {v} is the
# value, {call} the call of the hook for whatever looks different.
_IN_PLACE: Final[Mapping[object, str]] = {
    int: "int({v}) if type({v}) is str and len({v}) <= 20 else {call}",
    Decimal: "Decimal({v}) if type({v}) is str else {call}",
    # `Mon, 23 Nov 2026 15:00:07 +0000` is rewritten as ISO 8601, which is parsed in C. The day's and the
    # offset's part are looked up: the records of one page share a few.
    datetime: "from_iso(f'{{iso_day({v}[:17])}}{{{v}[17:25]}}{{iso_offset({v}[25:])}}')"
    " if type({v}) is str and {v}[19] == ':' else {call}",
    Mapping[str, str]: "{v} if type({v}) is dict and text.issuperset(map(type, {v}.values())) else {call}",
}


@frozen
class Column:
    """How one field is read.

    Attributes:
        name: The field.
        wire: Its name in the record.
        required: Whether a record without it is malformed.
        nullable: Whether None is a value.
        hook: What reads any other value, and is given `annotation` besides; None for text, kept as it is.
        annotation: The type of the value, None aside.
    """

    name: str
    wire: str
    required: bool
    nullable: bool
    hook: Callable[[Any, Any], Any] | None
    annotation: object


class Shape:
    """The names that a model knows, and what to do about records that have others, or not all of them."""

    def __init__(self, wires: Sequence[str], optional: Sequence[str]) -> None:
        self._known = frozenset(wires)
        self._absent: Mapping[str, object] = dict.fromkeys(optional)

    def __len__(self) -> int:
        return len(self._known)

    def complete(self, record: Mapping[str, object]) -> dict[str, object]:
        """The record with None where an optional field is absent."""
        completed = dict(self._absent)
        for name, value in record.items():
            # The capabilities of numbers come as `SMS` from one resource and as `sms` from the next.
            lower = name.lower()
            mended = name not in self._known and lower in self._known and lower not in record
            completed[lower if mended else name] = value
        return completed

    def unknown(self, record: Mapping[str, object]) -> dict[str, object]:
        """What no field is there for."""
        return {name: value for name, value in record.items() if name not in self._known}


def write_reader(model: type[T], columns: Sequence[Column], shape: Shape) -> Callable[[object], T]:
    """A function that reads records; it raises whatever comes up where one doesn't fit.

    The model must be frozen and slotted, made by attrs, without validators, and have `unknown_fields`.
    """
    # A frozen __init__ sets each field through object.__setattr__, which takes longer than all the rest. An
    # instance of a subclass that isn't frozen is filled by plain assignment, then turned into the model.
    unfrozen = type(
        f"Unfrozen{model.__name__}",
        (model,),
        {"__slots__": (), "__setattr__": object.__setattr__, "__delattr__": object.__delattr__},
    )
    values = [f"value_{number}" for number in range(len(columns))]
    pick = f"{', '.join(values)} = pick(record)"
    lines = [
        "def read(record):",
        f"    try: {pick}",
        "    except KeyError:",
        "        record = complete(record)",
        f"        {pick}",
        "    model = new(unfrozen)",
    ]
    names: dict[str, object] = {
        "pick": itemgetter(*(column.wire for column in columns)),
        "complete": shape.complete,
        "unknown": shape.unknown,
        "new": object.__new__,
        "unfrozen": unfrozen,
        "frozen": model,
        "Decimal": Decimal,
        "from_iso": datetime.fromisoformat,
        "iso_day": _iso_day,
        "iso_offset": _iso_offset,
        "text": frozenset({str}),
    }
    for number, (column, value) in enumerate(zip(columns, values, strict=True)):
        if column.hook is None:
            or_none = f" and {value} is not None" if column.nullable else ""
            lines.append(f"    if type({value}) is not str{or_none}: raise ValueError")
            lines.append(f"    model.{column.name} = {value}")
        else:
            names[f"hook_{number}"], names[f"annotation_{number}"] = column.hook, column.annotation
            none_or = f"None if {value} is None or {value} == '' else " if column.nullable else ""
            read = _IN_PLACE.get(column.annotation, "{call}")
            call = f"hook_{number}({value}, annotation_{number})"
            lines.append(f"    model.{column.name} = {none_or}{read.format(v=value, call=call)}")
    lines += [
        f"    model.unknown_fields = {{}} if len(record) == {len(shape)} else unknown(record)",
        "    model.__class__ = frozen",
        "    return model",
    ]
    exec("\n".join(lines), names)  # noqa: S102 (names of fields and numbers, nothing from outside)
    return cast("Callable[[object], T]", names["read"])


@lru_cache(maxsize=512)
def _iso_day(text: str) -> str:
    """`Mon, 23 Nov 2026 ` as `2026-11-23T`."""
    match = _DAY.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return f"{match[3]}-{MONTHS[match[2]]:02}-{match[1]}T"


@lru_cache(maxsize=64)
def _iso_offset(text: str) -> str:
    """` +0000` as `+00:00`."""
    match = _OFFSET.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return f"{match[1]}:{match[2]}"
