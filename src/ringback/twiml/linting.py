"""What a schema can't say about a document, and is worth saying."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Literal

from attrs import evolve

from ringback.twiml import tables
from ringback.twiml.findings import Source
from ringback.twiml.rules import RULES
from ringback.twiml.validating import MAX_PROBLEMS
from ringback.twiml.xml import Node, NotXml, read_xml

if TYPE_CHECKING:
    from collections.abc import Collection

    from ringback.twiml.problems import Problem
    from ringback.twiml.tables import DocumentName

__all__ = ["lint"]


def lint(
    xml: str | bytes,
    *,
    document: Literal["voice", "messaging"] | None = None,
    ignore: Collection[str] = (),
) -> list[Problem]:
    """Look for what a schema can't say: verbs that are never reached, a Gather that asks nothing, sizes.

    The rules are described in `docs/twiml-rules/`. What the schema says is left to `validate`.

    Args:
        xml: The document, as text or in any encoding that XML has.
        document: What it is; guessed from its verbs where it isn't given.
        ignore: Codes of rules that are left out, e.g. `["RB205"]`.

    Returns:
        What was found, in the order of the document, at most 100 problems of a rule. What is no XML gives
        that one problem.
    """
    try:
        root = read_xml(xml)
    except NotXml as error:
        return [error.problem]
    return check_rules(root, document or tables.guess(root), xml, ignore)


def check_rules(
    root: Node, document: DocumentName, xml: str | bytes, ignore: Collection[str] = ()
) -> list[Problem]:
    """The findings in a document that has been read already."""
    characters = len(xml)
    size = len(xml.encode()) if isinstance(xml, str) else len(xml)
    source = Source(root, document, size, characters)
    problems = [
        evolve(
            finding.node.problem(rule.code, finding.message, finding.suggestion, finding.attribute),
            severity=rule.severity,
        )
        for rule in RULES
        if rule.code not in ignore
        for finding in islice(rule.find(source), MAX_PROBLEMS)
    ]
    return sorted(problems, key=lambda problem: (problem.line, problem.column))
