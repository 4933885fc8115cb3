"""Documents of a call: asking for them, falling back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from ringback.emulator.engine.audio_files import read_audio
from ringback.emulator.engine.documents import Document, Source, is_audio, read_answer, read_twiml
from ringback.emulator.engine.events import request_facts
from ringback.emulator.engine.exchange import exchange
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.urls import shown
from ringback.webhooks import VoiceFallback, wire_parameters

if TYPE_CHECKING:
    from ringback.emulator.engine.events import RequestFacts
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.legs import Leg

__all__ = ["Unavailable", "fetch", "last_words"]


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
            11215, f"{leg.world.settings.documents} documents ran without a second passing", source.url
        )
        leg.world.problem(leg.session.account, leg.call.sid, trouble)
        raise Unavailable(trouble)
    first = yield from _fetch(leg, source)
    if isinstance(first, Document):
        return first
    leg.world.problem(leg.session.account, leg.call.sid, first)
    if leg.fallback_url:

        def question(facts: RequestFacts) -> VoiceFallback:
            return VoiceFallback(**facts, error_code=first.code, error_url=shown(first.url))

        fallback = Source(leg.fallback_url, leg.fallback_method, question=question)
        second = yield from _fetch(leg, fallback)
        if isinstance(second, Document):
            return second
        leg.world.problem(leg.session.account, leg.call.sid, second)
        raise Unavailable(second)
    raise Unavailable(first)


def last_words(leg: Leg, source: Source) -> Steps[None]:
    """Ask an action whose verb was cut short: it wants to know, but there is nobody to hear its answer."""
    answer = yield from _fetch(leg, source)
    if isinstance(answer, Trouble):
        leg.world.problem(leg.session.account, leg.call.sid, answer)


def _fetch(leg: Leg, source: Source) -> Steps[Document | Trouble]:
    network = leg.world
    if source.twiml is not None:
        document = read_twiml(source.twiml, source.url, "voice", strict=network.strict)
        if isinstance(document, Document):
            network.note(leg.call.sid, "Twilio", "runs inline TwiML:", str(document))
            _warn(leg, document)
            return evolve(document, twiml=source.twiml)
        return document
    pairs = list(wire_parameters(source.question(request_facts(leg.call))).items())
    answer = yield from exchange(
        leg.session,
        source.method,
        source.url,
        pairs,
        lane=f"{leg.call.sid}/voice",
        token=network.sids.uuid("token"),
        observer=network.observer(leg.session.account, leg.call.sid),
    )
    if isinstance(answer, Trouble):
        return answer
    read = read_answer(answer, "voice", strict=network.strict)
    if isinstance(read, Document):
        if is_audio(answer.response.headers):
            seconds = read_audio(answer)
            if isinstance(seconds, Trouble):
                return seconds
            network.audio[answer.url] = seconds
        network.note(leg.call.sid, "Twilio", "asks", f"{source.method} {shown(source.url)} → {read}")
        _warn(leg, read)
        # A redirected request's document is relative to where it finally came from.
        return evolve(read, url=answer.url)
    return read


def _warn(leg: Leg, document: Document) -> None:
    for misfit in document.misfits:
        leg.world.problem(leg.session.account, leg.call.sid, misfit)


def _runaway(leg: Leg) -> bool:
    now = leg.world.clock.now
    since, count = leg.documents_now
    leg.documents_now = (now, count + 1) if since == now else (now, 1)
    return leg.documents_now[1] > leg.world.settings.documents
