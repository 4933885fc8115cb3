"""`spec/webhooks.yaml` -> records, every mistake reported with its line.

Three passes, each of which ends early if it found something: YAML, the shape (cattrs), and what names mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import cattrs
from cattrs.errors import ClassValidationError, IterableValidationError

from codegen.problems import Problem, SpecError
from codegen.source import Source, Step, Steps
from codegen.webhooks.records import CONFIDENCES, Confidence, Parameter, ParameterSet, Spec, WireType

PLAIN_KINDS = {
    "text": "any text, empty too",
    "word": "text; empty means that there is none",
    "address": "a phone number or channel address",
    "url": "an absolute URL",
    "json": "JSON text",
    "country": "two letters",
    "boolean": "true or false",
    "decimal": "an exact number",
    "rfc2822": "a point in time",
    "iso8601": "a point in time",
}
NUMBER_KINDS = {"integer", "seconds", "minutes", "milliseconds", "float"}
_FLAGS = ("identifies", "secret")
KINDS = (*PLAIN_KINDS, *sorted(NUMBER_KINDS), "sid", "enum", "alias")

_PASCAL = re.compile(r"[A-Z][A-Za-z0-9]*\Z")
_WIRE = re.compile(r"[A-Za-z][A-Za-z0-9]*(_\{name\}|\{N\})?\Z|\{custom\}\Z")
_PYTHON = re.compile(r"[a-z][a-z0-9_]*\Z")
_RANGE = re.compile(r"(-?\d+)\.\.(-?\d+)\Z")


def load(path: Path, name: str | None = None) -> tuple[Spec, Source]:
    """Read the file.

    Args:
        path: Where it is.
        name: How problems call it; its path if None.

    Raises:
        SpecError: With every mistake of the first pass that found any.
    """
    source = Source(path, name or str(path))
    spec = _structure(source, path.parent)
    problems = list(_check(spec, source))
    if problems:
        raise SpecError(problems)
    return spec, source


# --- shape ------------------------------------------------------------------------------------------------


def _structure(source: Source, folder: Path) -> Spec:
    converter = cattrs.Converter(detailed_validation=True, forbid_extra_keys=True)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(bool, _flag)
    converter.register_structure_hook(Parameter, _parameter)
    converter.register_structure_hook_func(lambda kind: kind == tuple[str, ...], _texts)
    plain_set = converter.get_structure_hook(ParameterSet)

    def parameter_set(value: object, kind: type[ParameterSet]) -> ParameterSet:
        # The short form of a group is its parameters alone.
        keys = set(cast("Mapping[str, object]", value)) if isinstance(value, Mapping) else set[str]()
        if keys and not {"include", "without", "parameters"} & keys:
            return cast("ParameterSet", plain_set({"parameters": value}, kind))
        return cast("ParameterSet", plain_set(value, kind))

    converter.register_structure_hook(ParameterSet, parameter_set)
    root = _with_shared_enums(source, folder)
    try:
        return converter.structure(root, Spec)
    except (ClassValidationError, IterableValidationError) as error:
        raise SpecError(source.problems(error)) from None
    except (TypeError, ValueError) as error:
        raise SpecError([source.problem((), str(error))]) from None


def _with_shared_enums(source: Source, folder: Path) -> object:
    """The file, where each enum that is the `same_as` one of the REST API has what that one says."""
    plain = source.plain()
    if not isinstance(plain, dict):
        return plain
    root = cast("dict[str, object]", plain)
    enums = root.get("enums")
    if not isinstance(enums, Mapping):
        return root
    found: dict[str, object] = {}
    problems: list[Problem] = []
    for name, written in cast("Mapping[str, object]", enums).items():
        home = cast("Mapping[str, object]", written).get("same_as") if isinstance(written, Mapping) else None
        if home is None:
            found[name] = written
            continue
        theirs = _enums_of(folder / str(home))
        if name not in theirs or written != {"same_as": home}:
            problems.append(
                source.problem(("enums", name), f"expected `same_as` alone, and the file that has {name}")
            )
            continue
        values = theirs[name]["values"]
        # There, a word may come with what it means.
        found[name] = {**theirs[name], "values": list(cast("Sequence[object]", values))}
    if problems:
        raise SpecError(problems)
    return {**root, "enums": found}


def _enums_of(path: Path) -> Mapping[str, Mapping[str, object]]:
    if not path.is_file():
        return {}
    family = cast("Mapping[str, Mapping[str, Mapping[str, object]]]", Source(path, str(path)).root)
    return family.get("enums", {})


def _text(value: object, _: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected text, got {value!r}")
    if not value.strip():
        raise ValueError("expected text, got nothing")
    return str(value)


def _texts(value: object, _: object) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ValueError(f"expected a list, got {value!r}")
    return tuple(_text(item, str) for item in cast("Sequence[object]", value))


def _flag(value: object, _: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, got {value!r}")
    return value


def _parameter(value: object, _: object) -> Parameter:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ValueError(f"expected [type, presence, flags…, description], got {value!r}")
    items = _texts(cast("Sequence[object]", value), str)
    if len(items) < 3:
        raise ValueError(f"expected [type, presence, flags…, description], got {len(items)} items")
    written, presence, *flags, doc = items
    unknown = [flag for flag in flags if flag not in {*CONFIDENCES, *_FLAGS}]
    if unknown:
        raise ValueError(f"unknown flag {unknown[0]!r}: expected {', '.join([*_FLAGS, *CONFIDENCES])}")
    confidences = [flag for flag in flags if flag not in _FLAGS]
    if len(confidences) > 1:
        raise ValueError(f"{confidences[0]} and {confidences[1]} contradict each other")
    if not doc.endswith("."):
        raise ValueError("the description must be sentences that end with a full stop")
    return Parameter(
        type=parse_type(written),
        presence=presence,
        doc=doc,
        confidence=cast("Confidence", confidences[0]) if confidences else "documented",
        secret="secret" in flags,
        identifies="identifies" in flags,
    )


def parse_type(written: str) -> WireType:
    """The record of a type such as `sid SM MM`, `float 0..1` or `integer = 0`.

    Raises:
        ValueError: It isn't one.
    """
    shape, equals, default = (part.strip() for part in written.partition("="))
    kind, *rest = shape.split() or [""]
    result = WireType(kind, default=default if equals else None)
    if kind not in KINDS:
        raise ValueError(f"unknown type {kind!r}: expected one of {', '.join(KINDS)}")
    if kind == "sid":
        if not rest or not all(re.fullmatch(r"[A-Z]{2}", prefix) for prefix in rest):
            raise ValueError(f"expected prefixes of two capitals behind sid, got {written!r}")
        return WireType("sid", of=tuple(rest), default=result.default)
    if kind in {"enum", "alias"}:
        if len(rest) != 1:
            raise ValueError(f"expected one name behind {kind}, got {written!r}")
        return WireType(kind, of=(rest[0],), default=result.default)
    if kind in NUMBER_KINDS and rest:
        bounds = _RANGE.match(rest[0]) if len(rest) == 1 else None
        if bounds is None:
            raise ValueError(f"expected a range such as 0..1 behind {kind}, got {written!r}")
        return WireType(kind, bounds=(bounds[1], bounds[2]), default=result.default)
    if rest:
        raise ValueError(f"expected nothing behind {kind}, got {written!r}")
    return result


# --- meaning ----------------------------------------------------------------------------------------------


def _check(spec: Spec, source: Source) -> Iterator[Problem]:
    yield from _check_names(spec, source)
    events = spec.events()
    path: Steps
    for group, members in spec.groups.items():
        yield from _check_set(spec, source, ("groups", group), members.include, members.without)
        yield from _check_parameters(spec, source, ("groups", group), members.parameters)
    for module, found in spec.modules.items():
        for name, event in found.events.items():
            path = ("modules", module, "events", name)
            if event.extends not in {*events, "VoiceRequest", "MessageRequest", "Notification"}:
                yield source.problem((*path, "extends"), f"unknown class {event.extends!r}")
            yield from _check_set(spec, source, path, event.groups, (), key="groups")
    for key, webhook in spec.webhooks.items():
        path = ("webhooks", key)
        if webhook.event != "none" and webhook.event not in events:
            yield source.problem((*path, "event"), f"unknown event {webhook.event!r}")
        if webhook.trigger.endswith("."):
            yield source.problem((*path, "trigger"), "expected a clause without a full stop")
        if not webhook.docs.startswith("https://www.twilio.com/docs/"):
            yield source.problem((*path, "docs"), "expected a page below https://www.twilio.com/docs/")
        yield from _check_set(spec, source, path, webhook.groups, webhook.without, key="groups")
        yield from _check_parameters(spec, source, path, webhook.parameters)


def _check_names(spec: Spec, source: Source) -> Iterator[Problem]:
    taken: dict[str, Steps] = {}
    places: list[tuple[str, Steps]] = []
    places.extend((name, ("enums", name)) for name in spec.enums)
    for module, found in spec.modules.items():
        if not _PYTHON.match(module):
            yield source.problem(("modules", module), "expected a module name in snake case")
        for name, event in found.events.items():
            path: Steps = ("modules", module, "events", name)
            places.append((name, path))
            for wire, python in [*event.names.items(), *event.families.items()]:
                if not _PYTHON.match(python):
                    yield source.problem((*path, "names", wire), f"{python!r} is no name in snake case")
            if event.select is not None:
                places += [(sub, (*path, "select", "classes", sub)) for sub in event.select.classes]
    for name, place in places:
        if not _PASCAL.match(name):
            yield source.problem(place, f"{name!r} is no class name")
        if name in taken:
            yield source.problem(place, f"the name is taken on line {source.line(taken[name])}")
        taken.setdefault(name, place)
    for name, enum in spec.enums.items():
        if len(set(enum.values)) < len(enum.values) or not enum.values:
            yield source.problem(("enums", name, "values"), "expected values that differ")


def _check_set(
    spec: Spec,
    source: Source,
    path: Steps,
    include: Sequence[str],
    without: Sequence[str],
    *,
    key: str = "include",
) -> Iterator[Problem]:
    for index, group in enumerate(include):
        if group not in spec.groups:
            yield source.problem((*path, key, index), f"unknown group {group!r}")
        elif path == ("groups", group) or _reaches(spec, group, path[-1] if path[0] == "groups" else group):
            yield source.problem((*path, key, index), f"{group!r} includes itself")
    if all(_sound(spec, group) for group in include):
        included = expand(spec, include, (), {})
        for index, wire in enumerate(without):
            if wire not in included:
                yield source.problem((*path, "without", index), f"no group has {wire!r}")


def _sound(spec: Spec, group: str) -> bool:
    """Whether a group and all that it includes can be expanded."""
    if group not in spec.groups or _reaches(spec, group, group):
        return False
    return all(_sound(spec, inner) for inner in spec.groups[group].include)


def _reaches(spec: Spec, start: str, goal: Step) -> bool:
    """Whether the group `start` includes the group `goal`, by way of others or directly."""
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        name = ahead.pop()
        for inner in spec.groups[name].include if name in spec.groups else ():
            if inner == goal:
                return True
            if inner not in seen:
                seen.add(inner)
                ahead.append(inner)
    return False


def _check_parameters(
    spec: Spec, source: Source, path: Steps, parameters: Mapping[str, Parameter]
) -> Iterator[Problem]:
    base = (*path, "parameters")
    for wire, parameter in parameters.items():
        if not _WIRE.match(wire):
            yield source.problem((*base, wire), f"{wire!r} is no parameter name")
        if parameter.type.kind == "enum":
            enum = spec.enums.get(parameter.type.of[0])
            default = parameter.type.default
            if enum is None:
                yield source.problem((*base, wire), f"unknown enum {parameter.type.of[0]!r}")
            elif default is not None and default not in enum.values:
                yield source.problem((*base, wire), f"{default!r} is no value of {parameter.type.of[0]}")
        if parameter.identifies and not (parameter.certain and parameter.type.kind in {"sid", "enum"}):
            yield source.problem(
                (*base, wire), "only a SID or word that is always sent, as Twilio says, identifies an event"
            )
        if parameter.type.default is not None and parameter.presence != "always":
            yield source.problem((*base, wire), "only what is always sent has a default")


def expand(
    spec: Spec, include: Sequence[str], without: Sequence[str], parameters: Mapping[str, Parameter]
) -> dict[str, Parameter]:
    """All parameters of a set, those of groups first; what a set describes itself wins over its groups."""
    found: dict[str, Parameter] = {}
    for name in include:
        group = spec.groups[name]
        found.update(expand(spec, group.include, group.without, group.parameters))
    for wire in without:
        found.pop(wire, None)
    found.update(parameters)
    return found
