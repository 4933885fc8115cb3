"""The schemas of `spec/twiml` -> records. xmlschema reads them; every mistake is told with file and line."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from urllib.parse import unquote, urlparse
from xml.etree.ElementTree import Element as XmlElement

from attrs import evolve
from xmlschema import XMLSchema10, XMLSchemaException
from xmlschema.validators import (
    Xsd11Element,
    XsdAtomicRestriction,
    XsdAttribute,
    XsdComplexType,
    XsdElement,
    XsdGroup,
    XsdList,
    XsdSimpleType,
    XsdType,
    XsdUnion,
)

from codegen.problems import Problem, SpecError
from codegen.twiml.kinds import (
    AmountKind,
    BooleanKind,
    ChoiceKind,
    IntegerKind,
    JsonKind,
    Kind,
    ListKind,
    OpenKind,
    PostalKind,
    SecretKind,
    TextKind,
    UrlKind,
    WordsKind,
)
from codegen.twiml.records import Attribute, Child, Document, Element, Group

XS = "{http://www.w3.org/2001/XMLSchema}"
HINT = "{urn:ringback:twiml}hint"
HINTS = {
    "attribute": {"default", "unit", "event", "deprecated", "secret", "known"},
    "complexType": {"text", "needs", "maxLength", "maxQuery", "counts", "event", "json", "deprecated"},
    "simpleType": {"allowed", "url"},
}
# What a URL says of which no event is made: files, and what nobody has told the contents of.
NO_EVENT = "none"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
SPACES = r"[ \t\n\r]*"
SOLID = r"[^ \t\n\r]"
NOT_BLANK = rf"{SPACES}{SOLID}([ \t\n\r]|{SOLID})*"
# What each kind carries of the schema into the elements' tables. `validate` asks the schema only where these
# leave something open, so a facet that they don't carry would never be checked.
CARRIED: dict[type[Kind], frozenset[str]] = {
    AmountKind: frozenset({"minInclusive", "maxInclusive"}),
    BooleanKind: frozenset({"enumeration"}),
    ChoiceKind: frozenset({"enumeration"}),
    IntegerKind: frozenset({"minInclusive", "maxInclusive"}),
    ListKind: frozenset({"minLength", "whiteSpace"}),
    OpenKind: frozenset(),
    PostalKind: frozenset({"enumeration"}),
    TextKind: frozenset({"pattern", "maxLength"}),
    UrlKind: frozenset({"pattern"}),
    WordsKind: frozenset({"pattern", "maxLength"}),
}


def load(folder: Path, name: str, known: Collection[str]) -> Document:
    """The schema `name`.xsd of `folder` with all that it includes.

    Args:
        folder: Where the schemas are.
        name: Which one.
        known: The event classes of `webhooks.yaml`, of which every URL says which it is asked for with.

    Raises:
        SpecError: With every mistake.
    """
    path = folder / f"{name}.xsd"
    try:
        schema = XMLSchema10(str(path.resolve()), allow="local")
    except XMLSchemaException as error:
        raise SpecError(
            [Problem(str(path), _line_of(path, getattr(error, "elem", None)), str(error))]
        ) from error
    return _Reader(schema, name, known).read()


class _Reader:
    """Reads one schema; mistakes are collected and raised together."""

    def __init__(self, schema: XMLSchema10, name: str, known: Collection[str]) -> None:
        self.schema = schema
        self.name = name
        self.known = known
        self.problems: list[Problem] = []
        # Of a simple type xmlschema keeps the restriction inside; its annotation stands one level up.
        self.parents = {
            child: parent
            for part in (schema, *schema.includes.values())
            for parent in part.root.iter()
            for child in parent
        }

    def _declaration(self, component: XsdType | XsdAttribute | XsdGroup) -> XmlElement:
        elem = component.elem
        if isinstance(component, XsdSimpleType) and elem.tag != f"{XS}simpleType":
            return self.parents.get(elem, elem)
        return elem

    def read(self) -> Document:
        tags = self._tags()
        groups = tuple(self._group(group) for group in self.schema.groups.values())
        elements = [
            self._element(kind, tags.get(_name(kind), set()))
            for kind in self.schema.types.values()
            if isinstance(kind, XsdComplexType) and kind.local_name
        ]
        if self.problems:
            raise SpecError(self.problems)
        doc, _ = _documentation(self.schema.root)
        return Document(self.name, doc, _bases_first(groups), tuple(elements))

    def _problem(self, component: XsdType | XsdAttribute | XsdGroup, message: str) -> None:
        path = Path(unquote(urlparse(component.schema.url or "").path))
        line = _line_of(path, self._declaration(component), component.schema.root)
        self.problems.append(Problem(str(path), line, message))

    def _tags(self) -> dict[str, set[str]]:
        """Class -> names under which it stands in documents."""
        tags: dict[str, set[str]] = {}
        models = [kind.content for kind in self.schema.types.values() if isinstance(kind, XsdComplexType)]
        for model in (*models, *self.schema.groups.values()):
            for element in model if isinstance(model, XsdGroup) else ():
                if isinstance(element, XsdElement):
                    tags.setdefault(_name(element.type), set()).add(_name(element))
        for element in self.schema.elements.values():
            tags.setdefault(_name(element.type), set()).add(_name(element))
        return tags

    def _group(self, group: XsdGroup) -> Group:
        bases, children = self._content(group)
        if len(bases) > 1:
            self._problem(group, f"group {group.local_name} extends more than one other group")
        doc, _ = _documentation(group.elem)
        return Group(_name(group), doc, bases[0] if bases else None, children)

    def _content(self, model: XsdGroup) -> tuple[list[str], tuple[Child, ...]]:
        bases: list[str] = []
        children: list[Child] = []
        if len(model) and model.model != "choice":
            self._problem(model, f"an xs:{model.model} isn't carried into the classes: use xs:choice")
        for part in model:
            if (part.min_occurs, part.max_occurs) != (1, 1):
                self._problem(model, "how often a part occurs can be said of the whole model only")
            if isinstance(part, XsdGroup):
                bases.append(_name(part))
            elif isinstance(part, XsdElement) and not isinstance(part, Xsd11Element):
                children.append(Child(_name(part), _name(part.type)))
            else:
                self._problem(model, "a model may hold elements and named groups only")
        return bases, tuple(children)

    def _element(self, kind: XsdComplexType, tags: set[str]) -> Element:
        hints = self._hints(kind, "complexType")
        doc, link = _documentation(kind.elem)
        if not doc:
            self._problem(kind, f"{kind.local_name} has no documentation")
        if len(tags) != 1:
            self._problem(kind, f"{kind.local_name} stands under {len(tags)} names, expected one")
        needs = tuple(hints.get("needs", "").split())
        deprecated = hints.get("deprecated")
        element = Element(
            type=_name(kind),
            tag=next(iter(tags), _name(kind)),
            doc=doc,
            link=link,
            deprecated=deprecated,
            attributes=self._attributes(kind),
            mixed=bool(kind.mixed),
            needs=needs,
            max_length=int(hints["maxLength"]) if "maxLength" in hints else None,
            max_query=int(hints["maxQuery"]) if "maxQuery" in hints else None,
            counts=tuple(hints.get("counts", "").split()),
            root=any(root.type is kind for root in self.schema.elements.values()),
        )
        return self._with_content(kind, element, hints)

    def _with_content(self, kind: XsdComplexType, element: Element, hints: dict[str, str]) -> Element:
        if isinstance(kind.content, XsdSimpleType):
            text = self._kind(kind.content, f"{kind.local_name}Text")
            if hints.get("json"):
                if not isinstance(text, WordsKind) or text.max_length is not None:
                    self._problem(kind, f"the JSON in {kind.local_name} is any text that isn't blank")
                text = JsonKind("json")
            return evolve(
                element,
                text=text,
                text_name=hints.get("text", "text"),
                text_events=self._events(kind, f"the text of {kind.local_name}", text, hints),
            )
        model = kind.content
        groups, children = self._content(model)
        if len(groups) > 1:
            self._problem(kind, f"{kind.local_name} takes more than one group: let one extend the other")
        if model.min_occurs > 1 or model.max_occurs not in (None, 1):
            self._problem(kind, f"{kind.local_name} may ask for one element at least, and take one at most")
        needs = element.needs or (("*",) if model.min_occurs and (groups or children) else ())
        if model.min_occurs and (groups or children) and (element.mixed or "*" not in needs):
            self._problem(kind, f"{kind.local_name} can't need an element, and be content with other things")
        return evolve(
            element,
            group=groups[0] if groups else None,
            children=children,
            limit=model.max_occurs if groups or children else None,
            needs=needs,
        )

    def _attributes(self, kind: XsdComplexType) -> tuple[Attribute, ...]:
        found = [
            self._attribute(kind, attribute)
            for attribute in kind.attributes.values()
            if isinstance(attribute, XsdAttribute)
        ]
        return tuple(sorted(found, key=lambda attribute: attribute.name))

    def _attribute(self, owner: XsdComplexType, attribute: XsdAttribute) -> Attribute:
        hints = self._hints(attribute, "attribute")
        is_lang = attribute.name == XML_LANG
        wire = "xml:lang" if is_lang else attribute.local_name
        doc, _ = _documentation(attribute.elem)
        if not doc:
            self._problem(attribute, f"{wire} of {owner.local_name} has no documentation")
        if is_lang:
            kind: Kind = self._language(hints)
        else:
            kind = self._kind(attribute.type, f"{owner.local_name}.{wire}")
        if attribute.fixed is not None:
            self._problem(attribute, f"{wire} of {owner.local_name} is fixed, which isn't carried over")
        if hints.get("secret") == "true":
            if kind != TextKind(kind.name):
                self._problem(attribute, f"{wire} of {owner.local_name} is secret, and takes any text")
            kind = SecretKind("secret")
        return Attribute(
            wire=wire,
            name=python_name(wire),
            kind=kind,
            doc=_full_doc(doc, kind, hints),
            required=attribute.use == "required",
            secret=hints.get("secret") == "true",
            events=self._events(attribute, f"{wire} of {owner.local_name}", kind, hints),
            deprecated=hints.get("deprecated"),
        )

    def _events(
        self, component: XsdType | XsdAttribute, called: str, kind: Kind, hints: dict[str, str]
    ) -> tuple[str, ...]:
        """The events of the requests to a URL, which has to name them or to say that there are none."""
        names = tuple(hints.get("event", "").split())
        if isinstance(kind, UrlKind) != bool(names):
            expected = "expected a hint `event`" if not names else "expected no hint `event`"
            what = "holds a URL" if not names else "holds no URL"
            self._problem(
                component, f"{called} {what}: {expected} (`none` where no event is made of the requests)"
            )
        if names == (NO_EVENT,):
            return ()
        for name in names:
            if name not in self.known:
                self._problem(component, f"{called}: {name!r} is no event of webhooks.yaml")
        return names

    def _language(self, hints: dict[str, str]) -> Kind:
        """The type of xml:lang, which the schema of the xml namespace has the say about."""
        known = self.schema.types[hints["known"]]
        assert isinstance(known, XsdSimpleType)  # noqa: S101  (told to the type checker)
        doc, _ = _documentation(self._declaration(known))
        words = tuple(str(word) for word in known.enumeration or ())
        other = TextKind(
            "xmlLang", "a language tag such as en-US", "([A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*)?", trimmed=True
        )
        return OpenKind("phraseLanguage", doc, words, other)

    def _hints(self, component: XsdType | XsdAttribute, where: str) -> dict[str, str]:
        hints: dict[str, str] = {}
        for annotation in self._declaration(component).findall(f"{XS}annotation"):
            for hint in annotation.iter(HINT):
                hints.update(hint.attrib)
        unknown = sorted(set(hints) - HINTS[where])
        if unknown:
            known = ", ".join(sorted(HINTS[where]))
            self._problem(component, f"unknown hint {unknown[0]!r}; on xs:{where}, there are {known}")
        return hints

    def _kind(self, kind: XsdType, anonymous: str) -> Kind:
        """The kind of a simple type; `anonymous` names it where the schema doesn't."""
        made = self._read_kind(kind, anonymous)
        for base in _bases(kind):
            if f"{{{base.target_namespace}}}" == XS or not isinstance(base, XsdSimpleType):
                continue
            facets = {str(name).removeprefix(XS) for name in base.facets}
            for facet in sorted(facets - CARRIED[type(made)]):
                self._problem(kind, f"{made.name}: xs:{facet} isn't carried into the classes")
            if isinstance(made, ListKind) and base.min_length not in (None, 1):
                self._problem(kind, f"{made.name}: a list may ask for one item at least, not for more")
        return made

    def _read_kind(self, kind: XsdType, anonymous: str) -> Kind:
        name = kind.local_name or anonymous
        if not isinstance(kind, XsdSimpleType):
            self._problem(kind, f"{name} isn't a simple type")
            return TextKind(name)
        hints = self._hints(kind, "simpleType")
        doc, _ = _documentation(self._declaration(kind))
        if name == "boolean":
            return BooleanKind(name)
        if name == "booleanOrText":
            return PostalKind(name)
        if kind.is_list():
            items = kind.primitive_type if isinstance(kind, XsdAtomicRestriction) else kind
            assert isinstance(items, XsdList)  # noqa: S101  (told to the type checker)
            return ListKind(name, self._kind(items.item_type, f"{name}Item"))
        if isinstance(kind, XsdUnion):
            return self._union(kind, name, doc)
        if kind.enumeration:
            return ChoiceKind(name, doc, tuple(str(word) for word in kind.enumeration))
        assert isinstance(kind, XsdAtomicRestriction)  # noqa: S101
        if kind.primitive_type.local_name == "decimal":
            return self._number(kind, name)
        return self._text(kind, name, hints)

    def _union(self, union: XsdUnion, name: str, doc: str) -> Kind:
        named = [member for member in union.member_types if member.enumeration]
        others = [member for member in union.member_types if not member.enumeration]
        if len(named) != 1 or len(others) != 1:
            self._problem(union, f"{name}: expected a union of an enumeration and one other type")
            return TextKind(name)
        self._kind(named[0], f"{name}Word")
        words = tuple(str(word) for word in named[0].enumeration or ())
        other = self._kind(others[0], f"{name}Other")
        if isinstance(other, IntegerKind):
            return IntegerKind(name, other.low, other.high, words)
        if isinstance(other, TextKind):
            return OpenKind(name, doc, words, other)
        self._problem(union, f"{name}: expected an enumeration with integers or text")
        return TextKind(name)

    def _number(self, kind: XsdAtomicRestriction, name: str) -> Kind:
        if kind.min_value is None or kind.max_value is None:
            self._problem(kind, f"{name} needs minInclusive and maxInclusive")
            return TextKind(name)
        if any(base.local_name == "integer" for base in _bases(kind)):
            return IntegerKind(name, int(str(kind.min_value)), int(str(kind.max_value)))
        return AmountKind(name, str(kind.min_value), str(kind.max_value))

    def _text(self, kind: XsdAtomicRestriction, name: str, hints: dict[str, str]) -> Kind:
        own = [base for base in _bases(kind) if f"{XS}pattern" in getattr(base, "facets", {})]
        if len(own) > 1:
            self._problem(kind, f"{name} has patterns at more than one level")
        patterns = kind.patterns.regexps if kind.patterns is not None else []
        trimmed = bool(patterns) and all(
            each.startswith(SPACES) and each.endswith(SPACES) for each in patterns
        )
        if trimmed:
            patterns = [each.removeprefix(SPACES).removesuffix(SPACES) for each in patterns]
        pattern = patterns[0] if len(patterns) == 1 else "|".join(f"({each})" for each in patterns) or None
        allowed = hints.get("allowed")
        for base in _bases(kind):
            if allowed is None and isinstance(base, XsdSimpleType):
                allowed = self._hints(base, "simpleType").get("allowed")
                hints = {**self._hints(base, "simpleType"), **hints}
        if pattern is not None and allowed is None:
            self._problem(kind, f"{name} has a pattern and no hint `allowed` that says it in words")
        length = kind.max_length
        if hints.get("url") == "true":
            # White space is refused by every URL; what else the pattern says is kept.
            rest = None if pattern in (f"{SOLID}*", f"{SOLID}+") else pattern
            return UrlKind(name, allowed or "", rest, optional=pattern == f"{SOLID}*")
        if pattern == NOT_BLANK:
            return WordsKind(name, allowed or "", pattern, length)
        return TextKind(name, allowed or "text", pattern, length, trimmed)


def _name(component: XsdType | XsdElement | XsdGroup) -> str:
    name = component.local_name
    assert name is not None, f"{component} stands where only what has a name can stand"  # noqa: S101
    return name


def python_name(wire: str) -> str:
    """PEP 8's spelling of a name in XML: `statusCallback` -> `status_callback`, `for` -> `for_`."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", wire).lower().replace("-", "_").replace(":", "_")
    return f"{name}_" if keyword.iskeyword(name) else name


def _full_doc(doc: str, kind: Kind, hints: dict[str, str]) -> str:
    """`doc` with what the schema says about unit, range, default and age."""
    facts: list[str] = []
    if kind.span:
        facts.append(kind.span)
    if "unit" in hints:
        facts.append(f"in {hints['unit']}" if facts else f"In {hints['unit']}")
    if "default" in hints:
        facts.append(f"{'default' if facts else 'Default'}: `{hints['default']}`")
    # The schema speaks of attributes as they stand in documents; a docstring, as they stand in Python.
    spoken = re.sub(r"`([a-z]+(?:[A-Z][a-z]*)+)`", lambda name: f"`{python_name(name[1])}`", doc)
    sentences = [spoken, f"{', '.join(facts)}." if facts else ""]
    if "deprecated" in hints:
        sentences.append(f"Deprecated: {hints['deprecated']}.")
    return " ".join(sentence for sentence in sentences if sentence)


def _documentation(elem: XmlElement) -> tuple[str, str | None]:
    """The words and the link in an annotation."""
    for annotation in elem.findall(f"{XS}annotation"):
        for documentation in annotation.iter(f"{XS}documentation"):
            return " ".join((documentation.text or "").split()), documentation.get("source")
    return "", None


def _bases(kind: XsdType | None) -> Iterator[XsdType]:
    while kind is not None:
        yield kind
        kind = kind.base_type


def _bases_first(groups: tuple[Group, ...]) -> tuple[Group, ...]:
    ordered: list[Group] = []
    waiting = list(groups)
    while waiting:
        ready = [group for group in waiting if group.base is None or group.base in {g.name for g in ordered}]
        ordered += ready
        waiting = [group for group in waiting if group not in ready]
    return tuple(ordered)


def _line_of(path: Path, elem: XmlElement | None, root: XmlElement | None = None) -> int:
    """Where a component begins; ElementTree doesn't keep lines, but the order of those that share a name."""
    name = None if elem is None else elem.get("name")
    if name is None or not path.is_file():
        return 0
    lines = [
        number
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if f'name="{name}"' in line
    ]
    namesakes = [each for each in (root.iter() if root is not None else ()) if each.get("name") == name]
    place = next((place for place, each in enumerate(namesakes) if each is elem), 0)
    return lines[place] if place < len(lines) else 0
