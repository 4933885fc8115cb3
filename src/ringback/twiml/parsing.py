"""From XML back to elements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast, overload

from ringback._core.twiml.elements import Container, Element, Raw, TextElement, escape, listed_children
from ringback._core.twiml.values import XML_SPACE, closest, quote
from ringback.errors import TwimlError
from ringback.twiml import tables
from ringback.twiml.xml import Node, NotXml, read_xml

if TYPE_CHECKING:
    from ringback._generated.twiml.messaging import MessagingResponse
    from ringback._generated.twiml.voice import VoiceResponse

__all__ = ["parse"]


@overload
def parse(xml: str | bytes, *, document: Literal["voice"], strict: bool = True) -> VoiceResponse: ...
@overload
def parse(xml: str | bytes, *, document: Literal["messaging"], strict: bool = True) -> MessagingResponse: ...
@overload
def parse(
    xml: str | bytes, *, document: Literal["voice", "messaging"] | None = None, strict: bool = True
) -> VoiceResponse | MessagingResponse: ...


def parse(
    xml: str | bytes, *, document: Literal["voice", "messaging"] | None = None, strict: bool = True
) -> VoiceResponse | MessagingResponse:
    """Read a document: `parse(str(response)) == response`.

    Comments, processing instructions, and white space between elements that hold no text are left out.

    Args:
        xml: The document, as text or in any encoding that XML has. At most 262,144 bytes, 100 levels
            and 100 attributes an element; a document type declaration is refused.
        document: What it is; guessed from its verbs where it isn't given.
        strict: Whether what the schema doesn't know is an error. Otherwise it is kept as it is: elements
            as `Raw`, attributes among `extra_attributes`.

    Raises:
        TwimlError: It is no XML, or no TwiML; the message begins with line and column.
        InvalidValue: `xml` is neither text nor bytes, or there is no such `document`.
    """
    try:
        node = read_xml(xml)
    except NotXml as error:
        found = error.problem
        refused = TwimlError("xml", xml[:80], f"a document that can be read ({found.message})")
        refused.args = (f"line {found.line}, column {found.column}: {refused}",)
        raise refused from None
    cls = tables.root(document or tables.guess(node))
    if node.name != tables.ROOT:
        raise _at(node, TwimlError(node.name[:80], node.name, f"a root element {tables.ROOT}"))
    element = _Builder(strict).build(node, cls)
    if isinstance(element, Raw):
        raise _at(node, TwimlError(tables.ROOT, element, "a document"))
    return cast("VoiceResponse | MessagingResponse", element)


class _Builder:
    def __init__(self, strict: bool) -> None:
        self.strict = strict

    def build(self, node: Node, cls: type[Element]) -> Element | Raw:
        """The element that `node` says, or the node as it is where that is none and needn't be."""
        try:
            keywords, extra = self.attributes(node, cls)
            content = self.content(node, cls)
            element = cast("Any", cls)(*content, **keywords)
            element._check_complete()
        except TwimlError as error:
            if self.strict or node.parent is None:
                raise _at(node, error) from None
            return Raw(_written(node))
        element._extra = extra or None
        return cast("Element", element)

    def attributes(self, node: Node, cls: type[Element]) -> tuple[dict[str, object], dict[str, str]]:
        keywords: dict[str, object] = {}
        extra: dict[str, str] = {}
        for wire, raw in node.attributes.items():
            known = tables.attribute(cls, wire)
            if known is None:
                if self.strict and not tables.ignored(wire):
                    wires = [each for each, _ in cls._fields.values()]
                    suggestion = closest(wire, wires)
                    allowed = f"attributes {', '.join(wires)}" if wires else "no attributes"
                    if suggestion is not None:
                        allowed = "an attribute that it has"
                    raise TwimlError(cls.__name__, wire[:80], allowed, suggestion=suggestion)
                if not self.strict:
                    extra[wire] = raw
                continue
            name, value = known
            try:
                keywords[name] = value.read(f"{cls.__name__}.{name}", raw)
            except TwimlError:
                if self.strict:
                    raise
                extra[wire] = raw
        return keywords, extra

    def content(self, node: Node, cls: type[Element]) -> list[object]:
        if issubclass(cls, Container):
            return [child for each in node.children for child in self.child(each, node, cls)]
        if node.elements:
            allowed = "text" if issubclass(cls, TextElement) else "nothing"
            raise TwimlError(cls.__name__, f"<{node.elements[0].name[:80]}>", f"{allowed} inside")
        if issubclass(cls, TextElement):
            return [node.text]
        if node.text.strip(XML_SPACE):
            raise TwimlError(cls.__name__, node.text, "nothing inside")
        return []

    def child(self, child: str | Node, parent: Node, cls: type[Container]) -> list[object]:
        if isinstance(child, str):
            # Between elements, white space is layout; between words it isn't.
            layout = not child.strip(XML_SPACE) and (not cls._mixed or (cls._nouns and parent.elements))
            if layout:
                return []
            return [child] if cls._mixed or self.strict else [Raw(escape(child))]
        known = tables.children(cls).get(child.name)
        if known is not None:
            return [self.build(child, known)]
        if not self.strict:
            return [Raw(_written(child))]
        names = list(tables.children(cls))
        suggestion = closest(child.name, names)
        allowed = listed_children(["text", *names] if cls._mixed else names, suggestion)
        error = TwimlError(cls.__name__, f"<{child.name[:80]}>", f"{allowed} inside", suggestion=suggestion)
        raise _at(child, error)


def _at(node: Node, error: TwimlError) -> TwimlError:
    """The same error, saying where; the innermost place counts."""
    message = str(error)
    if not message.startswith("line "):
        error.args = (f"line {node.line}, column {node.column}: {message}",)
    return error


def _written(node: Node) -> str:
    attributes = "".join([f' {name}="{quote(value)}"' for name, value in node.attributes.items()])
    if not node.children:
        return f"<{node.name}{attributes}/>"
    inner = "".join([escape(child) if isinstance(child, str) else _written(child) for child in node.children])
    return f"<{node.name}{attributes}>{inner}</{node.name}>"
