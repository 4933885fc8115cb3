"""What a document has that the schema doesn't allow: Twilio's code for each, and which verbs it costs.

Unknown elements and attributes, and most values that can't be used, are warnings: they are as if they weren't
there. A value with an error of its own costs the whole verb.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.trouble import Trouble
from ringback.error_codes import of_attribute
from ringback.twiml import Problem, Raw, parse, tables
from ringback.twiml.validating import diagnose
from ringback.twiml.xml import Node, read_xml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ringback.twiml.tables import DocumentName

__all__ = ["NOT_SCHEMA", "without_misfits"]

NOT_SCHEMA: Final = 12200
_VOICE_VERB: Final = 14110
# The codes for what lines and rooms are called: a blank name, and one that is too long.
_NAMES: Final = {"Enqueue": (14204, 14205), "Queue": (14212, 14213), "Conference": (13237, 13237)}
_LONGEST_NAME: Final = 64


def without_misfits(
    xml: str | bytes, url: str, document: DocumentName, body: bytes
) -> tuple[tuple[object, ...], tuple[Trouble, ...]]:
    """The verbs that are left of a document, and what is wrong with the rest.

    Args:
        xml: The document.
        url: Where it came from.
        document: What it is.
        body: The document as bytes.

    Raises:
        TwimlError: There is nothing in it that could be done.
    """
    children = parse(xml, document=document, strict=False).children
    root = read_xml(xml)
    misnamed = {problem.path: (problem, code) for problem, code in _misnamed(root)}
    others = [each for each in diagnose(root, document) if each.path not in misnamed]
    found = [*misnamed.values(), *((each, _code(each, document)) for each in others)]
    troubles: list[Trouble] = []
    lost: set[str] = set()
    for problem, code in sorted(found, key=lambda each: (each[0].line, each[0].column)):
        trouble = Trouble(code, _told(problem), url, body)
        troubles.append(trouble)
        if trouble.level == "error":
            lost.add(_verb(problem))
    nodes = [child for child in root.children if isinstance(child, Node) or child.strip()]
    verbs = [
        child
        for child, node in zip(children, nodes, strict=True)
        if not isinstance(child, Raw) and isinstance(node, Node) and node.path not in lost
    ]
    return tuple(verbs), tuple(troubles)


def _misnamed(root: Node) -> Iterator[tuple[Problem, int]]:
    """Lines and rooms that nothing can be called as, each with its code. Some of it is beyond a schema."""
    for node in (each for child in root.elements for each in (child, *child.elements)):
        name = " ".join(node.text.split())
        if node.name not in _NAMES or "workflowSid" in node.attributes or 0 < len(name) <= _LONGEST_NAME:
            continue
        message = f"{node.name}: expected a name of 1 to {_LONGEST_NAME} characters, got {len(name)}"
        yield (
            Problem(node.line, node.column, node.path, str(NOT_SCHEMA), message),
            _NAMES[node.name][name != ""],
        )


def _code(problem: Problem, document: DocumentName) -> int:
    path, _, attribute = problem.path.partition("/@")
    element = _name(path)
    if attribute:
        known = of_attribute(element, attribute)
        return NOT_SCHEMA if known is None else known.code
    is_verb = path == _verb(problem)
    if document == "messaging" and is_verb and element in tables.children(tables.root("voice")):
        return _VOICE_VERB
    return NOT_SCHEMA


def _told(problem: Problem) -> str:
    path, _, attribute = problem.path.partition("/@")
    owner = f"{_name(path)}." if attribute and problem.message.startswith(f"{attribute}:") else ""
    hint = f" ({problem.suggestion})" if problem.suggestion else ""
    return f"line {problem.line}, column {problem.column}: {owner}{problem.message}{hint}"


def _name(path: str) -> str:
    return path.rpartition("/")[2].partition("[")[0]


def _verb(problem: Problem) -> str:
    """The path of the verb that a problem is in: `/Response/Dial[1]`."""
    return "/".join(problem.path.split("/")[:3])
