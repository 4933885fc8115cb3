"""Which proxy a request goes through."""

from __future__ import annotations

import ipaddress
from base64 import b64encode
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from attrs import field, frozen

from ringback.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Proxies", "Proxy"]


_HTTP: Final = frozenset({"http", "https"})
_SOCKS: Final = frozenset({"socks4", "socks4a", "socks5", "socks5h"})


@frozen
class Proxy:
    """An HTTP or SOCKS proxy.

    Attributes:
        url: Its address, without user name and password.
        username: As it wants it, or None.
        password: Likewise.
    """

    url: str
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str, *, name: str = "proxy") -> Proxy:
        """The proxy at `http://[user:password@]host:port`, or `socks5h://…`.

        Raises:
            InvalidValue: It is no such URL.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except (ValueError, TypeError, AttributeError):
            host, port, parts = None, None, urlsplit("")
        if not host or parts.scheme not in _HTTP | _SOCKS:
            raise InvalidValue(
                name,
                url,
                "the URL of an HTTP proxy, such as http://proxy.example.com:3128, or of a SOCKS proxy",
                secret="@" in str(url),
            )
        shown = f"[{host}]" if ":" in host else host
        address = f"{parts.scheme}://{shown}" + (f":{port}" if port is not None else "")
        if parts.username is None:
            return cls(address)
        return cls(address, unquote(parts.username), unquote(parts.password or ""))

    @property
    def is_socks(self) -> bool:
        """Whether it speaks SOCKS, which knows nothing of HTTP."""
        return self.url.startswith("socks")

    @property
    def headers(self) -> dict[str, str] | None:
        """What an HTTP proxy wants to see of user name and password."""
        if self.username is None:
            return None
        pair = f"{self.username}:{self.password}".encode()
        return {"Proxy-Authorization": f"Basic {b64encode(pair).decode('ascii')}"}


class Proxies:
    """Decides by the address of a request; each decision is made once and kept.

    With `proxy`, every request goes through it. Without, and with `trust_env`, https requests go where
    `HTTPS_PROXY` or else `ALL_PROXY` says (on macOS and Windows also the system's settings), save for the
    hosts in `NO_PROXY` and for this machine. Plain http, which the client speaks with this machine alone,
    never leaves it. `check` refuses proxies that a transport can't use.
    """

    def __init__(
        self, proxy: str | None, *, trust_env: bool, check: Callable[[Proxy], None] | None = None
    ) -> None:
        self._check = check
        self._fixed = None if proxy is None else self._checked(Proxy.parse(proxy))
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
            proxy = _from_environment(host)
            return self._known.setdefault(host, None if proxy is None else self._checked(proxy))

    def _checked(self, proxy: Proxy) -> Proxy:
        if self._check is not None:
            self._check(proxy)
        return proxy


def _from_environment(host: str) -> Proxy | None:
    from urllib.request import getproxies, proxy_bypass  # slow to import

    settings = getproxies()
    address = settings.get("https") or settings.get("all")
    if not address or _is_local(host) or proxy_bypass(host):
        return None
    return Proxy.parse(address if "://" in address else f"http://{address}", name="HTTPS_PROXY or ALL_PROXY")


def _is_local(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
