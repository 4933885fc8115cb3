"""Webhooks as Twilio sends them, signed, made by hand: what these tests need before there is an emulator."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit
from xml.etree.ElementTree import Element, fromstring

from ringback.http import WebhookRequest, WebhookResponse
from ringback.webhooks import sign

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN = "a-token-of-the-tests"
ACCOUNT = f"AC{'0' * 32}"
CALLER = "+15558675310"
NUMBER = "+15017122661"

_numbers = itertools.count(1)


def new_sid(prefix: str) -> str:
    return f"{prefix}{next(_numbers):032x}"


def call_parameters(call_sid: str, status: str = "in-progress", **more: str) -> dict[str, str]:
    return {
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
        "CallSid": call_sid,
        "CallStatus": status,
        "Direction": "inbound",
        "From": CALLER,
        "To": NUMBER,
    } | more


def message_parameters(message_sid: str, **more: str) -> dict[str, str]:
    return {
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
        "MessageSid": message_sid,
        "SmsSid": message_sid,
        "SmsMessageSid": message_sid,
        "From": CALLER,
        "To": NUMBER,
        "Body": "Hello",
        "NumMedia": "0",
        "NumSegments": "1",
    } | more


def request(
    url: str,
    parameters: dict[str, str],
    *,
    method: str = "POST",
    token: str = TOKEN,
    seen_as: str | None = None,
    mount: str = "",
    **headers: str,
) -> WebhookRequest:
    """A signed request to a public URL, which the server may see under another one."""
    asked = url.partition("#")[0]
    seen = asked if seen_as is None else seen_as
    if method == "GET":
        query = urlencode(parameters)
        asked, seen = (f"{each}{'&' if '?' in each else '?'}{query}" for each in (asked, seen))
    pairs = list(parameters.items()) if method == "POST" else []
    given = {"Host": urlsplit(seen).netloc, "X-Twilio-Signature": sign(asked, pairs, token)}
    if method == "POST":
        given["Content-Type"] = "application/x-www-form-urlencoded"
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    body = urlencode(parameters).encode() if method == "POST" else b""
    return WebhookRequest(method, seen, given, body, mount)


async def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until something that goes on in the background is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.002)


def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """The same for synchronous tests."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.002)


def served(response: WebhookResponse) -> Element:
    """The document in an answer, as any XML parser sees it."""
    assert response.status == 200, response
    assert response.headers["Content-Type"] == "text/xml; charset=utf-8"
    return fromstring(response.body)  # noqa: S314


def tags(response: WebhookResponse) -> list[str]:
    """The names of its verbs."""
    return [verb.tag for verb in served(response)]


def link(response: WebhookResponse, verb: str) -> str:
    """Where a verb leads: its action, or the URL that is its text."""
    element = served(response).find(verb)
    assert element is not None, tags(response)
    return element.get("action") or (element.text or "").strip()
