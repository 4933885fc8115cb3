"""Numbers that can be bought. https://www.twilio.com/docs/phone-numbers/api/availablephonenumber-resource"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from ringback._generated.emulation.tables import FAMILIES
from ringback.emulator.numbering import SearchFilters, SearchRefused, countries, search
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.generic import links
from ringback.emulator.rest.lists import page_size
from ringback.emulator.rest.numbers import Taken
from ringback.emulator.rest.writing import written

if TYPE_CHECKING:
    from ringback.emulator.numbering import AvailableNumber, Country, NumberKind
    from ringback.emulator.rest.requests import Parameters, RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS"]

# How many are found where nobody says how many are wanted.
_USUAL: Final = 30
_USUAL_DISTANCE: Final = 25


def _countries(request: RestRequest) -> Body:
    rows = [_country(each, f"{request.place}/{code}") for code, each in countries().items()]
    return {"countries": rows, "uri": _uri(request)}


def _fetch(request: RestRequest) -> Body:
    return _country(_find(request), request.place)


def _search(kind: NumberKind) -> Callable[[RestRequest], Body]:
    def act(request: RestRequest) -> Body:
        country = _find(request)
        if kind not in country.kinds:
            raise request.missing()
        try:
            rows = search(
                country,
                kind,
                _filters(request),
                taken=Taken(request.network),
                limit=page_size(request, _USUAL),
            )
        except SearchRefused as refused:
            raise Refused(400, refused.code, refused.message) from None
        # There are no pages of what was never counted.
        return {"available_phone_numbers": [_row(each) for each in rows], "uri": _uri(request)}

    return act


def _filters(request: RestRequest) -> SearchFilters:
    given = request.parameters
    area_code, distance = given.number("AreaCode"), given.number("Distance")
    return SearchFilters(
        area_code="" if area_code is None else str(area_code),
        contains=given.text("Contains"),
        sms_enabled=_wanted(given, "SmsEnabled"),
        mms_enabled=_wanted(given, "MmsEnabled"),
        voice_enabled=_wanted(given, "VoiceEnabled"),
        fax_enabled=_wanted(given, "FaxEnabled"),
        exclude_all_address_required=given.flag("ExcludeAllAddressRequired"),
        exclude_local_address_required=given.flag("ExcludeLocalAddressRequired"),
        exclude_foreign_address_required=given.flag("ExcludeForeignAddressRequired"),
        beta=given.flag("Beta", default=True),
        near_number=given.text("NearNumber"),
        near_lat_long=given.text("NearLatLong"),
        distance=_USUAL_DISTANCE if distance is None else distance,
        in_postal_code=given.text("InPostalCode"),
        in_region=given.text("InRegion"),
        in_rate_center=given.text("InRateCenter"),
        in_lata=given.text("InLata"),
        in_locality=given.text("InLocality"),
    )


def _wanted(given: Parameters, name: str) -> bool | None:
    """Whether numbers are wanted that can do something, or that can't; None is either."""
    value = given.values.get(name)
    return value if isinstance(value, bool) else None


def _find(request: RestRequest) -> Country:
    country = countries().get(request.holes["CountryCode"])
    if country is None:
        raise request.missing()
    return country


def _country(country: Country, place: str) -> Body:
    kinds = links(FAMILIES["available_phone_numbers"], place)
    return written(
        "AvailablePhoneNumberCountry",
        country,
        country_code=country.iso_country,
        country=country.name,
        subresource_uris={name: uri for name, uri in kinds.items() if name in country.kinds},
        uri=f"{place}.json",
    )


def _row(number: AvailableNumber) -> Body:
    return written(
        "AvailablePhoneNumber",
        number,
        latitude=_degrees(number.latitude),
        longitude=_degrees(number.longitude),
    )


def _degrees(value: float | None) -> str | None:
    return None if value is None else f"{value:.6f}"


def _uri(request: RestRequest) -> str:
    return f"{request.path}?{urlencode(request.query)}" if request.query else request.path


ACTS: Final[Mapping[str, Callable[[RestRequest], Body]]] = {
    "available_phone_numbers.list": _countries,
    "available_phone_numbers(sid).fetch": _fetch,
    "available_phone_numbers(sid).local.list": _search("local"),
    "available_phone_numbers(sid).toll_free.list": _search("toll_free"),
    "available_phone_numbers(sid).mobile.list": _search("mobile"),
    "available_phone_numbers(sid).national.list": _search("national"),
    "available_phone_numbers(sid).shared_cost.list": _search("shared_cost"),
    "available_phone_numbers(sid).voip.list": _search("voip"),
    "available_phone_numbers(sid).machine_to_machine.list": _search("machine_to_machine"),
}
