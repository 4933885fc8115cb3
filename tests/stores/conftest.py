"""One server of each kind for all tests of a process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stores import servers


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with servers.redis() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with servers.postgres() as url:
        yield url
