"""What Twilio sends us: event classes, reading requests, signatures.

    parameters.py    a request -> its parameters, or a refusal with the right status
    parsing.py       parameters -> an event, and back
    wire.py          one parameter's text -> its value, and back
    signature.py     what a request is signed with; validator.py who sent it
    keys.py          the secrets that it is made with
    doctor.py        why a signature does not match; spelling.py other ways to write a query
    urls.py          the URL that Twilio asked for, and variants of it

Event classes are generated from `spec/webhooks.yaml` and imported when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback._core.webhooks.events import Event, MessageRequest, Notification, ReceivedMedia, VoiceRequest
from ringback._core.webhooks.requests import EventRequest
from ringback._generated import webhooks as _generated
from ringback.webhooks.parameters import Parameters, ParameterSource, read_parameters
from ringback.webhooks.parsing import parse, wire_parameters
from ringback.webhooks.signature import (
    SETTINGS_HEADER,
    SIGNATURE_HEADER,
    SignatureAlgorithm,
    body_sha256,
    sign,
)
from ringback.webhooks.urls import public_url_of
from ringback.webhooks.validator import SignatureValidator

if TYPE_CHECKING:
    from ringback._generated.webhooks import *  # noqa: F403

__all__ = [
    "SETTINGS_HEADER",
    "SIGNATURE_HEADER",
    "Event",
    "EventRequest",
    "MessageRequest",
    "Notification",
    "ParameterSource",
    "Parameters",
    "ReceivedMedia",
    "SignatureAlgorithm",
    "SignatureValidator",
    "VoiceRequest",
    "body_sha256",
    "parse",
    "public_url_of",
    "read_parameters",
    "sign",
    "wire_parameters",
]
__all__ += _generated.__all__


if not TYPE_CHECKING:  # type checkers would take every name for one that exists

    def __getattr__(name: str) -> object:
        if name in _generated.HOMES:
            return getattr(_generated, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
