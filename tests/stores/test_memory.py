"""What is particular to the store in memory: what makes room, and threads with loops of their own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, cast

import pytest

from ringback.errors import InvalidValue
from ringback.stores import MemoryStore, Told
from ringback.stores.memory import _Value
from ringback.stores.shelf import Shelf


async def test_it_forgets_by_age_and_by_number() -> None:
    now = 0.0
    store = MemoryStore(limit=2, clock=lambda: now)
    assert await store.add("a", b"1", ttl=10)
    assert not await store.add("a", b"2", ttl=10)
    assert await store.get("a") == b"1"
    now = 10.0
    assert await store.get("a") is None
    assert await store.add("a", b"3", ttl=10)
    await store.put("b", b"4", ttl=10)
    await store.put("c", b"5", ttl=10)
    assert len(store) == 2
    assert await store.get("a") is None
    await store.remove("b")
    await store.remove("b")
    assert await store.get("b") is None
    assert await store.get("c") == b"5"


def test_of_many_threads_one_adds() -> None:
    store = MemoryStore()
    barrier = threading.Barrier(8)
    won: list[bool] = []

    def add() -> None:
        barrier.wait()
        won.append(asyncio.run(store.add("key", b"", 10)))

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won.count(True) == 1


def test_no_room_at_all() -> None:
    with pytest.raises(InvalidValue, match="limit"):
        MemoryStore(limit=0)
    with pytest.raises(InvalidValue, match="max_bytes"):
        MemoryStore(max_bytes=0)


@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", "10"), ("limit", 1.5), ("max_bytes", True), ("clock", 3.0), ("shared", "no"), ("shared", 1)],
)
def test_wrong_settings(name: str, value: object) -> None:
    with pytest.raises(InvalidValue, match=f"^{name}: expected .+, got {value!r}$"):
        MemoryStore(**cast("Any", {name: value}))


async def test_bytes_are_counted() -> None:
    store = MemoryStore(max_bytes=1_000_000)
    for number in range(300):
        await store.put(f"k{number}", bytes(60_000), 3600)
        await store.put(f"k{number}", bytes(50_000), 3600)  # in place of the other
        assert len(store) <= 19
    assert len(store) == 19
    assert await store.get("k299") == bytes(50_000)
    await store.put("too large", bytes(1_000_001), 3600)
    assert len(store) == 0
    for number in range(100_000):  # small ones take room, too
        await store.put(f"k{number}", b"", 3600)
    assert len(store) < 4_000
    for number in range(100_000):
        await store.remove(f"k{number}")
    assert store._kept._bytes == 0
    await store.put("x", b"x", 1)
    store.clear()
    assert store._kept._bytes == 0


async def test_what_has_expired_goes_though_nobody_asks_for_it() -> None:
    now = 0.0
    store = MemoryStore(clock=lambda: now)
    for number in range(1000):
        await store.put(f"long {number}", b"", 100)
        await store.put(f"short {number}", b"", 10 + number / 1000)
    now = 10.5
    await store.put("one more", b"", 100)
    assert len(store) == 1000 + 499 + 1
    now = 11.6
    await store.add("another", b"", 100)
    assert len(store) == 1000 + 2


def test_looking_for_what_has_expired_is_cheap() -> None:
    looks = 0

    class Counting(Shelf[str, _Value]):
        def _sweep(self, now: float) -> None:
            nonlocal looks
            looks += 1
            super()._sweep(now)

    now = 0.0
    shelf = Counting(10_000, 1_000_000, lambda: now, lambda _: None)
    for _ in range(10_000):
        now += 0.01
        shelf.put(f"{now}", _Value(b"", now + 5, 1), now)  # something expires at each of them
    assert len(shelf) <= 601
    assert 0 < looks <= 102


async def test_runs_take_room_as_keys_do_and_leave_nothing_behind() -> None:
    now = 0.0
    store = MemoryStore(max_bytes=1_000_000, clock=lambda: now)
    for number in range(2_000):
        await store.begin(f"CA{number}", f"w-{number}", {"start": b""}, owner="w", due=1, ttl=60)
        await store.append("w-0", f"in.{number}", b"x", ttl=60)
    assert 300 < len(store) < 1_000  # the one that is used stays, though it was the first
    assert len(record.fields if (record := await store.read("w-0")) else ()) == 2_001
    assert await store.latest("CA1") is None
    assert len(store._latest) == len(store)
    await store.append("w-1999", "large", bytes(1_000_000), ttl=60)
    assert (len(store), store._kept._bytes, store._latest, await store.due(9, again=1)) == (0, 0, {}, [])
    for number in range(100):
        await store.begin(f"CA{number}", f"w-{number}", {"start": b""}, owner="w", due=1, ttl=60)
        await store.pulse(f"w{number}", ttl=5)
    now = 60.0
    await store.put("a", b"", 1)
    assert (len(store), store._latest, await store.due(9, again=1)) == (1, {}, [])


async def test_notes_wake_loops_in_other_threads() -> None:
    store = MemoryStore()
    opened = threading.Barrier(9, timeout=10)
    heard: dict[str, list[bytes]] = {}

    async def listen(me: str) -> None:
        async with aclosing(store.mail(me)) as mail:
            assert await anext(mail) == b""
            await asyncio.to_thread(opened.wait)
            heard[me] = [await anext(mail) for _ in range(200)]

    def run(me: str) -> None:
        asyncio.run(listen(me))

    workers = [f"w{number}" for number in range(8)]
    threads = [threading.Thread(target=run, args=[me]) for me in workers]
    for thread in threads:
        thread.start()
    await asyncio.to_thread(opened.wait)
    for number in range(200):
        for me in workers:
            assert await store.tell(me, b"%d" % number) is Told.REACHED
    for thread in threads:
        await asyncio.to_thread(thread.join, 10)
    assert heard == {me: [b"%d" % number for number in range(200)] for me in workers}
    assert await store.tell("w0", b"x") is Told.NOT_REACHED


async def test_a_mailbox_that_nobody_reads_is_bounded() -> None:
    store = MemoryStore()
    async with aclosing(store.mail("me")) as mail:
        await anext(mail)
        told = [await store.tell("me", b"x") for _ in range(1_500)]
        assert (told[0], told[-1]) == (Told.REACHED, Told.UNKNOWN)
        assert [await anext(mail) for _ in range(1_000)] == [b"x"] * 1_000
        assert await store.tell("me", b"y") is Told.REACHED
        assert await anext(mail) == b"y"


async def test_a_mailbox_whose_loop_was_closed_is_not_reached() -> None:
    store = MemoryStore()
    kept: list[AsyncGenerator[bytes, None]] = []

    async def open_it() -> None:
        kept.append(store.mail("me"))
        await anext(kept[0])

    def in_a_thread() -> None:
        loop = asyncio.new_event_loop()
        loop.run_until_complete(open_it())
        loop.close()

    await asyncio.to_thread(in_a_thread)
    assert await store.tell("me", b"x") is Told.NOT_REACHED


async def test_times_are_told_since_1970_or_as_the_clock_given_has_them() -> None:
    for store, now in ((MemoryStore(), time.time()), (MemoryStore(clock=lambda: 5.0), 5.0)):
        begun = await store.begin("CA", "w-1", {"start": b""}, owner="w", ttl=60)
        assert begun.record.now == pytest.approx(now, abs=5)
        assert begun.record.fields["start"].at == begun.record.now
