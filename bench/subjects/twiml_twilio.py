"""The documents, with twilio-python."""

from __future__ import annotations

from typing import Any

from twilio.twiml.voice_response import VoiceResponse

from bench.subjects.twiml_task import measure


def small() -> object:
    # Its verbs have no types.
    response: Any = VoiceResponse()
    gather: Any = response.gather(num_digits=1, action="/menu?a=1&b=2")
    gather.say("Press 1 for sales & more.", voice="Polly.Joanna")
    response.say("We heard nothing.")
    response.redirect("/again")
    response.hangup()
    return response


def large(elements: int) -> object:
    response: Any = VoiceResponse()
    for number in range(elements // 8):
        gather: Any = response.gather(num_digits=1, action=f"/menu/{number}", timeout=5)
        gather.say(f"Press {number} for sales & more.", voice="Polly.Joanna")
        response.say("One moment, please.", language="en-GB")
        response.pause(length=2)
        response.play("https://example.com/music.mp3", loop=2)
        response.say(f"Connecting you to number {number}.")
        response.dial(caller_id="+15017122661", timeout=20).number("+15558675310")
    return response


if __name__ == "__main__":
    measure(small, large)
