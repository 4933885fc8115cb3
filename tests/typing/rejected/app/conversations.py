"""Mistakes with conversations that both type checkers find: each line ending in `rejected`, and no other."""

from __future__ import annotations

from datetime import timedelta

from ringback import Application, AsyncClient, CallFlow, Client, IncomingCall, IncomingMessage, MessageFlow
from ringback.twiml import Gather, MessagingResponse, Say

app = Application(public_url="https://example.com/texts")
Application(public_url="https://example.com/texts", client=Client())  # rejected


@app.flow(IncomingMessage)
async def survey(chat: MessageFlow) -> None:
    (await chat.ask("A word?", timeout=60)).body  # rejected
    await chat.ask(5)  # rejected
    await chat.ask("A word?", timeout="an hour")  # rejected
    await chat.ask("A word?", reminders={60: "Well?"})  # rejected
    await chat.ask("A word?", check=int)  # rejected
    await chat.ask("A word?", tries=3)  # rejected
    await chat.choose("Size?", [1, 2])  # rejected
    await chat.choose("Size?", {1: "small"})  # rejected
    chosen = await chat.choose("Size?", {"small": 1})
    chosen.bit_length()  # rejected
    chat.say(Say("Hello"))  # rejected
    chat.say("Hello", media=5)  # rejected
    chat.append(Say("Hello"))  # rejected
    await chat.gather(num_digits=1)  # rejected


@app.flow(IncomingMessage, path="/table")
async def table(chat: MessageFlow, *, table: int) -> None:
    await chat.ask("Coming?", timeout=timedelta(hours=1))


@app.flow(IncomingCall)
async def reception(call: CallFlow) -> None: ...


@app.on(IncomingMessage, path="/other")
def other(message: IncomingMessage) -> MessagingResponse:
    return MessagingResponse()


# Functions of something else
@app.flow(IncomingMessage, path="/call")  # rejected
async def of_calls(call: CallFlow) -> None: ...


@app.flow(IncomingCall, path="/chat")  # rejected
async def of_messages(chat: MessageFlow) -> None: ...


@app.flow(IncomingMessage, path="/sync")  # rejected
def not_async(chat: MessageFlow) -> None: ...


# What begins no conversation
TO, FROM = "+15558675310", "+15017122661"


def begin(client: Client) -> None:
    app.converse(client, to=TO, from_=FROM, flow=reception)  # rejected
    app.converse(client, to=TO, from_=FROM, flow=other)  # rejected
    app.converse(client, to=TO, from_=FROM, flow=table)  # rejected
    app.converse(client, to=TO, from_=FROM, flow=table.bind(table="four"))  # rejected
    app.converse(client, to=TO, from_=FROM, flow=table.bind())  # rejected
    app.converse(client, to=TO, from_=FROM, flow="https://example.com/texts/survey")  # rejected
    app.converse(client, to=TO, flow=survey)  # rejected
    Gather(action=survey)  # rejected


async def begin_async(client: AsyncClient) -> None:
    (await app.converse(client, to=TO, from_=FROM, flow=survey)).sid  # rejected
