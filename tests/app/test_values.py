"""Values of steps: they come back as they were, or the error says what can't be kept, and where it is."""

from __future__ import annotations

import dataclasses
import enum
import json
import sys
from collections import OrderedDict
from contextlib import suppress
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple, cast
from uuid import UUID

import attrs
import cattrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.app.flows.values import read_value, write_value
from ringback.errors import InvalidValue, JournalUnreadable

if TYPE_CHECKING:
    from ringback.app.flows.values import Converter


class Course(enum.Enum):
    FIRST = 1
    LAST = 2


class Diet(enum.Flag):
    MEAT = 1
    FISH = 2


class Size(str, enum.Enum):
    SMALL = "s"


@attrs.frozen
class Table:
    number: int
    _guests: list[str] = attrs.field(factory=list[str])
    total: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "total", self.number + len(self._guests))


@dataclasses.dataclass(frozen=True)
class Order:
    dish: object
    at: datetime | None = None


class Point(NamedTuple):
    x: int


class Plain:
    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plain) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


def kept(value: object, converter: Converter | None = None) -> object:
    """A value as another worker gets it."""
    written = json.dumps(write_value("value of step x", value, converter))
    return read_value("s.x#1", json.loads(written), converter)


TEXT = st.text()
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**2000), 2**2000),
    st.floats(allow_nan=False),
    TEXT,
    st.binary(),
    st.datetimes(),
    st.datetimes(timezones=st.just(timezone(timedelta(hours=5, minutes=30)))),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.decimals(allow_nan=False),
    st.uuids(),
    st.sampled_from([*Course, *Size, Diet.FISH, Diet.MEAT | Diet.FISH, Diet(0)]),
)
KEYS = st.one_of(TEXT, st.just("$"), st.integers(), st.tuples(st.booleans(), TEXT), st.uuids())
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.sets(KEYS, max_size=4),
        st.frozensets(KEYS, max_size=4),
        st.dictionaries(KEYS, inner, max_size=4),
        st.builds(Table, st.integers(), st.lists(TEXT, max_size=2)),
        st.builds(Order, inner),
    ),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_allowed_comes_back(value: object) -> None:
    again = kept(value)
    assert again == value
    assert type(again) is type(value)


ANYTHING = st.recursive(
    st.one_of(
        st.none(),
        st.integers(),
        TEXT,
        st.sampled_from(["object", "enum", "dict", "tuple", "datetime", "bytes", "converted", "timedelta"]),
        st.sampled_from([f"{__name__}:Table", f"{__name__}:Course", "threading:Thread", "os:environ", "x:y"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["$", "t", "v", "number", "_guests", "total"]), inner, max_size=4),
    ),
    max_leaves=15,
)


@given(ANYTHING)
def test_what_is_garbled_is_told_alone(written: object) -> None:
    with suppress(JournalUnreadable):
        read_value("s.x#1", written, cattrs.Converter())


@pytest.mark.parametrize(
    ("value", "where", "kind"),
    [
        (object(), "value of step x", "object"),
        ({"a": [1, object()]}, "value of step x['a'][1]", "object"),
        ((1, Plain("y")), "value of step x[1]", "Plain"),
        ({1: Plain("y")}, "value of step x", "Plain"),
        (Order(dish=Plain("y")), "value of step x.dish", "Plain"),
        (Point(1), "value of step x", "Point"),
        (OrderedDict[str, int](a=1), "value of step x", "OrderedDict"),
        (lambda: 1, "value of step x", "function"),
        (ValueError("secret"), "value of step x", "ValueError"),
        pytest.param(2**20_000, "value of step x", "bits", id="a number"),
    ],
)
def test_what_is_not_allowed_is_told_with_its_place(value: object, where: str, kind: str) -> None:
    with pytest.raises(InvalidValue, match=kind) as caught:
        write_value("value of step x", value)
    assert str(caught.value).startswith(f"{where}: ")
    assert "secret" not in str(caught.value)


def test_what_contains_itself() -> None:
    ring: list[object] = []
    ring.append(ring)
    with pytest.raises(InvalidValue, match="at most 100 levels"):
        write_value("value", ring)


def test_classes_of_functions_are_none_that_another_worker_finds() -> None:
    @attrs.frozen
    class Local:
        x: int

    class Here(enum.Enum):
        X = 1

    for value in (Local(1), Here.X):
        for converter in (None, cattrs.Converter()):
            with pytest.raises(InvalidValue, match=r"Local|Here"):
                write_value("value", value, converter)


def test_classes_are_never_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    module = "xml.dom.pulldom"
    monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.raises(JournalUnreadable, match="no class PullDOM"):
        read_value("s.x#1", {"$": "object", "t": f"{module}:PullDOM", "v": {}})
    assert module not in sys.modules


def test_a_class_that_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    written = write_value("value", Table(4, ["anna"]))

    @attrs.frozen
    class Renamed:
        number: int
        people: list[str]

    monkeypatch.setattr(sys.modules[__name__], "Table", Renamed)
    with pytest.raises(JournalUnreadable, match=r"^s.x#1: .*changed"):
        read_value("s.x#1", written)
    monkeypatch.delattr(sys.modules[__name__], "Table")
    with pytest.raises(JournalUnreadable, match="no class Table"):
        read_value("s.x#1", written)


def test_a_converter_knows_more() -> None:
    converter = cattrs.Converter()
    converter.register_unstructure_hook(Plain, lambda plain: plain.text)
    converter.register_structure_hook(Plain, lambda text, _: Plain(text))
    converter.register_unstructure_hook(PurePosixPath, str)
    converter.register_structure_hook(PurePosixPath, lambda text, _: PurePosixPath(text))
    value = {"a": [Plain("x"), PurePosixPath("/tmp")], "b": Table(1)}  # noqa: S108
    assert kept(value, converter) == value
    with pytest.raises(JournalUnreadable, match="converter="):
        read_value("s.x#1", write_value("value", value, converter))
    with pytest.raises(InvalidValue, match="Point"):
        write_value("value", Point(1))


def test_what_is_not_a_number_is_none_afterwards_either() -> None:
    again = cast("list[float]", kept([float("nan"), float("inf")]))
    assert again[0] != again[0]
    assert again[1] == float("inf")
    assert str(kept(Decimal("sNaN"))) == "sNaN"


def test_kinds_that_resemble_each_other_are_told_apart() -> None:
    for value in (True, 1, 1.0, Decimal(1), "1", b"1", Size.SMALL, date(2026, 1, 1), datetime(2026, 1, 1)):
        assert type(kept(value)) is type(value)
    assert kept(time(1, 2, tzinfo=timezone.utc)) == time(1, 2, tzinfo=timezone.utc)
    assert kept(UUID(int=5)) == UUID(int=5)
