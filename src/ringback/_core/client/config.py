"""Who asks, and where: credentials and base URL, checked once when a client is made."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Final, NoReturn, cast

from attrs import field, frozen

from ringback._core.parameters.kinds import Sid
from ringback.errors import REDACTED, ConfigurationError, InvalidValue

__all__ = ["LOOPBACK", "Config", "Credentials"]

_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_ANY_SID: Final = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")
_SECRET: Final = re.compile(r"[!-~]+")
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""Hosts that are this machine: the only ones that plain http is spoken with."""

# What every parser of URLs reads alike: no user name, backslash, space or control character, no dot at
# the end of the host.
_FILE_URL: Final = re.compile(
    r"(https?)://([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[::1\])(?::([0-9]{1,5}))?/[!$-\[\]-~]*"
)

# Twilio took the hosts that name a region alone out of service on 28 April 2026.
_EDGES: Final[Mapping[str, str]] = {"ie1": "dublin", "au1": "sydney"}


@frozen
class Credentials:
    """A user name and password for HTTP basic authentication; never shown."""

    username: str = field(repr=False)
    password: str = field(repr=False)

    def __str__(self) -> str:
        return REDACTED

    def __reduce__(self) -> NoReturn:
        # Whatever holds them holds a client's session: `client.calls` for one.
        raise TypeError("credentials can't be pickled or copied, nor what belongs to a client")


@frozen(kw_only=True)
class Config:
    """Whose account, with which credentials, at which address.

    Attributes:
        account_sid: The account that requests are about unless they name another.
        credentials: Sent to `base_url`, and to Twilio for the files that a webhook tells of; nowhere else.
        base_url: Scheme and host, without a path.
    """

    account_sid: str
    credentials: Credentials = field(repr=False)
    base_url: str

    @classmethod
    def resolve(
        cls,
        account_sid: str | None,
        auth_token: str | None,
        *,
        api_key: str | None,
        api_secret: str | None,
        edge: str | None,
        region: str | None,
        base_url: str | None,
    ) -> Config:
        """Arguments first, then the environment.

        Raises:
            ConfigurationError: Something is missing or contradicts something else; the message names it.
            InvalidValue: A SID or URL is malformed.
        """
        account_sid = account_sid if account_sid is not None else os.environ.get("TWILIO_ACCOUNT_SID")
        if not account_sid:
            raise ConfigurationError("account_sid is missing: pass it, or set TWILIO_ACCOUNT_SID")
        _sid("AC", "account_sid", account_sid)
        return cls(
            account_sid=account_sid,
            credentials=_credentials(account_sid, auth_token, api_key, api_secret),
            base_url=_base_url(base_url, edge, region),
        )

    def check_url(self, name: str, url: object) -> None:
        """Whether a file may be asked for at `url`, which somebody else wrote.

        Raises:
            InvalidValue: It is malformed, or plain http elsewhere than at `base_url`.
        """
        if not isinstance(url, str) or not _origin(url) or not (url.startswith("https:") or self.trusts(url)):
            allowed = f"the absolute URL of a file, percent-encoded, https unless it is at {self.base_url}"
            raise InvalidValue(name, url, allowed, secret="@" in str(url))

    def trusts(self, url: str) -> bool:
        """Whether the credentials may be sent there: to Twilio by https, and to `base_url`."""
        origin = _origin(url)
        if origin is None:
            return False
        scheme, host, port = origin
        at_twilio = scheme == "https" and port == 443 and host.endswith(".twilio.com")
        return at_twilio or origin == _origin(f"{self.base_url}/")


def _origin(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of the URL of a file; None where it is malformed."""
    match = _FILE_URL.fullmatch(url)
    if match is None:
        return None
    port = int(match[3] or (443 if match[1] == "https" else 80))
    return (match[1], match[2].lower(), port) if 0 < port < 65_536 else None


def _credentials(
    account_sid: str, auth_token: str | None, api_key: str | None, api_secret: str | None
) -> Credentials:
    if auth_token is not None and (api_key is not None or api_secret is not None):
        raise ConfigurationError("pass auth_token, or api_key and api_secret, not both")
    if auth_token is None and api_key is None and api_secret is None:
        # A key pair is the safer of the two, so it wins where the environment holds both.
        api_key, api_secret = os.environ.get("TWILIO_API_KEY"), os.environ.get("TWILIO_API_SECRET")
        if not (api_key and api_secret):
            api_key = api_secret = None
            auth_token = os.environ.get("TWILIO_AUTH_TOKEN") or None
    if auth_token is not None:
        if isinstance(cast("object", auth_token), str) and _ANY_SID.fullmatch(auth_token):
            # No token looks like that; those who have a key pair often put its SID here.
            allowed = "the account's auth token (an API key's SID is api_key, and goes with api_secret)"
            raise InvalidValue("auth_token", auth_token, allowed)
        return Credentials(account_sid, _secret("auth_token", auth_token))
    if api_key is None and api_secret is None:
        raise ConfigurationError(
            "credentials are missing: pass auth_token, or api_key and api_secret, or set TWILIO_AUTH_TOKEN, "
            "or TWILIO_API_KEY and TWILIO_API_SECRET"
        )
    if not api_key:
        raise ConfigurationError("api_key is missing: an api_secret goes with one")
    if not api_secret:
        raise ConfigurationError("api_secret is missing: an api_key goes with one")
    _sid("SK", "api_key", api_key)
    return Credentials(api_key, _secret("api_secret", api_secret))


def _sid(prefix: str, name: str, value: str) -> None:
    # Whoever mixes up the arguments puts a secret where a SID belongs: only what looks like a SID is shown.
    shown = isinstance(cast("object", value), str) and _ANY_SID.fullmatch(value)
    if shown and name == "account_sid" and value[:2] == "SK":
        allowed = f"{Sid((prefix,)).allowed} (an API key's SID is api_key, and goes with api_secret)"
        raise InvalidValue(name, value, allowed)
    Sid((prefix,)).encode(name, value, secret=not shown)


def _secret(name: str, value: object) -> str:
    # A line end that came along from a file is the most common reason of a 401 that nobody understands.
    if isinstance(value, str) and _SECRET.fullmatch(value):
        return value
    raise InvalidValue(name, value, "text of visible ASCII characters, no spaces nor line ends", secret=True)


def _base_url(base_url: str | None, edge: str | None, region: str | None) -> str:
    if base_url is not None:
        if edge is not None or region is not None:
            raise ConfigurationError("pass base_url, or edge and region, not both")
        return _checked(base_url)
    if edge is None and region is None and (base_url := os.environ.get("RINGBACK_BASE_URL")):
        return _checked(base_url)
    edge = edge if edge is not None else os.environ.get("TWILIO_EDGE") or None
    region = region if region is not None else os.environ.get("TWILIO_REGION") or None
    for name, value in (("edge", edge), ("region", region)):
        if value is not None and not (isinstance(cast("object", value), str) and _LABEL.match(value)):
            raise InvalidValue(name, value, "a name such as dublin or ie1")
    if edge is None:
        if region in {None, "us1"}:
            return "https://api.twilio.com"
        edge = _EDGES.get(region or "")
        if edge is None:
            raise ConfigurationError(
                f"edge is missing: region {region!r} goes with one, pass it or set TWILIO_EDGE "
                f"(without an edge: us1, {', '.join(_EDGES)})"
            )
    return f"https://api.{edge}.{region or 'us1'}.twilio.com"


def _checked(url: str) -> str:
    allowed = "scheme and host alone, https (http for this machine only), such as http://127.0.0.1:8080"
    from urllib.parse import urlsplit  # slow to import, and most clients go to Twilio

    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except (ValueError, AttributeError, TypeError):
        raise InvalidValue("base_url", url, allowed, secret="@" in str(url)) from None
    if (
        not host
        or port == 0
        or parts.scheme not in {"http", "https"}
        or parts.path not in {"", "/"}
        or parts.query
        or parts.fragment
        or parts.username is not None
        or not re.fullmatch(r"[!-\[\]-~]+", url)
    ):
        raise InvalidValue("base_url", url, allowed, secret=parts.username is not None)
    if parts.scheme == "http" and host not in LOOPBACK:
        # Credentials in the clear never leave this machine.
        raise InvalidValue("base_url", url, allowed)
    return f"{parts.scheme}://{parts.netloc}"
