"""A document as a tree, for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback._core.twiml.values import Secret
from ringback.errors import REDACTED
from ringback.twiml import tables
from ringback.twiml.xml import Node, read_xml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ringback._core.twiml.elements import Element
    from ringback.twiml.tables import DocumentName

__all__ = ["Paint", "draw"]

MAX_TEXT = 72


class Paint:
    """Colours for a terminal; none where `on` is false."""

    def __init__(self, *, on: bool) -> None:
        self.on = on

    def _paint(self, text: str, code: int) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.on and text else text

    def bold(self, text: str) -> str:
        return self._paint(text, 1)

    def faint(self, text: str) -> str:
        return self._paint(text, 2)

    def red(self, text: str) -> str:
        return self._paint(text, 31)

    def green(self, text: str) -> str:
        return self._paint(text, 32)

    def yellow(self, text: str) -> str:
        return self._paint(text, 33)

    def cyan(self, text: str) -> str:
        return self._paint(text, 36)


def draw(xml: str | bytes, *, document: DocumentName | None = None, paint: Paint | None = None) -> str:
    """A document as a tree: one line an element or a piece of text. Passwords are left out.

    Raises:
        NotXml: It can't be read.
    """
    root = read_xml(xml)
    cls = tables.root(document or tables.guess(root))
    lines = _lines(root, cls if root.name == tables.ROOT else None, paint or Paint(on=False), "", "")
    return "\n".join(lines) + "\n"


def _lines(node: Node, cls: type[Element] | None, paint: Paint, first: str, rest: str) -> Iterator[str]:
    # What the schema doesn't know here is drawn in red.
    name = paint.bold(node.name) if cls is not None else paint.red(node.name)
    attributes = "".join(
        [f"  {paint.cyan(wire)}={_shown(value, wire, cls)}" for wire, value in node.attributes.items()]
    )
    parts = [part for part in node.children if not isinstance(part, str) or part.strip()]
    if len(parts) == 1 and isinstance(parts[0], str):
        yield f"{paint.faint(first)}{name}{attributes}  {paint.green(_excerpt(parts[0]))}"
        return
    yield f"{paint.faint(first)}{name}{attributes}"
    known = tables.children(cls) if cls is not None else {}
    for position, part in enumerate(parts, 1):
        last = position == len(parts)
        branch, below = ("└── ", "    ") if last else ("├── ", "│   ")
        if isinstance(part, str):
            yield f"{paint.faint(rest + branch)}{paint.green(_excerpt(part))}"
        else:
            yield from _lines(part, known.get(part.name), paint, rest + branch, rest + below)


def _shown(value: str, wire: str, cls: type[Element] | None) -> str:
    known = tables.attribute(cls, wire) if cls is not None else None
    secret = known is not None and isinstance(known[1], Secret)
    # What stands where the schema knows nothing may still be a secret.
    if secret or "password" in wire.lower():
        return REDACTED
    plain = value.isprintable() and value and not any(character in value for character in ' "')
    return value if plain and len(value) <= MAX_TEXT else _excerpt(value)


def _excerpt(text: str) -> str:
    words = " ".join(text.split())
    shown = words if len(words) <= MAX_TEXT else f"{words[:MAX_TEXT]}…"
    # Control sequences must not reach the terminal.
    return '"' + "".join(each if each.isprintable() else repr(each)[1:-1] for each in shown) + '"'
