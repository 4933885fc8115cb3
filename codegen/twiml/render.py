"""Records -> the modules of `_generated/twiml`: `voice`, `messaging`, and the type aliases in `types`."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

from codegen.emit import BANNER, format_source
from codegen.twiml.kinds import Alias, Kind, OpenKind
from codegen.twiml.load import python_name
from codegen.twiml.records import Attribute, Child, Document, Element, Group

FOLDER = "twiml"
WIDTH = 110
# What `_core/twiml/elements.py` gives all elements, after an underscore.
TAKEN = {
    *(
        "allowed",
        "attributes",
        "children",
        "counted",
        "extra",
        "fields",
        "items",
        "key",
        "kind",
        "limit",
        "mixed",
        "needs",
    ),
    *("required", "root", "secrets", "tag", "text", "text_limit", "text_name", "values", "xml"),
}


def render_modules(documents: list[Document]) -> dict[str, str]:
    """Every file below `_generated`."""
    name = f"{FOLDER}/__init__.py"
    files = {name: format_source(_names(documents), name)}
    for document in documents:
        name = f"{FOLDER}/{document.name}.py"
        files[name] = format_source(_Module(document).render(), name)
    name = f"{FOLDER}/types.py"
    files[name] = format_source(_types(documents), name)
    return files


def _names(documents: list[Document]) -> str:
    """The package: which element is where, so that a module is imported when it is needed."""
    homes: dict[str, str] = {}
    for document in documents:
        for element in document.elements:
            # Of two elements of one name, the first document's is meant.
            homes.setdefault(element.type, document.name)
    imports = [
        f"    from ringback._generated.twiml.{home} import {name} as {name}"
        for name, home in sorted(homes.items(), key=lambda item: (item[1], item[0]))
    ]
    return "\n".join(
        [
            BANNER,
            '"""TwiML elements; their public home is `ringback.twiml`."""',
            "",
            "from __future__ import annotations",
            "",
            "from typing import TYPE_CHECKING",
            "",
            "if TYPE_CHECKING:",
            *imports,
            "",
            f"__all__ = [{', '.join(repr(name) for name in sorted(homes))}]",
            "",
            f"HOMES = {dict(sorted(homes.items()))!r}",
            '"""The module that each of them is in."""',
        ]
    )


def _types(documents: list[Document]) -> str:
    aliases: dict[str, Alias] = {}
    for document in documents:
        for kind in _kinds(document):
            if kind.alias is not None:
                aliases[kind.alias.name] = kind.alias
    lines = [
        BANNER,
        '"""What the attributes of TwiML elements may be, by name; nothing here is needed at run time."""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import Literal, TypeAlias",
        "",
        f"__all__ = [{', '.join(repr(name) for name in sorted(aliases))}]",
        "",
    ]
    for _, alias in sorted(aliases.items()):
        lines += [f"{alias.name}: TypeAlias = {alias.annotation}", f'"""{alias.doc}"""', ""]
    return "\n".join(lines)


def _kinds(document: Document) -> Iterable[Kind]:
    for element in document.elements:
        if element.text is not None:
            yield element.text
        for attribute in element.attributes:
            yield attribute.kind


class _Module:
    """Renders one document's module."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.elements = {element.type: element for element in document.elements}

    def render(self) -> str:
        body = [self._group(group) for group in self.document.groups]
        body += [self._element(element) for element in self.document.elements]
        return "\n".join(
            [
                BANNER,
                f'"""{_wrap(self.document.doc, "")}\n"""',
                "",
                "from __future__ import annotations",
                "",
                "from typing import TYPE_CHECKING",
                "",
                *self._imports(),
                f"__all__ = [{', '.join(repr(name) for name in sorted(self.elements))}]",
                "",
                *self._constants(),
                *body,
            ]
        )

    def _imports(self) -> list[str]:
        events, aliases = imported(self.document)
        # `format_source` drops those that aren't used.
        bases = "Container, Element, NoSuchAttribute, Raw, RequiringType, TextElement"
        values = (
            "Amount, Boolean, Choice, Integer, Json, Known, Listed, Postal, Secret, Switch, Text, Url, Words"
        )
        return [
            f"from ringback._core.twiml.elements import {bases}",
            f"from ringback._core.twiml.values import {values}, link, quote, text, way_to",
            "",
            "if TYPE_CHECKING:",
            "    from collections.abc import Mapping, Sequence",
            "    from decimal import Decimal",
            "    from typing import Literal",
            "",
            "    from ringback._core.webhooks.events import Target",
            f"    from ringback._generated.webhooks import {', '.join(events)}",
            f"    from ringback._generated.twiml.types import {', '.join(aliases)}" if aliases else "",
            "",
        ]

    def _constants(self) -> list[str]:
        checks: dict[str, str] = {}
        for kind in _kinds(self.document):
            if checks.setdefault(kind.constant, kind.check) != kind.check:
                raise AssertionError(f"two kinds are called {kind.constant}")
        return [f"{name} = {check}" for name, check in sorted(checks.items())]

    # Groups and children

    def _group(self, group: Group) -> str:
        base = _mixin(group.base) if group.base else "Container"
        return "\n".join(
            [
                "",
                f"class {_mixin(group.name)}({base}):",
                f'    """{group.doc}"""',
                "",
                "    __slots__ = ()",
                "",
                *(self._adder(child, frozenset()) for child in group.children),
            ]
        )

    def _children(self, element: Element) -> list[Child]:
        return self.document.children_of(element)

    def _child_types(self, element: Element) -> str:
        return child_types(self.document, element)

    def _adder(self, child: Child, taken: frozenset[str]) -> str:
        element = self.elements[child.type]
        method = python_name(child.tag)
        if method in taken:
            method = f"add_{method}"
        article = "an" if child.type[0] in "AEIO" else "a"
        return "\n".join(
            [
                f"    def {method}({self._parameters(element)}) -> {child.type}:",
                f'        """Add {article} `{child.type}` with these arguments, and return it."""',
                "        if unknown:",
                f"            {child.type}._refuse(unknown)",
                # A call of the class would pack the arguments into a dictionary, which doubles the time.
                f"        added = {child.type}.__new__({child.type})",
                f"        added._set({', '.join(self._names(element))})",
                "        self._push(added)",
                "        return added",
                "",
            ]
        )

    # Elements

    def _parameters(self, element: Element) -> str:
        parameters = ["self"]
        if element.text is not None:
            default = ' = ""' if self._text_optional(element) else ""
            parameters += [f"{element.text_name}: {self._text_type(element)}{default}", "/"]
        has_children = bool(self._children(element))
        if has_children:
            parameters.append(f"*children: {self._child_types(element)}")
        else:
            parameters.append("*")
        for attribute in element.attributes:
            given = annotation(attribute.kind, attribute.events)
            parameters.append(
                f"{attribute.name}: {given}"
                if attribute.required
                else f"{attribute.name}: {given} | None = None"
            )
        parameters.append("extra_attributes: Mapping[str, str] | None = None")
        # Caught, and not left to Python, so that the error can say what was probably meant.
        parameters.append("**unknown: NoSuchAttribute")
        return ", ".join(parameters)

    def _names(self, element: Element) -> list[str]:
        """What `_set` is given, in order."""
        names = [attribute.name for attribute in element.attributes]
        if element.text is not None:
            names.insert(0, element.text_name)
        elif self._children(element):
            names.insert(0, "children")
        return [*names, "extra_attributes"]

    def _set_parameters(self, element: Element) -> str:
        parameters = ["self"]
        if element.text is not None:
            parameters.append(f"{element.text_name}: {self._text_type(element)}")
        elif self._children(element):
            parameters.append(f"children: tuple[{self._child_types(element)}, ...]")
        for attribute in element.attributes:
            optional = "" if attribute.required else " | None"
            parameters.append(f"{attribute.name}: {annotation(attribute.kind, attribute.events)}{optional}")
        parameters.append("extra_attributes: Mapping[str, str] | None")
        return ", ".join([*parameters, "/"])

    def _text_optional(self, element: Element) -> bool:
        return bool(getattr(element.text, "optional", False))

    def _text_type(self, element: Element) -> str:
        assert element.text is not None  # noqa: S101  (told to the type checker)
        return annotation(element.text, element.text_events)

    def _element(self, element: Element) -> str:
        has_children = bool(self._children(element))
        if element.text is not None:
            base = "TextElement"
        elif has_children:
            base = _mixin(element.group) if element.group else "Container"
        else:
            base = "Element"
        required = [attribute.name for attribute in element.attributes if attribute.required]
        needs_text = element.text is not None and not self._text_optional(element)
        requiring = ", metaclass=RequiringType" if required or needs_text else ""
        names = [attribute.name for attribute in element.attributes]
        for name in TAKEN.intersection(names):
            raise AssertionError(
                f"{element.type}.{name} would hide what all elements have: rename _{name} there"
            )
        lines = [
            "",
            f"class {element.type}({base}{requiring}):",
            f'    """{self._docstring(element)}"""',
            "",
            f"    __slots__ = {_tuple(f'_{name}' for name in names)}",
            "",
            f'    _tag = "{element.tag}"',
            f'    _key = "{self.document.name}.{element.type}"',
        ]
        if element.attributes:
            fields = ", ".join(f'"{a.name}": ("{a.wire}", {a.kind.constant})' for a in element.attributes)
            lines.append(f"    _fields = {{{fields}}}")
        if required:
            lines.append(f"    _required = {_tuple(required)}")
        secrets = [attribute.name for attribute in element.attributes if attribute.secret]
        if secrets:
            lines.append(f"    _secrets = frozenset({secrets!r})")
        deprecated = {a.name: a.deprecated for a in element.attributes if a.deprecated}
        if element.deprecated:
            deprecated[""] = element.deprecated
        if deprecated:
            lines.append(f"    _deprecated = {deprecated!r}")
        others = {a.name: a.kind.annotation for a in element.attributes if isinstance(a.kind, OpenKind)}
        if others:
            lines.append(f"    _open = {others!r}")
        if element.needs:
            lines.append(f"    _needs = {element.needs!r}")
        if element.max_length is not None:
            lines.append(f"    _text_limit = {element.max_length}")
            if element.group is None:
                lines.append(f"    _counted = {_tuple(element.counts)}")
        if element.max_query is not None:
            lines.append(f"    _query_limit = {element.max_query}")
        if element.root:
            lines.append("    _root = True")
        if element.text is not None:
            lines.append(f"    _kind = {element.text.constant}")
            lines.append(f'    _text_name = "{element.text_name}"')
            lines.append(f"    _text: {annotation(element.text, element.text_events, stored=True)}")
        if has_children:
            allowed = [f"{self.document.name}.{child.type}" for child in self._children(element)]
            lines.append(f"    _allowed = frozenset({[*allowed, 'Raw']!r})")
            if element.mixed:
                lines.append("    _mixed = True")
                if element.group is None:
                    lines.append("    _nouns = True")
            if element.limit is not None:
                lines.append(f"    _limit = {element.limit}")
        lines += ["", *self._init(element, has_children), "", *self._properties(element, has_children)]
        lines += [self._adder(child, frozenset(names)) for child in element.children]
        if has_children:
            lines += [
                f"    def append(self, *children: {self._child_types(element)}) -> None:",
                '        """Add children that have been made already."""',
                "        for child in children:",
                "            self._adopt(child)",
                "",
            ]
        lines += self._writer(element)
        return "\n".join(lines)

    def _init(self, element: Element, has_children: bool) -> list[str]:
        lines = [
            f"    def __init__({self._parameters(element)}) -> None:",
            "        if unknown:",
            "            self._refuse(unknown)",
            f"        self._set({', '.join(self._names(element))})",
            "",
            f"    def _set({self._set_parameters(element)}) -> None:",
            "        self._extra = None",
        ]
        for attribute in element.attributes:
            events = f", {attribute.events!r}" if attribute.events else ""
            name = attribute.name
            check = f'{attribute.kind.constant}.check("{element.type}.{name}", {name}{events})'
            if not attribute.required:
                links = _links_asked_by(element, name)
                unless = "None" if links is None else f"way_to({links})"
                check = f"{unless} if {attribute.name} is None else {check}"
            lines.append(f"        self._{attribute.name}: {_stored(attribute)} = {check}")
        lines += ["        if extra_attributes:", "            self._accept_extra(extra_attributes)"]
        if element.text is not None:
            name = element.text_name
            events = f", {element.text_events!r}" if element.text_events else ""
            lines.append(
                f'        self._text = {element.text.constant}.check("{element.type}.{name}", {name}{events})'
            )
            if element.needs:
                lines += ["        if not self._text:", "            self._check_complete()"]
        if element.mixed and element.group is not None:
            # By far the most common, so it is worth a shortcut.
            lines += [
                "        if len(children) == 1 and type(children[0]) is str:",
                f'            self._children = text("{element.type}", children[0])',
                "        else:",
                "            self._fill(children)",
            ]
        elif has_children:
            lines += [
                '        self._children = ""',
                "        if children:",
                "            self._fill(children)",
            ]
        return lines

    def _properties(self, element: Element, has_children: bool) -> list[str]:
        lines: list[str] = []
        if element.text is not None:
            events = element.text_events
            lines += _property("text", annotation(element.text, events, stored=True), "self._text")
        if has_children:
            lines += _property("children", f"tuple[{self._child_types(element)}, ...]", "self._items()")
        for attribute in element.attributes:
            lines += _property(attribute.name, _stored(attribute), f"self._{attribute.name}")
        return lines

    def _writer(self, element: Element) -> list[str]:
        if not element.attributes:
            return []
        lines = ["    def _attributes(self) -> str:", '        written = ""']
        for attribute in element.attributes:
            value = f"self._{attribute.name}"
            addition = f"written += {attribute.kind.written(attribute.wire, value)}"
            if attribute.required:
                lines.append(f"        {addition}")
            else:
                lines += [f"        if {value} is not None:", f"            {addition}"]
        lines += ["        return written if self._extra is None else written + self._extras()", ""]
        return lines

    def _docstring(self, element: Element) -> str:
        doc = element.doc
        if element.deprecated:
            doc += f" Deprecated: {element.deprecated}."
        parts = [_wrap(doc, "    ")]
        if element.link:
            parts.append(f"See {element.link}")
        if element.attributes:
            attributes = [_attribute_doc(attribute) for attribute in element.attributes]
            parts.append("\n".join(["Attributes:", *attributes]))
        if len(parts) == 1 and len(parts[0]) < WIDTH - 10:
            return parts[0]
        return "\n\n    ".join(parts) + "\n    "


def _links_asked_by(element: Element, method: str) -> str | None:
    """The attribute, or the text, with the URL that an attribute says the method of, where it may be a
    handler's.
    """
    links = [attribute.name for attribute in element.attributes if attribute.events]
    if element.text is not None and element.text_events:
        links.append(element.text_name)
    for link in links:
        if method in (f"{link}_method", f"{link.removesuffix('url')}method"):
            return link
    return next((link for link in links if method == "method" and link in ("action", "url")), None)


def _stored(attribute: Attribute) -> str:
    written = annotation(attribute.kind, attribute.events, stored=True)
    return written if attribute.required else f"{written} | None"


def _property(name: str, returns: str, expression: str) -> list[str]:
    return ["    @property", f"    def {name}(self) -> {returns}:", f"        return {expression}", ""]


def imported(document: Document) -> tuple[list[str], list[str]]:
    """The events and the types of `twiml.types` that annotations of a document's elements name."""
    events = {event for element in document.elements for event in element.text_events}
    for element in document.elements:
        events |= {event for attribute in element.attributes for event in attribute.events}
    types = {kind.alias.name for kind in _kinds(document) if kind.alias is not None}
    return sorted(events), sorted(types)


def child_types(document: Document, element: Element) -> str:
    """The annotation of what may stand inside an element."""
    types = [child.type for child in document.children_of(element)]
    return " | ".join([*(["str"] if element.mixed else []), *types, "Raw"])


def annotation(kind: Kind, events: tuple[str, ...], *, stored: bool = False) -> str:
    """The annotation of a value that is given, or of what is `stored` of it."""
    written = kind.stored if stored else kind.annotation
    targets = "".join(f" | Target[{event}]" for event in events)
    return written.replace("{events}", targets)


def _attribute_doc(attribute: Attribute) -> str:
    text = f"{attribute.name}: {attribute.doc}"
    if attribute.required:
        text += " Required."
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=" " * 8,
        subsequent_indent=" " * 12,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _wrap(text: str, indent: str) -> str:
    first, _, rest = text.partition(". ")
    if rest and len(first) < WIDTH - 8:
        body = textwrap.fill(
            rest,
            WIDTH,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        return f"{first}.\n\n{body}"
    return textwrap.fill(
        text, WIDTH - 4, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _tuple(words: Iterable[str]) -> str:
    return f"({''.join(f'{word!r}, ' for word in words)})"


def _mixin(group: str) -> str:
    return f"_{re.sub('^.', lambda letter: letter[0].upper(), group)}"
