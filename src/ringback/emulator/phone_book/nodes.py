"""What was written into a phone book, with the place of each part, for errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NoReturn, cast

from attrs import frozen

from ringback.errors import EmulatorError

__all__ = ["DEEPEST", "Misplaced", "Node", "node_of", "wrong"]

# A phone book is a mapping of mappings of lists of mappings.
DEEPEST: Final = 8
_LONGEST: Final = 60


class Misplaced(EmulatorError):
    """A mistake in a phone book, and the place where it stands."""


@frozen
class Node:
    """A part.

    Attributes:
        where: `phones.yaml:7`, or `phones, +15558675310`.
        content: Its text as it was written, its items, or its pairs of names and values.
    """

    where: str
    content: str | tuple[Node, ...] | tuple[tuple[Node, Node], ...]

    @property
    def text(self) -> str:
        """What a scalar says.

        Raises:
            EmulatorError: It is none.
        """
        if not isinstance(self.content, str):
            wrong(self, f"expected text, got {self.kind}")
        return self.content

    @property
    def items(self) -> tuple[Node, ...]:
        """The items of a list; nothing is an empty one.

        Raises:
            EmulatorError: It is none.
        """
        if self.content and self.kind != "a list":
            wrong(self, f"expected a list, got {self.kind}")
        return cast("tuple[Node, ...]", self.content or ())

    @property
    def pairs(self) -> tuple[tuple[Node, Node], ...]:
        """Names and values of a mapping, no name twice; nothing is an empty one.

        Raises:
            EmulatorError: It is none.
        """
        if self.content and self.kind != "a mapping":
            wrong(self, f"expected a mapping, got {self.kind}")
        pairs = cast("tuple[tuple[Node, Node], ...]", self.content or ())
        seen: set[str] = set()
        for name, _ in pairs:
            if name.text in seen:
                wrong(name, f"{name.text} is there twice")
            seen.add(name.text)
        return pairs

    @property
    def kind(self) -> str:
        """What it is, in words."""
        if isinstance(self.content, str):
            return repr(self.content[:_LONGEST])
        if not self.content:
            return "nothing"
        return "a mapping" if isinstance(self.content[0], tuple) else "a list"


def node_of(value: object, where: str, depth: int = 0) -> Node:
    """A node of what Python has: mappings, sequences, text and numbers.

    Raises:
        EmulatorError: There is something else in it.
    """
    if depth > DEEPEST:
        raise EmulatorError(f"{where}: a phone book isn't nested so deep")
    if value is None or (isinstance(value, (str, int, float)) and not isinstance(value, bool)):
        return Node(where, "" if value is None else str(value))
    if isinstance(value, Mapping):
        named = {str(name): part for name, part in cast("Mapping[object, object]", value).items()}
        return Node(
            where,
            tuple(
                (Node(f"{where}, {name}", name), node_of(part, f"{where}, {name}", depth + 1))
                for name, part in named.items()
            ),
        )
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        parts = cast("Sequence[object]", value)
        return Node(
            where,
            tuple(node_of(part, f"{where}, item {n}", depth + 1) for n, part in enumerate(parts, start=1)),
        )
    raise EmulatorError(f"{where}: expected text, a number, a list or a mapping, got {value!r:.60}")


def wrong(node: Node, problem: str) -> NoReturn:
    """Say what is wrong with a part, and where it stands.

    Raises:
        Misplaced: Always.
    """
    raise Misplaced(f"{node.where}: {problem}")
