"""Requests as Twilio makes them, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

from ringback.http import WebhookRequest

FORM = "application/x-www-form-urlencoded"

ACCOUNT = "AC" + "0" * 32
CALL = "CA" + "1" * 32

VOICE = {
    "CallSid": CALL,
    "AccountSid": ACCOUNT,
    "From": "+15017122661",
    "To": "+15558675310",
    "CallStatus": "in-progress",
    "ApiVersion": "2010-04-01",
    "Direction": "inbound",
}
"""What every request about a call's next step holds."""


def post(
    url: str = "https://example.com/voice",
    pairs: Iterable[tuple[str, str]] = (),
    *,
    headers: Iterable[tuple[str, str]] = (),
) -> WebhookRequest:
    """A POST with a form."""
    return WebhookRequest(
        "POST", url, [("Content-Type", FORM), *headers], urlencode(list(pairs)).encode("ascii")
    )


def get(url: str, *, headers: Iterable[tuple[str, str]] = ()) -> WebhookRequest:
    """A GET."""
    return WebhookRequest("GET", url, list(headers))


def post_json(url: str, body: bytes, *, headers: Iterable[tuple[str, str]] = ()) -> WebhookRequest:
    """A POST with a JSON body."""
    return WebhookRequest("POST", url, [("Content-Type", "application/json"), *headers], body)
