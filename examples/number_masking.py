"""Masked numbers: a guest and a courier call and text each other by a number of ours, and see no other.

Each pair gets a number that neither has in use with somebody else; where none is left, one is bought.
`build` gives what joins two people; who joins them parts them by `DELETE FROM pairs`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from ringback import Application, AsyncClient, IncomingCall, IncomingMessage
from ringback.twiml import Body, Dial, Media, Message, MessagingResponse, Say, VoiceResponse

POOL: Final = "Masked numbers"
TABLE: Final = "CREATE TABLE IF NOT EXISTS pairs (ours TEXT, from_ TEXT, to_ TEXT, PRIMARY KEY (ours, from_))"


def build(
    app: Application, client: AsyncClient, *, area_code: int, database: Path
) -> Callable[[str, str], Awaitable[str]]:
    """What callers and texts are answered with, and what joins two people."""

    def query(statement: str, *values: str) -> list[str]:
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute(TABLE)
            return [row[0] for row in connection.execute(statement, values)]

    def other(ours: str, number: str) -> str | None:
        return next(iter(query("SELECT to_ FROM pairs WHERE ours = ? AND from_ = ?", ours, number)), None)

    @app.on(IncomingCall)
    def connect(call: IncomingCall) -> VoiceResponse:
        number = other(call.to, call.from_)
        if number is None:
            return VoiceResponse(Say("This number is not in use any more."))
        return VoiceResponse(Dial(number, caller_id=call.to, answer_on_bridge=True))

    @app.on(IncomingMessage)
    def forward(message: IncomingMessage) -> MessagingResponse | None:
        number = other(message.to, message.from_)
        if number is None:
            return MessagingResponse(Message("This number is not in use any more."))
        media = [Media(each.url) for each in message.media]
        return MessagingResponse(Message(Body(message.body), *media, to=number))

    async def buy() -> str:
        application = await app.install(client, friendly_name=POOL)
        offers = client.available_phone_numbers("US").local.list(
            area_code=area_code, sms_enabled=True, limit=1
        )
        async for offer in offers:
            bought = await client.incoming_phone_numbers.buy(
                offer,
                friendly_name=POOL,
                voice_application_sid=application.sid,
                sms_application_sid=application.sid,
            )
            return bought.phone_number
        raise LookupError(f"no number is left in area {area_code}")

    async def join(one: str, two: str) -> str:
        """The number by which two people reach each other from now on."""
        used = query("SELECT ours FROM pairs WHERE from_ IN (?, ?)", one, two)
        pool = [each.phone_number async for each in client.incoming_phone_numbers.list(friendly_name=POOL)]
        ours = next((each for each in pool if each not in used), None) or await buy()
        query("INSERT INTO pairs VALUES (?, ?, ?), (?, ?, ?)", ours, one, two, ours, two, one)
        return ours

    return join
