"""A transport of ringback's that has the answer ready."""

from __future__ import annotations

from typing import Final

from ringback import Client
from ringback.http import Headers, Request, Response
from ringback.transports import Transport

__all__ = ["Canned", "client"]

_HEADERS: Final = Headers({"Content-Type": "application/json", "Twilio-Request-Id": "RQ" + "0" * 32})


class Canned(Transport):
    """Answers with a body that can be exchanged."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.body = body

    def send(self, _: Request, /) -> Response:
        """See `Transport.send`."""
        return Response(self.status, _HEADERS, self.body)

    def close(self) -> None:
        """See `Transport.close`."""


def client(transport: Canned) -> Client:
    """A client over it."""
    return Client("AC" + "0" * 32, "token", transport=transport)
