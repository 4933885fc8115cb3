"""A search that can't be done."""

from __future__ import annotations

from typing import Final

__all__ = ["INVALID", "INVALID_AREA_CODE", "SearchRefused"]

INVALID: Final = 20001
INVALID_AREA_CODE: Final = 21451


class SearchRefused(Exception):
    """A filter makes no sense, or not in this country.

    Attributes:
        code: Twilio's error code, https://www.twilio.com/docs/api/errors
        message: In words, with the filter's wire name.
    """

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)
