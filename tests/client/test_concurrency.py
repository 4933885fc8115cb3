"""One client for many threads, or for many tasks."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ringback import AsyncClient, Client
from ringback.transports import AsyncTransport
from ringback.transports.aiohttp import AiohttpTransport
from ringback.transports.threaded import ThreadedTransport
from ringback.transports.urllib3 import Urllib3Transport
from tests.client.records import ACCOUNT, AT_ONCE, CALL_SID, PATH, TOKEN, call, message
from tests.transports.server import Seen, Server, answer


def echo(connection: socket.socket, seen: Seen, server: Server) -> bool:
    """A message with the body that was sent."""
    from urllib.parse import parse_qs

    (body,) = parse_qs(seen.body.decode())["Body"]
    return answer(json.dumps(message(body=body)).encode(), 201)(connection, seen, server)


@pytest.fixture
def url(server: Server) -> str:
    server.on(f"{PATH}/Messages.json", echo)
    server.on(f"{PATH}/Calls/{CALL_SID}.json", answer(json.dumps(call()).encode()))
    return server.url


def test_fifty_threads(url: str, server: Server) -> None:
    together = threading.Barrier(50)

    def work(number: int) -> str | None:
        together.wait(20)
        first = mine.messages.create(to="+1", from_="+2", body=f"{number}").body
        assert mine.calls(CALL_SID).fetch().duration == 12
        return first

    with Client(ACCOUNT, TOKEN, base_url=url, pool_size=50) as mine, ThreadPoolExecutor(50) as threads:
        assert list(threads.map(work, range(50))) == [f"{number}" for number in range(50)]
        together.reset()
        list(threads.map(work, range(50)))
        # All connections fit in the pool, so none was thrown away and made again.
        assert server.connections <= 50


@pytest.mark.parametrize("transport", [None, AiohttpTransport])
async def test_a_thousand_tasks(url: str, server: Server, transport: type[AsyncTransport] | None) -> None:
    async def work(mine: AsyncClient, number: int) -> str | None:
        return (await mine.messages.create(to="+1", from_="+2", body=f"{number}")).body

    given = None if transport is None else transport()
    async with AsyncClient(ACCOUNT, TOKEN, base_url=url, transport=given) as mine:
        bodies = await asyncio.gather(*(work(mine, number) for number in range(1000)))
    assert bodies == [f"{number}" for number in range(1000)]
    assert server.connections <= 100


def test_threads_that_meet_at_the_first_request(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They get one transport, and it is closed."""
    made: list[Urllib3Transport] = []
    closed: list[Urllib3Transport] = []

    class Watched(Urllib3Transport):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            made.append(self)

        def send(self, request: Any, /) -> Any:
            used.append(self)
            return super().send(request)

        def close(self) -> None:
            closed.append(self)
            super().close()

    used: list[Urllib3Transport] = []
    monkeypatch.setattr("ringback.transports.urllib3.Urllib3Transport", Watched)
    with Client(ACCOUNT, TOKEN, base_url=url) as mine, ThreadPoolExecutor(20) as threads:
        context = mine.calls(CALL_SID)
        for task in [threads.submit(context.fetch) for _ in range(20)]:
            assert task.result().duration == 12
    assert len(set(map(id, used))) == 1
    assert closed == [used[0]]


def test_one_client_in_several_loops(url: str) -> None:
    mine = AsyncClient(ACCOUNT, TOKEN, base_url=url)

    async def ask() -> int | None:
        return (await mine.calls(CALL_SID).fetch()).duration

    assert [asyncio.run(ask()), asyncio.run(ask())] == [12, 12]
    asyncio.run(mine.aclose())


async def test_a_cancelled_task_leaves_the_client_usable(url: str, server: Server) -> None:
    reached, go = threading.Event(), threading.Event()

    def wait(connection: socket.socket, seen: Seen, server: Server) -> bool:
        reached.set()
        assert go.wait(10)
        return answer(json.dumps(call()).encode())(connection, seen, server)

    server.on(f"{PATH}/Calls/{CALL_SID}.json", wait)
    transport = ThreadedTransport(Urllib3Transport(), threads=1)
    async with AsyncClient(ACCOUNT, TOKEN, base_url=url, transport=transport, retry=AT_ONCE) as mine:
        task = asyncio.ensure_future(mine.calls(CALL_SID).fetch())
        await asyncio.to_thread(reached.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go.set()
        assert (await mine.calls(CALL_SID).fetch()).duration == 12
