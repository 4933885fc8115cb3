"""A first document, with twilio-python."""

from typing import Any

from twilio.twiml.voice_response import VoiceResponse

response: Any = VoiceResponse()
response.gather(num_digits=1).say("Press 1.")
str(response)
