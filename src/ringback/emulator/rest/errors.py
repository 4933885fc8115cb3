"""Refusals, as the API words them."""

from __future__ import annotations

__all__ = ["Refused"]


class Refused(Exception):
    """The request can't be done.

    Attributes:
        status: HTTP status.
        code: Twilio's error code, https://www.twilio.com/docs/api/errors
        message: In words.
    """

    def __init__(self, status: int, code: int, message: str) -> None:
        self.status = status
        self.code = code
        self.message = message
        super().__init__(message)

    def body(self) -> dict[str, object]:
        """What is sent."""
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
