"""A real server that misbehaves: every fault is a typed error, and nothing is endless."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
from collections.abc import Callable, Iterator
from typing import Protocol

import pytest

from ringback import AsyncClient, Client, RetryPolicy, Timeout
from ringback.errors import (
    ConnectFailed,
    OutcomeUnknown,
    RateLimited,
    ResponseInvalid,
    RingbackError,
    ServerError,
    TimedOut,
    TransportError,
)
from ringback.rest import Message
from ringback.transports import AsyncTransport
from ringback.transports.aiohttp import AiohttpTransport
from tests.client.records import ACCOUNT, MESSAGE_SID, PATH, TOKEN, message
from tests.transports.server import Reply, Server, answer, raw, stall

QUICK = RetryPolicy(attempts=3, backoff=0, jitter=0)
PATIENT, SOON = Timeout(connect=20, read=20), Timeout(connect=20, read=0.1)
LIST, ONE = f"{PATH}/Messages.json", f"{PATH}/Messages/{MESSAGE_SID}.json"
GOOD = answer(json.dumps(message()).encode())


class Api(Protocol):
    """What this suite does with a client."""

    def fetch(self) -> Message: ...

    def create(self) -> Message: ...

    def delete(self) -> None: ...

    def list(self) -> list[str]: ...


class SyncApi:
    def __init__(self, url: str, timeout: Timeout = PATIENT) -> None:
        self.client = Client(ACCOUNT, TOKEN, base_url=url, retry=QUICK, timeout=timeout)

    def fetch(self) -> Message:
        return self.client.messages(MESSAGE_SID).fetch()

    def create(self) -> Message:
        return self.client.messages.create(to="+15558675310", from_="+15017122661", body="Hi")

    def delete(self) -> None:
        self.client.messages(MESSAGE_SID).delete()

    def list(self) -> list[str]:
        return [record.sid for record in self.client.messages.list()]

    def close(self) -> None:
        self.client.close()


class AsyncApi:
    transport: Callable[[], AsyncTransport | None] = staticmethod(lambda: None)

    def __init__(self, url: str, timeout: Timeout = PATIENT) -> None:
        self.loop = asyncio.new_event_loop()
        self.client = AsyncClient(
            ACCOUNT, TOKEN, base_url=url, retry=QUICK, timeout=timeout, transport=self.transport()
        )

    def fetch(self) -> Message:
        return self.loop.run_until_complete(self.client.messages(MESSAGE_SID).fetch())

    def create(self) -> Message:
        return self.loop.run_until_complete(
            self.client.messages.create(to="+15558675310", from_="+15017122661", body="Hi")
        )

    def delete(self) -> None:
        self.loop.run_until_complete(self.client.messages(MESSAGE_SID).delete())

    def list(self) -> list[str]:
        async def read() -> list[str]:
            return [record.sid async for record in self.client.messages.list()]

        return self.loop.run_until_complete(read())

    def close(self) -> None:
        self.loop.run_until_complete(self.client.aclose())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()


class AiohttpApi(AsyncApi):
    transport = AiohttpTransport


@pytest.fixture(params=[SyncApi, AsyncApi, AiohttpApi], ids=["sync", "async", "aiohttp"])
def kind(request: pytest.FixtureRequest) -> type[SyncApi | AsyncApi]:
    made: type[SyncApi | AsyncApi] = request.param
    return made


@pytest.fixture
def api(kind: type[SyncApi | AsyncApi], server: Server) -> Iterator[Api]:
    made = kind(server.url)
    yield made
    made.close()


@pytest.fixture
def impatient(kind: type[SyncApi | AsyncApi], server: Server) -> Iterator[Api]:
    made = kind(server.url, SOON)
    yield made
    made.close()


class TestBodies:
    @pytest.mark.parametrize(
        ("body", "problem"),
        [
            (b"", "the body is empty"),
            (b"{", "not JSON"),
            (b'{"sid": "SM1", "to": "+1555', "not JSON"),
            (b"[]", "expected a JSON object, got list"),
            (b'"ok"', "expected a JSON object, got str"),
            (b"{}", "is missing"),
            (b"\x00\xff\xfe", "not JSON"),
        ],
    )
    @pytest.mark.parametrize("content_type", ["application/json", "text/html", ""])
    def test_a_200_that_is_none(
        self, api: Api, server: Server, body: bytes, problem: str, content_type: str
    ) -> None:
        bad = answer(body, headers={"Content-Type": content_type, "Twilio-Request-Id": "RQ9"})
        for path in (ONE, LIST):
            server.on(path, bad)
        with pytest.raises(ResponseInvalid, match=problem) as caught:
            api.fetch()
        assert (caught.value.status, caught.value.request_id) == (200, "RQ9")
        with pytest.raises(ResponseInvalid):
            api.create()
        with pytest.raises(ResponseInvalid):
            api.list()
        assert len(server.requests) == 3

    def test_json_by_another_name_is_json(self, api: Api, server: Server) -> None:
        server.on(ONE, answer(json.dumps(message()).encode(), headers={"Content-Type": "text/plain"}))
        assert api.fetch().status == "queued"

    def test_compressed(self, api: Api, server: Server) -> None:
        body = gzip.compress(json.dumps(message()).encode())
        server.on(ONE, answer(body, headers={"Content-Encoding": "gzip"}))
        assert api.fetch().status == "queued"
        assert server.requests[0].header("Accept-Encoding") == "gzip"

    @pytest.mark.parametrize("status", [400, 404, 500, 502, 503])
    def test_an_error_page(self, api: Api, server: Server, status: int) -> None:
        page = b"<!DOCTYPE html><html><h1>Sorry</h1>" + b"x" * 100_000
        for path in (ONE, LIST):
            server.on(path, answer(page, status, {"Content-Type": "text/html"}))
        for attempt in (api.fetch, api.create, api.list):
            with pytest.raises(RingbackError, match="<h1>Sorry</h1>") as caught:
                attempt()
            assert len(str(caught.value)) < 300


class TestConnections:
    @pytest.mark.parametrize(
        "fault",
        [
            raw(b""),
            raw(b"HTTP/1.1 200 OK\r\nContent-Le"),
            raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"),
            raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"),
            raw(b"220 mail.example ESMTP\r\n\r\n"),
        ],
        ids=["hangs up", "half a head", "half a body", "half a chunk", "not http"],
    )
    def test_a_broken_answer(self, api: Api, server: Server, fault: Reply) -> None:
        server.on(ONE, fault, fault, GOOD, fault)
        server.on(LIST, fault)
        assert api.fetch().status == "queued"  # the third try
        with pytest.raises(TransportError):
            api.fetch()
        server.requests.clear()
        with pytest.raises(OutcomeUnknown, match=r"POST .* was lost"):
            api.create()
        assert [seen.method for seen in server.requests] == ["POST"]

    @pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"])
    def test_a_slow_answer(self, impatient: Api, server: Server, begin: bytes) -> None:
        server.on(ONE, stall(begin))
        server.on(LIST, stall(begin))
        with pytest.raises(TimedOut, match=r"no answer within 0\.1 s"):
            impatient.fetch()
        assert len(server.requests) == 3
        with pytest.raises(OutcomeUnknown, match=r"no answer within 0\.1 s") as caught:
            impatient.create()
        assert isinstance(caught.value.__cause__, TimedOut)
        assert len(server.requests) == 4

    def test_a_delete_whose_answer_is_lost(self, api: Api, server: Server) -> None:
        gone = answer(b'{"code": 20404, "message": "not found"}', 404)
        server.on(ONE, raw(b""), gone)
        api.delete()
        assert [seen.method for seen in server.requests] == ["DELETE", "DELETE"]

    def test_nobody_there(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        one = SyncApi(url)
        for attempt in (one.fetch, one.create, one.list, one.delete):
            with pytest.raises(ConnectFailed):
                attempt()
        one.close()

    def test_keep_alive_gone_stale(self, api: Api, server: Server) -> None:
        server.on(ONE, answer(json.dumps(message()).encode(), keep=False), GOOD)
        assert api.fetch() == api.fetch()


class TestStorms:
    def test_nothing_but_429(self, api: Api, server: Server) -> None:
        busy = answer(b'{"code": 20429, "message": "Too Many Requests"}', 429)
        for path in (ONE, LIST):
            server.on(path, busy)
        for attempt in (api.fetch, api.create, api.list):
            server.requests.clear()
            with pytest.raises(RateLimited, match="Too Many Requests"):
                attempt()
            assert len(server.requests) == 3

    def test_that_passes(self, api: Api, server: Server) -> None:
        busy = answer(b"", 429, {"Retry-After": "0"})
        server.on(LIST, busy, busy, answer(json.dumps(message()).encode(), 201))
        assert api.create().status == "queued"

    def test_nothing_but_503(self, api: Api, server: Server) -> None:
        server.on(ONE, answer(b"", 503))
        server.on(LIST, answer(b"", 503))
        for attempt, tries in ((api.fetch, 3), (api.create, 1)):
            server.requests.clear()
            with pytest.raises(ServerError):
                attempt()
            assert len(server.requests) == tries


class TestLeadingAstray:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_redirects(self, api: Api, server: Server, status: int) -> None:
        for path in (ONE, LIST):
            server.on(path, answer(b"", status, {"Location": ONE}))
        for attempt in (api.fetch, api.create, api.list):
            server.requests.clear()
            with pytest.raises(ResponseInvalid) as caught:
                attempt()
            assert caught.value.status == status
            assert len(server.requests) == 1

    @pytest.mark.parametrize(
        "uri", [LIST, LIST + "?Page=0", "//evil.example/x", "https://evil.example/x", "http://127.0.0.1:1/x"]
    )
    def test_pages(self, api: Api, server: Server, uri: str) -> None:
        body = {"messages": [message()], "next_page_uri": uri}
        server.on(LIST, answer(json.dumps(body).encode()))
        with pytest.raises(ResponseInvalid):
            api.list()
        assert len(server.requests) <= 2
