"""`spec/api/*.yaml` into records; every mistake in their shape is reported, each with file and line.

What the records mean together (references, flags, names) is looked at in `check`, once all can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast, get_args, get_origin

import attrs
from cattrs import ClassValidationError, Converter, IterableValidationError
from cattrs.gen import make_dict_structure_fn

from codegen.api import types
from codegen.api.ir import ACTIONS, Action, Entry, Family, Key
from codegen.problems import Problem, SpecError
from codegen.source import Source, Step

Hook: TypeAlias = Callable[[Any, Any], Any]

T = TypeVar("T")


@attrs.frozen(eq=False)
class LoadedFamily:
    """A family and where each part of it stands.

    Attributes:
        module: The name of its generated module, from the file's.
        family: What it says.
        source: The YAML as read, which knows its lines.
    """

    module: str
    family: Family
    source: Source

    def problem(self, message: str, *path: Step) -> Problem:
        """A mistake at `path`."""
        return self.source.problem(path, message)


def load(folder: Path) -> list[LoadedFamily]:
    """Every family of the folder, in the order of their file names.

    Raises:
        SpecError: There are mistakes.
    """
    families: list[LoadedFamily] = []
    problems: list[Problem] = []
    for file in sorted(folder.glob("*.yaml")):
        try:
            families.append(_load_file(file))
        except SpecError as error:
            problems += error.problems
    if not families and not problems:
        problems.append(Problem(_shown(folder), 0, "there is no *.yaml file in it"))
    if problems:
        raise SpecError(problems)
    return families


def _load_file(file: Path) -> LoadedFamily:
    source = Source(file, _shown(file))
    return LoadedFamily(file.stem, structured(source, Family), source)


def structured(source: Source, kind: type[T]) -> T:
    """What a file of the specification says, as a record.

    Raises:
        SpecError: With every mistake in its shape.
    """
    try:
        return converter().structure(cast("Any", source.plain()), kind)
    except (ClassValidationError, IterableValidationError, ValueError) as error:
        raise SpecError(source.problems(error)) from error


def converter() -> Converter:
    converter = Converter(forbid_extra_keys=True, detailed_validation=True)

    def record_hook(cls: type[Any]) -> Hook:
        make = cast("Callable[..., Hook]", make_dict_structure_fn)
        return _on_mappings(make(cls, converter, _cattrs_forbid_extra_keys=True))

    def mapping_hook(annotation: Any) -> Hook:
        key, value = get_args(annotation)
        return _on_mappings(converter.get_structure_hook(cast("Any", dict)[key, value]))

    converter.register_structure_hook_factory(attrs.has, record_hook)
    converter.register_structure_hook_factory(_is_mapping, mapping_hook)
    converter.register_structure_hook_func(_is_action, _action)
    converter.register_structure_hook_func(_is_value_mapping, _values)
    converter.register_structure_hook_func(_is_statuses, _statuses)
    converter.register_structure_hook_func(_is_groups, _groups)
    converter.register_structure_hook_func(_is_object, _as_it_is)
    converter.register_structure_hook(int, _whole)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(bool, _flag)
    converter.register_structure_hook(Entry, _entry)
    converter.register_structure_hook(Key, _key)
    return converter


def _on_mappings(structure: Hook) -> Hook:
    def read(value: object, annotation: object) -> object:
        if not isinstance(value, Mapping):
            raise ValueError(f"expected a mapping, got {_show(value)}")
        for key in cast("Mapping[object, object]", value):
            if not isinstance(key, str):
                raise ValueError(f"expected text as key, got {_show(key)}")
        return structure(value, annotation)

    return read


def _is_mapping(annotation: object) -> bool:
    return get_origin(annotation) is Mapping


def _is_action(annotation: object) -> bool:
    return annotation == Action


def _is_value_mapping(annotation: object) -> bool:
    return annotation == Mapping[str, str | None]


def _is_statuses(annotation: object) -> bool:
    return annotation == tuple[int, ...]


def _is_groups(annotation: object) -> bool:
    return annotation == tuple[tuple[str, ...], ...]


def _is_object(annotation: object) -> bool:
    return annotation is object


def _as_it_is(value: object, _: object) -> object:
    return value


def _whole(value: object, _: object) -> int:
    if type(value) is not int:
        raise ValueError(f"expected a whole number, got {_show(value)}")
    return value


def _action(value: object, _: object) -> object:
    if value not in ACTIONS:
        raise ValueError(f"expected one of {', '.join(ACTIONS)}, got {_show(value)}")
    return value


def _text(value: object, _: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"expected text, got {_show(value)}")
    return value


def _flag(value: object, _: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, got {_show(value)}")
    return value


def _entry(value: object, _: object) -> Entry:
    parts = _texts(value)
    if len(parts) < 2:
        raise ValueError(f"expected [type, flags…, description], got {_show(value)}")
    type_text, *flags, doc = parts
    if len(set(flags)) != len(flags):
        raise ValueError(f"a flag is there twice: {', '.join(flags)}")
    parsed, default = types.parse(type_text)
    return Entry(parsed, " ".join(doc.split()), default, frozenset(flags))


def _key(value: object, _: object) -> Key:
    parts = _texts(value)
    if len(parts) != 3:
        raise ValueError(f"expected [hole, type, description], got {_show(value)}")
    wire, type_text, doc = parts
    parsed, default = types.parse(type_text)
    if default is not None:
        raise ValueError(f"a key has no default, got {type_text!r}")
    return Key(wire, parsed, " ".join(doc.split()))


def _listed(value: object) -> list[object]:
    """The items of a list; none where it is anything else."""
    return cast("list[object]", value) if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    """A list of texts; empty where it is anything else."""
    parts = _listed(value)
    texts = [part for part in parts if isinstance(part, str)]
    return texts if len(texts) == len(parts) else []


def _groups(value: object, _: object) -> tuple[tuple[str, ...], ...]:
    """Lists of at least two wire names."""
    listed = _listed(value)
    groups = tuple(tuple(_texts(item)) for item in listed)
    if not groups or any(len(set(group)) != len(group) or len(group) < 2 for group in groups):
        raise ValueError(f"expected lists of two or more different parameters, got {_show(value)}")
    return groups


def _statuses(value: object, _: object) -> tuple[int, ...]:
    """One HTTP status or a list of them."""
    listed = _listed(value) or [value]
    statuses = tuple(item for item in listed if type(item) is int and 200 <= item < 400)
    if not statuses or len(set(statuses)) != len(listed):
        raise ValueError(f"expected an HTTP status of success or a list of them, got {_show(value)}")
    return statuses


def _values(value: object, _: object) -> Mapping[str, str | None]:
    """Enum values: a list, or a mapping to what they mean."""
    if isinstance(value, list):
        given: list[tuple[object, object]] = [(item, None) for item in cast("list[object]", value)]
    elif isinstance(value, dict):
        given = list(cast("dict[object, object]", value).items())
    else:
        raise ValueError(f"expected a list or a mapping of values, got {_show(value)}")
    if not given:
        raise ValueError("expected at least one value")
    values: dict[str, str | None] = {}
    for item, meaning in given:
        if not isinstance(item, str) or not (meaning is None or isinstance(meaning, str)):
            raise ValueError(f"expected text, got {item!r}: {meaning!r} (quote words such as 'no' and 'on')")
        if item in values:
            raise ValueError(f"the value {item!r} is there twice")
        values[item] = None if meaning is None else " ".join(meaning.split())
    return values


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"


def _shown(path: Path) -> str:
    return "/".join(path.parts[-3:])
