"""Mistakes in the specification, told with file and line."""

from __future__ import annotations

from attrs import frozen


@frozen
class Problem:
    """One mistake.

    Attributes:
        file: The path of the spec file, as given to the loader.
        line: 1-based; 0 where the mistake is about the file as a whole.
        message: What was expected and what was found.
    """

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class SpecError(Exception):
    """One or more mistakes in the specification; nothing is generated."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))
