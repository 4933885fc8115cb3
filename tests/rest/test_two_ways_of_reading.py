"""Records are read straight where they are as they should be, by cattrs otherwise: nobody can tell which."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback import rest
from ringback._core.operations.exchange import read_json
from ringback._core.records import convert
from ringback._core.records.convert import Malformed
from ringback.http import Response
from tests.rest.samples import Json, models, record

MODELS = sorted(models())

# Near misses too: digits, signs and separators out of place.
DATES = st.from_regex(
    r"\A[A-Z][a-z]{2},? ?[0-9]{1,2} (Jan|Feb|Nov|Mei) 20[0-9]{2} [0-9:.,]{7,9} ([+-][0-9]{4}|GMT|Z)?\Z"
)
NUMBERS = st.from_regex(r"\A[ +-]?[0-9_]{0,22}(\.[0-9]{1,3})?(e[0-9])?\Z")
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.sampled_from(["", "true", "added tomorrow", [], {}, {"a": "b"}, {"a": None}, {"a": 1}, ["x"]]),
    DATES,
    NUMBERS,
)


def cattrs_alone(sent: object, model: type[Any]) -> object:
    """The record as a model, or what is wrong, with the straight way barred."""

    def barred(_: object) -> object:
        raise ValueError

    reader: Any = convert._converter().get_structure_hook(model)
    careful = attrs.evolve(reader, read=barred)
    try:
        return careful(sent, model)
    except Exception as error:
        path, problem = convert._first_problem(error)
        return path, problem


def either_way(sent: object, model: type[Any]) -> object:
    try:
        return convert.read_model(sent, model)
    except Malformed as error:
        return error.path, error.problem


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_agree_on_any_record(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(MODELS))
    sent: dict[str, Json] = {**record(name)}
    wires = [item.wire for item in models()[name].fields]
    for wire in data.draw(st.lists(st.sampled_from(wires), max_size=3)):
        sent[wire] = data.draw(VALUES)
    for wire in data.draw(st.lists(st.sampled_from(wires), max_size=2)):
        sent.pop(wire, None)
    for spelling in data.draw(st.lists(st.sampled_from([*map(str.upper, wires), "colour"]), max_size=2)):
        sent[spelling] = data.draw(VALUES)
    model = getattr(rest, name)
    expected = cattrs_alone(sent, model)
    found = either_way(sent, model)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("name", MODELS)
def test_the_straight_way_is_taken(name: str) -> None:
    """Else pages would be read at a fifth of the speed, and no other test could tell."""
    reader: Any = convert._converter().get_structure_hook(getattr(rest, name))
    for sent in (
        record(name),
        record(name, always=True),
        record(name, nulls=True),
        {**record(name), "new": 1},
    ):
        assert type(reader.read(sent)) is getattr(rest, name)


@pytest.mark.parametrize("name", MODELS)
def test_models_are_what_their_class_makes(name: str) -> None:
    model = getattr(rest, name)
    found = convert.read_model(record(name), model)
    made = model(**{field.name: getattr(found, field.name) for field in attrs.fields(model)})
    assert found == made
    assert repr(found) == repr(made)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        found.unknown_fields = {}
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        del found.unknown_fields


def page(*records: object) -> Mapping[str, object]:
    body = json.dumps({"calls": records, "page": 0}).encode()
    return read_json(Response(200, {}, body), convert.record_hook(rest.Call))


def test_records_of_a_page_are_read_while_it_is_parsed() -> None:
    calls = cast("list[object]", page(record("Call"), {**record("Call"), "new": {"a": 1}})["calls"])
    assert [type(call) for call in calls] == [rest.Call, rest.Call]
    assert calls[0] == convert.read_model(record("Call"), rest.Call)
    assert cast("rest.Call", calls[1]).unknown_fields == {"new": {"a": 1}}


def test_what_can_not_be_read_so_is_left_to_cattrs() -> None:
    wrong = {**record("Call"), "duration": "soon"}
    calls = cast("list[object]", page(record("Call"), record("Call", always=True), wrong)["calls"])
    assert calls[1:] == [record("Call", always=True), wrong]
    assert len(convert.read_models(calls[:2], rest.Call)) == 2
    with pytest.raises(Malformed, match=r"\[2\]\.duration: expected a whole number"):
        convert.read_models(calls, rest.Call)


def test_a_part_is_not_mistaken_for_a_record() -> None:
    """Some records hold any JSON at all, and a model of two fields would find itself in it."""
    event: dict[str, Json] = {"request": {"request": {}, "response": {}}, "response": {}}
    assert convert.record_hook(rest.CallEvent) is None
    assert convert.read_model(event, rest.CallEvent).request == {"request": {}, "response": {}}
