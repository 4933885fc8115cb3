"""The page about stores is true: its Python runs, and its suite can be run where it says."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest

from ringback.stores import Store
from tests.docs.snippets import ROOT, consoles, files, run
from tests.stores import test_runs
from tests.stores.webhooks import reception, ring

PAGE = ROOT / "docs" / "stores.md"


@pytest.fixture
def names(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """What the page's blocks leave behind; what they print is what stands there."""
    names: dict[str, object] = {"__name__": "page"}
    run(PAGE, names)
    assert f"print(error)  # {capsys.readouterr().out}" in PAGE.read_text(encoding="utf-8")
    return names


async def test_a_store_of_four_methods_recognises_webhooks(names: dict[str, object]) -> None:
    heard: list[str] = []
    store = cast("type[Store]", names["DictStore"])()
    workers = [reception(store, heard) for _ in range(2)]
    first, second = [await worker.handle(ring()) for worker in workers]
    assert (first.status, second.body, len(heard)) == (200, first.body, 1)
    for worker in workers:
        await worker.aclose()


def test_the_suite_is_run_as_the_page_says(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    (tmp_path / "conftest.py").write_text(files(text)["conftest.py"], encoding="utf-8")
    shutil.copy(test_runs.__file__, tmp_path)
    [[command]] = consoles(text)
    done = subprocess.run(
        [sys.executable, "-m", *command.split(), "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
