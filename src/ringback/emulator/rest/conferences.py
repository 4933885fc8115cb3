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
from ringback.emulator.rest.lists import Newest, Rows, page, within
from ringback.twiml import Conference as Noun
from ringback.twiml import Dial, VoiceResponse

if TYPE_CHECKING:
    from ringback._generated.twiml.types import ConferenceEvent, Method
    from ringback.emulator.engine.records import ConferenceRecord
    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS"]

_TIMEOUT: Final = 60
_LONGER: Final = 5  # seconds that it rings on
_CALL: Final = re.compile(r"CA[0-9a-fA-F]{32}")
_MOST: Final = 250


def _list(request: RestRequest) -> Body:
    parameters = request.parameters

    def matches(record: ConferenceRecord) -> bool:
        return (
            parameters.text("FriendlyName") in {"", record.friendly_name}
            and parameters.text("Status") in {"", record.status}
            and within(parameters, "DateCreated", record.date_created)
            and within(parameters, "DateUpdated", record.date_updated)
        )

    listing = Newest(request.network.store.conferences, request.account.sid, lambda record: record.sid)
    return page(request, listing, views.conference, matches)


def _fetch(request: RestRequest) -> Body:
    return views.conference(_record(request, request.sid))


def _update(request: RestRequest) -> Body:
    parameters = request.parameters
    live = _named(request, request.sid)
    record = live.record if live is not None else _record(request, request.sid)
    conference = live or _live(request, record)
    if conference is None:
        raise Refused(404, 16022, f"Conference {record.sid} is over")
    if parameters.text("AnnounceUrl"):
        source = Source(parameters.text("AnnounceUrl"), parameters.text("AnnounceMethod", "POST"))
        announce(conference, source, None)
    if parameters.text("Status") == "completed":
        conference.end()
    return views.conference(record)


def _add(request: RestRequest) -> Body:
    parameters, network, key = request.parameters, request.network, request.holes["ConferenceSid"]
    to, caller = ends(request)
    if parameters.text("CallSidToCoach") or parameters.flag("Coaching"):
        raise Refused(501, 20501, "The emulator does not coach yet")
    conference = _named(request, key)
    if conference is None and key in network.store.conferences:
        conference = _live(request, _record(request, key))
        if conference is None:
            raise Refused(404, 16022, f"Conference {key} is over")
    _check_label(parameters.text("Label"), conference)
    most = parameters.number("MaxParticipants") or _MOST
    if conference is not None and len(conference.participants) >= most:
        raise Refused(400, 16020, f"Conference {conference.name} is full")
    conference = conference or network.conference(request.account, key)
    mode = parameters.text("MachineDetection")
    amd = (parameters.text("AmdStatusCallback"), parameters.text("AmdStatusCallbackMethod", "POST"))
    leg = call_out(
        network,
        request.account,
        OutgoingCall(
            to=to,
            from_=caller,
            source=Source("", twiml=str(_document(request, conference.name))),
            subscriptions=subscriptions(request),
            timeout=float(parameters.number("Timeout") or _TIMEOUT) + _LONGER,
            time_limit=None if (limit := parameters.number("TimeLimit")) is None else float(limit),
            detection=Detection(mode, *amd, beside=True) if mode else None,
            recording=recording(request),
        ),
    )
    participant = Participant(
        leg,
        network.clock.date,
        starts=parameters.flag("StartConferenceOnEnter", True),
        ends=parameters.flag("EndConferenceOnExit"),
        muted=parameters.flag("Muted"),
        label=parameters.text("Label"),
    )
    conference.expect(participant)
    return views.participant(conference, participant)


def _document(request: RestRequest, name: str) -> VoiceResponse:
    """What the one who is called runs: they go to the conference as everybody does."""
    parameters = request.parameters
    events = parameters.texts("ConferenceStatusCallbackEvent")
    callback = parameters.text("ConferenceStatusCallback") or None
    method = _method(parameters.text("ConferenceStatusCallbackMethod"))
    noun = Noun(
        name,
        start_conference_on_enter=parameters.flag("StartConferenceOnEnter", True),
        end_conference_on_exit=parameters.flag("EndConferenceOnExit"),
        max_participants=parameters.number("MaxParticipants"),
        status_callback=callback,
        status_callback_event=cast("list[ConferenceEvent]", events or ["start", "end"]) if callback else None,
        status_callback_method=method if callback else None,
        wait_url=parameters.text("WaitUrl") if "WaitUrl" in parameters else None,
        wait_method=_method(parameters.text("WaitMethod")),
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


def _participants(request: RestRequest) -> Body:
    parameters = request.parameters
    record = _record(request, request.holes["ConferenceSid"])
    conference = _live(request, record)
    found = [
        each
        for each in (_present(conference) if conference is not None else [])
        if ("Muted" not in parameters or parameters.flag("Muted") == each.muted)
        and ("Hold" not in parameters or parameters.flag("Hold") == (each.hold is not None))
        and not parameters.flag("Coaching")
    ]

    def view(one: Participant) -> Body:
        assert conference is not None  # noqa: S101  (told to the type checker)
        return views.participant(conference, one)

    return page(request, Rows(found[::-1], lambda one: one.leg.call.sid), view)


def _participant(request: RestRequest) -> Body:
    return views.participant(*_find(request))


def _change(request: RestRequest) -> Body:
    parameters = request.parameters
    conference, participant = _find(request)
    if "Muted" in parameters:
        conference.mute(participant, parameters.flag("Muted"))
    if "Hold" in parameters:
        source = Source(parameters.text("HoldUrl"), parameters.text("HoldMethod", "GET"))
        conference.hold(participant, source if parameters.flag("Hold") else None)
    if "EndConferenceOnExit" in parameters:
        conference.modify(participant, ends=parameters.flag("EndConferenceOnExit"))
    if parameters.text("AnnounceUrl"):
        source = Source(parameters.text("AnnounceUrl"), parameters.text("AnnounceMethod", "POST"))
        announce(conference, source, participant)
    participant.changed_at = request.network.clock.date
    return views.participant(conference, participant)


def _remove(request: RestRequest) -> None:
    conference, participant = _find(request)
    conference.remove(participant)


def _record(request: RestRequest, sid: str) -> ConferenceRecord:
    record = request.network.store.conferences.get(sid)
    if record is None or record.account_sid != request.account.sid:
        raise request.missing()
    return record


def _named(request: RestRequest, name: str) -> Conference | None:
    """The live conference of a name: for what may be request of one by its name."""
    return request.network.conferences.get((request.account.sid, name))


def _live(request: RestRequest, record: ConferenceRecord) -> Conference | None:
    conference = _named(request, record.friendly_name)
    return conference if conference is not None and conference.record is record else None


def _present(conference: Conference) -> list[Participant]:
    return [*conference.participants, *conference.expected]


def _find(request: RestRequest) -> tuple[Conference, Participant]:
    """A participant, by call or label."""
    conference = _live(request, _record(request, request.holes["ConferenceSid"]))
    key = request.holes["CallSid"]
    for each in _present(conference) if conference is not None else ():
        if conference is not None and key in {each.leg.call.sid, each.label} - {""}:
            return conference, each
    raise request.missing()


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
