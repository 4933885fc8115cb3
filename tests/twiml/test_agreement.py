"""Schema, classes and docstrings say the same; nothing is forgotten in any of them."""

from __future__ import annotations

import inspect
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xmlschema import XMLSchema10
from xmlschema.validators import XsdAttribute, XsdComplexType

import ringback.twiml
from codegen.twiml.load import python_name
from ringback._core.twiml.elements import Container, Element, TextElement
from ringback.twiml import schema_folder, tables, voice
from ringback.twiml.schema import refused
from ringback.twiml.validating import MAX_PROBLEMS, beyond_tables, check_schema
from ringback.twiml.xml import NotXml, read_xml
from tests.twiml.support import DocumentName, Sample, corpus

DOCUMENTS: list[DocumentName] = ["voice", "messaging"]
XS = "{http://www.w3.org/2001/XMLSchema}"


def complex_types(document: DocumentName) -> dict[str, XsdComplexType]:
    schema = XMLSchema10(str(schema_folder() / f"{document}.xsd"), allow="local")
    return {
        str(kind.local_name): kind
        for kind in schema.types.values()
        if isinstance(kind, XsdComplexType) and kind.local_name
    }


def attributes(kind: XsdComplexType) -> dict[str, XsdAttribute]:
    return {
        str(each.prefixed_name): each for each in kind.attributes.values() if isinstance(each, XsdAttribute)
    }


@pytest.mark.parametrize("document", DOCUMENTS)
def test_schema_classes_and_docstrings_name_the_same(document: DocumentName) -> None:
    types = complex_types(document)
    classes = {cls.__name__: cls for cls in tables.element_classes(document).values()}
    assert classes.keys() == types.keys()
    for name, cls in classes.items():
        found = attributes(types[name])
        assert {wire for wire, _ in cls._fields.values()} == found.keys(), name
        assert list(cls._fields) == sorted(python_name(wire) for wire in found), name
        required = {python_name(wire) for wire, each in found.items() if each.use == "required"}
        assert set(cls._required) == required, name
        parameters = inspect.signature(cls).parameters
        assert set(cls._fields) <= parameters.keys(), name
        doc = inspect.getdoc(cls) or ""
        documented = re.findall(r"^    (\w+): \S", doc.partition("Attributes:\n")[2], re.MULTILINE)
        assert documented == list(cls._fields), name


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_part_of_the_schema_is_documented(document: DocumentName) -> None:
    seen = 0
    for name, kind in complex_types(document).items():
        for label, component in {name: kind, **attributes(kind)}.items():
            words = [
                " ".join((text.text or "").split()) for text in component.elem.iter(f"{XS}documentation")
            ]
            assert words, f"{name} {label}"
            assert len(words[0]) > 8, f"{name} {label}"
            seen += 1
    assert seen > (300 if document == "voice" else 10)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_child_has_a_method_with_the_same_arguments(document: DocumentName) -> None:
    pairs = 0
    for parent in tables.element_classes(document).values():
        if not issubclass(parent, Container):
            continue
        for tag, child in tables.children(parent).items():
            name = python_name(tag)
            method: Any = getattr(parent, f"add_{name}" if name in parent._fields else name)
            ours, theirs = inspect.signature(method), inspect.signature(child)
            assert list(ours.parameters.values())[1:] == list(theirs.parameters.values())
            assert ours.return_annotation == child.__name__
            pairs += 1
    assert pairs > (50 if document == "voice" else 3)


def test_the_public_module_has_every_element_once() -> None:
    public: list[str] = getattr(ringback.twiml, "__all__")  # noqa: B009  (pyright makes nothing of `+=`)
    assert len(public) == len(set(public))
    names = {cls.__name__ for document in DOCUMENTS for cls in tables.element_classes(document).values()}
    assert names <= set(public)
    for name in public:
        assert getattr(ringback.twiml, name).__name__.rpartition(".")[2] == name
    assert ringback.twiml.Redirect is voice.Redirect
    assert ringback.twiml.messaging.Redirect._key != voice.Redirect._key
    assert set(public) <= set(dir(ringback.twiml))
    with pytest.raises(AttributeError):
        getattr(ringback.twiml, "Sya")  # noqa: B009


def test_links_point_to_twilio() -> None:
    for document in DOCUMENTS:
        for cls in tables.element_classes(document).values():
            links = re.findall(r"https?://\S+", inspect.getdoc(cls) or "")
            assert links, cls
            assert all(link.startswith("https://www.twilio.com/docs/") for link in links), cls


def test_slots_leave_no_room_for_anything_else() -> None:
    for document in DOCUMENTS:
        for cls in tables.element_classes(document).values():
            assert issubclass(cls, Element)
            assert not hasattr(cls.__new__(cls), "__dict__"), cls
            assert issubclass(cls, Container | TextElement) or not tables.children(cls)


def test_the_schemas_are_where_they_are_said_to_be() -> None:
    folder = schema_folder()
    assert {path.name for path in folder.glob("*.xsd")} >= {"voice.xsd", "messaging.xsd", "common.xsd"}
    assert folder == Path(__file__).parents[2] / "spec" / "twiml"


SAMPLES = [*corpus("valid"), *corpus("invalid"), *corpus("flagged")]
NAMES = sorted({cls._tag for document in DOCUMENTS for cls in tables.element_classes(document).values()})
WIRES = sorted(
    {
        wire
        for document in DOCUMENTS
        for cls in tables.element_classes(document).values()
        for wire, _ in cls._fields.values()
    }
)
VALUES = (
    "",
    "0",
    "-1",
    "5",
    "601",
    "9" * 30,
    "true",
    "1.5",
    " 1 ",
    "auto",
    "GET",
    "get",
    "a b",
    "é",
    "+5",
    "x" * 300,
)


def changed(text: str, chosen: random.Random) -> str:
    """A document with an attribute, a text or an element that may be wrong there."""
    ways: list[tuple[str, Callable[[], str]]] = [
        (r'="([^"]*)"', lambda: f'="{chosen.choice(VALUES)}"'),
        (r">([^<]*)<", lambda: f">{chosen.choice(VALUES)}<"),
        (r">", lambda: f"><{chosen.choice(NAMES)}/>"),
        (r">", lambda: f"><{chosen.choice(NAMES)} {chosen.choice(WIRES)}='{chosen.choice(VALUES)}'/>"),
        (r">", lambda: "><new>x<Say/></new>"),
        (r"(?<=<)Say|Pause|Number|Gather|Dial(?=[ />])", lambda: chosen.choice(NAMES)),
        (r' [A-Za-z]+="[^"]*"', lambda: ""),
        (r' [A-Za-z]+="', lambda: f' {chosen.choice(WIRES)}="'),
    ]
    pattern, change = chosen.choice(ways)
    places = list(re.finditer(pattern, text))
    if not places:
        return text
    place = chosen.choice(places)
    return f"{text[: place.start()]}{change()}{text[place.end() :]}"


def assert_tables_and_schema_agree(xml: str | bytes) -> None:
    try:
        root = read_xml(xml)
    except NotXml:
        return
    for document in DOCUMENTS:
        problems = check_schema(root, document)
        assert bool(problems) == any(True for _ in refused(root, document))
        if len(problems) < MAX_PROBLEMS:
            assert beyond_tables(root, document, problems) == []


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_the_tables_tell_of_the_corpus_all_that_the_schema_tells(sample: Sample) -> None:
    assert_tables_and_schema_agree(sample.xml)


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(SAMPLES), st.integers(1, 5), st.randoms(use_true_random=False))
def test_the_tables_tell_of_any_document_all_that_the_schema_tells(
    sample: Sample, changes: int, chosen: random.Random
) -> None:
    text = sample.xml.decode("utf-8", "ignore")
    for _ in range(changes):
        text = changed(text, chosen)
    assert_tables_and_schema_agree(text)


def test_only_namespaces_need_the_schema_itself(tmp_path: Path) -> None:
    documents = ["<Response><Say>x</Say></Response>", "<Response><Sya>x</Sya></Response>"]
    for number, xml in enumerate(documents):
        (tmp_path / f"{number}.xml").write_text(xml)
    program = (
        "import sys; from ringback.cli import main; "
        f"assert main(['twiml', 'check', {str(tmp_path / '0.xml')!r}]) == 0; "
        f"assert main(['twiml', 'check', {str(tmp_path / '1.xml')!r}]) == 1; "
        "assert 'xmlschema' not in sys.modules; "
        "from ringback.twiml import validate; assert validate('<Response xmlns=\"urn:x\"/>'); "
        "assert 'xmlschema' in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
