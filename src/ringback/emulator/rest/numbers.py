"""Numbers of an account. https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ringback.emulator.engine.records import Number
from ringback.emulator.rest import views
from ringback.emulator.rest.addresses import normal
from ringback.emulator.rest.applications import configure
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.lists import page

if TYPE_CHECKING:
    from ringback.emulator.rest.decoding import Asked
    from ringback.emulator.rest.views import Body

__all__ = ["ACTS"]

_TOLL_FREE = ("+1800", "+1833", "+1844", "+1855", "+1866", "+1877", "+1888")


def _create(asked: Asked, kind: str | None) -> Body:
    network, given = asked.network, asked.given
    number = _free_number(asked) if not given.text("PhoneNumber") else normal(given.text("PhoneNumber"))
    if number is None or not number.startswith("+"):
        raise Refused(400, 21421, f"PhoneNumber '{given.text('PhoneNumber')}' can't be bought")
    if network.store.number(number) is not None or number in network.phones:
        raise Refused(400, 21422, f"PhoneNumber {number} is not available")
    now = network.clock.date
    record = Number(
        sid=network.sids.new("PN"),
        date_created=now,
        date_updated=now,
        account_sid=asked.account.sid,
        phone_number=number,
        friendly_name=views.formatted(number),
        kind=kind or ("toll-free" if number.startswith(_TOLL_FREE) else "local"),
    )
    _configure(record, asked)
    network.store.numbers[record.sid] = record
    return views.number(record)


def _list(asked: Asked, kind: str | None) -> Body:
    given = asked.given
    digits = given.text("PhoneNumber").replace("*", "").lstrip("+")
    found = [
        number
        for number in asked.network.store.numbers.values()
        if number.account_sid == asked.account.sid
        and kind in {None, number.kind}
        and digits in number.phone_number
        and given.text("FriendlyName") in {"", number.friendly_name}
        and given.flag("Beta", default=False) is False
        and given.text("Origin") in {"", "twilio"}
    ]
    return page(asked, "incoming_phone_numbers", found, views.number)


def _fetch(asked: Asked) -> Body:
    return views.number(_find(asked))


def _update(asked: Asked) -> Body:
    record, given = _find(asked), asked.given
    if given.text("AccountSid"):
        receiver = asked.network.store.accounts.get(given.text("AccountSid"))
        if receiver is None or receiver.owner_account_sid != asked.account.owner_account_sid:
            raise Refused(400, 20001, f"AccountSid {given.text('AccountSid')} has another owner")
        record.account_sid = receiver.sid
    _configure(record, asked)
    return views.number(record)


def _delete(asked: Asked) -> None:
    del asked.network.store.numbers[_find(asked).sid]


def _configure(record: Number, asked: Asked) -> None:
    for name in ("VoiceApplicationSid", "SmsApplicationSid"):
        sid = asked.given.text(name)
        application = asked.network.store.applications.get(sid)
        if sid and (application is None or application.account_sid != record.account_sid):
            raise Refused(400, 21218, f"{name} {sid} is no application of this account")
    bought = record.phone_number
    configure(record, asked)
    record.phone_number = bought


def _free_number(asked: Asked) -> str | None:
    area = asked.given.text("AreaCode")
    if len(area) != 3 or not area.isdecimal():
        raise Refused(400, 21451, f"AreaCode '{area[:20]}' is no area code")
    for last in range(10_000):
        number = f"+1{area}555{last:04}"
        if asked.network.store.number(number) is None and number not in asked.network.phones:
            return number
    raise Refused(400, 21452, f"There is no number left in area code {area}")


def _find(asked: Asked) -> Number:
    record = asked.network.store.numbers.get(asked.sid)
    if record is None or record.account_sid != asked.account.sid:
        raise asked.missing()
    return record


def _of(act: Callable[[Asked, str | None], Body], kind: str | None) -> Callable[[Asked], Body]:
    return lambda asked: act(asked, kind)


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
