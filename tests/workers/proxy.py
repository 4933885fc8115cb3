"""A proxy without keep-alive, cookies or second thoughts: what it can't deliver is a 502.

It decides which worker gets a request, and may delay, double or lose what it carries.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from urllib.parse import parse_qs

from attrs import define, field, frozen

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

__all__ = ["Asked", "Habits", "Proxy"]

Way: TypeAlias = 'Literal["in turn", "random", "another", "same"] | Callable[[Asked, int], int]'
_PATIENCE: Final = 20.0
_BAD_GATEWAY: Final = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@frozen
class Asked:
    """A request on its way.

    Attributes:
        raw: The whole of it.
        call: Whose it is: the CallSid, or nothing.
        target: Path and query.
        last: Which worker had the call's request before this one.
    """

    raw: bytes
    call: str
    target: str
    last: int | None


@define
class Habits:
    """How it carries.

    Attributes:
        way: Which worker is next: in turn, at random, another one than the call's last one, the same one, or
            whatever a function says.
        double: The share of requests that it carries twice, to whichever workers are next.
        late: The second one of those comes up to so many seconds after the first.
        delay: Every request comes up to so many seconds late.
        lose: The share of webhooks whose first answer it loses, whereupon it closes the connection.
    """

    way: Way = "in turn"
    double: float = 0.0
    late: float = 0.0
    delay: float = 0.0
    lose: float = 0.0


@define
class _Seen:
    """What it has seen so far.

    Attributes:
        counts: Requests, those carried twice, and what went wrong.
        differing: Pairs of answers to one request that weren't the same.
        slowest: Seconds that an answer took.
    """

    counts: Counter[str] = field(factory=Counter[str])
    differing: list[tuple[bytes, bytes, bytes]] = field(factory=list[tuple[bytes, bytes, bytes]])
    slowest: float = 0.0


class Proxy:
    """Serves one port while it is entered, in a thread of its own.

    Args:
        ports: Of the workers.
        habits: How it carries; they may be changed at any time.
        seed: Of its dice.
    """

    def __init__(self, ports: Sequence[int], habits: Habits | None = None, *, seed: str = "proxy") -> None:
        self.ports = list(ports)
        self.habits = habits or Habits()
        self.seen = _Seen()
        self.port = 0
        self._dice = random.Random(seed)  # noqa: S311
        self._turn = 0
        self._last: dict[str, int] = {}
        self._lost: set[bytes] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._ready = threading.Event()
        self._over = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10), "the proxy does not listen"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)

    def settle(self, seconds: float = 15.0) -> None:
        """Wait until everything under way has arrived, the late ones as well."""
        deadline = time.monotonic() + seconds
        while self._tasks:
            assert time.monotonic() < deadline, "the proxy is still busy"
            time.sleep(0.02)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._over.wait()
        server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._spawn(self._carry(reader, writer))

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        habits = self.habits
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                asked = self._read(await _message(reader))
                self.seen.counts["requests"] += 1
                if habits.delay:
                    await asyncio.sleep(self._dice.uniform(0, habits.delay))
                double = self._dice.random() < habits.double
                second: asyncio.Future[bytes] | None = None
                if double:
                    second = self._loop.create_future()
                    self._spawn(self._again(asked, self._dice.uniform(0, habits.late), second))
                answer = await self._deliver(asked)
                if second is not None:
                    self._spawn(self._compare(asked, answer, second))
                if self._dice.random() < habits.lose and asked.raw not in self._lost:
                    self._lost.add(asked.raw)  # repeated to the byte
                    self.seen.counts["lost on purpose"] += 1
                    return
                writer.write(_closing(answer))
                await writer.drain()
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _again(self, asked: Asked, after: float, into: asyncio.Future[bytes]) -> None:
        await asyncio.sleep(after)
        self.seen.counts["doubled"] += 1
        into.set_result(await self._deliver(asked))

    async def _compare(self, asked: Asked, answer: bytes, second: asyncio.Future[bytes]) -> None:
        other = await second
        if _status(answer) == _status(other) == 200 and _body(answer) != _body(other):
            self.seen.differing.append((asked.raw, answer, other))

    def _read(self, raw: bytes) -> Asked:
        head, _, body = raw.partition(b"\r\n\r\n")
        target = head.split(b" ", 2)[1].decode()
        form = parse_qs(body.decode("utf-8", "replace"))
        call = form.get("CallSid", form.get("MessageSid", [""]))[0]
        return Asked(raw, call, target, self._last.get(call))

    def _next(self, asked: Asked) -> int:
        count = len(self.ports)
        match self.habits.way:
            case "in turn":
                self._turn += 1
                return self._turn % count
            case "random":
                return self._dice.randrange(count)
            case "another":
                last = self._last.get(asked.call)
                others = [each for each in range(count) if each != last or count == 1]
                return self._dice.choice(others)
            case "same":
                last = self._last.get(asked.call)
                return self._dice.randrange(count) if last is None else last
            case function:
                return function(asked, count)

    async def _deliver(self, asked: Asked) -> bytes:
        chosen = self._next(asked)
        self._last[asked.call] = chosen
        begun = self._loop.time()
        try:
            answer = await asyncio.wait_for(self._exchange(asked.raw, self.ports[chosen]), _PATIENCE)
        except (OSError, asyncio.IncompleteReadError) as error:
            self.seen.counts["refused" if isinstance(error, ConnectionRefusedError) else "died"] += 1
            return _BAD_GATEWAY
        except asyncio.TimeoutError:
            self.seen.counts["never answered"] += 1
            return _BAD_GATEWAY
        self.seen.slowest = max(self.seen.slowest, self._loop.time() - begun)
        self.seen.counts[str(_status(answer))] += 1
        return answer

    async def _exchange(self, raw: bytes, port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(_closing(raw))
            await writer.drain()
            return await _message(reader)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def _message(reader: asyncio.StreamReader) -> bytes:
    """A request or answer, head and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    return head + (await reader.readexactly(length) if length else b"")


def _closing(message: bytes) -> bytes:
    """The same, saying that the connection is good for this one alone."""
    head, _, rest = message.partition(b"\r\n")
    lines, _, body = rest.partition(b"\r\n\r\n")
    kept = [line for line in lines.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([head, *kept, b"Connection: close"]) + b"\r\n\r\n" + body


def _status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def _body(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]
