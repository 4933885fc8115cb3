"""The examples of docs/webhooks.md run, in order."""

from __future__ import annotations

import re
from pathlib import Path

from ringback import webhooks

PAGE = Path(__file__).parents[2] / "docs" / "webhooks.md"


def test_the_examples_run() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 7
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102 - our own page


def test_the_names_in_tables_exist() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    told = {name for row in rows for name in re.findall(r"`([A-Z][A-Za-z]+)`", row)}
    built = {"VoiceResponse", "MessagingResponse"}
    assert {name for name in told - built if not hasattr(webhooks, name)} == set()
    assert len(told) > 30
