"""Documents: asking for them, falling back, running their verbs one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import evolve

from ringback.emulator.engine.documents import Document, name_of, read_answer, read_twiml
from ringback.emulator.engine.exchange import Trouble, exchange
from ringback.emulator.engine.process import Source, Steps
from ringback.emulator.engine.urls import shown
from ringback.emulator.engine.verbs.results import END, NEXT, Result
from ringback.emulator.engine.verbs.sound import listen, nothing
from ringback.twiml import Dial, Pause, Redirect, Reject

if TYPE_CHECKING:
    from ringback.emulator.engine.legs import Leg

__all__ = ["Unavailable", "Verb", "Verbs", "execute", "fetch", "last_words", "whisper"]

# Each verb's function takes an element of its own class.
Verb: TypeAlias = "Callable[[Leg, Document, Any], Steps[Result]]"
Verbs: TypeAlias = "Mapping[type[object], Verb]"

# Seconds until a call between two numbers of ours carries sound.
_CONNECTING: Final = 0.1
# What an incoming call isn't answered for.
_SILENT: Final = (Reject, Redirect, Pause)


class Unavailable(Exception):
    """Neither the document nor its fallback could be had."""

    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble
        super().__init__(trouble.message)


def fetch(leg: Leg, source: Source) -> Steps[Document]:
    """The document, or its fallback's.

    Raises:
        Unavailable: Both failed, or there is no fallback.
    """
    if _runaway(leg):
        trouble = Trouble(
            11215, f"{leg.network.settings.documents} documents ran without a second passing", source.url
        )
        leg.network.problem(leg.session.account, leg.call.sid, trouble)
        raise Unavailable(trouble)
    first = yield from _fetch(leg, source)
    if isinstance(first, Document):
        return first
    leg.network.problem(leg.session.account, leg.call.sid, first)
    if leg.fallback_url:
        extra = (("ErrorCode", str(first.code)), ("ErrorUrl", shown(first.url)))
        fallback = Source(leg.fallback_url, leg.fallback_method, extra=extra)
        second = yield from _fetch(leg, fallback)
        if isinstance(second, Document):
            return second
        leg.network.problem(leg.session.account, leg.call.sid, second)
        raise Unavailable(second)
    raise Unavailable(first)


def execute(leg: Leg, document: Document, verbs: Verbs) -> Steps[Result]:
    """Run the verbs in order; NEXT where the document came to its end."""
    for verb in document.verbs:
        run = verbs.get(type(verb))
        if run is None:
            message = f"the emulator does not execute <{name_of(verb)}> here"
            trouble = Trouble(12200, message, document.url, warning=True)
            leg.network.problem(leg.session.account, leg.call.sid, trouble)
            continue
        if _answers(leg, verb):
            leg.answer()
            if leg.line.relay is not None:
                # The other call's end needs a moment to listen.
                yield from listen(leg, _CONNECTING, nothing)
        leg.document = shown(document.url) or "inline TwiML"
        result = yield from run(leg, document, verb)
        if result is not NEXT:
            return result
    return NEXT


def whisper(leg: Leg, source: Source, verbs: Verbs) -> Steps[bool]:
    """Run documents for one side alone; False where they hang up or can't be had."""
    following: Source | None = source
    while following is not None:
        try:
            document = yield from fetch(leg, following)
        except Unavailable:
            return False
        result = yield from execute(leg, document, verbs)
        if result is END:
            return False
        following = result if isinstance(result, Source) else None
    return True


def last_words(leg: Leg, source: Source) -> Steps[None]:
    """Ask an action whose verb was cut short: it wants to know, but there is nobody to hear its answer."""
    answer = yield from _fetch(leg, source)
    if isinstance(answer, Trouble):
        leg.network.problem(leg.session.account, leg.call.sid, answer)


def _fetch(leg: Leg, source: Source) -> Steps[Document | Trouble]:
    network = leg.network
    if source.twiml is not None:
        document = read_twiml(source.twiml, source.url, "voice", strict=network.strict)
        if isinstance(document, Document):
            network.note(leg.call.sid, "Twilio", "runs inline TwiML:", str(document))
            _warn(leg, document)
        return document
    pairs = [*leg.parameters(), *source.extra]
    answer = yield from exchange(
        leg.session,
        source.method,
        source.url,
        pairs,
        lane=f"{leg.call.sid}/voice",
        token=network.sids.uuid("token"),
        warn=lambda trouble: network.problem(leg.session.account, leg.call.sid, trouble),
    )
    if isinstance(answer, Trouble):
        return answer
    read = read_answer(answer, "voice", strict=network.strict)
    if isinstance(read, Document):
        network.note(leg.call.sid, "Twilio", "asks", f"{source.method} {shown(source.url)} → {read}")
        _warn(leg, read)
        # A redirected request's document is relative to where it finally came from.
        return evolve(read, url=answer.url)
    return read


def _warn(leg: Leg, document: Document) -> None:
    for warning in document.warnings:
        leg.network.problem(leg.session.account, leg.call.sid, warning)


def _answers(leg: Leg, verb: object) -> bool:
    if leg.call.status != "ringing" or isinstance(verb, _SILENT):
        return False
    return not (isinstance(verb, Dial) and verb.answer_on_bridge)


def _runaway(leg: Leg) -> bool:
    now = leg.network.clock.now
    since, count = leg.documents_now
    leg.documents_now = (now, count + 1) if since == now else (now, 1)
    return leg.documents_now[1] > leg.network.settings.documents
