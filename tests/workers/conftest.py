"""The servers that the workers share, one of each kind for all of these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stores import servers

STORES = ("sqlite", "redis", "postgres")


@pytest.fixture(scope="session")
def addresses() -> Iterator[dict[str, str]]:
    """What `Setting.store` has to be for each of the stores."""
    with servers.redis() as redis, servers.postgres() as postgres:
        yield {"sqlite": "sqlite", "redis": redis, "postgres": postgres}
