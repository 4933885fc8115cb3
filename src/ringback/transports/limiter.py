"""Back-pressure: transports around transports that learn how many requests Twilio takes at once.

    Limit                    the arithmetic: additive increase, multiplicative decrease; no I/O, no waiting
    LimitedTransport         threads wait their turn
    AsyncLimitedTransport    tasks wait their turn

Twilio counts the requests of an account that are under way and refuses with 429 what is too many. Retrying
alone makes a crowd of it; a limiter sends fewer at a time until the refusals end.

See https://www.twilio.com/docs/usage/rest-api-best-practices
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from ringback.errors import InvalidValue
from ringback.transports import AsyncTransport, Transport
from ringback.transports.one_loop import OneLoop
from ringback.transports.per_process import PerProcess

if TYPE_CHECKING:
    from ringback.http import Headers, Request, Response
    from ringback.transports.streams import AsyncResponseStream, ResponseStream

__all__ = ["AsyncLimitedTransport", "Limit", "LimitedTransport"]


class Limit:
    """How many requests may be under way, from 1 to `most`.

    A 429 halves the number, once for all requests that were under way with it; each good answer adds a share,
    so that a full round of good answers adds one. Where `target` is given, the number also sinks by one when
    Twilio says (`Twilio-Concurrent-Requests`) that the account, other processes included, has more than so
    many under way.

    Attributes:
        allowed: The number as of now; its whole part counts.
        under_way: How many are.
    """

    __slots__ = ("_most", "_round", "_target", "allowed", "under_way")

    def __init__(self, most: int = 100, target: int | None = None) -> None:
        for name, value in (("most", most), ("target", 1 if target is None else target)):
            if value < 1:
                raise InvalidValue(name, value, "a whole number of at least 1")
        self._most = most
        self._target = target
        self._round = 0
        self.allowed = float(most)
        self.under_way = 0

    @property
    def free(self) -> int:
        """How many more may begin."""
        return int(self.allowed) - self.under_way

    def begin(self) -> int:
        """Count one that begins; gives what `answered` wants to know of it."""
        self.under_way += 1
        return self._round

    def answered(self, began: int, status: int, headers: Headers) -> None:
        """Learn from an answer."""
        crowded = self._crowded(headers)
        if began == self._round and (status == 429 or crowded):
            # Those under way were sent before anything was learnt, so they teach nothing new.
            self._round += 1
            self.allowed = max(1.0, self.allowed / 2 if status == 429 else self.allowed - 1)
        elif status != 429 and not crowded:
            self.allowed = min(float(self._most), self.allowed + 1 / self.allowed)

    def end(self) -> None:
        """Count one that is over, answered or not."""
        self.under_way -= 1

    def _crowded(self, headers: Headers) -> bool:
        if self._target is None:
            return False
        told = headers.get("Twilio-Concurrent-Requests", "")
        return told.isascii() and told.isdigit() and len(told) < 10 and int(told) > self._target


class LimitedTransport(Transport):
    """A transport that lets threads wait while too many requests are under way.

    A stream counts until it opens.

    Args:
        transport: What carries the requests.
        most: How many at once in the best case.
        target: How many the whole account should have under way; None learns from 429 alone.

    Raises:
        InvalidValue: A number is below 1.
    """

    def __init__(self, transport: Transport, *, most: int = 100, target: int | None = None) -> None:
        Limit(most, target)
        self._transport = transport
        self._gates = PerProcess(partial(_Gate, most, target))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._transport!r})"

    @property
    def allowed(self) -> int:
        """How many requests may be under way as of now."""
        return int(self._gates.get().limit.allowed)

    def send(self, request: Request, /) -> Response:
        """See `Transport.send`."""
        gate = self._gates.get()
        began = gate.enter()
        try:
            response = self._transport.send(request)
            gate.answered(began, response)
            return response
        finally:
            gate.leave()

    def stream(self, request: Request, /) -> ResponseStream:
        """See `Transport.stream`."""
        gate = self._gates.get()
        began = gate.enter()
        try:
            answer = self._transport.stream(request)
            gate.answered(began, answer)
            return answer
        finally:
            gate.leave()

    def close(self) -> None:
        """Close the transport within."""
        self._transport.close()


class AsyncLimitedTransport(AsyncTransport):
    """The same for asyncio; belongs to the event loop that uses it first."""

    def __init__(self, transport: AsyncTransport, *, most: int = 100, target: int | None = None) -> None:
        Limit(most, target)
        self._transport = transport
        self._queue = OneLoop(repr(self), partial(_Queue, most, target))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._transport!r})"

    @property
    def allowed(self) -> int:
        """How many requests may be under way as of now."""
        return int(self._queue.get().limit.allowed)

    async def send(self, request: Request, /) -> Response:
        """See `Transport.send`."""
        queue = self._queue.get()
        began = await queue.enter()
        try:
            response = await self._transport.send(request)
            queue.limit.answered(began, response.status, response.headers)
            return response
        finally:
            queue.leave()

    async def stream(self, request: Request, /) -> AsyncResponseStream:
        """See `Transport.stream`."""
        queue = self._queue.get()
        began = await queue.enter()
        try:
            answer = await self._transport.stream(request)
            queue.limit.answered(began, answer.status, answer.headers)
            return answer
        finally:
            queue.leave()

    async def aclose(self) -> None:
        """Close the transport within."""
        self._queue.take()
        await self._transport.aclose()


class _Gate:
    """A `Limit` that threads wait at."""

    def __init__(self, most: int, target: int | None) -> None:
        self.limit = Limit(most, target)
        self._changed = threading.Condition()

    def enter(self) -> int:
        with self._changed:
            self._changed.wait_for(lambda: self.limit.free > 0)
            return self.limit.begin()

    def answered(self, began: int, response: Response | ResponseStream) -> None:
        with self._changed:
            self.limit.answered(began, response.status, response.headers)

    def leave(self) -> None:
        with self._changed:
            self.limit.end()
            self._changed.notify(max(0, self.limit.free))


class _Queue:
    """A `Limit` that tasks wait at, first come, first served."""

    def __init__(self, most: int, target: int | None) -> None:
        self.limit = Limit(most, target)
        self._waiting: deque[asyncio.Future[int]] = deque()

    async def enter(self) -> int:
        if self.limit.free > 0 and not self._waiting:
            return self.limit.begin()
        turn: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                # Its turn had come in the same moment: somebody else takes it.
                self.leave()
            raise

    def leave(self) -> None:
        self.limit.end()
        while self._waiting and self.limit.free > 0:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(self.limit.begin())
