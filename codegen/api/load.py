"""`spec/api/*.yaml` into records; every mistake is reported, each with file and line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias, cast

from attrs import frozen
from cattrs import ClassValidationError, Converter, IterableValidationError
from cattrs.errors import ForbiddenExtraKeysError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedBase
from ruamel.yaml.error import MarkedYAMLError

from codegen.api import types
from codegen.api.ir import Entry, Family, Key
from codegen.problems import Problem, SpecError

Step: TypeAlias = str | int
FLAGS = frozenset({"always", "required", "secret"})


@frozen(eq=False)
class LoadedFamily:
    """A family and where each part of it stands.

    Attributes:
        module: The name of its generated module, from the file's.
        file: The path of the spec file.
        family: What it says.
        tree: The YAML as read, which knows its lines.
    """

    module: str
    file: Path
    family: Family
    tree: CommentedBase

    def line(self, *path: Step) -> int:
        """The line of the entry at `path`, or of the closest one above it."""
        return _line(self.tree, path)

    def problem(self, message: str, *path: Step) -> Problem:
        """A mistake at `path`."""
        return Problem(_shown(self.file), self.line(*path), message)


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
    if problems:
        raise SpecError(problems)
    return families


def _load_file(file: Path) -> LoadedFamily:
    try:
        tree: object = cast("Any", YAML(typ="rt")).load(file.read_text(encoding="utf-8"))
    except MarkedYAMLError as caught:
        error = cast("Any", caught)
        mark = error.problem_mark or error.context_mark
        line = int(mark.line) + 1 if mark is not None else 0
        raise SpecError([Problem(_shown(file), line, f"not YAML: {error.problem}")]) from caught
    if not isinstance(tree, CommentedBase):
        raise SpecError([Problem(_shown(file), 1, "expected a mapping with doc and resources")])
    try:
        family = _converter().structure(cast("Any", tree), Family)
    except (ClassValidationError, IterableValidationError) as error:
        raise SpecError(
            [
                Problem(_shown(file), _line(tree, path), f"{_dotted(path)}: {message}")
                for path, message in _leaves(error, ())
            ]
        ) from error
    return LoadedFamily(file.stem, file, family, tree)


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    converter.register_structure_hook(Entry, _entry)
    converter.register_structure_hook(Key, _key)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook_func(_is_value_mapping, _values)
    converter.register_structure_hook_func(_is_statuses, _statuses)
    return converter


def _text(value: object, _: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected text, got {value!r}")
    return str(value)


def _entry(value: object, _: object) -> Entry:
    parts = list(cast("list[object]", value)) if isinstance(value, list) else []
    if len(parts) < 2 or not all(isinstance(part, str) for part in parts):
        raise ValueError(f"expected [type, flags…, description], got {value!r}")
    type_text, *flags, doc = (str(part) for part in parts)
    if unknown := set(flags) - FLAGS:
        raise ValueError(f"unknown flag {sorted(unknown)}; the flags are {sorted(FLAGS)}")
    parsed, default = types.parse(type_text)
    doc = " ".join(doc.split())
    if not doc.endswith((".", ")", "?", "!")):
        raise ValueError(f"expected a description that is a sentence, got {doc!r}")
    return Entry(parsed, doc, default, frozenset(flags))


def _key(value: object, _: object) -> Key:
    parts = list(cast("list[object]", value)) if isinstance(value, list) else []
    if len(parts) != 3 or not all(isinstance(part, str) for part in parts):
        raise ValueError(f"expected [hole, type, description], got {value!r}")
    wire, type_text, doc = (str(part) for part in parts)
    parsed, default = types.parse(type_text)
    if default is not None or not (isinstance(parsed, (types.Sid, types.Name)) or type_text == "country"):
        raise ValueError(f"expected a sid, name or country, which are safe in a path, got {type_text!r}")
    return Key(wire, parsed, doc)


def _is_value_mapping(annotation: object) -> bool:
    return annotation == Mapping[str, str | None]


def _is_statuses(annotation: object) -> bool:
    return annotation == tuple[int, ...]


def _statuses(value: object, _: object) -> tuple[int, ...]:
    """One HTTP status or a list of them."""
    listed = list(cast("list[object]", value)) if isinstance(value, list) else [value]
    statuses = tuple(int(item) for item in listed if isinstance(item, int))
    if not statuses or len(statuses) != len(listed):
        raise ValueError(f"expected an HTTP status or a list of them, got {value!r}")
    return statuses


def _values(value: object, _: object) -> Mapping[str, str | None]:
    """Enum values: a list, or a mapping to what they mean."""
    if isinstance(value, list):
        listed = cast("list[object]", value)
        given: list[tuple[object, object]] = [(item, None) for item in listed]
    elif isinstance(value, dict):
        given = list(cast("dict[object, object]", value).items())
    else:
        raise ValueError(f"expected a list or a mapping of values, got {value!r}")
    if not given:
        raise ValueError("expected at least one value")
    values: dict[str, str | None] = {}
    for item, meaning in given:
        if not isinstance(item, str) or not (meaning is None or isinstance(meaning, str)):
            raise ValueError(f"expected text, got {item!r}: {meaning!r} (quote words such as 'no' and 'on')")
        if item in values:
            raise ValueError(f"the value {item!r} is there twice")
        values[str(item)] = None if meaning is None else " ".join(meaning.split())
    return values


def _leaves(error: Exception, path: tuple[Step, ...]) -> list[tuple[tuple[Step, ...], str]]:
    """The innermost mistakes of a cattrs error, each with its path."""
    found: list[tuple[tuple[Step, ...], str]] = []
    if isinstance(error, ClassValidationError):
        grouped, others = error.group_exceptions()
        for inner, note in grouped:
            found += _leaves(inner, (*path, note.name))
        for inner in others:
            found += _leaves(inner, path)
        return found
    if isinstance(error, IterableValidationError):
        with_notes, others = error.group_exceptions()
        for inner, at in with_notes:
            index = at.index
            found += _leaves(inner, (*path, index if isinstance(index, int) else str(index)))
        for inner in others:
            found += _leaves(inner, path)
        return found
    if isinstance(error, ForbiddenExtraKeysError):
        return [((*path, name), "unknown entry") for name in sorted(error.extra_fields)]
    if isinstance(error, KeyError):
        return [(path, f"the entry {error.args[0]!r} is missing")]
    return [(path, str(error))]


def _line(tree: object, path: tuple[Step, ...]) -> int:
    """1-based."""
    line = 1
    node = tree
    for step in path:
        if not isinstance(node, CommentedBase):
            break
        position = cast("Any", node).lc
        try:
            where = position.key(step) if isinstance(step, str) else position.item(step)
            line = int(where[0]) + 1
        except (KeyError, TypeError, AttributeError):
            line = int(position.line) + 1
        try:
            node = cast("Any", node)[step]
        except (KeyError, IndexError, TypeError):
            break
    return line


def _dotted(path: tuple[Step, ...]) -> str:
    return ".".join(str(step) for step in path) or "file"


def _shown(file: Path) -> str:
    return "/".join(file.parts[-3:])
