"""A YAML file that knows on which line each part stands, and cattrs' complaints with those lines."""

from __future__ import annotations

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
from ruamel.yaml.error import MarkedYAMLError

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
            self.root: object = cast("Any", YAML(typ="rt")).load(path.read_text(encoding="utf-8"))
        except MarkedYAMLError as caught:
            error = cast("Any", caught)
            mark = error.problem_mark or error.context_mark
            line = int(mark.line) + 1 if mark is not None else 0
            raise SpecError([Problem(name, line, f"not YAML: {error.problem}")]) from None
        except (OSError, UnicodeDecodeError) as error:
            raise SpecError([Problem(name, 0, f"can't be read: {error}")]) from None

    def problem(self, steps: Steps, message: str) -> Problem:
        """A mistake at `steps`, on the line of the innermost part that exists."""
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")
        return Problem(self.file, self.line(steps), f"{where}: {message}" if where else message)

    def problems(self, error: BaseException) -> list[Problem]:
        """What cattrs complained about, by line."""
        found = [self.problem(steps, message) for steps, message in _leaves(error, ())]
        return sorted(found, key=lambda problem: problem.line)

    def line(self, steps: Steps) -> int:
        """1-based."""
        node, line = self.root, 0
        for step in steps:
            if not isinstance(node, CommentedBase) or not self._holds(node, step):
                break
            marks = cast("Any", node).lc
            line = int((marks.key if isinstance(node, Mapping) else marks.item)(step)[0])
            node = cast("Mapping[Step, object]", node)[step]
        return line + 1

    def at(self, steps: Steps) -> object:
        """The part at `steps`, or None."""
        node = self.root
        for step in steps:
            if not self._holds(node, step):
                return None
            node = cast("Mapping[Step, object]", node)[step]
        return node

    @staticmethod
    def _holds(node: object, step: Step) -> bool:
        if isinstance(node, Mapping):
            return step in node
        return (
            isinstance(node, Sequence)
            and isinstance(step, int)
            and step < len(cast("Sequence[object]", node))
        )


def _leaves(error: BaseException, steps: Steps) -> Iterator[tuple[Steps, str]]:
    if isinstance(error, (ClassValidationError, IterableValidationError)):
        for inner in cast("Sequence[BaseException]", cast("Any", error).exceptions):
            yield from _leaves(inner, (*steps, *_noted(inner)))
    elif isinstance(error, ForbiddenExtraKeysError):
        for key in sorted(error.extra_fields):
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
