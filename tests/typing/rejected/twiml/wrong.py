"""Wrong documents: mypy and pyright reject every line that ends in `# rejected`, and no other."""

from ringback._core.webhooks.events import Target
from ringback.twiml import (
    Application,
    Break,
    Client,
    Conference,
    Connect,
    Dial,
    Enqueue,
    Gather,
    Hangup,
    Headers,
    Media,
    Message,
    MessagingResponse,
    Number,
    Parameter,
    Pause,
    Pay,
    Play,
    Prompt,
    Queue,
    Record,
    Redirect,
    Refer,
    Reject,
    Say,
    SayAs,
    Sip,
    Siprec,
    Start,
    Stop,
    StopStream,
    Stream,
    VoiceResponse,
    messaging,
    parse,
    validate,
)
from ringback.webhooks import CallStatusChanged, DialResult, GatherResult, IncomingCall, IncomingMessage


def documents(
    greet: Target[IncomingCall],
    chosen: Target[GatherResult],
    dialled: Target[DialResult],
    status: Target[CallStatusChanged],
    texted: Target[IncomingMessage],
) -> None:
    # Children
    VoiceResponse("Hello")  # rejected
    VoiceResponse(Number("+1"))  # rejected
    VoiceResponse(Message("x"))  # rejected
    VoiceResponse(messaging.Redirect("/x"))  # rejected
    VoiceResponse(VoiceResponse())  # rejected
    VoiceResponse([Say("x")])  # rejected
    VoiceResponse(Say)  # rejected
    MessagingResponse(Say("x"))  # rejected
    MessagingResponse(Redirect("/x"))  # rejected
    MessagingResponse(Media("/x"))  # rejected
    Gather(Dial("+1"))  # rejected
    Gather("Press 1")  # rejected
    Dial(Say("x"))  # rejected
    Dial(Stream(url="wss://a"))  # rejected
    Say(Play("/x"))  # rejected
    Say(5)  # rejected
    Refer(Sip("sip:a@b.c"))  # rejected
    Stop(Stream(url="wss://a"))  # rejected
    Start(StopStream())  # rejected
    Connect(Siprec(connector_name="c"))  # rejected
    Conference(Parameter(name="a", value="b"))  # rejected
    Sip(Parameter(name="a", value="b"))  # rejected
    Headers(Parameter(name="a", value="b"))  # rejected
    Hangup("x")  # rejected
    Pause("5")  # rejected
    Break(Say("x"))  # rejected
    # Names of attributes
    Gather(num_digit=1)  # rejected
    Gather(numDigits=1)  # rejected
    Play("/x", voice="man")  # rejected
    Pause(loop=2)  # rejected
    Conference("r", whisper="CA")  # rejected
    Play(url="/x")  # rejected
    # Types of attributes
    Gather(num_digits="1")  # rejected
    Gather(timeout=1.5)  # rejected
    Gather(input="dtmf")  # rejected
    Gather(input=["dmtf"])  # rejected
    Gather(method="PUT")  # rejected
    Gather(speech_timeout="soon")  # rejected
    Gather(barge_in="true")  # rejected
    Record(trim=True)  # rejected
    Reject(reason="no-answer")  # rejected
    Number("+1", status_callback_event=["busy"])  # rejected
    Number("+1", status_callback_event="completed")  # rejected
    Conference("r", beep="always")  # rejected
    Prompt(for_="cvv")  # rejected
    Pay(charge_amount="9.99")  # rejected
    Pay(language="sv-SE")  # rejected
    SayAs("1", interpret_as="money")  # rejected
    Dial("+1", ring_tone="xx")  # rejected
    Hangup(extra_attributes={"a": 1})  # rejected
    # Required ones
    Number()  # rejected
    Parameter(name="a")  # rejected
    Stream(name="a")  # rejected
    SayAs("1")  # rejected
    # Handlers
    Gather(action=greet)  # rejected
    Dial("+1", action=chosen)  # rejected
    Redirect(chosen)  # rejected
    Redirect(texted)  # rejected
    messaging.Redirect(greet)  # rejected
    Number("+1", status_callback=dialled)  # rejected
    Number("+1", url=status)  # rejected
    Client("bob", url=chosen)  # rejected
    # Step by step
    response = VoiceResponse()
    response.gather(num_digit=1)  # rejected
    response.number("+1")  # rejected
    response.append(Number("+1"))  # rejected
    response.say("x", voice=5)  # rejected
    response.gather().num_digits = 1  # rejected
    response.gather().dial("+1")  # rejected
    Dial().append(Say("x"))  # rejected
    # Reading
    parse(5)  # rejected
    parse("x", document="fax")  # rejected
    validate("x", document="call")  # rejected
    # These are fine:
    VoiceResponse(Redirect(greet), Gather(action=chosen), Dial("+1", action=dialled), Queue("x"))
    Dial(Application("AP" + "0" * 32), Number("+1", status_callback=status))
    Enqueue("x")
