"""Times, numbers and switches that a program sets, looked at where they are given.

Type checkers find most of what is wrong with them; this is for everybody else.
"""

from __future__ import annotations

import math
from typing import cast

from ringback.errors import InvalidValue

__all__ = ["check_count", "check_flag", "check_seconds", "number"]


def check_seconds(name: str, value: float, *, most: float = math.inf) -> float:
    """A time, if it is one: above 0.

    Raises:
        InvalidValue: It isn't, or is more than `most`.
    """
    if not 0 < number(value) <= most:
        limit = "" if most == math.inf else f", at most {most:g}"
        raise InvalidValue(name, value, f"a number above 0, in seconds{limit}")
    return value


def check_count(name: str, value: int, *, least: int = 1, most: float = math.inf) -> int:
    """A whole number, if it is one.

    Raises:
        InvalidValue: It isn't, or is less than `least` or more than `most`.
    """
    if isinstance(value, bool) or not isinstance(cast("object", value), int) or not least <= value <= most:
        limits = f"above {least - 1}" if most == math.inf else f"from {least} to {most:g}"
        allowed = f"a whole number {limits}"
        raise InvalidValue(name, value, allowed)
    return value


def check_flag(name: str, value: bool) -> bool:
    """A switch, if it is one: `"false"` would count as true.

    Raises:
        InvalidValue: It isn't.
    """
    if not isinstance(cast("object", value), bool):
        raise InvalidValue(name, value, "True or False")
    return value


def number(value: object) -> float:
    """The number that it is; one that isn't in any range where it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return math.nan
    try:
        return float(value)
    except OverflowError:  # a whole number that no clock reaches
        return math.nan
