"""Where applications remember what has to outlast a request, and reach other workers.

    Store, RunStore  what a store has to do; write one of your own by it
    MemoryStore      in this process, the default
    SQLiteStore      in a file: the workers of one machine
    RedisStore       in Redis or Valkey: many machines (extra `redis`)
    PostgresStore    in PostgreSQL: many machines (extra `postgres`)

Each is in the module of its name (store, memory, sqlite, redis, postgres), imported when it is first used.
What these share is in values (what may be kept) and per_loop (connections that belong to an event loop).
What lies in Redis, and what it does in one step, is in redis_scripts; likewise postgres_sql. How connections
to PostgreSQL are kept is in postgres_connections.
What lies in memory is in shelf (kept within bounds), timetable (what is due when) and mailboxes (notes).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from ringback.stores.store import NEVER, Appended, Begun, Entry, Outcome, Record, RunStore, Store, Told

if TYPE_CHECKING:
    from ringback.stores.memory import MemoryStore
    from ringback.stores.postgres import PostgresStore
    from ringback.stores.redis import RedisStore
    from ringback.stores.sqlite import SQLiteStore

__all__ = [
    "NEVER",
    "Appended",
    "Begun",
    "Entry",
    "MemoryStore",
    "Outcome",
    "PostgresStore",
    "Record",
    "RedisStore",
    "RunStore",
    "SQLiteStore",
    "Store",
    "Told",
]

_HOMES: Final = {
    "MemoryStore": "ringback.stores.memory",
    "PostgresStore": "ringback.stores.postgres",
    "RedisStore": "ringback.stores.redis",
    "SQLiteStore": "ringback.stores.sqlite",
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
