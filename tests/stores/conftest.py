"""One server of each kind for all tests of a process, and workers' views of one store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from ringback.stores import RunStore
from tests.stores import servers
from tests.stores.places import KINDS, KNOWING, Place


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with servers.redis() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with servers.postgres() as url:
        yield url


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def place(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A store of that kind, which is empty."""
    if kind in {"redis", "postgres"}:
        return Place(kind, request.getfixturevalue(f"{kind}_url"), f"{tmp_path.name}:")
    return Place(kind, str(tmp_path / "store.db"))


@pytest.fixture
async def view(place: Place) -> AsyncIterator[Callable[[], RunStore]]:
    """Makes another worker's view of that store."""
    async with place.opening() as view:
        yield view


@pytest.fixture
def knows(kind: str) -> bool:
    """Whether the store can say if a mailbox was reached."""
    return kind in KNOWING
