"""A survey by text: it goes on for days, over restarts and any number of workers that share the store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from ringback import Application, AskAgain, IncomingMessage, MessageFlow


def stars(answer: IncomingMessage) -> int:
    number = int(answer.body)  # what isn't one is asked for again
    if 1 <= number <= 5:
        return number
    raise AskAgain("That is off our scale: 1 to 5 stars, please.")


def build(app: Application, save: Callable[[str, int, str | None], None]) -> None:
    @app.flow(IncomingMessage)
    async def survey(chat: MessageFlow) -> None:
        chat.say("Thanks for dining at the Blue Door!")
        name = await chat.ask("What is your name?", timeout=timedelta(hours=12))
        if name is None:
            chat.say("Never mind. Text us any time.")
            return
        given = await chat.ask(f"How was it, {name.body}, in stars from 1 to 5?", check=stars)
        dish = await chat.choose("What did you have?", ["Fish", "Pasta", "Soup"], timeout=timedelta(days=2))
        await chat.step(save, name.body, given or 0, dish)
        chat.say(f"Thank you, {name.body}. See you soon!")
