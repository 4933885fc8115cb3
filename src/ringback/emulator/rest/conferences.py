"""Conferences and who is in them. https://www.twilio.com/docs/voice/api/conference-resource"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, cast

from ringback.emulator.engine.calls import OutgoingCall, call_out
from ringback.emulator.engine.conferences import MOST_PARTICIPANTS, is_label
from ringback.emulator.engine.detection import Detection
from ringback.emulator.engine.documents import Document, Source, said
from ringback.emulator.engine.participants import Participant
from ringback.emulator.engine.verbs.announce import announce
from ringback.emulator.rest import views
from ringback.emulator.rest.calls import ends, recording, subscriptions
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.lists import Newest, Rows, page, within
from ringback.errors import TwimlError
from ringback.twiml import Conference as Noun
from ringback.twiml import Dial, VoiceResponse

if TYPE_CHECKING:
    from ringback._generated.twiml.types import Beep, ConferenceEvent, Method, RecordingEvent, Trim
    from ringback.emulator.engine.conferences import Conference
    from ringback.emulator.engine.records import ConferenceRecord
    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS"]

_TIMEOUT: Final = 60
_LONGER: Final = 5  # seconds that it rings on
_CONFERENCE: Final = re.compile(r"CF[0-9a-fA-F]{32}")
_RECORDED: Final = {"true", "record-from-start"}
_RECORDING: Final = "ConferenceRecordingStatusCallback"
_BEEPS: Final[dict[str, Beep]] = {
    "true": True,
    "false": False,
    "onEnter": "onEnter",
    "onExit": "onExit",
}


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
    conference = _going_on(request, request.sid)
    if parameters.text("AnnounceUrl"):
        announce(conference, _announcement(request), None)
    if parameters.text("Status") == "completed":
        conference.end()
    return views.conference(conference.record)


def _add(request: RestRequest) -> Body:
    parameters, network, key = request.parameters, request.network, request.holes["ConferenceSid"]
    to, caller = ends(request)
    there = _named(request, key)
    if there is None and _CONFERENCE.fullmatch(key):
        there = _going_on(request, key)
    label, coached = parameters.text("Label"), _coached(request, there, "")
    _check_label(label, there)
    if there is not None and len(there.present) >= (
        parameters.number("MaxParticipants") or MOST_PARTICIPANTS
    ):
        raise Refused(400, 16020, f"Conference {there.name} is full")
    noun = _noun(request, key if there is None else there.name)
    conference = there or network.conference(request.account, said(noun))
    conference.mix(parameters.text("Region"))
    mode = parameters.text("MachineDetection")
    amd = (parameters.text("AmdStatusCallback"), parameters.text("AmdStatusCallbackMethod", "POST"))
    leg = call_out(
        network,
        request.account,
        OutgoingCall(
            to=to,
            from_=caller,
            source=Source("", twiml=str(VoiceResponse(Dial(noun)))),
            subscriptions=subscriptions(request),
            timeout=float(parameters.number("Timeout") or _TIMEOUT) + _LONGER,
            time_limit=None if (limit := parameters.number("TimeLimit")) is None else float(limit),
            detection=Detection(mode, *amd, beside=True) if mode else None,
            recording=recording(request),
        ),
    )
    participant = Participant.of(leg, Document("", ()), noun)
    participant.muted, participant.label, participant.coached = parameters.flag("Muted"), label, coached
    participant.early = parameters.flag("EarlyMedia", True)
    conference.expect(participant)
    return views.participant(conference, participant)


def _noun(request: RestRequest, name: str) -> Noun:
    """What the one who is called runs: they go to the conference as everybody does.

    Raises:
        Refused: No conference can be called so.
    """
    try:
        return _dialled(request, name)
    except TwimlError as error:
        code = 16003 if not name.strip() else 16002
        raise Refused(400, code, f"No participant can be added to '{name[:100]}': {error}") from None


def _dialled(request: RestRequest, name: str) -> Noun:
    parameters = request.parameters
    events = parameters.texts("ConferenceStatusCallbackEvent")
    callback = parameters.text("ConferenceStatusCallback") or None
    recorded = parameters.text("ConferenceRecord") in _RECORDED
    recorded_events = [each for each in parameters.texts(f"{_RECORDING}Event") if each != "failed"]
    return Noun(
        name,
        beep=_BEEPS.get(parameters.text("Beep")),
        start_conference_on_enter=parameters.flag("StartConferenceOnEnter", True),
        end_conference_on_exit=parameters.flag("EndConferenceOnExit"),
        max_participants=parameters.number("MaxParticipants"),
        status_callback=callback,
        status_callback_event=cast("list[ConferenceEvent]", events or ["start", "end"]) if callback else None,
        status_callback_method=_method(parameters.text("ConferenceStatusCallbackMethod")),
        record="record-from-start" if recorded else None,
        trim=cast("Trim | None", parameters.text("ConferenceTrim") or None),
        recording_status_callback=parameters.text(_RECORDING) or None,
        recording_status_callback_method=_method(parameters.text(f"{_RECORDING}Method")),
        recording_status_callback_event=cast("list[RecordingEvent]", recorded_events) or None,
        wait_url=parameters.text("WaitUrl") if "WaitUrl" in parameters else None,
        wait_method=_method(parameters.text("WaitMethod")),
    )


def _method(text: str) -> Method | None:
    methods: dict[str, Literal["GET", "POST"]] = {"GET": "GET", "POST": "POST"}
    return methods.get(text)


def _check_label(label: str, conference: Conference | None) -> None:
    if not is_label(label):
        raise Refused(400, 16024, f"Label '{label}' holds a slash, or could be a call")
    if conference is not None and conference.find(label) is not None:
        raise Refused(400, 16026, f"Label '{label}' is another participant's")


def _coached(request: RestRequest, conference: Conference | None, before: str) -> str:
    """The call of whoever alone hears the participant, or "" where all do.

    Args:
        before: Whom it coached before.

    Raises:
        Refused: That one isn't there, or can't hear anybody.
    """
    parameters = request.parameters
    if "Coaching" not in parameters and "CallSidToCoach" not in parameters:
        return before
    sid = parameters.text("CallSidToCoach") or before
    if not parameters.flag("Coaching", default=bool(sid)):
        return ""
    if not sid:
        raise Refused(400, 20001, "Coaching needs a CallSidToCoach: the call of whoever is coached")
    there = conference.participants if conference is not None else []
    one = next((each for each in there if each.leg.call.sid == sid), None)
    if one is None:
        raise Refused(400, 16028, f"CallSidToCoach {sid} is nobody in the conference")
    if one.hold is not None:
        raise Refused(400, 16027, f"CallSidToCoach {sid} is on hold")
    return sid


def _participants(request: RestRequest) -> Body:
    parameters = request.parameters
    conference = _live(request, _record(request, request.holes["ConferenceSid"]))
    if conference is None:
        return page(request, Rows[Participant]((), lambda one: one.sid), lambda _: {})
    found = [
        each
        for each in conference.present
        if ("Muted" not in parameters or parameters.flag("Muted") == each.muted)
        and ("Hold" not in parameters or parameters.flag("Hold") == (each.hold is not None))
        and ("Coaching" not in parameters or parameters.flag("Coaching") == bool(each.coached))
    ]
    rows = Rows(found[::-1], lambda one: one.sid)
    return page(request, rows, lambda one: views.participant(conference, one))


def _participant(request: RestRequest) -> Body:
    return views.participant(*_find(request))


def _change(request: RestRequest) -> Body:
    parameters = request.parameters
    conference, participant = _find(request)
    coached = _coached(request, conference, participant.coached)
    if "Muted" in parameters:
        conference.mute(participant, parameters.flag("Muted"))
    if "Hold" in parameters:
        source = Source(parameters.text("HoldUrl"), parameters.text("HoldMethod", "GET"))
        conference.hold(participant, source if parameters.flag("Hold") else None)
    conference.modify(
        participant,
        ends=parameters.flag("EndConferenceOnExit", participant.ends),
        beeps_on_exit=parameters.flag("BeepOnExit", participant.beeps_on_exit),
        coached=coached,
        wait=_wait(request) if "WaitUrl" in parameters else participant.wait,
    )
    if parameters.text("AnnounceUrl"):
        announce(conference, _announcement(request), participant)
    participant.changed_at = request.network.clock.date
    return views.participant(conference, participant)


def _wait(request: RestRequest) -> Source | None:
    url = request.parameters.text("WaitUrl")
    return Source(url, request.parameters.text("WaitMethod", "POST")) if url else None


def _announcement(request: RestRequest) -> Source:
    parameters = request.parameters
    return Source(parameters.text("AnnounceUrl"), parameters.text("AnnounceMethod", "POST"))


def _remove(request: RestRequest) -> None:
    conference, participant = _find(request)
    conference.remove(participant)


def _record(request: RestRequest, sid: str) -> ConferenceRecord:
    record = request.network.store.conferences.get(sid)
    if record is None or record.account_sid != request.account.sid:
        raise request.missing()
    return record


def _named(request: RestRequest, name: str) -> Conference | None:
    """The live conference of a name, for what may be asked of one by its name; white space is one space."""
    return request.network.conferences.get((request.account.sid, " ".join(name.split())))


def _live(request: RestRequest, record: ConferenceRecord) -> Conference | None:
    conference = _named(request, record.friendly_name)
    return conference if conference is not None and conference.record is record else None


def _going_on(request: RestRequest, key: str) -> Conference:
    """The live conference of a name or SID: for what can be done to no other."""
    record = request.network.store.conferences.get(key)
    ours = record is not None and record.account_sid == request.account.sid
    found = _live(request, record) if record is not None and ours else _named(request, key)
    if found is None:
        raise Refused(404, 16022, f"Conference {key} is {'over' if ours else 'not there'}")
    return found


def _find(request: RestRequest) -> tuple[Conference, Participant]:
    """A participant, by call or label."""
    conference = _live(request, _record(request, request.holes["ConferenceSid"]))
    found = conference.find(request.holes["CallSid"]) if conference is not None else None
    if conference is None or found is None:
        raise request.missing()
    return conference, found


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
