"""The proofs of `make stress`, shortened."""

from __future__ import annotations

import pytest

from ringback.app.live.index import LiveIndex
from ringback.app.loops import threads, watchdog
from tests.stress.calls import dialling, hanging_up


def test_nothing_is_left_of_calls_that_hang_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "IDLE", 0.5)
    monkeypatch.setattr(watchdog, "IDLE", 0.5)
    left = hanging_up(60)
    assert not any(left.values()), left


async def test_memory_is_flat_over_calls_that_are_dialled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LiveIndex, "_MOST_ENDED", 50)
    used = await dialling(1_500, 6, answers=100)
    # A thousand calls come after the second reading; one that stayed would take kilobytes.
    assert max(used[2:]) - used[1] < 300_000, used
