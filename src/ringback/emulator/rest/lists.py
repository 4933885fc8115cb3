"""Lists: which records, which page of them. https://www.twilio.com/docs/usage/twilios-response#pagination"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol, TypeVar
from urllib.parse import urlencode

from ringback.emulator.rest.errors import Refused

if TYPE_CHECKING:
    from ringback.emulator.rest.decoding import Asked, Given
    from ringback.emulator.rest.views import Body

__all__ = ["page", "within"]


class _Listed(Protocol):
    """What may be in a list."""

    @property
    def sid(self) -> str: ...


R = TypeVar("R", bound=_Listed)

_SIZE: Final = 50
_MOST: Final = 1000


def within(given: Given, name: str, moment: datetime | None) -> bool:
    """Whether a moment passes the filters `Name`, `Name<` and `Name>`.

    A day stands for all of it, `<` for it and what came before, `>` for it and what comes after.
    """
    for wire in (name, f"{name}<", f"{name}>"):
        limit = given.day(wire)
        if limit is None:
            continue
        if moment is None:
            return False
        if isinstance(limit, datetime):
            order = (moment > limit) - (moment < limit)
        else:
            day = moment.date()
            order = (day > limit) - (day < limit)
        if (wire.endswith("<") and order > 0) or (wire.endswith(">") and order < 0):
            return False
        if wire == name and order != 0:
            return False
    return True


def page(asked: Asked, key: str, records: Iterable[R], view: Callable[[R], Body]) -> Body:
    """One page of `records`, which are given oldest first and listed newest first."""
    raw = dict(asked.query)
    size = _whole(raw, "PageSize", _SIZE)
    if not 1 <= size <= _MOST:
        raise Refused(400, 20006, f"Page size must be between 1 and {_MOST}, got {size}")
    found = list(records)[::-1]
    number = _whole(raw, "Page", 0)
    start = number * size
    token = raw.get("PageToken", "")
    if token:
        start = _place(found, token, size)
    shown = found[start : start + size]
    more = start + size < len(found)
    kept = [(name, text) for name, text in asked.query if name not in {"Page", "PageSize", "PageToken"}]

    def uri(page_number: int, page_token: str = "") -> str:
        query = [*kept, ("PageSize", str(size)), ("Page", str(page_number))]
        if page_token:
            query.append(("PageToken", page_token))
        return f"{asked.path}?{urlencode(query)}"

    return {
        key: [view(record) for record in shown],
        "first_page_uri": uri(0),
        "next_page_uri": uri(number + 1, f"PA{shown[-1].sid}") if more else None,
        "previous_page_uri": uri(number - 1, f"PB{shown[0].sid}") if number > 0 and shown else None,
        "page": number,
        "page_size": size,
        "start": start if shown else 0,
        "end": start + len(shown) - 1 if shown else 0,
        "uri": f"{asked.path}?{urlencode(asked.query)}"
        if asked.query
        else f"{asked.path}?PageSize={size}&Page=0",
    }


def _whole(raw: dict[str, str], name: str, default: int) -> int:
    text = raw.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Refused(400, 20006 if name == "PageSize" else 20007, f"{name} '{text[:50]}' is no whole number")
    return int(text)


def _place(found: list[R], token: str, size: int) -> int:
    """Where the page begins that comes after, or ends before, the record that the token names.

    Records that were added meanwhile move nothing: a token counts from its record.
    """
    for index, record in enumerate(found):
        if token == f"PA{record.sid}":
            return index + 1
        if token == f"PB{record.sid}":
            return max(0, index - size)
    raise Refused(400, 20001, "PageToken does not belong to this list")
