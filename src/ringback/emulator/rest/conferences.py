"""Conferences and who is in them. https://www.twilio.com/docs/voice/api/conference-resource"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, cast

from ringback.emulator.engine.calls import OutgoingCall, call_out
from ringback.emulator.engine.conferences import Conference, Participant
from ringback.emulator.engine.detection import Detection
from ringback.emulator.engine.documents import Source
from ringback.emulator.engine.verbs.announce import announce
from ringback.emulator.rest import views
from ringback.emulator.rest.calls import ends, recording, subscriptions
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.lists import page, within
from ringback.twiml import Conference as Noun
from ringback.twiml import Dial, VoiceResponse

if TYPE_CHECKING:
    from ringback._generated.twiml.types import ConferenceEvent, Method
    from ringback.emulator.engine.records import ConferenceRecord
    from ringback.emulator.rest.decoding import Asked
    from ringback.emulator.rest.views import Body

__all__ = ["ACTS"]

_TIMEOUT: Final = 60
_LONGER: Final = 5  # seconds that it rings on
_CALL: Final = re.compile(r"CA[0-9a-fA-F]{32}")
_MOST: Final = 250


def _list(asked: Asked) -> Body:
    given = asked.given
    found = [
        record
        for record in asked.network.store.conferences.values()
        if record.account_sid == asked.account.sid
        and given.text("FriendlyName") in {"", record.friendly_name}
        and given.text("Status") in {"", record.status}
        and within(given, "DateCreated", record.date_created)
        and within(given, "DateUpdated", record.date_updated)
    ]
    return page(asked, "conferences", found, views.conference)


def _fetch(asked: Asked) -> Body:
    return views.conference(_record(asked, asked.sid))


def _update(asked: Asked) -> Body:
    given = asked.given
    live = _named(asked, asked.sid)
    record = live.record if live is not None else _record(asked, asked.sid)
    conference = live or _live(asked, record)
    if conference is None:
        raise Refused(404, 16022, f"Conference {record.sid} is over")
    if given.text("AnnounceUrl"):
        source = Source(given.text("AnnounceUrl"), given.text("AnnounceMethod", "POST"))
        announce(conference, source, None)
    if given.text("Status") == "completed":
        conference.end()
    return views.conference(record)


def _add(asked: Asked) -> Body:
    given, network, key = asked.given, asked.network, asked.sids["ConferenceSid"]
    to, caller = ends(asked)
    if given.text("CallSidToCoach") or given.flag("Coaching"):
        raise Refused(501, 20501, "The emulator does not coach yet")
    conference = _named(asked, key)
    if conference is None and key in network.store.conferences:
        conference = _live(asked, _record(asked, key))
        if conference is None:
            raise Refused(404, 16022, f"Conference {key} is over")
    _check_label(given.text("Label"), conference)
    if conference is not None and len(conference.participants) >= (given.number("MaxParticipants") or _MOST):
        raise Refused(400, 16020, f"Conference {conference.name} is full")
    conference = conference or network.conference(asked.account, key)
    mode = given.text("MachineDetection")
    amd = (given.text("AmdStatusCallback"), given.text("AmdStatusCallbackMethod", "POST"))
    leg = call_out(
        network,
        asked.account,
        OutgoingCall(
            to=to,
            from_=caller,
            source=Source("", twiml=str(_document(asked, conference.name))),
            subscriptions=subscriptions(asked),
            timeout=float(given.number("Timeout") or _TIMEOUT) + _LONGER,
            time_limit=None if (limit := given.number("TimeLimit")) is None else float(limit),
            detection=Detection(mode, *amd, beside=True) if mode else None,
            recording=recording(asked),
        ),
    )
    participant = Participant(
        leg,
        network.clock.date,
        starts=given.flag("StartConferenceOnEnter", True),
        ends=given.flag("EndConferenceOnExit"),
        muted=given.flag("Muted"),
        label=given.text("Label"),
    )
    conference.expect(participant)
    return views.participant(conference, participant)


def _document(asked: Asked, name: str) -> VoiceResponse:
    """What the one who is called runs: they go to the conference as everybody does."""
    given = asked.given
    events = [event for text in given.texts("ConferenceStatusCallbackEvent") for event in text.split()]
    callback = given.text("ConferenceStatusCallback") or None
    method = _method(given.text("ConferenceStatusCallbackMethod"))
    noun = Noun(
        name,
        start_conference_on_enter=given.flag("StartConferenceOnEnter", True),
        end_conference_on_exit=given.flag("EndConferenceOnExit"),
        max_participants=given.number("MaxParticipants"),
        status_callback=callback,
        status_callback_event=cast("list[ConferenceEvent]", events or ["start", "end"]) if callback else None,
        status_callback_method=method if callback else None,
        wait_url=given.text("WaitUrl") if "WaitUrl" in given else None,
        wait_method=_method(given.text("WaitMethod")),
    )
    return VoiceResponse(Dial(noun))


def _method(text: str) -> Method | None:
    methods: dict[str, Literal["GET", "POST"]] = {"GET": "GET", "POST": "POST"}
    return methods.get(text)


def _check_label(label: str, conference: Conference | None) -> None:
    if "/" in label or _CALL.fullmatch(label):
        raise Refused(400, 16024, f"Label '{label}' holds a slash, or could be a call")
    if label and conference is not None and label in {each.label for each in _present(conference)}:
        raise Refused(400, 16026, f"Label '{label}' is another participant's")


def _participants(asked: Asked) -> Body:
    given = asked.given
    record = _record(asked, asked.sids["ConferenceSid"])
    conference = _live(asked, record)
    found = [
        each
        for each in (_present(conference) if conference is not None else [])
        if ("Muted" not in given or given.flag("Muted") == each.muted)
        and ("Hold" not in given or given.flag("Hold") == (each.hold is not None))
        and not given.flag("Coaching")
    ]

    def view(one: Participant) -> Body:
        assert conference is not None  # noqa: S101  (told to the type checker)
        return views.participant(conference, one)

    return page(asked, "participants", found, view)


def _participant(asked: Asked) -> Body:
    return views.participant(*_find(asked))


def _change(asked: Asked) -> Body:
    given = asked.given
    conference, participant = _find(asked)
    if "Muted" in given:
        conference.mute(participant, given.flag("Muted"))
    if "Hold" in given:
        source = Source(given.text("HoldUrl"), given.text("HoldMethod", "GET"))
        conference.hold(participant, source if given.flag("Hold") else None)
    if "EndConferenceOnExit" in given:
        conference.modify(participant, ends=given.flag("EndConferenceOnExit"))
    if given.text("AnnounceUrl"):
        source = Source(given.text("AnnounceUrl"), given.text("AnnounceMethod", "POST"))
        announce(conference, source, participant)
    participant.changed_at = asked.network.clock.date
    return views.participant(conference, participant)


def _remove(asked: Asked) -> None:
    conference, participant = _find(asked)
    conference.remove(participant)


def _record(asked: Asked, sid: str) -> ConferenceRecord:
    record = asked.network.store.conferences.get(sid)
    if record is None or record.account_sid != asked.account.sid:
        raise asked.missing()
    return record


def _named(asked: Asked, name: str) -> Conference | None:
    """The live conference of a name: for what may be asked of one by its name."""
    return asked.network.conferences.get((asked.account.sid, name))


def _live(asked: Asked, record: ConferenceRecord) -> Conference | None:
    conference = _named(asked, record.friendly_name)
    return conference if conference is not None and conference.record is record else None


def _present(conference: Conference) -> list[Participant]:
    return [*conference.participants, *conference.expected]


def _find(asked: Asked) -> tuple[Conference, Participant]:
    """A participant, by call or label."""
    conference = _live(asked, _record(asked, asked.sids["ConferenceSid"]))
    key = asked.sids["CallSid"]
    for each in _present(conference) if conference is not None else ():
        if conference is not None and key in {each.leg.call.sid, each.label} - {""}:
            return conference, each
    raise asked.missing()


ACTS = {
    "conferences.list": _list,
    "conferences(sid).fetch": _fetch,
    "conferences(sid).update": _update,
    "conferences(sid).participants.create": _add,
    "conferences(sid).participants.list": _participants,
    "conferences(sid).participants(sid).fetch": _participant,
    "conferences(sid).participants(sid).update": _change,
    "conferences(sid).participants(sid).delete": _remove,
}
