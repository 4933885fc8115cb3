"""Every transport, sync or async, behind one face, so that one suite can ask all of them the same."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final, Protocol

from ringback.http import Request, Response
from ringback.transports import AsyncTransport, Transport
from ringback.transports.aiohttp import AiohttpTransport
from ringback.transports.httpx import AsyncHttpxTransport, HttpxTransport
from ringback.transports.threaded import ThreadedTransport
from ringback.transports.urllib3 import Urllib3Transport


class Face(Protocol):
    """What the suite asks of a transport."""

    def send(self, request: Request) -> Response: ...

    def send_all(self, requests: Iterable[Request]) -> list[Response]:
        """All at once."""
        ...

    def stream(self, request: Request, each: Callable[[int, bytes], bool]) -> int:
        """Give the pieces of a body to `each`, with their number from 0, until it says no; the status."""
        ...

    def settle(self) -> None:
        """Let it notice what has happened to its connections."""
        ...

    def close(self) -> None: ...


class SyncFace:
    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def send(self, request: Request) -> Response:
        return self.transport.send(request)

    def send_all(self, requests: Iterable[Request]) -> list[Response]:
        with ThreadPoolExecutor(50) as threads:
            return list(threads.map(self.transport.send, requests))

    def stream(self, request: Request, each: Callable[[int, bytes], bool]) -> int:
        with self.transport.stream(request) as answer:
            for number, chunk in enumerate(answer):
                if not each(number, chunk):
                    break
            return answer.status

    def settle(self) -> None:
        pass

    def close(self) -> None:
        self.transport.close()


class AsyncFace:
    def __init__(self, transport: AsyncTransport) -> None:
        self.transport = transport
        self.loop = asyncio.new_event_loop()

    def send(self, request: Request) -> Response:
        return self.loop.run_until_complete(self.transport.send(request))

    def send_all(self, requests: Iterable[Request]) -> list[Response]:
        async def gather() -> list[Response]:
            return await asyncio.gather(*map(self.transport.send, requests))

        return self.loop.run_until_complete(gather())

    def stream(self, request: Request, each: Callable[[int, bytes], bool]) -> int:
        async def read() -> int:
            async with await self.transport.stream(request) as answer:
                number = 0
                async for chunk in answer:
                    if not each(number, chunk):
                        break
                    number += 1
                return answer.status

        return self.loop.run_until_complete(read())

    def settle(self) -> None:
        # Two passes of the loop: one sees the end of the connection, one tells the protocol.
        for _ in range(2):
            self.loop.run_until_complete(asyncio.sleep(0))

    def close(self) -> None:
        self.loop.run_until_complete(self.transport.aclose())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()


class Make(Protocol):
    """Makes a transport with the settings that all have in common."""

    def __call__(
        self,
        *,
        proxy: str | None = None,
        trust_env: bool = False,
        ssl_context: ssl.SSLContext | None = None,
    ) -> Face: ...


@cache
def _system() -> ssl.SSLContext:
    # What httpx gets by default as well, but it takes long to make, and httpx makes one even for plain http.
    return ssl.create_default_context()


def urllib3(
    *, proxy: str | None = None, trust_env: bool = False, ssl_context: ssl.SSLContext | None = None
) -> Face:
    return SyncFace(Urllib3Transport(proxy=proxy, trust_env=trust_env, ssl_context=ssl_context))


def threaded(
    *, proxy: str | None = None, trust_env: bool = False, ssl_context: ssl.SSLContext | None = None
) -> Face:
    inner = Urllib3Transport(proxy=proxy, trust_env=trust_env, ssl_context=ssl_context)
    return AsyncFace(ThreadedTransport(inner))


def httpx(
    *, proxy: str | None = None, trust_env: bool = False, ssl_context: ssl.SSLContext | None = None
) -> Face:
    return SyncFace(HttpxTransport(proxy=proxy, trust_env=trust_env, ssl_context=ssl_context or _system()))


def httpx_async(
    *, proxy: str | None = None, trust_env: bool = False, ssl_context: ssl.SSLContext | None = None
) -> Face:
    return AsyncFace(
        AsyncHttpxTransport(proxy=proxy, trust_env=trust_env, ssl_context=ssl_context or _system())
    )


def aiohttp(
    *, proxy: str | None = None, trust_env: bool = False, ssl_context: ssl.SSLContext | None = None
) -> Face:
    return AsyncFace(AiohttpTransport(proxy=proxy, trust_env=trust_env, ssl_context=ssl_context))


KINDS: Final[dict[str, Make]] = {
    "urllib3": urllib3,
    "threaded": threaded,
    "httpx": httpx,
    "httpx-async": httpx_async,
    "aiohttp": aiohttp,
}
