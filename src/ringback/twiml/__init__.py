"""TwiML: documents that tell Twilio what to do with a call or a message.

    VoiceResponse(Gather(Say("Press 1."), num_digits=1, action=choose), Hangup())

builds a document; `str()` writes it. Every element is a class, its attributes are keyword arguments in PEP 8
spelling, and what the schema doesn't allow raises TwimlError when it is made. The schema itself is in
`spec/twiml`, and ships as `ringback/twiml/schemas`.

    building     VoiceResponse, Say, Gather, …; MessagingResponse, Message, …; Raw
    reading      parse
    checking     validate (against the schema), lint (what a schema can't say), Problem

Two elements are called Redirect: the one of this module belongs in a VoiceResponse, and
`ringback.twiml.messaging.Redirect` in a MessagingResponse. Names that mean something else in another place
have a class for each: Sip and ReferSip, Stream and StopStream, Siprec and StopSiprec.

All names are imported when they are first used, so that building a document costs no more than it needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ringback._core.twiml_elements import Raw as Raw
    from ringback._generated.twiml.messaging import Body as Body
    from ringback._generated.twiml.messaging import Media as Media
    from ringback._generated.twiml.messaging import Message as Message
    from ringback._generated.twiml.messaging import MessagingResponse as MessagingResponse
    from ringback._generated.twiml.voice import AiSession as AiSession
    from ringback._generated.twiml.voice import Application as Application
    from ringback._generated.twiml.voice import ApplicationSid as ApplicationSid
    from ringback._generated.twiml.voice import Assistant as Assistant
    from ringback._generated.twiml.voice import Autopilot as Autopilot
    from ringback._generated.twiml.voice import Break as Break
    from ringback._generated.twiml.voice import Client as Client
    from ringback._generated.twiml.voice import Conference as Conference
    from ringback._generated.twiml.voice import Config as Config
    from ringback._generated.twiml.voice import Connect as Connect
    from ringback._generated.twiml.voice import Conversation as Conversation
    from ringback._generated.twiml.voice import ConversationRelay as ConversationRelay
    from ringback._generated.twiml.voice import ConversationRelaySession as ConversationRelaySession
    from ringback._generated.twiml.voice import Dial as Dial
    from ringback._generated.twiml.voice import Echo as Echo
    from ringback._generated.twiml.voice import Emphasis as Emphasis
    from ringback._generated.twiml.voice import Enqueue as Enqueue
    from ringback._generated.twiml.voice import Gather as Gather
    from ringback._generated.twiml.voice import Hangup as Hangup
    from ringback._generated.twiml.voice import Header as Header
    from ringback._generated.twiml.voice import Headers as Headers
    from ringback._generated.twiml.voice import Identity as Identity
    from ringback._generated.twiml.voice import Lang as Lang
    from ringback._generated.twiml.voice import Language as Language
    from ringback._generated.twiml.voice import Leave as Leave
    from ringback._generated.twiml.voice import Number as Number
    from ringback._generated.twiml.voice import P as P
    from ringback._generated.twiml.voice import Parameter as Parameter
    from ringback._generated.twiml.voice import Pause as Pause
    from ringback._generated.twiml.voice import Pay as Pay
    from ringback._generated.twiml.voice import Phoneme as Phoneme
    from ringback._generated.twiml.voice import Play as Play
    from ringback._generated.twiml.voice import Prompt as Prompt
    from ringback._generated.twiml.voice import Prosody as Prosody
    from ringback._generated.twiml.voice import Queue as Queue
    from ringback._generated.twiml.voice import Record as Record
    from ringback._generated.twiml.voice import Recording as Recording
    from ringback._generated.twiml.voice import Redirect as Redirect
    from ringback._generated.twiml.voice import Refer as Refer
    from ringback._generated.twiml.voice import ReferSip as ReferSip
    from ringback._generated.twiml.voice import Reject as Reject
    from ringback._generated.twiml.voice import Room as Room
    from ringback._generated.twiml.voice import S as S
    from ringback._generated.twiml.voice import Say as Say
    from ringback._generated.twiml.voice import SayAs as SayAs
    from ringback._generated.twiml.voice import Sim as Sim
    from ringback._generated.twiml.voice import Sip as Sip
    from ringback._generated.twiml.voice import Siprec as Siprec
    from ringback._generated.twiml.voice import Sms as Sms
    from ringback._generated.twiml.voice import Start as Start
    from ringback._generated.twiml.voice import Stop as Stop
    from ringback._generated.twiml.voice import StopSiprec as StopSiprec
    from ringback._generated.twiml.voice import StopStream as StopStream
    from ringback._generated.twiml.voice import Stream as Stream
    from ringback._generated.twiml.voice import Sub as Sub
    from ringback._generated.twiml.voice import Task as Task
    from ringback._generated.twiml.voice import Transcription as Transcription
    from ringback._generated.twiml.voice import Uri as Uri
    from ringback._generated.twiml.voice import VirtualAgent as VirtualAgent
    from ringback._generated.twiml.voice import VoiceResponse as VoiceResponse
    from ringback._generated.twiml.voice import W as W
    from ringback._generated.twiml.voice import WhatsApp as WhatsApp

_HOMES = {
    "ringback._core.twiml_elements": ("Raw",),
    "ringback._generated.twiml.voice": (
        "AiSession",
        "Application",
        "ApplicationSid",
        "Assistant",
        "Autopilot",
        "Break",
        "Client",
        "Conference",
        "Config",
        "Connect",
        "Conversation",
        "ConversationRelay",
        "ConversationRelaySession",
        "Dial",
        "Echo",
        "Emphasis",
        "Enqueue",
        "Gather",
        "Hangup",
        "Header",
        "Headers",
        "Identity",
        "Lang",
        "Language",
        "Leave",
        "Number",
        "P",
        "Parameter",
        "Pause",
        "Pay",
        "Phoneme",
        "Play",
        "Prompt",
        "Prosody",
        "Queue",
        "Record",
        "Recording",
        "Redirect",
        "Refer",
        "ReferSip",
        "Reject",
        "Room",
        "S",
        "Say",
        "SayAs",
        "Sim",
        "Sip",
        "Siprec",
        "Sms",
        "Start",
        "Stop",
        "StopSiprec",
        "StopStream",
        "Stream",
        "Sub",
        "Task",
        "Transcription",
        "Uri",
        "VirtualAgent",
        "VoiceResponse",
        "W",
        "WhatsApp",
    ),
    "ringback._generated.twiml.messaging": ("Body", "Media", "Message", "MessagingResponse"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "AiSession",
    "Application",
    "ApplicationSid",
    "Assistant",
    "Autopilot",
    "Body",
    "Break",
    "Client",
    "Conference",
    "Config",
    "Connect",
    "Conversation",
    "ConversationRelay",
    "ConversationRelaySession",
    "Dial",
    "Echo",
    "Emphasis",
    "Enqueue",
    "Gather",
    "Hangup",
    "Header",
    "Headers",
    "Identity",
    "Lang",
    "Language",
    "Leave",
    "Media",
    "Message",
    "MessagingResponse",
    "Number",
    "P",
    "Parameter",
    "Pause",
    "Pay",
    "Phoneme",
    "Play",
    "Prompt",
    "Prosody",
    "Queue",
    "Raw",
    "Record",
    "Recording",
    "Redirect",
    "Refer",
    "ReferSip",
    "Reject",
    "Room",
    "S",
    "Say",
    "SayAs",
    "Sim",
    "Sip",
    "Siprec",
    "Sms",
    "Start",
    "Stop",
    "StopSiprec",
    "StopStream",
    "Stream",
    "Sub",
    "Task",
    "Transcription",
    "Uri",
    "VirtualAgent",
    "VoiceResponse",
    "W",
    "WhatsApp",
]


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
