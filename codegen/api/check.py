"""What well-formed families can still get wrong: references, flags, names; every mistake is reported.

check         the families: nothing refers to what isn't there, no type is where it can't be
check_names   the plan: no two things get one Python name
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from codegen import naming
from codegen.api import ir, sids
from codegen.api.load import LoadedFamily
from codegen.api.plan import NUMBERED, ROOT, Field, Operation, Plan, Resource
from codegen.api.types import Enum, PairList
from codegen.problems import Problem
from codegen.source import Steps

FIELD_FLAGS: Final = frozenset({"always", "quoted", "secret"})
PARAMETER_FLAGS: Final = frozenset({"required", "secret"})
# What clients and accounts have besides resources.
CLIENT_NAMES: Final = frozenset(
    {
        "account", "account_sid", "accounts", "aclose", "activate", "base_url", "close", "download",
        "reconcile", "request", "suspend", "with_raw_response",
    }
)  # fmt: skip
# Modules of `_generated/api` that are no family.
_MODULES: Final = frozenset({"operations", "roots", "sids"})
# What generated modules import.
_IMPORTED: Final = frozenset(
    {
        "AccountResources", "AsyncAccountResources", "AsyncPager", "AsyncSession", "Choice", "Decimal",
        "Final", "Integer", "Literal", "Mapping", "Method", "Name", "Operation", "Pager", "Pairs", "Param",
        "RequestOptions", "Sequence", "Session", "Several", "Sid", "Text", "TypeAlias", "VoiceResponse",
    }
)  # fmt: skip
_KINDS: Final = frozenset(
    {
        "BOOLEAN", "COUNTRY", "DAY", "DAY_OR_INSTANT", "INSTANT", "INTEGER", "JSON_TEXT", "METHOD", "NUMBER",
        "TEXT", "TWIML", "URL",
    }
)  # fmt: skip
_CAMEL: Final = re.compile(r"[A-Z][A-Za-z0-9]*\Z")
_RESOURCE: Final = re.compile(r"(?:[a-z][a-z0-9_]*(?:\(\))?\.)*[a-z][a-z0-9_]*\Z")
_PATH: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:/[A-Za-z][A-Za-z0-9]*)*\Z")
_FIELD: Final = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*\Z")
_PARAMETER: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z0-9]+)*[<>]?\Z")
_MIXIN: Final = re.compile(r"[a-z_]+\.[A-Z][A-Za-z0-9]*\Z")
_DOCS: Final = "https://www.twilio.com/docs/"


def check(families: list[LoadedFamily]) -> list[Problem]:
    """Every mistake that the families show before anything is planned."""
    return sorted(_Checker(families).run(), key=_place)


def check_names(plan: Plan, families: list[LoadedFamily]) -> list[Problem]:
    """Every Python name that two things would have."""
    by_module = {family.module: family for family in families}
    problems = [*_classes(plan, by_module), *_constants(plan, by_module)]
    for module in plan.modules:
        family = by_module[module.name]
        for model in module.models:
            problems += _fields(model.name, model.fields, family)
        for resource in module.resources:
            problems += _attributes(plan, resource, by_module)
            for operation in resource.operations:
                problems += _parameters(resource, operation, family)
    return sorted(problems, key=_place)


def _place(problem: Problem) -> tuple[str, int]:
    return problem.file, problem.line


# --- families ---------------------------------------------------------------------------------------------


class _Checker:
    def __init__(self, families: list[LoadedFamily]) -> None:
        self.families = families
        self.owners: dict[str, LoadedFamily] = {}
        self.enums: dict[str, ir.Enum] = {}
        self.models: dict[str, ir.Model] = {}

    def run(self) -> Iterator[Problem]:
        for family in self.families:
            yield from self._definitions(family)
        if "accounts" not in self.owners:
            yield self.families[0].problem("no family has the resource accounts, in which all others are")
        for family in self.families:
            yield from self._family(family)

    def _definitions(self, family: LoadedFamily) -> Iterator[Problem]:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", family.module) or family.module in _MODULES:
            yield family.problem(f"no module can be called {family.module!r}: rename the file")
        seen = {**dict.fromkeys(self.enums, "enum"), **dict.fromkeys(self.models, "model")}
        for section, definitions in (("enums", family.family.enums), ("models", family.family.models)):
            for name in definitions:
                if not _CAMEL.match(name):
                    yield family.problem("expected a name in CamelCase", section, name)
                if name in seen:
                    yield family.problem(f"there already is the {seen[name]} {name}", section, name)
                seen[name] = section.removesuffix("s")
        self.enums.update(family.family.enums)
        self.models.update(family.family.models)
        for key in family.family.resources:
            if key in self.owners:
                yield family.problem(f"{self.owners[key].source.file} has it already", "resources", key)
            else:
                self.owners[key] = family

    def _family(self, family: LoadedFamily) -> Iterator[Problem]:
        spec = family.family
        for path, text in _prose(spec):
            if not text.endswith((".", ")", "?", "!")):
                yield family.problem(f"expected a sentence, got {text!r}", *path)
        for path, link in _links(spec):
            if not link.startswith(_DOCS) or link != link.strip():
                yield family.problem(f"expected a page below {_DOCS}, got {link!r}", *path)
        for name, enum in spec.enums.items():
            for value in enum.values:
                if not value.isprintable() or value != value.strip():
                    yield family.problem(f"expected printable text, got {value!r}", "enums", name, "values")
        for name, model in spec.models.items():
            yield from self._model(family, name, model)
        for key, resource in spec.resources.items():
            yield from self._resource(family, key, resource)

    def _model(self, family: LoadedFamily, name: str, model: ir.Model) -> Iterator[Problem]:
        if name in self._contained(name):
            yield family.problem("it contains itself", "models", name)
        for wire, entry in model.fields.items():
            where = ("models", name, "fields", wire)
            if not _FIELD.match(wire):
                yield family.problem("expected a wire name in lower case, such as date_created", *where)
            if "field" not in entry.type.places:
                yield family.problem("no field has this type", *where)
            if entry.default is not None:
                yield family.problem("a field has no default", *where)
            yield from self._entry(family, where, entry, FIELD_FLAGS)

    def _contained(self, name: str) -> set[str]:
        """The models in a model, and those in them."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            model = self.models.get(waiting.pop())
            inner = {entry.type.model for entry in model.fields.values()} if model is not None else set[str]()
            new = {item for item in inner if item is not None} - found
            found |= new
            waiting += new
        return found

    def _entry(
        self, family: LoadedFamily, where: Steps, entry: ir.Entry, flags: frozenset[str]
    ) -> Iterator[Problem]:
        for flag in sorted(entry.flags - flags):
            yield family.problem(
                f"unknown flag {flag!r}; the flags here are {', '.join(sorted(flags))}", *where
            )
        enum = entry.type.enum
        if enum is not None and enum not in self.enums:
            yield family.problem(f"there is no enum {enum}", *where)
        if entry.type.model is not None and entry.type.model not in self.models:
            yield family.problem(f"there is no model {entry.type.model}", *where)
        if entry.default is not None and not self._holds(entry, entry.default):
            yield family.problem(f"the default {entry.default!r} is no value of its type", *where)

    def _holds(self, entry: ir.Entry, default: str) -> bool:
        if isinstance(entry.type, Enum):
            enum = self.enums.get(entry.type.name)
            return enum is None or enum.open or default in enum.values
        return entry.type.holds(default)

    def _resource(self, family: LoadedFamily, key: str, resource: ir.Resource) -> Iterator[Problem]:
        where = ("resources", key)
        if not _RESOURCE.match(key):
            yield family.problem("expected a chain such as calls().recordings", *where)
        if not _PATH.match(resource.path):
            yield family.problem(f"expected a path such as Calls, got {resource.path!r}", *where, "path")
        if resource.operations and resource.name is None:
            yield family.problem("it has operations, so it needs a name", *where)
        if resource.name is not None and not _CAMEL.match(resource.name):
            yield family.problem(f"expected a name in CamelCase, got {resource.name!r}", *where, "name")
        if resource.key is not None:
            if "key" not in resource.key.type.places:
                yield family.problem(
                    "expected a sid, name or country, which are safe in a path", *where, "key"
                )
            if not _CAMEL.match(resource.key.wire):
                yield family.problem(f"expected a hole such as Sid, got {resource.key.wire!r}", *where, "key")
        elif {"update", "delete"} & set(resource.operations):
            yield family.problem("update and delete need a key", *where)
        yield from self._ancestors(family, key)
        yield from self._mixins(family, resource, where)
        for action, operation in resource.operations.items():
            yield from self._operation(family, (*where, "operations", action), resource, action, operation)

    def _ancestors(self, family: LoadedFamily, key: str) -> Iterator[Problem]:
        links = key.split(".")
        for depth in range(1, len(links)):
            above = ".".join(links[:depth])
            owner = self.owners.get(above.removesuffix("()"))
            if owner is None:
                yield family.problem(f"its parent {above} is no resource", "resources", key)
            elif above.endswith("()") and owner.family.resources[above.removesuffix("()")].key is None:
                yield family.problem(f"its parent {above} has no key", "resources", key)

    @staticmethod
    def _mixins(family: LoadedFamily, resource: ir.Resource, where: Steps) -> Iterator[Problem]:
        for part, mixin in (
            ("collection", resource.mixins.collection), ("instance", resource.mixins.instance)
        ):  # fmt: skip
            if mixin is not None and not _MIXIN.match(mixin):
                yield family.problem(f"expected module.Class, got {mixin!r}", *where, "mixins", part)
        if resource.mixins.instance is not None and resource.key is None:
            yield family.problem("it has no instances", *where, "mixins", "instance")

    def _operation(
        self,
        family: LoadedFamily,
        where: Steps,
        resource: ir.Resource,
        action: ir.Action,
        operation: ir.Operation,
    ) -> Iterator[Problem]:
        for wire, entry in operation.params.items():
            yield from self._parameter(family, (*where, "params", wire), wire, entry)
        for group in operation.one_of:
            for wire in group:
                if wire not in operation.params:
                    yield family.problem(f"{wire} is no parameter", *where, "one_of")
                elif "required" in operation.params[wire].flags:
                    yield family.problem(f"{wire} is required, so it is in no group", *where, "one_of")
        if operation.items is not None and action != "list":
            yield family.problem("only a list has items", *where, "items")
        if action == "delete":
            if operation.model is not None:
                yield family.problem("a delete has no answer", *where, "model")
            return
        model = operation.model or resource.model or resource.name
        if model == "none":
            if action == "list":
                yield family.problem("a list has a model", *where)
        elif model is not None and model not in self.models:
            named = (
                (*where, "model") if operation.model else (*where[:2], "model" if resource.model else "name")
            )
            yield family.problem(f"there is no model {model}", *named)
        elif 204 in operation.success:
            yield family.problem("status 204 has no body: say model: none", *where, "success")

    def _parameter(self, family: LoadedFamily, where: Steps, wire: str, entry: ir.Entry) -> Iterator[Problem]:
        numbered = NUMBERED.match(wire)
        if isinstance(entry.type, PairList) != (numbered is not None):
            yield family.problem("`pairs` and a name such as Parameter{1..99} need each other", *where)
        elif not _PARAMETER.match(numbered[1] if numbered else wire):
            yield family.problem("expected a wire name such as StatusCallback or StartTime<", *where)
        if "parameter" not in entry.type.places:
            yield family.problem("no parameter has this type", *where)
        if entry.default is not None and "required" in entry.flags:
            yield family.problem("a required parameter has no default", *where)
        yield from self._entry(family, where, entry, PARAMETER_FLAGS)


def _prose(spec: ir.Family) -> Iterator[tuple[Steps, str]]:
    """Everything that must be a sentence."""
    yield ("doc",), spec.doc.strip()
    for name, enum in spec.enums.items():
        yield ("enums", name, "doc"), enum.doc.strip()
        for value, meaning in enum.values.items():
            if meaning is not None:
                yield ("enums", name, "values", value), meaning
    for name, model in spec.models.items():
        yield ("models", name, "doc"), model.doc.strip()
        for wire, entry in model.fields.items():
            yield ("models", name, "fields", wire), entry.doc
    for key, resource in spec.resources.items():
        yield ("resources", key, "doc"), resource.doc.strip()
        if resource.key is not None:
            yield ("resources", key, "key"), resource.key.doc
        for action, operation in resource.operations.items():
            where = ("resources", key, "operations", action)
            yield (*where, "doc"), operation.doc.strip()
            for wire, entry in operation.params.items():
                yield (*where, "params", wire), entry.doc


def _links(spec: ir.Family) -> Iterator[tuple[Steps, str]]:
    for name, model in spec.models.items():
        if model.docs is not None:
            yield ("models", name, "docs"), model.docs
    for key, resource in spec.resources.items():
        if resource.docs is not None:
            yield ("resources", key, "docs"), resource.docs


# --- names ------------------------------------------------------------------------------------------------


def _classes(plan: Plan, families: Mapping[str, LoadedFamily]) -> Iterator[Problem]:
    """A model and a resource client easily get one name."""
    imported = _IMPORTED | set(sids.TYPES.values()) | {sids.ANY, sids.WRONG}
    taken = dict.fromkeys(imported, "something that generated modules import")
    for module in plan.modules:
        for section, names in (
            ("enums", [enum.name for enum in module.enums]),
            ("models", [model.name for model in module.models]),
        ):
            for name in names:
                if name in taken:
                    yield families[module.name].problem(f"its name is that of {taken[name]}", section, name)
                taken[name] = f"the {section.removesuffix('s')} {name} of {module.name}.yaml"
    for key, resource in plan.resources.items():
        classes = [resource.collection_class]
        if resource.spec.key is not None:
            classes.append(resource.context_class)
        for name in [prefix + cls for cls in classes for prefix in ("", "Async")]:
            if name in taken:
                yield families[resource.module].problem(
                    f"its client would be called {name}, like {taken[name]}: give it another name",
                    "resources",
                    key,
                )
            taken[name] = f"the client of {key}"
    for module in plan.modules:
        for home, name in module.mixins:
            for cls in (name, f"Async{name}"):
                if cls in taken:
                    yield families[module.name].problem(
                        f"the mixin {home}.{name} is called like {taken[cls]}"
                    )


def _constants(plan: Plan, families: Mapping[str, LoadedFamily]) -> Iterator[Problem]:
    """Constants are made of names that differ in what a constant can't show: case, dots, brackets."""
    taken = dict.fromkeys(_KINDS, "something that generated modules import")
    for module in plan.modules:
        named: list[tuple[str, Steps]] = [(enum.constant, ("enums", enum.name)) for enum in module.enums]
        named += [
            (operation.constant, ("resources", resource.key, "operations", operation.action))
            for resource in module.resources
            for operation in resource.operations
        ]
        for constant, where in named:
            if constant in taken:
                yield families[module.name].problem(
                    f"its constant would be {constant}, that of {taken[constant]}", *where
                )
            taken[constant] = ".".join(map(str, where))


def _fields(model: str, fields: Iterable[Field], family: LoadedFamily) -> Iterator[Problem]:
    for item in fields:
        if item.name == "unknown_fields":
            yield family.problem(
                "every model has unknown_fields already", "models", model, "fields", item.wire
            )


def _attributes(plan: Plan, resource: Resource, families: Mapping[str, LoadedFamily]) -> Iterator[Problem]:
    """Methods, children and the key of one client."""
    collection: set[str] = {operation.action for operation in resource.collection_operations}
    instance: set[str] = {operation.action for operation in resource.instance_operations}
    if resource.spec.key is not None:
        instance.add(naming.parameter(resource.spec.key.wire))
    if resource.key == ROOT.removesuffix("()"):
        instance |= CLIENT_NAMES
    for children, taken in (
        (resource.collection_children, collection),
        (resource.instance_children, instance),
    ):
        for key in children:
            child = plan.resources[key]
            if child.attribute in taken or naming.identifier(child.attribute) != child.attribute:
                yield families[child.module].problem(
                    f"nothing in {resource.key} can be called {child.attribute}", "resources", key
                )


def _parameters(resource: Resource, operation: Operation, family: LoadedFamily) -> Iterator[Problem]:
    taken = {"self", "options"} | ({"limit", "page_size"} if operation.action == "list" else set[str]())
    for parameter, wire in zip(operation.parameters, operation.spec.params, strict=True):
        where = ("resources", resource.key, "operations", operation.action, "params", wire)
        if parameter.name in taken:
            yield family.problem(f"the name {parameter.name} is taken", *where)
        taken.add(parameter.name)
