"""A call's life: from its first document to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve

from ringback.emulator.engine.answering import prepare
from ringback.emulator.engine.documents import Document
from ringback.emulator.engine.process import HungUp, Moved, Source, Steps
from ringback.emulator.engine.verbs.basic import BASIC
from ringback.emulator.engine.verbs.beside import BESIDE
from ringback.emulator.engine.verbs.dial import dial
from ringback.emulator.engine.verbs.flow import Unavailable, Verbs, execute, fetch
from ringback.emulator.engine.verbs.queue import enqueue
from ringback.emulator.engine.verbs.sound import perform
from ringback.twiml import Dial, Enqueue, Say

if TYPE_CHECKING:
    from ringback.emulator.engine.legs import Leg

__all__ = ["interpret"]

VERBS: Final[Verbs] = {**BASIC, **BESIDE, Dial: dial, Enqueue: enqueue}
APOLOGY: Final = "We are sorry, an application error has occurred. Goodbye."


def interpret(leg: Leg, source: Source) -> Steps[None]:
    """Run a call's TwiML until there is none left, and hang up."""
    following: Source | None = source
    try:
        try:
            extra = yield from prepare(leg)
            following = evolve(source, extra=(*source.extra, *extra))
        except Moved as moved:
            following = moved.source
        while following is not None:
            try:
                following = yield from _document(leg, following)
            except Moved as moved:
                leg.listen_for()
                following = moved.source
    except HungUp:
        return
    if leg.call.status == "ringing":
        leg.answer()
    leg.finish("completed")


def _document(leg: Leg, source: Source) -> Steps[Source | None]:
    try:
        document = yield from fetch(leg, source)
    except Unavailable:
        if leg.call.status == "ringing":
            leg.answer()
        leg.document = ""
        yield from perform(leg, Document("", ()), Say(APOLOGY), "apology")
        return None
    result = yield from execute(leg, document, VERBS)
    return result if isinstance(result, Source) else None
