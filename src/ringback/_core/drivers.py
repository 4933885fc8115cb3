"""The two drivers of an exchange: all the I/O of the client is in these lines."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar, cast

from ringback._core.exchange import Sleep
from ringback.errors import TransportError

if TYPE_CHECKING:
    from ringback._core.exchange import Exchange
    from ringback.transports import AsyncTransport, Transport

__all__ = ["drive", "drive_async"]

T = TypeVar("T")


def drive(exchange: Exchange[T], transport: Transport) -> T:
    """Carry an exchange out over `transport`."""
    try:
        step = next(exchange)
        while True:
            if isinstance(step, Sleep):
                time.sleep(step.seconds)
                step = exchange.send(None)
                continue
            try:
                response = transport.send(step)
            except TransportError as error:
                step = exchange.throw(error)
            else:
                step = exchange.send(response)
    except StopIteration as stop:
        return cast("T", stop.value)


async def drive_async(exchange: Exchange[T], transport: AsyncTransport) -> T:
    """The same over an asynchronous transport."""
    try:
        step = next(exchange)
        while True:
            if isinstance(step, Sleep):
                await asyncio.sleep(step.seconds)
                step = exchange.send(None)
                continue
            try:
                response = await transport.send(step)
            except TransportError as error:
                step = exchange.throw(error)
            else:
                step = exchange.send(response)
    except StopIteration as stop:
        return cast("T", stop.value)
