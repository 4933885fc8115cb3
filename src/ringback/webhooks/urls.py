"""The URL that Twilio asked for, and the variants of it that a signature may be made for.

URLs are cut with a regular expression and put together again unchanged: a signature is made for the text of a
URL, and the standard library's functions tidy that up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, product
from typing import Final

from attrs import evolve, frozen

from ringback.errors import InvalidValue
from ringback.http import WebhookRequest

__all__ = ["UrlParts", "forwarded_origin", "is_handshake", "public_url_of", "query_of"]

_URL: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?:[^/?#]*@)?"
    r"(?P<host>\[[0-9A-Fa-f:.%]*\]|[^/?#:@\[\]]*)(?::(?P<port>[0-9]*))?"
    r"(?P<path>[/][^?#]*)?(?P<query>\?[^#]*)?(?:#.*)?",
    re.DOTALL,
)
_AUTHORITY: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")
_FORWARDED: Final = re.compile(r"(?:^|[;,])\s*(proto|host)\s*=\s*(\"[^\"]*\"|[^;,\"\s]*)", re.IGNORECASE)
_DEFAULT_PORTS: Final = {"http": "80", "ws": "80", "https": "443", "wss": "443"}
_SCHEMES: Final = frozenset(_DEFAULT_PORTS)
_OF_SOCKETS: Final = {"http": "ws", "https": "wss"}


@frozen
class UrlParts:
    """An absolute URL without user name and fragment, which are never signed.

    Attributes:
        port: As written; None where there is none.
        path: As written, with its slash; may be empty.
        query: As written, with its question mark; may be empty.
    """

    scheme: str
    host: str
    port: str | None
    path: str
    query: str

    @classmethod
    def of(cls, url: str) -> UrlParts | None:
        """Cut `url`; None where it isn't absolute."""
        found = _URL.fullmatch(url)
        if found is None:
            return None
        scheme, host, port, path, query = found.groups()
        return cls(scheme, host, port or None, path or "", query or "") if host else None

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}{self.query}"

    @property
    def authority(self) -> str:
        """Host and port, as written."""
        return self.host if self.port is None else f"{self.host}:{self.port}"

    @property
    def websocket(self) -> bool:
        """Whether it is a ws or wss URL."""
        return self.scheme.lower() in {"ws", "wss"}

    def signed_forms(self) -> Iterator[str]:
        """What Twilio may have signed, as it is first: for voice over https it drops the port, elsewhere it
        keeps it.

        For WebSockets it sometimes adds a slash at the end of the path, or leaves one out. A URL without a
        path is signed so, and asked for with a slash.
        """
        yield str(self)
        default = _DEFAULT_PORTS.get(self.scheme.lower())
        ports = dict.fromkeys([self.port, None, default] if self.port is None else [self.port, None])
        either = self.websocket or self.path in ("", "/")
        paths = (self.path, self.with_slash_toggled().path) if either else (self.path,)
        for path, port in islice(product(paths, ports), 1, None):
            yield f"{self.scheme}://{self.host}{'' if port is None else f':{port}'}{path}{self.query}"

    def for_websocket(self) -> UrlParts:
        """The same with `ws` for `http`, and `wss` for `https`."""
        return evolve(self, scheme=_OF_SOCKETS.get(self.scheme.lower(), self.scheme))

    def with_slash_toggled(self) -> UrlParts:
        """With a slash at the end of the path where there is none, and without where there is one."""
        path = self.path[:-1] if self.path.endswith("/") else f"{self.path}/"
        return evolve(self, path=path)


def is_handshake(request: WebhookRequest) -> bool:
    """Whether a request opens a WebSocket, which Twilio signs as one to `ws` or `wss`."""
    # Nobody gains by the header: what is signed for a WebSocket is a URL that nothing else is signed for.
    return request.method == "GET" and request.headers.get("Upgrade", "").strip().lower() == "websocket"


def query_of(url: str) -> str:
    """The query of a URL as written, without its question mark."""
    return url.partition("#")[0].partition("?")[2]


def public_url_of(
    request: WebhookRequest, *, public_url: str | None = None, trust_forwarded: bool = False
) -> str:
    """The URL that Twilio asked for, which is the one it signed, as far as it can be told behind a proxy.

    Where the request opens a WebSocket, its scheme is `ws` or `wss`.

    Args:
        request: As it arrived at this server.
        public_url: Where the outside finds the application, such as `https://example.com/phone`. It settles
            scheme, host and port, whatever headers say. Its path is put before the request's where a proxy
            has taken it off.
        trust_forwarded: Whether to believe `Forwarded`, or `X-Forwarded-Proto` and `X-Forwarded-Host`. Only
            where a proxy of your own sets them and nobody can go around it; the first of several counts.

    Raises:
        InvalidValue: `public_url` is no absolute http or https URL.
    """
    seen = UrlParts.of(request.url)
    if public_url is not None:
        base = UrlParts.of(public_url)
        if base is None or base.scheme.lower() not in {"http", "https"} or base.query:
            raise InvalidValue("public_url", public_url, "an absolute http or https URL without a query")
        if seen is None:
            return request.url
        prefix = base.path.rstrip("/")
        inside = seen.path == prefix or seen.path.startswith(f"{prefix}/")
        path = seen.path if inside else f"{prefix}{seen.path}"
        return str(_as_asked(evolve(base, path=path, query=seen.query), request, seen))
    if seen is None:
        return request.url
    asked = _forwarded(request, seen) if trust_forwarded else seen
    found = _as_asked(asked, request, seen)
    return request.url if found == seen else str(found)


def _forwarded(request: WebhookRequest, seen: UrlParts) -> UrlParts:
    scheme, authority = forwarded_origin(request)
    parts = UrlParts.of(f"{scheme or seen.scheme}://{authority}") if authority else seen
    if parts is None:
        return seen
    return evolve(seen, scheme=scheme or seen.scheme, host=parts.host, port=parts.port)


def _as_asked(url: UrlParts, request: WebhookRequest, seen: UrlParts) -> UrlParts:
    return url.for_websocket() if seen.websocket or is_handshake(request) else url


def forwarded_origin(request: WebhookRequest) -> tuple[str | None, str | None]:
    """Scheme and host as a proxy tells them; nonsense counts as nothing."""
    first = request.headers.get("Forwarded", "").partition(",")[0]
    told = {name.lower(): value.strip('"') for name, value in _FORWARDED.findall(first)}
    for name, header in (("proto", "X-Forwarded-Proto"), ("host", "X-Forwarded-Host")):
        told.setdefault(name, request.headers.get(header, "").partition(",")[0].strip())
    scheme = told["proto"].lower()
    return (
        scheme if scheme in _SCHEMES else None,
        told["host"] if _AUTHORITY.fullmatch(told["host"]) else None,
    )
