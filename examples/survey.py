"""A survey by voice, and by text for those who don't pick up, or who write first.

The one by text goes on for days, over restarts and any number of workers that share the store.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from ringback import (
    Application,
    AskAgain,
    AsyncClient,
    CallEnded,
    CallFlow,
    IncomingMessage,
    MessageFlow,
    OutgoingCall,
)
from ringback.twiml import Say


def stars(answer: IncomingMessage) -> int:
    number = int(answer.body)  # what isn't one is asked for again
    if 1 <= number <= 5:
        return number
    raise AskAgain("That is off our scale: 1 to 5 stars, please.")


def build(
    app: Application, save: Callable[[str, int, str | None], None]
) -> Callable[[AsyncClient, str, str], Awaitable[None]]:
    """Both flows, and what asks a guest from a number of ours."""

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

    @app.flow(OutgoingCall)
    async def spoken(call: CallFlow) -> None:
        call.say("Thanks for dining at the Blue Door!")
        for _ in range(3):
            pressed = await call.gather(
                Say("How was it, from 1 to 5 stars? Press a key."), num_digits=1, timeout=8
            )
            if pressed is not None and pressed.digits in set("12345"):
                break
        else:
            call.say("Never mind. Goodbye.")
            return
        dish = await call.gather(Say("And what did you have?"), input=["speech"], speech_timeout="auto")
        await call.step(save, call.to, int(pressed.digits), dish.speech_result if dish is not None else None)
        call.say("Thank you. See you soon!")

    async def ask(client: AsyncClient, guest: str, number: str) -> None:
        async def text_instead(ended: CallEnded) -> None:
            if ended.status != "completed":
                await app.converse(client, to=guest, from_=number, flow=survey)

        call = await app.dial(client, to=guest, from_=number, timeout=20, answer=spoken)
        call.once(CallEnded, text_instead)

    return ask
