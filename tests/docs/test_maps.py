"""A package of several modules says in its docstring what each of them is for."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.docs.snippets import ROOT

FEW = 2
PACKAGES = [
    init.parent
    for folder in ("src/ringback", "codegen")
    for init in sorted((ROOT / folder).rglob("__init__.py"))
    if "_generated" not in init.parts
]


def rooms(package: Path) -> set[str]:
    modules = {module.stem for module in package.glob("*.py") if not module.stem.startswith("__")}
    return modules | {inner.parent.name for inner in package.glob("*/__init__.py")}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: str(package.relative_to(ROOT)))
def test_a_map_leaves_no_room_out(package: Path) -> None:
    docs = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8")))
    assert docs is not None
    names = rooms(package)
    if len(names) > FEW:
        assert not {name for name in names if not re.search(rf"\b{re.escape(name)}\b", docs)}
