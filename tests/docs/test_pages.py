"""What holds for every page: a reader knows which blocks need others, links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.snippets import ROOT, python_blocks

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
ONE_PROGRAM = re.compile(
    r"The blocks of Python (on this page|from here on) are one program: each builds on those"
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_with_several_blocks_says_that_they_build_on_each_other(page: Path) -> None:
    told = ONE_PROGRAM.search(page.read_text(encoding="utf-8")) is not None
    assert told == (len(python_blocks(page)) > 1)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_other_pages_lead_to_one(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / link).exists(), link
