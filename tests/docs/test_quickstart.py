"""The quickstart works as it stands: its files, its commands, in an empty folder.

Two things differ from a reader's machine. What `pip install` would bring is there already, and the ports are
free ones, since others may run this test too.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.docs.snippets import ROOT, consoles, files


@pytest.fixture
def quickstart() -> str:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = re.search(r"^## Quickstart\n(.*?)^## ", readme, re.MULTILINE | re.DOTALL)
    assert section is not None
    with ExitStack() as kept:
        # Held at the same time, so that they differ.
        listeners = [kept.enter_context(socket.socket()) for _ in range(2)]
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        web, emulator = (str(listener.getsockname()[1]) for listener in listeners)
    text = section[1].replace("8000", web).replace("4010", emulator)
    return text.replace("ringback emulator ", f"ringback emulator --port {emulator} ")


@contextmanager
def terminal(folder: Path, commands: list[str], *, until: str) -> Generator[Path, None, None]:
    """Run commands of which the last stays; what it prints, once it has printed `until`."""
    log = folder / f"{commands[-1].split()[0]}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            ["bash", "-ec", "\n".join([*commands[:-1], f"exec {commands[-1]}"])],
            cwd=folder,
            env=environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(log, until)
        yield log
    finally:
        process.terminate()
        process.wait(10)


def environment() -> dict[str, str]:
    """A fresh shell's, with this Python's scripts first and no token of anybody's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TWILIO", "RINGBACK"))}
    return {**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"}


def wait_for(log: Path, text: str) -> None:
    deadline = time.monotonic() + 30
    while text not in log.read_text(encoding="utf-8"):
        assert time.monotonic() < deadline, f"no {text!r} in:\n{log.read_text(encoding='utf-8')}"
        time.sleep(0.05)


def test_a_phone_rings_and_the_test_passes(quickstart: str, tmp_path: Path) -> None:
    for name, content in files(quickstart).items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    install, serve, emulate, call, test = consoles(quickstart)
    assert install == ["pip install 'ringback[emulator]' pytest"]
    with (
        terminal(tmp_path, serve, until="Uvicorn running"),
        terminal(tmp_path, emulate, until="ringback emulator at") as shown,
    ):
        for command in call:
            subprocess.run(
                ["bash", "-ec", command.replace("curl", "curl --fail-with-body --silent")],
                cwd=tmp_path,
                check=True,
                timeout=30,
            )
        wait_for(shown, "The kitchen is closed. Goodbye.")
        happened = [line.split(maxsplit=1)[-1] for line in shown.read_text(encoding="utf-8").splitlines()]
    told_of = re.search(r"```text\n(.*?)```", quickstart, re.DOTALL)
    assert told_of is not None
    for line in told_of[1].splitlines():
        told_line = line.split(maxsplit=1)[1].partition(" …")[0]
        assert any(each.startswith(told_line) for each in happened), told_line
    assert test == ["pytest"]
    told = subprocess.run(
        test, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False, timeout=60
    )
    assert "1 passed" in told.stdout, told.stdout + told.stderr
