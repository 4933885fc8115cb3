"""What the places of codes name: it has to be there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from attrs import frozen

from codegen.api.ir import ACTIONS
from codegen.api.openapi import PAGE_PARAMETERS
from codegen.api.plan import Operation, Plan
from codegen.error_codes.load import ErrorCode
from codegen.problems import Problem
from codegen.source import Source
from codegen.twiml.records import Document

WORDS = ("any", "call", "client", "message", "twiml", "webhook")
_ELEMENT = re.compile(r"<(\w+)(?: (\w+))?>\Z")


def check(
    codes: Iterable[ErrorCode], source: Source, api: Plan, documents: Iterable[Document]
) -> Iterator[Problem]:
    """Every place that is none."""
    known = _Known(
        {key: resource.operations for key, resource in api.resources.items()},
        _attributes(documents),
    )
    of_attributes: dict[str, int] = {}
    for code in codes:
        for index, place in enumerate(code.places):
            wrong = known.complaint(place)
            if wrong is None and place.startswith("<") and " " in place:
                other = of_attributes.setdefault(place, code.code)
                wrong = None if other == code.code else f"{place} has a code already, {other}"
            if wrong is not None:
                yield source.problem(code.step(index), wrong)


def _attributes(documents: Iterable[Document]) -> dict[str, set[str]]:
    """What the attributes of each element are called; those of one name are one here."""
    found: dict[str, set[str]] = {}
    for document in documents:
        for element in document.elements:
            found.setdefault(element.type, set()).update(each.wire for each in element.attributes)
    return found


@frozen
class _Known:
    operations: dict[str, tuple[Operation, ...]]
    attributes: dict[str, set[str]]

    def complaint(self, place: str) -> str | None:
        if place in WORDS:
            return None
        element = _ELEMENT.match(place)
        if element is not None:
            name, attribute = element.groups()
            if name not in self.attributes:
                return f"<{name}> is no element of twiml/*.xsd"
            there = attribute is None or attribute in self.attributes[name]
            return None if there else f"<{name}> has no attribute {attribute!r}"
        where, _, parameter = place.partition(" ")
        meant = self._meant(where)
        if meant is None:
            return f"expected <Element>, a resource, an operation or one of {', '.join(WORDS)}, got {place!r}"
        wires = {wire for each in meant for given in each.parameters for wire in given.wires}
        if any(each.action == "list" for each in meant):
            wires |= PAGE_PARAMETERS.keys()
        return None if not parameter or parameter in wires else f"{where} has no parameter {parameter!r}"

    def _meant(self, where: str) -> list[Operation] | None:
        """The operations: of a resource, or one of them; None where there is no such thing."""
        if where in self.operations:
            return list(self.operations[where])
        key, _, action = where.rpartition(".")
        if where == "any":
            found = [each for every in self.operations.values() for each in every]
        elif key == "any" and action in ACTIONS:
            found = [each for every in self.operations.values() for each in every if each.action == action]
        else:
            found = [each for each in self.operations.get(key, ()) if each.action == action]
        return found or None
