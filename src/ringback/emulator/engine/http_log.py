"""What was asked and answered over HTTP, by the call or message that it was about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import field, frozen

from ringback.http import Headers

__all__ = ["HttpLog", "LoggedExchange"]


@frozen(eq=False)
class LoggedExchange:
    """A request and its answer.

    Attributes:
        url: Where it went, without login and fragment.
        parameters: What it said, in its query or form.
        status: The answer's; None where none came.
        date: When it came.
        milliseconds: How long it took.
    """

    method: str
    url: str
    parameters: tuple[tuple[str, str], ...] = field(repr=False)
    status: int | None
    headers: Headers
    body: bytes = field(repr=False)
    date: datetime
    milliseconds: int = 0


class HttpLog:
    """Exchanges by the SID of what they were about, in the order of their answers."""

    def __init__(self) -> None:
        self._exchanges: dict[str, list[LoggedExchange]] = {}

    def add(self, subject: str, exchange: LoggedExchange) -> None:
        self._exchanges.setdefault(subject, []).append(exchange)

    def of(self, subject: str) -> Sequence[LoggedExchange]:
        """What was exchanged about one call or message, the oldest first."""
        return self._exchanges.get(subject, ())

    def last(self, subject: str, url: str) -> LoggedExchange | None:
        """The latest one with this URL, or None."""
        return next((each for each in reversed(self.of(subject)) if each.url == url), None)

    def forget(self, subject: str) -> None:
        """Forget what was exchanged about something that is gone."""
        self._exchanges.pop(subject, None)
