"""Short codes. https://www.twilio.com/docs/messaging/api/short-code-resource"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ringback.emulator.engine.parameters import API_VERSION
from ringback.emulator.rest import generic
from ringback.emulator.rest.lists import Newest, page
from ringback.emulator.rest.writing import written

if TYPE_CHECKING:
    from ringback.emulator.engine.records import Number
    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS"]


def _list(request: RestRequest) -> Body:
    digits, name = request.parameters.text("ShortCode"), request.parameters.text("FriendlyName")
    wanted = re.compile("".join("[0-9]" if each == "*" else re.escape(each) for each in digits))

    def matches(code: Number) -> bool:
        return (not digits or wanted.match(code.phone_number) is not None) and name in {
            "",
            code.friendly_name,
        }

    store, account = request.network.store, request.account.sid
    listing = Newest(store.numbers, store.short_codes_of(account), lambda code: code.sid)
    return page(request, listing, _view, matches)


def _fetch(request: RestRequest) -> Body:
    return _view(_find(request))


def _update(request: RestRequest) -> Body:
    code = _find(request)
    generic.apply(request, code)
    return _view(code)


def _find(request: RestRequest) -> Number:
    code = request.network.store.numbers.get(request.sid)
    if code is None or code.account_sid != request.account.sid:
        raise request.missing()
    return code


def _view(code: Number) -> Body:
    return written(
        "ShortCode",
        code,
        short_code=code.phone_number,
        sms_url=code.sms_url or None,
        sms_fallback_url=code.sms_fallback_url or None,
        uri=f"/{API_VERSION}/Accounts/{code.account_sid}/SMS/ShortCodes/{code.sid}.json",
    )


ACTS = {"short_codes.list": _list, "short_codes(sid).fetch": _fetch, "short_codes(sid).update": _update}
