"""From wire names to Python names."""

from __future__ import annotations

import keyword
import re

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")


def snake(wire: str) -> str:
    """`StatusCallbackEvent` -> `status_callback_event`; `Parameter1.Name` -> `parameter1_name`."""
    if wire.islower():
        return wire.replace("-", "_").replace(".", "_")
    words: list[str] = []
    for word in _WORDS.findall(wire):
        if word.isdigit() and words:
            words[-1] += word
        else:
            words.append(word.lower())
    return "_".join(words)


def parameter(wire: str) -> str:
    """The Python keyword of a wire parameter: `From` -> `from_`, `StartTime<` -> `start_time_before`."""
    suffix = {"<": "_before", ">": "_after"}.get(wire[-1], "")
    return identifier(snake(wire.rstrip("<>")) + suffix)


def identifier(name: str) -> str:
    """`name`, made usable as an identifier."""
    return f"{name}_" if keyword.iskeyword(name) else name


def constant(*parts: str) -> str:
    """`("calls().recordings", "create")` -> `CALLS_RECORDINGS_CREATE`."""
    return "_".join(part.replace("()", "").replace(".", "_") for part in parts).upper()
