"""An HTTP client of twilio-python's that has the answer ready."""
# pyright: basic
# mypy: allow-subclassing-any

from __future__ import annotations

from typing import Any, Final

from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

__all__ = ["Canned", "client"]

_HEADERS: Final = {"Content-Type": "application/json", "Twilio-Request-Id": "RQ" + "0" * 32}


class Canned(HttpClient):
    """Answers with a body that can be exchanged; twilio-python wants it as text."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.body = body

    def request(self, *_: Any, **__: Any) -> Response:
        """See `HttpClient.request`."""
        return Response(self.status, self.body.decode(), headers=_HEADERS)


def client(http_client: Canned) -> Client:
    """A client over it."""
    return Client("AC" + "0" * 32, "token", http_client=http_client)
