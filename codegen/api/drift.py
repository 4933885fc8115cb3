"""The spec against Twilio's published OpenAPI document: what they added, removed and changed.

    read_document    JSON -> Document: endpoints with their parameters, answers and rules
    compare          two documents -> differences
    table            differences as text

Our spec says more than theirs: units, ranges, enums where they only say "text". So a difference is what they
say and we contradict, not what we know besides: `string` in their document may be anything but a list here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, cast

from attrs import asdict, field, frozen
from cattrs import BaseValidationError, Converter, transform_error
from cattrs.gen import make_dict_structure_fn, override

Change: TypeAlias = Literal["added", "removed", "changed"]

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/json"
_PREFIXES: Final = re.compile(r"\^\(?([A-Z]{2}(?:\|[A-Z]{2})*)\)?\[")
_REFERENCE: Final = "#/components/schemas/"
_DEEPEST: Final = 8
# What every page of a list has around its records.
_ENVELOPE: Final = frozenset(
    {
        "end",
        "first_page_uri",
        "next_page_uri",
        "page",
        "page_size",
        "previous_page_uri",
        "start",
        "uri",
    }
)


class DocumentError(Exception):
    """The file is no OpenAPI document that can be compared; the message says where."""


@frozen
class Difference:
    """One thing that isn't the same.

    Attributes:
        change: `added` is in their document alone, `removed` in our spec alone.
        kind: `path`, `operation`, `parameter`, `field`, `enum value`, `rule`.
        where: Method and path.
        name: The parameter, field or value; empty where `where` says it all.
        ours: What our spec says.
        theirs: What their document says.
    """

    change: Change
    kind: str
    where: str
    name: str = ""
    ours: str = ""
    theirs: str = ""


# --- the document as it is written ------------------------------------------------------------------------


@frozen
class _Schema:
    ref: str | None = None
    kinds: tuple[str, ...] = ()
    enum: list[object] = field(factory=list[object])
    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None
    items: _Schema | None = None
    properties: Mapping[str, _Schema] = field(factory=dict[str, "_Schema"])
    required: list[str] = field(factory=list[str])
    any_of: list[_Schema] = field(factory=list["_Schema"])
    one_of: list[_Schema] = field(factory=list["_Schema"])
    all_of: list[_Schema] = field(factory=list["_Schema"])
    groups: list[list[str]] = field(factory=list[list[str]])


@frozen
class _Parameter:
    name: str
    place: str
    required: bool = False
    schema: _Schema = _Schema()


@frozen
class _Content:
    schema: _Schema = _Schema()


@frozen
class _Body:
    content: Mapping[str, _Content] = field(factory=dict[str, _Content])


@frozen
class _Extensions:
    """`x-twilio`: what OpenAPI has no words for."""

    conditional: list[list[str]] = field(factory=list[list[str]])
    mount: str | None = None


@frozen
class _Operation:
    parameters: list[_Parameter] = field(factory=list[_Parameter])
    body: _Body = _Body()
    responses: Mapping[str, _Body] = field(factory=dict[str, _Body])
    extensions: _Extensions = _Extensions()
    resource: str | None = None


@frozen
class _Components:
    schemas: Mapping[str, _Schema] = field(factory=dict[str, _Schema])


@frozen
class _OpenApi:
    paths: Mapping[str, Mapping[str, object]]
    components: _Components = _Components()


_WIRE_NAMES: Final[Mapping[type[Any], Mapping[str, str]]] = {
    _Schema: {
        "ref": "$ref",
        "kinds": "type",
        "max_length": "maxLength",
        "any_of": "anyOf",
        "one_of": "oneOf",
        "all_of": "allOf",
        "groups": "x-ringback-one-of",
    },
    _Parameter: {"place": "in"},
    _Operation: {"body": "requestBody", "extensions": "x-twilio", "resource": "x-ringback-resource"},
    _Extensions: {"mount": "mountName"},
}


# --- the document as it is compared -----------------------------------------------------------------------


@frozen
class Value:
    """What a parameter or field holds.

    Attributes:
        type: `string`, `integer`, `number`, `boolean`, `array`, `object`; None is anything.
        schema: The name of its schema where it has one.
        enum: Its values where they are listed.
        open: Whether others are taken as well.
        prefixes: Of the SIDs that it may be.
        item: What an array holds.
        fields: What an object holds.
        minimum: The least number.
        maximum: The greatest number.
        max_length: Of a text.
    """

    type: str | None = None
    schema: str | None = None
    enum: frozenset[str] = frozenset[str]()
    open: bool = False
    prefixes: frozenset[str] = frozenset[str]()
    item: Value | None = None
    fields: Mapping[str, Value] = field(factory=dict[str, "Value"])
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None


@frozen
class Endpoint:
    """One operation.

    Attributes:
        where: Method and path, holes named.
        resource: The name under which clients have it, where it isn't told by the path.
        holes: What the holes hold, in order.
        query: Query parameters.
        form: Form parameters.
        required: Those that must be given, of both.
        one_of: Groups of which at least one must be given.
        answers: Status of success -> what the body holds.
    """

    where: str
    resource: str | None
    holes: tuple[Value, ...]
    query: Mapping[str, Value]
    form: Mapping[str, Value]
    required: frozenset[str]
    one_of: frozenset[frozenset[str]]
    answers: Mapping[str, Value]


@frozen
class Document:
    """Everything that is compared: anonymous path -> method -> endpoint."""

    paths: Mapping[str, Mapping[str, Endpoint]]


def read_file(path: Path) -> Document:
    """Twilio's document.

    Raises:
        DocumentError: It can't be read, or isn't one.
    """
    try:
        content: object = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DocumentError(f"{path}: can't be read: {error.strerror}") from None
    except RecursionError:
        raise DocumentError(f"{path}: nested too deep") from None
    except ValueError as error:
        raise DocumentError(f"{path}: not JSON: {error}") from None
    try:
        return read_document(content)
    except DocumentError as error:
        raise DocumentError(f"{path}: {error}") from None


def read_document(content: object) -> Document:
    """An OpenAPI document, ours or theirs.

    Raises:
        DocumentError: It isn't one.
    """
    converter = _converter()
    try:
        written = converter.structure(cast("Any", content), _OpenApi)
        operations = {
            (path, method): converter.structure(cast("Any", item[method]), _Operation)
            for path, item in written.paths.items()
            for method in _METHODS
            if method in item
        }
    except BaseValidationError as error:
        raise DocumentError(transform_error(error)[0]) from None
    except (ValueError, TypeError, AttributeError) as error:
        raise DocumentError(f"no OpenAPI document: {error}") from None
    reader = _Reader(written.components.schemas)
    paths: dict[str, dict[str, Endpoint]] = {}
    for (path, method), operation in operations.items():
        endpoints = paths.setdefault(re.sub(r"\{[^}]*\}", "{}", path), {})
        endpoints[method] = reader.endpoint(path, method, operation)
    return Document(paths)


def _converter() -> Converter:
    converter = Converter()

    def hook(cls: type[Any]) -> Any:
        renamed = {name: override(rename=wire) for name, wire in _WIRE_NAMES.get(cls, {}).items()}
        return cast("Any", make_dict_structure_fn)(cls, converter, **renamed)

    converter.register_structure_hook_factory(lambda cls: cls in _RECORDS, hook)
    converter.register_structure_hook_func(lambda cls: cls == tuple[str, ...], _one_or_several)
    converter.register_structure_hook_func(lambda cls: cls is object, lambda value, _: value)
    return converter


_RECORDS: Final = (_Schema, _Parameter, _Content, _Body, _Extensions, _Operation, _Components, _OpenApi)


def _one_or_several(value: object, _: object) -> tuple[str, ...]:
    listed: list[object] = [*cast("list[object]", value)] if isinstance(value, list) else [value]
    words = tuple(word for word in listed if isinstance(word, str))
    if len(words) != len(listed):
        raise ValueError("expected a type or a list of types")
    return words


class _Reader:
    def __init__(self, schemas: Mapping[str, _Schema]) -> None:
        self.schemas = schemas

    def endpoint(self, path: str, method: str, operation: _Operation) -> Endpoint:
        form = self._resolve(operation.body.content.get(_FORM, _Content()).schema)
        query = [parameter for parameter in operation.parameters if parameter.place == "query"]
        groups = form.groups or operation.extensions.conditional
        return Endpoint(
            where=f"{method.upper()} {path}",
            resource=operation.extensions.mount or (operation.resource or "").rpartition(".")[2] or None,
            holes=tuple(
                self.value(parameter.schema)
                for parameter in operation.parameters
                if parameter.place == "path"
            ),
            query={parameter.name: self.value(parameter.schema) for parameter in query},
            form={name: self.value(schema) for name, schema in form.properties.items()},
            required=frozenset(form.required) | {parameter.name for parameter in query if parameter.required},
            one_of=frozenset(frozenset(_squash(name) for name in group) for group in groups),
            answers={
                status: self.value(answer.content.get(_JSON, _Content()).schema)
                for status, answer in operation.responses.items()
                if status[:1] in {"2", "3"}
            },
        )

    def value(self, schema: _Schema, depth: int = 0) -> Value:
        named = schema.ref.removeprefix(_REFERENCE) if schema.ref is not None else None
        schema = self._resolve(schema)
        options = [
            self.value(option, depth + 1)
            for option in (*schema.any_of, *schema.one_of, *schema.all_of)
            if depth < _DEEPEST and option.kinds != ("null",)
        ]
        kinds = [kind for kind in schema.kinds if kind != "null"]
        listed = [option for option in options if option.enum]
        words = frozenset(str(item) for item in schema.enum if item is not None)
        match = _PREFIXES.match(schema.pattern or "")
        prefixes = frozenset(match[1].split("|")) if match else frozenset[str]()
        if len(options) == 1:
            return options[0]
        parts = schema.properties.items() if depth < _DEEPEST else ()
        return Value(
            type=next(iter(kinds), next((option.type for option in options), None)),
            schema=named,
            enum=words.union(*(option.enum for option in listed)),
            open=len(listed) < len(options) or any(option.open for option in options),
            prefixes=prefixes.union(*(option.prefixes for option in options)),
            item=self.value(schema.items, depth + 1) if schema.items and depth < _DEEPEST else None,
            fields={name: self.value(part, depth + 1) for name, part in parts},
            minimum=schema.minimum,
            maximum=schema.maximum,
            max_length=None if prefixes else schema.max_length,
        )

    def _resolve(self, schema: _Schema) -> _Schema:
        seen: set[str] = set()
        while schema.ref is not None:
            name = schema.ref.removeprefix(_REFERENCE)
            if name not in self.schemas or name in seen:
                raise DocumentError(f"{schema.ref} leads nowhere")
            seen.add(name)
            schema = self.schemas[name]
        return schema


def _squash(name: str) -> str:
    """A parameter's name as conditions spell it and as the form does, made the same."""
    return name.replace("_", "").lower()


# --- differences ------------------------------------------------------------------------------------------


def compare(ours: Document, theirs: Document) -> list[Difference]:
    """Everything in which they differ, in the order of paths."""
    found: list[Difference] = []
    shared = _fields_by_model(ours, theirs)
    for path in sorted({*ours.paths, *theirs.paths}):
        mine, published = ours.paths.get(path, {}), theirs.paths.get(path, {})
        if not mine or not published:
            some = next(iter((mine or published).values()))
            found.append(Difference("removed" if mine else "added", "path", some.where.partition(" ")[2]))
            continue
        for method in sorted({*mine, *published}):
            if method in mine and method in published:
                found += _endpoint(mine[method], published[method], shared)
            else:
                some = mine.get(method) or published[method]
                found.append(Difference("removed" if method in mine else "added", "operation", some.where))
    return found


def _fields_by_model(ours: Document, theirs: Document) -> frozenset[tuple[str, str]]:
    """Model and field, for what they have in one answer at least: several resources may share our model."""
    found: set[tuple[str, str]] = set()
    for path in {*ours.paths} & {*theirs.paths}:
        for method in {*ours.paths[path]} & {*theirs.paths[path]}:
            mine, published = ours.paths[path][method].answers, theirs.paths[path][method].answers
            waiting = [(mine[status], published[status]) for status in {*mine} & {*published}]
            while waiting:
                one, other = waiting.pop()
                found |= {(one.schema, name) for name in other.fields if one.schema is not None}
                waiting += [
                    (one.fields[name], other.fields[name]) for name in {*one.fields} & {*other.fields}
                ]
                if one.item is not None and other.item is not None:
                    waiting.append((one.item, other.item))
    return frozenset(found)


def _endpoint(ours: Endpoint, theirs: Endpoint, shared: frozenset[tuple[str, str]]) -> Iterator[Difference]:
    where = theirs.where
    for number, (hole, other) in enumerate(zip(ours.holes, theirs.holes, strict=False), start=1):
        yield from _value(where, "parameter", f"{{{number}}}", hole, other)
    for mine, published in ((ours.query, theirs.query), (ours.form, theirs.form)):
        yield from _values(where, "parameter", "", mine, published)
    known = {*ours.query, *ours.form} & {*theirs.query, *theirs.form}
    for name in sorted((ours.required ^ theirs.required) & known):
        words = ("required", "optional") if name in ours.required else ("optional", "required")
        yield Difference("changed", "parameter", where, name, *words)
    yield from _rule(where, "one of", _groups(ours.one_of), _groups(theirs.one_of))
    if theirs.resource is not None:
        yield from _rule(where, "name of the resource", ours.resource or "", theirs.resource)
    if not {*theirs.answers} <= {*ours.answers}:
        yield from _rule(where, "status", ", ".join(sorted(ours.answers)), ", ".join(sorted(theirs.answers)))
    for status in sorted({*ours.answers} & {*theirs.answers}):
        answer, other = ours.answers[status], theirs.answers[status]
        is_page = any(value.type == "array" for value in answer.fields.values())
        for item in _values(where, "field", "", answer.fields, other.fields, answer.schema, shared):
            if not is_page or item.name not in _ENVELOPE:
                yield item


def _rule(where: str, name: str, ours: str, theirs: str) -> Iterator[Difference]:
    if ours != theirs:
        yield Difference("changed", "rule", where, name, ours or "none", theirs or "none")


def _groups(groups: frozenset[frozenset[str]]) -> str:
    return "; ".join(sorted(" | ".join(sorted(group)) for group in groups))


def _values(
    where: str,
    kind: str,
    above: str,
    ours: Mapping[str, Value],
    theirs: Mapping[str, Value],
    model: str | None = None,
    shared: frozenset[tuple[str, str]] = frozenset(),
) -> Iterator[Difference]:
    for name in sorted({*ours, *theirs}):
        shown = f"{above}{name}"
        if name not in ours:
            yield Difference("added", kind, where, shown, theirs=theirs[name].type or "anything")
        elif name in theirs:
            yield from _value(where, kind, shown, ours[name], theirs[name], shared)
        elif (model, name) not in shared:
            yield Difference("removed", kind, where, shown, ours=ours[name].type or "anything")


def _value(
    where: str,
    kind: str,
    name: str,
    ours: Value,
    theirs: Value,
    shared: frozenset[tuple[str, str]] = frozenset(),
) -> Iterator[Difference]:
    if not _fits(ours, theirs):
        yield Difference("changed", kind, where, name, ours.type or "anything", theirs.type or "anything")
        return
    if theirs.enum:
        yield from _words(where, name, ours, theirs)
    if theirs.prefixes and ours.prefixes and theirs.prefixes != ours.prefixes:
        said, published = (" ".join(sorted(value.prefixes)) for value in (ours, theirs))
        yield Difference("changed", kind, where, name, said, published)
    for limit, mine, other in (
        ("minimum", ours.minimum, theirs.minimum),
        ("maximum", ours.maximum, theirs.maximum),
        ("longest", ours.max_length, theirs.max_length),
    ):
        if other is not None and mine != other:
            before = f"{limit} {mine:g}" if mine is not None else f"no {limit}"
            yield Difference("changed", kind, where, name, before, f"{limit} {other:g}")
    if ours.item is not None and theirs.item is not None:
        yield from _value(where, kind, f"{name}[]", ours.item, theirs.item, shared)
    if theirs.fields and ours.fields:
        yield from _values(where, kind, f"{name}.", ours.fields, theirs.fields, ours.schema, shared)


def _fits(ours: Value, theirs: Value) -> bool:
    if None in (ours.type, theirs.type):
        return True
    if theirs.type == "string":
        return ours.type != "array"
    if ours.type == "number":
        return theirs.type in {"number", "integer"}
    return ours.type == theirs.type


def _words(where: str, name: str, ours: Value, theirs: Value) -> Iterator[Difference]:
    if not ours.enum:
        yield Difference("changed", "enum value", where, name, "any text", ", ".join(sorted(theirs.enum)))
        return
    for word in sorted(theirs.enum - ours.enum):
        yield Difference("added", "enum value", where, name, theirs=word)
    if not ours.open:
        for word in sorted(ours.enum - theirs.enum):
            yield Difference("removed", "enum value", where, name, ours=word)


# --- showing ----------------------------------------------------------------------------------------------


def as_json(differences: list[Difference]) -> str:
    """A list of objects, one a difference."""
    return json.dumps([asdict(difference) for difference in differences], indent=2)


def table(differences: list[Difference]) -> str:
    """One line a difference, grouped by place, and the sum."""
    lines: list[str] = []
    place = ""
    for item in differences:
        if item.where != place:
            place = item.where
            lines += ["", place] if lines else [place]
        said = " -> ".join(part for part in (item.ours, item.theirs) if part)
        lines.append(f"  {item.change:8} {item.kind:10} {item.name:32} {said}".rstrip())
    counts = [
        sum(item.change == change for item in differences) for change in ("added", "removed", "changed")
    ]
    if lines:
        lines.append("")
    total = (
        "no difference"
        if not differences
        else "1 difference"
        if len(differences) == 1
        else (f"{len(differences)} differences")
    )
    lines.append(f"{total}: {counts[0]} added, {counts[1]} removed, {counts[2]} changed")
    return "\n".join(lines)
