"""An application's settings, looked at where they are given: what is wrong is told then, by name, and not by
every webhook.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from ringback.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["check_counts", "check_flag", "check_seconds", "check_store"]

_OF_A_STORE: Final = ("add", "get", "put", "remove")


def check_seconds(settings: Mapping[str, object]) -> None:
    """See to it that times are.

    Raises:
        InvalidValue: One isn't a number above 0.
    """
    for name, value in settings.items():
        if not _number(value) > 0:
            raise InvalidValue(name, value, "a number above 0, in seconds")


def check_counts(settings: Mapping[str, object]) -> None:
    """See to it that limits are.

    Raises:
        InvalidValue: One isn't a whole number above 0.
    """
    for name, value in settings.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise InvalidValue(name, value, "a whole number above 0")


def check_flag(name: str, value: object) -> None:
    """See to it that a switch is one: `"false"` would count as true.

    Raises:
        InvalidValue: It isn't True or False.
    """
    if not isinstance(value, bool):
        raise InvalidValue(name, value, "True or False")


def check_store(value: object) -> None:
    """See to it that a store has what a store needs.

    Raises:
        InvalidValue: It hasn't.
    """
    if value is not None and not all(callable(getattr(value, name, None)) for name in _OF_A_STORE):
        raise InvalidValue("store", value, f"a Store, with {', '.join(_OF_A_STORE)}")


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return math.nan
    try:
        return float(value)
    except OverflowError:  # a whole number that no clock reaches
        return math.nan
