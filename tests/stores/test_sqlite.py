"""What is particular to the store in a file: locks, forks, sockets, and a file that is older or broken."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sqlite3
import stat
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ringback.stores import NEVER, Outcome, SQLiteStore, Told
from ringback.stores.sqlite import clock, post, runs
from ringback.stores.sqlite import store as module
from tests.stores.places import Place
from tests.stores.test_processes import said, working
from tests.stores.test_runs import begin, eventually, mailbox, nothing_more, soon, values

TABLES = ("values", "runs", "fields", "latest", "pulses", "pollers", "notes")


@pytest.fixture
def path() -> Iterator[Path]:
    # Sockets stand beside the file only where its path is short, which pytest's own folders are not.
    with tempfile.TemporaryDirectory(prefix="rb") as folder:
        yield Path(folder) / "store.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SQLiteStore]:
    store = SQLiteStore(path)
    yield store
    await store.aclose()


def sockets(path: Path) -> list[Path]:
    return sorted(Path(f"{path}-mail").iterdir())


def temporary_sockets() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"ringback-{os.geteuid()}-*/*"))


def open_to_all(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)


def spoil(path: Path) -> None:
    path.write_bytes(b"something else" * 100)


def unlink(path: Path) -> None:
    path.unlink()


def rows(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as other:
        counts = [other.execute(f"SELECT count(*) FROM ringback_{name}") for name in TABLES]  # noqa: S608
        return [count.fetchone()[0] for count in counts]


class TestLocks:
    async def test_a_file_that_stays_locked_is_an_error_and_blocks_no_loop(
        self, store: SQLiteStore, path: Path
    ) -> None:
        await begin(store)
        longest = 0.0

        async def tick() -> None:
            nonlocal longest
            while True:
                asked = time.monotonic()
                await asyncio.sleep(0.01)
                longest = max(longest, time.monotonic() - asked)

        ticking = asyncio.create_task(tick())
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        appended = [store.append("me-1", f"in.{number}", b"", ttl=60) for number in range(10)]
        refused = await asyncio.gather(*appended, store.add("a", b"", 1), return_exceptions=True)
        took = time.monotonic() - begun
        ticking.cancel()
        assert all(isinstance(error, sqlite3.OperationalError) for error in refused)
        assert 2.5 < took < 4.5  # all of them together
        assert longest < 1
        assert await values(store, "me-1") == {"start": b"{}"}  # reading waits for nobody
        assert await store.tell("me", b"x") is Told.NOT_REACHED
        other.execute("ROLLBACK")
        other.close()
        assert (await store.append("me-1", "in.1", b"", ttl=60)).outcome is Outcome.WON

    async def test_a_file_that_is_locked_for_a_while_is_waited_for(
        self, store: SQLiteStore, path: Path
    ) -> None:
        await begin(store)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        appending = asyncio.create_task(store.append("me-1", "in.1", b"", ttl=60))
        done, _ = await asyncio.wait([appending], timeout=0.3)
        assert not done
        other.execute("COMMIT")
        other.close()
        assert (await appending).outcome is Outcome.WON

    async def test_what_fails_leaves_no_transaction_behind(self, store: SQLiteStore, path: Path) -> None:
        await begin(store)
        with closing(sqlite3.connect(path)) as other:
            other.execute("ALTER TABLE ringback_fields RENAME TO elsewhere")
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await store.append("me-1", "in.1", b"", ttl=60)
        with closing(sqlite3.connect(path)) as other:
            other.execute("ALTER TABLE elsewhere RENAME TO ringback_fields")
        assert (await store.append("me-1", "in.1", b"", ttl=60)).outcome is Outcome.WON


class TestFiles:
    async def test_what_is_no_database(self, store: SQLiteStore, path: Path) -> None:
        spoil(path)
        with pytest.raises(sqlite3.DatabaseError, match="not a database"):
            await store.get("a")
        unlink(path)
        assert await store.add("a", b"", 60)

    async def test_one_that_is_emptied_under_our_feet(self, store: SQLiteStore, path: Path) -> None:
        await begin(store)
        with closing(sqlite3.connect(path, timeout=5)) as other:
            for name in TABLES:
                other.execute(f"DROP TABLE ringback_{name}")
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await store.read("me-1")
        assert await store.read("me-1") is None
        await begin(store)
        assert await store.latest("CA1") == "me-1"

    async def test_one_from_before_there_were_runs(self, store: SQLiteStore, path: Path) -> None:
        with sqlite3.connect(path) as other:
            other.execute(
                "CREATE TABLE ringback_values"
                " (key TEXT PRIMARY KEY, value BLOB NOT NULL, until REAL NOT NULL)"
            )
            other.execute("INSERT INTO ringback_values VALUES ('a', x'01', ?)", (time.time() + 60,))
        other.close()
        assert await store.get("a") == b"\x01"
        await begin(store)
        assert await store.latest("CA1") == "me-1"

    async def test_what_has_expired_leaves_nothing_behind(
        self, store: SQLiteStore, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "_SWEEP", 0.0)
        monkeypatch.setattr(module, "_SWEEP_ON", 0.0)
        monkeypatch.setattr(module, "_SWEPT_RUNS", 7)
        for number in range(30):
            await store.begin(f"CA{number}", f"me-{number}", {"start": b"x"}, owner="me", due=9, ttl=0.05)
            await store.put(f"key {number}", b"", 0.05)
        await store.pulse("me", ttl=0.05)
        await begin(store, "lives-1", "lives")

        async def swept() -> bool:
            await store.remove("nothing")
            return rows(path) == [0, 1, 1, 1, 0, 0, 0]

        await eventually(swept)

    async def test_its_thread_ends_when_nobody_has_it_any_more(self, path: Path) -> None:
        before = set(threading.enumerate())
        store: SQLiteStore | None = SQLiteStore(path)
        assert store is not None
        await store.put("a", b"", 60)
        [thread] = [one for one in threading.enumerate() if one not in before and "sqlite" in one.name]
        del store

        async def ended() -> bool:
            gc.collect()
            return not thread.is_alive()

        await eventually(ended)


class TestClock:
    async def test_setting_the_systems_clock_moves_nothing(
        self, store: SQLiteStore, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        record = await begin(store, due=5)
        await store.pulse("me", ttl=60)
        system = time.time
        for wrong in (-3_600, 3_600):
            monkeypatch.setattr(time, "time", lambda wrong=wrong: system() + wrong)
            other = SQLiteStore(path)
            seen = await other.read("me-1")
            assert seen is not None
            assert 0 <= seen.now - record.now < 10
            assert await other.pulse_of("me") == 1
            assert await other.due(10, again=60) == []
            await other.aclose()

    async def test_workers_from_before_the_system_was_started_are_gone(
        self, store: SQLiteStore, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await begin(store, due=0)
        await store.pulse("me", ttl=60)
        await store.aclose()
        for found in (clock, runs):
            monkeypatch.setattr(found, "BOOT", "another")
        assert await store.pulse_of("me") is None
        record = await store.read("me-1")
        assert record is not None
        assert record.now == pytest.approx(time.time(), abs=10)
        assert await store.due(10, again=60) == ["me-1"]
        await store.pulse("me", ttl=60)
        assert await store.pulse_of("me") == 1

    async def test_where_no_start_is_known_the_systems_clock_holds(
        self, store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for found in (clock, runs):
            monkeypatch.setattr(found, "BOOT", "")
        record = await begin(store)
        assert record.now == pytest.approx(time.time(), abs=10)
        await store.pulse("me", ttl=60)
        assert await store.pulse_of("me") == 1


class TestForks:
    async def test_parent_and_child_write_the_same_file(self, store: SQLiteStore, path: Path) -> None:
        """Though the parent has it open when it forks, and is in the middle of something."""
        await begin(store)

        async def append(who: str, store: SQLiteStore) -> None:
            for number in range(100):
                await store.append("me-1", f"{who}.{number}", b"", ttl=60)

        writing = asyncio.create_task(append("before", store))
        await asyncio.sleep(0.005)
        (hear_child, tell_parent), (hear_parent, tell_child) = os.pipe(), os.pipe()
        child = os.fork()
        if child == 0:
            # In a thread: the child inherits the mark that a loop runs in this one.
            done: list[int] = []

            def work() -> None:
                asyncio.run(append("child", store))
                os.write(tell_parent, b"x")
                os.read(hear_parent, 1)
                asyncio.run(append("last", store))
                done.append(1)

            thread = threading.Thread(target=work)
            thread.start()
            thread.join(20)
            os._exit(0 if done else 1)
        await append("parent", store)
        await writing
        await asyncio.to_thread(os.read, hear_child, 1)
        # Whoever closes a file that nobody else has open tidies it up; the child still has it open.
        await store.aclose()
        os.write(tell_child, b"x")
        _, status = await asyncio.to_thread(os.waitpid, child, 0)
        for end in (hear_child, tell_parent, hear_parent, tell_child):
            os.close(end)
        assert os.waitstatus_to_exitcode(status) == 0
        assert len(await values(store, "me-1")) == 401
        await store.aclose()
        with closing(sqlite3.connect(path)) as other:
            assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)

    async def test_a_child_does_not_keep_its_parents_mailbox_open(
        self, store: SQLiteStore, path: Path
    ) -> None:
        with working(Place("sqlite", str(path)), "w", "listen and fork") as worker:
            assert await said(worker) == "open"
            assert await store.tell("w", b"hello") is Told.REACHED
            worker.kill()
            await asyncio.to_thread(worker.wait, 30)
            assert await store.tell("w", b"hello") is Told.NOT_REACHED


class TestPost:
    async def test_sockets_lie_beside_the_file_for_their_user_alone(
        self, store: SQLiteStore, path: Path
    ) -> None:
        async with mailbox(store, "x" * 64):
            [socket] = sockets(path)
            assert stat.S_ISSOCK(socket.stat().st_mode)
            assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
        assert sockets(path) == []

    async def test_where_the_path_is_too_long_they_lie_among_temporary_files(
        self, tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(path.parent))  # which nobody else uses
        folder = tmp_path / ("long" * 30)
        folder.mkdir()
        (tmp_path / "link").symlink_to(folder)
        here, there = SQLiteStore(folder / "store.db"), SQLiteStore(tmp_path / "link" / "store.db")
        assert await here.tell("me", b"x") is Told.NOT_REACHED
        async with mailbox(here, "me") as mail:
            assert await there.tell("me", b"x") is Told.REACHED
            assert await soon(anext(mail)) == b"x"
            [socket] = temporary_sockets()
            assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
        socket.parent.rmdir()
        for one in (here, there):
            await one.aclose()

    async def test_a_folder_where_others_may_write_is_not_trusted(
        self, store: SQLiteStore, path: Path
    ) -> None:
        open_to_all(Path(f"{path}-mail"))
        async with mailbox(store, "me") as mail:  # by the table, then
            assert sockets(path) == []
            assert await store.tell("me", b"x") is Told.REACHED
            assert await soon(anext(mail)) == b"x"
            await nothing_more(store, "me", mail)

    async def test_what_dead_workers_left_is_cleaned_away(self, store: SQLiteStore, path: Path) -> None:
        with working(Place("sqlite", str(path)), "dead", "listen") as worker:
            assert await said(worker) == "open"
        assert len(sockets(path)) == 1
        async with mailbox(store, "alive"):
            assert len(sockets(path)) == 2  # it might just be opening
            for socket in sockets(path):
                os.utime(socket, (0, 0))
            async with mailbox(store, "new"):
                assert len(sockets(path)) == 2
                assert await store.tell("alive", b"x") is Told.REACHED

    async def test_a_mailbox_that_is_taken_away_raises(
        self, store: SQLiteStore, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(post, "_WATCH", 0.01)
        async with mailbox(store, "me") as mail:
            [socket] = sockets(path)
            socket.unlink()
            with pytest.raises(ConnectionError, match="taken away"):
                await soon(anext(mail))
        async with mailbox(store, "me") as mail:
            await nothing_more(store, "me", mail)

    async def test_a_worker_that_is_stopped_holds_up_nobody(self, store: SQLiteStore, path: Path) -> None:
        await begin(store, owner="w")
        with working(Place("sqlite", str(path)), "w", "listen") as worker:
            assert await said(worker) == "open"
            worker.send_signal(signal.SIGSTOP)
            begun = time.monotonic()
            told = [
                (await store.append("me-1", f"in.{number}", b"", note=b"%d" % number, ttl=60)).told
                for number in range(500)
            ]
            took = time.monotonic() - begun
            assert told[0] is Told.REACHED
            assert told[-1] is Told.UNKNOWN
            assert took < 2
            worker.send_signal(signal.SIGCONT)
            assert await said(worker) == "0"

    async def test_a_worker_whose_mailbox_was_full_is_reached_again(self, store: SQLiteStore) -> None:
        async with mailbox(store, "me") as mail:

            def fill() -> None:  # in a loop of its own, while the mailbox's stands still
                async def tell() -> None:
                    other = SQLiteStore(store._path)
                    while await other.tell("me", b"x") is not Told.UNKNOWN:
                        pass
                    await other.aclose()

                asyncio.run(tell())

            thread = threading.Thread(target=fill)
            thread.start()
            thread.join(20)
            assert not thread.is_alive()

            async def reached() -> bool:
                return await store.tell("me", b"last") is Told.REACHED

            await eventually(reached)
            while await soon(anext(mail)) != b"last":
                pass


async def test_a_run_that_expired_makes_room_before_it_is_swept(store: SQLiteStore) -> None:
    await store.begin("CA1", "me-1", {"start": b"old", "in.1": b"old"}, owner="me", due=0, ttl=0.01)
    await asyncio.sleep(0.02)
    begun = await store.begin("CA2", "me-1", {"start": b"new"}, owner="me", due=NEVER, ttl=60)
    assert begun.created
    assert await values(store, "me-1") == {"start": b"new"}
    assert (await store.latest("CA1"), await store.latest("CA2")) == (None, "me-1")
    assert await store.due(10, again=60) == []
