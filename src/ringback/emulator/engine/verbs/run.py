"""A call's life: from its first document to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve

from ringback.emulator.engine.call_signals import HungUp, Moved
from ringback.emulator.engine.documents import Document, Source
from ringback.emulator.engine.verbs.answering import prepare
from ringback.emulator.engine.verbs.execution import execute, pick_up
from ringback.emulator.engine.verbs.fetching import Unavailable, fetch
from ringback.emulator.engine.verbs.prompts import perform
from ringback.emulator.engine.verbs.table import VERBS
from ringback.twiml import Say

if TYPE_CHECKING:
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.network import Network

__all__ = ["interpret"]

APOLOGY: Final = "We are sorry, an application error has occurred. Goodbye."


def interpret(network: Network, leg: Leg, source: Source) -> Steps[None]:
    """Run a call's TwiML until there is none left, and hang up."""
    following: Source | None = source
    try:
        try:
            question = yield from prepare(leg)
            if question is not None:
                following = evolve(source, question=question)
        except Moved as moved:
            following = moved.source
        while following is not None:
            try:
                following = yield from _document(network, leg, following)
            except Moved as moved:
                leg.listen_for()
                following = moved.source
    except HungUp:
        return
    if leg.call.status == "ringing":
        leg.answer()
    leg.finish("completed")


def _document(network: Network, leg: Leg, source: Source) -> Steps[Source | None]:
    try:
        document = yield from fetch(leg, source)
    except Unavailable:
        if leg.call.status == "ringing":
            yield from pick_up(leg)
        leg.document = ""
        yield from perform(leg, Document("", ()), Say(APOLOGY), "apology")
        return None
    result = yield from execute(network, leg, document, VERBS)
    return result if isinstance(result, Source) else None
