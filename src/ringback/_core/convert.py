"""JSON answers into models: one cattrs converter, strict about types, exact about where something is wrong.

Twilio writes numbers as text in many places, so a whole number may come as `12` or `"12"`. A value of the
wrong type raises `Malformed` with its path; a field that no model knows is kept in `unknown_fields`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from functools import cache
from types import NoneType
from typing import Any, Final, Literal, TypeAlias, TypeVar, cast, get_args, get_origin

import attrs
from cattrs import BaseValidationError, Converter
from cattrs.gen import make_dict_structure_fn, override
from cattrs.v import transform_error

__all__ = ["Malformed", "read_model", "read_models", "wire_name"]

T = TypeVar("T")
JsonObject: TypeAlias = Mapping[str, object]

_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], start=1
    )
}


class Malformed(Exception):
    """A record that isn't what its model says.

    Attributes:
        path: Where, below the record; empty for the record itself.
        problem: What was expected and what was there.
    """

    def __init__(self, path: str, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(f"{path}: {problem}")


def read_model(record: object, model: type[T]) -> T:
    """`record` as a model.

    Raises:
        Malformed: It doesn't fit.
    """
    try:
        return _fast().structure(record, model)
    except Exception:
        # Only a failure is worth the price of knowing where it happened.
        return _explain(record, model)


def read_models(records: list[object], model: type[T]) -> list[T]:
    """A list of records as models.

    Raises:
        Malformed: One doesn't fit; the path begins with its index, `[3].duration`.
    """
    structure = _fast().get_structure_hook(model)
    try:
        return [structure(record, model) for record in records]
    except Exception:
        for index, record in enumerate(records):
            try:
                _explain(record, model)
            except Malformed as error:
                dot = "." if error.path else ""
                raise Malformed(f"[{index}]{dot}{error.path}", error.problem) from error
        raise


def _explain(record: object, model: type[T]) -> T:
    try:
        return _thorough().structure(record, model)
    except (BaseValidationError, ValueError, TypeError, KeyError) as error:
        path, problem = _first_problem(error)
        raise Malformed(path, problem) from error


def _first_problem(error: Exception) -> tuple[str, str]:
    if not isinstance(error, BaseValidationError):
        return "", str(error)
    text = transform_error(error, format_exception=_describe)[0]
    problem, _, path = text.partition(" @ ")
    return path.removeprefix("$").removeprefix("."), problem


def _describe(error: BaseException, _: type | None) -> str:
    if isinstance(error, KeyError):
        return f"the field {error.args[0]!r} is missing"
    return str(error)


@cache
def _fast() -> Converter:
    return _converter(detailed=False)


@cache
def _thorough() -> Converter:
    return _converter(detailed=True)


def _converter(*, detailed: bool) -> Converter:
    converter = Converter(detailed_validation=detailed)
    for cls, read in _READERS.items():
        converter.register_structure_hook(cls, read)
    converter.register_structure_hook_func(_is_text_mapping, _read_text_mapping)
    converter.register_structure_hook_func(_is_literal, _read_text)
    converter.register_structure_hook_func(_is_open_enum, _read_open_enum)
    converter.register_structure_hook_func(_is_json, _keep)

    def nullable_hook(annotation: object) -> Callable[[object, object], object]:
        return _nullable_hook(annotation, converter)

    converter.register_structure_hook_factory(_is_nullable, nullable_hook)

    def model_hook(cls: type[Any]) -> Callable[[Any, Any], Any]:
        return _model_hook(cls, converter)

    converter.register_structure_hook_factory(attrs.has, model_hook)
    return converter


def wire_name(name: str) -> str:
    """The wire name of a model's field: `from_` is `from`."""
    return name.removesuffix("_")


def _nullable_hook(annotation: object, converter: Converter) -> Callable[[object, object], object]:
    """None, or what the annotation holds besides; empty text is no value where a number or a date is due."""
    inner = next(part for part in get_args(annotation) if part is not NoneType)
    structure = converter.get_structure_hook(inner)
    if inner is str or get_origin(inner) is Literal:

        def read_text(value: object, _: object) -> object:
            return None if value is None else structure(value, inner)

        return read_text

    def read(value: object, _: object) -> object:
        return None if value is None or value == "" else structure(value, inner)

    return read


def _is_nullable(annotation: object) -> bool:
    """Whether it is `X | None`; what has more members is an open enum."""
    arguments = get_args(annotation)
    return len(arguments) == 2 and NoneType in arguments


def _model_hook(cls: type[Any], converter: Converter) -> Callable[[Any, Any], Any]:
    wire_names = {
        field.name: wire_name(field.name) for field in attrs.fields(cls) if field.name != "unknown_fields"
    }
    make = cast("Callable[..., Callable[[Any, Any], Any]]", make_dict_structure_fn)
    structure = make(
        cls,
        converter,
        _cattrs_detailed_validation=converter.detailed_validation,
        unknown_fields=override(omit=True),
        **{name: override(rename=wire) for name, wire in wire_names.items() if wire != name},
    )
    known = frozenset(wire_names.values())

    def read(value: object, _: object) -> Any:
        if not isinstance(value, dict):
            raise ValueError(f"expected an object, got {_show(value)}")
        record = cast("dict[str, object]", value)
        if known.issuperset(record):
            return structure(record, cls)
        # The capabilities of numbers come as `SMS` from one resource and as `sms` from the next.
        record = {name.lower() if name.lower() in known else name: item for name, item in record.items()}
        model = structure(record, cls)
        extra = {name: item for name, item in record.items() if name not in known}
        object.__setattr__(model, "unknown_fields", extra)
        return model

    return read


def _is_literal(annotation: object) -> bool:
    return cast("object", get_origin(annotation)) is Literal


def _is_open_enum(annotation: object) -> bool:
    parts = get_args(annotation)
    return str in parts and any(_is_literal(part) for part in parts)


def _read_open_enum(value: object, annotation: object) -> str | None:
    # `Literal[...] | str | None` has three parts, and cattrs knows only unions of two as optional.
    if value is None and type(None) in get_args(annotation):
        return None
    return _read_text(value, annotation)


def _is_json(annotation: object) -> bool:
    return annotation is object


def _keep(value: object, _: object) -> object:
    return value


def _is_text_mapping(annotation: object) -> bool:
    return get_origin(annotation) is Mapping


def _read_text_mapping(value: object, _: object) -> Mapping[str, str]:
    if isinstance(value, dict):
        entries = cast("dict[object, object]", value)
        return {str(key): str(text) for key, text in entries.items() if text is not None}
    raise ValueError(f"expected an object, got {_show(value)}")


def _read_text(value: object, _: object) -> str:
    if isinstance(value, str):
        return value
    raise ValueError(f"expected text, got {_show(value)}")


def _read_integer(value: object, _: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and len(value) <= 20:
        try:
            return int(value)
        except ValueError:
            pass
    raise ValueError(f"expected a whole number, got {_show(value)}")


def _read_boolean(value: object, _: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise ValueError(f"expected true or false, got {_show(value)}")


def _read_float(value: object, _: object) -> float:
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            return float(value)
        except ValueError:
            pass
    raise ValueError(f"expected a number, got {_show(value)}")


def _read_decimal(value: object, _: object) -> Decimal:
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            return Decimal(str(value))
        except InvalidOperation:
            pass
    raise ValueError(f"expected a decimal number, got {_show(value)}")


def _read_date(value: object, _: object) -> date:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError(f"expected a date, YYYY-MM-DD, got {_show(value)}")


def _read_datetime(value: object, _: object) -> datetime:
    """RFC 2822 as the 2010 API writes it, or ISO 8601 as newer parts do; always with a time zone."""
    if isinstance(value, str):
        try:
            return _rfc2822(value) if value[3:4] == "," else _iso8601(value)
        except (ValueError, KeyError, IndexError):
            pass
    raise ValueError(f"expected a date and time, RFC 2822 or ISO 8601, got {_show(value)}")


def _rfc2822(text: str) -> datetime:
    # Cut by position: the general parser of the standard library takes ten times as long, and a page of a
    # thousand calls holds four thousand of these.
    day, month, year, clock, zone = text[5:].split(" ")
    hour, minute, second = clock.split(":")
    return datetime(
        int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=_zone(zone)
    )


@cache
def _zone(text: str) -> timezone:
    if text in {"+0000", "-0000", "GMT", "UTC"}:
        return timezone.utc
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[3:5])))


def _iso8601(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


_READERS: Final[Mapping[Any, Callable[[Any, Any], Any]]] = {
    str: _read_text,
    int: _read_integer,
    bool: _read_boolean,
    float: _read_float,
    Decimal: _read_decimal,
    date: _read_date,
    datetime: _read_datetime,
}
