"""What a verb can come to."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from ringback.emulator.engine.process import Source

__all__ = ["END", "NEXT", "Result"]

NEXT: Final = "next"
END: Final = "end"

# What follows a verb: the next one, the end of the document, or another document.
Result: TypeAlias = "Literal['next', 'end'] | Source"
