"""The limiter: its arithmetic, and that threads and tasks really wait."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.errors import ConnectFailed, InvalidValue
from ringback.http import Headers, Request, Response
from ringback.transports import AsyncTransport, Transport
from ringback.transports.limiter import AsyncLimitedTransport, Limit, LimitedTransport
from ringback.transports.testing import FakeTransport, json_response

REQUEST = Request("GET", "https://api.twilio.com/x")
NONE = Headers()


class TestLimit:
    def test_a_refusal_halves_once_a_round(self) -> None:
        limit = Limit(16)
        began = [limit.begin() for _ in range(16)]
        assert limit.free == 0
        for one in began:
            limit.answered(one, 429, NONE)
            limit.end()
        assert limit.allowed == 8
        limit.answered(limit.begin(), 429, NONE)
        assert limit.allowed == 4

    def test_a_round_of_good_answers_adds_one(self) -> None:
        limit = Limit(100)
        limit.allowed = 10
        for _ in range(10):
            limit.answered(limit.begin(), 200, NONE)
            limit.end()
        assert 10.9 < limit.allowed <= 11

    @pytest.mark.parametrize("told", ["11", "250"])
    def test_a_crowded_account_lowers_it_by_one(self, told: str) -> None:
        limit = Limit(20, target=10)
        limit.answered(limit.begin(), 200, Headers({"Twilio-Concurrent-Requests": told}))
        assert limit.allowed == 19

    @pytest.mark.parametrize("told", ["", "many", "-5", "٣", "9" * 50, "10", "1e9"])
    def test_what_else_it_is_told(self, told: str) -> None:
        limit = Limit(20, target=10)
        limit.answered(limit.begin(), 200, Headers({"Twilio-Concurrent-Requests": told}))
        assert limit.allowed == 20

    @given(st.lists(st.sampled_from([200, 404, 429, 503]), max_size=200), st.integers(1, 50))
    def test_it_stays_within_its_bounds(self, statuses: list[int], most: int) -> None:
        limit = Limit(most)
        for status in statuses:
            limit.answered(limit.begin(), status, NONE)
            limit.end()
            assert 1 <= limit.allowed <= most
        assert limit.under_way == 0

    @pytest.mark.parametrize(
        ("most", "target", "field"), [(0, None, "most"), (-1, None, "most"), (5, 0, "target")]
    )
    def test_malformed(self, most: int, target: int | None, field: str) -> None:
        with pytest.raises(InvalidValue, match=f"^{field}: expected a whole number of at least 1"):
            LimitedTransport(FakeTransport([]), most=most, target=target)


class Counting(Transport):
    """Counts how many are under way; the first `crowd` wait for each other."""

    def __init__(self, crowd: int, status: int = 200) -> None:
        self.barrier = threading.Barrier(crowd)
        self.lock = threading.Lock()
        self.status = status
        self.now = self.peak = self.total = 0

    def send(self, request: Request, /) -> Response:
        with self.lock:
            self.now += 1
            self.total += 1
            self.peak = max(self.peak, self.now)
        self.barrier.wait(10)
        with self.lock:
            self.now -= 1
        return json_response(status=self.status)

    def close(self) -> None:
        pass


class TestThreads:
    def test_no_more_than_allowed_are_under_way(self) -> None:
        inner = Counting(crowd=4)
        limited = LimitedTransport(inner, most=4)
        with ThreadPoolExecutor(40) as threads:
            list(threads.map(limited.send, [REQUEST] * 40))
        assert (inner.peak, inner.total) == (4, 40)

    def test_it_learns(self) -> None:
        limited = LimitedTransport(FakeTransport(lambda _: json_response(status=429)), most=8)
        allowed: list[int] = []
        for _ in range(5):
            limited.send(REQUEST)
            allowed.append(limited.allowed)
        assert allowed == [4, 2, 1, 1, 1]

    def test_errors_make_room_too(self) -> None:
        limited = LimitedTransport(
            FakeTransport([ConnectFailed("x"), ConnectFailed("x"), json_response()]), most=1
        )
        with pytest.raises(ConnectFailed):
            limited.send(REQUEST)
        with pytest.raises(ConnectFailed), limited.stream(REQUEST):
            pass
        with limited.stream(REQUEST) as answer:
            assert answer.status == 200
        limited.close()


class AsyncCounting(AsyncTransport):
    def __init__(self) -> None:
        self.now = self.peak = 0
        self.go = asyncio.Event()

    async def send(self, request: Request, /) -> Response:
        self.now += 1
        self.peak = max(self.peak, self.now)
        try:
            await self.go.wait()
            return json_response()
        finally:
            self.now -= 1

    async def aclose(self) -> None:
        pass


class TestTasks:
    async def test_no_more_than_allowed_are_under_way(self) -> None:
        inner = AsyncCounting()
        limited = AsyncLimitedTransport(inner, most=7)
        tasks = [asyncio.ensure_future(limited.send(REQUEST)) for _ in range(100)]
        await asyncio.sleep(0)
        assert inner.now == 7
        inner.go.set()
        await asyncio.gather(*tasks)
        assert inner.peak == 7
        await limited.aclose()

    async def test_cancelled_ones_lose_no_turn(self) -> None:
        inner = AsyncCounting()
        limited = AsyncLimitedTransport(inner, most=1)
        running, waiting, next_one = (asyncio.ensure_future(limited.send(REQUEST)) for _ in range(3))
        await asyncio.sleep(0)
        # One while it is under way, one in the very moment in which its turn has come.
        running.cancel()
        await asyncio.sleep(0)
        waiting.cancel()
        inner.go.set()
        assert (await next_one).status == 200
        results = await asyncio.gather(running, waiting, return_exceptions=True)
        assert [type(result) for result in results] == [asyncio.CancelledError] * 2
        async with await limited.stream(REQUEST) as answer:
            assert answer.status == 200
        assert limited.allowed == 1
        await limited.aclose()
