"""What docs/languages.md says to copy and paste does what it says, in each language."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from ringback.emulator import ACCOUNT_SID, AUTH_TOKEN, Emulator, serving
from tests.docs.snippets import ROOT
from tests.official.test_node import MODULES
from tests.official.world import ANNA, OURS

FILES = dict(
    re.findall(
        r"^`(\w+\.\w+)`:\n\n```\w+\n(.*?)^```$",
        (ROOT / "docs" / "languages.md").read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
)
COMMANDS = {".py": sys.executable, ".js": "node", ".sh": "sh"}


@pytest.fixture
def emulator() -> Generator[Emulator]:
    with Emulator() as emulator:
        emulator.number(OURS)
        yield emulator


@pytest.mark.parametrize("name", FILES)
def test_what_the_page_says_sends_a_text(emulator: Emulator, tmp_path: Path, name: str) -> None:
    script = tmp_path / name
    with serving(emulator) as url:
        script.write_text(FILES[name].replace("http://127.0.0.1:4010", url), encoding="utf-8")
        done = subprocess.run(
            [COMMANDS[script.suffix], str(script)],
            env={
                **os.environ,
                "NODE_PATH": str(MODULES),
                "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
                "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert (done.returncode, done.stdout.strip()) == (0, "queued"), done.stderr
    emulator.advance(30)
    assert [text.body for text in emulator.phone(ANNA).texts] == ["Hello"]


def test_the_page_has_a_file_for_each_language() -> None:
    assert [*FILES] == ["send.py", "send.js", "send.sh"]
