"""From families to modules: names are made, the tree of resources is grown."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from attrs import evolve, field, frozen

from codegen import naming
from codegen.api import ir
from codegen.api.load import LoadedFamily
from codegen.api.types import List, PairList, Sid, WireType, constant_of

VERSION = "2010-04-01"
ROOT = "accounts()"
NUMBERED = re.compile(r"(.+)\{1\.\.(\d+)\}\Z")
_ACCOUNT_HOLE = "AccountSid"

Hole: TypeAlias = tuple[str, WireType, str]


@frozen
class Parameter:
    """A parameter with its Python name; `wire` is the prefix where the type is a list of pairs."""

    name: str
    wire: str
    entry: ir.Entry

    @property
    def type(self) -> WireType:
        return self.entry.type

    @property
    def required(self) -> bool:
        return "required" in self.entry.flags

    @property
    def secret(self) -> bool:
        return "secret" in self.entry.flags

    @property
    def wires(self) -> list[str]:
        """Every wire name."""
        if isinstance(self.type, PairList):
            numbers = range(1, self.type.most + 1)
            return [f"{self.wire}{n}.{part}" for n in numbers for part in (self.type.first, self.type.second)]
        return [self.wire]


@frozen
class Field:
    """A model field with its Python name."""

    name: str
    wire: str
    entry: ir.Entry

    @property
    def always(self) -> bool:
        return "always" in self.entry.flags

    @property
    def secret(self) -> bool:
        return "secret" in self.entry.flags

    @property
    def annotation(self) -> str:
        plain = self.entry.type.field
        return plain if self.always or plain == "object" else f"{plain} | None"


@frozen
class Operation:
    """An operation, complete."""

    action: ir.Action
    spec: ir.Operation
    title: str
    constant: str
    path: str
    holes: tuple[Hole, ...]
    parameters: tuple[Parameter, ...]
    groups: tuple[tuple[str, ...], ...]
    model: str | None
    items: str | None
    statuses: tuple[int, ...]

    @property
    def success(self) -> int:
        """The usual status of a good answer."""
        return self.statuses[0]

    @property
    def method(self) -> str:
        return {"list": "GET", "fetch": "GET", "delete": "DELETE"}.get(self.action, "POST")

    @property
    def overloads(self) -> list[frozenset[str]]:
        """For each way to satisfy all groups, the names that must be given; empty without groups."""
        return [frozenset(choice) for choice in itertools.product(*self.groups)] if self.groups else []


@frozen
class Resource:
    """A resource, complete; `children` are the keys of what hangs on its collection and its instance."""

    key: str
    module: str
    spec: ir.Resource
    name: str
    path: str
    holes: tuple[Hole, ...]
    operations: tuple[Operation, ...]
    collection_children: tuple[str, ...] = ()
    instance_children: tuple[str, ...] = ()

    @property
    def attribute(self) -> str:
        return self.key.rpartition(".")[2]

    @property
    def title(self) -> str:
        """How it is written: `client.calls(sid).recordings`."""
        return f"client.{self.key.replace('()', '(sid)')}"

    @property
    def collection_class(self) -> str:
        if not self.spec.operations and self.spec.key is None:
            return f"{self.name}Namespace"
        listing = self.spec.key is not None or any(
            operation.action == "list" for operation in self.operations
        )
        return f"{self.name}List" if listing else f"{self.name}Resource"

    @property
    def context_class(self) -> str:
        return f"{self.name}Context"

    @property
    def collection_mixin(self) -> str | None:
        """The name of the hand-written class that the collection's client inherits."""
        mixin = self.spec.mixins.collection
        return mixin and mixin.rpartition(".")[2]

    @property
    def context_mixin(self) -> str | None:
        """The same for the client of one of them."""
        mixin = self.spec.mixins.instance
        return mixin and mixin.rpartition(".")[2]

    def on_collection(self, operation: Operation) -> bool:
        return self.spec.key is None or operation.action in {"list", "create"}

    @property
    def collection_operations(self) -> list[Operation]:
        return [operation for operation in self.operations if self.on_collection(operation)]

    @property
    def instance_operations(self) -> list[Operation]:
        return [operation for operation in self.operations if not self.on_collection(operation)]


@frozen
class EnumPlan:
    name: str
    spec: ir.Enum

    @property
    def constant(self) -> str:
        return constant_of(self.name)


@frozen
class ModelPlan:
    name: str
    spec: ir.Model
    fields: tuple[Field, ...]


@frozen
class Module:
    """One generated module."""

    name: str
    doc: str
    enums: tuple[EnumPlan, ...]
    models: tuple[ModelPlan, ...]
    resources: tuple[Resource, ...]

    @property
    def mixins(self) -> list[tuple[str, str]]:
        """The hand-written classes it needs: module and name."""
        named = {
            mixin
            for resource in self.resources
            for mixin in (resource.spec.mixins.collection, resource.spec.mixins.instance)
            if mixin is not None
        }
        return sorted((module, name) for module, _, name in (mixin.partition(".") for mixin in named))


@frozen
class Plan:
    """All modules, and who defines what."""

    modules: tuple[Module, ...]
    resources: dict[str, Resource]
    homes: dict[str, str] = field(factory=dict[str, str])


def make_plan(families: list[LoadedFamily]) -> Plan:
    """Make it; the families have passed `check`."""
    owners = {key: family for family in families for key in family.family.resources}
    specs = {key: family.family.resources[key] for key, family in owners.items()}
    resources = _with_children({key: _resource(specs, family.module, key) for key, family in owners.items()})
    homes = {
        name: family.module
        for family in families
        for names in (family.family.enums, family.family.models)
        for name in names
    }
    return Plan(tuple(_module(family, resources) for family in families), resources, homes)


def _with_children(resources: dict[str, Resource]) -> dict[str, Resource]:
    below_collection: dict[str, list[str]] = {}
    below_instance: dict[str, list[str]] = {}
    for key in resources:
        parent = key.rpartition(".")[0] if "." in key else ("" if key == "accounts" else ROOT)
        below = below_instance if parent.endswith("()") else below_collection
        below.setdefault(parent.removesuffix("()"), []).append(key)
    return {
        key: evolve(
            resource,
            collection_children=tuple(sorted(below_collection.get(key, []))),
            instance_children=tuple(sorted(below_instance.get(key, []))),
        )
        for key, resource in resources.items()
    }


def _chain(specs: Mapping[str, ir.Resource], key: str) -> tuple[str, tuple[Hole, ...]]:
    """The path of a resource's collection, and the holes in it."""
    if key == "accounts":
        return f"/{VERSION}/{specs[key].path}", ()
    path = f"/{VERSION}/{specs['accounts'].path}/{{{_ACCOUNT_HOLE}}}"
    holes: list[Hole] = [(_ACCOUNT_HOLE, Sid(("AC",)), "The account.")]
    links = key.split(".")
    for depth in range(1, len(links)):
        above = ".".join(links[:depth])
        spec = specs[above.removesuffix("()")]
        path += f"/{spec.path}"
        if above.endswith("()") and spec.key is not None:
            hole = f"{spec.name}{spec.key.wire}" if spec.key.wire == "Sid" else spec.key.wire
            path += f"/{{{hole}}}"
            holes.append((hole, spec.key.type, spec.key.doc))
    return f"{path}/{specs[key].path}", tuple(holes)


def _resource(specs: Mapping[str, ir.Resource], module: str, key: str) -> Resource:
    spec = specs[key]
    path, holes = _chain(specs, key)
    name = spec.name or "".join(
        part.capitalize() for link in key.split(".") for part in link.removesuffix("()").split("_")
    )
    operations = [
        _operation(key, spec, name, path, holes, action, spec.operations[action])
        for action in ir.ACTIONS
        if action in spec.operations
    ]
    return Resource(key, module, spec, name, path, holes, tuple(operations))


def _operation(
    key: str,
    resource: ir.Resource,
    name: str,
    path: str,
    holes: tuple[Hole, ...],
    action: ir.Action,
    spec: ir.Operation,
) -> Operation:
    title = f"{key.replace('()', '(sid)')}.{action}"
    if resource.key is not None and action not in {"list", "create"}:
        path = f"{path}/{{{resource.key.wire}}}"
        holes = (*holes, (resource.key.wire, resource.key.type, resource.key.doc))
        title = f"{key.replace('()', '(sid)')}(sid).{action}"
    parameters = tuple(_parameter(wire, entry) for wire, entry in spec.params.items())
    names = {wire: parameter.name for wire, parameter in zip(spec.params, parameters, strict=True)}
    model = spec.model or resource.model or name
    return Operation(
        action=action,
        spec=spec,
        title=title,
        constant=naming.constant(key, action),
        path=f"{path}.json",
        holes=holes,
        parameters=parameters,
        groups=tuple(tuple(names[wire] for wire in group) for group in spec.one_of),
        model=None if action == "delete" or model == "none" else model,
        items=(spec.items or key.rpartition(".")[2]) if action == "list" else None,
        statuses=spec.success or ({"create": 201, "delete": 204}.get(action, 200),),
    )


def _parameter(wire: str, entry: ir.Entry) -> Parameter:
    numbered = NUMBERED.match(wire)
    if numbered is not None and isinstance(entry.type, PairList):
        prefix, most = numbered[1], int(numbered[2])
        entry = evolve(entry, type=evolve(entry.type, most=most))
        return Parameter(f"{naming.snake(prefix)}s", prefix, entry)
    return Parameter(naming.parameter(wire), wire, entry)


def _module(family: LoadedFamily, resources: dict[str, Resource]) -> Module:
    spec = family.family
    return Module(
        name=family.module,
        doc=spec.doc,
        enums=tuple(EnumPlan(name, enum) for name, enum in spec.enums.items()),
        models=tuple(
            ModelPlan(
                name,
                model,
                tuple(
                    Field(naming.identifier(naming.snake(wire)), wire, entry)
                    for wire, entry in model.fields.items()
                ),
            )
            for name, model in _in_order(spec.models)
        ),
        resources=tuple(resources[key] for key in spec.resources),
    )


def _in_order(models: Mapping[str, ir.Model]) -> Iterator[tuple[str, ir.Model]]:
    """Models, those that others contain first; `check` has seen to it that none contains itself."""
    pending = dict(models)
    while pending:
        ready = [
            name
            for name, model in pending.items()
            if not any(entry.type.model in pending for entry in model.fields.values())
        ]
        for name in ready:
            yield name, pending.pop(name)


def item_type(wire_type: WireType) -> WireType:
    """What a list is a list of; anything else is itself."""
    return item_type(wire_type.item) if isinstance(wire_type, List) else wire_type
