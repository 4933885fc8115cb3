"""What the schema has against a document, told so that it can be mended.

The schema decides, `spec/twiml/*.xsd`. But xmlschema, which reads it, says "attribute numDigits='0': value
has to be greater or equal than 1" and doesn't know what was probably meant. So the elements' own tables,
which are generated from the same schema, are asked first. They say all that it says (the generator refuses a
schema that says more, and tests compare both) but what becomes of namespaces: what xmlschema finds in
documents that have some is added as it is. Others do without, as to load it takes longer than all the rest.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Literal

from attrs import evolve

from ringback._core.twiml.elements import MOST_LISTED, Container, Element, TextElement
from ringback._core.twiml.values import XML_SPACE, Json, Value, Words, closest
from ringback.errors import TwimlError
from ringback.twiml import tables
from ringback.twiml.problems import NOT_SCHEMA, Problem
from ringback.twiml.schema import check_installed, refused
from ringback.twiml.xml import Node, NotXml, read_xml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ringback.twiml.tables import DocumentName

__all__ = ["MAX_PROBLEMS", "beyond_tables", "check_schema", "diagnose", "validate"]

MAX_PROBLEMS = 100
"""The most problems that are told; the first ones usually explain the others."""

# What the schema says of a text that has to be JSON: it can't look inside.
NOT_BLANK = Words("text that is not blank")


def validate(xml: str | bytes, *, document: Literal["voice", "messaging"] | None = None) -> list[Problem]:
    """Check a document against the schema.

    Needs the extra `validate` (xmlschema).

    Args:
        xml: The document, as text or in any encoding that XML has. Nothing that it refers to is fetched.
        document: What it is; guessed from its verbs where it isn't given.

    Returns:
        What is wrong, in the order of the document, at most 100 problems; nothing where all is well. Codes
        are `12100` for what is no XML and `12200` for what the schema doesn't allow.

    Raises:
        ConfigurationError: xmlschema is not installed.
    """
    try:
        root = read_xml(xml)
    except NotXml as error:
        return [error.problem]
    return check_schema(root, document or tables.guess(root))


def check_schema(root: Node, document: DocumentName) -> list[Problem]:
    """The problems of a document that has been read already."""
    check_installed()
    problems = diagnose(root, document)
    if _has_namespaces(root):
        problems += beyond_tables(root, document, problems)
    return sorted(problems, key=lambda problem: (problem.line, problem.column))[:MAX_PROBLEMS]


def diagnose(root: Node, document: DocumentName) -> list[Problem]:
    """What the elements' tables have against a document, without xmlschema."""
    return list(islice(_diagnose_root(root, document), MAX_PROBLEMS))


def beyond_tables(root: Node, document: DocumentName, problems: list[Problem]) -> list[Problem]:
    """What xmlschema finds where `problems` tell nothing."""
    # A child that can't stand somewhere is what xmlschema tells of the parent.
    places = [problem.path.partition("/@")[0] for problem in problems]
    explained = {*places, *(place.rpartition("/")[0] for place in places)}
    return [
        node.problem(NOT_SCHEMA, reason)
        for node, reason in islice(refused(root, document), MAX_PROBLEMS)
        if node.path not in explained
    ]


def _has_namespaces(node: Node) -> bool:
    return (
        ":" in node.name
        or any(":" in name or name == "xmlns" for name in node.attributes)
        or any(map(_has_namespaces, node.elements))
    )


def _diagnose_root(root: Node, document: DocumentName) -> Iterator[Problem]:
    if root.name != tables.ROOT:
        message = f"the root element is {_tag(root.name)}, not <{tables.ROOT}>"
        yield root.problem(NOT_SCHEMA, message, _meant(closest(root.name, [tables.ROOT])))
        return
    yield from _diagnose(root, tables.root(document), document)


def _diagnose(node: Node, cls: type[Element], document: DocumentName) -> Iterator[Problem]:
    yield from _attributes(node, cls)
    known = tables.children(cls)
    yield from _text(node, cls)
    for child in node.elements:
        if child.name in known:
            yield from _diagnose(child, known[child.name], document)
        else:
            better = _better(child.name, cls, document)
            message = f"{_tag(child.name)} can't stand inside {_tag(node.name)}{_allowed(cls, better)}"
            yield child.problem(NOT_SCHEMA, message, better)
    if issubclass(cls, Container):
        if cls._limit is not None and len(node.elements) > cls._limit:
            extra = node.elements[cls._limit]
            yield extra.problem(NOT_SCHEMA, f"{_tag(node.name)} holds one element, and this is another")
        if "*" in cls._needs and not cls._mixed and not node.elements:
            allowed = ", ".join(tables.children(cls))
            yield node.problem(NOT_SCHEMA, f"{_tag(node.name)} is empty, and needs one of {allowed}")


def _attributes(node: Node, cls: type[Element]) -> Iterator[Problem]:
    wires = [wire for wire, _ in cls._fields.values()]
    for wire, raw in node.attributes.items():
        known = tables.attribute(cls, wire)
        if known is not None:
            yield from _value(node, wire, known[1], raw)
        elif not tables.ignored(wire):
            meant = closest(wire, wires)
            allowed = "" if meant else f"; it has {', '.join(wires)}" if wires else "; it has none"
            message = f"{_tag(node.name)} has no attribute {wire[:80]!r}{allowed}"
            yield node.problem(NOT_SCHEMA, message, _meant(meant), wire[:80])
    for name in cls._required:
        wire = cls._fields[name][0]
        if wire not in node.attributes:
            yield node.problem(NOT_SCHEMA, f"{_tag(node.name)} needs the attribute {wire!r}", None, wire)


def _value(node: Node, wire: str, value: Value, raw: str) -> Iterator[Problem]:
    try:
        value.read(wire, raw)
    except TwimlError as error:
        yield node.problem(NOT_SCHEMA, error.message, _meant(error.suggestion), wire)


def _text(node: Node, cls: type[Element]) -> Iterator[Problem]:
    if issubclass(cls, TextElement):
        if node.elements:
            return
        try:
            (NOT_BLANK if isinstance(cls._kind, Json) else cls._kind).read(node.name, node.text)
        except TwimlError as error:
            yield node.problem(NOT_SCHEMA, error.message, _meant(error.suggestion))
    elif node.text.strip(XML_SPACE) and not (issubclass(cls, Container) and cls._mixed):
        excerpt = " ".join(node.text.split())
        shown = excerpt if len(excerpt) <= 40 else f"{excerpt[:40]}…"
        suggestion = f"put it into <Say>{shown}</Say>" if "Say" in tables.children(cls) else None
        message = f"text can't stand inside {_tag(node.name)}{_allowed(cls, suggestion)}: {shown!r}"
        line, column = node.place_of_text()
        yield evolve(node.problem(NOT_SCHEMA, message, suggestion), line=line, column=column)


def _allowed(cls: type[Element], suggestion: str | None) -> str:
    """What may stand inside, as a clause; a long list is of use only to those who get no suggestion."""
    names = [*(["text"] if getattr(cls, "_mixed", False) else []), *tables.children(cls)]
    if issubclass(cls, TextElement):
        names = ["text"]
    if suggestion is not None and len(names) > MOST_LISTED:
        return ""
    return f", which holds {', '.join(names)}" if names else ", which holds nothing"


def _better(name: str, cls: type[Element], document: DocumentName) -> str | None:
    """Where a misplaced element belongs, or what a misspelt one should be called."""
    places = {
        parent._tag
        for parent in tables.element_classes(document).values()
        if name in tables.children(parent) and not parent._root
    }
    if places and cls._root:
        return f"{_tag(name)} belongs inside {' or '.join(f'<{place}>' for place in sorted(places))}"
    other: DocumentName = "messaging" if document == "voice" else "voice"
    if name in tables.children(tables.root(other)) and name not in tables.children(tables.root(document)):
        return f"{_tag(name)} belongs in a {other} document"
    return _meant(closest(name, tables.children(cls)))


def _meant(suggestion: str | None) -> str | None:
    return None if suggestion is None else f"did you mean {suggestion}?"


def _tag(name: str) -> str:
    return f"<{name}>" if len(name) <= 80 else f"<{name[:80]}…>"
