"""What type checkers make of links that carry arguments: names and kinds are those of the function."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Literal

from typing_extensions import assert_type

from ringback import Application, CallFlow, Client
from ringback.app import Flow, Handler, Link, Target, WithCookies
from ringback.twiml import Dial, Gather, MessagingResponse, Number, Redirect, VoiceResponse
from ringback.webhooks import (
    CallEnded,
    CallStatusChanged,
    EventRequest,
    GatherResult,
    IncomingCall,
    IncomingMessage,
    OutgoingCall,
    VoiceFallback,
)

app = Application(public_url="https://example.com")


class Course(Enum):
    FIRST = 1


@app.on(GatherResult)
async def choose(pressed: GatherResult, *, table: int) -> VoiceResponse:
    return VoiceResponse(Gather(action=choose.bind(table=table + 1)))


@app.on(GatherResult)
def optional(pressed: GatherResult, *, table: int = 1, course: Course | None = None) -> VoiceResponse:
    return VoiceResponse()


@app.on(GatherResult)
def plain(pressed: GatherResult) -> VoiceResponse:
    return VoiceResponse()


@app.on(CallStatusChanged)
def ended(event: CallStatusChanged, *, order: Literal["a", "b"]) -> None: ...


@app.on(IncomingMessage)
def reply(message: IncomingMessage, *, topic: str) -> None: ...


@app.on(VoiceFallback)
def sorry(call: VoiceFallback, *, table: int) -> VoiceResponse:
    return VoiceResponse()


@app.on(OutgoingCall)
def everything(
    call: OutgoingCall,
    *,
    text: str,
    flag: bool,
    number: float,
    amount: Decimal,
    day: date,
    moment: datetime,
    course: Course,
    nothing: None = None,
) -> VoiceResponse:
    return VoiceResponse()


@app.flow(OutgoingCall)
async def remind(call: CallFlow, *, table: int, at: datetime | None = None) -> None:
    call.redirect(remind.bind(table=table, at=at))
    await call.gather(partial_result_callback="/x")


@app.flow(IncomingCall)
async def reception(call: CallFlow, *, times: int = 0) -> None:
    call.redirect(reception)
    call.redirect(reception.bind(times=times + 1))


def menu(onward: Target[GatherResult]) -> VoiceResponse:
    return VoiceResponse(Gather(action=onward, num_digits=1))


def whatever_lacks_nothing_is_a_target() -> None:
    menu(plain)
    menu(optional)
    menu(choose.bind(table=4))
    targets: list[Target[GatherResult]] = [plain, optional.bind(table=2)]
    calls: Target[IncomingCall] = reception
    redirected: Target[OutgoingCall] = remind.bind(table=4)
    reports: Target[CallEnded] = ended.bind(order="b")
    print(targets, calls, redirected, reports)


def links_are_targets(client: Client) -> None:
    assert_type(choose.bind(table=4), Link[GatherResult])
    assert_type(choose.bind(table=4).url, str)
    assert_type(choose.bind(table=4).bind(), Link[GatherResult])
    Gather(action=choose.bind(table=4))
    Gather(action=plain)
    Gather(action=plain.bind())
    Gather(action=optional)
    Gather(action=optional.bind())
    Gather(action=optional.bind(table=2, course=Course.FIRST))
    Gather(action=optional.bind(course=None))
    Dial(Number("+1", status_callback=ended.bind(order="a")))
    Redirect(reception)
    Redirect(reception.bind(times=1))
    Redirect(remind.bind(table=1))
    call = app.dial(client, to="+1", from_="+2", answer=remind.bind(table=4), fallback=sorry.bind(table=4))
    app.dial(client, to="+1", from_="+2", answer=reception)
    app.dial(
        client,
        to="+1",
        from_="+2",
        answer=everything.bind(
            text="",
            flag=True,
            number=1,
            amount=Decimal(1),
            day=date.today(),
            moment=datetime.now(),
            course=Course.FIRST,
        ),
    )
    call.redirect(reception.bind(times=2))
    call.redirect(remind.bind(table=2))
    app.callback(CallEnded).bind()


@app.on(IncomingCall, path="/visits")
def visits(call: IncomingCall) -> WithCookies[VoiceResponse] | VoiceResponse:
    assert_type(call.request, EventRequest)
    assert_type(call.request.cookies.get("visits"), str | None)
    assert_type(call.request.query.get_all("shop"), tuple[str, ...])
    assert_type(call.request.headers["Host"], str)
    return WithCookies(VoiceResponse(), {"visits": "1", "gone": None})


@app.on(IncomingMessage, path="/texts")
async def texts(message: IncomingMessage) -> WithCookies[MessagingResponse] | MessagingResponse | None:
    return WithCookies(MessagingResponse(), {"visits": "1"})


async def functions_are_called_with_them(pressed: GatherResult, flow: CallFlow) -> None:
    assert_type(await choose(pressed, table=3), VoiceResponse)
    assert_type(optional(pressed), VoiceResponse)
    await remind(flow, table=3)


def annotated(handler: Handler[GatherResult, VoiceResponse], flow: Flow) -> None:
    Gather(action=handler)
    Redirect(flow)


app.on(GatherResult, path="/partial")(partial(choose.function, table=4))
