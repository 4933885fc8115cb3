"""The design's snippets of a flow, and of a call that is placed, followed and redirected."""

from __future__ import annotations

from typing_extensions import assert_type

from ringback import (
    Application,
    AsyncClient,
    AsyncLiveCall,
    CallConnected,
    CallEnded,
    CallFlow,
    CallRinging,
    IncomingCall,
    OutgoingCall,
    RecordResult,
)
from ringback.emulator import Emulator
from ringback.twiml import Say

app = Application(public_url="https://example.com/phone")


@app.flow(IncomingCall)
async def reception(call: CallFlow) -> None:
    call.say("Thanks for calling.")
    for _ in range(3):
        pressed = await call.gather(Say("Press 1 to leave a message."), num_digits=1, timeout=5)
        if pressed is not None:
            break
        call.say("I did not hear you.")
    else:
        return call.hangup()
    recording = await call.record(max_length=60, transcribe=True)
    assert_type(recording, RecordResult | None)
    if recording is not None:  # silence leaves no recording
        call.say(f"Got it, {recording.duration} seconds. Goodbye.")


@app.flow(OutgoingCall)
async def reminder(call: CallFlow) -> None:
    call.say("Your table is ready.")
    await call.gather(Say("Press any key."), num_digits=1, timeout=120)


@app.flow(OutgoingCall)
async def other_flow(call: CallFlow) -> None:
    call.say("Something else.")


async def place(client: AsyncClient) -> CallEnded:
    call = await app.dial(client, to="+15558675310", from_="+15017122661", answer=reminder)
    assert_type(call, AsyncLiveCall)
    call.on(CallRinging, lambda e: print("ringing", e.to))
    await call.wait_for(CallConnected, timeout=60)
    await call.redirect(other_flow)  # while it lives; also .hangup() and .cancel()
    ended = await call.wait_for(CallEnded, timeout=300)
    print(ended.status, ended.duration)
    return ended


def test_reception(emulator: Emulator) -> None:
    call = emulator.phone("+15558675310").dial("+15017122661")
    call.expect_say("Press 1")
    call.press("1")
    call.speak("Hello, it's me", seconds=4)
    call.expect_say("Got it, 4 seconds")
    assert call.ended.status == "completed"
