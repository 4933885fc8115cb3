"""The examples of docs/emulator.md run as tests."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from ringback.emulator import Emulator
from ringback.errors import EmulatorError
from tests.docs.snippets import ROOT, files, python_blocks

PAGE = ROOT / "docs" / "emulator.md"
TESTING = ROOT / "docs" / "testing.md"
BOTH_WAYS = """
import pytest
from ringback import Application, CallFlow, IncomingCall


def test_how_often_it_begins(emulator, emulator_options):
    begun = []
    app = Application(public_url="https://example.com/both")

    @app.flow(IncomingCall)
    async def flow(call: CallFlow) -> None:
        begun.append(call.sid)
        await call.gather(num_digits=1)
        call.say("Thanks.")

    emulator.install(app, "+15017122661")
    call = emulator.phone("+15558675310").dial("+15017122661")
    call.press("1")
    call.expect_say("Thanks.")
    assert len(begun) == (2 if emulator_options["workers"] else 1)
"""


def test_the_examples_run(tmp_path: Path) -> None:
    blocks = [block.strip("\n") for block in python_blocks(PAGE)]
    assert len(blocks) == 11
    more = (
        "\n\ndef test_guest(emulator):\n"
        "    emulator.install(app, '+15017122661')\n"
        "    call = emulator.phone('+15558675310').dial('+15017122661', script=guest)\n"
        "    assert call.ended.status == 'completed'\n"
        "    assert [heard.what for heard in call.heard][-1] == 'You pressed 1.'\n"
    )
    (tmp_path / "test_docs.py").write_text("\n\n".join(blocks) + more, encoding="utf-8")
    assert "10 passed" in told_of_tests(tmp_path)


def test_the_examples_of_testing_run(tmp_path: Path) -> None:
    blocks = [block.strip("\n") for block in python_blocks(TESTING)]
    (tmp_path / "phones.yaml").write_text(phone_book(), encoding="utf-8")
    (tmp_path / "test_docs.py").write_text("\n\n".join(blocks), encoding="utf-8")
    assert "7 passed" in told_of_tests(tmp_path)


def phone_book() -> str:
    found = re.search(r"`phones\.yaml`:\n\n```yaml\n(.*?)```", TESTING.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def test_the_mistake_of_a_phone_book_is_what_testing_shows(tmp_path: Path) -> None:
    book = phone_book().replace("- hear: Press 1", "- pres: 1")
    (tmp_path / "phones.yaml").write_text(book, encoding="utf-8")
    with Emulator() as emulator, pytest.raises(EmulatorError) as caught:
        emulator.phone_book(tmp_path / "phones.yaml")
    assert f"```text\n{caught.value}\n```" in TESTING.read_text(encoding="utf-8")


def test_a_folder_is_tested_both_ways(tmp_path: Path) -> None:
    [conftest] = files(PAGE.read_text(encoding="utf-8")).values()
    (tmp_path / "conftest.py").write_text(conftest, encoding="utf-8")
    (tmp_path / "test_both.py").write_text(BOTH_WAYS, encoding="utf-8")
    assert "2 passed" in told_of_tests(tmp_path)


def told_of_tests(folder: Path) -> str:
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


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
