"""A server that counts: whatever it does, and whatever surrounds the call, it sees one POST.

Sent again is what was refused with 429 or never had a connection, and nothing else: see the end of this file.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import ssl
import struct
from collections.abc import Callable, Coroutine, Iterator
from datetime import datetime, timezone
from email.utils import format_datetime
from typing import Any, Final, TypeVar

import pytest
import urllib3
from attrs import define

from ringback import AsyncClient, Client, RetryPolicy
from ringback.errors import ConnectFailed, OutcomeUnknown, RingbackError, TimedOut, TransportError
from ringback.http import Request, Response, Timeout
from ringback.rest import Message
from ringback.transports import AsyncTransport, Transport
from ringback.transports.aiohttp import AiohttpTransport
from ringback.transports.hooks import Hook, HookRun
from ringback.transports.httpx import AsyncHttpxTransport, HttpxTransport
from ringback.transports.limiter import AsyncLimitedTransport, LimitedTransport
from ringback.transports.threaded import ThreadedTransport
from ringback.transports.urllib3 import Urllib3Transport
from tests.client.records import ACCOUNT, PATH, TOKEN, message
from tests.transports.server import Reply, Seen, Server, answer, raw, stall

T = TypeVar("T")

SOON: Final = Timeout(connect=5, read=0.05)
QUICK: Final = RetryPolicy(attempts=4, backoff=0, jitter=0)
HEAD: Final = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
GOOD: Final = b'{"sid": "SM1"}'
CREATED: Final = answer(json.dumps(message(body="once")).encode(), 201)


def reset(data: bytes = b"") -> Reply:
    """These bytes, and then a connection that is torn down rather than ended."""

    def reply(connection: socket.socket, _: Seen, __: Server) -> bool:
        connection.sendall(data)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        return False

    return reply


MISBEHAVIOURS: Final[dict[str, Reply]] = {
    "hangs up": raw(b""),
    "resets": reset(),
    "resets in the status": reset(b"HTTP/1.1 2"),
    "resets in the head": reset(HEAD),
    "resets in the body": reset(HEAD + b"Content-Length: 100\r\n\r\n{"),
    "never answers": stall(),
    "stalls in the head": stall(HEAD),
    "stalls in the body": stall(HEAD + b"Content-Length: 100\r\n\r\n{"),
    "half a status": raw(b"HTTP/1.1 2"),
    "half a head": raw(HEAD + b"Content-Le"),
    "half a body": raw(HEAD + b"Content-Length: 100\r\n\r\n{"),
    "half a chunk": raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"),
    "no chunk": raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{"),
    "no http": raw(b"220 mail.example ESMTP\r\n\r\n"),
    "no status": raw(b"HTTP/1.1 abc OK\r\n\r\n"),
    "no gzip": answer(b"abc", 201, {"Content-Encoding": "gzip"}),
    "half of gzip": answer(gzip.compress(GOOD)[:-6], 201, {"Content-Encoding": "gzip"}),
    "an encoding of its own": answer(GOOD, 201, {"Content-Encoding": "br"}),
    "too large": answer(b" " * 70_000, 201),
    "too large, packed": answer(gzip.compress(b" " * 1_000_000), 201, {"Content-Encoding": "gzip"}),
    "no json": answer(b"<html>", 201),
    "no record": answer(b"[]", 201),
    "nothing": answer(b"", 201),
    "an error": answer(b"{}", 500),
    "busy elsewhere": answer(b"{}", 503, {"Retry-After": "0"}),
    "a redirect": answer(b"", 307, {"Location": f"{PATH}/Messages.json"}),
    "a status nobody knows": answer(b"{}", 799),
    "two answers": raw(HEAD + b"Content-Length: 2\r\n\r\n{}" + HEAD + b"Content-Length: 2\r\n\r\n{}"),
}

TRUST: Final = ssl.create_default_context()


@define
class Made:
    """Makes a transport; whether it is one for `Client`."""

    transport: Callable[[], Transport | AsyncTransport]
    is_sync: bool = False

    def __call__(self) -> Transport | AsyncTransport:
        return self.transport()


def sync(make: Callable[[], Transport]) -> Made:
    return Made(make, is_sync=True)


KINDS: Final[dict[str, Made]] = {
    "urllib3": sync(Urllib3Transport),
    "threaded": Made(lambda: ThreadedTransport(Urllib3Transport(), threads=1)),
    "httpx": sync(lambda: HttpxTransport(ssl_context=TRUST)),
    "httpx, http2": sync(lambda: HttpxTransport(ssl_context=TRUST, http2=True)),
    "httpx-async": Made(lambda: AsyncHttpxTransport(ssl_context=TRUST)),
    "httpx-async, http2": Made(lambda: AsyncHttpxTransport(ssl_context=TRUST, http2=True)),
    "aiohttp": Made(AiohttpTransport),
    "limited": sync(lambda: LimitedTransport(Urllib3Transport())),
    "limited, async": Made(lambda: AsyncLimitedTransport(AiohttpTransport())),
}


@define
class Api:
    """Creates a message over one kind of transport, each with a client of its own."""

    make: Made
    url: str
    retry: RetryPolicy = QUICK

    async def create(
        self, *hooks: Hook, around: Callable[[Any], Any] | None = None, url: str | None = None
    ) -> Message:
        given: Any = self.make() if around is None else around(self.make())
        settings: dict[str, Any] = {
            "base_url": url or self.url,
            "retry": self.retry,
            "timeout": SOON,
            "max_answer_size": 50_000,
            "transport": given,
            "hooks": hooks,
        }
        if hasattr(given, "aclose"):
            async with AsyncClient(ACCOUNT, TOKEN, **settings) as client:
                return await client.messages.create(to="+15558675310", from_="+15017122661", body="once")
        with Client(ACCOUNT, TOKEN, **settings) as client_:
            return client_.messages.create(to="+15558675310", from_="+15017122661", body="once")

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """In a loop where the transport needs one, and without one where it is synchronous."""
        if self.make.is_sync:
            try:
                work.send(None)
            except StopIteration as stop:
                value: T = stop.value
                return value
            raise AssertionError("it waits for something")
        return asyncio.run(work)


@pytest.fixture(params=list(KINDS))
def make(request: pytest.FixtureRequest) -> Made:
    return KINDS[request.param]


@pytest.fixture
def api(make: Made, server: Server) -> Api:
    return Api(make, server.url)


@pytest.fixture(scope="module")
def nobody() -> Iterator[str]:
    """Where nobody listens, as long as the port is held by a socket that doesn't."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


# --- what surrounds a call ---------------------------------------------------------------------------------


class Mine(Exception):
    """What code of a user's own raises."""


async def plain(api: Api, nobody: str) -> object:
    return await api.create()


async def in_except(api: Api, nobody: str) -> object:
    try:
        await api.create(url=nobody)
    except ConnectFailed:
        return await api.create()
    raise AssertionError("somebody listens")


async def in_finally(api: Api, nobody: str) -> object:
    try:
        with urllib3.PoolManager() as pool:
            pool.request("GET", nobody, retries=False)
    finally:
        return await api.create()  # noqa: B012


def raising(error: Callable[[], BaseException]) -> Callable[[Api, str], Coroutine[Any, Any, object]]:
    """A hook that fails once there is an answer, or an error."""

    def hook(_: Request) -> HookRun:
        try:
            yield
        finally:
            raise error()

    async def failing_hook(api: Api, nobody: str) -> object:
        return await api.create(hook)

    return failing_hook


class Failing(Transport):
    """A middleware that fails once there is an answer."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def send(self, request: Request, /) -> Response:
        self.transport.send(request)
        raise ConnectFailed("of the middleware")

    def close(self) -> None:
        self.transport.close()


class AsyncFailing(AsyncTransport):
    def __init__(self, transport: AsyncTransport) -> None:
        self.transport = transport

    async def send(self, request: Request, /) -> Response:
        await self.transport.send(request)
        raise ConnectFailed("of the middleware")

    async def aclose(self) -> None:
        await self.transport.aclose()


def fail(transport: Any) -> Transport | AsyncTransport:
    return AsyncFailing(transport) if hasattr(transport, "aclose") else Failing(transport)


async def failing_middleware(api: Api, nobody: str) -> object:
    return await api.create(around=fail)


async def failing_hook_and_middleware(api: Api, nobody: str) -> object:
    def watch(_: Request) -> HookRun:
        yield

    return await api.create(watch, around=fail)


SURROUNDINGS: Final = [
    plain,
    in_except,
    in_finally,
    raising(lambda: ConnectFailed("of the hook")),
    raising(lambda: TimedOut("of the hook")),
    raising(Mine),
    raising(lambda: OSError("of the hook")),
    failing_middleware,
    failing_hook_and_middleware,
]


@pytest.mark.parametrize("name", MISBEHAVIOURS)
def test_one_post(api: Api, server: Server, nobody: str, name: str) -> None:
    server.on(f"{PATH}/Messages.json", MISBEHAVIOURS[name])
    for surrounded in SURROUNDINGS:
        server.requests.clear()
        with pytest.raises((RingbackError, Mine, OSError)):
            api.run(surrounded(api, nobody))
        assert [seen.method for seen in server.requests] == ["POST"], surrounded.__name__


class TestWhatIsTold:
    """Who raises what, and what stays known of a POST that was sent."""

    def test_a_lost_answer(self, api: Api, server: Server, nobody: str) -> None:
        server.on(f"{PATH}/Messages.json", raw(b""))
        for surrounded in (plain, in_except, in_finally):
            with pytest.raises(OutcomeUnknown) as caught:
                api.run(surrounded(api, nobody))
            assert caught.value.sent["Body"] == "once"

    @pytest.mark.parametrize(
        "error", [ConnectFailed("x"), TransportError("x"), Mine("x"), KeyboardInterrupt()]
    )
    @pytest.mark.parametrize(
        "reply", [answer(json.dumps(message()).encode(), 201), raw(b"")], ids=["201", "lost"]
    )
    def test_a_hooks_error_is_its_own(
        self, api: Api, server: Server, error: BaseException, reply: Reply, nobody: str
    ) -> None:
        server.on(f"{PATH}/Messages.json", reply)
        with pytest.raises(type(error)) as caught:
            api.run(raising(lambda: error)(api, nobody))
        assert caught.value is error
        lost = caught.value.__cause__
        assert isinstance(lost, OutcomeUnknown)
        assert (lost.operation, lost.sent["Body"]) == ("messages.create", "once")

    def test_and_so_it_can_be_looked_for(self, api: Api, server: Server, nobody: str) -> None:
        server.on(f"{PATH}/Messages.json", CREATED)
        with pytest.raises(Mine) as caught:
            api.run(raising(Mine)(api, nobody))
        now = format_datetime(datetime.now(timezone.utc))
        found = message(7, body="once", date_created=now)
        listed = {"messages": [found], "page": 0, "page_size": 100}
        server.on(f"{PATH}/Messages.json", answer(json.dumps(listed).encode()))
        with Client(ACCOUNT, TOKEN, base_url=server.url) as client:
            again = client.reconcile(caught.value, Message)
        assert again is not None
        assert again.sid == found["sid"]

    def test_a_refused_post_is_not_in_doubt(self, api: Api, server: Server, nobody: str) -> None:
        server.on(f"{PATH}/Messages.json", answer(b"{}", 429))
        with pytest.raises(Mine) as caught:
            api.run(raising(Mine)(api, nobody))
        assert caught.value.__cause__ is None
        assert len(server.requests) == 1

    def test_nothing_was_sent_where_a_hook_refuses(self, api: Api, server: Server) -> None:
        calls: list[int] = []

        def refusing(request: Request) -> HookRun:
            calls.append(request.attempt)
            if request.method == "POST":
                raise ConnectFailed("the breaker is open")
            yield

        with pytest.raises(ConnectFailed, match="breaker") as caught:
            api.run(api.create(refusing))
        assert (calls, server.requests, caught.value.__cause__) == ([1], [], None)

    def test_the_history_of_the_caller_is_left_alone(self, api: Api, server: Server) -> None:
        """Its frames keep their variables."""

        def fails() -> None:
            known = "still here"
            raise Mine(known)

        handled: list[Mine] = []

        async def work() -> object:
            try:
                fails()
            except Mine as error:
                handled.append(error)
                return await api.create()
            raise AssertionError

        server.on(f"{PATH}/Messages.json", raw(b""))
        with pytest.raises(OutcomeUnknown):
            api.run(work())
        traceback = handled[0].__traceback__
        assert traceback is not None
        assert traceback.tb_next is not None
        assert traceback.tb_next.tb_frame.f_locals["known"] == "still here"


class TestSentAgain:
    """What was not done before is."""

    def test_after_429(self, api: Api, server: Server) -> None:
        busy = answer(b"{}", 429, {"Retry-After": "0"})
        server.on(f"{PATH}/Messages.json", busy, busy, CREATED)
        assert api.run(api.create()).status == "queued"
        assert len(server.requests) == 3

    def test_without_a_connection(self, api: Api, nobody: str) -> None:
        tries: list[int] = []

        def count(request: Request) -> HookRun:
            tries.append(request.attempt)
            yield

        with pytest.raises(ConnectFailed):
            api.run(api.create(count, url=nobody))
        assert tries == [1, 2, 3, 4]

    def test_reads_after_anything_of_the_network(self, api: Api, server: Server) -> None:
        """But not after what a hook raises."""
        server.on("/x.json", raw(b""), answer(b'{"a": 1}'))

        async def read() -> object:
            given: Any = api.make()
            settings: dict[str, Any] = {"base_url": server.url, "retry": QUICK, "transport": given}
            if hasattr(given, "aclose"):
                async with AsyncClient(ACCOUNT, TOKEN, **settings) as client:
                    return await client.request("GET", "/x.json")
            with Client(ACCOUNT, TOKEN, **settings) as client_:
                return client_.request("GET", "/x.json")

        assert api.run(read()) == {"a": 1}
        assert len(server.requests) == 2
