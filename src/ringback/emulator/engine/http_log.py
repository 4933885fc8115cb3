"""What was asked and answered over HTTP, by the call or message that it was about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Final, TypeAlias

from attrs import field, frozen

from ringback.emulator.engine.tables import Table

__all__ = ["HttpLog", "LoggedExchange"]

Fields: TypeAlias = "tuple[tuple[str, str], ...]"


@frozen(eq=False)
class LoggedExchange:
    """A request and its answer.

    Attributes:
        url: Where it went, without login and fragment.
        parameters: What it said, in its query or form, as that.
        status: The answer's; None where none came.
        headers: The answer's.
        date: When it came.
        milliseconds: How long it took.
    """

    method: str
    url: str
    parameters: str = field(repr=False)
    status: int | None
    headers: Fields
    body: bytes = field(repr=False)
    date: datetime
    milliseconds: int = 0


class HttpLog:
    """Exchanges by the SID of what they were about, in the order of their answers. The oldest are forgotten
    once there are too many: whoever tries an application under load doesn't look at each call.
    """

    MOST: Final = 50_000

    def __init__(self, table: Table[LoggedExchange]) -> None:
        self._table = table

    def add(self, subject: str, exchange: LoggedExchange) -> None:
        keys = self._table.keys_in(subject)
        number = int(keys[-1].rpartition("/")[2]) + 1 if keys else 0
        self._table.put(f"{subject}/{number}", exchange, subject)
        if len(self._table) > self.MOST:
            for key in list(islice(self._table, self.MOST // 10)):
                del self._table[key]

    def of(self, subject: str) -> Iterator[tuple[str, LoggedExchange]]:
        """What was exchanged about one call or message, the oldest first, each by its key."""
        return ((key, self._table[key]) for key in self._table.keys_in(subject))

    def last(self, subject: str, url: str) -> LoggedExchange | None:
        """The latest one with this URL, or None."""
        return next((each for each in self._table.older(subject) if each.url == url), None)

    def forget(self, subject: str) -> None:
        """Forget what was exchanged about something that is gone."""
        for key in self._table.keys_in(subject):
            del self._table[key]
