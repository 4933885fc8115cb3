"""The verbs of a document, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import frozen

from ringback.emulator.engine.documents import Source, name_of
from ringback.emulator.engine.misfits import NOT_SCHEMA
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.urls import shown
from ringback.emulator.engine.verbs.fetching import Unavailable, fetch
from ringback.emulator.engine.verbs.results import END, NEXT, Result
from ringback.emulator.engine.verbs.sounds import listen, nothing
from ringback.twiml import Dial, Pause, Redirect, Reject

if TYPE_CHECKING:
    from ringback.emulator.engine.documents import Document
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.network import Network

__all__ = ["Execution", "Verb", "Verbs", "execute", "pick_up", "whisper"]


@frozen
class Execution:
    """A document that is executed on a call: what a verb works with.

    Attributes:
        network: Everybody else.
        leg: The call.
        document: The document that the verb is in.
    """

    network: Network
    leg: Leg
    document: Document


# Each verb's function takes an element of its own class.
Verb: TypeAlias = "Callable[[Execution, Any], Steps[Result]]"
Verbs: TypeAlias = "Mapping[type[object], Verb]"

# Seconds until a call between two numbers of ours carries sound.
_CONNECTING: Final = 0.1
# What an incoming call isn't answered for.
_SILENT: Final = (Reject, Redirect, Pause)


def execute(
    network: Network, leg: Leg, document: Document, verbs: Verbs, *, forbidden: int = NOT_SCHEMA
) -> Steps[Result]:
    """Run the verbs in order; NEXT where the document came to its end.

    Args:
        verbs: Those that may be in it; others are left out.
        forbidden: The code that those are told with.
    """
    execution = Execution(network, leg, document)
    for verb in document.verbs:
        run = verbs.get(type(verb))
        if run is None:
            message = f"the emulator does not execute <{name_of(verb)}> here"
            trouble = Trouble(forbidden, message, document.url)
            leg.world.problem(leg.session.account, leg.call.sid, trouble)
            continue
        if _answers(leg, verb):
            yield from pick_up(leg)
        leg.document = shown(document.url) or "inline TwiML"
        result = yield from run(execution, verb)
        if result is not NEXT:
            return result
    return NEXT


def pick_up(leg: Leg) -> Steps[None]:
    """Answer a call that came in."""
    leg.answer()
    if leg.line.relay is not None:
        # The other call's end needs a moment to listen.
        yield from listen(leg, _CONNECTING, nothing)


def whisper(network: Network, leg: Leg, source: Source, verbs: Verbs) -> Steps[bool]:
    """Run documents for one side alone; False where they hang up or can't be had."""
    following: Source | None = source
    while following is not None:
        try:
            document = yield from fetch(leg, following)
        except Unavailable:
            return False
        result = yield from execute(network, leg, document, verbs)
        if result is END:
            return False
        following = result if isinstance(result, Source) else None
    return True


def _answers(leg: Leg, verb: object) -> bool:
    if leg.call.status != "ringing" or isinstance(verb, _SILENT):
        return False
    return not (isinstance(verb, Dial) and verb.answer_on_bridge)
