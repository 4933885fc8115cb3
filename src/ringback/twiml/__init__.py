"""TwiML: documents that tell Twilio what to do with a call or a message.

    VoiceResponse(Gather(Say("Press 1."), num_digits=1, action=choose), Hangup())

builds a document; `str()` writes it. Every element is a class, its attributes are keyword arguments in PEP 8
spelling, and what the schema doesn't allow raises TwimlError when it is made. The schema itself is in
`spec/twiml`, and ships as `ringback/twiml/schemas`.

    building     VoiceResponse, Say, Gather, …; MessagingResponse, Message, …; Raw
    reading      parse
    checking     validate (against the schema), lint (what a schema can't say), Problem; schema_folder

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
    from ringback._generated.twiml.voice import *  # noqa: F403
    from ringback.twiml import messaging as messaging
    from ringback.twiml import types as types
    from ringback.twiml import voice as voice
    from ringback.twiml.linting import lint as lint
    from ringback.twiml.parsing import parse as parse
    from ringback.twiml.problems import Problem as Problem
    from ringback.twiml.schemas import schema_folder as schema_folder
    from ringback.twiml.validating import validate as validate

_VOICE = "ringback._generated.twiml.voice"
_HOMES = {
    "Raw": "ringback._core.twiml_elements",
    "Body": "ringback._generated.twiml.messaging",
    "Media": "ringback._generated.twiml.messaging",
    "Message": "ringback._generated.twiml.messaging",
    "MessagingResponse": "ringback._generated.twiml.messaging",
    "lint": "ringback.twiml.linting",
    "parse": "ringback.twiml.parsing",
    "Problem": "ringback.twiml.problems",
    "schema_folder": "ringback.twiml.schemas",
    "validate": "ringback.twiml.validating",
}

# Out of sight of type checkers, which would take it to mean that there is every name.
if not TYPE_CHECKING:

    def __getattr__(name):
        if name == "__all__":
            return [*_HOMES, *import_module(_VOICE).__all__]
        if name in ("messaging", "types", "voice"):
            return import_module(f"ringback.twiml.{name}")
        home = _HOMES.get(name) or (_VOICE if name[:1].isupper() else None)
        if home is None or not hasattr(import_module(home), name):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(home), name)
        globals()[name] = value
        return value

    def __dir__():
        return sorted({*globals(), *__getattr__("__all__")})
