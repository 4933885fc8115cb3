"""What goes wrong with a webhook, a document or a call, before it is written down as a problem."""

from __future__ import annotations

from attrs import frozen

__all__ = ["Trouble"]


@frozen
class Trouble:
    """Why a webhook came to nothing.

    Attributes:
        code: Twilio's error code, https://www.twilio.com/docs/api/errors
        message: In words.
        url: Where it happened.
        body: What was answered there, where that is the trouble.
        warning: Whether what was asked for is done all the same.
    """

    code: int
    message: str
    url: str
    body: bytes = b""
    warning: bool = False
