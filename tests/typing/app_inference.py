"""What type checkers make of the runtime: everything is inferred, nothing has to be annotated twice."""

from __future__ import annotations

from collections.abc import Awaitable

from typing_extensions import assert_type

from ringback.app import (
    Application,
    AsyncLiveCall,
    AsyncLiveMessage,
    AsyncLiveRoom,
    Callback,
    CallFlow,
    ConferenceResult,
    Flow,
    Handler,
    HandlerFailed,
    LiveCall,
    LiveMessage,
    LiveRoom,
    Route,
)
from ringback.client import AsyncClient, Client
from ringback.rest import Application as ApplicationRecord
from ringback.rest import Call, Message, Participant
from ringback.stores import MemoryStore
from ringback.twiml import (
    ConversationRelay,
    Dial,
    Gather,
    MessagingResponse,
    Number,
    Prompt,
    Raw,
    Redirect,
    ReferSip,
    Room,
    Say,
    Stream,
    VirtualAgent,
    VoiceResponse,
)
from ringback.webhooks import (
    CalleeAnswered,
    CallEnded,
    CallRinging,
    CallStatusChanged,
    ConferenceAnnounce,
    ConnectResult,
    ConversationRelayResult,
    DialResult,
    EnqueueResult,
    GatherResult,
    IncomingCall,
    IncomingMessage,
    MessageStatusChanged,
    OutgoingCall,
    ParticipantHold,
    PayResult,
    QueueWait,
    RecordingStatusChanged,
    RecordResult,
    ReferResult,
    SmsVerbResult,
    StreamResult,
    VirtualAgentResult,
    VoiceCallRequest,
    VoiceFallback,
)

app = Application(public_url="https://example.com")


@app.on(IncomingCall)
async def greet(call: IncomingCall) -> VoiceResponse:
    return VoiceResponse(Gather(Say("Press 1."), action=choose), Redirect(greet))


@app.on(GatherResult)
def choose(pressed: GatherResult) -> VoiceResponse:
    return VoiceResponse(Dial(Number("+15017122661", status_callback=log_status)))


@app.on(CallStatusChanged)
def log_status(event: CallStatusChanged) -> None: ...


@app.on(CallEnded)
async def log_end(event: CallEnded) -> None: ...


@app.on(IncomingMessage, path="/texts")
def reply(message: IncomingMessage) -> MessagingResponse | None: ...


@app.on(IncomingMessage, path="/more-texts")
async def reply_async(message: IncomingMessage) -> MessagingResponse | None: ...


@app.on(OutgoingCall)
def anything(call: VoiceCallRequest) -> VoiceResponse:
    return VoiceResponse()


@app.on(VoiceFallback)
def sorry(call: VoiceFallback) -> VoiceResponse:
    return VoiceResponse()


@app.on(RecordingStatusChanged)
def recorded(event: RecordingStatusChanged) -> None: ...


@app.on(HandlerFailed)
async def alarm(failed: HandlerFailed) -> None: ...


@app.flow(IncomingCall)
async def reception(call: CallFlow) -> None:
    call.say("Hello", voice="Polly.Joanna", language="en-GB")
    assert_type(await call.gather(Say("Press 1."), input=["dtmf", "speech"]), GatherResult | None)
    assert_type(await call.record(transcribe=True), RecordResult | None)
    assert_type(await call.dial("+15017122661"), DialResult)
    assert_type(await call.join_conference(), ConferenceResult)
    assert_type(await call.put_on_hold(), ConferenceResult)
    await call.put_on_hold(wait_url="https://example.com/a.mp3", wait_method="GET", beep=True, time_limit=60)
    assert_type((await call.join_conference("kitchen")).room, str)
    assert_type(await call.enqueue("tables", wait_url=hold_music), EnqueueResult)
    assert_type(await call.refer(ReferSip("sip:ada@example.com")), ReferResult)
    assert_type(
        await call.pay(Prompt(Say("Card?"), for_="payment-card-number"), charge_amount=9.5), PayResult
    )
    assert_type(await call.connect(Stream(url="wss://example.com")), StreamResult)
    assert_type(await call.connect(ConversationRelay(url="wss://example.com")), ConversationRelayResult)
    assert_type(await call.connect(VirtualAgent(connector_name="x")), VirtualAgentResult)
    assert_type(await call.connect(Room("kitchen")), ConnectResult)
    assert_type(await call.sms("See you."), SmsVerbResult)
    assert_type(await call.dial(Number("+1", url=whisper), Number("+2", url=ask_first)), DialResult)
    call.start(Stream(url="wss://example.com"))
    call.append(Dial("+1", action="https://example.com"), Raw("<New/>"))
    call.redirect(greet)


async def rooms(call: CallFlow, client: Client, async_client: AsyncClient) -> None:
    room = call.room(async_client)
    assert_type(room, AsyncLiveRoom)
    assert_type(await room.add(to="+1", from_="+2", status_callback=log_status), Participant)
    assert_type(await room.participants(), list[Participant])
    await room.hold("waiter", hold_song)
    await room.announce(closing, to=(await room.participants())[0])
    assert_type(app.room(async_client, "kitchen"), AsyncLiveRoom)
    assert_type(app.room(client, "kitchen"), LiveRoom)
    assert_type(app.room(client, "kitchen").add(to="+1", from_="+2"), Participant)


@app.on(ParticipantHold)
def hold_song(held: ParticipantHold) -> VoiceResponse:
    return VoiceResponse()


@app.on(ConferenceAnnounce)
def closing(due: ConferenceAnnounce) -> VoiceResponse:
    return VoiceResponse()


@app.on(QueueWait)
def hold_music(waiting: QueueWait) -> VoiceResponse:
    return VoiceResponse()


@app.on(CalleeAnswered)
def whisper(callee: CalleeAnswered) -> VoiceResponse:
    return VoiceResponse()


@app.flow(CalleeAnswered)
async def ask_first(callee: CallFlow) -> None: ...


async def handlers_are_routes_and_functions(
    call: IncomingCall, pressed: GatherResult, failed: HandlerFailed
) -> None:
    assert_type(choose, Handler[GatherResult, VoiceResponse])
    assert_type(choose(pressed), VoiceResponse)
    assert_type(await greet(call), VoiceResponse)
    assert_type(log_status, Handler[CallStatusChanged, None])
    assert_type(anything, Handler[OutgoingCall, VoiceResponse])
    await alarm(failed)
    assert_type(reception, Flow)
    assert_type(app.callback(CallRinging), Callback[CallRinging])
    route: Route[GatherResult] = choose
    assert_type(route.url, str)
    assert_type(app.voice_url, str | None)


def listeners_know_their_events() -> None:
    app.once(CallEnded, lambda event: assert_type(event.duration, int | None))
    app.once(IncomingMessage, lambda event: assert_type(event.body, str))
    app.once(HandlerFailed, lambda failed: assert_type(failed.error, Exception))
    app.off(CallEnded, log_end)
    app.on(CallEnded, list[CallStatusChanged]().append)
    app.on(CallEnded, lambda event: print(event.duration))


async def waits_know_what_comes() -> None:
    ended = await app.wait_for(CallEnded, where=lambda event: event.duration is None, timeout=1)
    assert_type(ended, CallEnded)


def calls_with_a_client(client: Client) -> None:
    call = app.dial(client, to="+1", from_="+2", answer=reception, machine_detection="Enable")
    assert_type(call, LiveCall)
    assert_type(app.dial(client, to="+1", from_="+2", answer=VoiceResponse()), LiveCall)
    assert_type(app.dial(client, to="+1", from_="+2", answer=anything), LiveCall)
    call.on(CallRinging, lambda event: assert_type(event, CallRinging))
    assert_type(call.wait_for(CallEnded, timeout=300), CallEnded)
    assert_type(call.refresh(), Call)
    call.redirect(greet)
    call.redirect(reception)
    call.redirect(VoiceResponse())
    call.redirect("https://example.com", method="GET")
    app.dial(client, to="+1", from_="+2", answer=anything, fallback=sorry, recording_status_callback=recorded)
    app.dial(
        client, to="+1", from_="+2", answer=reception, fallback="https://example.com", trim="trim-silence"
    )
    message = app.text(client, to="+1", from_="+2", body="Hello")
    assert_type(message, LiveMessage)
    assert_type(message.wait_for(MessageStatusChanged), MessageStatusChanged)
    assert_type(message.reply("Again"), LiveMessage)
    assert_type(message.reply(media_url=["https://example.com/menu.png"]), LiveMessage)
    assert_type(message.cancel(), Message)
    app.text(client, to="+1", messaging_service_sid="MG", content_sid="HX", content_variables={"1": "Ada"})
    assert_type(app.install(client, friendly_name="Reception"), ApplicationRecord)
    assert_type(app.follow_call(client, "CA"), LiveCall)
    assert_type(app.follow_message(client, "SM"), LiveMessage)


async def calls_with_an_async_client(client: AsyncClient) -> None:
    pending = app.dial(client, to="+1", from_="+2", answer=reception)
    assert_type(pending, Awaitable[AsyncLiveCall])
    call = await pending
    assert_type(call, AsyncLiveCall)
    assert_type(await call.wait_for(CallEnded, timeout=300), CallEnded)
    assert_type(await call.hangup(), Call)
    message = await app.text(client, to="+1", from_="+2", body="Hello")
    assert_type(message, AsyncLiveMessage)
    assert_type(await message.reply("Again"), AsyncLiveMessage)
    assert_type(await message.reply(content_sid="HX"), AsyncLiveMessage)
    assert_type(await message.refresh(), Message)
    assert_type(await app.install(client, friendly_name="Reception"), ApplicationRecord)


def adopted(record: ApplicationRecord) -> None:
    assert_type(Application.from_resource(record, deadline=5), Application)
    assert_type(Application.from_resource(record, store=MemoryStore(), connection_overrides=""), Application)
