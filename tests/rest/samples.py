"""Values for everything that the spec describes, and how they look on the wire.

Made from the spec's own records, never from the generated tables, so that the two can disagree.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timezone
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

from attrs import frozen

from codegen import api
from codegen.api import ir, plan, types

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Pairs: TypeAlias = list[tuple[str, str]]

SPEC: Final = Path(__file__).parent.parent.parent / "spec"
ACCOUNT: Final = "AC" + "0" * 32


@cache
def planned() -> plan.Plan:
    """The REST API as the spec says."""
    return api.planned(SPEC)


@cache
def enums() -> dict[str, ir.Enum]:
    """Every enum of the spec by name."""
    return {enum.name: enum.spec for module in planned().modules for enum in module.enums}


@cache
def models() -> dict[str, plan.ModelPlan]:
    """Every model of the spec by name."""
    return {model.name: model for module in planned().modules for model in module.models}


@frozen
class Argument:
    """A value for a parameter.

    Attributes:
        value: What is passed.
        pairs: What must be sent.
    """

    value: object
    pairs: Pairs


def argument(parameter: plan.Parameter) -> Argument:
    """A value for a parameter, with characters that need encoding where it may hold them."""
    wire = parameter.wire
    match parameter.type:
        case types.PairList(first, second):
            return Argument(
                {"a b": "1&2", "ü": "="},
                [(f"{wire}1.{first}", "a b"), (f"{wire}1.{second}", "1&2"),
                 (f"{wire}2.{first}", "ü"), (f"{wire}2.{second}", "=")],
            )  # fmt: skip
        case types.List(item, most):
            values = [_value(item), _value(item)][: most or 2]
            return Argument([value for value, _ in values], [(wire, text) for _, text in values])
        case single:
            value, text = _value(single)
            return Argument(value, [(wire, text)])


def _value(wire_type: types.WireType) -> tuple[object, str]:
    """What is passed, and what must be sent."""
    match wire_type:
        case types.Text(most):
            text = "Ünïcode & + % = 100"
            return text[:most], text[:most]
        case types.Formatted():
            return "+15558675310", "+15558675310"
        case types.Whole(minimum=low, maximum=high):
            number = high if high is not None else low if low is not None else 7
            return number, str(number)
        case types.Sid(prefixes) | types.Name(prefixes):
            return sid(prefixes[-1]), sid(prefixes[-1])
        case types.Enum(name):
            last = [*enums()[name].values][-1]
            return last, last
        case types.Plain(kind_=kind):
            return _PLAIN[kind]
        case _:
            raise AssertionError(f"no sample for {wire_type}")


def sid(prefix: str) -> str:
    """A SID."""
    return prefix + "0123456789abcdef" * 2


_PLAIN: Final[dict[str, tuple[object, str]]] = {
    "NUMBER": (Decimal("-0.0075"), "-0.0075"),
    "BOOLEAN": (False, "false"),
    "COUNTRY": ("US", "US"),
    "URL": ("https://example.com/ä?a=b&c=d", "https://example.com/ä?a=b&c=d"),
    "METHOD": ("GET", "GET"),
    "DAY": (date(2026, 2, 28), "2026-02-28"),
    "INSTANT": (datetime(2026, 2, 28, 23, 59, 1, tzinfo=timezone.utc), "2026-02-28T23:59:01Z"),
    "DAY_OR_INSTANT": (datetime(2026, 2, 28, 23, 59, 1, tzinfo=timezone.utc), "2026-02-28T23:59:01Z"),
    "TWIML": ("<Response><Say>a&amp;b</Say></Response>", "<Response><Say>a&amp;b</Say></Response>"),
    "JSON_TEXT": ({"a": [1, None, "ü"]}, '{"a":[1,null,"\\u00fc"]}'),
}


def hole(wire_type: types.WireType) -> str:
    """A value for a hole in a path."""
    match wire_type:
        case types.Sid(prefixes) | types.Name(prefixes):
            return sid(prefixes[0])
        case _:
            return "US"


# --- records ----------------------------------------------------------------------------------------------


def record(name: str, *, always: bool = False, nulls: bool = False) -> dict[str, Json]:
    """A record of a model as Twilio sends it: all fields, only the `always` ones, or the others as null."""
    found: dict[str, Json] = {}
    for item in models()[name].fields:
        if item.always or not (always or nulls):
            found[item.wire] = _json(item.entry.type)
        elif nulls:
            found[item.wire] = None
    return found


def _json(wire_type: types.WireType) -> Json:
    match wire_type:
        case types.Whole():
            return "12"  # numbers come as text as often as not
        case types.Sid(prefixes):
            return sid(prefixes[0])
        case types.Enum(name):
            return next(iter(enums()[name].values))
        case types.Model(name):
            return dict(record(name))
        case types.List(item):
            return [_json(item), _json(item)]
        case types.Plain(kind_=kind, parameter_=annotation):
            return _JSON.get(annotation, _JSON.get(kind))
        case _:
            return "Ünïcode"


_JSON: Final[dict[str, Json]] = {
    "NUMBER": "-0.0075",
    "float": 1.5,
    "BOOLEAN": False,
    "COUNTRY": "US",
    "URL": "https://example.com/",
    "METHOD": "GET",
    "DAY": "2026-02-28",
    "INSTANT": "Sat, 28 Feb 2026 23:59:01 +0000",
    "Mapping[str, str]": {"a": "/b"},
    "object": {"a": [1, None]},
}


def read(wire_type: types.WireType, sent: Json) -> object:
    """What a field must hold where `sent` came; a nested record is compared field by field elsewhere."""
    match wire_type:
        case types.Whole():
            return 12
        case types.Plain(kind_="NUMBER", field_="Decimal"):
            return Decimal("-0.0075")
        case types.Plain(kind_="DAY"):
            return date(2026, 2, 28)
        case types.Plain(kind_="INSTANT"):
            return datetime(2026, 2, 28, 23, 59, 1, tzinfo=timezone.utc)
        case types.List(item) if item.model is None and isinstance(sent, list):
            return tuple(read(item, part) for part in sent)
        case _:
            return sent


def alternatives(operation: plan.Operation) -> Iterable[frozenset[str]]:
    """For each way to satisfy the one-of groups, the parameters that are given."""
    return operation.overloads or [frozenset()]
