"""What every store promises, on the real servers."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeAlias

import pytest

from ringback import InvalidValue
from ringback.stores import MemoryStore, PostgresStore, RedisStore, SQLiteStore, Store
from tests.stores.webhooks import reception, ring

Closing: TypeAlias = "SQLiteStore | RedisStore | PostgresStore"
KINDS = ("memory", "sqlite", "redis", "postgres")


def shared(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Closing:
    """A store that others may share; another call gives another view of the same."""
    if kind == "sqlite":
        return SQLiteStore(tmp_path / "store.db")
    if kind == "redis":
        return RedisStore(request.getfixturevalue("redis_url"), prefix=f"{tmp_path.name}:")
    return PostgresStore(request.getfixturevalue("postgres_url"), prefix=f"{tmp_path.name}:")


@pytest.fixture(params=KINDS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
        return
    opened = shared(request.param, request, tmp_path)
    yield opened
    await opened.aclose()


@pytest.fixture(params=KINDS[1:])
async def two(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Closing, Closing]]:
    """Two workers' views of one store."""
    both = shared(request.param, request, tmp_path), shared(request.param, request, tmp_path)
    yield both
    for one in both:
        await one.aclose()


async def test_what_was_put_is_there_until_it_is_removed(store: Store) -> None:
    assert await store.get("a") is None
    await store.put("a", b"1", 60)
    await store.put("b", b"", 60)
    assert (await store.get("a"), await store.get("b")) == (b"1", b"")
    await store.put("a", b"\x00\xff", 60)
    assert await store.get("a") == b"\x00\xff"
    await store.remove("a")
    await store.remove("a")
    assert await store.get("a") is None


async def test_the_first_to_add_wins(store: Store) -> None:
    assert await store.add("a", b"first", 60)
    assert not await store.add("a", b"second", 60)
    assert await store.get("a") == b"first"
    await store.remove("a")
    assert await store.add("a", b"third", 60)


async def test_what_has_expired_is_gone_and_makes_room(store: Store) -> None:
    await store.put("a", b"1", 0.05)
    assert await store.add("b", b"1", 0.05)

    deadline = time.monotonic() + 5
    while [await store.get("a"), await store.get("b")] != [None, None]:
        assert time.monotonic() < deadline
    assert await store.add("a", b"2", 60)
    assert await store.add("b", b"2", 60)
    assert await store.get("a") == b"2"


async def test_of_many_that_add_one_key_at_once_one_wins(two: tuple[Closing, Closing]) -> None:
    for _ in range(5):
        key = secrets.token_hex(8)
        won = await asyncio.gather(*(store.add(key, b"", 60) for store in two * 10))
        assert won.count(True) == 1


async def test_what_one_worker_keeps_is_there_for_another(two: tuple[Closing, Closing]) -> None:
    here, there = two
    await here.put("a", b"1", 60)
    assert await there.get("a") == b"1"
    await there.remove("a")
    assert await here.get("a") is None


async def test_it_can_be_used_again_after_it_was_closed(two: tuple[Closing, Closing]) -> None:
    here, _ = two
    await here.put("a", b"1", 60)
    await here.aclose()
    await here.aclose()
    assert await here.get("a") == b"1"


async def test_it_can_be_used_in_several_loops_at_once(two: tuple[Closing, Closing]) -> None:
    here, _ = two
    await here.put("a", b"1", 60)
    seen: list[bytes | None] = []

    async def read() -> None:
        seen.append(await here.get("a"))
        await here.aclose()

    thread = threading.Thread(target=lambda: asyncio.run(read()))
    thread.start()
    await asyncio.to_thread(thread.join, 10)
    assert seen == [b"1"]
    assert await here.get("a") == b"1"


@pytest.mark.parametrize(
    ("key", "value", "ttl", "field"),
    [
        ("", b"", 60.0, "key"),
        ("k" * 513, b"", 60.0, "key"),
        ("a\x00b", b"", 60.0, "key"),
        ("a", b"x" * 1_000_001, 60.0, "value"),
        ("a", b"", 0.0, "ttl"),
        ("a", b"", float("nan"), "ttl"),
        ("a", b"", float("inf"), "ttl"),
    ],
)
async def test_what_no_store_could_keep_is_refused(
    two: tuple[Closing, Closing], key: str, value: bytes, ttl: float, field: str
) -> None:
    here, _ = two
    for refused in (here.add(key, value, ttl), here.put(key, value, ttl)):
        with pytest.raises(InvalidValue, match=f"^{field}: "):
            await refused


async def test_a_webhook_that_is_repeated_on_another_worker_gets_the_same_answer(
    two: tuple[Closing, Closing],
) -> None:
    heard: list[str] = []
    workers = [reception(store, heard) for store in two]
    request = ring()
    first = await workers[0].handle(request)
    second = await workers[1].handle(request)
    assert first.status == 200
    assert second.body == first.body
    assert len(heard) == 1
    for worker in workers:
        await worker.aclose()
