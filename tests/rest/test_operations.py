"""Every generated method, sync and async, with every parameter, against the spec.

What must be sent is worked out from the records of `codegen.api` and the values of `samples`, so the tables
in the generated modules are proved and not trusted.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, cast

import pytest
from attrs import frozen

from codegen import naming
from codegen.api import ir, plan, types
from ringback import rest
from ringback._core.operations.paging import AsyncPager, Pager
from ringback._generated.api.operations import OPERATIONS
from ringback.client import AsyncClient, Client
from ringback.errors import InvalidValue
from tests.rest.samples import ACCOUNT, alternatives, argument, hole, planned, record
from tests.rest.transports import Answers, AsyncAnswers


@frozen(repr=False)
class Case:
    """One operation and where it hangs."""

    resource: plan.Resource
    operation: plan.Operation

    def __repr__(self) -> str:
        return f"{self.resource.key}-{self.operation.action}"

    @property
    def path(self) -> str:
        """The path that must be asked for."""
        values = {name: hole(wire_type) for name, wire_type, _ in self.operation.holes}
        if self.resource.key != "accounts":
            values["AccountSid"] = ACCOUNT
        return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], self.operation.path)

    @property
    def body(self) -> dict[str, object] | None:
        """What a good answer holds."""
        if self.operation.model is None:
            return None
        one = record(self.operation.model)
        if self.operation.items is None:
            return dict(one)
        return {self.operation.items: [one, one], "page": 0, "page_size": 50, "next_page_uri": None}

    def method(self, client: object) -> Callable[..., Any]:
        """The generated method, reached as a user reaches it."""
        target = reach(client, self.resource.key)
        if not self.resource.on_collection(self.operation):
            target = target(hole(key_of(self.resource.key)))
        return cast("Callable[..., Any]", getattr(target, self.operation.action))


def reach(client: object, key: str) -> Any:
    """The client of a resource's collection."""
    target: Any = client
    links = key.split(".")
    for depth, link in enumerate(links, start=1):
        target = getattr(target, link.removesuffix("()"))
        if link.endswith("()"):
            target = target(hole(key_of(".".join(links[:depth]).removesuffix("()"))))
    return target


def key_of(resource: str) -> types.WireType:
    """The type of what an instance of a resource is named by."""
    key: ir.Key | None = planned().resources[resource].spec.key
    assert key is not None
    return key.type


CASES = [
    Case(resource, operation)
    for resource in planned().resources.values()
    for operation in resource.operations
]  # fmt: skip


BY_MODULE = {module.name: [case for case in CASES if case.resource.module == module.name]
             for module in planned().modules}  # fmt: skip


class Sync:
    """Calls through `Client`."""

    def __init__(self, answers: Answers) -> None:
        self.client: object = Client(ACCOUNT, "secret", transport=answers)

    def records(self, method: Callable[..., object], arguments: dict[str, object]) -> list[object]:
        """What the method gives, walked over where it is a list."""
        result = method(**arguments)
        if isinstance(result, Pager):
            return [*cast("Iterable[object]", result)]
        return [] if result is None else [result]


class Async:
    """Calls through `AsyncClient`."""

    def __init__(self, answers: Answers) -> None:
        self.client: object = AsyncClient(ACCOUNT, "secret", transport=AsyncAnswers(answers))

    def records(self, method: Callable[..., object], arguments: dict[str, object]) -> list[object]:
        """What the method gives, awaited or walked over."""
        return asyncio.run(self._records(method, arguments))

    async def _records(self, method: Callable[..., object], arguments: dict[str, object]) -> list[object]:
        result = method(**arguments)
        if isinstance(result, AsyncPager):
            return [item async for item in cast("AsyncIterator[object]", result)]
        result = await cast("Awaitable[object]", result)
        return [] if result is None else [result]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_a_method_sends_what_the_spec_says(case: Case) -> None:
    operation = case.operation
    given = {parameter.name: argument(parameter) for parameter in operation.parameters}
    required = {parameter.name for parameter in operation.parameters if parameter.required}
    everything = frozenset(given)
    calls = [everything, *(required | alternative for alternative in alternatives(operation))]
    for flavour in (Sync, Async):
        answers = Answers(operation.success, case.body)
        through = flavour(answers)
        method = case.method(through.client)
        for names in calls:
            arguments = {name: given[name].value for name in given if name in names}
            records = through.records(method, arguments)

            expected = [pair for name in given if name in names for pair in given[name].pairs]
            assert answers.requests[-1].method == operation.method
            assert answers.url.path == case.path
            sent, nothing = (
                (answers.form, answers.query) if operation.method == "POST" else (answers.query, answers.form)
            )
            assert sent == expected
            assert nothing == []
            if operation.model is None:
                assert records == []
            else:
                model = getattr(rest, operation.model)
                assert [type(item) for item in records] == [model] * (2 if operation.items else 1)
        assert len(answers.requests) == len(calls)


@pytest.mark.parametrize("case", [case for case in CASES if case.operation.groups], ids=repr)
def test_without_one_of_a_group_nothing_is_sent(case: Case) -> None:
    operation = case.operation
    for missing in operation.groups:
        arguments = {
            parameter.name: argument(parameter).value
            for parameter in operation.parameters
            if parameter.name not in missing
        }
        for flavour in (Sync, Async):
            answers = Answers(operation.success, case.body)
            through = flavour(answers)
            with pytest.raises(InvalidValue) as caught:
                through.records(case.method(through.client), arguments)
            assert all(name in str(caught.value) for name in missing)
            assert answers.requests == []


@pytest.mark.parametrize("module", BY_MODULE)
def test_a_value_of_another_kind_is_refused_by_name(module: str) -> None:
    """Something that is of no kind at all in the place of each parameter; a secret one is not shown.

    None in the place of a required one is refused as well.
    """
    for case in BY_MODULE[module]:
        given = {parameter.name: argument(parameter).value for parameter in case.operation.parameters}
        answers = Answers()
        method = case.method(Client(ACCOUNT, "secret", transport=answers))
        for parameter in case.operation.parameters:
            wrong = _WRONG.get(parameter.type.parameter, ...)
            with pytest.raises(InvalidValue, match=rf"^{parameter.name}: expected ") as caught:
                method(**{**given, parameter.name: wrong})
            assert caught.value.field == parameter.name
            assert (caught.value.value == "***") == parameter.secret
            if parameter.required:
                with pytest.raises(InvalidValue, match=rf"^{parameter.name}: expected .*, got None$"):
                    method(**{**given, parameter.name: None})
        assert answers.requests == []


# What takes nearly anything still doesn't take this.
_WRONG: dict[str, object] = {"object": b"\xff", "VoiceResponse | str": "no document"}


def test_the_tables_that_the_emulator_reads_are_the_same() -> None:
    """`OPERATIONS` holds each operation once, with what the spec says of it."""
    assert len(OPERATIONS) == len({operation.name for operation in OPERATIONS}) == len(CASES)
    by_name = {operation.name: operation for operation in OPERATIONS}
    for case in CASES:
        table, spec = by_name[case.operation.title], case.operation
        assert (table.action, table.method, table.path) == (spec.action, spec.method, spec.path)
        assert len(table.path_kinds) == len(spec.holes) == table.path.count("{")
        assert [(param.name, param.wire, param.required, param.secret) for param in table.params] == [
            (parameter.name, parameter.wire, parameter.required, parameter.secret)
            for parameter in spec.parameters
        ]
        assert (table.success, table.answer, table.items) == (spec.success, spec.model, spec.items)
        assert table.one_of == spec.groups


@pytest.mark.parametrize("wrong", ["", ".", "..", "../x", "a/b\n", "ZZ" + "0" * 32, None, 7], ids=repr)
def test_a_key_of_another_kind_is_refused(wrong: object) -> None:
    """Before anything is sent. Where a name will do, more is one: see below."""
    for resource in planned().resources.values():
        key = resource.spec.key
        if key is None or (isinstance(key.type, types.Name) and wrong in {"../x", "ZZ" + "0" * 32}):
            continue
        for client in (Client(ACCOUNT, "secret"), AsyncClient(ACCOUNT, "secret")):
            with pytest.raises(InvalidValue, match=f"^{naming.parameter(key.wire)}: expected "):
                reach(client, resource.key)(wrong)


def test_names_stay_one_segment_of_the_path() -> None:
    answers = Answers(200, {"queues": []})
    client = Client(ACCOUNT, "secret", transport=answers)
    named = [
        resource
        for resource in planned().resources.values()
        if resource.spec.key is not None and isinstance(resource.spec.key.type, types.Name)
    ]
    assert named
    for resource in named:
        context = reach(client, resource.key)("a/b?c#d e%2F..é")
        assert context._path.endswith("/a%2Fb%3Fc%23d%20e%252F..%C3%A9")
