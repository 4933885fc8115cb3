"""Which proxy a request goes through."""

from __future__ import annotations

import ipaddress
from base64 import b64encode
from urllib.parse import unquote, urlsplit

from attrs import frozen

from ringback.errors import InvalidValue

__all__ = ["Proxies", "Proxy"]


@frozen
class Proxy:
    """An HTTP proxy.

    Attributes:
        url: Its address, without user name and password.
        authorization: The value of `Proxy-Authorization`, or None.
    """

    url: str
    authorization: str | None = None

    def __repr__(self) -> str:
        return f"Proxy({self.url!r})"

    @classmethod
    def parse(cls, url: str, *, field: str = "proxy") -> Proxy:
        """The proxy at `http://[user:password@]host:port`.

        Raises:
            InvalidValue: It is no such URL.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except (ValueError, TypeError, AttributeError):
            host, port, parts = None, None, urlsplit("")
        if not host or parts.scheme not in {"http", "https"}:
            raise InvalidValue(
                field,
                url,
                "the URL of an HTTP proxy, such as http://proxy.example.com:3128",
                secret="@" in str(url),
            )
        name = f"[{host}]" if ":" in host else host
        address = f"{parts.scheme}://{name}" + (f":{port}" if port is not None else "")
        if parts.username is None:
            return cls(address)
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        return cls(address, f"Basic {b64encode(pair.encode()).decode('ascii')}")


class Proxies:
    """Decides by the address of a request; each decision is made once and kept.

    With `proxy`, every request goes through it. Without, and with `trust_env`, https requests go where
    `HTTPS_PROXY` or else `ALL_PROXY` says (on macOS and Windows also the system's settings), save for the
    hosts in `NO_PROXY` and for this machine. Plain http, which the client speaks with this machine alone,
    never leaves it.
    """

    def __init__(self, proxy: str | None, *, trust_env: bool) -> None:
        self._fixed = None if proxy is None else Proxy.parse(proxy)
        self._trust_env = trust_env
        self._known: dict[str, Proxy | None] = {}

    def of(self, url: str) -> Proxy | None:
        """The proxy for a URL, or None."""
        if self._fixed is not None or not self._trust_env:
            return self._fixed
        if url[:8].lower() != "https://":
            return None
        host = url[8:].partition("/")[0].partition("?")[0]
        try:
            return self._known[host]
        except KeyError:
            return self._known.setdefault(host, _from_environment(host))


def _from_environment(host: str) -> Proxy | None:
    from urllib.request import getproxies, proxy_bypass  # slow to import

    settings = getproxies()
    address = settings.get("https") or settings.get("all")
    if not address or _is_local(host) or proxy_bypass(host):
        return None
    return Proxy.parse(address if "://" in address else f"http://{address}", field="HTTPS_PROXY or ALL_PROXY")


def _is_local(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
