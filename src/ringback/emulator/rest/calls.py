"""Calls. https://www.twilio.com/docs/voice/api/call-resource"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.calls import OutgoingCall, call_out
from ringback.emulator.engine.detection import Detection
from ringback.emulator.engine.documents import Source
from ringback.emulator.engine.legs import Leg, Subscription
from ringback.emulator.engine.recordings import RecordingOptions
from ringback.emulator.engine.records import Call, Configured
from ringback.emulator.rest import views
from ringback.emulator.rest.addresses import normal
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.lists import page, within

if TYPE_CHECKING:
    from ringback.emulator.rest.decoding import Asked
    from ringback.emulator.rest.views import Body

__all__ = ["ACTS", "ends", "recording", "subscriptions"]

_TIMEOUT: Final = 60


def _create(asked: Asked) -> Body:
    given, account = asked.given, asked.account
    to, caller = ends(asked)
    application = asked.network.store.applications.get(given.text("ApplicationSid"))
    if given.text("ApplicationSid") and (application is None or application.account_sid != account.sid):
        raise Refused(400, 21218, f"ApplicationSid {given.text('ApplicationSid')} is none of this account")
    wanted = OutgoingCall(
        to=to,
        from_=caller,
        source=_source(asked) if application is None else _source_of(application),
        subscriptions=subscriptions(asked, application),
        fallback_url=given.text("FallbackUrl") if application is None else application.voice_fallback_url,
        fallback_method=(
            given.text("FallbackMethod", "POST") if application is None else application.voice_fallback_method
        ),
        timeout=float(given.number("Timeout") or _TIMEOUT),
        keys=given.text("SendDigits"),
        time_limit=_float(given.number("TimeLimit")),
        detection=_detection(asked),
        application_sid=None if application is None else application.sid,
        recording=recording(asked),
    )
    return views.call(call_out(asked.network, account, wanted).call)


def ends(asked: Asked) -> tuple[str, str]:
    """Who is to be called, and by whom.

    Raises:
        Refused: That can't be.
    """
    given = asked.given
    to = normal(given.text("To"))
    if to is None:
        raise Refused(400, 21211, f"To '{given.text('To')}' is no number that can be called")
    caller = normal(given.text("From"))
    if caller is None:
        raise Refused(400, 21212, f"From '{given.text('From')}' is no number that can call")
    owned = asked.network.store.number(caller)
    if not caller.startswith("client:") and (owned is None or owned.account_sid != asked.account.sid):
        raise Refused(400, 21210, f"From {caller} is neither a number of this account nor verified by it")
    return to, caller


def _list(asked: Asked) -> Body:
    given = asked.given
    to, caller = (normal(given.text(name)) or given.text(name) for name in ("To", "From"))
    found = [
        call
        for call in asked.network.store.calls.values()
        if call.account_sid == asked.account.sid
        and to in {"", call.to}
        and caller in {"", call.from_}
        and given.text("ParentCallSid") in {"", call.parent_call_sid}
        and given.text("Status") in {"", views.call(call)["status"]}
        and within(given, "StartTime", call.start_time)
        and within(given, "EndTime", call.end_time)
    ]
    return page(asked, "calls", found, views.call)


def _fetch(asked: Asked) -> Body:
    return views.call(_find(asked))


def _update(asked: Asked) -> Body:
    call, given = _find(asked), asked.given
    leg = asked.network.legs[call.sid]
    if not call.live:
        raise Refused(400, 21220, f"Call {call.sid} is {call.status}: it can't be changed any more")
    moves = bool(given.text("Url") or given.text("Twiml"))
    if moves and call.status != "in-progress":
        raise Refused(
            400, 21220, f"Call {call.sid} is {call.status}, not in progress: it can't be redirected"
        )
    # By itself it is ignored, as by the real service.
    if given.text("StatusCallback") and moves:
        method = given.text("StatusCallbackMethod", "POST")
        leg.subscriptions = [Subscription(given.text("StatusCallback"), method)]
    if given.text("FallbackUrl"):
        leg.fallback_url = given.text("FallbackUrl")
        leg.fallback_method = given.text("FallbackMethod", "POST")
    limit = given.number("TimeLimit")
    if limit is not None:
        leg.limit(float(limit))
    _end(leg, given.text("Status"))
    if moves and call.live:
        leg.move(_source(asked))
    call.date_updated = asked.network.clock.date
    return views.call(call)


def _end(leg: Leg, status: str) -> None:
    answered = leg.call.status == "in-progress"
    if status == "completed":
        leg.finish("completed" if answered else "canceled")
    elif status == "canceled" and not answered:
        # A call that is in progress is left alone.
        leg.finish("canceled")


def _delete(asked: Asked) -> None:
    call = _find(asked)
    if call.live:
        raise Refused(409, 20009, f"Call {call.sid} is {call.status}: only ended calls can be deleted")
    del asked.network.store.calls[call.sid]


def _find(asked: Asked) -> Call:
    call = asked.network.store.calls.get(asked.sid)
    if call is None or call.account_sid != asked.account.sid:
        raise asked.missing()
    return call


def _source(asked: Asked) -> Source:
    given = asked.given
    if given.text("Url"):
        return Source(given.text("Url"), given.text("Method", "POST"))
    return Source("", twiml=given.text("Twiml"))


def _source_of(application: Configured) -> Source:
    return Source(application.voice_url, application.voice_method)


def subscriptions(asked: Asked, application: Configured | None = None) -> tuple[Subscription, ...]:
    """Where the call's progress is told."""
    given = asked.given
    if application is not None:
        return (Subscription(application.status_callback, application.status_callback_method),)
    events = [event for text in given.texts("StatusCallbackEvent") for event in text.split()]
    return (
        Subscription(
            given.text("StatusCallback"),
            given.text("StatusCallbackMethod", "POST"),
            frozenset(events or ["completed"]),
        ),
    )


def _detection(asked: Asked) -> Detection | None:
    given = asked.given
    mode = given.text("MachineDetection")
    if not mode:
        return None
    return Detection(
        mode,
        given.text("AsyncAmdStatusCallback"),
        given.text("AsyncAmdStatusCallbackMethod", "POST"),
        beside=given.flag("AsyncAmd"),
    )


def recording(asked: Asked) -> RecordingOptions | None:
    """What is recorded of the call."""
    given = asked.given
    if not given.flag("Record"):
        return None
    events = [event for text in given.texts("RecordingStatusCallbackEvent") for event in text.split()]
    return RecordingOptions(
        source="OutboundAPI",
        channels=2 if given.text("RecordingChannels") == "dual" else 1,
        track=given.text("RecordingTrack", "both"),
        callback=given.text("RecordingStatusCallback"),
        method=given.text("RecordingStatusCallbackMethod", "POST"),
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
