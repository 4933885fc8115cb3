"""Errors and warnings, as the debugger logs them. https://www.twilio.com/docs/voice/api/call-notification-resource"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ringback.emulator.engine.parameters import API_VERSION
from ringback.emulator.rest.lists import Newest, page, within
from ringback.emulator.rest.writing import written

if TYPE_CHECKING:
    from ringback.emulator.engine.records import Problem
    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS"]


def _list(request: RestRequest) -> Body:
    parameters, call = request.parameters, _call(request)
    log = parameters.number("Log")

    def matches(problem: Problem) -> bool:
        return (
            call in {"", problem.subject_sid}
            and log in {None, _log(problem)}
            and within(parameters, "MessageDate", problem.date_created)
        )

    listing = Newest(request.network.store.problems, request.account.sid, lambda problem: problem.sid)
    return page(request, listing, lambda problem: _view("Notification", problem), matches)


def _fetch(request: RestRequest) -> Body:
    call = _call(request)
    problem = request.network.store.problems.get(request.sid)
    if problem is None or problem.account_sid != request.account.sid or call not in {"", problem.subject_sid}:
        raise request.missing()
    return _view("NotificationDetails", problem)


def _call(request: RestRequest) -> str:
    """The call that the path names, or ""."""
    sid = request.holes.get("CallSid", "")
    if sid and request.network.store.calls.lane(sid) != request.account.sid:
        raise request.missing()
    return sid


def _view(model: str, problem: Problem) -> Body:
    place = f"/{API_VERSION}/Accounts/{problem.account_sid}/Notifications/{problem.sid}"
    return written(
        model,
        problem,
        call_sid=problem.subject_sid if problem.subject_sid.startswith("CA") else None,
        log=_log(problem),
        error_code=problem.code,
        more_info=f"https://www.twilio.com/docs/errors/{problem.code}",
        message_date=problem.date_created,
        message_text=urlencode(_said(problem)),
        request_url=problem.url or None,
        api_version=API_VERSION,
        uri=f"{place}.json",
    )


def _log(problem: Problem) -> int:
    return 0 if problem.level == "error" else 1


def _said(problem: Problem) -> dict[str, str]:
    said = {
        "EmailNotification": "false",
        "LogLevel": "ERROR" if problem.level == "error" else "WARN",
        "sourceComponent": "14100" if problem.subject_sid.startswith(("SM", "MM")) else "12000",
        "Msg": problem.message,
        "ErrorCode": str(problem.code),
        "url": problem.url,
    }
    return said if problem.response_status is None else {**said, "httpResponse": str(problem.response_status)}


ACTS: dict[str, Callable[[RestRequest], Body]] = {
    "notifications.list": _list,
    "notifications(sid).fetch": _fetch,
    "calls(sid).notifications.list": _list,
    "calls(sid).notifications(sid).fetch": _fetch,
}
