"""One parameter's text -> its value, and back.

Everything is text on the wire. The codecs are named as in `ringback._generated.webhooks.tables`:

    text        any text, the empty one included
    word        text; the empty one reads as None
    integer     decimal digits
    float       a decimal number, read as float
    decimal     a decimal number, exact
    boolean     true | false
    rfc2822     a point in time, `Fri, 20 Aug 2010 01:13:42 +0000`
    iso8601     a point in time, `2024-06-25T18:45:12.135751Z`

Twilio uses the last two in different places and does not say which everywhere, so either one reads both.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final, NamedTuple, cast

from ringback.errors import InvalidValue

__all__ = ["CODECS", "Codec"]

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER: Final = re.compile(r"[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,3})?")
_ISO: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?:\.([0-9]{1,12}))?(Z|[+-][0-9]{2}:?[0-9]{2})"
)


class Codec(NamedTuple):
    """How one kind of parameter is read and written.

    Attributes:
        decode: Text -> value, or None where the text says that there is none. Raises ValueError.
        encode: Value -> text.
        expected: What the text should have been, in words that follow "expected".
    """

    decode: Callable[[str], object]
    encode: Callable[[object], str]
    expected: str


def _integer(text: str) -> int | None:
    if not text:
        return None
    if not _INTEGER.fullmatch(text):
        raise ValueError
    return int(text)


def _float(text: str) -> float | None:
    if not text:
        return None
    if not _NUMBER.fullmatch(text) or not math.isfinite(number := float(text)):
        raise ValueError
    return number


def _decimal(text: str) -> Decimal | None:
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise ValueError
    return Decimal(text)


def _boolean(text: str) -> bool | None:
    if not text:
        return None
    return {"true": True, "false": False}[text.lower()]


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    iso = _ISO.fullmatch(text)
    if iso is None:
        moment = parsedate_to_datetime(text)
    else:
        date, time, fraction, zone = iso.groups()
        # Python keeps microseconds, Twilio sends up to nanoseconds.
        micros = (fraction or "").ljust(6, "0")[:6]
        offset = "+00:00" if zone == "Z" else f"{zone[:3]}:{zone[-2:]}"
        moment = datetime.fromisoformat(f"{date}T{time}.{micros}{offset}")
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)
    aware.astimezone(timezone.utc)  # years 1 and 9999 overflow here rather than in an application
    return aware


def _in_utc(value: object) -> datetime:
    moment = cast("datetime", value)
    if moment.tzinfo is None:
        raise InvalidValue("datetime", moment, "a datetime with a time zone")
    return moment.astimezone(timezone.utc)


def _word(text: str) -> str | None:
    return text or None


def _write_boolean(value: object) -> str:
    return "true" if value else "false"


def _write_rfc2822(value: object) -> str:
    return format_datetime(_in_utc(value))


def _write_iso8601(value: object) -> str:
    return _in_utc(value).isoformat().replace("+00:00", "Z")


CODECS: Final[dict[str, Codec]] = {
    "text": Codec(str, str, "text"),
    "word": Codec(_word, str, "text"),
    "integer": Codec(_integer, str, "a whole number"),
    "float": Codec(_float, repr, "a number"),
    "decimal": Codec(_decimal, str, "a number"),
    "boolean": Codec(_boolean, _write_boolean, "true or false"),
    "rfc2822": Codec(_instant, _write_rfc2822, "a date and time"),
    "iso8601": Codec(_instant, _write_iso8601, "a date and time"),
}
"""By name. Besides ValueError, `decode` raises LookupError, TypeError and OverflowError."""
