"""Numbers of an account: buying, setting up, moving and giving up.

https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from attrs import frozen

from ringback._core.emulation.records import Record
from ringback._generated.emulation.records import AddressRecord
from ringback._generated.emulation.tables import FAMILIES
from ringback.emulator.engine.addresses import normal
from ringback.emulator.engine.records import Number
from ringback.emulator.numbering import SearchFilters, country_of_area_code, formatted, range_of, search
from ringback.emulator.rest import generic, views
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.lists import Newest, page

if TYPE_CHECKING:
    from ringback.emulator.engine.network import Network
    from ringback.emulator.numbering import NumberKind, NumberRange
    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS", "Taken"]

# Where callers' names can be looked up, and area codes asked for.
_NORTH_AMERICA: Final = frozenset({"US", "CA"})
_FALLBACKS: Final = (
    ("VoiceFallbackUrl", "VoiceUrl", "voice_url", 21405),
    ("SmsFallbackUrl", "SmsUrl", "sms_url", 21406),
)


@frozen
class Taken:
    """The numbers that nobody can buy now: an account or a phone has them."""

    network: Network

    def __contains__(self, number: object) -> bool:
        network = self.network
        return isinstance(number, str) and (
            network.store.number(number) is not None or number in network.phones
        )


def _create(request: RestRequest, kind: NumberKind | None) -> Body:
    network, given = request.network, request.parameters.text("PhoneNumber")
    number = normal(given) if given else _free_number(request)
    if number is None or not number.startswith("+"):
        raise Refused(400, 21421, f"PhoneNumber '{given[:100]}' is no number that can be bought")
    offer = range_of(number)
    if offer is None:
        raise Refused(400, 21422, f"PhoneNumber {number} is not available: no such number is sold")
    if kind is not None and offer.kind != kind:
        raise Refused(400, 21458, f"PhoneNumber {number} is {_words(offer.kind)}, not {_words(kind)}")
    if number in Taken(network):
        raise Refused(400, 21422, f"PhoneNumber {number} is not available: somebody has it")
    _check_papers(request, offer)
    now = network.clock.date
    record = Number(
        sid=network.sids.new("PN"),
        date_created=now,
        date_updated=now,
        account_sid=request.account.sid,
        phone_number=number,
        friendly_name=formatted(number),
    )
    _configure(record, request, request.account.sid)
    network.store.numbers[record.sid] = record
    return views.number(record)


def _list(request: RestRequest, kind: NumberKind | None) -> Body:
    parameters = request.parameters
    # `*` stands for one digit, and a part is found anywhere.
    wanted = re.escape(parameters.text("PhoneNumber").lstrip("+")).replace(r"\*", "[0-9]")
    name, beta = parameters.text("FriendlyName"), parameters.values.get("Beta")

    def matches(number: Number) -> bool:
        offer = range_of(number.phone_number)
        return (
            kind in {None, "local" if offer is None else offer.kind}
            and re.search(wanted, number.phone_number) is not None
            and name in {"", number.friendly_name}
            and beta in {None, "", offer is not None and offer.beta}
            and parameters.text("Origin") in {"", "twilio"}
        )

    listing = Newest(request.network.store.numbers, request.account.sid, lambda number: number.sid)
    return page(request, listing, views.number, matches)


def _fetch(request: RestRequest) -> Body:
    return views.number(_find(request))


def _update(request: RestRequest) -> Body:
    record = _find(request)
    receiver = _receiver(request)
    _configure(record, request, receiver)
    record.account_sid = receiver
    if receiver != request.account.sid:
        # Its add-ons are installed in the account that it leaves.
        generic.forget(request, "incoming_phone_numbers", f"{request.account.sid}/{record.sid}")
        request.network.store.numbers[record.sid] = record  # in the receiver's list from now on
    return views.number(record)


def _receiver(request: RestRequest) -> str:
    """Whose number it is afterwards.

    Raises:
        Refused: It can't be given to that account, or not by who asks.
    """
    sid, owner = request.parameters.text("AccountSid"), request.account
    if sid in {"", owner.sid}:
        return owner.sid
    receiver = request.network.store.accounts.get(sid)
    if receiver is None:
        raise Refused(400, 21471, f"AccountSid {sid} is no account")
    if request.caller.sid != request.caller.owner_account_sid:
        raise Refused(400, 21474, "A subaccount can't move numbers: its parent can")
    if receiver.owner_account_sid != owner.owner_account_sid:
        raise Refused(400, 21473, f"AccountSid {sid} has another owner")
    if receiver.status != "active":
        raise Refused(400, 21472, f"AccountSid {sid} is not active: it is {receiver.status}")
    return receiver.sid


def _check_papers(request: RestRequest, offer: NumberRange) -> None:
    """Addresses and papers that the law of the number's country asks for."""
    parameters, needed = request.parameters, offer.address_requirements
    country = _address_country(request, "AddressSid", request.account.sid)
    if needed == "local" and country != offer.iso_country:
        raise Refused(400, 21615, f"The number needs an AddressSid of an address in {offer.iso_country}")
    if needed == "any" and country is None:
        raise Refused(400, 21631, "The number needs an AddressSid")
    if needed == "foreign" and country in {None, offer.iso_country}:
        raise Refused(400, 21631, f"The number needs an AddressSid of an address outside {offer.iso_country}")
    if offer.papers == "bundle" and not parameters.text("BundleSid"):
        raise Refused(400, 21649, "The number needs a BundleSid")
    if offer.papers == "identity" and not parameters.text("IdentitySid"):
        raise Refused(400, 21650, "The number needs an IdentitySid")


def _configure(record: Number, request: RestRequest, owner: str) -> None:
    """Take over all settings, or none where one of them can't be."""
    parameters, offer = request.parameters, range_of(record.phone_number)
    for wire, (family, code) in FAMILIES["incoming_phone_numbers"].refers.items():
        sid = parameters.text(wire)
        if sid and request.network.store.table(family, Record).lane(sid) != owner:
            raise Refused(400, code, f"{wire} {sid} is none of account {owner}")
    for fallback, main, field, code in _FALLBACKS:
        if parameters.text(fallback) and not parameters.text(main, getattr(record, field)):
            raise Refused(400, code, f"{fallback} needs {main} beside it")
    if offer is not None:
        if not offer.capabilities.sms and (parameters.text("SmsUrl") or parameters.text("SmsApplicationSid")):
            raise Refused(400, 21407, f"{record.phone_number} takes no texts: SmsUrl is of no use")
        if parameters.flag("VoiceCallerIdLookup") and offer.iso_country not in _NORTH_AMERICA:
            raise Refused(400, 21409, "VoiceCallerIdLookup is for numbers of the United States and Canada")
    bought = record.phone_number
    generic.apply(request, record)
    record.phone_number = bought


def _address_country(request: RestRequest, wire: str, owner: str) -> str | None:
    """The country of an address of ours; None where none is given, or it is none of ours."""
    sid = request.parameters.text(wire)
    addresses = request.network.store.table("addresses", AddressRecord)
    return addresses[sid].iso_country if sid and addresses.lane(sid) == owner else None


def _free_number(request: RestRequest) -> str:
    area_code = request.parameters.text("AreaCode")
    owner = country_of_area_code(area_code)
    if owner is None or owner[0].iso_country not in _NORTH_AMERICA:
        raise Refused(400, 21451, f"AreaCode '{area_code}' is no area code of the United States or Canada")
    country, kind = owner
    filters = SearchFilters(area_code=area_code)
    found = search(country, kind, filters, taken=Taken(request.network), limit=1)
    if not found:
        raise Refused(400, 21452, f"There is no number left in area code {area_code}")
    return found[0].phone_number


def _find(request: RestRequest) -> Number:
    record = request.network.store.numbers.get(request.sid)
    if record is None or record.account_sid != request.account.sid:
        raise request.missing()
    return record


def _words(kind: NumberKind) -> str:
    return kind.replace("_", "-")


def _of(
    act: Callable[[RestRequest, NumberKind | None], Body], kind: NumberKind | None
) -> Callable[[RestRequest], Body]:
    return lambda request: act(request, kind)


ACTS = {
    "incoming_phone_numbers.create": _of(_create, None),
    "incoming_phone_numbers.list": _of(_list, None),
    "incoming_phone_numbers(sid).fetch": _fetch,
    "incoming_phone_numbers(sid).update": _update,
    "incoming_phone_numbers(sid).delete": generic.delete,
    "incoming_phone_numbers.local.create": _of(_create, "local"),
    "incoming_phone_numbers.local.list": _of(_list, "local"),
    "incoming_phone_numbers.mobile.create": _of(_create, "mobile"),
    "incoming_phone_numbers.mobile.list": _of(_list, "mobile"),
    "incoming_phone_numbers.toll_free.create": _of(_create, "toll_free"),
    "incoming_phone_numbers.toll_free.list": _of(_list, "toll_free"),
}
