"""What a verb can come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias

from ringback.emulator.engine.documents import Source

if TYPE_CHECKING:
    from ringback.emulator.engine.documents import Document, Linked
    from ringback.emulator.engine.events import VoiceQuestion

__all__ = ["END", "NEXT", "Result", "action"]

NEXT: Final = "next"
END: Final = "end"

# What follows a verb: the next one, the end of the document, or another document.
Result: TypeAlias = "Literal['next', 'end'] | Source"


class _WithAction(Protocol):
    @property
    def action(self) -> str | Linked | None: ...

    @property
    def method(self) -> str | None: ...


def action(document: Document, verb: _WithAction, question: VoiceQuestion) -> Result:
    """The document that a verb's `action` leads to, asked with an event; or the next verb."""
    if not verb.action:
        return NEXT
    return Source(document.link(verb.action), verb.method or "POST", question=question)
