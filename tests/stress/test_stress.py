"""The proofs of `make stress`, shortened."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import cast

from tests.docs.snippets import ROOT
from tests.stress.requests import hostile

HANGING_UP = """\
import json
from ringback.app.loops import threads, watchdog
from tests.stress.calls import hanging_up
threads.IDLE = watchdog.IDLE = 0.5
print(json.dumps(hanging_up(60)))
"""
DIALLING = """\
import asyncio, json
from ringback.app.live.index import LiveIndex
from tests.stress.calls import dialling
LiveIndex._MOST_ENDED = 50
print(json.dumps(asyncio.run(dialling(1_500, 6, answers=100))))
"""


def printed(program: str) -> object:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_hostile_requests_are_refused() -> None:
    statuses = hostile(10_000)
    assert min(statuses[200], statuses[201], statuses[400], statuses[404]) > 50, statuses


def test_nothing_is_left_of_calls_that_hang_up() -> None:
    left = cast("dict[str, int]", printed(HANGING_UP))
    assert not any(left.values()), left


def test_memory_is_flat_over_calls_that_are_dialled() -> None:
    used = cast("list[int]", printed(DIALLING))
    # A thousand calls come after the second reading; one that stayed would take kilobytes.
    assert max(used[2:]) - used[1] < 300_000, used
