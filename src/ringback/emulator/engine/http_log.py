"""What was asked and answered over HTTP, by the call or message that it was about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TypeAlias

from attrs import field, frozen

from ringback.emulator.engine.tables import Table

__all__ = ["HttpLog", "LoggedExchange"]

Fields: TypeAlias = "tuple[tuple[str, str], ...]"


@frozen(eq=False)
class LoggedExchange:
    """A request and its answer.

    Attributes:
        url: Where it went, without login and fragment.
        parameters: What it said, in its query or form.
        status: The answer's; None where none came.
        headers: The answer's.
        date: When it came.
        milliseconds: How long it took.
    """

    method: str
    url: str
    parameters: Fields = field(repr=False)
    status: int | None
    headers: Fields
    body: bytes = field(repr=False)
    date: datetime
    milliseconds: int = 0


class HttpLog:
    """Exchanges by the SID of what they were about, in the order of their answers."""

    def __init__(self, table: Table[LoggedExchange]) -> None:
        self._table = table

    def add(self, subject: str, exchange: LoggedExchange) -> None:
        self._table.put(f"{subject}/{self._table.count(subject)}", exchange, subject)

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
