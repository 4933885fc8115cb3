"""The verbs that need nobody but the person on the line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.documents import said
from ringback.emulator.engine.people import Heard
from ringback.emulator.engine.process import Source, Steps
from ringback.emulator.engine.verbs.gather import gather
from ringback.emulator.engine.verbs.record import record
from ringback.emulator.engine.verbs.results import END, NEXT, Result
from ringback.emulator.engine.verbs.sound import Audible, perform
from ringback.twiml import Gather, Hangup, Leave, Pause, Play, Record, Redirect, Reject, Say

if TYPE_CHECKING:
    from ringback.emulator.engine.documents import Document
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.verbs.flow import Verbs

__all__ = ["BASIC", "WAITING", "WHISPERED"]


def sound(leg: Leg, document: Document, verb: Audible) -> Steps[Result]:
    """Say, Play, Pause."""
    yield from perform(leg, document, verb, type(verb).__name__)
    return NEXT


def redirect(_leg: Leg, document: Document, verb: Redirect) -> Steps[Result]:
    """Another document; an empty one asks for this one again."""
    yield from ()
    return Source(document.link(said(verb)), verb.method or "POST")


def hangup(_leg: Leg, _document: Document, _verb: object) -> Steps[Result]:
    """The end of the call."""
    yield from ()
    return END


def leave(_leg: Leg, _document: Document, _verb: object) -> Steps[Result]:
    """Leaves a queue; outside one there is nothing to leave."""
    yield from ()
    return NEXT


def reject(leg: Leg, _document: Document, verb: Reject) -> Steps[Result]:
    """Refuses a call that was not answered yet; an answered one is hung up."""
    yield from ()
    if leg.call.status == "ringing":
        busy = verb.reason == "busy"
        now = leg.network.clock.now
        tone = "busy tone" if busy else "number not in service"
        leg.line.hear(Heard(now, "tone", tone, "Reject", leg.document, now))
        leg.finish("busy" if busy else "no-answer")
    return END


WAITING: Final[Verbs] = {Say: sound, Play: sound, Pause: sound, Redirect: redirect}
WHISPERED: Final[Verbs] = {**WAITING, Gather: gather, Record: record, Hangup: hangup}
BASIC: Final[Verbs] = {**WHISPERED, Reject: reject, Leave: leave}
