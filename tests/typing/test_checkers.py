"""mypy and pyright, asked once each: they accept `tests/typing/*.py`, and find every mistake in `rejected/`.

A line that has to be refused ends in `# rejected`; every other line has to be accepted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypedDict, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parent.parent
FILES: Final = sorted(path for path in HERE.rglob("*.py") if not path.name.startswith(("test_", "__init__")))

Place = tuple[Path, int]


class _Position(TypedDict):
    line: int


class _Range(TypedDict):
    start: _Position


class _Diagnostic(TypedDict):
    file: str
    severity: str
    range: _Range


class _Report(TypedDict):
    generalDiagnostics: list[_Diagnostic]


class _Message(TypedDict):
    file: str
    line: int
    severity: str


def mypy(_: Path) -> set[Place]:
    """Where mypy finds errors."""
    done = _run("mypy", "--output=json", *map(str, FILES))
    assert done.returncode in (0, 1), done.stderr
    messages = [
        cast("_Message", json.loads(line)) for line in done.stdout.splitlines() if line.startswith("{")
    ]
    assert messages, done.stdout
    return {
        (ROOT / message["file"], message["line"]) for message in messages if message["severity"] == "error"
    }


def pyright(folder: Path) -> set[Place]:
    """Where pyright finds errors. Files that the project leaves out it takes from a configuration only."""
    config = folder / "pyrightconfig.json"
    files = {
        "extends": str(ROOT / "pyproject.toml"),
        "include": [os.path.relpath(HERE, folder)],
        "exclude": list[str](),
    }
    config.write_text(json.dumps(files), encoding="utf-8")
    done = _run("pyright", "--outputjson", "--project", str(config))
    assert done.returncode in (0, 1), done.stderr
    report = cast("_Report", json.loads(done.stdout))
    return {
        (Path(found["file"]), found["range"]["start"]["line"] + 1)
        for found in report["generalDiagnostics"]
        if found["severity"] == "error"
    }


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=240
    )


def marked() -> set[Place]:
    """Where errors have to be."""
    return {
        (path, number)
        for path in FILES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if line.endswith("# rejected")
    }


@pytest.mark.parametrize("check", [mypy, pyright])
def test_right_and_wrong_are_told_apart(check: Callable[[Path], set[Place]], tmp_path: Path) -> None:
    expected = marked()
    assert len(expected) > 8
    found = check(tmp_path)
    show = [f"{path.relative_to(ROOT)}:{line}" for path, line in sorted(expected - found)]
    assert not show, f"accepted: {show}"
    show = [f"{path.relative_to(ROOT)}:{line}" for path, line in sorted(found - expected)]
    assert not show, f"refused: {show}"
