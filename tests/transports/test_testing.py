"""The transports for users' tests."""

from __future__ import annotations

import pytest

from ringback.errors import ConnectFailed
from ringback.http import Headers, Request
from ringback.transports.testing import (
    AsyncFakeTransport,
    AsyncRecordingTransport,
    FakeTransport,
    RecordingTransport,
    json_response,
)

REQUEST = Request(
    "POST",
    "https://api.twilio.com/x.json?a=1&b=",
    Headers({"Authorization": "Basic c2VjcmV0"}),
    b"To=%2B1&Body=",
)


class TestFake:
    def test_one_answer_after_the_other(self) -> None:
        fake = FakeTransport([json_response({"a": 1}, status=201, headers={"X": "y"}), ConnectFailed("gone")])
        first = fake.send(REQUEST)
        assert (first.status, first.body, first.headers["x"]) == (201, b'{"a": 1}', "y")
        assert first.headers["content-type"] == "application/json"
        with pytest.raises(ConnectFailed, match="gone"):
            fake.send(REQUEST)
        with pytest.raises(
            AssertionError, match=r"no answer is left for POST https://api\.twilio\.com/x\.json"
        ):
            fake.send(REQUEST)

    def test_what_was_asked(self) -> None:
        fake = FakeTransport(lambda request: json_response({"method": request.method}))
        with fake.stream(REQUEST) as answer:
            assert answer.read() == b'{"method": "POST"}'
        (recorded,) = fake.recorded
        assert recorded.path == "/x.json"
        assert recorded.query == {"a": "1", "b": ""}
        assert recorded.form == {"To": "+1", "Body": ""}
        assert recorded.request.headers["authorization"] == "***"

    def test_closing(self) -> None:
        fake = FakeTransport([])
        assert not fake.closed
        fake.close()
        assert fake.closed

    async def test_async(self) -> None:
        fake = AsyncFakeTransport([json_response({"a": 1}), json_response()])
        assert (await fake.send(REQUEST)).body == b'{"a": 1}'
        async with await fake.stream(REQUEST) as answer:
            assert [chunk async for chunk in answer] == []
        assert [one.path for one in fake.recorded] == ["/x.json", "/x.json"]
        await fake.aclose()
        assert fake.closed


class TestRecording:
    def test_it_passes_everything_on(self) -> None:
        inner = FakeTransport([json_response({"a": 1}), ConnectFailed("gone"), json_response({"b": 2})])
        recording = RecordingTransport(inner)
        response = recording.send(REQUEST)
        with pytest.raises(ConnectFailed):
            recording.send(REQUEST)
        with recording.stream(REQUEST) as answer:
            assert answer.read() == b'{"b": 2}'
        assert recording.recorded[0].outcome == response
        assert isinstance(recording.recorded[1].outcome, ConnectFailed)
        assert all(one.request.headers["authorization"] == "***" for one in recording.recorded)
        recording.close()
        assert inner.closed

    async def test_async(self) -> None:
        recording = AsyncRecordingTransport(AsyncFakeTransport([json_response({"a": 1})]))
        assert await recording.send(REQUEST) == recording.recorded[0].outcome
        await recording.aclose()
