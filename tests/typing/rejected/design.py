"""Eight mistakes against the design's snippets."""

from __future__ import annotations

from ringback import Application, AsyncClient, Client, GatherResult, IncomingCall
from ringback.twiml import Dial, Gather, Say, VoiceResponse

app = Application(public_url="https://example.com/phone")


@app.on(IncomingCall)
async def greet(call: IncomingCall) -> VoiceResponse:
    return VoiceResponse(Say("Hello"))


Gather(Dial("+15017122661"))  # rejected
Gather(Say("Press 1"), num_digit=1)  # rejected
Gather(Say("Press 1"), action=greet)  # rejected


@app.on(IncomingCall)  # rejected
async def takes_another_event(pressed: GatherResult) -> VoiceResponse:
    return VoiceResponse()


@app.on(IncomingCall)  # rejected
async def answers_nothing(call: IncomingCall) -> None: ...


async def use(client: Client, async_client: AsyncClient) -> None:
    message = client.messages.create(to="+15558675310", from_="+15017122661", body="Hello")
    client.messages.create(to="+15558675310", from_="+15017122661")  # rejected
    client.calls(message.sid).fetch()  # rejected
    client.calls.list(status="finished")  # rejected
