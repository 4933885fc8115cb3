"""What goes wrong with a webhook, a document or a call, before it is written down as a problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from ringback.error_codes import explain

if TYPE_CHECKING:
    from ringback.error_codes import Level

__all__ = ["Trouble"]


@frozen
class Trouble:
    """Why a webhook came to nothing.

    Attributes:
        code: Twilio's error code, https://www.twilio.com/docs/api/errors
        message: In words; "" where the meaning of the code says it all.
        url: Where it happened.
        body: What was answered there, where that is the trouble.
        fatal: Whether it stops what is a mere warning to Twilio.
    """

    code: int
    message: str
    url: str
    body: bytes = b""
    fatal: bool = False

    @property
    def level(self) -> Level:
        """How bad it is: what Twilio has for the code."""
        meaning = None if self.fatal else explain(self.code)
        return "error" if meaning is None else meaning.level

    @property
    def told(self) -> str:
        """The message, or what the code means."""
        meaning = explain(self.code)
        return self.message or ("" if meaning is None else meaning.meaning)
