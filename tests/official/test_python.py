"""The official Python SDK, for each of the operations that Twilio describes."""

from __future__ import annotations

from collections import Counter

import pytest

from ringback._generated.api.operations import OPERATIONS
from tests.official.runs import SCENARIOS, ran


def test_each_operation_belongs_to_one_scenario() -> None:
    claimed = Counter(name for _, operations in SCENARIOS.values() for name in operations)
    assert claimed == Counter({operation.name: 1 for operation in OPERATIONS})
    assert len(claimed) == 197


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_official_sdk_gets_what_it_wants(name: str) -> None:
    run = ran(name)
    if run.error is not None:
        raise run.error
    done = {each.operation.name for each in run.exchanges if each.operation and each.status < 400}
    assert done.issuperset(run.operations), "not called, or refused"
