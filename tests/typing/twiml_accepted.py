"""Right documents: mypy and pyright accept every line, and `tests/twiml/test_building.py` builds them."""

from decimal import Decimal

from typing_extensions import assert_type

from ringback._core.webhooks.events import Target
from ringback.twiml import (
    Application,
    ApplicationSid,
    Body,
    Break,
    Client,
    Conference,
    Connect,
    ConversationRelay,
    Dial,
    Emphasis,
    Enqueue,
    Gather,
    Hangup,
    Header,
    Headers,
    Identity,
    Lang,
    Language,
    Media,
    Message,
    MessagingResponse,
    Number,
    Parameter,
    Pause,
    Pay,
    Play,
    Problem,
    Prompt,
    Prosody,
    Queue,
    Raw,
    Record,
    Redirect,
    Refer,
    ReferSip,
    Reject,
    Say,
    SayAs,
    Sip,
    Siprec,
    Start,
    Stop,
    StopStream,
    Stream,
    Task,
    Uri,
    VoiceResponse,
    lint,
    messaging,
    parse,
    types,
    validate,
)
from ringback.webhooks import (
    CalleeAnswered,
    CallStatusChanged,
    DialResult,
    GatherResult,
    IncomingCall,
    IncomingMessage,
    OutgoingCall,
    RecordResult,
    StreamResult,
)


def voice(
    chosen: Target[GatherResult],
    greet: Target[IncomingCall],
    placed: Target[OutgoingCall],
    dialled: Target[DialResult],
    recorded: Target[RecordResult],
    whisper: Target[CalleeAnswered],
    status: Target[CallStatusChanged],
    streamed: Target[StreamResult],
    voice_name: types.Voice,
    tone: types.RingTone,
) -> list[VoiceResponse]:
    return [
        VoiceResponse(),
        VoiceResponse(Say("Hello"), Pause(length=2), Hangup()),
        VoiceResponse(Gather(Say("Press 1."), Play("/a.mp3"), num_digits=1, action=chosen)),
        VoiceResponse(Gather(action="/menu", input=["dtmf", "speech"], speech_timeout="auto", method="GET")),
        VoiceResponse(Gather(input=("speech",), speech_timeout=3, language="en-US", speech_model="my_model")),
        VoiceResponse(Say("x", voice="Polly.Joanna-Neural", language="de-DE", loop=0)),
        VoiceResponse(Say("x", voice="A voice of tomorrow"), Say("y", voice=voice_name)),
        VoiceResponse(Say("It is ", SayAs("12:30", interpret_as="time"), Break(strength="weak"), "now")),
        VoiceResponse(
            Say(Prosody("x", Emphasis("y", level="strong"), rate="80%"), Lang("z", xml_lang="fr-FR"))
        ),
        VoiceResponse(Dial("+15017122661", action=dialled, timeout=20, record=True, ring_tone=tone)),
        VoiceResponse(Dial(Number("+15017122661", url=whisper, status_callback=status), sequential=True)),
        VoiceResponse(Dial(Number("+1", status_callback_event=["initiated", "completed"]), Client("bob"))),
        VoiceResponse(
            Dial(Client(Identity("bob"), Parameter(name="a", value="b")), record="record-from-answer")
        ),
        VoiceResponse(Dial(Conference("room", beep="onEnter", muted=False, jitter_buffer_size="small"))),
        VoiceResponse(Dial(Conference("room", beep=False), Queue("support"))),
        VoiceResponse(
            Dial(Sip(Uri("sip:a@example.com", priority=1), Headers(Header(name="X-A", value="1"))))
        ),
        VoiceResponse(Dial(Application(ApplicationSid("AP" + "0" * 32), Parameter(name="a", value="b")))),
        VoiceResponse(Refer(ReferSip("sip:a@example.com"), action="/referred")),
        VoiceResponse(Record(action=recorded, max_length=60, transcribe=True, trim="do-not-trim")),
        VoiceResponse(Redirect(greet), Redirect(placed), Redirect("/x", method="GET"), Redirect()),
        VoiceResponse(
            Enqueue("support", wait_url=""), Enqueue(Task({"skill": 1}), workflow_sid="WW" + "0" * 32)
        ),
        VoiceResponse(Reject(reason="busy")),
        VoiceResponse(
            Pay(Prompt(Say("x"), for_="postal-code", attempt=[1, 2]), charge_amount=Decimal("9.99"))
        ),
        VoiceResponse(Pay(charge_amount=10, postal_code=False, valid_card_types=["visa", "diners-club"])),
        VoiceResponse(
            Connect(Stream(Parameter(name="a", value="b"), url="wss://example.com"), action=streamed)
        ),
        VoiceResponse(Connect(ConversationRelay(Language(code="de-DE"), url="wss://a", interruptible=True))),
        VoiceResponse(Start(Stream(url="wss://example.com", name="s", track="both_tracks"))),
        VoiceResponse(Start(Siprec(connector_name="c")), Stop(StopStream(name="s"))),
        VoiceResponse(Raw("<New/>"), Gather(Raw("<New/>")), Hangup(extra_attributes={"new": "1"})),
        VoiceResponse(*[Say(word) for word in ("a", "b")]),
    ]


def messages(reply: Target[IncomingMessage]) -> list[MessagingResponse]:
    return [
        MessagingResponse(Message("Hello", to="+15017122661")),
        MessagingResponse(
            Message(Body("Hello"), Media("/a.png"), action="/status"), messaging.Redirect(reply)
        ),
        MessagingResponse(messaging.Redirect("/next", method="POST")),
    ]


def step_by_step(chosen: Target[GatherResult]) -> None:
    response = VoiceResponse()
    with response.gather(num_digits=1, action=chosen, timeout=5) as gather:
        assert_type(gather, Gather)
        assert_type(gather.say("Press 1.", voice="man"), Say)
        gather.append(Pause(), Say("Now."))
    assert_type(response.dial(timeout=5).number("+15017122661", send_digits="1"), Number)
    assert_type(MessagingResponse().redirect("/x"), messaging.Redirect)
    assert_type(gather.num_digits, int | None)
    assert_type(gather.children, tuple[Pause | Play | Say | Raw, ...])
    assert_type(Pay().charge_amount, Decimal | None)
    assert_type(Number("+1").text, str)
    assert_type(Gather().method, types.Method | None)


def reading(xml: bytes) -> None:
    assert_type(parse(xml), VoiceResponse | MessagingResponse)
    assert_type(parse(xml, document="voice"), VoiceResponse)
    assert_type(parse(xml, document="messaging", strict=False), MessagingResponse)
    assert_type(validate(xml), list[Problem])
    assert_type(lint(xml, document="voice", ignore={"RB205"}), list[Problem])
