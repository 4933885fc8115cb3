"""JSON values into the types of a model's fields: text, numbers, dates, mappings of text.

Each function takes a value and raises `ValueError` with what was expected and what was there. The second
argument is the annotation, which cattrs hands to every hook.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final, cast

__all__ = ["MONTHS", "READERS", "read_text", "read_text_mapping", "show"]

MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], start=1
    )
}
_TEXT: Final = frozenset({str})


def read_text(value: object, _: object) -> str:
    """Text, as it came."""
    if isinstance(value, str):
        return value
    raise ValueError(f"expected text, got {show(value)}")


def read_text_mapping(value: object, _: object) -> Mapping[str, str]:
    """Text by name; names without a value are left out."""
    if isinstance(value, dict):
        entries = cast("dict[str, object]", value)
        if _TEXT.issuperset(map(type, entries.values())):
            return cast("dict[str, str]", entries)
        return {key: str(text) for key, text in entries.items() if text is not None}
    raise ValueError(f"expected an object, got {show(value)}")


def show(value: object) -> str:
    """A value for an error, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _read_integer(value: object, _: object) -> int:
    if isinstance(value, str):
        if len(value) <= 20:
            try:
                return int(value)
            except ValueError:
                pass
    elif isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError(f"expected a whole number, got {show(value)}")


def _read_boolean(value: object, _: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise ValueError(f"expected true or false, got {show(value)}")


def _read_float(value: object, _: object) -> float:
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            return float(value)
        except ValueError:
            pass
    raise ValueError(f"expected a number, got {show(value)}")


def _read_decimal(value: object, _: object) -> Decimal:
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        try:
            return Decimal(value if isinstance(value, str) else str(value))
        except InvalidOperation:
            pass
    raise ValueError(f"expected a decimal number, got {show(value)}")


def _read_date(value: object, _: object) -> date:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError(f"expected a date, YYYY-MM-DD, got {show(value)}")


def _read_datetime(value: object, _: object) -> datetime:
    """RFC 2822 as the 2010 API writes it, or ISO 8601 as newer parts do; always with a time zone."""
    if isinstance(value, str):
        try:
            return _rfc2822(value) if value[3:4] == "," else _iso8601(value)
        except (ValueError, KeyError, IndexError):
            pass
    raise ValueError(f"expected a date and time, RFC 2822 or ISO 8601, got {show(value)}")


def _rfc2822(text: str) -> datetime:
    day, month, year, clock, zone = text[5:].split(" ")
    hour, minute, second = clock.split(":")
    return datetime(
        int(year), MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=_zone(zone)
    )


@lru_cache(maxsize=64)
def _zone(text: str) -> timezone:
    if text in {"+0000", "-0000", "GMT", "UTC"}:
        return timezone.utc
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[3:5])))


def _iso8601(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)


READERS: Final[Mapping[Any, Callable[[Any, Any], Any]]] = {
    str: read_text,
    int: _read_integer,
    bool: _read_boolean,
    float: _read_float,
    Decimal: _read_decimal,
    date: _read_date,
    datetime: _read_datetime,
}
