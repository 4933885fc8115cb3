"""Methods with the parameters of their operations: what is left of them, and what came in their place."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from attrs import frozen

from codegen.api.plan import Operation, Parameter, Plan
from codegen.app.load import Instead, Method, Spec
from codegen.problems import Problem, SpecError
from codegen.source import Source, Steps
from codegen.webhooks.records import Spec as Webhooks


@frozen
class Argument:
    """A parameter of a method that is also one of its operation.

    Attributes:
        parameter: The operation's.
        event: What Twilio reports to the URL that it holds, where a handler of that fits too.
    """

    parameter: Parameter
    event: str | None = None

    @property
    def name(self) -> str:
        return self.parameter.name

    @property
    def annotation(self) -> str:
        plain = self.parameter.type.parameter
        return plain if self.event is None else f"{plain} | Target[{self.event}]"


@frozen
class MethodPlan:
    """A method, complete.

    Attributes:
        groups: Names of which at least one has to be given, of each group.
    """

    name: str
    spec: Method
    operation: Operation
    arguments: tuple[Argument, ...]
    instead: tuple[tuple[str, Instead], ...]
    groups: tuple[tuple[str, ...], ...]

    @property
    def overloads(self) -> list[frozenset[str]]:
        """For each way to satisfy all groups, the names that must be given."""
        return [frozenset(choice) for choice in itertools.product(*self.groups)]

    @property
    def first(self) -> str | None:
        """The parameter that may be given by position."""
        named = {argument.parameter.wire: argument.name for argument in self.arguments}
        return named.get(self.spec.first or "")


@frozen
class AppPlan:
    """All methods, and the enums that they name: enum -> module."""

    methods: tuple[MethodPlan, ...]
    homes: dict[str, str]


def plan(spec: Spec, source: Source, api: Plan, webhooks: Webhooks) -> AppPlan:
    """Join the methods to their operations.

    Raises:
        SpecError: They name what isn't there.
    """
    operations = {
        f"{resource.key}.{operation.action}": operation
        for resource in api.resources.values()
        for operation in resource.operations
    }
    problems: list[Problem] = []
    methods: list[MethodPlan] = []
    reported = {place: webhook.event for webhook in webhooks.webhooks.values() for place in webhook.set_by}
    for name, method in spec.methods.items():
        operation = operations.get(method.operation)
        if operation is None:
            message = f"there is no operation {method.operation!r}"
            problems.append(source.problem(("methods", name, "operation"), message))
            continue
        problems += _problems(name, method, operation, source)
        methods.append(_method(name, method, operation, reported))
    if problems:
        raise SpecError(problems)
    return AppPlan(tuple(methods), api.homes)


def _problems(name: str, method: Method, operation: Operation, source: Source) -> Iterator[Problem]:
    wires = {parameter.wire for parameter in operation.parameters}
    names = {parameter.name for parameter in operation.parameters}
    places: list[tuple[Steps, str]] = [
        (("methods", name, "ours", index), wire) for index, wire in enumerate(method.ours)
    ]
    for replacing, instead in method.instead.items():
        path = ("methods", name, "instead", replacing)
        places += [((*path, "replaces", index), wire) for index, wire in enumerate(instead.replaces)]
        if replacing in names:
            yield source.problem(path, f"{method.operation} has a parameter of this name")
    if method.first is not None:
        places.append((("methods", name, "first"), method.first))
    for where, wire in places:
        if wire not in wires:
            yield source.problem(where, f"{method.operation} has no parameter {wire!r}")


def _method(name: str, method: Method, operation: Operation, reported: dict[str, str]) -> MethodPlan:
    replaced = {wire for instead in method.instead.values() for wire in instead.replaces}
    gone = replaced | set(method.ours)
    arguments = tuple(
        Argument(parameter, _event(operation, parameter, reported))
        for parameter in operation.parameters
        if parameter.wire not in gone
    )
    left = {argument.name for argument in arguments}
    return MethodPlan(
        name=name,
        spec=method,
        operation=operation,
        arguments=arguments,
        instead=tuple(method.instead.items()),
        groups=tuple(group for group in operation.groups if left.issuperset(group)),
    )


def _event(operation: Operation, parameter: Parameter, reported: dict[str, str]) -> str | None:
    if parameter.type.kind != "URL":
        return None
    return reported.get(f"{operation.model}.{parameter.wire}")
