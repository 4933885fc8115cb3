"""From families to modules: names are made, references checked, the tree of resources is grown."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from attrs import evolve, field, frozen

from codegen import naming
from codegen.api import ir
from codegen.api.load import LoadedFamily, Step
from codegen.api.types import Enum, List, PairList, Sid, WireType, constant_of
from codegen.problems import Problem, SpecError

VERSION = "2010-04-01"
ROOT = "accounts()"
_NUMBERED = re.compile(r"(.+)\{1\.\.(\d+)\}\Z")
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


@frozen
class Plan:
    """All modules, and who defines what."""

    modules: tuple[Module, ...]
    resources: dict[str, Resource]
    homes: dict[str, str] = field(factory=dict[str, str])


def plan(families: list[LoadedFamily]) -> Plan:
    """Resolve everything.

    Raises:
        SpecError: A reference leads nowhere, or a name is used twice.
    """
    return _Planner(families).run()


class _Planner:
    def __init__(self, families: list[LoadedFamily]) -> None:
        self.families = families
        self.problems: list[Problem] = []
        self.homes: dict[str, str] = {}
        self.models: dict[str, ir.Model] = {}
        self.owners = {key: family for family in families for key in family.family.resources}

    def run(self) -> Plan:
        self._collect_names()
        resources = {
            key: self._resource(family, key, spec)
            for family in self.families
            for key, spec in family.family.resources.items()
        }
        resources = self._with_children(resources)
        modules = tuple(self._module(family, resources) for family in self.families)
        self._check_references()
        self._check_classes(resources)
        if self.problems:
            raise SpecError(sorted(self.problems, key=lambda problem: (problem.file, problem.line)))
        return Plan(modules, resources, self.homes)

    def _complain(self, family: LoadedFamily, message: str, *path: Step) -> None:
        self.problems.append(family.problem(message, *path))

    def _collect_names(self) -> None:
        seen: dict[str, str] = {}
        for family in self.families:
            for section in ("enums", "models"):
                names: list[str] = list(getattr(family.family, section))
                for name in names:
                    if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name):
                        self._complain(family, f"expected a name in CamelCase, got {name!r}", section, name)
                    if name in seen:
                        self._complain(
                            family, f"{name} is already defined in {seen[name]}.yaml", section, name
                        )
                    seen[name] = family.module
                    self.homes[name] = family.module
            self.models.update(family.family.models)
            for key, spec in family.family.resources.items():
                if self.owners[key] is not family:
                    self._complain(family, f"{key} is already defined elsewhere", "resources", key)
                if spec.operations and spec.name is None:
                    self._complain(family, f"{key} has operations, so it needs a name", "resources", key)

    def _check_classes(self, resources: dict[str, Resource]) -> None:
        """No two classes of one name; a model and a resource client easily get the same."""
        owners = {name: f"the {name} of {module}.yaml" for name, module in self.homes.items()}
        for key, resource in resources.items():
            for name in {resource.collection_class, resource.context_class}:
                if name in owners:
                    self._complain(
                        self.owners[key],
                        f"its client would be called {name}, like {owners[name]}: give it another name",
                        "resources",
                        key,
                    )
                owners[name] = f"the client of {key}"

    def _check_references(self) -> None:
        enums = {name for family in self.families for name in family.family.enums}
        for family in self.families:
            for path, entry in _entries(family.family):
                wanted = entry.type.enum
                if wanted is not None and wanted not in enums:
                    self._complain(family, f"there is no enum {wanted}", *path)
                nested = entry.type.model
                if nested is not None and nested not in self.models:
                    self._complain(family, f"there is no model {nested}", *path)
                if isinstance(entry.type, Enum) and entry.default is not None and wanted in enums:
                    values = next(f.family.enums[wanted] for f in self.families if wanted in f.family.enums)
                    if entry.default not in values.values:
                        self._complain(family, f"the default {entry.default!r} is no {wanted}", *path)

    def _with_children(self, resources: dict[str, Resource]) -> dict[str, Resource]:
        below_collection: dict[str, list[str]] = {}
        below_instance: dict[str, list[str]] = {}
        for key in resources:
            parent = key.rpartition(".")[0] if "." in key else ("" if key == "accounts" else ROOT)
            (below_instance if parent.endswith("()") else below_collection).setdefault(
                parent.removesuffix("()"), []
            ).append(key)
        return {
            key: evolve(
                resource,
                collection_children=tuple(sorted(below_collection.get(key, []))),
                instance_children=tuple(sorted(below_instance.get(key, []))),
            )
            for key, resource in resources.items()
        }

    def _chain(self, family: LoadedFamily, key: str) -> tuple[str, tuple[Hole, ...]]:
        """The path of a resource's collection, and the holes in it."""
        if key == "accounts":
            return f"/{VERSION}/Accounts", ()
        path = f"/{VERSION}/Accounts/{{{_ACCOUNT_HOLE}}}"
        holes: list[Hole] = [(_ACCOUNT_HOLE, Sid(("AC",)), "The account.")]
        links = key.split(".")
        for depth in range(1, len(links)):
            above = ".".join(links[:depth])
            owner = self.owners.get(above.removesuffix("()"))
            if owner is None:
                self._complain(family, f"its parent {above} is no resource", "resources", key)
                continue
            spec = owner.family.resources[above.removesuffix("()")]
            path += f"/{spec.path}"
            if above.endswith("()"):
                if spec.key is None:
                    self._complain(family, f"its parent {above} has no key", "resources", key)
                    continue
                hole = f"{spec.name}{spec.key.wire}" if spec.key.wire == "Sid" else spec.key.wire
                path += f"/{{{hole}}}"
                holes.append((hole, spec.key.type, spec.key.doc))
        return f"{path}/{family.family.resources[key].path}", tuple(holes)

    def _resource(self, family: LoadedFamily, key: str, spec: ir.Resource) -> Resource:
        path, holes = self._chain(family, key)
        name = spec.name or "".join(
            part.capitalize() for link in key.split(".") for part in link.removesuffix("()").split("_")
        )
        operations: list[Operation] = []
        for action, operation in spec.operations.items():
            operations.append(self._operation(family, key, spec, name, path, holes, action, operation))
            if action == "list" and operation.model == "none":
                self._complain(family, "a list has a model", "resources", key, "operations", action)
        if spec.key is None and {"update", "delete"} & set(spec.operations):
            self._complain(family, "update and delete need a key", "resources", key)
        operations.sort(key=lambda operation: ir.ACTIONS.index(operation.action))
        return Resource(key, family.module, spec, name, path, holes, tuple(operations))

    def _operation(
        self,
        family: LoadedFamily,
        key: str,
        resource: ir.Resource,
        name: str,
        path: str,
        holes: tuple[Hole, ...],
        action: ir.Action,
        spec: ir.Operation,
    ) -> Operation:
        where = ("resources", key, "operations", action)
        on_instance = resource.key is not None and action not in {"list", "create"}
        if on_instance and resource.key is not None:
            path = f"{path}/{{{resource.key.wire}}}"
            holes = (*holes, (resource.key.wire, resource.key.type, resource.key.doc))
        parameters = tuple(self._parameter(wire, entry) for wire, entry in spec.params.items())
        names: set[str] = {"options", "limit", "page_size"}
        for parameter in parameters:
            if parameter.name in names:
                self._complain(
                    family, f"the name {parameter.name} is taken", *where, "params", parameter.wire
                )
            names.add(parameter.name)
        by_wire = {parameter.wire: parameter for parameter in parameters}
        for group in spec.one_of:
            for wire in group:
                if wire not in by_wire:
                    self._complain(family, f"{wire} is no parameter", *where, "one_of")
                elif by_wire[wire].required:
                    self._complain(family, f"{wire} is required, so it is in no group", *where, "one_of")
        model: str | None = spec.model or resource.model or name
        if action == "delete" or model == "none":
            model = None
        elif model not in self.models:
            self._complain(family, f"there is no model {model}", *where)
        attribute = key.rpartition(".")[2]
        prefix = key.replace("()", "(sid)")
        return Operation(
            action=action,
            spec=spec,
            title=f"{prefix}(sid).{action}" if on_instance else f"{prefix}.{action}",
            constant=naming.constant(key, action),
            path=f"{path}.json",
            holes=holes,
            parameters=parameters,
            groups=tuple(
                tuple(by_wire[wire].name for wire in group if wire in by_wire) for group in spec.one_of
            ),
            model=model,
            items=(spec.items or attribute) if action == "list" else None,
            statuses=spec.success or ({"create": 201, "delete": 204}.get(action, 200),),
        )

    def _parameter(self, wire: str, entry: ir.Entry) -> Parameter:
        numbered = _NUMBERED.match(wire)
        if numbered is not None and isinstance(entry.type, PairList):
            prefix, most = numbered[1], int(numbered[2])
            entry = evolve(entry, type=evolve(entry.type, most=most))
            return Parameter(f"{naming.snake(prefix)}s", prefix, entry)
        return Parameter(naming.parameter(wire), wire, entry)

    def _module(self, family: LoadedFamily, resources: dict[str, Resource]) -> Module:
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
    """Models, those that others contain first."""
    pending = dict(models)
    while pending:
        ready = [
            name
            for name, model in pending.items()
            if not any(
                entry.type.model in pending and entry.type.model != name for entry in model.fields.values()
            )
        ] or list(pending)[:1]
        for name in ready:
            yield name, pending.pop(name)


def _entries(family: ir.Family) -> Iterator[tuple[tuple[Step, ...], ir.Entry]]:
    for name, model in family.models.items():
        for wire, entry in model.fields.items():
            yield ("models", name, "fields", wire), entry
    for key, resource in family.resources.items():
        for action, operation in resource.operations.items():
            for wire, entry in operation.params.items():
                yield ("resources", key, "operations", action, "params", wire), entry


def item_type(wire_type: WireType) -> WireType:
    """What a list is a list of; anything else is itself."""
    return item_type(wire_type.item) if isinstance(wire_type, List) else wire_type
