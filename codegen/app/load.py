"""`spec/app.yaml` into records; every mistake in their shape is reported, with file and line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from attrs import field, frozen

from codegen.api.load import structured
from codegen.source import Source


@frozen
class Instead:
    """A parameter that takes the place of some of the operation's.

    Attributes:
        type: Its annotation.
        doc: What it is.
        replaces: The wire names whose place it takes.
    """

    type: str
    doc: str
    replaces: tuple[str, ...]
    required: bool = False


@frozen
class Method:
    """One method.

    Attributes:
        of: Whose it is. Methods of an application take a client, sync or async; what is live has its own.
        operation: What is asked for, e.g. `calls.create`.
        doc: What it does.
        returns: The class of what is started, for synchronous code.
        ours: Parameters that are set by us, by wire name.
        instead: Parameters by Python name that replace others.
        first: The wire name of the parameter that may also be given by position.
    """

    of: Literal["Application", "LiveMessage", "LiveRoom"]
    operation: str
    doc: str
    returns: str
    ours: tuple[str, ...] = ()
    instead: Mapping[str, Instead] = field(factory=dict[str, Instead])
    first: str | None = None


@frozen
class Spec:
    """The whole file."""

    methods: Mapping[str, Method]


def load(path: Path, name: str) -> tuple[Spec, Source]:
    """Read the file.

    Raises:
        SpecError: With every mistake in its shape.
    """
    source = Source(path, name)
    return structured(source, Spec), source
