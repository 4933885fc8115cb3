"""The examples of docs/emulator.md run as tests."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

from ringback.emulator import Emulator

PAGE = Path(__file__).parents[2] / "docs" / "emulator.md"


def test_the_examples_run(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 6
    more = (
        "\n\ndef test_guest(emulator):\n"
        "    emulator.install(app, '+15017122661')\n"
        "    call = emulator.phone('+15558675310').dial('+15017122661', script=guest)\n"
        "    assert call.ended.status == 'completed'\n"
        "    assert [heard.what for heard in call.heard][-1] == 'You pressed 1.'\n"
    )
    (tmp_path / "test_docs.py").write_text("\n\n".join(blocks) + more, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stdout
    assert "5 passed" in result.stdout


def test_the_transcript_is_what_the_example_leaves() -> None:
    text = PAGE.read_text(encoding="utf-8")
    example = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    told = re.search(r"```text\n(call 1:.*?)```", text, re.DOTALL)
    assert example is not None
    assert told is not None
    names: dict[str, object] = {}
    exec(example[1], names)  # noqa: S102 - our own documentation
    with Emulator() as emulator:
        cast("Callable[[Emulator], None]", names["test_menu"])(emulator)
        happened = [line.split() for line in str(emulator.transcript).splitlines()]
    lines = [line.split() for line in told[1].splitlines()]
    assert happened[: len(lines)] == lines
