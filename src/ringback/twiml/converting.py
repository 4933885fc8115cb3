"""From a document to the Python that builds it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, cast
from unicodedata import combining, east_asian_width

from ringback._core.twiml.elements import Element, Raw
from ringback._generated.twiml import HOMES
from ringback.twiml.parsing import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ringback.twiml.tables import DocumentName

__all__ = ["to_python"]

WIDTH = 88


def to_python(xml: str | bytes, *, document: DocumentName | None = None, name: str = "response") -> str:
    """A module that builds a document with the classes of `ringback.twiml`, formatted as Black does it.

    What the schema doesn't know becomes `Raw` and `extra_attributes`.

    Args:
        xml: The document.
        document: What it is; guessed from its verbs where it isn't given.
        name: The variable that the document is assigned to.

    Raises:
        TwimlError: It is no XML, or its root isn't Response.
    """
    root = parse(xml, document=document, strict=False)
    body = f"{name} = {_render(root, len(name) + 3, 0)}"
    return f"{_imports(root)}\n{body}\n"


def _imports(root: Element) -> str:
    plain: set[str] = set()
    special: set[str] = set()
    uses_decimal = False
    for element in _walk(root):
        # Of two elements of one name, `ringback.twiml` has the one of voice documents.
        document, _, name = element._key.partition(".")
        home = special if document == "messaging" and HOMES[name] != document else plain
        home.add(type(element).__name__)
        uses_decimal |= isinstance(element, Element) and any(
            isinstance(value, Decimal) for _, value in _attributes(element)
        )
    lines = ["from decimal import Decimal\n"] if uses_decimal else []
    lines.append(_import("ringback.twiml", sorted(plain)))
    if special:
        lines.append(_import("ringback.twiml.messaging", sorted(special)))
    return "\n".join(lines) + "\n"


def _import(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])


def _walk(element: Element | Raw) -> Iterator[Element | Raw]:
    yield element
    for child in element.children if isinstance(element, Element) else ():
        if isinstance(child, (Element, Raw)):
            yield from _walk(child)


def _attributes(element: Element) -> Iterator[tuple[str, object]]:
    for name in element._fields:
        value: object = getattr(element, name)
        if value is not None:
            yield name, value
    if element.extra_attributes:
        yield "extra_attributes", dict(element.extra_attributes)


def _render(value: object, start: int, indent: int) -> str:
    """An expression that begins in column `start` of a line that is indented by `indent`."""
    line = _line(value)
    # One more for the comma, or the bracket, that follows.
    if start + _width(line) + 1 <= WIDTH:
        return line
    inner = indent + 4
    pad = " " * inner
    if isinstance(value, Element):
        parts = [_render(child, inner, inner) for child in value.children]
        for name, attribute in _attributes(value):
            parts.append(f"{name}={_render(attribute, inner + len(name) + 1, inner)}")
        opening, closing = f"{type(value).__name__}(", ")"
    elif isinstance(value, Raw):
        parts, opening, closing = [_render(value.xml, inner, inner)], "Raw(", ")"
    elif isinstance(value, dict):
        pairs = cast("dict[str, str]", value)
        parts = [f"{_quoted(key)}: {_quoted(item)}" for key, item in pairs.items()]
        opening, closing = "{", "}"
    elif isinstance(value, tuple):
        parts = [_line(item) for item in cast("tuple[object, ...]", value)]
        opening, closing = "[", "]"
    else:
        return line
    if not parts:
        return line
    return "\n".join([opening, *(f"{pad}{part}," for part in parts), f"{' ' * indent}{closing}"])


def _width(line: str) -> int:
    """Columns on a screen, which is what formatters count."""
    if line.isascii():
        return len(line)
    return sum(0 if combining(each) else 2 if east_asian_width(each) in "WF" else 1 for each in line)


def _line(value: object) -> str:
    if isinstance(value, Element):
        parts = [*map(_line, value.children), *(f"{name}={_line(item)}" for name, item in _attributes(value))]
        return f"{type(value).__name__}({', '.join(parts)})"
    if isinstance(value, Raw):
        return f"Raw({_quoted(value.xml)})"
    if isinstance(value, dict):
        pairs = cast("dict[str, str]", value)
        return "{" + ", ".join(f"{_quoted(key)}: {_quoted(item)}" for key, item in pairs.items()) + "}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_line, cast('tuple[object, ...]', value)))}]"
    if isinstance(value, Decimal):
        return f'Decimal("{value}")'
    return _quoted(value) if isinstance(value, str) else repr(value)


def _quoted(text: str) -> str:
    """`repr`, with double quotes unless that takes more escapes."""
    shown = repr(text)
    if shown.startswith('"') or '"' in text:
        return shown
    return f'"{shown[1:-1]}"'
