"""What the rules of the linter are made of: a document to look at, what a rule is, what it finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from attrs import frozen

from ringback.twiml import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ringback._core.twiml.elements import Element
    from ringback.twiml.problems import Severity
    from ringback.twiml.tables import DocumentName
    from ringback.twiml.xml import Node

__all__ = ["Finding", "Rule", "Source", "is_placeholder"]


class Finding(NamedTuple):
    """What a rule found, and where."""

    node: Node
    message: str
    suggestion: str | None = None
    attribute: str = ""


@frozen
class Source:
    """A document to look at.

    Attributes:
        size: Bytes in UTF-8, as Twilio fetches it.
        characters: Characters, as they count in a REST request.
    """

    root: Node
    document: DocumentName
    size: int
    characters: int

    def known(self) -> Iterator[tuple[Node, type[Element]]]:
        """Every element that the schema knows at its place, with its class."""
        if self.root.name == tables.ROOT:
            yield from _known(self.root, tables.root(self.document))

    def of(self, *types: str) -> Iterator[Node]:
        """The elements of some classes."""
        return (node for node, cls in self.known() if cls.__name__ in types)


def _known(node: Node, cls: type[Element]) -> Iterator[tuple[Node, type[Element]]]:
    yield node, cls
    allowed = tables.children(cls)
    for child in node.elements:
        if child.name in allowed:
            yield from _known(child, allowed[child.name])


@frozen
class Rule:
    """One rule.

    Attributes:
        code: `RB…`.
        name: What it looks for, in a few words.
        severity: Of what it finds.
        find: Looks for it.
    """

    code: str
    name: str
    severity: Severity
    find: Callable[[Source], Iterator[Finding]]


def is_placeholder(text: str) -> bool:
    """Whether it is filled in later: `{{From}}` of a TwiML Bin, and what template engines and shells know."""
    return any(character in text for character in "{}$%<>[]")
