"""Every model reads what Twilio sends, keeps what nobody specified, and says where a record is wrong."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen.api import types
from codegen.api.plan import Field
from ringback import Client, rest
from ringback._core.records.convert import read_model, read_models
from ringback.errors import ResponseInvalid
from tests.rest.samples import ACCOUNT, Json, enums, models, read, record, sid
from tests.rest.transports import Answers

MODELS = sorted(models())
EVERY = [(name, item) for name in MODELS for item in models()[name].fields]


def model_of(name: str) -> type[Any]:
    return cast("type[Any]", getattr(rest, name))


@pytest.mark.parametrize("name", MODELS)
def test_a_record_with_all_fields(name: str) -> None:
    sent = record(name)
    model = read_model(sent, model_of(name))
    for item in models()[name].fields:
        value = getattr(model, item.name)
        nested = item.entry.type.model
        if nested is None:
            assert value == read(item.entry.type, sent[item.wire])
            assert type(value) is type(read(item.entry.type, sent[item.wire]))
        elif isinstance(item.entry.type, types.List):
            assert value == (read_model(record(nested), model_of(nested)),) * 2
        else:
            assert value == read_model(record(nested), model_of(nested))
    assert model.unknown_fields == {}


@pytest.mark.parametrize("name", MODELS)
def test_a_record_with_what_is_always_there(name: str) -> None:
    least = read_model(record(name, always=True), model_of(name))
    assert read_model(record(name, nulls=True), model_of(name)) == least
    for item in models()[name].fields:
        assert (getattr(least, item.name) is None) == (not item.always)


@pytest.mark.parametrize("name", MODELS)
def test_fields_that_nobody_specified_are_kept(name: str) -> None:
    extra: dict[str, object] = {"colour": {"a": [1, None]}, "from_": 1, "Zz": None}
    model = read_model({**record(name), **extra}, model_of(name))
    assert model.unknown_fields == extra
    assert model != read_model(record(name), model_of(name))
    assert "colour" not in repr(model)


@pytest.mark.parametrize("name", MODELS)
def test_secrets_are_not_shown(name: str) -> None:
    hidden = [item for item in models()[name].fields if item.secret]
    sent = record(name) | {item.wire: f"hush-{item.wire}" for item in hidden}
    model = read_model(sent, model_of(name))
    assert "hush" not in repr(model)
    for item in hidden:
        assert getattr(model, item.name) == f"hush-{item.wire}"


@pytest.mark.parametrize("name", MODELS)
def test_missing_fields_and_nulls(name: str) -> None:
    """What is always there is missed; the rest is None either way."""
    for item in models()[name].fields:
        without = {wire: value for wire, value in record(name).items() if wire != item.wire}
        if not item.always:
            assert getattr(read_model(without, model_of(name)), item.name) is None
            assert getattr(read_model({**without, item.wire: None}, model_of(name)), item.name) is None
            continue
        for sent in (without, {**without, item.wire: None}):
            with pytest.raises(ResponseInvalid, match=item.wire):
                fetch(name, sent)


def fetch(name: str, sent: dict[str, Json]) -> object:
    """The record as an answer to a request, in a list and alone."""
    answers = Answers(200, {"calls": [record("Call"), sent]})
    client = Client(ACCOUNT, "secret", transport=answers)
    session = client._session
    from ringback._generated.api.call import CALLS_FETCH, CALLS_LIST

    answers.body = sent
    try:
        session.one(CALLS_FETCH, "/x", (), model_of(name), None)
    except ResponseInvalid as error:
        alone = error.path
        answers.body = {"calls": [record(name), sent]}
        values = (None,) * len(CALLS_LIST.params)
        with pytest.raises(ResponseInvalid) as caught:
            list(session.list(CALLS_LIST, "/x", values, model_of(name), None, None, None))
        assert caught.value.path == ("calls[1]" + (f".{alone}" if alone else ""))
        raise
    return None


WRONG: dict[type[types.WireType], list[Json]] = {
    types.Text: [1, True, [], {}],
    types.Formatted: [1, False, [], {}],
    types.Sid: [1, [], {}],
    types.Enum: [1, True, [], {}],
    types.Whole: ["x", "1.5", 1.5, True, [], {}, "9" * 30, "", " ", "٣٤x"],
    types.Model: ["x", 1, [], [1]],
    types.List: ["x", 1, {}, [[[]]]],
}
WRONG_PLAIN: dict[str, list[Json]] = {
    "NUMBER": ["x", True, [], {}, "1,5"],
    "BOOLEAN": ["yes", 1, 0, [], {}],
    "DAY": ["2026-02-30", "yesterday", 1, [], {}, "Sat, 28 Feb 2026 23:59:01 +0000"],
    "INSTANT": ["2026-02-30T00:00:00Z", "yesterday", 1, [], {}, "Sat, 30 Feb 2026 23:59:01 +0000",
                "Sat, 28 Fev 2026 23:59:01 +0000", "Sat, 28 Feb 2026 23:59:01", "Sat,",
                "Sat, 28 Feb 2026 24:59:01 +0000"],
}  # fmt: skip


def wrong(item: Field) -> list[Json]:
    """Values that are not of a field's type; none where it takes all JSON."""
    if isinstance(item.entry.type, types.Plain):
        if item.entry.type.field_ == "object":
            return []
        if item.entry.type.field_ == "Mapping[str, str]":
            return ["x", 1, []]
        return WRONG_PLAIN.get(item.entry.type.kind_, [1, [], {}])
    return WRONG[type(item.entry.type)]


@pytest.mark.parametrize("name", MODELS)
def test_malformed_fields_are_named(name: str) -> None:
    for item in models()[name].fields:
        for value in wrong(item):
            if value == "" and isinstance(item.entry.type, types.Whole) and not item.always:
                continue  # that is None, see below
            with pytest.raises(ResponseInvalid) as caught:
                read_through_client(name, {**record(name), item.wire: value})
            assert caught.value.path.split(".")[0].split("[")[0] == item.wire
            assert caught.value.status == 200


def read_through_client(name: str, sent: dict[str, Json]) -> object:
    answers = Answers(200, sent)
    from ringback._generated.api.call import CALLS_FETCH

    session = Client(ACCOUNT, "secret", transport=answers)._session
    return session.one(CALLS_FETCH, "/x", (), model_of(name), None)


@pytest.mark.parametrize("body", [[], "x", None, 1, [{}]])
def test_what_is_no_record_at_all(body: Any) -> None:
    answers = Answers(200, {"calls": [body]})
    client = Client(ACCOUNT, "secret", transport=answers)
    with pytest.raises(ResponseInvalid) as caught:
        list(client.calls.list())
    assert caught.value.path == "calls[0]"


@pytest.mark.parametrize("name", MODELS)
def test_empty_text_is_nothing_where_a_number_or_a_date_is_due(name: str) -> None:
    for item in models()[name].fields:
        plain = item.entry.type if isinstance(item.entry.type, types.Plain) else None
        if not item.always and (
            isinstance(item.entry.type, types.Whole) or (plain is not None and plain.kind_ in WRONG_PLAIN)
        ):
            assert getattr(read_model({**record(name), item.wire: ""}, model_of(name)), item.name) is None


@pytest.mark.parametrize("name", MODELS)
def test_enum_values_of_tomorrow_pass_through(name: str) -> None:
    """Open enums and closed ones: what Twilio adds is no reason to fail."""
    for item in models()[name].fields:
        if isinstance(item.entry.type, types.Enum):
            for value in ("", "added tomorrow", *enums()[item.entry.type.name].values):
                assert (
                    getattr(read_model({**record(name), item.wire: value}, model_of(name)), item.name)
                    == value
                )


def test_open_enums_are_there() -> None:
    """The hook for `Literal | str` is worth its tests."""
    used = {item.entry.type.enum for _, item in EVERY}
    assert any(enum.open for name, enum in enums().items() if name in used)


def test_capabilities_come_in_two_spellings() -> None:
    base = record("AvailablePhoneNumber")
    lower = {"voice": True, "sms": False, "mms": True, "fax": False}
    upper = {"voice": True, "SMS": False, "MMS": True, "fax": False}
    one, other = (
        read_model({**base, "capabilities": spelling}, rest.AvailablePhoneNumber)
        for spelling in (lower, upper)
    )
    assert one == other
    assert other.capabilities is not None
    assert (other.capabilities.sms, other.capabilities.mms) == (False, True)
    assert other.capabilities.unknown_fields == {}


INSTANTS = st.datetimes(
    datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.sampled_from(
        [timezone.utc, timezone(timedelta(hours=5, minutes=30)), timezone(-timedelta(hours=8))]
    )
)  # fmt: skip


@given(INSTANTS)
def test_points_in_time_are_exact(instant: datetime) -> None:
    instant = instant.replace(microsecond=0)
    for text in (
        instant.strftime("%a, %d %b %Y %H:%M:%S %z"),
        instant.isoformat(),
        instant.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
    ):
        found = read_model({**record("Call"), "start_time": text}, rest.Call).start_time
        assert found == instant
        assert found is not None
        assert found.utcoffset() is not None


@given(st.decimals(allow_nan=False, allow_infinity=False, places=5, min_value=-(10**6), max_value=10**6))
def test_money_is_exact(price: Decimal) -> None:
    assert read_model({**record("Call"), "price": str(price)}, rest.Call).price == price


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(EVERY), JSON)
def test_any_json_in_a_field_is_read_or_named(place: tuple[str, Field], value: Json) -> None:
    """Never a raw value of another type, never another exception."""
    name, item = place
    sent = {**record(name), item.wire: value}
    try:
        found = getattr(read_through_client(name, sent), item.name)
    except ResponseInvalid as error:
        at = error.path
        assert at.split(".")[0].split("[")[0] == item.wire
        return
    if found is None or item.entry.type.field == "object":
        return
    assert isinstance(found, type(getattr(read_model(record(name), model_of(name)), item.name)))


def test_many_records_are_read_alike() -> None:
    records: list[object] = [record("Call"), record("Call", always=True), record("Call", nulls=True)]
    assert read_models(records, rest.Call) == [read_model(item, rest.Call) for item in records]
    assert read_models([record("Call") | {"sid": sid("CA")}], rest.Call)[0].sid == sid("CA")
