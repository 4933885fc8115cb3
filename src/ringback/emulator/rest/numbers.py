"""Numbers of an account. https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ringback.emulator.engine.records import Number
from ringback.emulator.rest import generic, views
from ringback.emulator.rest.addresses import normal
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.lists import Newest, page
from ringback.emulator.rest.writing import formatted

if TYPE_CHECKING:
    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS"]

_TOLL_FREE = ("+1800", "+1833", "+1844", "+1855", "+1866", "+1877", "+1888")


def _create(request: RestRequest, kind: str | None) -> Body:
    network, parameters = request.network, request.parameters
    number = (
        _free_number(request)
        if not parameters.text("PhoneNumber")
        else normal(parameters.text("PhoneNumber"))
    )
    if number is None or not number.startswith("+"):
        raise Refused(400, 21421, f"PhoneNumber '{parameters.text('PhoneNumber')}' can't be bought")
    if network.store.number(number) is not None or number in network.phones:
        raise Refused(400, 21422, f"PhoneNumber {number} is not available")
    now = network.clock.date
    record = Number(
        sid=network.sids.new("PN"),
        date_created=now,
        date_updated=now,
        account_sid=request.account.sid,
        phone_number=number,
        friendly_name=formatted(number),
        kind=kind or ("toll-free" if number.startswith(_TOLL_FREE) else "local"),
    )
    _configure(record, request)
    network.store.numbers[record.sid] = record
    return views.number(record)


def _list(request: RestRequest, kind: str | None) -> Body:
    parameters = request.parameters
    digits = parameters.text("PhoneNumber").replace("*", "").lstrip("+")

    def matches(number: Number) -> bool:
        return (
            kind in {None, number.kind}
            and digits in number.phone_number
            and parameters.text("FriendlyName") in {"", number.friendly_name}
            and parameters.flag("Beta", default=False) is False
            and parameters.text("Origin") in {"", "twilio"}
        )

    listing = Newest(request.network.store.numbers, request.account.sid, lambda number: number.sid)
    return page(request, listing, views.number, matches)


def _fetch(request: RestRequest) -> Body:
    return views.number(_find(request))


def _update(request: RestRequest) -> Body:
    record, parameters = _find(request), request.parameters
    if parameters.text("AccountSid"):
        receiver = request.network.store.accounts.get(parameters.text("AccountSid"))
        if receiver is None or receiver.owner_account_sid != request.account.owner_account_sid:
            raise Refused(400, 21473, f"AccountSid {parameters.text('AccountSid')} has another owner")
        record.account_sid = receiver.sid
        request.network.store.numbers[record.sid] = record  # in the receiver's list from now on
    _configure(record, request)
    return views.number(record)


def _delete(request: RestRequest) -> None:
    del request.network.store.numbers[_find(request).sid]


def _configure(record: Number, request: RestRequest) -> None:
    for name in ("VoiceApplicationSid", "SmsApplicationSid"):
        sid = request.parameters.text(name)
        application = request.network.store.applications.get(sid)
        if sid and (application is None or application.account_sid != record.account_sid):
            raise Refused(400, 21420, f"{name} {sid} is no application of this account")
    bought = record.phone_number
    generic.apply(request, record)
    record.phone_number = bought


def _free_number(request: RestRequest) -> str | None:
    area = request.parameters.text("AreaCode")
    if len(area) != 3 or not area.isdecimal():
        raise Refused(400, 21451, f"AreaCode '{area[:20]}' is no area code")
    for last in range(10_000):
        number = f"+1{area}555{last:04}"
        if request.network.store.number(number) is None and number not in request.network.phones:
            return number
    raise Refused(400, 21452, f"There is no number left in area code {area}")


def _find(request: RestRequest) -> Number:
    record = request.network.store.numbers.get(request.sid)
    if record is None or record.account_sid != request.account.sid:
        raise request.missing()
    return record


def _of(act: Callable[[RestRequest, str | None], Body], kind: str | None) -> Callable[[RestRequest], Body]:
    return lambda request: act(request, kind)


ACTS = {
    "incoming_phone_numbers.create": _of(_create, None),
    "incoming_phone_numbers.list": _of(_list, None),
    "incoming_phone_numbers(sid).fetch": _fetch,
    "incoming_phone_numbers(sid).update": _update,
    "incoming_phone_numbers(sid).delete": _delete,
    "incoming_phone_numbers.local.create": _of(_create, "local"),
    "incoming_phone_numbers.local.list": _of(_list, "local"),
    "incoming_phone_numbers.mobile.create": _of(_create, "mobile"),
    "incoming_phone_numbers.mobile.list": _of(_list, "mobile"),
    "incoming_phone_numbers.toll_free.create": _of(_create, "toll-free"),
    "incoming_phone_numbers.toll_free.list": _of(_list, "toll-free"),
}
