"""`spec/flows.yaml` into records; every mistake in their shape is reported, with file and line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attrs import field, frozen

from codegen.api.load import structured
from codegen.source import Source


@frozen
class Verb:
    """One verb; what its parts mean is said at the head of the file."""

    element: str
    doc: str
    takes: Mapping[str, str] = field(factory=dict[str, str])
    needed: bool = False
    ours: tuple[str, ...] = ()
    ends: bool = False
    result: str | None = None
    results: Mapping[str, str] = field(factory=dict[str, str])
    none: str | None = None
    late: bool = False
    returns: str | None = None
    hears: Mapping[str, str] = field(factory=dict[str, str])
    inside: Mapping[str, tuple[str, ...]] = field(factory=dict[str, tuple[str, ...]])
    gives: str | None = None
    raises: str | None = None


@frozen
class Spec:
    """The whole file."""

    verbs: Mapping[str, Verb]


def load(path: Path, name: str) -> tuple[Spec, Source]:
    """Read the file.

    Raises:
        SpecError: With every mistake in its shape.
    """
    source = Source(path, name)
    return structured(source, Spec), source
