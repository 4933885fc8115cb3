"""Documents that are played into a conference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from ringback.emulator.engine.participants import Announcement
from ringback.emulator.engine.verbs.fetching import Unavailable, fetch
from ringback.webhooks import ConferenceAnnounce

if TYPE_CHECKING:
    from ringback.emulator.engine.conferences import Conference
    from ringback.emulator.engine.documents import Source
    from ringback.emulator.engine.events import RequestFacts
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.participants import Participant

__all__ = ["announce"]


def announce(conference: Conference, source: Source, single: Participant | None) -> None:
    """Play a document to one participant, or to all of them: it is asked for once."""
    here = [single] if single is not None else [each for each in conference.participants if each.inside]
    if not here:
        return
    leg = here[0].leg

    def question(facts: RequestFacts) -> ConferenceAnnounce:
        return ConferenceAnnounce(**facts, conference_sid=conference.sid)

    def steps() -> Steps[None]:
        try:
            document = yield from fetch(leg, evolve(source, question=question))
        except Unavailable:
            return
        conference.announce(Announcement(source.url, document, single), here)

    def died(error: Exception) -> None:
        conference.world.broke(leg.session.account, conference.sid, error)

    conference.world.run(steps(), died)
