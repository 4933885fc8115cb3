"""The design's REST snippet, to be accepted by mypy and pyright and run by `tests/design`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from typing_extensions import assert_type

from ringback import AsyncClient, Client
from ringback.rest import Call, CallSid


def use_client(call_sid: str) -> list[str]:
    told: list[str] = []
    with Client() as client:
        message = client.messages.create(to="+15558675310", from_="+15017122661", body="Your table is ready.")
        told.append(f"{message.sid} {message.status}")

        for call in client.calls.list(status="completed", start_time_after=date(2026, 11, 1)):
            assert_type(call, Call)
            assert_type(call.sid, CallSid)
            assert_type(call.duration, int | None)
            assert_type(call.price, Decimal | None)
            told.append(f"{call.sid} {call.duration} {call.price}")

        client.calls(call_sid).update(status="completed")
        client.accounts(client.account_sid).calls(call_sid).recordings.list()
    return told


async def use_async_client() -> list[str]:
    async with AsyncClient() as client:
        message = await client.messages.create(to="+15558675310", from_="+15017122661", body="Hello")
        return [message.sid, *[call.sid async for call in client.calls.list(status="completed")]]
