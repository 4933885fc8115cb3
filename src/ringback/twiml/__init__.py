"""TwiML: documents that tell Twilio what to do with a call or a message.

    VoiceResponse(Gather(Say("Press 1."), num_digits=1, action=choose), Hangup())

builds a document; `str()` writes it. Every element is a class, its attributes are keyword arguments in PEP 8
spelling, and what the schema doesn't allow raises TwimlError when it is made. The schema itself is in
`spec/twiml`, and ships as `ringback/twiml/schemas`.

    building     VoiceResponse, Say, Gather, …; MessagingResponse, Message, …; Raw; clean
    reading      parse
    checking     validate (against the schema), lint (what a schema can't say), Problem; schema_folder

In the modules: voice.py, messaging.py, types.py (names of generated classes by themselves), tables.py (which
class stands where), parsing.py, xml.py and hints.py (reading), validating.py and schema.py (the schema),
linting.py with rules.py, address_rules.py, speech_rules.py, voices.py and findings.py (the rules),
problems.py, and for the command cli.py, reports.py, drawing.py and converting.py.

Two elements are called Redirect, and two Sms: those of this module belong in a VoiceResponse, and
`ringback.twiml.messaging.Redirect` and `….Sms` in a MessagingResponse. Names that mean something else in
another place have a class for each: Sip and ReferSip, Stream and StopStream, Siprec and StopSiprec.

All names are imported when they are first used, so that building a document costs no more than it needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ringback._generated import twiml as _elements

if TYPE_CHECKING:
    from ringback._core.twiml.elements import Raw as Raw
    from ringback._core.twiml.values import clean as clean
    from ringback._generated.twiml import *  # noqa: F403
    from ringback.twiml import messaging as messaging
    from ringback.twiml import types as types
    from ringback.twiml import voice as voice
    from ringback.twiml.linting import lint as lint
    from ringback.twiml.parsing import parse as parse
    from ringback.twiml.problems import Problem as Problem
    from ringback.twiml.schema import schema_folder as schema_folder
    from ringback.twiml.validating import validate as validate

__all__ = [
    "Problem",
    "Raw",
    "clean",
    "lint",
    "messaging",
    "parse",
    "schema_folder",
    "types",
    "validate",
    "voice",
]
__all__ += _elements.__all__

_HOMES = {
    "Problem": "ringback.twiml.problems",
    "Raw": "ringback._core.twiml.elements",
    "clean": "ringback._core.twiml.values",
    "lint": "ringback.twiml.linting",
    "parse": "ringback.twiml.parsing",
    "schema_folder": "ringback.twiml.schema",
    "validate": "ringback.twiml.validating",
}

# Out of sight of type checkers, which would take it to mean that there is every name.
if not TYPE_CHECKING:

    def __getattr__(name):
        if name in ("messaging", "types", "voice"):
            return import_module(f"ringback.twiml.{name}")
        home = _HOMES.get(name)
        if home is None and name in _elements.HOMES:
            home = f"ringback._generated.twiml.{_elements.HOMES[name]}"
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(home), name)
        globals()[name] = value
        return value

    def __dir__():
        return sorted({*globals(), *__all__})
