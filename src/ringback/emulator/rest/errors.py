"""Refusals, as the API words them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ringback.emulator.engine.network import Network

__all__ = ["AnswerLost", "Refused", "report", "report_loss"]

# Characters of a path and of a reason: both come from whoever asked.
_LONGEST_PATH: Final = 150
_LONGEST_REASON: Final = 200


class Refused(Exception):
    """The request can't be done.

    Attributes:
        status: HTTP status.
        code: Twilio's error code, https://www.twilio.com/docs/api/errors
        message: In words.
        fields: Header fields that go with it.
    """

    def __init__(
        self, status: int, code: int, message: str, *, fields: Mapping[str, str] | None = None
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields or {}
        super().__init__(message)

    def body(self) -> dict[str, object]:
        """What is sent."""
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


class AnswerLost(Exception):
    """The request was done, and the connection is lost before the answer comes."""


def report(network: Network, method: str, path: str, refused: Refused) -> None:
    """Put a refusal into the transcript: whoever asked may not show why it came to nothing."""
    where = _cut(network.masked(path), _LONGEST_PATH)
    reason = _cut(network.masked(refused.message), _LONGEST_REASON)
    network.note(
        "", "Twilio", "refuses", f"{method[:10]} {where} → HTTP {refused.status}, {refused.code}: {reason}"
    )


def report_loss(network: Network, method: str, path: str) -> None:
    """Put an answer into the transcript that is lost."""
    where = _cut(network.masked(path), _LONGEST_PATH)
    network.note("", "chaos", "loses the answer to", f"{method[:10]} {where}")


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"
