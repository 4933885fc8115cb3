"""The drivers of an exchange: all the I/O of the client is in these lines.

drive, drive_async                  whole answers
drive_stream, drive_stream_async    the last answer as a stream: the exchange sees its status and headers
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar, cast

from ringback._core.operations.steps import Sleep
from ringback.errors import ResponseInvalid, TransportError, being_handled, forget_variables

if TYPE_CHECKING:
    from ringback._core.operations.exchange import Exchange
    from ringback.http import Request, Response
    from ringback.transports import AsyncResponseStream, AsyncTransport, ResponseStream, Transport

__all__ = ["drive", "drive_async", "drive_stream", "drive_stream_async"]

# As much of a refusal as an error message needs.
_REFUSAL_SIZE = 16_384

T = TypeVar("T")


def drive(exchange: Exchange[T], transport: Transport) -> T:
    """Carry an exchange out over `transport`."""
    ambient = being_handled()
    try:
        step = next(exchange)
        while True:
            if type(step) is Sleep:
                time.sleep(step.seconds)
                step = exchange.send(None)
                continue
            try:
                response = transport.send(step)
            except BaseException as error:
                # Whoever raised it: what becomes of the request is for the exchange to say.
                step = exchange.throw(error)
            else:
                step = exchange.send(response)
    except StopIteration as stop:
        return cast("T", stop.value)
    except ResponseInvalid as error:
        # What was answered is in the frames that read it, and it may hold a token.
        forget_variables(error, ambient)
        raise


async def drive_async(exchange: Exchange[T], transport: AsyncTransport) -> T:
    """The same over an asynchronous transport."""
    import asyncio  # slow to import; a synchronous program does without it

    ambient = being_handled()
    try:
        step = next(exchange)
        while True:
            if type(step) is Sleep:
                await asyncio.sleep(step.seconds)
                step = exchange.send(None)
                continue
            try:
                response = await transport.send(step)
            except BaseException as error:
                # Whoever raised it: what becomes of the request is for the exchange to say.
                step = exchange.throw(error)
            else:
                step = exchange.send(response)
    except StopIteration as stop:
        return cast("T", stop.value)
    except ResponseInvalid as error:
        # What was answered is in the frames that read it, and it may hold a token.
        forget_variables(error, ambient)
        raise


def drive_stream(exchange: Exchange[Response], transport: Transport) -> ResponseStream:
    """Carry an exchange out whose last answer is handed over before its body is read."""
    from ringback.http import Response

    answer: ResponseStream | None = None
    try:
        step = next(exchange)
        while True:
            if answer is not None:
                answer.close()
                answer = None
            if type(step) is Sleep:
                time.sleep(step.seconds)
                step = exchange.send(None)
                continue
            try:
                answer = transport.stream(step)
                body = b"" if answer.status < 400 else _refusal(step, answer)
            except BaseException as error:
                # Whoever raised it: what becomes of the request is for the exchange to say.
                step = exchange.throw(error)
            else:
                step = exchange.send(Response(answer.status, answer.headers, body))
    except StopIteration:
        if answer is None:
            raise RuntimeError("the exchange ended without an answer") from None
        return answer
    except BaseException:
        if answer is not None:
            answer.close()
        raise


async def drive_stream_async(exchange: Exchange[Response], transport: AsyncTransport) -> AsyncResponseStream:
    """The same over an asynchronous transport."""
    import asyncio  # slow to import; a synchronous program does without it

    from ringback.http import Response

    answer: AsyncResponseStream | None = None
    try:
        step = next(exchange)
        while True:
            if answer is not None:
                await answer.aclose()
                answer = None
            if type(step) is Sleep:
                await asyncio.sleep(step.seconds)
                step = exchange.send(None)
                continue
            try:
                answer = await transport.stream(step)
                body = b"" if answer.status < 400 else await _refusal_async(step, answer)
            except BaseException as error:
                # Whoever raised it: what becomes of the request is for the exchange to say.
                step = exchange.throw(error)
            else:
                step = exchange.send(Response(answer.status, answer.headers, body))
    except StopIteration:
        if answer is None:
            raise RuntimeError("the exchange ended without an answer") from None
        return answer
    except BaseException:
        if answer is not None:
            await answer.aclose()
        raise


def _refusal(request: Request, answer: ResponseStream) -> bytes:
    try:
        return answer.read(_REFUSAL_SIZE)
    except TransportError as error:
        request.delivery.failed(error)
        raise


async def _refusal_async(request: Request, answer: AsyncResponseStream) -> bytes:
    try:
        return await answer.read(_REFUSAL_SIZE)
    except TransportError as error:
        request.delivery.failed(error)
        raise
