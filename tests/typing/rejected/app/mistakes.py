"""Mistakes with the runtime that both type checkers find: each line that ends in `rejected`, and no other."""

from __future__ import annotations

from ringback.app import Application, CallFlow, HandlerFailed
from ringback.client import AsyncClient, Client
from ringback.twiml import Client as Callee
from ringback.twiml import Dial, Gather, MessagingResponse, Number, Redirect, Stream, VoiceResponse
from ringback.webhooks import CallEnded, CallRinging, GatherResult, IncomingCall, IncomingMessage

app = Application(public_url="https://example.com")


@app.on(IncomingCall)
async def greet(call: IncomingCall) -> VoiceResponse:
    return VoiceResponse()


@app.on(GatherResult)
async def choose(pressed: GatherResult) -> VoiceResponse:
    return VoiceResponse()


@app.on(CallEnded)
async def log_end(event: CallEnded) -> None: ...


@app.flow(IncomingCall)
async def reception(call: CallFlow) -> None: ...


# Settings of another name or type
Application(public_url="https://example.com", deadlines=5)  # rejected
Application(public_url="https://example.com", deadline="5")  # rejected
Application(public_url="https://example.com", connection_overrides=3)  # rejected
Application(public_url="https://example.com", store=dict[str, bytes]())  # rejected
Application(deadline=5)  # rejected


# Links to handlers of something else
Gather(action=greet)  # rejected
Gather(action=log_end)  # rejected
Gather(action=reception)  # rejected
Redirect(choose)  # rejected
Dial(action=choose)  # rejected


# Handlers that take or give the wrong thing
async def takes_another_event(pressed: GatherResult) -> VoiceResponse:
    raise NotImplementedError


async def gives_nothing(call: IncomingCall) -> None: ...
async def gives_text(call: IncomingCall) -> str:
    raise NotImplementedError


async def gives_voice(message: IncomingMessage) -> VoiceResponse:
    raise NotImplementedError


async def gives_something(event: CallEnded) -> VoiceResponse:
    raise NotImplementedError


def takes_nothing() -> VoiceResponse:
    raise NotImplementedError


def gives_messages(call: IncomingCall) -> MessagingResponse:
    raise NotImplementedError


app.on(IncomingCall)(takes_another_event)  # rejected
app.on(IncomingCall)(gives_nothing)  # rejected
app.on(IncomingCall)(gives_text)  # rejected
app.on(IncomingCall)(takes_nothing)  # rejected
app.on(IncomingCall)(gives_messages)  # rejected
app.on(IncomingMessage)(gives_voice)  # rejected
app.on(CallEnded)(gives_something)  # rejected
app.on("IncomingCall")(greet)  # rejected
app.on(HandlerFailed, path="/failed")  # rejected


# Flows
def not_async(call: CallFlow) -> None: ...
async def takes_an_event(call: IncomingCall) -> None: ...


app.flow(IncomingCall)(not_async)  # rejected
app.flow(IncomingCall)(takes_an_event)  # rejected
app.flow(GatherResult)(reception)  # rejected


async def misused(call: CallFlow) -> None:
    call.say(1)  # rejected
    call.say("Hello", loop="twice")  # rejected
    await call.gather(num_digit=1)  # rejected
    await call.gather(Dial("+1"))  # rejected
    await call.gather(action=choose)  # rejected
    recording = await call.record()
    recording.duration  # rejected
    (await call.gather()).digits  # rejected
    call.gather().digits  # rejected
    call.redirect(choose)  # rejected
    call.redirect()  # rejected
    await call.enqueue("tables", wait_url=greet)  # rejected
    (await call.enqueue("tables")).digits  # rejected
    await call.refer("sip:ada@example.com")  # rejected
    await call.connect()  # rejected
    await call.connect(Dial("+1"))  # rejected
    (await call.connect(Stream(url="wss://example.com"))).session_status  # rejected
    await call.pay(currency=840)  # rejected
    await call.dial(Number("+1", url=choose))  # rejected
    call.prompt("Card?", for_="payment-card-number")  # rejected
    call.start(Stream(url="wss://example.com"), action="https://example.com")  # rejected
    call.append("Hello")  # rejected
    room = call.room(AsyncClient())
    await room.add(to="+1")  # rejected
    await room.add(to="+1", from_="+2", wait_url=greet)  # rejected
    await room.hold("waiter", greet)  # rejected
    await room.announce(choose)  # rejected
    room.mute("waiter").muted  # rejected
    call.room(Client())  # rejected
    await app.room(Client(), "kitchen").end()  # rejected


# Listeners
def hears_ringing(event: CallRinging) -> None: ...


app.on(CallEnded, hears_ringing)  # rejected
app.on(CallEnded, lambda event: event.recording)  # rejected
app.callback(IncomingCall)  # rejected


# Calls and messages
async def calls(client: Client, async_client: AsyncClient) -> None:
    await app.dial(client, to="+1", from_="+2", answer=VoiceResponse())  # rejected
    app.dial(async_client, to="+1", from_="+2", answer=VoiceResponse()).hangup()  # rejected
    app.dial(client, to="+1", from_="+2", answer=choose)  # rejected
    app.dial(client, to="+1", from_="+2", answer=greet)  # rejected
    app.dial(client, to="+1", from_="+2")  # rejected
    app.dial(client, to="+1", from_="+2", answer="<Response/>")  # rejected
    app.dial(client, to="+1", from_="+2", answer=reception, timout=5)  # rejected
    app.text(client, to="+1", from_="+2")  # rejected
    app.text(client, to="+1", body="Hi")  # rejected
    app.text(client, from_="+2", body="Hi")  # rejected
    app.text(client, to="+1", from_="+2", body="Hi", status_callback="https://example.com")  # rejected
    app.text(client, to="+1", from_="+2", body="Hi").reply()  # rejected
    app.text(client, to="+1", from_="+2", body="Hi").reply("Hi", to="+3")  # rejected
    app.dial(client, to="+1", from_="+2", answer=reception, fallback=greet)  # rejected
    app.dial(client, to="+1", from_="+2", answer=reception, trim="yes")  # rejected
    app.dial(client, to="+1", from_="+2", answer=reception, status_callback="https://example.com")  # rejected
    app.dial(Callee("ada"), to="+1", from_="+2", answer=reception)  # rejected
    call = app.dial(client, to="+1", from_="+2", answer=reception)
    call.redirect(choose)  # rejected
    call.redirect("https://example.com", method="PUT")  # rejected
    call.wait_for("CallEnded")  # rejected
    call.wait_for(CallEnded).digits  # rejected
    await call.wait_for(CallEnded)  # rejected
