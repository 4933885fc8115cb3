"""What an exchange asks of its driver, besides sending a request."""

from __future__ import annotations

from typing import final

from attrs import frozen

__all__ = ["Sleep"]


@final
@frozen
class Sleep:
    """Wait so many seconds before going on."""

    seconds: float
