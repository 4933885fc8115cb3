"""Parameters as they go over the wire."""

from __future__ import annotations

from email.utils import format_datetime
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["API_VERSION", "Pairs", "rfc2822"]

Pairs: TypeAlias = "list[tuple[str, str]]"
API_VERSION: Final = "2010-04-01"


def rfc2822(moment: datetime) -> str:
    """`Tue, 31 Aug 2010 20:36:28 +0000`."""
    return format_datetime(moment)
