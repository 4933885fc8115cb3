"""The official Python SDK, for each of the operations that Twilio describes."""

from __future__ import annotations

from collections import Counter

import pytest

from ringback._generated.api.operations import OPERATIONS
from ringback.emulator import Emulator
from tests.official.not_yet import NOT_RIGHT, NOT_YET
from tests.official.requests import ask, path_of
from tests.official.runs import SCENARIOS, ran


def test_each_operation_belongs_to_one_scenario() -> None:
    claimed = Counter(name for _, operations in SCENARIOS.values() for name in operations)
    assert claimed == Counter({operation.name: 1 for operation in OPERATIONS})
    assert len(claimed) == 197


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_official_sdk_gets_what_it_wants(name: str) -> None:
    run = ran(name)
    missing = NOT_YET.intersection(run.operations)
    expected = bool(missing) or name in NOT_RIGHT
    if run.error is not None:
        if expected:
            pytest.xfail(f"{run.error}"[:200])
        raise run.error
    done = {each.operation.name for each in run.exchanges if each.operation and each.status < 400}
    assert done.issuperset(run.operations), "not called, or refused"
    assert not expected, "it works: not_yet.py"


@pytest.mark.parametrize("name", sorted(NOT_YET))
def test_what_is_not_done_yet_says_so(name: str) -> None:
    (operation,) = (each for each in OPERATIONS if each.name == name)
    with Emulator() as emulator:
        answer = ask(emulator, operation.method, path_of(operation))
    assert answer.status == 501, "it works: not_yet.py"
