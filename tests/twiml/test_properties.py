"""Whatever can be built can be written, passes both validators, and is read back as it was."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from ringback._core.twiml.elements import Element
from ringback._core.twiml.values import link
from ringback.errors import TwimlError
from ringback.twiml import Gather, Say, VoiceResponse, lint, parse, tables, validate
from tests.twiml.strategies import documents
from tests.twiml.support import infoset, lxml_root, lxml_schema

if TYPE_CHECKING:
    from tests.twiml.support import DocumentName, Infoset

slow = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@pytest.mark.parametrize("document", ["voice", "messaging"])
@slow
@given(st.data())
def test_trees_survive_writing_checking_and_reading(
    document: Literal["voice", "messaging"], data: st.DataObject
) -> None:
    tree = data.draw(documents(document))
    xml = str(tree)
    root = lxml_root(xml)
    assert infoset(root) == expected(tree)
    assert lxml_schema(document).validate(root), lxml_schema(document).error_log
    assert validate(xml, document=document) == []
    assert parse(xml, document=document) == tree
    assert parse(xml, document=document, strict=False) == tree
    assert parse(xml.replace("UTF-8", "UTF-16").encode("utf-16"), document=document) == tree
    assert [problem for problem in lint(xml, document=document) if problem.severity == "error"] == []
    assert pickle.loads(pickle.dumps(tree)) == tree == copy.deepcopy(tree)  # noqa: S301


def expected(element: Element) -> Infoset:
    """What a parser should find, from the object itself."""
    attributes = {
        wire.replace("xml:", "{http://www.w3.org/XML/1998/namespace}"): kind.write(getattr(element, name))
        for name, (wire, kind) in element._fields.items()
        if getattr(element, name) is not None
    }
    children: list[Any] = [
        expected(child) if isinstance(child, Element) else link(child) for child in element.children
    ]
    return element._tag, attributes, children


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters()))
def test_any_text_is_read_back_by_another_parser_or_refused(text: str) -> None:
    try:
        say = str(VoiceResponse(Say(text or "-")))
        gather = str(VoiceResponse(Gather(hints=text)))
        number = str(VoiceResponse().dial().number(text)) if text.strip(" \t\r\n") else ""
    except TwimlError:
        unwritable = any(
            (ord(c) < 32 and c not in "\t\n\r") or 0xD800 <= ord(c) < 0xE000 or c in "\ufffe\uffff"
            for c in text
        )
        assert unwritable or not text.strip(" \t\r\n")
        return
    assert lxml_root(say)[0].text == (text or "-")
    assert lxml_root(gather)[0].get("hints") == text
    if number:
        assert etree.fromstring(number).text == text


NAMES = [
    "Say",
    "Play",
    "Gather",
    "Dial",
    "Number",
    "Message",
    "Body",
    "break",
    "say-as",
    "Redirect",
    "Nope",
    "Sip",
]
WIRES = ["voice", "loop", "numDigits", "timeout", "input", "action", "time", "nope", "interpret-as", "url"]
RAW = st.sampled_from(
    ["", "1", " 1 ", "0", "+5", "1_0", "٣", "true", "dtmf", "dtmf speech", "2s", "/a b", "x" * 70]
)


@st.composite
def soups(draw: st.DrawFn, depth: int = 3) -> str:
    """Elements that may or may not be TwiML."""
    name = draw(st.sampled_from(NAMES))
    attributes = draw(st.dictionaries(st.sampled_from(WIRES), RAW, max_size=3))
    written = "".join(f' {wire}="{raw}"' for wire, raw in attributes.items())
    texts = st.sampled_from(["", " ", "text", "\n  "])
    inside = texts | soups(depth - 1) if depth else texts
    return f"<{name}{written}>{''.join(draw(st.lists(inside, max_size=3)))}</{name}>"


@slow
@given(st.lists(soups(), max_size=3))
def test_validators_agree_and_nothing_is_lost_where_anything_goes(parts: list[str]) -> None:
    xml = f"<Response>{''.join(parts)}</Response>"
    root = lxml_root(xml)
    for document in ("voice", "messaging"):
        problems = validate(xml, document=document)
        assert (problems == []) == lxml_schema(document).validate(root), problems
        kept = parse(xml, document=document, strict=False)
        assert stripped(infoset(lxml_root(str(kept)))) == stripped(infoset(root))
        assert parse(str(kept), document=document, strict=False) == kept
        try:
            strict = parse(xml, document=document)
        except TwimlError:
            errors = [problem for problem in lint(xml, document=document) if problem.severity == "error"]
            assert problems or errors
        else:
            assert not problems
            assert strict == kept


def stripped(given: Infoset) -> Infoset:
    """Without layout, and with numbers and lists as they are written afresh."""
    name, attributes, children = given
    neat = {wire: " ".join(raw.split()).removeprefix("+") for wire, raw in attributes.items()}
    inside = [
        child.strip() if isinstance(child, str) else stripped(child)
        for child in children
        if not isinstance(child, str) or child.strip()
    ]
    return name, neat, inside


def test_every_class_takes_part() -> None:
    names: set[DocumentName] = {"voice", "messaging"}
    for document in names:
        reached = {tables.root(document)}
        while True:
            more = {child for parent in reached for child in tables.children(parent).values()} - reached
            if not more:
                break
            reached |= more
        assert reached == set(tables.element_classes(document).values())
