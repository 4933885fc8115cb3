"""Lists: which records, which page of them. https://www.twilio.com/docs/usage/twilios-response#pagination"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, time
from itertools import islice
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar
from urllib.parse import urlencode

from ringback.emulator.rest.errors import Refused

if TYPE_CHECKING:
    from ringback.emulator.engine.tables import Table
    from ringback.emulator.rest.requests import Parameters, RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["Newest", "Rows", "page", "page_size", "within"]

R = TypeVar("R")

_SIZE: Final = 50
_MOST: Final = 1000


def within(parameters: Parameters, name: str, moment: datetime | None) -> bool:
    """Whether a moment passes the filters `Name`, `Name<` and `Name>`.

    A day stands for all of it, `<` for it and what came before, `>` for it and what comes after. Official
    SDKs send a day as its midnight.
    """
    for wire in (name, f"{name}<", f"{name}>"):
        limit = parameters.day(wire)
        if limit is None:
            continue
        if moment is None:
            return False
        if isinstance(limit, datetime) and limit.timetz().replace(tzinfo=None) != time():
            order = (moment > limit) - (moment < limit)
        else:
            day, last = moment.date(), limit.date() if isinstance(limit, datetime) else limit
            order = (day > last) - (day < last)
        if (wire.endswith("<") and order > 0) or (wire.endswith(">") and order < 0):
            return False
        if wire == name and order != 0:
            return False
    return True


class Listing(Protocol[R]):
    """What can be shown page by page."""

    def after(self, sid: str | None) -> Iterator[R]:
        """The records in the list's order, from behind one of them on; None is from the beginning."""
        ...

    def before(self, sid: str) -> Iterator[R]:
        """Those in front of one of them, the nearest first."""
        ...

    def knows(self, sid: str) -> bool:
        """Whether a record of this SID is or was in the list."""
        ...

    def sid(self, record: R, /) -> str:
        """By what a page's token names a record."""
        ...


class Newest(Generic[R]):
    """One lane of a table, the newest record first."""

    def __init__(self, table: Table[R], lane: str, key: Callable[[R], str]) -> None:
        self._table = table
        self._lane = lane
        self.sid = key

    def after(self, sid: str | None) -> Iterator[R]:
        return self._table.older(self._lane, sid)

    def before(self, sid: str) -> Iterator[R]:
        return self._table.newer(self._lane, sid)

    def knows(self, sid: str) -> bool:
        return self._table.knows(sid)


class Rows(Generic[R]):
    """Records in an order of their own: there are few of them."""

    def __init__(self, rows: Iterable[R], key: Callable[[R], str]) -> None:
        self._rows: Sequence[R] = tuple(rows)
        self._places = {key(row): place for place, row in enumerate(self._rows)}
        self.sid = key

    def after(self, sid: str | None) -> Iterator[R]:
        return iter(self._rows[0 if sid is None else self._places[sid] + 1 :])

    def before(self, sid: str) -> Iterator[R]:
        return reversed(self._rows[: self._places[sid]])

    def knows(self, sid: str) -> bool:
        return sid in self._places


def page(
    request: RestRequest,
    listing: Listing[R],
    view: Callable[[R], Body],
    matches: Callable[[R], bool] = lambda _: True,
) -> Body:
    """One page of the records that match.

    It is found by the record that its token names, not by counting: what it costs depends on neither its
    number nor how many records there are, and records that were added meanwhile move nothing.

    Raises:
        Refused: The page's size, number or token is none.
    """
    raw = dict(request.query)
    size = page_size(request)
    number = _whole(raw, "Page", 0)
    token = raw.get("PageToken", "")
    if number > 0 and not token:
        raise Refused(400, 70002, "Paged requests must include a PageToken")
    shown, more = _rows(listing, matches, token, size)
    kept = [(name, text) for name, text in request.query if name not in {"Page", "PageSize", "PageToken"}]

    def uri(page_number: int, page_token: str = "") -> str:
        query = [*kept, ("PageSize", str(size)), ("Page", str(page_number))]
        if page_token:
            query.append(("PageToken", page_token))
        return f"{request.path}?{urlencode(query)}"

    start = number * size
    return {
        request.operation.items or "": [view(record) for record in shown],
        "first_page_uri": uri(0),
        "next_page_uri": uri(number + 1, f"PA{listing.sid(shown[-1])}") if more else None,
        "previous_page_uri": uri(number - 1, f"PB{listing.sid(shown[0])}") if number > 0 and shown else None,
        "page": number,
        "page_size": size,
        "start": start if shown else 0,
        "end": start + len(shown) - 1 if shown else 0,
        "uri": f"{request.path}?{urlencode(request.query)}" if request.query else uri(0),
    }


def page_size(request: RestRequest, usual: int = _SIZE) -> int:
    """How many records are wanted at once.

    Raises:
        Refused: None, or too many.
    """
    size = _whole(dict(request.query), "PageSize", usual)
    if not 1 <= size <= _MOST:
        raise Refused(400, 20007 if size > _MOST else 20006, f"PageSize {size} is not between 1 and {_MOST}")
    return size


def _rows(listing: Listing[R], matches: Callable[[R], bool], token: str, size: int) -> tuple[list[R], bool]:
    """What a page shows, and whether there is more behind it."""
    direction, sid = token[:2], token[2:]
    if token and (direction not in {"PA", "PB"} or not listing.knows(sid)):
        raise Refused(400, 21481, "PageToken does not belong to this list")
    if direction == "PB":
        found = list(islice(filter(matches, listing.before(sid)), size))[::-1]
        return found, True
    found = list(islice(filter(matches, listing.after(sid or None)), size + 1))
    return found[:size], len(found) > size


def _whole(raw: dict[str, str], name: str, default: int) -> int:
    text = raw.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Refused(400, 20006 if name == "PageSize" else 20007, f"{name} '{text[:50]}' is no whole number")
    return int(text)
