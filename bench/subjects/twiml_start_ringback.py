"""A first document, with ringback."""

from ringback.twiml import Gather, Say, VoiceResponse

str(VoiceResponse(Gather(Say("Press 1."), num_digits=1)))
