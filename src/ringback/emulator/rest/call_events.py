"""What was exchanged about a call: webhooks, and the requests to the API that changed it.

https://www.twilio.com/docs/voice/api/call-event-resource
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode

from ringback.emulator.engine.documents import content_type
from ringback.emulator.engine.http_log import LoggedExchange
from ringback.emulator.engine.parameters import rfc2822
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.lists import Rows, page
from ringback.http import Headers

if TYPE_CHECKING:
    from collections.abc import Callable

    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS", "logged"]

_CALLS: Final = "calls"
_JSON: Final = (("Content-Type", "application/json"),)
_WORD: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def logged(request: RestRequest, act: Callable[[RestRequest], Body | None]) -> Body | None:
    """Do what is asked for; keep the request, and its answer, where it may change a call."""
    try:
        content = act(request)
    except Refused as refused:
        _log(request, refused.status, refused.body())
        raise
    _log(request, request.operation.success, content)
    return content


def _log(request: RestRequest, status: int, content: Body | None) -> None:
    network, family = request.network, request.family
    about = {family.key, *(above for _, above, _ in family.parents)}
    if request.operation.method == "GET" or _CALLS not in about:
        return
    made = "" if content is None else content.get("sid", "")
    sid = request.holes.get("CallSid") or request.holes.get("Sid") or str(made)
    if network.store.calls.lane(sid) != request.account.sid:
        return
    secret = {param.wire for param in request.operation.params if param.secret}
    parameters = urlencode([(name, "***" if name in secret else text) for name, text in request.query])
    body = b"" if content is None else json.dumps(content).encode()
    url = f"{network.home}{request.path}"
    exchange = LoggedExchange(
        request.operation.method, url, parameters, status, _JSON, body, network.clock.date
    )
    network.store.http.add(sid, exchange)


def _list(request: RestRequest) -> Body:
    sid = request.holes["CallSid"]
    if request.network.store.calls.lane(sid) != request.account.sid:
        raise request.missing()
    listing = Rows(request.network.store.http.of(sid), lambda row: row[0])
    return page(request, listing, lambda row: _view(request, row[1]))


def _view(request: RestRequest, exchange: LoggedExchange) -> Body:
    masked = request.network.masked
    return {
        "request": {
            "method": exchange.method,
            "url": masked(exchange.url),
            "parameters": {_snake(name): masked(text) for name, text in parse_qsl(exchange.parameters, True)},
        },
        "response": {
            "response_code": exchange.status,
            "request_duration": exchange.milliseconds,
            "content_type": content_type(Headers(exchange.headers)),
            "response_body": masked(exchange.body.decode("utf-8", errors="replace")),
            "date_created": rfc2822(exchange.date),
        },
    }


def _snake(name: str) -> str:
    """`CallSid` as `call_sid`."""
    return _WORD.sub("_", name).lower()


ACTS = {"calls(sid).events.list": _list}
