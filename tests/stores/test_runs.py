"""What every store that keeps runs promises.

This file stands by itself: put it beside a `conftest.py` of your own to try a store of your own. Two fixtures
are wanted of it:

    view   a function that gives another worker's view of one store, which is empty at first
    knows  whether the store can say if a mailbox was reached
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import TypeAlias, TypeVar, cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ringback.errors import InvalidValue
from ringback.stores import NEVER, Appended, Outcome, Record, RunStore, Told

View: TypeAlias = "Callable[[], RunStore]"
Mail: TypeAlias = "AsyncGenerator[bytes, None]"
T = TypeVar("T")

PATIENCE = 10.0  # seconds after which what should have come never will
STRANGE = "CA ' \" ; -- \\ % {x} é \U0001f4de \n"


@pytest.fixture
def store(view: View) -> RunStore:
    return view()


@pytest.fixture
def two(view: View) -> tuple[RunStore, RunStore]:
    return view(), view()


async def soon(what: Awaitable[T]) -> T:
    return await asyncio.wait_for(what, PATIENCE)


async def eventually(true: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not await true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def begin(
    store: RunStore, run: str = "me-1", call: str = "CA1", *, owner: str = "me", due: float = NEVER
) -> Record:
    begun = await store.begin(call, run, {"start": b"{}"}, owner=owner, due=due, ttl=60)
    assert begun.created
    return begun.record


async def values(store: RunStore, run: str) -> dict[str, bytes]:
    record = await store.read(run)
    assert record is not None
    return {name: entry.value for name, entry in record.fields.items()}


@asynccontextmanager
async def mailbox(store: RunStore, me: str) -> AsyncGenerator[Mail]:
    async with aclosing(store.mail(me)) as mail:
        assert await soon(anext(mail)) == b""
        yield mail


async def nothing_more(store: RunStore, me: str, mail: Mail) -> None:
    """The next note is the one that is sent now."""
    assert await store.tell(me, b"the next") is not Told.NOT_REACHED
    assert await soon(anext(mail)) == b"the next"


class TestBegin:
    async def test_a_new_run(self, two: tuple[RunStore, RunStore]) -> None:
        here, there = two
        fields = {"start": b'{"flow": "/answer"}', "in.0": b"\x00\xff", "empty": b""}
        begun = await here.begin("CA1", "me-1", fields, owner="me", ttl=60)
        record = begun.record
        assert begun.created
        assert (record.run, record.call, record.owner, record.epoch) == ("me-1", "CA1", "me", 1)
        assert {name: entry.value for name, entry in record.fields.items()} == fields
        assert {entry.at for entry in record.fields.values()} == {record.now}
        assert record.now == pytest.approx(time.time(), abs=30)
        assert await there.latest("CA1") == "me-1"
        seen = await there.read("me-1")
        assert seen is not None
        assert (seen.run, seen.call, seen.owner, seen.epoch) == ("me-1", "CA1", "me", 1)
        assert seen.fields == record.fields
        assert seen.now >= record.now

    async def test_the_epoch_of_a_run_that_comes_back(self, store: RunStore) -> None:
        begun = await store.begin("CA1", "me-1", {}, owner="me", epoch=7, ttl=60)
        assert (begun.record.epoch, begun.record.fields) == (7, {})
        assert (await store.append("me-1", "a", b"", epoch=7, ttl=60)).outcome is Outcome.WON

    async def test_the_same_run_again(self, two: tuple[RunStore, RunStore]) -> None:
        here, there = two
        await begin(here)
        await here.append("me-1", "in.0", b"0", ttl=60)
        again = await there.begin("CA1", "me-1", {"start": b"other"}, owner="you", epoch=5, ttl=60)
        assert not again.created
        assert (again.record.owner, again.record.epoch) == ("me", 1)
        assert {name: entry.value for name, entry in again.record.fields.items()} == {
            "start": b"{}",
            "in.0": b"0",
        }
        assert await values(here, "me-1") == {"start": b"{}", "in.0": b"0"}

    async def test_the_same_run_again_after_a_newer_one(self, store: RunStore) -> None:
        await begin(store)
        assert (await store.begin("CA1", "me-2", {}, owner="me", before="me-1", ttl=60)).created
        again = await store.begin("CA1", "me-1", {}, owner="me", before="me-2", ttl=60)
        assert not again.created
        assert again.record.run == "me-1"
        assert await store.latest("CA1") == "me-2"
        newer = await store.read("me-2")
        assert newer is not None
        assert (newer.epoch, newer.fields) == (1, {})

    async def test_another_run_is_in_the_way(self, two: tuple[RunStore, RunStore]) -> None:
        here, there = two
        await begin(here)
        for before in (None, "me-0", "you-1"):
            begun = await there.begin(
                "CA1", "you-1", {"start": b"you"}, owner="you", before=before, note=b"no", due=0, ttl=60
            )
            assert not begun.created
            assert (begun.record.run, begun.record.owner, begun.record.epoch) == ("me-1", "me", 1)
            assert begun.record.fields["start"].value == b"{}"
        assert await there.read("you-1") is None
        assert await there.latest("CA1") == "me-1"
        assert await there.due(10, again=60) == []
        assert await values(here, "me-1") == {"start": b"{}"}

    async def test_a_run_supersedes_the_one_before(self, two: tuple[RunStore, RunStore], knows: bool) -> None:
        here, there = two
        await begin(here, owner="old")
        async with mailbox(here, "old") as mail:
            begun = await there.begin(
                "CA1", "new-1", {"start": b"new"}, owner="new", before="me-1", note=b"moved", ttl=60
            )
            assert begun.created
            assert (begun.record.run, begun.record.owner, begun.record.epoch) == ("new-1", "new", 1)
            assert await soon(anext(mail)) == b"moved"
            old = await here.read("me-1")
            assert old is not None
            assert (old.owner, old.epoch) == ("old", 2)
            assert {name: entry.value for name, entry in old.fields.items()} == {
                "start": b"{}",
                "moved": b"new-1",
            }
        fenced = await here.append("me-1", "out.1", b"late", epoch=1, ttl=60)
        assert fenced.outcome is Outcome.FENCED
        assert await here.latest("CA1") == "new-1"

    async def test_what_had_moved_already_stays_so(self, store: RunStore) -> None:
        await begin(store)
        await store.append("me-1", "moved", b"elsewhere", ttl=60)
        assert (await store.begin("CA1", "me-2", {}, owner="me", before="me-1", ttl=60)).created
        old = await store.read("me-1")
        assert old is not None
        assert (old.epoch, old.fields["moved"].value) == (2, b"elsewhere")

    async def test_superseding_leaves_when_the_old_one_is_due(self, store: RunStore) -> None:
        await begin(store, due=0)
        await store.begin("CA1", "me-2", {}, owner="me", before="me-1", ttl=60)
        assert await store.due(10, again=60) == ["me-1"]

    async def test_a_run_before_that_is_gone_is_no_hindrance(self, store: RunStore) -> None:
        assert (await store.begin("CA1", "me-2", {}, owner="me", before="gone-1", note=b"x", ttl=60)).created

    async def test_calls_are_apart(self, store: RunStore) -> None:
        calls = ["CA1", "CA10", "ca1", STRANGE, "x" * 256]
        for number, call in enumerate(calls):
            record = await begin(store, f"me-{number}", call)
            assert record.call == call
        assert [await store.latest(call) for call in calls] == [f"me-{n}" for n in range(len(calls))]
        assert await store.latest("CA") is None

    async def test_of_many_that_begin_at_once_one_does(self, two: tuple[RunStore, RunStore]) -> None:
        for round_ in range(5):
            call = f"CA{round_}"
            begun = await asyncio.gather(
                *(
                    store.begin(call, f"w-{round_}-{number}", {}, owner="w", ttl=60)
                    for number, store in enumerate(two * 5)
                )
            )
            assert [one.created for one in begun].count(True) == 1
            assert {one.record.run for one in begun} == {await two[0].latest(call)}

    async def test_of_many_that_supersede_at_once_one_does(self, two: tuple[RunStore, RunStore]) -> None:
        await begin(two[0])
        begun = await asyncio.gather(
            *(
                store.begin("CA1", f"w-{number}", {}, owner="w", before="me-1", ttl=60)
                for number, store in enumerate(two * 5)
            )
        )
        assert [one.created for one in begun].count(True) == 1
        latest = await two[0].latest("CA1")
        assert {one.record.run for one in begun} == {latest}
        old = await two[1].read("me-1")
        assert old is not None
        assert latest is not None
        assert (old.epoch, old.fields["moved"].value) == (2, latest.encode())


class TestAppend:
    async def test_the_first_fact_wins(self, two: tuple[RunStore, RunStore]) -> None:
        here, there = two
        await begin(here)
        won = await here.append("me-1", "in.1", b"first", ttl=60)
        assert won == Appended(Outcome.WON, "me", 1, {}, Told.UNKNOWN)
        lost = await there.append("me-1", "in.1", b"second", ttl=60)
        assert (lost.outcome, lost.owner, lost.epoch, lost.told) == (Outcome.LOST, "me", 1, Told.UNKNOWN)
        assert lost.fields["in.1"].value == b"first"
        assert (await values(here, "me-1"))["in.1"] == b"first"

    async def test_decisions_are_fenced_by_the_epoch(self, store: RunStore) -> None:
        await begin(store)
        assert (await store.append("me-1", "out.1", b"1", epoch=1, ttl=60)).outcome is Outcome.WON
        await store.claim("me-1", 1, "you", ttl=60)
        for epoch in (0, 1, 3):
            for field in ("out.1", "out.2"):  # that it was there already is said to the owner alone
                late = await store.append("me-1", field, b"2", epoch=epoch, want=["out.1"], ttl=60)
                assert (late.outcome, late.owner, late.epoch) == (Outcome.FENCED, "you", 2)
                assert {name: entry.value for name, entry in late.fields.items()} == {"out.1": b"1"}
        lost = await store.append("me-1", "out.1", b"2", epoch=2, ttl=60)
        assert (lost.outcome, lost.fields["out.1"].value) == (Outcome.LOST, b"1")
        assert (await store.append("me-1", "out.2", b"2", epoch=2, ttl=60)).outcome is Outcome.WON
        assert await values(store, "me-1") == {"start": b"{}", "out.1": b"1", "out.2": b"2"}

    async def test_facts_are_not(self, store: RunStore) -> None:
        await begin(store)
        await store.claim("me-1", 1, "you", ttl=60)
        won = await store.append("me-1", "in.1", b"1", ttl=60)
        assert (won.outcome, won.owner, won.epoch) == (Outcome.WON, "you", 2)

    async def test_a_run_that_is_missing(self, store: RunStore) -> None:
        async with mailbox(store, "me") as mail:
            for epoch in (None, 1):
                missing = await store.append(
                    "gone-1", "in.1", b"", epoch=epoch, want=["in.1"], wake=["me"], note=b"x", due=0, ttl=60
                )
                assert missing == Appended(Outcome.MISSING)
            await nothing_more(store, "me", mail)
        assert await store.read("gone-1") is None
        assert await store.due(10, again=60) == []

    async def test_wanted_fields(self, store: RunStore) -> None:
        record = await begin(store)
        won = await store.append("me-1", "in.1", b"1", want=["start", "out.1", "in.1"], ttl=60)
        assert set(won.fields) == {"start", "in.1"}
        assert won.fields["start"] == record.fields["start"]
        assert won.fields["in.1"].value == b"1"
        lost = await store.append("me-1", "in.1", b"2", want=["start", "start"], ttl=60)
        assert {name: entry.value for name, entry in lost.fields.items()} == {"start": b"{}", "in.1": b"1"}

    async def test_fields_know_when_they_were_appended(self, store: RunStore) -> None:
        await begin(store)
        for number in range(3):
            await store.append("me-1", f"in.{number}", b"", ttl=60)
            await asyncio.sleep(0.005)
        record = await store.read("me-1")
        assert record is not None
        times = [record.fields[name].at for name in ("start", "in.0", "in.1", "in.2")]
        assert times == sorted(times)
        assert times[1] < times[2] < times[3] < record.now < times[0] + PATIENCE

    async def test_large_and_binary_values(self, store: RunStore) -> None:
        await begin(store)
        value = bytes(range(256)) * 3906  # close to a million
        await store.append("me-1", "a:b#c/d-e_f.G", value, ttl=60)
        await store.append("me-1", "e" * 128, b"", ttl=60)
        assert await values(store, "me-1") == {"start": b"{}", "a:b#c/d-e_f.G": value, "e" * 128: b""}

    async def test_the_owner_is_told_of_facts(self, two: tuple[RunStore, RunStore], knows: bool) -> None:
        here, there = two
        await begin(here)
        unheard = await there.append("me-1", "in.0", b"", note=b"in.0", ttl=60)
        assert unheard.told is (Told.NOT_REACHED if knows else Told.UNKNOWN)
        async with mailbox(here, "me") as mail:
            for number in range(1, 20):
                field = f"in.{number}"
                won = await there.append("me-1", field, b"", note=field.encode(), ttl=60)
                assert won.told is (Told.REACHED if knows else Told.UNKNOWN)
                assert await soon(anext(mail)) == field.encode()
                assert field in await values(here, "me-1")  # told after it was there
            for again in (
                await there.append("me-1", "in.1", b"", note=b"lost", ttl=60),
                await there.append("me-1", "out.1", b"", epoch=3, note=b"fenced", ttl=60),
                await there.append("me-1", "out.2", b"", epoch=1, note=b"a decision", ttl=60),
                await there.append("me-1", "in.99", b"", ttl=60),
            ):
                assert again.told is Told.UNKNOWN
            await nothing_more(there, "me", mail)

    async def test_others_are_woken_by_facts_and_decisions(
        self, two: tuple[RunStore, RunStore], knows: bool
    ) -> None:
        here, there = two
        await begin(here)
        async with AsyncExitStack() as stack:
            names = ("me", "a", "b")
            mails = [await stack.enter_async_context(mailbox(there, name)) for name in names]
            await here.append("me-1", "out.1", b"", epoch=1, wake=["a", "b", "c"], note=b"1", ttl=60)
            fact = await here.append("me-1", "in.2", b"", wake=["b", "me"], note=b"2", ttl=60)
            assert fact.told is (Told.REACHED if knows else Told.UNKNOWN)
            await here.append("me-1", "out.1", b"", epoch=1, wake=["a"], note=b"lost", ttl=60)
            await here.append("me-1", "out.2", b"", epoch=2, wake=["a"], note=b"fenced", ttl=60)
            for mail, notes in zip(mails, ([b"2"], [b"1"], [b"1", b"2"]), strict=True):
                assert [await soon(anext(mail)) for _ in notes] == notes
            for name, mail in zip(names, mails, strict=True):
                await nothing_more(here, name, mail)

    async def test_of_many_that_append_at_once_one_wins(self, two: tuple[RunStore, RunStore]) -> None:
        await begin(two[0])
        for number in range(5):
            done = await asyncio.gather(
                *(
                    store.append("me-1", f"in.{number}", b"%d" % index, ttl=60)
                    for index, store in enumerate(two * 5)
                )
            )
            [winner] = [index for index, one in enumerate(done) if one.outcome is Outcome.WON]
            assert (await values(two[1], "me-1"))[f"in.{number}"] == b"%d" % winner
            lost = {one.fields[f"in.{number}"].value for one in done if one.outcome is Outcome.LOST}
            assert lost == {b"%d" % winner}


class TestClaim:
    async def test_it_makes_an_owner(self, two: tuple[RunStore, RunStore]) -> None:
        here, there = two
        before = await begin(here)
        record = await there.claim("me-1", 1, "you", ttl=60)
        assert record is not None
        assert (record.run, record.call, record.owner, record.epoch) == ("me-1", "CA1", "you", 2)
        assert record.fields == before.fields
        assert record.now >= before.now
        seen = await here.read("me-1")
        assert seen is not None
        assert (seen.owner, seen.epoch) == ("you", 2)

    async def test_of_another_epoch_or_of_nothing(self, store: RunStore) -> None:
        await begin(store)
        for epoch in (0, 2, 2**31 - 1):
            assert await store.claim("me-1", epoch, "you", ttl=60) is None
        assert await store.claim("gone-1", 1, "you", ttl=60) is None
        seen = await store.read("me-1")
        assert seen is not None
        assert (seen.owner, seen.epoch) == ("me", 1)

    async def test_of_many_at_once_one_wins(self, two: tuple[RunStore, RunStore]) -> None:
        await begin(two[0])
        for epoch in range(1, 6):
            claimed = await asyncio.gather(
                *(store.claim("me-1", epoch, f"w{number}", ttl=60) for number, store in enumerate(two * 5))
            )
            [won] = [record for record in claimed if record is not None]
            seen = await two[1].read("me-1")
            assert seen is not None
            assert (seen.owner, seen.epoch) == (won.owner, epoch + 1)

    async def test_it_leaves_what_is_due(self, store: RunStore) -> None:
        await begin(store, due=0)
        await store.claim("me-1", 1, "you", ttl=60)
        assert await store.due(10, again=60) == ["me-1"]


class TestDue:
    async def test_the_longest_due_come_first(self, two: tuple[RunStore, RunStore]) -> None:
        here, there = two
        for number, due in enumerate((0.3, 0.1, 0.2, 60, NEVER)):
            await begin(here, f"me-{number}", f"CA{number}", due=due)
        begun = time.monotonic()
        found: list[str] = []

        async def three() -> bool:
            found.extend(await there.due(1, again=60))
            return len(found) == 3

        await eventually(three)
        assert found == ["me-1", "me-2", "me-0"]
        assert time.monotonic() - begun > 0.15
        assert await here.due(10, again=60) == []

    async def test_several_at_once_are_in_order(self, store: RunStore) -> None:
        for number, due in enumerate((0.15, 0.05, 0.1)):
            await begin(store, f"me-{number}", f"CA{number}", due=due)
        await begin(store, "last-1", "last", due=0.2)
        await asyncio.sleep(0.25)
        assert await store.due(3, again=60) == ["me-1", "me-2", "me-0"]
        assert await store.due(3, again=60) == ["last-1"]

    async def test_two_workers_get_different_ones(self, two: tuple[RunStore, RunStore]) -> None:
        runs = {f"me-{number}" for number in range(40)}
        for run in runs:
            await begin(two[0], run, run, due=0)
        found = await asyncio.gather(*(store.due(3, again=60) for store in two * 10))
        assert all(len(some) <= 3 for some in found)
        assert sorted(run for some in found for run in some) == sorted(runs)

    async def test_again(self, two: tuple[RunStore, RunStore]) -> None:
        here, there = two
        await begin(here, due=0)
        taken = time.monotonic()
        assert await here.due(10, again=0.2) == ["me-1"]
        assert await there.due(10, again=60) == [] or time.monotonic() - taken > 0.2

        async def due() -> bool:
            return await there.due(10, again=60) == ["me-1"]

        await eventually(due)
        assert time.monotonic() - taken > 0.15

    async def test_appending_says_when_or_never_or_nothing(self, store: RunStore) -> None:
        await begin(store)
        await store.append("me-1", "a", b"", ttl=60)
        assert await store.due(10, again=60) == []
        await store.append("me-1", "in.1", b"", due=0, ttl=60)
        assert await store.due(10, again=60) == ["me-1"]
        await store.append("me-1", "in.2", b"", due=0, ttl=60)
        await store.append("me-1", "b", b"", ttl=60)
        assert await store.due(10, again=60) == ["me-1"]
        await store.append("me-1", "in.3", b"", due=0, ttl=60)
        await store.append("me-1", "in.3", b"", due=NEVER, ttl=60)  # lost
        await store.append("me-1", "out.3", b"", epoch=2, due=NEVER, ttl=60)  # fenced
        assert await store.due(10, again=60) == ["me-1"]
        await store.append("me-1", "in.4", b"", due=0, ttl=60)
        await store.append("me-1", "out.4", b"", epoch=1, due=NEVER, ttl=60)
        await store.append("me-1", "in.4", b"", due=0, ttl=60)  # lost
        assert await store.due(10, again=60) == []
        await store.append("me-1", "in.5", b"", due=60, ttl=60)
        assert await store.due(10, again=60) == []


class TestTime:
    async def test_everything_expires(self, store: RunStore) -> None:
        await store.begin("CA1", "me-1", {"start": b"{}"}, owner="me", due=0.05, ttl=0.05)
        await store.pulse("me", ttl=0.05)

        async def gone() -> bool:
            return (await store.read("me-1"), await store.pulse_of("me")) == (None, None)

        await eventually(gone)
        assert await store.latest("CA1") is None
        assert await store.due(10, again=60) == []
        assert await store.claim("me-1", 1, "you", ttl=60) is None
        assert (await store.append("me-1", "in.1", b"", ttl=60)).outcome is Outcome.MISSING
        begun = await store.begin("CA1", "me-1", {"start": b"anew"}, owner="you", before="me-9", ttl=60)
        assert begun.created
        assert await values(store, "me-1") == {"start": b"anew"}
        assert await store.latest("CA1") == "me-1"

    async def test_those_that_win_and_claim_live_on(self, store: RunStore) -> None:
        for number in range(7):
            await store.begin(f"CA{number}", f"me-{number}", {"start": b""}, owner="me", ttl=0.4)
        await store.append("me-1", "in.1", b"", ttl=60)
        await store.append("me-2", "out.1", b"", epoch=1, ttl=60)
        assert await store.claim("me-3", 1, "you", ttl=60) is not None
        await store.append("me-4", "start", b"", ttl=60)  # lost
        await store.append("me-5", "out.1", b"", epoch=2, ttl=60)  # fenced
        await store.begin("CA6", "me-6", {}, owner="me", ttl=60)  # there

        async def gone() -> bool:
            return [await store.read(f"me-{number}") for number in (0, 4, 5, 6)] == [None] * 4

        await eventually(gone)
        for number in (1, 2, 3):
            assert await store.read(f"me-{number}") is not None
            assert await store.latest(f"CA{number}") == f"me-{number}"

    async def test_a_record_lives_as_long_as_the_last_one_says(self, store: RunStore) -> None:
        await begin(store)
        await store.append("me-1", "done", b"", epoch=1, ttl=0.05)

        async def gone() -> bool:
            return await store.read("me-1") is None

        await eventually(gone)
        assert await store.latest("CA1") is None

    async def test_a_newer_run_that_expires_sooner_leaves_no_latest(self, store: RunStore) -> None:
        await begin(store)
        await store.begin("CA1", "me-2", {}, owner="me", before="me-1", ttl=0.05)

        async def gone() -> bool:
            return await store.latest("CA1") is None

        await eventually(gone)
        assert await store.read("me-1") is not None
        await begin(store, "me-3")

    async def test_an_older_run_that_expires_leaves_the_latest(self, store: RunStore) -> None:
        await store.begin("CA1", "me-1", {}, owner="me", ttl=0.05)
        await store.begin("CA1", "me-2", {}, owner="me", before="me-1", ttl=60)

        async def gone() -> bool:
            return await store.read("me-1") is None

        await eventually(gone)
        assert await store.latest("CA1") == "me-2"


class TestPulse:
    async def test_it_counts(self, two: tuple[RunStore, RunStore]) -> None:
        here, there = two
        assert await there.pulse_of("me") is None
        for times in range(1, 4):
            await here.pulse("me", ttl=60)
            assert await there.pulse_of("me") == times
        assert await there.pulse_of("you") is None

    async def test_it_lapses_unless_it_goes_on(self, store: RunStore) -> None:
        await store.pulse("me", ttl=0.3)
        await store.pulse("you", ttl=0.3)
        await store.pulse("you", ttl=60)

        async def lapsed() -> bool:
            return await store.pulse_of("me") is None

        await eventually(lapsed)
        assert await store.pulse_of("you") == 2
        await store.pulse("me", ttl=60)
        assert await store.pulse_of("me") == 1

    async def test_who_leaves_is_gone(self, two: tuple[RunStore, RunStore]) -> None:
        here, there = two
        await here.leave("me")
        await here.pulse("me", ttl=60)
        await here.pulse("you", ttl=60)
        await here.leave("me")
        assert (await there.pulse_of("me"), await there.pulse_of("you")) == (None, 1)


class TestMail:
    async def test_notes_reach_the_one_they_are_for(
        self, two: tuple[RunStore, RunStore], knows: bool
    ) -> None:
        here, there = two
        notes = [b"x", bytes(range(256)), b"\xff" * 2_000]
        async with mailbox(here, "me") as mine, mailbox(there, "you") as yours:
            for note in notes:
                assert await there.tell("me", note) is (Told.REACHED if knows else Told.UNKNOWN)
            assert [await soon(anext(mine)) for _ in notes] == notes
            await nothing_more(here, "you", yours)

    async def test_nobody_is_reached_where_nobody_listens(
        self, two: tuple[RunStore, RunStore], knows: bool
    ) -> None:
        here, there = two
        unheard = Told.NOT_REACHED if knows else Told.UNKNOWN
        assert await there.tell("me", b"x") is unheard
        for number in range(3):  # a mailbox is opened anew after a connection is lost
            async with mailbox(here, "me") as mail:
                assert await there.tell("me", b"%d" % number) is not Told.NOT_REACHED
                assert await soon(anext(mail)) == b"%d" % number

            async def unreached() -> bool:
                return await there.tell("me", b"x") is unheard

            await eventually(unreached)

    async def test_a_mailbox_gives_room_to_the_next_when_its_reader_is_cancelled(
        self, two: tuple[RunStore, RunStore]
    ) -> None:
        here, there = two
        opened = asyncio.Event()

        async def read() -> None:
            async with mailbox(here, "me") as mail:
                opened.set()
                await anext(mail)

        for _ in range(3):
            reading = asyncio.create_task(read())
            await soon(opened.wait())
            opened.clear()
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
        async with mailbox(here, "me") as mail:
            await nothing_more(there, "me", mail)

    async def test_what_reached_arrives_in_order_though_many_come_at_once(
        self, two: tuple[RunStore, RunStore], knows: bool
    ) -> None:
        here, there = two
        reached: list[bytes] = []
        heard: list[bytes] = []
        async with mailbox(here, "me") as mail:

            async def read() -> None:
                async for note in mail:
                    heard.append(note)
                    if note == b"last":
                        return

            reading = asyncio.create_task(read())
            for number in range(300):
                note = b"%d" % number
                if await there.tell("me", note) is Told.REACHED:
                    reached.append(note)
            deadline = time.monotonic() + PATIENCE
            while not reading.done():  # a full mailbox may lose a note
                assert time.monotonic() < deadline
                await there.tell("me", b"last")
                await asyncio.wait([reading], timeout=0.1)
            await reading
        numbers = [note for note in heard if note != b"last"]
        assert numbers == (reached if knows else [b"%d" % number for number in range(300)])
        assert len(numbers) > 200


class TestLoops:
    async def test_one_view_in_two_loops(self, view: View) -> None:
        """Workers have a thread that pulses and listens, in a loop of its own, over the same store."""
        store = view()
        opened = threading.Event()
        heard: list[bytes] = []

        async def listen() -> None:
            async with mailbox(store, "me") as mail:
                await store.pulse("me", ttl=60)
                opened.set()
                heard.extend([await soon(anext(mail)) for _ in range(50)])
            await closed(store)

        thread = threading.Thread(target=lambda: asyncio.run(listen()))
        thread.start()
        await asyncio.to_thread(opened.wait, PATIENCE)
        assert await store.pulse_of("me") == 1
        await begin(store)
        for number in range(50):
            await store.append("me-1", f"in.{number}", b"", note=b"%d" % number, ttl=60)
        await asyncio.to_thread(thread.join, PATIENCE)
        assert heard == [b"%d" % number for number in range(50)]

    async def test_whoever_is_cancelled_disturbs_nobody(self, store: RunStore) -> None:
        await begin(store)
        for number in range(60):
            task = asyncio.create_task(store.append("me-1", f"in.{number}", b"%d" % number, ttl=60))
            for _ in range(number % 12):
                await asyncio.sleep(0)
            task.cancel()
            seen = await store.append("me-1", "start", b"", want=["start"], ttl=60)
            assert (seen.outcome, set(seen.fields)) == (Outcome.LOST, {"start"})
            await asyncio.wait([task])
            after = (await values(store, "me-1")).get(f"in.{number}")
            assert after == b"%d" % number or (after is None and task.cancelled())


REFUSED: dict[str, Callable[[RunStore], Awaitable[object]]] = {
    "call: 3": lambda store: store.latest(cast("str", 3)),
    "ttl: text": lambda store: store.pulse("w", ttl=cast("float", "1")),
    "call: ''": lambda store: store.latest(""),
    "call: xxx": lambda store: store.begin("x" * 257, "r", {}, owner="w", ttl=1),
    "call: a\x00b": lambda store: store.latest("a\x00b"),
    "call: a\ud800b": lambda store: store.begin("a\ud800b", "r", {}, owner="w", ttl=1),
    "run: ''": lambda store: store.read(""),
    "run: a b": lambda store: store.append("a b", "f", b"", ttl=1),
    "run: xxx": lambda store: store.claim("x" * 129, 1, "w", ttl=1),
    "run: é": lambda store: store.begin("CA", "é", {}, owner="w", ttl=1),
    "before: a\n": lambda store: store.begin("CA", "r", {}, owner="w", before="a\n", ttl=1),
    "field: {a}": lambda store: store.append("r", "{a}", b"", ttl=1),
    "field: a b": lambda store: store.begin("CA", "r", {"a b": b""}, owner="w", ttl=1),
    "want: a b": lambda store: store.append("r", "f", b"", want=["a b"], ttl=1),
    "want: text": lambda store: store.append("r", "f", b"", want="start", ttl=1),
    "want: many": lambda store: store.append("r", "f", b"", want=["a"] * 1_001, ttl=1),
    "wake: a.b": lambda store: store.append("r", "f", b"", wake=["a.b"], ttl=1),
    "owner: a:b": lambda store: store.begin("CA", "r", {}, owner="a:b", ttl=1),
    "me: xxx": lambda store: store.claim("r", 1, "x" * 65, ttl=1),
    "me: ''": lambda store: store.pulse("", ttl=1),
    "me: *": lambda store: store.leave("*"),
    "me: a*": lambda store: anext(store.mail("a*")),
    "worker: a/b": lambda store: store.tell("a/b", b"x"),
    "worker: a.b": lambda store: store.pulse_of("a.b"),
    "fields: many": lambda store: store.begin(
        "CA", "r", {f"f{number}": b"" for number in range(1_001)}, owner="w", ttl=1
    ),
    "value: large": lambda store: store.append("r", "f", bytes(1_000_001), ttl=1),
    "value: text": lambda store: store.append("r", "f", "text", ttl=1),  # type: ignore[arg-type]
    "in.1: large": lambda store: store.begin("CA", "r", {"in.1": bytes(1_000_001)}, owner="w", ttl=1),
    "note: large": lambda store: store.append("r", "f", b"", note=bytes(2_001), ttl=1),
    "note: empty": lambda store: store.tell("w", b""),
    "epoch: -1": lambda store: store.append("r", "f", b"", epoch=-1, ttl=1),
    "epoch: 0": lambda store: store.begin("CA", "r", {}, owner="w", epoch=0, ttl=1),
    "epoch: 2**31": lambda store: store.claim("r", 2**31, "w", ttl=1),
    "most: 0": lambda store: store.due(0, again=1),
    "most: 1001": lambda store: store.due(1_001, again=1),
    "again: 0": lambda store: store.due(1, again=0),
    "due: -1": lambda store: store.append("r", "f", b"", due=-1, ttl=1),
    "due: nan": lambda store: store.begin("CA", "r", {}, owner="w", due=float("nan"), ttl=1),
    "ttl: 0": lambda store: store.begin("CA", "r", {}, owner="w", ttl=0),
    "ttl: inf": lambda store: store.pulse("w", ttl=float("inf")),
    "ttl: nan": lambda store: store.claim("r", 1, "w", ttl=float("nan")),
    "ttl: 32 days": lambda store: store.append("r", "f", b"", ttl=32 * 86_400),
}


@pytest.mark.parametrize("what", REFUSED, ids=ascii)
async def test_what_no_store_could_keep_is_refused_by_name(store: RunStore, what: str) -> None:
    with pytest.raises(InvalidValue, match=f"^{what.partition(':')[0]}: expected .+, got "):
        await REFUSED[what](store)


class Model(RuleBasedStateMachine):
    """A store beside the simplest thing that could be one. All that expires and falls due does so at once or
    never here, since the stores' clocks run by themselves.
    """

    def __init__(self, store: RunStore, loop: asyncio.AbstractEventLoop, knows: bool, example: int) -> None:
        super().__init__()
        self.store = store
        self.loop = loop
        self.knows = knows
        self.example = f"{example}-"
        self.records: dict[str, dict[str, bytes]] = {}
        self.owners: dict[str, tuple[str, int]] = {}
        self.calls: dict[str, str] = {}
        self.latest: dict[str, str] = {}
        self.now_due: set[str] = set()
        self.notes: list[bytes] = []  # what the worker "heard" has to have in its mailbox
        self.mail = store.mail("heard")
        assert self.run(anext(self.mail)) == b""

    def run(self, what: Awaitable[T]) -> T:
        return self.loop.run_until_complete(soon(what))

    def seen(self, record: Record) -> None:
        assert {name: entry.value for name, entry in record.fields.items()} == self.records[record.run]
        assert (record.owner, record.epoch) == self.owners[record.run]
        assert record.call == self.calls[record.run]

    def told(self, workers: set[str], note: bytes) -> None:
        if note and "heard" in workers:
            self.notes.append(note)

    def schedule(self, run: str, due: float | None) -> None:
        if due == 0:
            self.now_due.add(run)
        elif due is not None:
            self.now_due.discard(run)

    runs = st.sampled_from(["a-1", "a-2", "a-3", "a-4"])
    calls_ = st.sampled_from(["CA1", "CA2"])
    workers = st.sampled_from(["heard", "unheard"])
    fields = st.sampled_from(["in.1", "in.2", "out.1", "moved"])
    texts = st.binary(max_size=3)
    epochs = st.integers(0, 3)
    times = st.sampled_from([0.0, 3_600.0, NEVER])

    @rule(
        call=calls_,
        run=runs,
        fields=st.dictionaries(fields, texts, max_size=2),
        owner=workers,
        epoch=st.integers(1, 2),
        before=st.none() | runs,
        note=texts,
        due=times,
    )
    def begin(
        self,
        call: str,
        run: str,
        fields: dict[str, bytes],
        owner: str,
        epoch: int,
        before: str | None,
        note: bytes,
        due: float,
    ) -> None:
        call, run = self.example + call, self.example + run
        before = None if before is None else self.example + before
        begun = self.run(
            self.store.begin(
                call, run, fields, owner=owner, epoch=epoch, before=before, note=note, due=due, ttl=3_600
            )
        )
        latest = self.latest.get(call)
        there = run if run in self.records else latest if latest != before else None
        assert begun.created == (there is None)
        if there is None:
            if latest is not None:
                former, its_epoch = self.owners[latest]
                self.owners[latest] = former, its_epoch + 1
                self.records[latest].setdefault("moved", run.encode())
                self.told({former}, note)
            there = self.latest[call] = run
            self.records[run], self.owners[run], self.calls[run] = dict(fields), (owner, epoch), call
            self.schedule(run, due)
        assert begun.record.run == there
        self.seen(begun.record)

    @rule(
        run=runs,
        field=fields,
        value=texts,
        epoch=st.none() | epochs,
        want=st.lists(fields, max_size=3),
        wake=st.lists(workers, max_size=2),
        note=texts,
        due=st.none() | times,
    )
    def append(
        self,
        run: str,
        field: str,
        value: bytes,
        epoch: int | None,
        want: list[str],
        wake: list[str],
        note: bytes,
        due: float | None,
    ) -> None:
        run = self.example + run
        did = self.run(
            self.store.append(
                run, field, value, epoch=epoch, want=want, wake=wake, note=note, due=due, ttl=3_600
            )
        )
        record = self.records.get(run)
        if record is None:
            assert did == Appended(Outcome.MISSING)
            return
        owner, its_epoch = self.owners[run]
        expected, told, read = Outcome.WON, Told.UNKNOWN, set(want)
        if epoch is not None and epoch != its_epoch:
            expected = Outcome.FENCED
        elif field in record:
            expected, read = Outcome.LOST, {*want, field}
        else:
            record[field] = value
            self.schedule(run, due)
            self.told({*wake} | ({owner} if epoch is None else set()), note)
            if epoch is None and note and self.knows:
                told = Told.REACHED if owner == "heard" else Told.NOT_REACHED
        assert (did.outcome, did.owner, did.epoch, did.told) == (expected, owner, its_epoch, told)
        assert {name: entry.value for name, entry in did.fields.items()} == {
            name: record[name] for name in read & record.keys()
        }

    @rule(run=runs, epoch=epochs, me=workers)
    def claim(self, run: str, epoch: int, me: str) -> None:
        run = self.example + run
        record = self.run(self.store.claim(run, epoch, me, ttl=3_600))
        if self.owners.get(run, ("", -1))[1] != epoch:
            assert record is None
            return
        self.owners[run] = me, epoch + 1
        assert record is not None
        self.seen(record)

    @rule(most=st.integers(1, 3))
    def due(self, most: int) -> None:
        found = self.run(self.store.due(most, again=3_600))
        assert len(found) == len(set(found)) == min(most, len(self.now_due))
        assert self.now_due >= set(found)
        self.now_due -= set(found)

    @rule(run=runs)
    def read(self, run: str) -> None:
        record = self.run(self.store.read(self.example + run))
        assert (record is not None) == (self.example + run in self.records)
        if record is not None:
            self.seen(record)

    @rule(call=calls_)
    def latest_of(self, call: str) -> None:
        call = self.example + call
        assert self.run(self.store.latest(call)) == self.latest.get(call)

    @rule(worker=workers, note=st.binary(min_size=1, max_size=3))
    def tell(self, worker: str, note: bytes) -> None:
        told = self.run(self.store.tell(worker, note))
        self.told({worker}, note)
        reached = Told.REACHED if worker == "heard" else Told.NOT_REACHED
        assert told is (reached if self.knows else Told.UNKNOWN)

    @invariant()
    def notes_arrive(self) -> None:
        assert [self.run(anext(self.mail)) for _ in self.notes] == self.notes
        self.notes.clear()

    def teardown(self) -> None:
        for run in self.records:  # so that the next example finds nothing due
            self.run(self.store.append(run, "ended", b"", due=NEVER, ttl=1))
        self.run(self.mail.aclose())


def test_it_is_what_the_simplest_store_would_be(view: View, knows: bool) -> None:
    loop = asyncio.new_event_loop()
    store = view()
    examples = 0

    class OfThisStore(Model):
        def __init__(self) -> None:
            nonlocal examples
            examples += 1
            super().__init__(store, loop, knows, examples)

    try:
        run_state_machine_as_test(
            OfThisStore, settings=settings(max_examples=40, stateful_step_count=30, deadline=None)
        )
    finally:
        loop.run_until_complete(closed(store))
        loop.close()


async def closed(store: RunStore) -> None:
    """Connections belong to loops; a store that has any has `aclose`."""
    aclose: Callable[[], Awaitable[None]] | None = getattr(store, "aclose", None)
    if aclose is not None:
        await aclose()
