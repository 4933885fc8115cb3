"""Forked children and several event loops: it works, or it says why not."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from ringback.errors import ConfigurationError
from ringback.http import Headers, Request
from ringback.transports import AsyncTransport, ResponseStream
from ringback.transports.aiohttp import AiohttpTransport
from ringback.transports.httpx import AsyncHttpxTransport
from ringback.transports.limiter import AsyncLimitedTransport
from ringback.transports.one_loop import OneLoop
from ringback.transports.per_process import PerProcess
from ringback.transports.testing import AsyncFakeTransport, json_response
from ringback.transports.threaded import ThreadedTransport
from ringback.transports.urllib3 import Urllib3Transport
from tests.transports.server import Server, answer

# Forking a process that has threads is what pytest must not do, so each case is a process of its own.
PROGRAM = """
import asyncio, os, sys
import urllib3
from ringback.errors import ConfigurationError
from ringback.http import Headers, Request
from ringback.transports.httpx import HttpxTransport
from ringback.transports.limiter import LimitedTransport
from ringback.transports.threaded import ThreadedTransport
from ringback.transports.urllib3 import Urllib3Transport

transport = {make}
def ask():
    request = Request("GET", sys.argv[1], Headers())
    if isinstance(transport, ThreadedTransport):
        return asyncio.run(transport.send(request)).body
    return transport.send(request).body

first = ask()
child = os.fork()
if not child:
    try:
        os._exit(0 if ask() == first else 1)
    except ConfigurationError as error:
        os.write(1, str(error).encode())
        os._exit(2)
    except BaseException as error:
        os.write(1, repr(error).encode())
        os._exit(3)
_, status = os.waitpid(child, 0)
assert ask() == first
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
class TestFork:
    @pytest.fixture
    def url(self) -> Iterator[str]:
        with Server() as self.server:
            yield self.server.on("/", answer(b"same"))

    def run(self, make: str, url: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
        program = tmp_path / "program.py"
        program.write_text(PROGRAM.format(make=make))
        return subprocess.run(
            [sys.executable, str(program), url], capture_output=True, text=True, timeout=60, check=False
        )

    @pytest.mark.parametrize(
        "make",
        [
            "Urllib3Transport()",
            "ThreadedTransport(Urllib3Transport())",
            "HttpxTransport()",
            "LimitedTransport(Urllib3Transport(), most=1)",
        ],
    )
    def test_a_child_has_connections_of_its_own(self, make: str, url: str, tmp_path: Path) -> None:
        done = self.run(make, url, tmp_path)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        first, childs, second = self.server.requests
        # The parent goes on with its connection; the child made another.
        assert first.connection == second.connection != childs.connection

    def test_a_pool_of_your_own_says_so(self, url: str, tmp_path: Path) -> None:
        done = self.run("Urllib3Transport(pool=urllib3.PoolManager())", url, tmp_path)
        assert (done.returncode, len(self.server.requests)) == (2, 2), done.stderr
        assert "before this process was forked" in done.stdout


class TestLoops:
    @pytest.mark.parametrize(
        "transport",
        [
            AiohttpTransport(),
            AsyncHttpxTransport(),
            AsyncLimitedTransport(AsyncFakeTransport(lambda _: json_response({}))),
        ],
    )
    def test_another_loop_is_told(self, transport: AsyncTransport, server: Server) -> None:
        async def ask() -> None:
            await transport.send(Request("GET", server.url + "/", Headers()))

        one, other = asyncio.new_event_loop(), asyncio.new_event_loop()
        try:
            one.run_until_complete(ask())
            with pytest.raises(ConfigurationError, match=r"Transport\(.*\) belongs to the event loop"):
                other.run_until_complete(ask())
            one.run_until_complete(transport.aclose())
            other.run_until_complete(ask())  # closed, it may begin anew
            other.run_until_complete(transport.aclose())
        finally:
            one.close()
            other.close()

    def test_threads_serve_all_loops(self, server: Server) -> None:
        transport = ThreadedTransport(Urllib3Transport())

        async def ask() -> int:
            return (await transport.send(Request("GET", server.url + "/", Headers()))).status

        assert [asyncio.run(ask()), asyncio.run(ask())] == [200, 200]
        asyncio.run(transport.aclose())


def test_threads_agree_on_one() -> None:
    """However many threads want it first."""
    barrier = threading.Barrier(20)

    def make() -> object:
        barrier.wait(10)
        return object()

    shared = PerProcess(make)
    seen: list[object] = []
    threads = [threading.Thread(target=lambda: seen.append(shared.get())) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(seen) == 20
    assert len(set(map(id, seen))) == 1
    assert shared.take() is seen[0]
    assert shared.take() is None


async def test_one_loop_makes_one() -> None:
    shared = OneLoop("it", object)
    assert shared.get() is shared.get()


def test_a_pool_goes_with_no_other_setting() -> None:
    with pytest.raises(ConfigurationError, match="pass pool, or proxy and ssl_context"):
        Urllib3Transport(pool=urllib3.PoolManager(), proxy="http://proxy:1")


def test_a_pool_of_your_own_is_used_and_left_open(server: Server) -> None:
    with urllib3.PoolManager() as pool:
        transport = Urllib3Transport(pool=pool)
        transport.send(Request("GET", server.url + "/", Headers()))
        transport.close()
        pool.request("GET", server.url + "/")
    assert server.connections == 1


class TestThreaded:
    async def test_a_cancelled_stream_gives_its_connection_back(self) -> None:
        closed = threading.Event()
        begun, go = threading.Event(), threading.Event()

        class Slow(Urllib3Transport):
            def stream(self, request: Request, /) -> ResponseStream:
                begun.set()
                assert go.wait(10)
                return ResponseStream(200, Headers(), iter(()), closed.set)

        transport = ThreadedTransport(Slow())
        task = asyncio.ensure_future(transport.stream(Request("GET", "http://127.0.0.1:9/")))
        await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go.set()
        assert await asyncio.to_thread(closed.wait, 10)
        await transport.aclose()
