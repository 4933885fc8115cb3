"""Messages created over HTTP, by the HTTP client that twilio-python has of itself, led to our server."""
# pyright: basic
# mypy: allow-subclassing-any

from __future__ import annotations

import sys
from typing import Any

from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from bench.subjects import timing

_base_url = sys.argv[1]


class _Redirected(TwilioHttpClient):
    def request(self, method: str, url: str, *args: Any, **settings: Any) -> Response:
        return super().request(method, url.replace("https://api.twilio.com", _base_url), *args, **settings)


_messages = Client("AC" + "0" * 32, "token", http_client=_Redirected()).messages
timing.repeated(
    lambda: _messages.create(to="+15558675310", from_="+15017122661", body="Your table is ready."), 1000
)
