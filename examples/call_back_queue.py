"""A queue for support: callers hear their place, and may rather be called back; agents call the same number.

Run it with `uvicorn --factory examples.call_back_queue:create`.

Environment: `PUBLIC_URL`, where Twilio reaches it; `TWILIO_AUTH_TOKEN`; `AGENTS`, their numbers with commas
between; `DATABASE`, a file for those who wait to be called back.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from ringback import Application, CallFlow, GatherResult, IncomingCall
from ringback.adapters.asgi import ASGIAdapter
from ringback.twiml import Gather, Leave, Pause, Queue, Say, VoiceResponse
from ringback.webhooks import QueueWait


def build(app: Application, *, agents: Collection[str], database: Path) -> None:
    """The flows of callers and agents, and what is heard in the line."""

    def in_database(statement: str, *values: str) -> str | None:
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("CREATE TABLE IF NOT EXISTS call_backs (number TEXT UNIQUE)")
            row: tuple[str] | None = connection.execute(statement, values).fetchone()
        return row[0] if row is not None else None

    def add(number: str) -> None:
        in_database("INSERT OR IGNORE INTO call_backs VALUES (?)", number)

    def take() -> str | None:
        first = "SELECT min(rowid) FROM call_backs"
        return in_database(f"DELETE FROM call_backs WHERE rowid = ({first}) RETURNING number")  # noqa: S608

    @app.on(GatherResult)
    def choose(pressed: GatherResult) -> VoiceResponse:
        return VoiceResponse(Leave() if pressed.digits == "1" else Pause(length=5))

    @app.on(QueueWait)
    def line(waiting: QueueWait) -> VoiceResponse:
        offer = f"You are number {waiting.queue_position}. Press 1 to be called back instead."
        return VoiceResponse(Gather(Say(offer), num_digits=1, timeout=20, action=choose))

    async def serve(call: CallFlow) -> None:
        """Give an agent one caller after the other, for as long as they stay."""
        while True:
            number = await call.step(take)
            if number is None:
                await call.dial(Queue("support"), timeout=60)
                continue
            call.say("You are calling somebody back.")
            result = await call.dial(number, caller_id=call.to, timeout=20)
            if result.dial_call_status != "completed":
                call.say("They did not answer.")

    @app.flow(IncomingCall)
    async def support(call: CallFlow) -> None:
        if call.from_ in agents:
            await serve(call)
        call.say("Welcome. All of us are talking.")
        left = await call.enqueue("support", wait_url=line)
        if left.queue_result == "leave":
            await call.step(add, call.from_)
            call.say("We will call you back. Goodbye.")


def create() -> ASGIAdapter:
    """The application with its settings from the environment."""
    app = Application(public_url=os.environ["PUBLIC_URL"])
    build(app, agents=os.environ["AGENTS"].split(","), database=Path(os.environ["DATABASE"]))
    return ASGIAdapter(app)
