"""The numbering plan: the countries in which numbers are sold, and the ranges that their numbers are of.

The facts are in the CSV files of `data`: tables are easier to read and to check as such than as code, and no
other part of the library is derived from them, so they need no generator. Whatever numbers a range allows are
valid ones of its kind. What addresses and papers are asked for changes often; the tables say what is usual.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

from attrs import Factory, field, frozen

from ringback.emulator.numbering.masks import ANY_DIGIT, Mask, contains, digits_of, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "AddressRequirements",
    "Capabilities",
    "Country",
    "NumberKind",
    "NumberRange",
    "Papers",
    "Place",
    "countries",
    "country_of_area_code",
    "place_of",
    "range_of",
]

NumberKind: TypeAlias = Literal[
    "local", "toll_free", "mobile", "national", "voip", "shared_cost", "machine_to_machine"
]
AddressRequirements: TypeAlias = Literal["none", "any", "local", "foreign"]

Papers: TypeAlias = Literal["bundle", "identity"]

_NORTH_AMERICA: Final = "1"
_ONE: Final = 1 << 1


@frozen
class Capabilities:
    """What a number can do."""

    voice: bool
    sms: bool
    mms: bool
    fax: bool


@frozen
class Place:
    """Where the numbers of a range belong to; of the United States and Canada all of it is known."""

    locality: str | None = None
    region: str | None = None
    postal_code: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    rate_center: str | None = None
    lata: str | None = None


@frozen
class NumberRange:
    """Numbers that differ in nothing but their digits.

    Attributes:
        masks: Which numbers, with the country's dialling code; no number is in two of them.
        papers: What the law asks for besides an address: a bundle of papers, or a proof of identity.
        key: Tells it from every other range of its country.
    """

    iso_country: str
    kind: NumberKind
    masks: tuple[Mask, ...] = field(repr=False)
    capabilities: Capabilities
    address_requirements: AddressRequirements = "none"
    papers: Papers | None = None
    beta: bool = False
    place: Place = Place()
    key: str = field(init=False, default=Factory(lambda self: self._key(), takes_self=True), repr=False)

    def _key(self) -> str:
        lowest = "".join(str(digits_of(each)[0]) for mask in self.masks[:1] for each in mask)
        return f"{self.kind} {lowest}"

    @property
    def area_code(self) -> str | None:
        """The area code that all of its numbers have, in North America; None elsewhere."""
        mask = self.masks[0]
        return "".join(str(digits_of(each)[0]) for each in mask[1:4]) if mask[0] == _ONE else None

    def __contains__(self, digits: str) -> bool:
        return any(contains(mask, digits) for mask in self.masks)


@frozen
class Country:
    """A country in which numbers are sold."""

    iso_country: str
    name: str
    dialling_code: str
    beta: bool
    ranges: tuple[NumberRange, ...] = field(repr=False)

    @property
    def kinds(self) -> tuple[NumberKind, ...]:
        """The kinds of numbers that are sold there, each once."""
        return tuple(dict.fromkeys(each.kind for each in self.ranges))


@cache
def countries() -> Mapping[str, Country]:
    """All countries by their ISO codes, in the order of these."""
    rows = {row["iso_country"]: row for row in _rows("countries")}
    ranges: defaultdict[str, list[NumberRange]] = defaultdict(list)
    for each in (*_north_american_ranges(), *_other_ranges(rows)):
        ranges[each.iso_country].append(each)
    return {
        code: Country(
            iso_country=code,
            name=row["name"],
            dialling_code=row["dialling_code"],
            beta=row["beta"] == "yes",
            ranges=tuple(ranges[code]),
        )
        for code, row in sorted(rows.items())
    }


def country_of_area_code(area_code: str) -> tuple[Country, NumberKind] | None:
    """Whose numbers begin with a North American area code, and of what kind they are.

    Toll-free numbers are the same in the whole of North America; they are said to be of the United States.
    """
    ranges = _by_area_code().get(area_code)
    return (countries()[ranges[0].iso_country], ranges[0].kind) if ranges else None


def range_of(number: str) -> NumberRange | None:
    """The range that a number in E.164 form is of; None where there is no such number to be had."""
    digits = number.removeprefix("+")
    if number == digits or not (digits.isascii() and digits.isdecimal()):
        return None
    return next((each for each in _ranges_near(digits) if digits in each), None)


def place_of(number: str) -> Place | None:
    """Where a number belongs to.

    In North America its area code says so, even that of a number which can't be: examples are full of them.
    """
    found = range_of(number)
    if found is None and number.startswith("+1"):
        found = next(iter(_by_area_code().get(number[2:5], ())), None)
    return None if found is None else found.place


def _ranges_near(digits: str) -> tuple[NumberRange, ...]:
    if digits.startswith(_NORTH_AMERICA):
        return _by_area_code().get(digits[1:4], ())
    return next(
        (
            country.ranges
            for country in countries().values()
            if digits.startswith(country.dialling_code) and country.dialling_code != _NORTH_AMERICA
        ),
        (),
    )


@cache
def _by_area_code() -> Mapping[str, tuple[NumberRange, ...]]:
    found: defaultdict[str, list[NumberRange]] = defaultdict(list)
    for country in sorted(countries().values(), key=lambda each: each.iso_country != "US"):
        for each in country.ranges:
            if each.area_code is not None:
                found[each.area_code].append(each)
    return {area_code: tuple(ranges) for area_code, ranges in found.items()}


def _north_american_ranges() -> Iterator[NumberRange]:
    """A range for each place and area code; a place that isn't the code's first has an exchange in ten."""
    rows = list(_rows("north_america"))
    sharing: defaultdict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        for area_code in row["area_codes"].split():
            sharing[area_code].append(index)
    for index, row in enumerate(rows):
        place = Place(
            locality=row["locality"],
            region=row["region"],
            postal_code=row["postal_code"],
            latitude=float(row["latitude"]),
            longitude=float(row["longitude"]),
            rate_center=row["rate_center"],
            lata=row["lata"],
        )
        for area_code in row["area_codes"].split():
            own = _third_digits(sharing[area_code].index(index), len(sharing[area_code]))
            yield NumberRange(
                iso_country=row["iso_country"],
                kind="local",
                masks=_without_service_codes(parse(f"1 {area_code} [2-9]xx xxxx"), own),
                capabilities=_capabilities("VSMF"),
                place=place,
            )


def _third_digits(index: int, places: int) -> int:
    """The third digits of the exchanges of the place at `index`: one each, and the first has the others."""
    return 1 << (10 - index) if index else (1 << (11 - places)) - 1


def _other_ranges(rows: Mapping[str, Mapping[str, str]]) -> Iterator[NumberRange]:
    for row in _rows("ranges"):
        country = rows[row["iso_country"]]
        mask = parse(country["dialling_code"] + row["numbers"])
        yield NumberRange(
            iso_country=row["iso_country"],
            kind=cast("NumberKind", row["kind"]),
            masks=_without_service_codes(mask) if mask[0] == _ONE else (mask,),
            capabilities=_capabilities(row["capabilities"]),
            address_requirements=cast("AddressRequirements", row["address_requirements"]),
            papers=cast("Papers", row["papers"]) if row["papers"] else None,
            beta=country["beta"] == "yes",
            place=Place(locality=row["locality"] or None),
        )


def _without_service_codes(mask: Mask, third_digits: int = ANY_DIGIT) -> tuple[Mask, ...]:
    """A North American mask without the exchanges 211 to 911, and with these third digits of exchanges."""
    before, second, third, after = mask[:5], mask[5], mask[6] & third_digits, mask[7:]
    split = (
        (*before, second & ~_ONE, third, *after),
        (*before, second & _ONE, third & ~_ONE, *after),
    )
    return tuple(each for each in split if all(each))


def _capabilities(letters: str) -> Capabilities:
    return Capabilities(*(letter in letters for letter in "VSMF"))


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = (files("ringback.emulator.numbering") / "data" / f"{name}.csv").read_text("utf-8")
    return csv.DictReader(text.splitlines())
