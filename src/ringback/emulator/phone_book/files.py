"""Phone books in YAML, with the line of each part. Scalars are what was written: no number loses its plus."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ringback.emulator.phone_book.nodes import DEEPEST, Node
from ringback.errors import ConfigurationError, EmulatorError

if TYPE_CHECKING:
    import os

__all__ = ["node_of_file"]


def node_of_file(path: str | os.PathLike[str]) -> Node:
    """What a file says.

    Raises:
        ConfigurationError: ruamel.yaml isn't installed.
        EmulatorError: It can't be read, or is no YAML.
    """
    try:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError, YAMLError
    except ImportError as error:
        raise ConfigurationError(
            "a phone book in YAML needs ruamel.yaml: pip install 'ringback[emulator]'"
        ) from error

    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as unreadable:
        raise EmulatorError(f"{file.name}: can't be read: {unreadable}") from None
    try:
        root = cast("Any", YAML(typ="safe", pure=True)).compose(text)
    except MarkedYAMLError as caught:
        marked = cast("Any", caught)
        mark = marked.problem_mark or marked.context_mark
        line = int(mark.line) + 1 if mark is not None else 1
        raise EmulatorError(f"{file.name}:{line}: no YAML: {' '.join(str(marked.problem).split())}") from None
    except (YAMLError, ValueError, RecursionError) as other:
        raise EmulatorError(f"{file.name}:1: no YAML: {' '.join(str(other).split())[:200]}") from None
    return Node(f"{file.name}:1", "") if root is None else _node(root, file.name, 0)


def _node(composed: Any, name: str, depth: int) -> Node:
    where = f"{name}:{composed.start_mark.line + 1}"
    if depth > DEEPEST:  # an alias may lead to the very thing it is in
        raise EmulatorError(f"{where}: a phone book isn't nested so deep")
    if isinstance(composed.value, str):
        # What has no quotes and says nothing, or says so.
        empty = composed.style is None and composed.value in {"", "~", "null"}
        return Node(where, "" if empty else composed.value)
    if composed.id == "mapping":
        pairs = ((_node(key, name, depth + 1), _node(part, name, depth + 1)) for key, part in composed.value)
        return Node(where, tuple(pairs))
    return Node(where, tuple(_node(item, name, depth + 1) for item in composed.value))
