"""Postal addresses that numbers depend on. https://www.twilio.com/docs/usage/api/address"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback._core.emulation.records import Record
from ringback.emulator.numbering import range_of
from ringback.emulator.rest import generic, views
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.lists import Newest, page

if TYPE_CHECKING:
    from ringback.emulator.engine.records import Number
    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS"]


def _dependents(request: RestRequest) -> Body:
    sid = request.holes["AddressSid"]
    if request.network.store.table("addresses", Record).lane(sid) != request.account.sid:
        raise request.missing()
    listing = Newest(request.network.store.numbers, request.account.sid, lambda number: number.sid)
    return page(request, listing, views.dependent_number, lambda number: number.address_sid == sid)


def _delete(request: RestRequest) -> None:
    for number in request.network.store.numbers.older(request.account.sid):
        if number.address_sid == request.sid and _needs_an_address(number):
            raise Refused(400, 20001, f"Address {request.sid} can't go: {number.phone_number} needs it")
    generic.delete(request)


def _needs_an_address(number: Number) -> bool:
    offer = range_of(number.phone_number)
    return offer is not None and offer.address_requirements != "none"


ACTS = {
    "addresses(sid).dependent_phone_numbers.list": _dependents,
    "addresses(sid).delete": _delete,
}
