"""The documents, with ringback."""

from __future__ import annotations

from bench.subjects.twiml_task import measure
from ringback.twiml import Gather, Hangup, Redirect, Say, VoiceResponse


def small() -> VoiceResponse:
    return VoiceResponse(
        Gather(Say("Press 1 for sales & more.", voice="Polly.Joanna"), num_digits=1, action="/menu?a=1&b=2"),
        Say("We heard nothing."),
        Redirect("/again"),
        Hangup(),
    )


def large(elements: int) -> VoiceResponse:
    response = VoiceResponse()
    for number in range(elements // 8):
        gather = response.gather(num_digits=1, action=f"/menu/{number}", timeout=5)
        gather.say(f"Press {number} for sales & more.", voice="Polly.Joanna")
        response.say("One moment, please.", language="en-GB")
        response.pause(length=2)
        response.play("https://example.com/music.mp3", loop=2)
        response.say(f"Connecting you to number {number}.")
        response.dial(caller_id="+15017122661", timeout=20).number("+15558675310")
    return response


if __name__ == "__main__":
    measure(small, large)
