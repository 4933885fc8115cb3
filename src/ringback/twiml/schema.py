"""The schemas themselves: where they are, and the one check that they make."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from ringback.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xmlschema import XMLSchema10

    from ringback.twiml.tables import DocumentName
    from ringback.twiml.xml import Node

__all__ = ["check_installed", "refused", "schema_folder"]

XML = "http://www.w3.org/XML/1998/namespace"


def schema_folder() -> Path:
    """The folder of `voice.xsd` and `messaging.xsd`, for editors and other validators.

    They are packed into the wheel; an editable installation uses those of the repository.
    """
    packed = Path(__file__).parent / "schemas"
    return packed if packed.is_dir() else Path(__file__).parents[3] / "spec" / "twiml"


def check_installed() -> None:
    """See to it that documents can be checked, without loading what it takes.

    Raises:
        ConfigurationError: xmlschema is not installed.
    """
    if find_spec("xmlschema") is None:
        raise ConfigurationError(
            "checking TwiML against its schema needs xmlschema: pip install 'ringback[validate]'"
        )


def refused(root: Node, document: DocumentName) -> Iterator[tuple[Node, str]]:
    """The elements that the schema refuses, one by one, and xmlschema's reasons."""
    nodes: dict[ElementTree.Element, Node] = {}
    tree = _convert(root, {"xml": XML, "": ""}, nodes)
    # Nothing is fetched: the schema is complete, and hints in a document are not followed.
    for error in _schema(document).iter_errors(tree, use_location_hints=False):
        node = nodes.get(error.elem) if error.elem is not None else None
        yield node or root, error.reason or ""


@cache
def _schema(document: DocumentName) -> XMLSchema10:
    from xmlschema import XMLSchema10

    return XMLSchema10(str(schema_folder() / f"{document}.xsd"), allow="local")


def _convert(
    node: Node, scope: dict[str, str], nodes: dict[ElementTree.Element, Node]
) -> ElementTree.Element:
    declared = {
        name[6:]: value
        for name, value in node.attributes.items()
        if name == "xmlns" or name.startswith("xmlns:")
    }
    scope = {**scope, **declared} if declared else scope
    attributes = {
        _expanded(name, scope if ":" in name else {}): value
        for name, value in node.attributes.items()
        if name != "xmlns" and not name.startswith("xmlns:")
    }
    element = ElementTree.Element(_expanded(node.name, scope), attributes)
    nodes[element] = node
    last: ElementTree.Element | None = None
    for child in node.children:
        if not isinstance(child, str):
            last = _convert(child, scope, nodes)
            element.append(last)
        elif last is None:
            element.text = child
        else:
            last.tail = child
    return element


def _expanded(name: str, scope: dict[str, str]) -> str:
    prefix, colon, local = name.rpartition(":")
    namespace = scope.get(prefix if colon else "", "")
    return f"{{{namespace}}}{local}" if namespace else local if colon else name
