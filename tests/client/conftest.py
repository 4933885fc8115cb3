"""A server that misbehaves, from the transports' suite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.transports.server import Server


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server
