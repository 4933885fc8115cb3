"""What each store says of where it is; servers that are away; processes that open one at once."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, cast

import pytest

from ringback import InvalidValue
from ringback.stores import PostgresStore, RedisStore, SQLiteStore
from tests.stores import servers

REFUSED = "postgresql://me:secret@127.0.0.1:1/db", "redis://me:secret@127.0.0.1:1/0"

OPEN = """
import asyncio, sys
from ringback.stores import SQLiteStore

async def main() -> None:
    store = SQLiteStore(sys.argv[1])
    won = sum([await store.add(f"key{number}", b"", 60) for number in range(20)])
    await store.aclose()
    print(won)

asyncio.run(main())
"""


def test_four_processes_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OPEN, str(tmp_path / "new.db")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    told = [process.communicate(timeout=30)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0, 0]
    assert sum(map(int, told)) == 20


async def test_a_forked_child_opens_the_file_itself(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "store.db")
    await store.put("a", b"1", 60)
    child = os.fork()
    if child == 0:
        found: list[bytes | None] = []
        # In a thread: the child inherits the mark that a loop runs in this one.
        thread = threading.Thread(target=lambda: found.append(asyncio.run(store.get("a"))))
        thread.start()
        thread.join(10)
        os._exit(0 if found == [b"1"] else 1)
    _, status = await asyncio.to_thread(os.waitpid, child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert await store.get("a") == b"1"
    await store.aclose()


def test_no_password_is_shown() -> None:
    stores = [PostgresStore(REFUSED[0]), RedisStore(REFUSED[1])]
    assert [repr(store) for store in stores] == [
        "PostgresStore('127.0.0.1/db', prefix='')",
        "RedisStore('redis://127.0.0.1:1/0', prefix='ringback:')",
    ]
    for make in (PostgresStore, RedisStore):
        with pytest.raises(InvalidValue) as refused:
            make("mysql://me:secret@host/db" if make is RedisStore else "postgresql://me:secret@host:x y/db")
        assert "secret" not in str(refused.value)


@pytest.mark.parametrize("kind", [RedisStore, PostgresStore])
async def test_a_server_that_is_away_is_an_error_in_seconds(
    kind: type[RedisStore | PostgresStore],
) -> None:
    store = kind(REFUSED[1] if kind is RedisStore else REFUSED[0])
    with pytest.raises(Exception, match=r"127\.0\.0\.1|couldn't get a connection"):
        await asyncio.wait_for(store.get("a"), 8)
    await store.aclose()


async def test_a_redis_that_comes_back_is_used_again() -> None:
    port = servers.free_port()
    with servers.redis(port) as url:
        store = RedisStore(url)
        await store.put("a", b"1", 60)
    with pytest.raises(Exception, match="onnect"):
        await store.get("a")
    with servers.redis(port):
        assert await store.get("a") is None
        assert await store.add("a", b"2", 60)
        await store.aclose()


@pytest.mark.parametrize("kind", [PostgresStore, RedisStore])
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("url", [3, None, b"redis://secret"]),
        ("prefix", [3, "x" * 129, "a\x00"]),
        ("timeout", [0, 61, "3", None, True, float("nan")]),
        ("connect_timeout", [0, 61, "3", None, True]),
    ],
)
def test_wrong_settings(kind: type[RedisStore | PostgresStore], name: str, values: list[object]) -> None:
    url = REFUSED[1] if kind is RedisStore else REFUSED[0]
    for value in values:
        with pytest.raises(InvalidValue, match=f"^{name}: expected .+, got ") as caught:
            kind(**cast("Any", {"url": url} | {name: value}))
        assert "secret" not in str(caught.value)


def test_wrong_settings_of_postgres_alone() -> None:
    for name, value in (("create_tables", "no"), ("connect_timeout", 0.5)):
        with pytest.raises(InvalidValue, match=f"^{name}: expected .+, got {value!r}$"):
            PostgresStore(REFUSED[0], **cast("Any", {name: value}))


@pytest.mark.parametrize("path", ["", ":memory:", "/nowhere/at/all.db", "/", 3, None, b"/tmp/x.db"])
def test_what_is_no_file_is_refused(path: Any) -> None:
    with pytest.raises(InvalidValue, match=r"^path: "):
        SQLiteStore(path)


async def test_those_who_make_no_tables_run_the_schema_by_hand(postgres_url: str) -> None:
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA by_hand")
        connection.execute("SET search_path TO by_hand")
        options = "?options=-csearch_path%3Dby_hand"
        store = PostgresStore(f"{postgres_url}{options}", create_tables=False)
        with pytest.raises(psycopg.errors.UndefinedTable):
            await store.get("a")
        connection.execute(PostgresStore.schema)
    assert await store.add("a", b"1", 60)
    await store.aclose()
