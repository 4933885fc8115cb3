"""Settings of all tests."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# On CI a red build has to mean that the change is wrong, not that chance found an old mistake: there the
# examples are the same in every run. Everywhere else each run tries new ones.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

IN_TURN = "in_turn: a test of flows that runs twice, the second time with a fresh worker for each webhook."
IN_ONE_WORKER = "in_one_worker(why): one of those that can't hold where another worker takes the flow over."


def pytest_configure(config: pytest.Config) -> None:
    for marker in (IN_TURN, IN_ONE_WORKER):
        config.addinivalue_line("markers", marker)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    definition = metafunc.definition
    if "workers" in metafunc.fixturenames and definition.get_closest_marker("in_turn") is not None:
        alone = definition.get_closest_marker("in_one_worker") is not None
        metafunc.parametrize("workers", [0] if alone else [0, 3], ids=["alone", "in_turn"][: 2 - alone])


@pytest.fixture
def workers() -> int:
    """How many workers lead flows in turn, as the emulator and `Application._watch_flows` take it."""
    return 0
