"""Where a store is, so that several workers, and several processes, see the same one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from attrs import frozen

from ringback.stores import MemoryStore, PostgresStore, RedisStore, RunStore, SQLiteStore
from tests.stores.test_runs import closed

__all__ = ["KINDS", "KNOWING", "PROCESSES", "Place"]


@frozen
class Place:
    """A kind of store, and what tells one of them from another."""

    kind: str
    url: str
    prefix: str = ""

    def view(self) -> RunStore:
        """One worker's view of it."""
        return _VIEWS[self.kind](self)

    @asynccontextmanager
    async def opening(self) -> AsyncGenerator[Callable[[], RunStore], None]:
        """What makes workers' views of it, which are closed at the end."""
        views: list[RunStore] = []
        memory = MemoryStore()

        def view() -> RunStore:
            views.append(memory if self.kind == "memory" else self.view())
            return views[-1]

        yield view
        for one in views:
            await closed(one)


_VIEWS: Final[dict[str, Callable[[Place], RunStore]]] = {
    "sqlite": lambda place: SQLiteStore(place.url),
    "sqlite without sockets": lambda place: _without_sockets(place),
    "redis": lambda place: RedisStore(place.url, prefix=place.prefix),
    "postgres": lambda place: PostgresStore(place.url, prefix=place.prefix),
}


def _without_sockets(place: Place) -> SQLiteStore:
    Path(f"{place.url}-mail").touch()  # where their folder would be
    return SQLiteStore(place.url)


# Those that processes share.
PROCESSES: Final = tuple(_VIEWS)
KINDS: Final = ("memory", *_VIEWS)
# Those that can say whether a mailbox was reached.
KNOWING: Final = frozenset({"memory", "sqlite", "sqlite without sockets", "redis"})
