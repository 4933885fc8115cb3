"""URLs, taken apart by one parser: whoever judges a URL and whoever connects to it see the same host.

Two parsers that cut a URL differently (`http://evil.example\\.localhost/`) lead a request past every check.
Nothing in the emulator takes an absolute URL apart but this module.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import unquote, urlencode, urljoin

from attrs import evolve, frozen

__all__ = ["WebUrl", "is_loopback", "resolve", "shown", "without_logins"]

_URL: Final = re.compile(
    r"(?P<scheme>https?)://"
    r"(?:(?P<login>[^\\/?#@]*)@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\\/?#@:\[\]\s]+)"
    r"(?::(?P<port>[0-9]{0,5}))?"
    r"(?P<path>/[^?#]*)?"
    r"(?:\?(?P<query>[^#]*))?"
    r"(?:#(?P<fragment>.*))?\Z",
    re.IGNORECASE,
)
# An underscore is in no host name, but in many a URL: the network has an error of its own for it.
_HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}\Z")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_ENCODED: Final = re.compile(r"%[0-9A-Fa-f]{2}")
# What a path or query can't hold as it is; RFC 3986, `pchar`, `/` and `?`.
_FOREIGN: Final = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%]")
_LOGIN: Final = re.compile(r"(//)[^/?#]*@")
_LOGIN_IN_TEXT: Final = re.compile(r"(//)[^/?#\s\"'<>]*@")


@frozen
class WebUrl:
    """An absolute http or https URL.

    Attributes:
        scheme: `http` or `https`.
        host: As it is connected to: ASCII, as written otherwise; an IPv6 address without its brackets.
        port: The one that is written, or None.
        path: Percent-encoded; "" where there is none.
        query: Percent-encoded; "" where there is none.
        login: User name and password, decoded, or None.
        fragment: Not sent; settings for the connection.
    """

    scheme: str
    host: str
    port: int | None
    path: str
    query: str
    login: tuple[str, str] | None
    fragment: str

    @classmethod
    def parse(cls, text: str) -> WebUrl | None:
        """The URL, or None where `text` is none that could be asked."""
        found = None if _CONTROL.search(text) else _URL.match(text)
        host = found and _host(found["host"])
        if not found or not host:
            return None
        port = int(found["port"]) if found["port"] else None
        if port is not None and not 0 < port <= 65_535:
            return None
        try:
            path, query = _encoded(found["path"] or ""), _encoded(found["query"] or "")
        except UnicodeEncodeError:  # half of a surrogate pair
            return None
        user, _, password = (found["login"] or "").partition(":")
        login = None if found["login"] is None else (unquote(user), unquote(password))
        return cls(found["scheme"].lower(), host, port, path, query, login, found["fragment"] or "")

    @property
    def authority(self) -> str:
        """Host and port, as the header `Host` has them."""
        return self.name if self.port is None else f"{self.name}:{self.port}"

    @property
    def name(self) -> str:
        """The host, an IPv6 address in its brackets."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def target(self) -> str:
        """Path and query, as a request line has them."""
        return f"{self.path or '/'}?{self.query}" if self.query else self.path or "/"

    @property
    def local(self) -> bool:
        """Whether it can only lead to this machine."""
        return is_loopback(self.host)

    def with_query(self, pairs: list[tuple[str, str]]) -> WebUrl:
        """The same with more in its query."""
        return evolve(self, query="&".join(filter(None, (self.query, urlencode(pairs)))))

    def without_port(self) -> WebUrl:
        return evolve(self, port=None)

    def __str__(self) -> str:
        """As it is asked: without login and fragment."""
        query = f"?{self.query}" if self.query else ""
        return f"{self.scheme}://{self.authority}{self.path}{query}"


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    name = host.lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def resolve(base: str, url: str) -> str:
    """An absolute URL; what makes no sense is left as it is, for whoever asks it to complain."""
    try:
        return urljoin(base, url)
    except ValueError:
        return url


def shown(url: str) -> str:
    """A URL for people, sensible or not: without user name, password and fragment."""
    return _LOGIN.sub(r"\1", url, count=1).partition("#")[0]


def without_logins(text: str) -> str:
    """A text without the user names and passwords of the URLs in it."""
    return _LOGIN_IN_TEXT.sub(r"\1", text)


def _host(text: str) -> str | None:
    if text.startswith("["):
        try:
            return str(ipaddress.IPv6Address(text[1:-1]))
        except ValueError:
            return None
    try:
        name = text if text.isascii() else text.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    return name if _HOST.match(name) else None


def _encoded(text: str) -> str:
    """With what can't be sent as it is percent-encoded, as every HTTP client does it."""
    encoded = _FOREIGN.sub(lambda each: "".join(f"%{byte:02X}" for byte in each[0].encode()), text)
    return _ENCODED.sub(lambda each: each[0].upper(), encoded)
