"""What callers give, checked where they give it: errors name the argument, the value and what is allowed.

The types say most of it; this is for those who have no type checker, for what a type can't say (infinity is a
float), and for the text of forms and queries.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from ringback.errors import EmulatorError

__all__ = [
    "LONGEST",
    "duration",
    "is_phone_number",
    "number",
    "one_of",
    "printable",
    "seconds",
    "text",
    "whole",
]

# A year. What takes longer is a mistake, and the calendar has an end.
LONGEST: Final = 366 * 86_400.0
# E.164, or a short code.
_PHONE_NUMBER: Final = re.compile(r"\+[1-9][0-9]{1,14}\Z|[0-9]{3,8}\Z")
_DIGITS: Final = re.compile(r"[0-9]{1,9}\Z")


def one_of(name: str, chosen: object, allowed: tuple[str, ...]) -> None:
    """Refuse a word that isn't allowed."""
    if not isinstance(chosen, str) or chosen not in allowed:
        raise EmulatorError(f"{name}: expected one of {', '.join(allowed)}, got {_short(chosen)}")


def seconds(name: str, value: object, *, positive: bool = False) -> None:
    """Refuse what is no time: infinity, not-a-number, less than nothing, more than a year."""
    number(name, value, positive=positive, most=LONGEST, what="seconds")


def duration(
    given: float | timedelta | None, *, minutes: float = 0, hours: float = 0, days: float = 0
) -> float:
    """So much time in seconds.

    Args:
        given: Seconds, or all of it.

    Raises:
        EmulatorError: It is no time, or none was given, or more than a year.
    """
    parts = {"minutes": (minutes, 60.0), "hours": (hours, 3600.0), "days": (days, 86_400.0)}
    if isinstance(given, timedelta):
        given = given.total_seconds()
    if given is None and not any(value for value, _ in parts.values()):
        raise EmulatorError("seconds: expected them, minutes, hours, days, or a timedelta; got nothing")
    total = 0.0
    for name, (value, length) in {"seconds": (0 if given is None else given, 1.0), **parts}.items():
        number(name, value, positive=False, most=LONGEST / length)
        total += value * length
    seconds("seconds", total)
    return total


def number(name: str, value: object, *, positive: bool, most: float, what: str = "a number") -> None:
    """Refuse what is no number, or out of range."""
    given = value if isinstance(value, (int, float)) and not isinstance(value, bool) else -1.0
    # Not-a-number is neither below nor above anything: only what is within passes.
    if not (0 < given <= most if positive else 0 <= given <= most):
        least = "above 0" if positive else "of at least 0"
        raise EmulatorError(f"{name}: expected {what} {least}, at most {most:,.0f}, got {_short(value)}")


def whole(text: str) -> int | None:
    """The whole number that a parameter says, or None where it says none: plain digits, at most nine."""
    return int(text) if _DIGITS.match(text) else None


def is_phone_number(value: object) -> bool:
    """Whether an account can have this number."""
    return isinstance(value, str) and _PHONE_NUMBER.match(value) is not None


def printable(name: str, value: object, most: int) -> None:
    """Refuse what is no line of text."""
    if not isinstance(value, str) or not 0 < len(value) <= most or not value.isprintable():
        raise EmulatorError(f"{name}: expected 1 to {most} printable characters, got {_short(value)}")


def text(name: str, value: object) -> None:
    """Refuse what is no text, or can't be sent: half of a surrogate pair."""
    if not isinstance(value, str):
        raise EmulatorError(f"{name}: expected text, got {_short(value)}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise EmulatorError(f"{name}: expected text that UTF-8 can write, got {_short(value)}") from None


def _short(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > 64:
        return "a number of that many digits"  # which Python refuses to write out
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
