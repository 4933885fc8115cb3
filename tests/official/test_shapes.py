"""Every record that the emulator sends has exactly the fields of its model, of the documented types."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import cast

import pytest

from tests.official.runs import SCENARIOS, ran
from tests.official.world import Exchange
from tests.rest.samples import enums, models

TYPES = cast("dict[str, dict[str, str]]", json.loads(Path(__file__).with_name("wire_types.json").read_text()))
RFC_2822 = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000")
PAGE = {
    "page": int,
    "page_size": int,
    "start": int,
    "end": int,
    "uri": str,
    "first_page_uri": str,
    "next_page_uri": str,
    "previous_page_uri": str,
}


@cache
def faults(scenario: str) -> tuple[str, ...]:
    """What is wrong with the answers of a scenario."""
    return tuple(sorted({fault for exchange in ran(scenario).exchanges for fault in faults_of(exchange)}))


def faults_of(exchange: Exchange) -> Iterator[str]:
    """What is wrong with an answer."""
    operation = exchange.operation
    if operation is None or operation.answer is None:
        return
    for record in exchange.records:
        yield from faults_in(operation.answer, record, operation.name)
    if operation.items is not None and exchange.status < 400:
        yield from faults_in_page(cast("dict[str, object]", exchange.body), operation.name, operation.items)


def faults_in(model: str, record: dict[str, object], name: str) -> Iterator[str]:
    fields = {each.wire: each for each in models()[model].fields}
    for wire in fields.keys() ^ record.keys():
        yield f"{name}: {wire} {'is missing' if wire in fields else 'is no field'}"
    for wire in fields.keys() & record.keys():
        value, documented = record[wire], TYPES.get(model, {}).get(wire, "any")
        if value is None:
            if fields[wire].always:
                yield f"{name}: {wire} is null"
        elif not fits(value, documented):
            yield f"{name}: {wire} is {value!r:.60}, no {documented}"
        elif (enum := fields[wire].entry.type.enum) and not known(enum, value):
            yield f"{name}: {wire} is {value!r}, no {enum}"
        elif inner := fields[wire].entry.type.model:
            for each in cast("list[dict[str, object]]", value if isinstance(value, list) else [value]):
                yield from faults_in(inner, each, f"{name}: {wire}")


def faults_in_page(page: dict[str, object], name: str, items: str) -> Iterator[str]:
    if items in {"available_phone_numbers", "countries"}:  # they have no pages
        if page.keys() != {items, "uri"}:
            yield f"{name}: {sorted(page)}"
        return
    if page.keys() != {items, *PAGE}:
        yield f"{name}: {sorted(page.keys() ^ {items, *PAGE})}"
    for key, kind in PAGE.items():
        value = page.get(key)
        if not isinstance(value, kind) and not (value is None and key.startswith(("next", "previous"))):
            yield f"{name}: {key} is {value!r}"


def fits(value: object, documented: str) -> bool:
    """Whether a value has the type that Twilio documents."""
    match documented:
        case "any":
            return True
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return type(value) is int
        case "number":
            # But degrees, which are text in all examples.
            return type(value) in {int, float} or re.fullmatch(r"-?\d+\.\d{6}", str(value)) is not None
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case "uri-map":
            return isinstance(value, dict) and all(
                isinstance(uri, str) and uri.startswith("/2010-04-01/")
                for uri in cast("dict[str, object]", value).values()
            )
        case "date":
            return isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None
        case "date-time-rfc-2822":
            return isinstance(value, str) and RFC_2822.fullmatch(value) is not None
        case _:
            assert documented == "string", documented
            return isinstance(value, str)


def known(enum: str, value: object) -> bool:
    """Whether a value is one of an enum, or each of several."""
    values = cast("list[object]", value) if isinstance(value, list) else [value]
    return enums()[enum].open or set(enums()[enum].values).issuperset(values)


def test_the_documented_fields_are_those_of_the_models() -> None:
    """The table comes from Twilio's description and the models from ours: neither lacks anything."""
    nested = {each.entry.type.model for model in models().values() for each in model.fields}
    assert {name: set(fields) for name, fields in TYPES.items()} == {
        name: {each.wire for each in model.fields} for name, model in models().items() if name not in nested
    }


@pytest.mark.parametrize("name", SCENARIOS)
def test_records_have_the_fields_of_their_models(name: str) -> None:
    assert not faults(name)


def test_every_model_is_seen() -> None:
    seen = {
        each.operation.answer
        for name in SCENARIOS
        for each in ran(name).exchanges
        if each.operation is not None and each.records
    }
    missing = TYPES.keys() - seen
    assert not missing
