"""The small specification of `tests/codegen/small`: copied, changed and read back by the tests."""

from __future__ import annotations

import shutil
from pathlib import Path

from codegen import api
from codegen.problems import SpecError

SMALL = Path(__file__).parent / "small"
GOLDEN = Path(__file__).parent / "golden"


def small(folder: Path, **texts: str) -> Path:
    """A copy of the small spec below `folder`, in which `letter="…"` replaces the text of letter.yaml."""
    spec = folder / "spec"
    shutil.copytree(SMALL, spec, dirs_exist_ok=True)
    for name, text in texts.items():
        (spec / "api" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return spec


def text(name: str) -> str:
    """The text of a file of the small spec."""
    return (SMALL / "api" / f"{name}.yaml").read_text(encoding="utf-8")


def complaints(spec: Path) -> list[str]:
    """What is wrong with a spec, `file:line: message`; empty where nothing is."""
    try:
        api.planned(spec)
    except SpecError as error:
        return [str(problem) for problem in error.problems]
    return []
