"""Conversations by text: what answers are, and what begins one."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta
from decimal import Decimal
from enum import Enum

from typing_extensions import assert_type

from ringback import (
    Application,
    AskAgain,
    AsyncClient,
    Client,
    ConversationOver,
    IncomingMessage,
    MessageFlow,
)
from ringback.app import Conversation
from ringback.twiml import Message
from ringback.twiml.messaging import Redirect as MessagingRedirect

app = Application(public_url="https://example.com/texts", client=AsyncClient())


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


def amount(answer: IncomingMessage) -> Decimal:
    if not answer.body:
        raise AskAgain("How much?")
    return Decimal(answer.body)


@app.flow(IncomingMessage)
async def survey(chat: MessageFlow) -> None:
    name = await chat.ask("What is your name?", timeout=timedelta(hours=12))
    assert_type(name, IncomingMessage | None)
    if name is None:
        return chat.say("Never mind. Text us any time.")
    chat.say(f"Thank you, {name.body}.", media="https://example.com/a.png")
    chat.append(Message("One more thing:"))
    assert_type(await chat.ask("A word?"), IncomingMessage)
    assert_type(await chat.ask(), IncomingMessage)
    assert_type(await chat.ask("A word?", timeout=60), IncomingMessage | None)
    assert_type(await chat.ask("How much?", check=amount, again="A number.", tries=2), Decimal | None)
    assert_type(await chat.ask("How many?", check=lambda answer: int(answer.body)), int | None)
    assert_type(await chat.choose("Size?", Size, reminders={timedelta(hours=1): "Well?"}), Size | None)
    assert_type(await chat.choose("Size?", {"small": 1, "large": 2}), int | None)
    assert_type(await chat.choose("Size?", ["small", "large"]), str | None)
    assert_type(await chat.step(amount, name), Decimal)
    assert_type(chat.event, IncomingMessage | None)
    try:
        await chat.ask("And now?")
    except ConversationOver as over:
        assert_type(over.reason, str)


@app.flow(IncomingMessage, path="/remind", version="2")
async def remind(chat: MessageFlow, *, table: int) -> None:
    chat.say(f"Table {table} is ready.")


@remind.older("1")
async def remind_as_before(chat: MessageFlow) -> None:
    chat.say("Your table is ready.")


found: Conversation[[]] = survey
MessagingRedirect(survey)
MessagingRedirect(remind.bind(table=4))


def begin(client: Client) -> None:
    app.converse(client, to="+15558675310", from_="+15017122661", flow=survey)
    app.converse(client, to="+15558675310", from_="+15017122661", flow=remind.bind(table=4))


async def begin_async(client: AsyncClient) -> None:
    begun = app.converse(client, to="+15558675310", from_="+15017122661", flow=survey)
    assert_type(begun, Awaitable[None])
    await begun


async def test_survey(chat: MessageFlow) -> None:
    await survey(chat)
    await remind(chat, table=4)
