"""What the schemas say about elements, as frozen records."""

from __future__ import annotations

from attrs import frozen

from codegen.twiml.kinds import Kind


@frozen
class Attribute:
    """An attribute of an element.

    Attributes:
        wire: Its name in XML.
        name: Its name in Python.
        kind: What it may hold.
        doc: What it means, with unit, default and range.
        required: Whether it can't be left out.
        secret: Whether its value is kept out of `repr`.
        events: Event classes of the requests to the URL that it holds.
        deprecated: What to use instead, or None.
    """

    wire: str
    name: str
    kind: Kind
    doc: str
    required: bool = False
    secret: bool = False
    events: tuple[str, ...] = ()
    deprecated: str | None = None


@frozen
class Child:
    """An element that may stand inside another one: its name in XML and its class."""

    tag: str
    type: str


@frozen
class Group:
    """Elements that may stand inside several others; `base` is the group that it extends."""

    name: str
    doc: str
    base: str | None
    children: tuple[Child, ...]


@frozen
class Element:
    """An element, or one of two that share a name.

    Attributes:
        type: Its class.
        tag: Its name in XML.
        doc: What it does.
        link: Twilio's page about it, or None.
        deprecated: What to use instead, or None.
        attributes: Sorted by name.
        text: What its text may hold, where text is all that it has inside.
        text_name: The name of the argument that is the text.
        text_events: Event classes of the requests to the URL that the text is.
        mixed: Whether text may stand between its children.
        group: The group whose elements may stand inside, or None.
        children: What else may stand inside.
        limit: The most children, or None.
        needs: Of these at least one is there: `text`, `*`, a tag, `@attribute`.
        max_length: The most characters of text: of prose with all that stands inside, else of the text
            directly inside.
        max_query: The most characters after a question mark in that text; `max_length` is about what stands
            before it then.
        counts: Children whose text counts as well, where the text is no prose.
        root: Whether it is a document.
    """

    type: str
    tag: str
    doc: str
    link: str | None
    deprecated: str | None
    attributes: tuple[Attribute, ...]
    text: Kind | None = None
    text_name: str = "text"
    text_events: tuple[str, ...] = ()
    mixed: bool = False
    group: str | None = None
    children: tuple[Child, ...] = ()
    limit: int | None = None
    needs: tuple[str, ...] = ()
    max_length: int | None = None
    max_query: int | None = None
    counts: tuple[str, ...] = ()
    root: bool = False


@frozen
class Document:
    """One schema: `voice` or `messaging`."""

    name: str
    doc: str
    groups: tuple[Group, ...]
    elements: tuple[Element, ...]

    def children_of(self, element: Element) -> list[Child]:
        """What may stand inside an element, its group's with it, by class."""
        groups = {group.name: group for group in self.groups}
        children = list(element.children)
        group = element.group
        while group is not None:
            children += groups[group].children
            group = groups[group].base
        return sorted(children, key=lambda child: child.type)
