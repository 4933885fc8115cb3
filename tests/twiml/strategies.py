"""Arbitrary TwiML: trees made of the classes, by what the classes say of themselves."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, cast

from hypothesis import strategies as st

from ringback._core.twiml import values as values
from ringback._core.twiml.elements import Container, Element, TextElement
from ringback.errors import TwimlError
from ringback.twiml import tables

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from tests.twiml.support import DocumentName

CHARACTERS = st.one_of(
    st.sampled_from("<>&\"' \t\n\r;]\u00a0\u2028\ufffd\U0001f4de"),
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"),
)
TEXT = st.text(CHARACTERS, max_size=20)
SOLID = st.text(CHARACTERS.filter(lambda c: c not in values.XML_SPACE), min_size=1, max_size=20)


def value(kind: values.Value) -> SearchStrategy[object]:
    """What a program may give where `kind` is expected."""
    match kind:
        case values.Listed():
            return st.lists(value(kind.item), min_size=1, max_size=3)
        case values.Postal():
            return st.booleans() | TEXT
        case values.Switch():
            return st.booleans() | st.sampled_from(kind.words)
        case values.Choice():
            return st.sampled_from(kind.words)
        case values.Boolean():
            return st.booleans()
        case values.Amount():
            return st.decimals(kind.low, kind.high, allow_nan=False, allow_infinity=False, places=6)
        case values.Integer():
            numbers = st.integers(kind.low, kind.high)
            return numbers | st.sampled_from(kind.words) if kind.words else numbers
        case values.Json():
            return st.dictionaries(TEXT, TEXT | st.integers() | st.none()).map(json.dumps)
        case values.Text():
            return _text(kind)
        case _:
            raise AssertionError(f"no strategy for {kind!r}")


def _text(kind: values.Text) -> SearchStrategy[object]:
    if isinstance(kind, values.Url) and kind.pattern is None:
        return SOLID | st.just("") if kind.optional else SOLID
    if isinstance(kind, values.Words):
        return st.tuples(TEXT, SOLID, TEXT).map("".join).map(lambda text: text[: kind.max_length])
    if kind.pattern is None:
        return TEXT.map(lambda text: text[: kind.max_length])
    matching = st.from_regex(re.compile(kind.pattern), fullmatch=True, alphabet=CHARACTERS)
    if isinstance(kind, values.Url) and not kind.optional:
        matching = matching.filter(lambda text: bool(text.strip(values.XML_SPACE)))
    if isinstance(kind, values.Known):
        return matching | st.sampled_from(kind.words)
    return matching.filter(lambda text: kind.max_length is None or len(text) <= kind.max_length)


@st.composite
def elements(draw: DrawFn, cls: type[Element], depth: int = 3) -> Element:
    """An element of a class, complete, with children down to `depth`."""
    attributes: dict[str, Any] = {}
    for name, (_, kind) in cls._fields.items():
        if name in cls._required or draw(st.integers(0, 3)) == 0:
            attributes[name] = draw(value(kind))
    content = draw(_content(cls, depth))
    for name in (need[1:] for need in cls._needs if need.startswith("@")):
        python = next(known for known, (wire, _) in cls._fields.items() if wire == name)
        if not content or content == [""]:
            attributes[python] = draw(value(cls._fields[python][1]))
    element = cast("Any", cls)(*content, **attributes)
    assert isinstance(element, Element)
    return element


@st.composite
def _content(draw: DrawFn, cls: type[Element], depth: int) -> list[object]:
    if issubclass(cls, TextElement):
        return [draw(value(cls._kind))]
    if not issubclass(cls, Container):
        return []
    known = tables.children(cls)
    must = [need for need in cls._needs if not need.startswith("@")]
    content: list[object] = []
    if must:
        need = draw(st.sampled_from(must))
        if need == "text":
            content.append(draw(SOLID))
        else:
            child = known[need] if need != "*" else draw(st.sampled_from(list(known.values())))
            content.append(draw(elements(child, depth - 1)))
    room = 3 if cls._limit is None else cls._limit - len(content)
    for _ in range(draw(st.integers(0, room)) if depth > 0 and room > 0 else 0):
        if cls._mixed and draw(st.booleans()):
            content.append(draw(SOLID if cls._nouns else TEXT))
        else:
            content.append(draw(elements(draw(st.sampled_from(list(known.values()))), depth - 1)))
    return content


@st.composite
def documents(draw: DrawFn, document: DocumentName) -> Element:
    """A whole document that can be written."""
    return draw(elements(tables.root(document)).filter(_fits))


def _fits(element: Element) -> bool:
    """Whether neighbouring texts are not longer together than is allowed."""
    try:
        str(element)
    except TwimlError as error:
        if "at most" in error.allowed:
            return False
        raise
    return True
