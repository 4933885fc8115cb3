"""Answering machine detection, as a call asks for it."""

from __future__ import annotations

from attrs import frozen

__all__ = ["Detection"]


@frozen
class Detection:
    """What is asked for. https://www.twilio.com/docs/voice/answering-machine-detection

    Attributes:
        mode: `Enable` or `DetectMessageEnd`.
        url: Where to tell when it runs beside the call.
        method: How.
        beside: Whether the call goes on while it runs.
    """

    mode: str
    url: str = ""
    method: str = "POST"
    beside: bool = False
