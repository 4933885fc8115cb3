"""What lies between a store and its server, which may hang, be cut, and be away."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Generator
from contextlib import contextmanager, suppress
from typing import TypeVar
from urllib.parse import urlsplit

__all__ = ["Link", "link"]

T = TypeVar("T")


class Link:
    """Passes on what comes to its port, in a thread of its own, until it is told otherwise."""

    def __init__(self, url: str, loop: asyncio.AbstractEventLoop) -> None:
        parts = urlsplit(url)
        assert parts.port is not None
        self._parts = parts
        self._behind = parts.port
        self._loop = loop
        self._server: asyncio.Server | None = None
        self._port = 0
        self._passing = asyncio.Event()
        self._passing.set()
        self._ends: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The server's, by way of this link."""
        place = self._parts.netloc.replace(f":{self._parts.port}", f":{self._port}")
        return self._parts._replace(netloc=place).geturl()

    def hang(self) -> None:
        """Pass on nothing, and say nothing either."""
        self._call(self._set(False))

    def go_on(self) -> None:
        """Pass on what has come meanwhile, and all that comes."""
        self._call(self._set(True))

    def cut(self) -> int:
        """End all connections; how many ends they had."""
        return self._call(self._cut())

    def down(self) -> None:
        """End all connections, and refuse further ones."""
        self._call(self._down())

    def up(self) -> None:
        """Take connections again."""
        self._call(self._up())

    def lead(self, url: str) -> None:
        """Connections made from now on lead to another server."""
        self._call(self._lead(url))

    def _call(self, what: Coroutine[None, None, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(10)

    async def _set(self, passing: bool) -> None:
        if passing:
            self._passing.set()
        else:
            self._passing.clear()

    async def _lead(self, url: str) -> None:
        port = urlsplit(url).port
        assert port is not None
        self._behind = port

    async def _cut(self) -> int:
        ends = tuple(self._ends)
        for end in ends:
            end.transport.abort()
        await asyncio.sleep(0.01)  # until the transports are closed
        return len(ends)

    async def _down(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._cut()

    async def _up(self) -> None:
        self._server = await asyncio.start_server(self._taken, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind = await asyncio.open_connection("127.0.0.1", self._behind)
        for source, target in ((reader, behind[1]), (behind[0], writer)):
            self._ends.add(target)
            pump = asyncio.create_task(self._pump(source, target))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                await self._passing.wait()
                target.write(data)
                await target.drain()
        self._ends.discard(target)
        target.close()


@contextmanager
def link(url: str) -> Generator[Link, None, None]:
    """A link to the server of a URL."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    made = Link(url, loop)
    made.up()
    try:
        yield made
    finally:
        made.go_on()
        made.down()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
