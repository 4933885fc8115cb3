"""Which class stands for which element where, out of what the classes themselves say."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from ringback._core.twiml.elements import Container, Element
from ringback.errors import InvalidValue

if TYPE_CHECKING:
    from ringback._core.twiml.values import Value
    from ringback.twiml.xml import Node

__all__ = ["ROOT", "DocumentName", "attribute", "children", "element_classes", "guess", "ignored", "root"]

DocumentName: TypeAlias = Literal["voice", "messaging"]

ROOT = "Response"


@cache
def element_classes(document: DocumentName) -> dict[str, type[Element]]:
    """All classes of a document by their keys, e.g. `voice.Say`."""
    if document not in get_args(DocumentName):
        raise InvalidValue("document", document, "'voice' or 'messaging'")
    module = import_module(f"ringback._generated.twiml.{document}")
    classes: list[type[Element]] = [getattr(module, name) for name in module.__all__]
    return {cls._key: cls for cls in classes}


def root(document: DocumentName) -> type[Element]:
    """The class of the document itself."""
    return next(cls for cls in element_classes(document).values() if cls._root)


def children(parent: type[Element]) -> dict[str, type[Element]]:
    """The classes of what may stand inside, by their names in XML."""
    return _children(parent._key) if issubclass(parent, Container) else {}


def attribute(cls: type[Element], wire: str) -> tuple[str, Value] | None:
    """The Python name and the kind of value of an attribute, or None where there is no such attribute."""
    for name, (spelling, value) in cls._fields.items():
        if spelling == wire:
            return name, value
    return None


# By key, as classes of unhashable things look unhashable themselves to type checkers.
@cache
def _children(key: str) -> dict[str, type[Element]]:
    classes = element_classes("voice" if key.startswith("voice.") else "messaging")
    parent = classes[key]
    assert issubclass(parent, Container)  # noqa: S101  (told to the type checker)
    return {classes[child]._tag: classes[child] for child in sorted(parent._allowed - {"Raw"})}


def ignored(wire: str) -> bool:
    """Whether an attribute speaks to XML tools, and not to Twilio: `xmlns:…`, `xsi:…`."""
    return wire.startswith(("xmlns:", "xsi:"))


def guess(document: Node) -> DocumentName:
    """What a document probably is, by the verbs in it; a call's, where they don't say."""
    names = [element.name for element in document.elements]
    scores = {name: sum(each in children(root(name)) for each in names) for name in ("voice", "messaging")}
    if scores["messaging"] == scores["voice"]:
        # Both have Redirect and Sms; a call that is answered with a text alone would be a strange one.
        return "messaging" if "Sms" in names else "voice"
    return "messaging" if scores["messaging"] > scores["voice"] else "voice"
