"""`spec/error_codes.yaml` into records; every mistake in their shape is reported, with file and line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, TypeAlias, cast

from attrs import frozen

from codegen.problems import Problem, SpecError
from codegen.source import Source, Steps

Level: TypeAlias = Literal["error", "warning"]

LEVELS: tuple[Level, ...] = ("error", "warning")
PRESUMED = "presumed"
_SHAPE = "expected [level, status, meaning, places…]"
# Meanings stand in lines of transcripts and reports, and with products in a table whose columns `|` parts.
_MEANING = re.compile(r"""(?: ?[!#-[\]-{}~])+(?<!\.)\Z""")
_PRODUCT = re.compile(r"[A-Z][A-Za-z() -]*\Z")
_LONGEST_MEANING = 80


@frozen
class ErrorCode:
    """One code; what its parts mean is said at the head of the file."""

    code: int
    product: str
    level: Level
    meaning: str
    status: int | None
    presumed: bool
    places: tuple[str, ...]

    def step(self, place: int) -> Steps:
        """Where the place with this index is written."""
        ahead = 2 + self.presumed + (self.status is not None)
        return (self.product, self.code, ahead + place)


def load(path: Path, name: str) -> tuple[tuple[ErrorCode, ...], Source]:
    """Read the file: its codes, in order.

    Raises:
        SpecError: With every mistake in its shape.
    """
    source = Source(path, name)
    problems: list[Problem] = []
    codes: dict[int, ErrorCode] = {}
    for steps, row in _rows(source, problems):
        try:
            code = _code(steps, row)
        except ValueError as mistake:
            problems.append(source.problem(steps, str(mistake)))
            continue
        there = codes.setdefault(code.code, code)
        if there is not code:
            problems.append(source.problem(steps, f"the code is there already, under {there.product}"))
    if problems:
        raise SpecError(sorted(problems, key=lambda problem: problem.line))
    return tuple(codes[number] for number in sorted(codes)), source


def _rows(source: Source, problems: list[Problem]) -> Iterator[tuple[Steps, object]]:
    products = source.plain()
    if not isinstance(products, Mapping) or not products:
        problems.append(source.problem((), "expected a mapping of products to their codes"))
        return
    for product, codes in cast("Mapping[object, object]", products).items():
        if not isinstance(product, str) or not _PRODUCT.match(product):
            problems.append(source.problem((), f"expected the name of a product, got {product!r}"))
        elif not isinstance(codes, Mapping) or not codes:
            problems.append(source.problem((product,), "expected a mapping of codes to what they are"))
        else:
            for code, row in cast("Mapping[int | str, object]", codes).items():
                yield (product, code), row


def _code(steps: Steps, row: object) -> ErrorCode:
    product, code = cast("tuple[str, object]", steps)
    if type(code) is not int or code < 1:
        raise ValueError(f"expected a code such as 21211, got {code!r}")
    parts = cast("list[object]", row) if isinstance(row, list) else []
    if len(parts) < 2:
        raise ValueError(f"{_SHAPE}, got {row!r}")
    level, *rest = parts
    if level not in LEVELS:
        raise ValueError(f"expected the level {' or '.join(LEVELS)}, got {level!r}")
    presumed = rest[0] == PRESUMED
    rest = rest[1:] if presumed else rest
    status = rest[0] if rest and type(rest[0]) is int else None
    if status is not None and not 400 <= status <= 599:
        raise ValueError(f"expected an HTTP status from 400 to 599, got {status}")
    texts = [part for part in rest[status is not None :] if isinstance(part, str)]
    if not texts or len(texts) + (status is not None) != len(rest):
        raise ValueError(f"{_SHAPE}, got {row!r}")
    meaning, *places = texts
    if not _MEANING.match(meaning) or len(meaning) > _LONGEST_MEANING:
        raise ValueError(
            f"expected a meaning of at most {_LONGEST_MEANING} printable ASCII characters without quotes, "
            f"backslashes, bars and a full stop, got {meaning!r}"
        )
    if len(set(places)) != len(places):
        raise ValueError(f"a place is there twice: {', '.join(places)}")
    if presumed and status is None and not places:
        raise ValueError("there is neither a status nor a place, so nothing is presumed")
    return ErrorCode(code, product, level, meaning, status, presumed, tuple(places))
