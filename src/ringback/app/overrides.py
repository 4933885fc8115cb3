"""Connection overrides: what Twilio is told, in the fragment of a URL, about asking it.

See https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
"""

from __future__ import annotations

import re
from typing import Final

from ringback.errors import InvalidValue

__all__ = ["DURABLE", "check_overrides", "overridden"]

DURABLE: Final = "rc=2&rp=all"
"""Ask twice more, whatever went wrong: a webhook that dies with its worker comes to another one."""

_RANGES: Final = {"ct": (100, 10_000), "rt": (100, 15_000), "tt": (100, 15_000), "rc": (0, 5)}
_POLICIES: Final = ("4xx", "5xx", "ct", "rt", "all")
_EDGE: Final = re.compile(r"[a-z]+(-[a-z]+)*")
_ALLOWED: Final = {
    **{key: f"a whole number from {low} to {high}" for key, (low, high) in _RANGES.items()},
    "rp": f"some of {', '.join(_POLICIES)}, with commas between them",
    "sni": "y or n",
    "e": "edge locations such as ashburn, with commas between them",
}
_FORM: Final = f"settings such as {DURABLE!r}, of {', '.join(_ALLOWED)}, each once"


def check_overrides(given: str, *, deadline: float) -> str:
    """Connection overrides that Twilio understands.

    Args:
        given: Without the `#` that comes before them.
        deadline: Seconds that an answer of ours may take.

    Raises:
        InvalidValue: They aren't; or `rt` gives up before the deadline.
    """
    if not isinstance(given, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidValue("connection_overrides", given, _FORM)
    seen: set[str] = set()
    for pair in given.split("&") if given else ():
        key, _, value = pair.partition("=")
        if key not in _ALLOWED or key in seen:
            raise InvalidValue("connection_overrides", given, _FORM)
        seen.add(key)
        if not _fits(key, value):
            raise InvalidValue("connection_overrides", given, f"{key}= {_ALLOWED[key]}")
        if key == "rt" and int(value) <= deadline * 1000:
            allowed = f"rt= more milliseconds than the deadline of {deadline:g} s; give a shorter deadline="
            raise InvalidValue("connection_overrides", given, allowed)
    return given


def overridden(url: str, overrides: str) -> str:
    """`url` with these overrides, unless it has some of its own."""
    return f"{url}#{overrides}" if overrides and "#" not in url else url


def _fits(key: str, value: str) -> bool:
    if key in _RANGES:
        low, high = _RANGES[key]
        return re.fullmatch(r"[0-9]{1,5}", value) is not None and low <= int(value) <= high
    if key == "sni":
        return value in ("y", "n")
    parts = value.split(",")
    return all(part in _POLICIES if key == "rp" else _EDGE.fullmatch(part) for part in parts)
