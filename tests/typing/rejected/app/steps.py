"""Mistakes in what flows do besides talking."""

from __future__ import annotations

from ringback.app import Application, CallFlow
from ringback.webhooks import IncomingCall


def price(dish: str, guests: int) -> int:
    return len(dish) * guests


async def reserve(table: int) -> str:
    return f"{table}"


def build(app: Application) -> None:
    @app.flow(IncomingCall, version=2)  # rejected
    async def reception(call: CallFlow) -> None:
        await call.step(price, "soup")  # rejected
        await call.step(price, "soup", "two")  # rejected
        await call.step(price, "soup", 2, 3)  # rejected
        await call.step(price, "soup", guests=2)  # rejected
        await call.step(price("soup", 2))  # rejected
        await call.step(reserve, "four")  # rejected
        await call.step(reserve)  # rejected
        await call.step(reserve(4))  # rejected
        await call.step(reserve, 4, retry="often")  # rejected
        await call.step(reserve, 4, converter=str)  # rejected
        call.background(reserve, "four")  # rejected
        call.background(price, "soup")  # rejected
        table: int = await call.step(reserve, 4)  # rejected
        call.say(call.now())  # rejected
        del table

    @reception.older(1)  # rejected
    async def reception_1(call: CallFlow) -> None: ...

    @reception.older("0")  # rejected
    def reception_0(call: CallFlow) -> None: ...
