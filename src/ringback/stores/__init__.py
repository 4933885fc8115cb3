"""Where applications remember what has to outlast a request, and reach other workers.

    Store            what a store has to do; write one of your own by it
    MemoryStore      in this process, the default
    SQLiteStore      in a file: the workers of one machine
    RedisStore       in Redis or Valkey: many machines (extra `redis`)
    PostgresStore    in PostgreSQL: many machines (extra `postgres`)

The first two are in `ringback.app.stores`, since every application has one; sqlite, redis and postgres are
modules here, imported when their names are first used. What these share is in values (what may be kept) and
per_loop (connections that belong to an event loop).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ringback.app.stores import MemoryStore, Store
    from ringback.stores.postgres import PostgresStore
    from ringback.stores.redis import RedisStore
    from ringback.stores.sqlite import SQLiteStore

__all__ = ["MemoryStore", "PostgresStore", "RedisStore", "SQLiteStore", "Store"]

_HOMES: Final = {
    "MemoryStore": "ringback.app.stores",
    "PostgresStore": "ringback.stores.postgres",
    "RedisStore": "ringback.stores.redis",
    "SQLiteStore": "ringback.stores.sqlite",
    "Store": "ringback.app.stores",
}

if not TYPE_CHECKING:  # a type checker would take any name to be there

    def __getattr__(name: str) -> object:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(home), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
