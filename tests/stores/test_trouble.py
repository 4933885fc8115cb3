"""Servers that hang, are away, come back, come back empty; connections that are cut, and too few of them."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias, cast

import psycopg
import pytest
import redis
from psycopg import sql

from ringback import InvalidValue
from ringback.stores import Appended, Outcome, PostgresStore, RedisStore
from tests.stores import servers
from tests.stores.links import Link, link

Shared: TypeAlias = "RedisStore | PostgresStore"

ERRORS = redis.RedisError, psycopg.Error
LIMIT = 0.5  # seconds that stores in a hurry wait for an answer, in place of 3

OPERATIONS: dict[str, Callable[[Shared], Awaitable[object]]] = {
    "add": lambda store: store.add("key", b"", 60),
    "get": lambda store: store.get("key"),
    "put": lambda store: store.put("key", b"", 60),
    "remove": lambda store: store.remove("key"),
    "begin": lambda store: store.begin("CA1", "me-1", {"start": b""}, owner="me", before="me-0", ttl=60),
    "append": lambda store: store.append("me-1", "in.1", b"", note=b"x", due=0, ttl=60),
    "read": lambda store: store.read("me-1"),
    "claim": lambda store: store.claim("me-1", 1, "me", ttl=60),
    "latest": lambda store: store.latest("CA1"),
    "due": lambda store: store.due(10, again=60),
    "pulse": lambda store: store.pulse("me", ttl=60),
    "pulse_of": lambda store: store.pulse_of("me"),
    "leave": lambda store: store.leave("me"),
    "tell": lambda store: store.tell("me", b"x"),
    "mail": lambda store: opened(store),
}


async def opened(store: Shared) -> None:
    async with aclosing(store.mail("me")) as mail:
        assert await anext(mail) == b""


@pytest.fixture(params=["redis", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def between(kind: str, request: pytest.FixtureRequest) -> Iterator[Link]:
    with link(request.getfixturevalue(f"{kind}_url")) as made:
        yield made


@asynccontextmanager
async def opening(kind: str, url: str, prefix: str, timeout: float = 3.0) -> AsyncGenerator[Shared]:
    make = RedisStore if kind == "redis" else PostgresStore
    store = make(url, prefix=prefix, timeout=timeout)
    try:
        yield store
    finally:
        await store.aclose()


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> str:
    return f"{request.node.name[:60]}:"


@pytest.fixture
async def store(kind: str, between: Link, prefix: str) -> AsyncGenerator[Shared]:
    async with opening(kind, between.url, prefix) as store:
        yield store


@pytest.fixture
async def hurried(kind: str, between: Link, prefix: str) -> AsyncGenerator[Shared]:
    async with opening(kind, between.url, prefix, LIMIT) as store:
        yield store


def tell_redis(url: str, *words: str) -> Any:
    with redis.Redis.from_url(url) as client:  # pyright: ignore[reportUnknownMemberType]
        return cast("Any", client).execute_command(*words)


async def all_work(store: Shared) -> None:
    for operation in OPERATIONS.values():
        await asyncio.wait_for(operation(store), 5)


async def all_fail(store: Shared, seconds: float) -> None:
    """Each with the library's error, in time."""
    begun = time.monotonic()
    outcomes = await asyncio.gather(
        *(asyncio.wait_for(operation(store), 10) for operation in OPERATIONS.values()), return_exceptions=True
    )
    strange = {
        name: outcome
        for name, outcome in zip(OPERATIONS, outcomes, strict=True)
        if not isinstance(outcome, ERRORS)
    }
    assert not strange
    assert time.monotonic() - begun < seconds


async def test_a_server_that_hangs(kind: str, hurried: Shared, between: Link) -> None:
    await all_work(hurried)
    between.hang()
    # One waits for a connection, makes it, and waits for an answer, each for as long as that may take.
    in_time = LIMIT + 1 + LIMIT + 3
    await all_fail(hurried, in_time)
    async with opening(kind, between.url, "another:", LIMIT) as another:
        await all_fail(another, in_time)
    between.go_on()
    await all_work(hurried)


async def test_whoever_waits_for_a_server_that_hangs_may_give_up(store: Shared, between: Link) -> None:
    await all_work(store)
    between.hang()
    for operation in OPERATIONS.values():
        begun = time.monotonic()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(operation(store), 0.05)
        assert time.monotonic() - begun < 1
    between.go_on()
    await all_work(store)


async def test_a_server_that_is_away_and_comes_back(store: Shared, between: Link) -> None:
    await all_work(store)
    between.down()
    await all_fail(store, 1)
    between.up()
    await all_work(store)


async def test_connections_that_were_cut_while_nobody_used_them(store: Shared, between: Link) -> None:
    await asyncio.gather(*(store.get("key") for _ in range(20)))
    assert between.cut() >= 4  # two connections
    await asyncio.sleep(0.01)  # the loop has to hear of it
    await all_work(store)


async def test_connections_that_are_cut_in_the_middle(store: Shared, between: Link) -> None:
    """Whoever hears nothing back asks again, and learns what became of it."""
    await store.begin("CA1", "me-1", {}, owner="me", ttl=60)
    stop = asyncio.Event()
    errors = 0

    async def appends(me: int) -> int:
        nonlocal errors
        for number in range(60):
            while True:
                try:
                    done = await store.append("me-1", f"f.{me}.{number}", b"%d" % number, ttl=60)
                except ERRORS:
                    errors += 1
                    await asyncio.sleep(0.005)
                else:
                    assert done.outcome in {Outcome.WON, Outcome.LOST}
                    break
            await asyncio.sleep(0.001)
        return me

    async def cut() -> None:
        while not stop.is_set():
            await asyncio.to_thread(between.cut)
            await asyncio.sleep(0.02)

    cutting = asyncio.create_task(cut())
    assert await asyncio.wait_for(asyncio.gather(*map(appends, range(6))), 60) == list(range(6))
    stop.set()
    await cutting
    record = await store.read("me-1")
    assert record is not None
    assert len(record.fields) == 6 * 60
    assert errors > 0


async def test_a_mailbox_that_is_cut_says_so(hurried: Shared, between: Link) -> None:
    for end in (between.cut, between.hang):
        async with aclosing(hurried.mail("me")) as mail:
            assert await anext(mail) == b""
            await hurried.tell("me", b"note")
            assert await asyncio.wait_for(anext(mail), 5) == b"note"
            end()
            begun = time.monotonic()
            with pytest.raises(ERRORS):
                await asyncio.wait_for(anext(mail), 10)
            assert time.monotonic() - begun < 2 * LIMIT + 3
        between.go_on()


async def test_a_quiet_mailbox_stays_open(hurried: Shared) -> None:
    async with aclosing(hurried.mail("me")) as mail:
        assert await anext(mail) == b""
        waiting = asyncio.ensure_future(anext(mail))
        await asyncio.sleep(3 * LIMIT)
        assert not waiting.done()
        await hurried.tell("me", b"note")
        assert await asyncio.wait_for(waiting, 5) == b"note"


async def test_more_at_once_than_there_are_connections(store: Shared) -> None:
    await store.begin("CA1", "me-1", {}, owner="me", ttl=60)
    done = await asyncio.gather(
        *(store.append("me-1", f"in.{number // 2}", b"", ttl=60) for number in range(400))
    )
    assert [one.outcome for one in done].count(Outcome.WON) == 200


async def test_whoever_waits_for_a_connection_may_be_cancelled(store: Shared, between: Link) -> None:
    for _ in range(3):
        waiting = [asyncio.create_task(store.get(f"{number}")) for number in range(200)]
        await asyncio.sleep(0.01)
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
    await asyncio.gather(*(store.get(f"{number}") for number in range(100)))


@pytest.mark.filterwarnings("ignore:.*:ResourceWarning")  # as they should have been closed
def test_connections_of_loops_that_are_gone_go_too(kind: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    store = (RedisStore if kind == "redis" else PostgresStore)(url, prefix="gone:")

    async def twice() -> None:
        await asyncio.gather(store.get("key"), store.get("other"))

    before = clients(kind, url)
    for _ in range(20):
        asyncio.run(twice())
    gc.collect()
    deadline = time.monotonic() + 10
    while clients(kind, url) > before + 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def clients(kind: str, url: str) -> int:
    if kind == "redis":
        return len(tell_redis(url, "CLIENT", "LIST").splitlines())
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = 'tests'").fetchone()
    assert row is not None
    return int(row[0])


async def test_a_forked_child_has_connections_of_its_own(store: Shared) -> None:
    await store.begin("CA1", "me-1", {}, owner="me", ttl=60)
    child = os.fork()
    if child == 0:
        done: list[Appended] = []

        async def append() -> None:
            for number in range(50):
                done.append(await store.append("me-1", f"child.{number}", b"", ttl=60))
            await store.aclose()

        # In a thread: the child inherits the mark that a loop runs in this one.
        thread = threading.Thread(target=lambda: asyncio.run(append()))
        thread.start()
        thread.join(10)
        os._exit(0 if [one.outcome for one in done] == [Outcome.WON] * 50 else 1)
    for number in range(50):
        assert (await store.append("me-1", f"parent.{number}", b"", ttl=60)).outcome is Outcome.WON
    _, status = await asyncio.to_thread(os.waitpid, child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    record = await store.read("me-1")
    assert record is not None
    assert len(record.fields) == 100


async def test_no_error_tells_the_password() -> None:
    for store in (
        RedisStore("redis://me:secret@127.0.0.1:1/0"),
        PostgresStore("postgresql://me:secret@127.0.0.1:1/db"),
    ):
        for operation in OPERATIONS.values():
            with pytest.raises(ERRORS) as failed:
                await operation(store)
            seen: BaseException | None = failed.value
            while seen is not None:
                assert "secret" not in f"{seen} {seen.args}"
                seen = seen.__cause__ or seen.__context__
        await store.aclose()


async def test_a_redis_that_is_started_anew_has_seen_no_script() -> None:
    port = servers.free_port()
    with servers.redis(port) as url:
        async with opening("redis", url, "") as store:
            await all_work(store)
            for operation in OPERATIONS.values():
                tell_redis(url, "SCRIPT", "FLUSH")
                await operation(store)
    with servers.redis(port):
        begun = await store.begin("CA1", "me-1", {"start": b""}, owner="me", ttl=60)
        assert begun.created
        await all_work(store)
        await store.aclose()


async def test_a_redis_that_is_no_longer_the_primary() -> None:
    with servers.redis() as old, servers.redis() as new, link(old) as between:
        async with opening("redis", between.url, "") as store:
            many = [store.put("key", b"", 60) for _ in range(20)]
            await asyncio.gather(*many)
            between.lead(new)
            tell_redis(old, "REPLICAOF", "127.0.0.1", "1")
            with pytest.raises(redis.ReadOnlyError):
                await store.put("key", b"", 60)
            await asyncio.gather(*(all_work(store) for _ in range(5)))


async def test_everything_in_redis_expires(redis_url: str) -> None:
    async with opening("redis", redis_url, "expiring:") as store:
        await store.put("key", b"", 60)
        await store.begin("CA1", "me-1", {"start": b""}, owner="me", due=100, ttl=60)
        await store.begin("CA1", "me-2", {"start": b""}, owner="me", before="me-1", due=0, ttl=60)
        await store.append("me-2", "in.1", b"", due=0, ttl=70)
        await store.due(10, again=200)
        await store.claim("me-2", 1, "me", ttl=80)
        await store.pulse("me", ttl=10)
    keys: list[bytes] = tell_redis(redis_url, "KEYS", "expiring:*")
    left = {key.decode(): tell_redis(redis_url, "PTTL", key.decode()) / 1000 for key in keys}
    assert {key: round(seconds, -1) for key, seconds in left.items()} == {
        "expiring:value:key": 60,
        "expiring:run:me-1": 60,
        "expiring:run:me-2": 80,
        "expiring:latest:CA1": 80,
        "expiring:due": 270,  # it outlasts both what is due in it, and the records of that
        "expiring:pulse:me": 10,
    }


async def test_what_has_expired_is_no_longer_due_in_redis(redis_url: str) -> None:
    async with opening("redis", redis_url, "garbage:") as store:
        for number in range(50):
            await store.begin(f"CA{number}", f"me-{number}", {}, owner="me", due=0, ttl=0.001)
        await store.begin("CA", "me-50", {}, owner="me", due=0, ttl=60)
        await asyncio.sleep(0.01)
        assert await store.due(3, again=60) == ["me-50"]
        assert tell_redis(redis_url, "ZCARD", "garbage:due") == 1


async def test_a_url_of_redis_may_say_what_others_ask_for(redis_url: str) -> None:
    async with opening("redis", f"{redis_url}?decode_responses=true&protocol=3", "options:") as store:
        await store.put("key", b"\xff", 60)
        assert await store.get("key") == b"\xff"
        await all_work(store)


async def test_a_redis_behind_a_socket(redis_url: str) -> None:
    [path] = tell_redis(redis_url, "CONFIG", "GET", "unixsocket").values()
    for options in ("", "?db=3", "?db=3&decode_responses=true"):
        async with opening("redis", f"unix://{path.decode()}{options}", f"socket{options}:") as store:
            await all_work(store)


async def test_a_user_of_redis_needs_no_more_than_the_page_says(redis_url: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "stores.md").read_text(encoding="utf-8")
    [line] = [line for line in page.splitlines() if line.startswith("ACL SETUSER ")]
    tell_redis(redis_url, *line.split())
    try:
        url = redis_url.replace("redis://", "redis://ringback:password@")
        async with opening("redis", url, "ringback:") as store:
            await all_work(store)
        async with opening("redis", url, "other:") as store:
            await all_fail(store, 3)
    finally:
        tell_redis(redis_url, "ACL", "DELUSER", "ringback")


async def test_a_redis_that_speaks_no_tls(redis_url: str) -> None:
    async with opening("redis", redis_url.replace("redis:", "rediss:"), "") as store:
        await all_fail(store, 3)


@pytest.mark.parametrize("options", ["socket_timeout=soon", "me=you"])
def test_options_that_redis_does_not_have(options: str) -> None:
    with pytest.raises(InvalidValue, match=r"^url: ") as refused:
        RedisStore(f"redis://me:secret@127.0.0.1/0?{options}")
    assert "secret" not in str(refused.value)


async def test_tables_that_were_dropped_are_made_again(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA dropped")
        async with opening("postgres", f"{postgres_url}?options=-csearch_path%3Ddropped", "") as store:
            for operation in OPERATIONS.values():
                connection.execute("DROP SCHEMA dropped CASCADE")
                connection.execute("CREATE SCHEMA dropped")
                await operation(store)


async def test_whoever_may_only_use_the_tables_can(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA given")
        connection.execute("SET search_path TO given")
        connection.execute(PostgresStore.schema)
        connection.execute("CREATE ROLE clerk LOGIN")
        connection.execute("GRANT USAGE ON SCHEMA given TO clerk")
        connection.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA given TO clerk")
    url = f"{postgres_url.replace('tests@', 'clerk@')}?options=-csearch_path%3Dgiven"
    async with opening("postgres", url, "") as store:
        await all_work(store)


async def test_a_database_may_have_other_defaults(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            "CREATE DATABASE odd ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        )
        connection.execute("ALTER DATABASE odd SET default_transaction_isolation = 'serializable'")
    async with opening("postgres", postgres_url.replace("/postgres", "/odd"), "") as store:
        await all_work(store)
        for number in range(20):
            claimed = await asyncio.gather(
                *(store.claim("me-1", 2 + number, "me", ttl=60) for _ in range(5)),
                *(store.append("me-1", f"in.2{number}", b"", want=["start"], ttl=60) for _ in range(5)),
            )
            assert len([one for one in claimed[:5] if one is not None]) == 1
            assert [one.outcome for one in claimed[5:]].count(Outcome.WON) == 1  # type: ignore[union-attr]


async def test_a_connection_to_what_is_no_longer_the_primary_is_not_kept() -> None:
    mine = "SELECT pid FROM pg_stat_activity WHERE application_name = 'once_primary'"
    with servers.postgres() as url, psycopg.connect(url, autocommit=True) as connection:
        async with opening("postgres", f"{url}?application_name=once_primary", "") as store:
            await store.put("key", b"", 60)
            [before] = connection.execute(mine).fetchall()
            connection.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            connection.execute("SELECT pg_reload_conf()")
            await refused(store)
            deadline = time.monotonic() + 10
            while before in connection.execute(mine).fetchall():
                assert time.monotonic() < deadline
                await asyncio.sleep(0.01)


async def refused(store: Shared) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:  # sessions hear of new settings when they get to it
        try:
            await store.put("key", b"", 60)
        except psycopg.errors.ReadOnlySqlTransaction:
            return
    pytest.fail("the database still lets us write")


async def test_an_append_that_waited_for_another_sees_what_that_one_did(postgres_url: str) -> None:
    async with opening("postgres", postgres_url, "waiting:") as store:
        await store.begin("CA1", "me-1", {"start": b""}, owner="me", ttl=60)
        with psycopg.connect(postgres_url) as another:
            another.execute("SELECT 1 FROM ringback_runs WHERE prefix = 'waiting:' FOR UPDATE")
            waiting = [
                asyncio.create_task(store.append("me-1", "in.1", b"mine", want=["out.1"], ttl=60))
                for _ in range(2)
            ]
            await both_wait(postgres_url)
            another.execute(
                "INSERT INTO ringback_fields VALUES ('waiting:', 'me-1', 'out.1', 'theirs', now())"
            )
            another.execute("UPDATE ringback_runs SET version = version + 1 WHERE prefix = 'waiting:'")
        done = await asyncio.gather(*waiting)
    assert {one.outcome for one in done} == {Outcome.WON, Outcome.LOST}
    for one in done:
        assert one.fields["out.1"].value == b"theirs"
        assert one.outcome is Outcome.WON or one.fields["in.1"].value == b"mine"


async def both_wait(postgres_url: str) -> None:
    waits = "SELECT count(*) >= 2 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        deadline = time.monotonic() + 10
        while connection.execute(waits).fetchone() != (True,):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)


async def test_a_row_that_somebody_holds_is_an_error_in_time(postgres_url: str) -> None:
    async with opening("postgres", postgres_url, "held:", LIMIT) as store:
        await store.begin("CA1", "me-1", {"start": b""}, owner="me", due=0, ttl=60)
        with psycopg.connect(postgres_url) as connection:
            connection.execute("SELECT 1 FROM ringback_runs WHERE prefix = 'held:' FOR UPDATE")
            with pytest.raises(psycopg.Error):
                await asyncio.wait_for(store.append("me-1", "in.1", b"", ttl=60), 5)
            assert await store.due(10, again=60) == []
        assert (await store.append("me-1", "in.1", b"", ttl=60)).outcome is Outcome.WON
        assert await store.due(10, again=60) == ["me-1"]


async def test_what_has_expired_is_swept_out_of_postgres(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA swept")
        connection.execute("SET search_path TO swept")
        url = f"{postgres_url}?options=-csearch_path%3Dswept"
        async with opening("postgres", url, "old:") as store:
            fields = {"start": b"", "in.1": b""}
            for number in range(500):
                await store.begin(f"CA{number}", f"me-{number}", fields, owner="me", due=0, ttl=0.01)
                await store.put(f"{number}", b"", 0.01)
                await store.pulse(f"w{number}", ttl=0.01)
            await store.begin("CA", "me", fields, owner="me", ttl=60)
        async with opening("postgres", url, "new:") as store:
            for _ in range(3):  # some at once, so that nobody waits for long
                assert await store.due(10, again=60) == []
                await store.put("key", b"", 60)
            left = [
                connection.execute(
                    sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(f"ringback_{table}"))
                ).fetchone()
                for table in ("values", "runs", "fields", "pulses")
            ]
    assert left == [(1,), (1,), (2,), (0,)]
