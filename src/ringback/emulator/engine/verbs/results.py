"""What a verb can come to."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from ringback.emulator.engine.process import Source

__all__ = ["END", "NEXT", "Result"]

NEXT: Final = "next"
END: Final = "end"

# The next verb, the end of the call's TwiML, or another document.
Result: TypeAlias = "Literal['next', 'end'] | Source"
