"""Mistakes with links that carry arguments, which both type checkers find."""

from __future__ import annotations

from ringback.app import Application, CallFlow, Flow, Handler, Target, WithCookies
from ringback.client import Client
from ringback.twiml import Dial, Gather, MessagingResponse, Number, Redirect, VoiceResponse
from ringback.webhooks import CallStatusChanged, GatherResult, IncomingCall, OutgoingCall, VoiceFallback

app = Application(public_url="https://example.com")


@app.on(GatherResult)
async def choose(pressed: GatherResult, *, table: int) -> VoiceResponse:
    return VoiceResponse()


@app.on(GatherResult)
def plain(pressed: GatherResult) -> VoiceResponse:
    return VoiceResponse()


@app.on(IncomingCall)
def greet(call: IncomingCall, *, table: int) -> VoiceResponse:
    return VoiceResponse()


@app.on(CallStatusChanged)
def ended(event: CallStatusChanged, *, order: str) -> None: ...


@app.on(VoiceFallback)
def sorry(call: VoiceFallback, *, table: int) -> VoiceResponse:
    return VoiceResponse()


@app.flow(OutgoingCall)
async def remind(call: CallFlow, *, table: int) -> None: ...


def menu(onward: Target[GatherResult]) -> VoiceResponse:
    return VoiceResponse(Gather(action=onward))


# What isn't bound yet
Gather(action=choose)  # rejected
Dial(Number("+1", status_callback=ended))  # rejected
Redirect(greet)  # rejected
Redirect(remind)  # rejected

menu(choose)  # rejected
menu(greet.bind(table=1))  # rejected

# Bound to the wrong things
choose.bind()  # rejected
choose.bind(table="x")  # rejected
choose.bind(table=None)  # rejected
choose.bind(tabel=1)  # rejected
choose.bind(4)  # rejected
choose.bind(table=1, window=True)  # rejected
plain.bind(table=1)  # rejected
remind.bind()  # rejected
remind.bind(table="4")  # rejected
app.callback(CallStatusChanged).bind(table=1)  # rejected

# Bound, and still of something else
Gather(action=greet.bind(table=1))  # rejected
Gather(action=remind.bind(table=1))  # rejected
Redirect(choose.bind(table=1))  # rejected


# Cookies around what is no answer
@app.on(IncomingCall, path="/x")  # rejected
def texts(call: IncomingCall) -> WithCookies[MessagingResponse]:
    call.request.cookies["a"] = "b"  # rejected
    call.request.url = ""  # rejected
    WithCookies(VoiceResponse(), {"a": 1})  # rejected
    return WithCookies(MessagingResponse(), {})


def with_a_client(client: Client) -> None:
    app.dial(client, to="+1", from_="+2", answer=remind)  # rejected
    app.dial(client, to="+1", from_="+2", answer=greet.bind(table=1))  # rejected
    app.dial(client, to="+1", from_="+2", answer=remind.bind(table=1), fallback=sorry)  # rejected
    call = app.dial(client, to="+1", from_="+2", answer=remind.bind(table=1))
    call.redirect(remind)  # rejected
    call.redirect(choose.bind(table=1))  # rejected


async def called(pressed: GatherResult, call: CallFlow) -> None:
    await choose(pressed)  # rejected
    await choose(pressed, table="x")  # rejected
    await remind(call)  # rejected
    call.redirect(remind)  # rejected
    call.redirect(choose.bind(table=1))  # rejected


def annotated(handler: Handler[GatherResult, VoiceResponse], flow: Flow) -> None: ...


annotated(plain, remind)  # rejected
