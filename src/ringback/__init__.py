"""ringback: a typed SDK, TwiML builder, webhook runtime and local emulator for Twilio.

What nearly every program needs is here. The rest is in `ringback.rest` (models of the REST API),
`ringback.webhooks` (every event), `ringback.twiml`, `ringback.error_codes`, `ringback.adapters` and
`ringback.emulator`. All of it loads when it is first used.

    client.py, rest.py     the REST API: clients, and what they give
    twiml/                 documents: building, reading, checking
    webhooks/              events and signatures
    app/, stores/          the runtime, and what workers share
    adapters/              how it plugs into web servers
    emulator/, cli.py      a Twilio of your own; the command `ringback`
    http.py, errors.py     messages as values; every exception
    error_codes/           what Twilio's error codes mean
    transports/            how requests reach the network
    _generated/            made from `spec/` by `python -m codegen`; _conveniences/ by hand around it;
                           _core/ what both rest on
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from ringback._core.version import __version__

if TYPE_CHECKING:
    from ringback._conveniences.segments import segments
    from ringback._core.client.options import RequestOptions
    from ringback._core.client.raw import RawResponse
    from ringback._core.operations.paging import AsyncPage, AsyncPager, Page, Pager
    from ringback._core.operations.retry import NO_RETRY, RetryPolicy
    from ringback.app import (
        Application,
        AskAgain,
        AsyncLiveCall,
        AsyncLiveMessage,
        AsyncLiveRoom,
        CallFlow,
        HandlerFailed,
        LiveCall,
        LiveMessage,
        LiveRoom,
        MessageFlow,
        OutgoingMessage,
        Switchboard,
    )
    from ringback.client import AsyncClient, Client
    from ringback.errors import (
        ApiError,
        AuthenticationFailed,
        CallHungUp,
        ConfigurationError,
        ConversationOver,
        InvalidRequest,
        InvalidValue,
        NotFound,
        OutcomeUnknown,
        PermissionDenied,
        RateLimited,
        RegistrationError,
        RingbackError,
        ServerError,
        SignatureInvalid,
        TransportError,
        TwimlError,
    )
    from ringback.http import Timeout, WebhookRequest, WebhookResponse
    from ringback.webhooks import (
        CallConnected,
        CallEnded,
        CallInitiated,
        CallRinging,
        CallStatusChanged,
        DialResult,
        GatherResult,
        IncomingCall,
        IncomingMessage,
        MessageStatusChanged,
        OutgoingCall,
        RecordResult,
        SignatureValidator,
        TranscriptionReady,
    )

_HOMES: Final = {
    "segments": "_conveniences.segments",
    "RawResponse": "_core.client.raw",
    "RequestOptions": "_core.client.options",
    "AsyncPage": "_core.operations.paging",
    "AsyncPager": "_core.operations.paging",
    "Page": "_core.operations.paging",
    "Pager": "_core.operations.paging",
    "NO_RETRY": "_core.operations.retry",
    "RetryPolicy": "_core.operations.retry",
    "Application": "app",
    "AskAgain": "app",
    "AsyncLiveCall": "app",
    "AsyncLiveMessage": "app",
    "AsyncLiveRoom": "app",
    "CallFlow": "app",
    "HandlerFailed": "app",
    "LiveCall": "app",
    "LiveMessage": "app",
    "LiveRoom": "app",
    "MessageFlow": "app",
    "OutgoingMessage": "app",
    "Switchboard": "app",
    "AsyncClient": "client",
    "Client": "client",
    "ApiError": "errors",
    "AuthenticationFailed": "errors",
    "CallHungUp": "errors",
    "ConfigurationError": "errors",
    "ConversationOver": "errors",
    "InvalidRequest": "errors",
    "InvalidValue": "errors",
    "NotFound": "errors",
    "OutcomeUnknown": "errors",
    "PermissionDenied": "errors",
    "RateLimited": "errors",
    "RegistrationError": "errors",
    "RingbackError": "errors",
    "ServerError": "errors",
    "SignatureInvalid": "errors",
    "TransportError": "errors",
    "TwimlError": "errors",
    "Timeout": "http",
    "WebhookRequest": "http",
    "WebhookResponse": "http",
    "CallConnected": "webhooks",
    "CallEnded": "webhooks",
    "CallInitiated": "webhooks",
    "CallRinging": "webhooks",
    "CallStatusChanged": "webhooks",
    "DialResult": "webhooks",
    "GatherResult": "webhooks",
    "IncomingCall": "webhooks",
    "IncomingMessage": "webhooks",
    "MessageStatusChanged": "webhooks",
    "OutgoingCall": "webhooks",
    "RecordResult": "webhooks",
    "SignatureValidator": "webhooks",
    "TranscriptionReady": "webhooks",
}

__all__ = [
    "ApiError",
    "Application",
    "AskAgain",
    "AsyncClient",
    "AsyncLiveCall",
    "AsyncLiveMessage",
    "AsyncLiveRoom",
    "AsyncPage",
    "AsyncPager",
    "AuthenticationFailed",
    "CallConnected",
    "CallEnded",
    "CallFlow",
    "CallHungUp",
    "CallInitiated",
    "CallRinging",
    "CallStatusChanged",
    "Client",
    "ConfigurationError",
    "ConversationOver",
    "DialResult",
    "GatherResult",
    "HandlerFailed",
    "IncomingCall",
    "IncomingMessage",
    "InvalidRequest",
    "InvalidValue",
    "LiveCall",
    "LiveMessage",
    "LiveRoom",
    "MessageFlow",
    "MessageStatusChanged",
    "NO_RETRY",
    "NotFound",
    "OutcomeUnknown",
    "OutgoingCall",
    "OutgoingMessage",
    "Page",
    "Pager",
    "PermissionDenied",
    "RateLimited",
    "RecordResult",
    "RegistrationError",
    "RawResponse",
    "RequestOptions",
    "RetryPolicy",
    "RingbackError",
    "ServerError",
    "SignatureInvalid",
    "SignatureValidator",
    "Switchboard",
    "Timeout",
    "TranscriptionReady",
    "TransportError",
    "TwimlError",
    "WebhookRequest",
    "WebhookResponse",
    "__version__",
    "segments",
]


if not TYPE_CHECKING:  # a type checker would take any name to be there

    def __getattr__(name: str) -> object:
        if name in _HOMES:
            value = getattr(import_module(f"ringback.{_HOMES[name]}"), name)
            globals()[name] = value
            return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
