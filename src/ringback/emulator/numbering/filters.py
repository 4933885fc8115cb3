"""What a search asks for, and which ranges have it."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import asin, cos, radians, sin, sqrt
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import frozen

from ringback.emulator.numbering.plan import Place, place_of
from ringback.emulator.numbering.refusals import INVALID, INVALID_AREA_CODE, SearchRefused

if TYPE_CHECKING:
    from ringback.emulator.numbering.plan import Country, NumberRange

__all__ = ["SearchFilters", "fitting"]

_Test: TypeAlias = "Callable[[NumberRange], bool]"

_PLACES_KNOWN: Final = frozenset({"US", "CA"})
_DEGREES: Final = r"\s*([+-]?[0-9]{1,3}(?:\.[0-9]{1,20})?)\s*"
_LAT_LONG: Final = re.compile(rf"{_DEGREES},{_DEGREES}\Z")
_DISTANCES: Final = range(1, 501)
_AREA_CODE: Final = re.compile(r"[2-9][0-9]{2}\Z")
_EARTH_RADIUS_MILES: Final = 3958.8
# What of a postal code is known of a place: all codes that begin so are its.
_POSTAL_AREA: Final = 3


@frozen
class SearchFilters:
    """The parameters of a search, by name. None, False and "" ask for nothing.

    `in_postal_code`, `in_region`, `in_rate_center`, `in_lata` and `in_locality` take a phone number as well:
    its place is meant then.
    """

    area_code: str = ""
    contains: str = ""
    sms_enabled: bool | None = None
    mms_enabled: bool | None = None
    voice_enabled: bool | None = None
    fax_enabled: bool | None = None
    exclude_all_address_required: bool = False
    exclude_local_address_required: bool = False
    exclude_foreign_address_required: bool = False
    beta: bool = True
    near_number: str = ""
    near_lat_long: str = ""
    distance: int = 25
    in_postal_code: str = ""
    in_region: str = ""
    in_rate_center: str = ""
    in_lata: str = ""
    in_locality: str = ""


def fitting(country: Country, filters: SearchFilters) -> list[NumberRange]:
    """The country's ranges all of whose numbers pass the filters; `contains` is left to who picks numbers.

    Raises:
        SearchRefused: A filter makes no sense, or not in this country.
    """
    _refuse_elsewhere(country, filters)
    tests = [
        *_place_tests(filters),
        *_distance_tests(filters),
        *_capability_tests(filters),
        *_address_tests(filters),
    ]
    if filters.area_code:
        _refuse_wrong(filters.area_code)
        tests.append(lambda each: each.area_code == filters.area_code)
    if not filters.beta:
        tests.append(lambda each: not each.beta)
    return [each for each in country.ranges if all(test(each) for test in tests)]


def _refuse_elsewhere(country: Country, filters: SearchFilters) -> None:
    if country.iso_country in _PLACES_KNOWN:
        return
    given = {
        "AreaCode": filters.area_code,
        "NearNumber": filters.near_number,
        "NearLatLong": filters.near_lat_long,
        "InPostalCode": filters.in_postal_code,
        "InRegion": filters.in_region,
        "InRateCenter": filters.in_rate_center,
        "InLata": filters.in_lata,
    }
    for wire, text in given.items():
        if text:
            raise SearchRefused(
                INVALID,
                f"{wire} is for numbers of the United States and Canada alone, not of {country.name}",
            )


def _place_tests(filters: SearchFilters) -> list[_Test]:
    if filters.in_rate_center and not filters.in_lata:
        raise SearchRefused(INVALID, "InRateCenter needs InLata beside it")
    asked: list[tuple[str, str, Callable[[Place], str | None]]] = [
        ("InPostalCode", filters.in_postal_code, lambda place: _postal_area(place.postal_code)),
        ("InRegion", filters.in_region, lambda place: place.region),
        ("InRateCenter", filters.in_rate_center, lambda place: place.rate_center),
        ("InLata", filters.in_lata, lambda place: place.lata),
        ("InLocality", filters.in_locality, lambda place: place.locality),
    ]
    return [_place_test(wire, text, attribute) for wire, text, attribute in asked if text]


def _place_test(wire: str, text: str, attribute: Callable[[Place], str | None]) -> _Test:
    if text.startswith("+"):
        wanted = attribute(_place(wire, text))
        if wanted is None:
            raise SearchRefused(INVALID, f"{wire} '{text[:50]}' belongs to no such place")
    else:
        wanted = _postal_area(text) if wire == "InPostalCode" else text
    return lambda each: _same(attribute(each.place), wanted)


def _same(one: str | None, other: str | None) -> bool:
    """Whether two names are the same: case and blanks aside, with `St.` for Saint."""
    return one is not None and other is not None and _normal(one) == _normal(other)


def _normal(name: str) -> str:
    words = name.casefold().replace(".", " ").replace("-", " ").split()
    return " ".join("saint" if word == "st" else word for word in words)


def _postal_area(code: str | None) -> str | None:
    return None if code is None else code.strip()[:_POSTAL_AREA]


def _distance_tests(filters: SearchFilters) -> list[_Test]:
    if filters.distance not in _DISTANCES:
        raise SearchRefused(INVALID, f"Distance is {_DISTANCES[0]} to {_DISTANCES[-1]} miles")
    points: list[tuple[float, float]] = []
    if filters.near_number:
        place = _place("NearNumber", filters.near_number)
        if place.latitude is None or place.longitude is None:
            raise SearchRefused(
                INVALID,
                f"NearNumber '{filters.near_number[:50]}' is no local number of the United States or Canada",
            )
        points.append((place.latitude, place.longitude))
    if filters.near_lat_long:
        points.append(_lat_long(filters.near_lat_long))
    return [_distance_test(point, filters.distance) for point in points]


def _distance_test(point: tuple[float, float], most: int) -> _Test:
    def near(each: NumberRange) -> bool:
        latitude, longitude = each.place.latitude, each.place.longitude
        return latitude is not None and longitude is not None and _miles(point, (latitude, longitude)) <= most

    return near


def _lat_long(text: str) -> tuple[float, float]:
    numbers = _LAT_LONG.match(text)
    if numbers is not None:
        latitude, longitude = float(numbers[1]), float(numbers[2])
        if abs(latitude) <= 90 and abs(longitude) <= 180:
            return latitude, longitude
    raise SearchRefused(
        INVALID, f"NearLatLong '{text[:50]}' is not valid: expected degrees such as 37.840699,-122.461853"
    )


def _miles(one: tuple[float, float], other: tuple[float, float]) -> float:
    (south, west), (north, east) = (tuple(map(radians, each)) for each in (one, other))
    chord = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin((east - west) / 2) ** 2
    return 2 * _EARTH_RADIUS_MILES * asin(sqrt(min(1.0, chord)))


def _capability_tests(filters: SearchFilters) -> list[_Test]:
    asked: list[tuple[bool | None, _Test]] = [
        (filters.voice_enabled, lambda each: each.capabilities.voice),
        (filters.sms_enabled, lambda each: each.capabilities.sms),
        (filters.mms_enabled, lambda each: each.capabilities.mms),
        (filters.fax_enabled, lambda each: each.capabilities.fax),
    ]
    return [_is(wanted, capability) for wanted, capability in asked if wanted is not None]


def _is(wanted: bool, capability: _Test) -> _Test:
    return lambda each: capability(each) is wanted


def _address_tests(filters: SearchFilters) -> list[_Test]:
    excluded = {
        requirement
        for requirement, left_out in (
            ("any", filters.exclude_all_address_required),
            ("local", filters.exclude_all_address_required or filters.exclude_local_address_required),
            ("foreign", filters.exclude_all_address_required or filters.exclude_foreign_address_required),
        )
        if left_out
    }
    return [lambda each: each.address_requirements not in excluded]


def _refuse_wrong(area_code: str) -> None:
    if _AREA_CODE.match(area_code) is None:
        raise SearchRefused(
            INVALID_AREA_CODE,
            f"AreaCode '{area_code[:20]}' is no area code: expected three digits, the first 2 to 9",
        )


def _place(wire: str, number: str) -> Place:
    place = place_of(number)
    if place is None:
        raise SearchRefused(INVALID, f"{wire} '{number[:50]}' is a number of which nothing is known")
    return place
