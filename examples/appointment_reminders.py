"""Appointment reminders: a call, two more half an hour apart where nobody answers, and a text in the end.

`build` gives what a scheduler calls every few minutes. What is due stands in a database, so that nothing is
lost by a restart and nobody is called twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from ringback import Application, AsyncClient, CallFlow, OutgoingCall
from ringback.twiml import Say

CALLS: Final = 3
PAUSE: Final = timedelta(minutes=30)
TABLE: Final = """CREATE TABLE IF NOT EXISTS appointments (id INTEGER PRIMARY KEY, number TEXT,
    what TEXT, next_try TEXT, tries INTEGER DEFAULT 0, answer TEXT)"""
# One statement: of two who look at the same time, one gets it.
DUE: Final = """UPDATE appointments SET tries = tries + 1, next_try = ?
    WHERE answer IS NULL AND next_try <= ? RETURNING id, number, what, tries"""


@frozen
class Book:
    """The practice's appointments, and what was said to their reminders."""

    path: Path

    def _query(self, statement: str, *values: str | int) -> list[Any]:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(TABLE)
            return connection.execute(statement, values).fetchall()

    def add(self, number: str, what: str, remind_at: datetime) -> None:
        values = number, what, remind_at.isoformat()
        self._query("INSERT INTO appointments (number, what, next_try) VALUES (?, ?, ?)", *values)

    def due(self, now: datetime) -> list[tuple[int, str, str, int]]:
        return self._query(DUE, (now + PAUSE).isoformat(), now.isoformat())

    def note(self, appointment: int, answer: str) -> None:
        self._query("UPDATE appointments SET answer = ? WHERE id = ?", answer, appointment)

    def answers(self) -> dict[str, str | None]:
        return dict(self._query("SELECT number, answer FROM appointments"))


def build(
    app: Application, client: AsyncClient, book: Book, *, ours: str
) -> Callable[[datetime], Awaitable[None]]:
    """The flow of those who are called, and what reminds all who are due."""

    @app.flow(OutgoingCall)
    async def remind(call: CallFlow, *, id: int, what: str) -> None:
        call.say(f"This is the practice of Doctor Gray. You have an appointment {what}.")
        prompt = Say("Press 1 to confirm it, or 2 to cancel it.")
        pressed = await call.gather(prompt, num_digits=1, timeout=10)
        answer = {"1": "confirmed", "2": "cancelled"}.get((pressed and pressed.digits) or "")
        if answer is not None:
            await call.step(book.note, id, answer)
            call.say("Thank you. Goodbye.")

    async def remind_due(now: datetime) -> None:
        for id, guest, what, tries in book.due(now):
            if tries <= CALLS:
                await app.dial(client, to=guest, from_=ours, timeout=25, answer=remind.bind(id=id, what=what))
            else:
                book.note(id, "texted")
                body = f"You have an appointment with Doctor Gray {what}. Please call us if you can't come."
                await app.text(client, to=guest, from_=ours, body=body)

    return remind_due
