"""The Python in Markdown pages, so that tests can run it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent.parent
_BLOCK: Final = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE: Final = re.compile(r"`([\w.]+\.py)`:\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CONSOLE: Final = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def python_blocks(page: Path) -> list[str]:
    """Every block of the page, moved down to where it stands, so that errors name the right line; none of
    those that are files of their own.
    """
    text = page.read_text(encoding="utf-8")
    files = {match.start(2) for match in _FILE.finditer(text)}
    return [
        "\n" * text.count("\n", 0, match.start(1)) + match[1]
        for match in _BLOCK.finditer(text)
        if match.start(1) not in files
    ]


def files(text: str) -> dict[str, str]:
    """The blocks that are whole files, announced by their name and a colon."""
    return {match[1]: match[2] for match in _FILE.finditer(text)}


def consoles(text: str) -> list[list[str]]:
    """The commands of each console block."""
    return [
        [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]
        for block in _CONSOLE.findall(text)
    ]


def run(page: Path, namespace: dict[str, object]) -> None:
    """Run all blocks of a page, one after the other, as one program."""
    for block in python_blocks(page):
        exec(compile(block, str(page), "exec"), namespace)  # noqa: S102 - our own documentation
