"""ringback: a typed SDK, TwiML builder, webhook runtime and local emulator for Twilio.

The public names are here, `ringback.rest` (models of the REST API), `ringback.webhooks` (events),
`ringback.twiml`, `ringback.adapters` and `ringback.emulator`. They load when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from ringback._core.version import __version__

if TYPE_CHECKING:
    from ringback._core.options import RequestOptions
    from ringback._core.paging import AsyncPage, AsyncPager, Page, Pager
    from ringback._core.retry import NO_RETRY, RetryPolicy
    from ringback.client import AsyncClient, Client
    from ringback.errors import ApiError, InvalidValue, RingbackError, TransportError
    from ringback.http import Timeout

_HOMES: Final = {
    "AsyncClient": "client",
    "AsyncPage": "_core.paging",
    "AsyncPager": "_core.paging",
    "Client": "client",
    "NO_RETRY": "_core.retry",
    "Page": "_core.paging",
    "Pager": "_core.paging",
    "RequestOptions": "_core.options",
    "RetryPolicy": "_core.retry",
    "ApiError": "errors",
    "InvalidValue": "errors",
    "RingbackError": "errors",
    "TransportError": "errors",
    "Timeout": "http",
}

__all__ = [
    "NO_RETRY",
    "ApiError",
    "AsyncClient",
    "AsyncPage",
    "AsyncPager",
    "Client",
    "InvalidValue",
    "Page",
    "Pager",
    "RequestOptions",
    "RetryPolicy",
    "RingbackError",
    "Timeout",
    "TransportError",
    "__version__",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        value: object = getattr(import_module(f"ringback.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
