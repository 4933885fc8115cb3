"""Documents that were written for this project, by somebody who had not seen the schema."""

from __future__ import annotations

import pytest

from ringback._core.twiml.elements import Element
from ringback.errors import TwimlError
from ringback.twiml import lint, parse, tables, validate
from tests.twiml.support import Sample, corpus, infoset, lxml_root, lxml_schema
from tests.twiml.test_properties import stripped

VALID, INVALID, FLAGGED = corpus("valid"), corpus("invalid"), corpus("flagged")


@pytest.mark.parametrize("sample", VALID, ids=str)
def test_valid_documents_pass_both_validators_and_round_trip(sample: Sample) -> None:
    assert validate(sample.xml, document=sample.document) == []
    root = lxml_root(sample.xml)
    assert lxml_schema(sample.document).validate(root), lxml_schema(sample.document).error_log
    tree = parse(sample.xml, document=sample.document)
    assert stripped(infoset(lxml_root(str(tree)))) == stripped(infoset(root))
    assert parse(str(tree), document=sample.document) == tree
    errors = [p for p in lint(sample.xml, document=sample.document) if p.severity == "error"]
    assert errors == []


@pytest.mark.parametrize("sample", INVALID, ids=str)
def test_invalid_documents_are_refused(sample: Sample) -> None:
    with pytest.raises(TwimlError):
        parse(sample.xml, document=sample.document)
    problems = validate(sample.xml, document=sample.document)
    if sample.code == "not-well-formed":
        assert [problem.code for problem in problems] == ["12100"]
        return
    accepted = lxml_schema(sample.document).validate(lxml_root(sample.xml))
    assert accepted == (not sample.in_schema) == (problems == [])
    if sample.in_schema:
        assert {problem.code for problem in problems} == {"12200"}
        assert all(problem.line and problem.column and problem.path for problem in problems)
    else:
        found = lint(sample.xml, document=sample.document)
        assert any(problem.severity == "error" for problem in found), found


@pytest.mark.parametrize("sample", FLAGGED, ids=str)
def test_suspicious_documents_are_flagged(sample: Sample) -> None:
    found = lint(sample.xml, document=sample.document)
    assert any(problem.severity in ("warning", "error") for problem in found)
    if sample.name != "authored-internal-entity.xml":
        assert validate(sample.xml, document=sample.document) == []
        parse(sample.xml, document=sample.document)


def test_the_kind_of_document_is_guessed() -> None:
    for sample in VALID:
        verbs = {str(child.tag) for child in lxml_root(sample.xml)}
        # A Redirect alone can be either, and is read as a call's.
        if verbs - {"Redirect"}:
            assert parse(sample.xml)._key.partition(".")[0] == sample.document, sample.name


def test_the_corpus_uses_most_of_the_schema() -> None:
    seen: set[str] = set()
    for sample in VALID:
        stack: list[object] = [parse(sample.xml, document=sample.document)]
        while stack:
            element = stack.pop()
            if isinstance(element, Element):
                seen.add(element._key)
                stack += element.children
    everything = {key for document in ("voice", "messaging") for key in tables.element_classes(document)}
    assert len(seen) > 0.8 * len(everything), everything - seen
