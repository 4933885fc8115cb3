"""What type checkers make of what flows do besides talking: steps, what runs beside them, versions."""

from __future__ import annotations

import asyncio
import functools
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import cattrs
from typing_extensions import assert_type

from ringback.app import Application, CallFlow, Flow
from ringback.webhooks import IncomingCall


def price(dish: str, guests: int = 1) -> Decimal:
    """A function with a default."""
    return Decimal(len(dish) * guests)


async def reserve(table: int, *, name: str = "") -> str:
    """A coroutine function with a keyword."""
    return f"{table} {name}"


class Kitchen:
    """Methods are functions as well."""

    def cook(self, dish: str) -> bool:
        """One that isn't async."""
        return bool(dish)

    async def serve(self, dish: str) -> None:
        """One that is."""


def build(app: Application, kitchen: Kitchen) -> None:
    """Flows."""

    @app.flow(IncomingCall, version="2")
    async def reception(call: CallFlow) -> None:
        assert_type(await call.step(price, "soup", 2), Decimal)
        assert_type(await call.step(price, "soup"), Decimal)
        assert_type(await call.step(reserve, 4), str)
        assert_type(await call.step(functools.partial(reserve, 4, name="Anna"), name="reserve"), str)
        assert_type(await call.step(lambda: 1, name="one", retry=3), int)
        assert_type(await call.step(kitchen.cook, "soup", converter=cattrs.Converter()), bool)
        assert_type(await call.step(kitchen.serve, "soup"), None)
        assert_type(call.background(price, "soup", 2), asyncio.Task[Decimal])
        assert_type(call.background(reserve, 4), asyncio.Task[str])
        assert_type(await call.background(reserve, 4, name="table"), str)
        assert_type(call.now(), datetime)
        assert_type(call.random(), float)
        assert_type(call.uuid(), UUID)

    @reception.older("1")
    async def reception_1(call: CallFlow) -> None:
        await call.gather()

    @reception.older("")
    async def reception_0(call: CallFlow, *, table: int = 0) -> None:
        await call.gather()

    assert_type(reception, Flow[[]])
