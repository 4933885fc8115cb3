"""Calls. https://www.twilio.com/docs/voice/api/call-resource"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.addresses import normal
from ringback.emulator.engine.calls import OutgoingCall, call_out
from ringback.emulator.engine.detection import Detection
from ringback.emulator.engine.documents import Source
from ringback.emulator.engine.legs import Leg, Subscription
from ringback.emulator.engine.recordings import RecordingOptions
from ringback.emulator.engine.records import Call
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.urls import WebUrl
from ringback.emulator.rest import generic, views
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.lists import Newest, page, within
from ringback.errors import TwimlError
from ringback.twiml import parse

if TYPE_CHECKING:
    from ringback._generated.emulation.records import ApplicationRecord
    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS", "ends", "in_progress", "recording", "subscriptions"]

_TIMEOUT: Final = 60
_KEYS: Final = re.compile(r"[0-9#*wW]*\Z")


def _create(request: RestRequest) -> Body:
    parameters, account = request.parameters, request.account
    to, caller = ends(request)
    sid = parameters.text("ApplicationSid")
    application = request.network.store.applications.get(sid)
    if sid and (application is None or application.account_sid != account.sid):
        raise Refused(400, 21218, f"ApplicationSid {sid} is none of this account")
    keys = parameters.text("SendDigits")
    if not _KEYS.match(keys):
        raise Refused(400, 21206, f"SendDigits '{keys[:50]}' has more than 0-9, #, *, w and W")
    wanted = OutgoingCall(
        to=to,
        from_=caller,
        source=_source(request) if application is None else _source_of(application),
        subscriptions=subscriptions(request, application),
        fallback_url=application.voice_fallback_url or "" if application else parameters.text("FallbackUrl"),
        fallback_method=(
            application.voice_fallback_method if application else parameters.text("FallbackMethod", "POST")
        ),
        timeout=float(parameters.number("Timeout") or _TIMEOUT),
        keys=keys,
        time_limit=_float(parameters.number("TimeLimit")),
        detection=_detection(request),
        application_sid=None if application is None else application.sid,
        recording=recording(request),
    )
    call = call_out(request.network, account, wanted).call
    if application is None:
        _warn_of_both(request, call)
    if parameters.flag("AsyncAmd") and wanted.detection is not None and not wanted.detection.url:
        request.network.problem(account, call.sid, Trouble(21262, "", ""))
    return views.call(call)


def _warn_of_both(request: RestRequest, call: Call) -> None:
    """Of a URL and TwiML the URL is used."""
    url = request.parameters.text("Url")
    if url and request.parameters.text("Twiml"):
        request.network.problem(request.account, call.sid, Trouble(32019, "", url))


def ends(request: RestRequest) -> tuple[str, str]:
    """Who is to be called, and by whom.

    Raises:
        Refused: That can't be.
    """
    parameters = request.parameters
    to = normal(parameters.text("To"))
    if to is None:
        raise Refused(400, 21211, f"To '{parameters.text('To')}' is no number that can be called")
    caller = _caller(request, "From")
    return to, _caller(request, "CallerId") if parameters.text("CallerId") else caller


def _caller(request: RestRequest, name: str) -> str:
    """Who calls, as the callee sees it."""
    given = request.parameters.text(name)
    caller = normal(given)
    if caller is None:
        raise Refused(400, 21212, f"{name} '{given}' is no number that can call")
    owned = request.network.store.number(caller)
    verified = request.network.store.verified(request.account.sid, caller)
    ours = owned is not None and owned.account_sid == request.account.sid
    if name == "From" and _passes_on(request, caller):
        return caller
    if not caller.startswith("client:") and not ours and not verified:
        raise Refused(400, 21210, f"{name} {caller} is neither a number of this account nor verified by it")
    return caller


def _passes_on(request: RestRequest, caller: str) -> bool:
    """Whether a token proves that this caller calls the account right now."""
    token = request.parameters.text("CallToken")
    return bool(token) and any(
        call.live and call.call_token == token and call.from_ == caller
        for call in request.network.store.calls.older(request.account.sid)
    )


def _list(request: RestRequest) -> Body:
    parameters = request.parameters
    to, caller = (normal(parameters.text(name)) or parameters.text(name) for name in ("To", "From"))

    def matches(call: Call) -> bool:
        return (
            to in {"", call.to}
            and caller in {"", call.from_}
            and parameters.text("ParentCallSid") in {"", call.parent_call_sid}
            and parameters.text("Status") in {"", views.call(call)["status"]}
            and within(parameters, "StartTime", call.start_time)
            and within(parameters, "EndTime", call.end_time)
        )

    listing = Newest(request.network.store.calls, request.account.sid, lambda call: call.sid)
    return page(request, listing, views.call, matches)


def _fetch(request: RestRequest) -> Body:
    return views.call(_find(request))


def _update(request: RestRequest) -> Body:
    call, parameters = _find(request), request.parameters
    if not call.live:
        raise Refused(400, 21220, f"Call {call.sid} is {call.status}: it can't be changed any more")
    leg = request.network.legs[call.sid]
    moves = bool(parameters.text("Url") or parameters.text("Twiml"))
    if moves and call.status != "in-progress":
        raise Refused(
            400, 21220, f"Call {call.sid} is {call.status}, not in progress: it can't be redirected"
        )
    if moves and not parameters.text("Url"):
        _check_actions(parameters.text("Twiml"))
    # By itself it is ignored, as by the real service.
    if parameters.text("StatusCallback") and moves:
        method = parameters.text("StatusCallbackMethod", "POST")
        leg.subscriptions = [Subscription(parameters.text("StatusCallback"), method)]
    if parameters.text("FallbackUrl"):
        leg.fallback_url = parameters.text("FallbackUrl")
        leg.fallback_method = parameters.text("FallbackMethod", "POST")
    limit = parameters.number("TimeLimit")
    if limit is not None:
        leg.limit(float(limit))
    _end(leg, parameters.text("Status"))
    if moves and call.live:
        _warn_of_both(request, call)
        leg.move(_source(request))
    call.date_updated = request.network.clock.date
    return views.call(call)


def _check_actions(twiml: str) -> None:
    """Refuse actions that are relative: there is no URL for them to be relative to."""
    try:
        verbs = parse(twiml, strict=False).children
    except TwimlError:  # it is told of when the call runs it
        return
    for verb in verbs:
        action = getattr(verb, "action", None)
        if isinstance(action, str) and action and WebUrl.parse(action) is None:
            raise Refused(400, 15004, f"Twiml: the action '{action[:100]}' is no absolute URL")


def _end(leg: Leg, status: str) -> None:
    answered = leg.call.status == "in-progress"
    if status == "completed":
        leg.finish("completed" if answered else "canceled")
    elif status == "canceled" and not answered:
        # A call that is in progress is left alone.
        leg.finish("canceled")


def _delete(request: RestRequest) -> None:
    call = _find(request)
    if call.live:
        raise Refused(409, 20009, f"Call {call.sid} is {call.status}: only ended calls can be deleted")
    del request.network.store.calls[call.sid]
    generic.forget(request, "calls", f"{call.account_sid}/{call.sid}")
    request.network.store.http.forget(call.sid)


def _find(request: RestRequest) -> Call:
    call = request.network.store.calls.get(request.sid)
    if call is None or call.account_sid != request.account.sid:
        raise request.missing()
    return call


def in_progress(request: RestRequest) -> Leg:
    """The call that the path names, below which something is to be made.

    Raises:
        Refused: There is none, or nobody talks on it.
    """
    sid = request.holes["CallSid"]
    call = request.network.store.calls.get(sid)
    if call is None or call.account_sid != request.account.sid:
        raise request.missing()
    if call.status != "in-progress":
        raise Refused(400, 21220, f"Call {sid} is {call.status}, not in progress")
    return request.network.legs[sid]


def _source(request: RestRequest) -> Source:
    parameters = request.parameters
    if parameters.text("Url"):
        return Source(parameters.text("Url"), parameters.text("Method", "POST"))
    return Source("", twiml=parameters.text("Twiml"))


def _source_of(application: ApplicationRecord) -> Source:
    return Source(application.voice_url or "", application.voice_method)


def subscriptions(
    request: RestRequest, application: ApplicationRecord | None = None
) -> tuple[Subscription, ...]:
    """Where the call's progress is told."""
    parameters = request.parameters
    if application is not None:
        return (Subscription(application.status_callback or "", application.status_callback_method),)
    events = parameters.texts("StatusCallbackEvent")
    return (
        Subscription(
            parameters.text("StatusCallback"),
            parameters.text("StatusCallbackMethod", "POST"),
            frozenset(events or ["completed"]),
        ),
    )


def _detection(request: RestRequest) -> Detection | None:
    parameters = request.parameters
    mode = parameters.text("MachineDetection")
    if not mode:
        return None
    return Detection(
        mode,
        parameters.text("AsyncAmdStatusCallback"),
        parameters.text("AsyncAmdStatusCallbackMethod", "POST"),
        beside=parameters.flag("AsyncAmd"),
    )


def recording(request: RestRequest) -> RecordingOptions | None:
    """What is recorded of the call."""
    parameters = request.parameters
    if not parameters.flag("Record"):
        return None
    events = parameters.texts("RecordingStatusCallbackEvent")
    return RecordingOptions(
        source="OutboundAPI",
        channels=2 if parameters.text("RecordingChannels") == "dual" else 1,
        track=parameters.text("RecordingTrack", "both"),
        trimmed=parameters.text("Trim") != "do-not-trim",
        callback=parameters.text("RecordingStatusCallback"),
        method=parameters.text("RecordingStatusCallbackMethod", "POST"),
        events=frozenset(events or ["completed"]),
    )


def _float(number: int | None) -> float | None:
    return None if number is None else float(number)


ACTS = {
    "calls.create": _create,
    "calls.list": _list,
    "calls(sid).fetch": _fetch,
    "calls(sid).update": _update,
    "calls(sid).delete": _delete,
}
