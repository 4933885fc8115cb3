"""A YAML file that knows on which line each part stands, and cattrs' complaints with those lines."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, cast

from cattrs.errors import (
    ClassValidationError,
    ForbiddenExtraKeysError,
    IterableValidationError,
)
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedBase
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning
from ruamel.yaml.reader import ReaderError

from codegen.problems import Problem, SpecError

Step: TypeAlias = str | int
Steps: TypeAlias = tuple[Step, ...]


class Source:
    """The parsed file.

    Attributes:
        file: What problems call it.
        root: Its content: mappings, lists and scalars.
    """

    def __init__(self, path: Path, name: str) -> None:
        """Read the file.

        Raises:
            SpecError: It is no YAML, or can't be read.
        """
        self.file = name
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as unreadable:
            raise SpecError([Problem(name, 0, f"can't be read: {unreadable}")]) from None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", ReusedAnchorWarning)
                self.root: object = cast("Any", YAML(typ="rt")).load(text)
        except MarkedYAMLError as caught:
            error = cast("Any", caught)
            mark = error.problem_mark or error.context_mark
            line = int(mark.line) + 1 if mark is not None else 0
            problem = " ".join(str(error.problem).split())
            raise SpecError([Problem(name, line, f"not YAML: {problem}")]) from None
        except ReaderError as caught:
            error = cast("Any", caught)
            line = text.count("\n", 0, int(error.position)) + 1
            raise SpecError([Problem(name, line, f"not YAML: {error.reason}")]) from None
        except ReusedAnchorWarning as warning:
            lines = re.findall(r"line (\d+), column", str(warning))
            raise SpecError(
                [Problem(name, int(lines[-1]), "an anchor of this name is there already")]
            ) from None
        except (ValueError, TypeError, AttributeError, RecursionError) as other:
            # What ruamel makes of a wrong tag (`!!int x`) or of thousands of brackets.
            raise SpecError([Problem(name, 1, f"not YAML: {other}")]) from None

    def plain(self) -> object:
        """The content as dicts, lists and scalars, merged keys where their `<<` was written."""
        return _plain(self.root)

    def problem(self, steps: Steps, message: str) -> Problem:
        """A mistake at `steps`, on the line of the innermost part that exists."""
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")
        return Problem(self.file, self.line(steps), f"{where}: {message}" if where else message)

    def problems(self, error: BaseException) -> list[Problem]:
        """What cattrs complained about, by line."""
        found = [self.problem(steps, message) for steps, message in _leaves(error, ())]
        return sorted(found, key=lambda problem: problem.line)

    def line(self, steps: Steps) -> int:
        """1-based; a step that isn't there is skipped, since short forms leave some out."""
        node, line = self.root, 0
        for step in steps:
            if not isinstance(node, CommentedBase) or not self._holds(node, step):
                continue
            marks = cast("Any", node).lc
            node = cast("Mapping[Step, object]", node)[step]
            if step in (marks.data or {}):
                line = int(marks.data[step][0])
            elif isinstance(node, CommentedBase):  # it came in by a merge and knows its own place only
                line = int(cast("Any", node).lc.line)
        return line + 1

    @staticmethod
    def _holds(node: object, step: Step) -> bool:
        if isinstance(node, Mapping):
            return step in node
        return (
            isinstance(node, Sequence)
            and isinstance(step, int)
            and step < len(cast("Sequence[object]", node))
        )


def _plain(node: object) -> object:
    if isinstance(node, list):
        return [_plain(item) for item in cast("list[object]", node)]
    if isinstance(node, Mapping):
        mapping = cast("Mapping[Step, object]", node)
        return {key: _plain(mapping[key]) for key in _written_order(mapping)}
    return str(node) if isinstance(node, str) else node


def _written_order(node: Mapping[Step, object]) -> list[Step]:
    keys = list(node)
    merge = cast("Any", getattr(node, "merge", None))
    if not merge:
        return keys
    # ruamel lists the keys that a merge brings behind all others.
    own = [key for key, _ in cast("Any", node).non_merged_items()]
    brought = [key for key in keys if key not in own]
    return [*own[: merge.merge_pos], *brought, *own[merge.merge_pos :]]


def _leaves(error: BaseException, steps: Steps) -> Iterator[tuple[Steps, str]]:
    if isinstance(error, (ClassValidationError, IterableValidationError)):
        for inner in cast("Sequence[BaseException]", cast("Any", error).exceptions):
            yield from _leaves(inner, (*steps, *_noted(inner)))
    elif isinstance(error, ForbiddenExtraKeysError):
        for key in sorted(map(str, error.extra_fields)):
            yield (*steps, key), "unknown key"
    elif isinstance(error, KeyError):
        yield steps[:-1], f"the key {error.args[0]!r} is missing"
    else:
        yield steps, str(error)


def _noted(error: BaseException) -> Steps:
    """Where cattrs was when it met `error`: an attribute's name, a key or an index, said in a note."""
    steps: list[Step] = []
    for note in cast("list[object]", getattr(error, "__notes__", [])):
        step = getattr(note, "name", getattr(note, "index", None))
        if isinstance(step, (str, int)):
            steps.append(step)
    return tuple(steps[-1:])
