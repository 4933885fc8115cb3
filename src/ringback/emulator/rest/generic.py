"""Create, fetch, list, update and delete for any family of records, as the specification describes it.

What lives (calls, conferences, queues, recordings, messages) has operations of its own, which use these where
they can.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final, TypeVar, cast

import attrs

from ringback._core.emulation.records import Record
from ringback._generated.emulation.tables import FAMILIES, RECORDS
from ringback.emulator.engine.addresses import normal
from ringback.emulator.engine.parameters import API_VERSION
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.lists import Newest, page, within
from ringback.emulator.rest.writing import Body, written

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ringback._core.emulation.families import Family
    from ringback._core.operations.operation import Param
    from ringback.emulator.engine.tables import Table
    from ringback.emulator.rest.requests import RestRequest

__all__ = [
    "ACTS",
    "apply",
    "check_parents",
    "create",
    "delete",
    "fetch",
    "find",
    "forget",
    "home",
    "keep",
    "links",
    "listed",
    "listed_as",
    "update",
]

R = TypeVar("R", bound=Record)

_TAKEN: Final = "another record has it"
_FIELDS: Final[dict[str, Mapping[str, object]]] = {}


def create(request: RestRequest, **values: object) -> Body:
    """Make a record of what was given and of what the service fills in.

    Args:
        request: What was asked for.
        values: Fields that the service decides, whatever was asked.

    Raises:
        Refused: Something above it isn't there, a value is taken, or there are too many.
    """
    return _view(request, keep(request, Record, **values))


def keep(request: RestRequest, kind: type[R], **values: object) -> R:
    """The same; the record itself, which is of this kind."""
    family, network = request.family, request.network
    check_parents(request)
    _check_references(request)
    lane = _lane(request)
    table = request.network.store.table(family.key, kind)
    if family.most is not None and table.count(lane) >= family.most:
        raise Refused(400, family.full, f"There are {family.most} already: that is the limit")
    named = request.parameters.text(family.named_by) if family.named_by else ""
    sid = named or (network.sids.new(family.prefix) if family.prefix else "")
    key = _key(request, sid)
    if key in table:
        raise Refused(400, next(iter(family.unique.values()), 20001), f"{family.named_by} {sid}: {_TAKEN}")
    now = network.clock.date
    place = home(request, sid)
    made = RECORDS[family.record]
    filled: dict[str, object] = {
        "sid": sid,
        "account_sid": request.account.sid,
        "api_version": API_VERSION,
        "date_created": now,
        "date_updated": now,
        "uri": f"{place}.json",
        "subresource_uris": links(family, place),
        **{field: request.holes[hole] for hole, _, field in family.parents if field},
        **_given(request, made),
        **values,
    }
    known = _fields(made)
    record = cast("R", made(**{name: value for name, value in filled.items() if name in known}))
    _check_unique(request, record, key)
    table.put(key, record, lane)
    return record


def fetch(request: RestRequest) -> Body:
    """One record."""
    return _view(request, find(request, Record))


def listed(request: RestRequest) -> Body:
    """One page of the records that pass the filters, the newest first."""
    return listed_as(request, Record, lambda record: _view(request, record))


def listed_as(
    request: RestRequest,
    kind: type[R],
    view: Callable[[R], Body],
    shown: Callable[[R], bool] = lambda _: True,
) -> Body:
    """The same, where records aren't written as the model has them, or not all are there for whoever asks.

    Args:
        request: What was asked for.
        kind: What the records are.
        view: How one is written.
        shown: Which are there, whatever the filters.
    """
    check_parents(request)
    tests = _tests(request)
    listing = Newest[R](
        request.network.store.table(request.family.key, kind),
        _lane(request),
        lambda record: _key(request, getattr(record, request.family.key_field)),
    )
    return page(request, listing, view, lambda record: shown(record) and all(test(record) for test in tests))


def update(request: RestRequest, **values: object) -> Body:
    """Change what was given."""
    record = find(request, Record)
    _check_references(request)
    before = {name: getattr(record, name) for name in _fields(type(record))}
    apply(request, record)
    try:
        _check_unique(request, record, _key(request, request.holes[request.family.hole]))
    except Refused:
        for name, value in before.items():
            setattr(record, name, value)
        raise
    for name, value in values.items():
        setattr(record, name, value)
    return _view(request, record)


def delete(request: RestRequest) -> None:
    """Take the record away, and what hangs on it."""
    find(request, Record)
    key = _key(request, request.holes[request.family.hole])
    del _table(request)[key]
    forget(request, request.family.key, f"{_lane(request)}/{request.holes[request.family.hole]}")


def forget(request: RestRequest, above: str, lane: str) -> None:
    """Forget what hangs on a record that is gone, and is nowhere else, as a call's recordings are."""
    tables = request.network.store.tables()
    for family in FAMILIES.values():
        table = tables.get(family.key)
        if table is not None and family.parents and family.parents[-1][1] == above:
            for key in table.keys_in(lane):
                del table[key]
                forget(request, family.key, f"{lane}/{key.rpartition('/')[2]}")


def find(request: RestRequest, kind: type[R]) -> R:
    """The record that the path names, which is of this kind.

    Raises:
        Refused: There is none, 404.
    """
    check_parents(request)
    table = request.network.store.table(request.family.key, kind)
    key = _key(request, request.holes[request.family.hole])
    if not table.holds(_lane(request), key):
        raise request.missing()
    return table[key]


def apply(request: RestRequest, record: Record) -> None:
    """Take over every parameter that has a field of its name."""
    for name, value in _given(request, type(record)).items():
        setattr(record, name, value)
    if "date_updated" in _fields(type(record)):
        setattr(record, "date_updated", request.network.clock.date)  # noqa: B010  (not all have one)


def home(request: RestRequest, sid: str) -> str:
    """The path of a record, without its suffix."""
    place = request.place
    below = request.family.hole and request.operation.action in {"create", "list"}
    return f"{place}/{sid}" if below else place


def links(family: Family, place: str) -> dict[str, str]:
    """What `subresource_uris` of a record at this path lists."""
    return {name: f"{place}/{part}.json" for name, part in family.links}


def _view(request: RestRequest, record: object) -> Body:
    return written(request.operation.answer or "", record)


def _table(request: RestRequest) -> Table[Record]:
    return request.network.store.table(request.family.key, Record)


def _lane(request: RestRequest) -> str:
    """Records at the top are listed by account, others by what is above them."""
    return "/".join((request.account.sid, *(request.holes[hole] for hole, _, _ in request.family.parents)))


def _key(request: RestRequest, sid: str) -> str:
    """A record's key: what stands for something else has its SID, in each place anew."""
    if not request.family.named_by:
        return sid
    return "/".join((*(request.holes[hole] for hole, _, _ in request.family.parents), sid))


def check_parents(request: RestRequest) -> None:
    """Refuse what hangs on something that isn't there."""
    lane = request.account.sid
    above: list[str] = []
    for hole, family, _ in request.family.parents:
        above.append(request.holes[hole])
        key = "/".join(above) if FAMILIES[family].named_by else above[-1]
        if request.network.store.table(family, Record).lane(key) != lane:
            raise request.missing()
        lane = f"{lane}/{above[-1]}"


def _check_references(request: RestRequest) -> None:
    for wire, (family, code) in request.family.refers.items():
        sid = request.parameters.text(wire)
        if sid and request.network.store.table(family, Record).lane(sid) != request.account.sid:
            raise Refused(400, code, f"{wire} {sid} is none of this account")


def _check_unique(request: RestRequest, record: object, key: str) -> None:
    table = _table(request)
    for name, code in request.family.unique.items():
        value = getattr(record, name, None)
        if value is None:
            continue
        for other in table.older(_lane(request)):
            if other is not record and getattr(other, name, None) == value and other is not table.get(key):
                raise Refused(400, code, f"{name} '{str(value)[:100]}': {_TAKEN}")


def _given(request: RestRequest, kind: type[Record]) -> dict[str, object]:
    """What the parameters say, by the record's fields; an empty text clears what may be empty."""
    known = _fields(kind)
    given: dict[str, object] = {}
    for param in request.operation.params:
        if param.wire in request.parameters and param.name in known:
            value = request.parameters.values[param.wire]
            given[param.name] = None if value == "" and known[param.name] is None else value
    return given


def _tests(request: RestRequest) -> list[Callable[[Record], bool]]:
    """The filters that were given, as tests of a record."""
    tests: list[Callable[[Record], bool]] = []
    known = _fields(RECORDS[request.family.record])
    for param in request.operation.params:
        if param.wire not in request.parameters:
            continue
        name = request.family.filters.get(param.wire) or request.family.filters.get(param.wire.rstrip("<>"))
        if name is None:
            name = param.name.removesuffix("_before").removesuffix("_after")
        value = request.parameters.values[param.wire]
        if name in known and value != "":
            tests.append(_test(request, param, name, value))
    return tests


def _test(request: RestRequest, param: Param, name: str, value: object) -> Callable[[Record], bool]:
    if isinstance(value, date):  # or a moment
        wire = param.wire.rstrip("<>")
        return lambda record: within(request.parameters, wire, getattr(record, name))
    if isinstance(value, str) and "phone_number" in name:
        number = normal(value) or value
        return lambda record: getattr(record, name) == number
    return lambda record: getattr(record, name) == value


def _fields(kind: type[Record]) -> Mapping[str, object]:
    """The fields of a record, each with its default."""
    name = kind.__name__
    if name not in _FIELDS:
        _FIELDS[name] = {each.name: each.default for each in attrs.fields(kind)}
    return _FIELDS[name]


ACTS: Final[Mapping[str, Callable[[RestRequest], Body | None]]] = {
    "create": create,
    "fetch": fetch,
    "list": listed,
    "update": update,
    "delete": delete,
}
