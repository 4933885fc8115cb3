"""From resources to families of records: what they hold, how they are written and refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from attrs import frozen

from codegen import naming
from codegen.api import types
from codegen.api.plan import Field, ModelPlan, Plan, Resource
from codegen.problems import Problem, SpecError

_ACCOUNT = "AccountSid"


@frozen
class ColumnPlan:
    """A field of a model, and how its value is written."""

    name: str
    wire: str
    form: str
    model: str | None


@frozen
class AttributePlan:
    """A field of a record: its annotation, and its default as source, or "" where it has to be given."""

    name: str
    annotation: str
    default: str
    doc: str


@frozen
class RecordPlan:
    """A record's class."""

    name: str
    doc: str
    attributes: tuple[AttributePlan, ...]


@frozen
class FamilyPlan:
    """A family, as `ringback._core.emulation.families.Family` has it."""

    key: str
    record: str
    prefix: str
    hole: str
    key_field: str
    parents: tuple[tuple[str, str, str], ...]
    links: tuple[tuple[str, str], ...]
    unique: Mapping[str, int]
    refers: Mapping[str, tuple[str, int]]
    named_by: str
    filters: Mapping[str, str]
    most: int | None
    full: int | None
    errors: Mapping[str, Mapping[str, Mapping[str, int]]]
    operations: tuple[str, ...]


@frozen
class EmulationPlan:
    """Everything that is written."""

    models: tuple[tuple[str, tuple[ColumnPlan, ...]], ...]
    records: tuple[RecordPlan, ...]
    families: tuple[FamilyPlan, ...]


def plan(api: Plan) -> EmulationPlan:
    """Make it.

    Raises:
        SpecError: A `service` names what isn't there.
    """
    models = {model.name: model for module in api.modules for model in module.models}
    families: dict[str, list[Resource]] = {}
    for resource in api.resources.values():
        if resource.operations:
            families.setdefault(resource.path, []).append(resource)
    problems = [
        Problem(f"spec/api/{resource.module}.yaml", 0, f"{resource.key}: {message}")
        for resource in api.resources.values()
        for message in _mistakes(resource, models)
    ]
    if problems:
        raise SpecError(problems)
    starts = _starts(families.values(), models)
    made = tuple(_family(api, resources, models) for resources in families.values())
    return EmulationPlan(
        models=tuple((name, tuple(map(_column, model.fields))) for name, model in models.items()),
        records=tuple(_record(model, starts.get(name, {})) for name, model in models.items()),
        families=made,
    )


def _mistakes(resource: Resource, models: Mapping[str, ModelPlan]) -> Iterator[str]:
    service = resource.spec.service
    parameters = {each.wire for operation in resource.operations for each in operation.parameters}
    columns = {
        each.name
        for operation in resource.operations
        if operation.model
        for each in models[operation.model].fields
    }
    named = {*service.unique, *service.refers, *service.filters}
    named |= {service.named_by} if service.named_by else set()
    yield from (f"there is no parameter {name}" for name in sorted(named - parameters))
    fields = {*service.starts, *service.filters.values()}
    yield from (f"there is no field {name}" for name in sorted(fields - columns))
    for action, errors in service.errors.items():
        own = [operation for operation in resource.operations if operation.action == action]
        known = {each.wire for operation in own for each in operation.parameters}
        unwanted = {name for name, reasons in errors.items() if "given" in reasons}
        yield from (f"{action} has no parameter {name}" for name in sorted(set(errors) - known - unwanted))
        yield from (f"{action} has a parameter {name}" for name in sorted(unwanted & known))
        for name, reasons in errors.items():
            odd = set(reasons) - {"missing", "invalid", "long", "given"}
            yield from (f"{action} {name}: unknown reason {reason!r}" for reason in sorted(odd))


def _main(resources: list[Resource]) -> Resource:
    """Of those that share a path, the one that finds records again."""
    return next((each for each in resources if each.spec.key is not None), resources[0])


def _record_model(resources: list[Resource], models: Mapping[str, ModelPlan]) -> str | None:
    """The model that has the most to say of one record."""
    main = _main(resources)
    own = [operation.model for operation in main.operations if operation.model]
    if not own:
        return None
    least = {each.wire for each in models[own[0]].fields}
    found = own[0]
    for resource in resources:
        for operation in resource.operations:
            wires = {each.wire for each in models[operation.model].fields} if operation.model else set[str]()
            if operation.model and least <= wires and len(wires) > len(models[found].fields):
                found = operation.model
    return found


def _starts(
    families: Iterable[list[Resource]], models: Mapping[str, ModelPlan]
) -> dict[str, dict[str, object]]:
    """Model -> field -> what it holds at first: defaults of parameters, and what the spec says besides."""
    starts: dict[str, dict[str, object]] = {}
    for resources in families:
        name = _record_model(resources, models)
        if name is None:
            continue
        held = starts.setdefault(name, {})
        fields = {each.wire: each for each in models[name].fields}
        for resource in resources:
            for operation in resource.operations:
                for parameter in operation.parameters if operation.action == "create" else ():
                    field = fields.get(naming.snake(parameter.wire))
                    default = parameter.entry.default
                    if field is not None and default is not None:
                        held.setdefault(field.name, _value(field.entry.type, default))
            for wire, value in resource.spec.service.starts.items():
                held[fields[wire].name] = value
    return starts


def _value(kind: types.WireType, default: str) -> object:
    if isinstance(kind, types.Whole):
        return int(default)
    return default == "true" if kind.schema.get("type") == "boolean" else default


def _column(field: Field) -> ColumnPlan:
    kind = field.entry.type
    inner = types.List in {type(kind)} and kind.model is not None
    if inner:
        form = "records"
    elif kind.model is not None:
        form = "record"
    elif kind.schema.get("format") == "date-time":
        form = "moment"
    elif kind.schema.get("format") == "date":
        form = "day"
    elif "quoted" in field.entry.flags:
        form = "text"
    elif kind.field == "Decimal":
        form = "number"
    else:
        form = "plain"
    return ColumnPlan(field.name, field.wire, form, kind.model)


def _annotation(kind: types.WireType) -> str:
    if isinstance(kind, types.List):
        return f"Sequence[{_annotation(kind.item)}]"
    if isinstance(kind, types.Model):
        return f"{kind.name}Record"
    if isinstance(kind, (types.Sid, types.Name, types.Enum)):
        return "str"
    return "str" if kind.field == "Method" else kind.field


def _record(model: ModelPlan, starts: Mapping[str, object]) -> RecordPlan:
    attributes: list[AttributePlan] = []
    for field in model.fields:
        annotation = _annotation(field.entry.type)
        default = ""
        if field.name in starts:
            default = _source(starts[field.name], annotation)
        elif not field.always:
            default = "None"
        if annotation != "object" and default == "None":
            annotation = f"{annotation} | None"
        if field.secret:
            default = f"field({f'default={default}, ' if default else ''}repr=False)"
        attributes.append(AttributePlan(field.name, annotation, default, field.entry.doc))
    return RecordPlan(f"{model.name}Record", model.spec.doc, tuple(attributes))


def _source(value: object, annotation: str) -> str:
    if isinstance(value, list):
        return f"{tuple(value)!r}"  # pyright: ignore[reportUnknownArgumentType]
    if value is not None and annotation == "Decimal":
        return f"Decimal({str(value)!r})"
    if annotation.endswith("Record") and isinstance(value, dict):
        given = ", ".join(f"{name}={item!r}" for name, item in value.items())  # pyright: ignore[reportUnknownVariableType]
        return f"{annotation}({given})"
    return repr(value)


def _family(api: Plan, resources: list[Resource], models: Mapping[str, ModelPlan]) -> FamilyPlan:
    main = _main(resources)
    name = _record_model(resources, models)
    service = main.spec.service
    errors: dict[str, Mapping[str, Mapping[str, int]]] = {}
    unique: dict[str, int] = {}
    refers: dict[str, tuple[str, int]] = {}
    for resource in resources:
        for operation in resource.operations:
            if found := resource.spec.service.errors.get(operation.action):
                errors[operation.title] = found
        for wire, code in resource.spec.service.unique.items():
            unique[naming.identifier(naming.snake(wire))] = code
        for wire, code in resource.spec.service.refers.items():
            refers[wire] = (_home_of(api, resource, wire), code)
    return FamilyPlan(
        key=main.key,
        record=f"{name}Record" if name else "",
        prefix=_prefix(models[name]) if name else "",
        hole=main.spec.key.wire if main.spec.key is not None else "",
        key_field=naming.snake(main.spec.key.wire) if main.spec.key is not None else "sid",
        parents=tuple(_parents(main, models[name].fields if name else ())),
        links=tuple(_links(api, main)),
        unique=unique,
        refers=refers,
        named_by=service.named_by or "",
        filters={wire: naming.identifier(field) for wire, field in service.filters.items()},
        most=service.most.get("count"),
        full=service.most.get("code"),
        errors=errors,
        operations=tuple(operation.title for resource in resources for operation in resource.operations),
    )


def _prefix(model: ModelPlan) -> str:
    sid = next((each.entry.type for each in model.fields if each.wire == "sid"), None)
    return sid.prefixes[0] if isinstance(sid, types.Sid) else ""


def _parents(resource: Resource, fields: tuple[Field, ...]) -> Iterator[tuple[str, str, str]]:
    """The holes above, each with the family whose record it names and the field that holds its SID."""
    holes = [(hole, kind) for hole, kind, _ in resource.holes if hole != _ACCOUNT]
    links = resource.key.split(".")
    above = [".".join(links[: depth + 1]) for depth, link in enumerate(links[:-1]) if link.endswith("()")]
    for (hole, kind), key in zip(holes, above, strict=True):
        yield hole, key.removesuffix("()"), _field_of(kind, fields)


def _field_of(kind: types.WireType, fields: tuple[Field, ...]) -> str:
    """The field that holds the SID of what a hole names, or ""."""
    prefixes = set(getattr(kind, "prefixes", ()))
    for field in fields:
        held = field.entry.type
        if field.wire != "sid" and isinstance(held, types.Sid) and prefixes & set(held.prefixes):
            return field.name
    return ""


def _links(api: Plan, resource: Resource) -> Iterator[tuple[str, str]]:
    children = {api.resources[key].attribute: api.resources[key] for key in resource.instance_children}
    wanted = resource.spec.service.links
    for name in children if wanted is None else wanted:
        yield name, children[name].spec.path


def _home_of(api: Plan, resource: Resource, wire: str) -> str:
    """The family that a parameter's SIDs belong to."""
    kind = next(
        each.type for operation in resource.operations for each in operation.parameters if each.wire == wire
    )
    prefixes = set(kind.prefixes) if isinstance(kind, types.Sid) else set[str]()
    for key, other in api.resources.items():
        named = other.spec.key.type if other.spec.key is not None and "()" not in key else None
        if isinstance(named, types.Sid) and prefixes & set(named.prefixes):
            return key
    raise SpecError(
        [Problem(f"spec/api/{resource.module}.yaml", 0, f"{resource.key}: nothing is called {wire}")]
    )
