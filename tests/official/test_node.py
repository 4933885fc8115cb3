"""The official Node SDK, and the library that ringback began as, against a served emulator.

`make servers` installs them beside the Python environment; tests/official/node/ says which.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Final, cast

import pytest

from ringback.emulator import ACCOUNT_SID, AUTH_TOKEN, Emulator, serving
from tests.official.world import OURS

SCRIPTS: Final = Path(__file__).with_name("node")
MODULES: Final = Path(sys.prefix) / "node" / "node_modules"


@pytest.fixture
def url() -> Generator[str]:
    with Emulator(clock="real", speed=10) as emulator, serving(emulator) as url:
        emulator.number(OURS)
        yield url


def run(script: str, url: str) -> dict[str, object]:
    """What a script prints at its end."""
    assert MODULES.is_dir(), "the SDKs for Node aren't installed: make servers"
    done = subprocess.run(
        ["node", str(SCRIPTS / script)],
        env={
            **os.environ,
            "NODE_PATH": str(MODULES),
            "RINGBACK_URL": url,
            "RINGBACK_ACCOUNT": ACCOUNT_SID,
            "RINGBACK_TOKEN": AUTH_TOKEN,
            "RINGBACK_NUMBER": OURS,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return cast("dict[str, object]", json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("script", ["scenario.js", "original.js"])
def test_node_gets_what_it_wants(url: str, script: str) -> None:
    told = run(script, url)
    failures = cast("dict[str, str | None]", told["failures"])
    assert not [error for error in failures.values() if error is not None]
    assert told["refused"] == [], "the SDK's validator doesn't accept them"
    families, webhooks = {"scenario.js": (15, 25), "original.js": (6, 8)}[script]
    assert len(failures) >= families
    assert cast("int", told["webhooks"]) >= webhooks
