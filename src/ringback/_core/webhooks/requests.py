"""The request that brought an event, as those read it who keep something in its URL or in cookies."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from ringback._core.webhooks.parameters import Parameters
from ringback.http import Headers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["EventRequest"]


class EventRequest:
    """The HTTP request that brought an event.

    Args:
        method: `GET` or `POST`.
        url: As Twilio asked for it, and signed it.
        headers: As received.
    """

    __slots__ = ("_cookies", "_headers", "_method", "_query", "_url")

    def __init__(
        self,
        *,
        method: str = "POST",
        url: str = "",
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    ) -> None:
        self._method = method
        self._url = url
        self._headers = headers if isinstance(headers, Headers) else Headers(headers)
        self._query: Parameters | None = None
        self._cookies: Mapping[str, str] | None = None

    def __repr__(self) -> str:
        # What stands behind the path is people's, or secret, as headers are.
        return f"<EventRequest {self._method} {self._url.partition('?')[0]}>"

    def __reduce__(self) -> tuple[Callable[[str, str, Headers], EventRequest], tuple[str, str, Headers]]:
        # Without what was made of them when somebody asked.
        return _again, (self._method, self._url, self._headers)

    @property
    def method(self) -> str:
        """`GET` or `POST`."""
        return self._method

    @property
    def url(self) -> str:
        """The URL as Twilio asked for it, and signed it; empty where an event was made by hand."""
        return self._url

    @property
    def headers(self) -> Headers:
        """As received."""
        return self._headers

    @property
    def query(self) -> Parameters:
        """What stands in the URL's query, ours and Twilio's alike; of a name that comes twice, the last."""
        if self._query is None:
            query = self._url.partition("#")[0].partition("?")[2]
            self._query = Parameters(parse_qsl(query, keep_blank_values=True), source="query")
        return self._query

    @property
    def cookies(self) -> Mapping[str, str]:
        """The cookies that Twilio sends back, by name: it keeps them for a call, and for the messages between
        two numbers. They aren't signed.
        """
        if self._cookies is None:
            self._cookies = MappingProxyType(_cookies(self._headers.get_all("Cookie")))
        return self._cookies


def _again(method: str, url: str, headers: Headers) -> EventRequest:
    return EventRequest(method=method, url=url, headers=headers)


def _cookies(fields: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in "; ".join(fields).split(";"):
        name, equals, value = pair.partition("=")
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = value[1:-1]
        if equals and name.strip():
            found.setdefault(name.strip(), value)
    return found
