"""Which numbers are for sale, and what a search of them finds."""

from __future__ import annotations

import itertools
import re

import phonenumbers
import pytest
from attrs import evolve, fields
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType

from ringback import rest
from ringback.emulator.numbering import (
    AvailableNumber,
    Country,
    NumberKind,
    NumberRange,
    SearchFilters,
    SearchRefused,
    countries,
    country_of_area_code,
    formatted,
    place_of,
    range_of,
    search,
)

US, CA, GB = (countries()[code] for code in ("US", "CA", "GB"))
ANYTHING = SearchFilters()
SOLD = [(country, kind) for country in countries().values() for kind in country.kinds]

# How libphonenumber calls what is sold as a kind.
TYPES: dict[NumberKind, set[int]] = {
    "local": {PhoneNumberType.FIXED_LINE, PhoneNumberType.FIXED_LINE_OR_MOBILE},
    "mobile": {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE},
    "toll_free": {PhoneNumberType.TOLL_FREE},
    "shared_cost": {PhoneNumberType.SHARED_COST},
    "voip": {PhoneNumberType.VOIP},
    "machine_to_machine": {PhoneNumberType.MOBILE},
    # Germany's are in no type of their own.
    "national": {PhoneNumberType.UAN, PhoneNumberType.VOIP, PhoneNumberType.FIXED_LINE},
}
# libphonenumber knows no such exchange of a young area code.
UNKNOWN_TO_LIBPHONENUMBER = re.compile(r"\+19836")

TEXTS = st.one_of(
    st.just(""),
    st.text(max_size=20),
    st.text("0123456789*%+$STORM", max_size=18),
    st.from_regex(r"\A\+?[0-9A-Za-z*]{2,16}\$?\Z"),
    st.sampled_from(["+14155551234", "+442079460958", "+1", "+", "+19999999999", "1e999,nan", "0,0"]),
)
PATTERNS = st.from_regex(r"\A\+?[*]{0,2}[0-9A-Za-z]{2,5}[0-9*]{0,2}\$?\Z").filter(
    lambda text: not re.search(r"[+*]\*|\*\$", text.replace("**", "*"))
)


def found(
    filters: SearchFilters = ANYTHING, country: Country = US, kind: NumberKind = "local", limit: int = 30
) -> list[AvailableNumber]:
    return search(country, kind, filters, limit=limit)


def as_regex(pattern: str) -> re.Pattern[str]:
    """Another reading of `Contains`: what `found` says must match this."""
    keys = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
    body = pattern.strip("+%$").upper().translate(keys).replace("*", "[0-9]")
    return re.compile(
        ("^" if pattern.startswith("+") else "") + body + ("$" if pattern.endswith("$") else "")
    )


def matches(pattern: str, number: str) -> bool:
    return as_regex(pattern).search(number.removeprefix("+")) is not None


@pytest.mark.parametrize(("country", "kind"), SOLD, ids=lambda each: getattr(each, "iso_country", each))
def test_numbers_are_valid_ones_of_their_country_and_kind(country: Country, kind: NumberKind) -> None:
    rows = found(country=country, kind=kind, limit=100)
    assert len(rows) == 100
    for row in rows:
        if not UNKNOWN_TO_LIBPHONENUMBER.match(row.phone_number):
            number = phonenumbers.parse(row.phone_number)
            assert phonenumbers.is_valid_number_for_region(number, country.iso_country), row
            assert phonenumbers.number_type(number) in TYPES[kind], row


def test_many_countries_are_there_and_every_range_can_be_told() -> None:
    assert len(countries()) > 60
    assert list(countries()) == sorted(countries())
    for country in countries().values():
        keys = [each.key for each in country.ranges]
        assert len(set(keys)) == len(keys) > 0
        assert {each.kind for each in country.ranges} <= set(TYPES)
        assert {each.address_requirements for each in country.ranges} <= {"none", "any", "local", "foreign"}
        assert all(len(mask) <= 15 for each in country.ranges for mask in each.masks)
    assert {kind for _, kind in SOLD} == set(TYPES)


def test_no_number_is_of_two_ranges() -> None:
    """But toll-free ones of North America, which are the same in all of it."""
    by_length: dict[tuple[int, int], list[tuple[NumberRange, tuple[int, ...]]]] = {}
    for country in countries().values():
        for each in country.ranges:
            for mask in each.masks:
                by_length.setdefault((len(mask), mask[0]), []).append((each, mask))
    for one, other in itertools.chain.from_iterable(
        itertools.combinations(alike, 2) for alike in by_length.values()
    ):
        if all(left & right for left, right in zip(one[1], other[1], strict=True)):
            assert one[0].kind == other[0].kind == "toll_free"
            assert {one[0].iso_country, other[0].iso_country} == {"CA", "US"}


@pytest.mark.parametrize("code", ["US", "CA"])
def test_every_area_code_is_there(code: str) -> None:
    own = {each.area_code for each in countries()[code].ranges if each.kind == "local"}
    valid = {
        str(area_code)
        for area_code in range(200, 1000)
        for number in [phonenumbers.parse(f"+1{area_code}2345678")]
        if phonenumbers.is_valid_number_for_region(number, code)
        and phonenumbers.number_type(number) == PhoneNumberType.FIXED_LINE_OR_MOBILE
    }
    assert own == valid


def test_places_are_known() -> None:
    [row] = found(SearchFilters(area_code="808", in_locality="Hilo"), limit=1)
    assert evolve(row, phone_number="", friendly_name="") == AvailableNumber(
        phone_number="",
        friendly_name="",
        iso_country="US",
        capabilities=row.capabilities,
        address_requirements="none",
        beta=False,
        locality="Hilo",
        region="HI",
        postal_code="96720",
        latitude=19.7297,
        longitude=-155.09,
        rate_center="HILO",
        lata="834",
    )
    assert row.friendly_name == formatted(row.phone_number)
    assert formatted("+18089251571") == "(808) 925-1571"
    assert formatted("+442079460958") == "+442079460958"


def test_a_row_has_the_fields_of_the_model() -> None:
    of_the_model = {each.name for each in fields(rest.AvailablePhoneNumber)} - {"unknown_fields"}
    assert {each.name for each in fields(AvailableNumber)} == of_the_model


@pytest.mark.parametrize(
    ("pattern", "form"),
    [
        ("510555****", r"\+1510555[0-9]{4}"),
        ("510555", r"\+1[0-9]*510555[0-9]*"),
        ("STORM", r"\+1[0-9]*78676[0-9]*"),
        ("storm", r"\+1[0-9]*78676[0-9]*"),
        ("+1415%", r"\+1415[0-9]{7}"),
        ("%2665$", r"\+1[0-9]{6}2665"),
        ("415*99", r"\+1[0-9]*415[0-9]99[0-9]*"),
        ("14155552671", r"\+14155552671"),
        ("+14155552671$", r"\+14155552671"),
        ("99999999", r"\+1[0-9]*99999999[0-9]*"),
    ],
)
def test_whatever_number_is_wanted_is_found(pattern: str, form: str) -> None:
    rows = found(SearchFilters(contains=pattern))
    assert rows
    assert all(re.fullmatch(form, row.phone_number) for row in rows)
    exact = pattern.strip("+$").isdecimal() and len(pattern.strip("+$")) == 11
    assert len(rows) == (1 if exact else 30)


def test_what_no_number_can_be_is_not_found() -> None:
    assert found(SearchFilters(contains="415911")) != []  # of other places of a number than these
    assert found(SearchFilters(contains="+1415911")) == []
    assert found(SearchFilters(contains="+44")) == []
    assert found(SearchFilters(contains="1234567890123456")) == []


@pytest.mark.parametrize(
    "pattern",
    ["5", "+5", "5*****", "12345678901234567", "55 55", "+1-415", "4+15", "41$5", "41%5", "5%%5", "+*55",
     "+%55", "55*$", "55*%", "ü55", "55\n", "\u0665\u0665", "(415)", "$55", "**", "%%", "+$"],
)  # fmt: skip
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(SearchRefused, match="Contains") as refused:
        found(SearchFilters(contains=pattern))
    assert refused.value.code == 20001


@settings(deadline=None, max_examples=40)
@given(PATTERNS)
def test_all_numbers_that_match_are_found_once(pattern: str) -> None:
    """Slovenia's toll-free ones are few enough to try them all."""
    rows = found(SearchFilters(contains=pattern), country=countries()["SI"], kind="toll_free", limit=10_000)
    numbers = [row.phone_number for row in rows]
    assert len(set(numbers)) == len(numbers)
    regex = as_regex(pattern)
    assert {int(number[-4:]) for number in numbers} == {
        each for each in range(10_000) if regex.search(f"38680{each:04}")
    }


@settings(deadline=None)
@given(
    st.sampled_from(SOLD),
    st.builds(
        SearchFilters,
        contains=st.one_of(st.just(""), PATTERNS),
        sms_enabled=st.sampled_from([None, True, False]),
        mms_enabled=st.sampled_from([None, True, False]),
        voice_enabled=st.sampled_from([None, True, False]),
        fax_enabled=st.sampled_from([None, True, False]),
        exclude_all_address_required=st.booleans(),
        exclude_local_address_required=st.booleans(),
        exclude_foreign_address_required=st.booleans(),
        beta=st.booleans(),
        in_locality=st.sampled_from(["", "London", "st. louis"]),
    ),
    st.integers(0, 40),
)
def test_rows_pass_all_filters(sold: tuple[Country, NumberKind], filters: SearchFilters, seen: int) -> None:
    country, kind = sold
    rows = search(country, kind, filters, limit=50)
    assert rows == search(country, kind, filters, limit=50)
    assert rows[:7] == search(country, kind, filters, limit=7)
    numbers = [row.phone_number for row in rows]
    assert len(set(numbers)) == len(numbers)
    for row in rows:
        owner = range_of(row.phone_number)
        assert owner is not None
        assert owner.kind == kind
        assert row.iso_country == country.iso_country
        assert not filters.contains or matches(filters.contains, row.phone_number)
        assert filters.voice_enabled in {None, row.capabilities.voice}
        assert filters.sms_enabled in {None, row.capabilities.sms}
        assert filters.mms_enabled in {None, row.capabilities.mms}
        assert filters.fax_enabled in {None, row.capabilities.fax}
        assert filters.beta or not row.beta
        wanted = filters.in_locality.replace("st.", "saint").title()
        assert not wanted or row.locality == wanted
        assert not filters.exclude_all_address_required or row.address_requirements == "none"
        assert not filters.exclude_local_address_required or row.address_requirements != "local"
        assert not filters.exclude_foreign_address_required or row.address_requirements != "foreign"
    taken = set(numbers[:seen])
    left = search(country, kind, filters, taken=taken, limit=50)
    assert taken.isdisjoint(row.phone_number for row in left)
    assert [row.phone_number for row in left][: len(numbers[seen:])] == numbers[seen:]


@given(
    code=st.sampled_from(["US", "CA"]),
    area_code=st.sampled_from(["", "415", "416", "212", "999"]),
    region=st.sampled_from(["", "CA", "ny", "ON", "XX"]),
    postal_code=st.sampled_from(["", "94107", "94612-1234", "M5H 2N2", "0"]),
    lata=st.sampled_from(["", "722", "888"]),
    point=st.sampled_from(["", "37.840699,-122.461853", "43.65,-79.38", " 90 , 180 "]),
    distance=st.integers(1, 500),
)
def test_places_pass_all_filters(
    code: str, area_code: str, region: str, postal_code: str, lata: str, point: str, distance: int
) -> None:
    filters = SearchFilters(
        area_code=area_code,
        in_region=region,
        in_postal_code=postal_code,
        in_lata=lata,
        near_lat_long=point,
        distance=distance,
    )
    rows = found(filters, countries()[code])
    for row in rows:
        assert not area_code or row.phone_number.startswith(f"+1{area_code}")
        assert not region or row.region == region.upper()
        assert not postal_code or row.postal_code == postal_code
        assert not lata or row.lata == lata
        place = place_of(row.phone_number)
        assert place is not None
        assert place.region == row.region
        if point:
            assert row.latitude is not None
            # A degree of latitude is about 69 miles.
            assert abs(row.latitude - float(point.split(",")[0])) * 68.5 <= distance


def test_a_number_stands_for_its_place() -> None:
    york = SearchFilters(in_rate_center="+12125551234", in_lata="+12125551234")
    assert {row.rate_center for row in found(york)} == {"NWYRCYZN01"}
    assert {row.region for row in found(SearchFilters(in_region="+14165551234"), CA)} == {"ON"}
    assert {row.locality for row in found(SearchFilters(in_locality="+18085541234"))} == {"Honolulu"}
    postal_codes = {row.postal_code for row in found(SearchFilters(in_postal_code="+14155551234"))}
    assert "94102" in postal_codes
    assert all(str(code).startswith("941") for code in postal_codes)
    near = found(SearchFilters(near_number="+15101234567", contains="510555****", distance=25))
    assert {row.locality for row in near} == {"Oakland"}
    assert found(SearchFilters(in_locality="+442079460958"), country=GB)[0].locality == "London"


def test_far_and_near() -> None:
    def around(distance: int) -> set[str | None]:
        filters = SearchFilters(near_lat_long="37.7749,-122.4194", distance=distance)
        return {row.locality for row in found(filters, limit=500)}

    near, far = around(10), around(100)
    assert near == {"San Francisco", "Oakland"}
    assert near | {"San Jose", "Sacramento"} <= far
    assert "Fresno" not in far
    assert found(SearchFilters(near_lat_long="0,0", distance=500)) == []
    assert found(SearchFilters(near_lat_long="37.7749,-122.4194"), kind="toll_free") == []


def test_toll_free_numbers_belong_nowhere() -> None:
    row = found(SearchFilters(area_code="888"), kind="toll_free")[0]
    assert row.phone_number.startswith("+1888")
    assert (row.locality, row.region, row.postal_code, row.latitude, row.lata) == (None,) * 5


@pytest.mark.parametrize(
    ("country", "filters", "wire", "code"),
    [
        (US, SearchFilters(area_code="5"), "AreaCode", 21451),
        (US, SearchFilters(area_code="-415"), "AreaCode", 21451),
        (US, SearchFilters(area_code="0"), "AreaCode", 21451),
        (US, SearchFilters(area_code="9" * 5000), "AreaCode", 21451),
        (GB, SearchFilters(area_code="415"), "AreaCode", 20001),
        (GB, SearchFilters(in_region="CA"), "InRegion", 20001),
        (GB, SearchFilters(in_postal_code="SW1A 1AA"), "InPostalCode", 20001),
        (GB, SearchFilters(in_rate_center="OAKLAND"), "InRateCenter", 20001),
        (GB, SearchFilters(in_lata="722"), "InLata", 20001),
        (GB, SearchFilters(near_number="+14155551234"), "NearNumber", 20001),
        (GB, SearchFilters(near_lat_long="51.5,0"), "NearLatLong", 20001),
        (US, SearchFilters(in_rate_center="OAKLAND"), "InRateCenter", 20001),
        (US, SearchFilters(near_number="+18005551234"), "NearNumber", 20001),
        (US, SearchFilters(near_number="+19995551234"), "NearNumber", 20001),
        (US, SearchFilters(near_number="415"), "NearNumber", 20001),
        (US, SearchFilters(near_lat_long="91,0"), "NearLatLong", 20001),
        (US, SearchFilters(near_lat_long="nan,nan"), "NearLatLong", 20001),
        (US, SearchFilters(near_lat_long="37.8"), "NearLatLong", 20001),
        (US, SearchFilters(distance=0), "Distance", 20001),
        (US, SearchFilters(distance=501), "Distance", 20001),
        (US, SearchFilters(in_region="+18005551234"), "InRegion", 20001),
        (US, SearchFilters(in_lata="+"), "InLata", 20001),
    ],
)
def test_filters_that_make_no_sense_are_refused(
    country: Country, filters: SearchFilters, wire: str, code: int
) -> None:
    with pytest.raises(SearchRefused) as refused:
        found(filters, country)
    assert refused.value.code == code
    assert refused.value.message.startswith(f"{wire} ")


@given(
    st.sampled_from(SOLD),
    st.builds(
        SearchFilters,
        area_code=TEXTS,
        contains=TEXTS,
        near_number=TEXTS,
        near_lat_long=TEXTS,
        distance=st.one_of(st.just(25), st.integers()),
        in_postal_code=TEXTS,
        in_region=TEXTS,
        in_rate_center=TEXTS,
        in_lata=TEXTS,
        in_locality=TEXTS,
    ),
)
def test_nothing_but_a_refusal_comes_of_hostile_filters(
    sold: tuple[Country, NumberKind], filters: SearchFilters
) -> None:
    country, kind = sold
    refusal: SearchRefused | None = None
    rows: list[AvailableNumber] = []
    try:
        rows = found(filters, country, kind)
    except SearchRefused as refused:
        refusal = refused
    assert len(rows) <= 30
    assert refusal is None or (refusal.code in {20001, 21451} and len(refusal.message) < 200)


@pytest.mark.parametrize(
    ("number", "country", "kind"),
    [
        ("+14155552671", "US", "local"),
        ("+14165552671", "CA", "local"),
        ("+18005552671", "US", "toll_free"),
        ("+17875552671", "PR", "local"),
        ("+442079460958", "GB", "local"),
        ("+447400123456", "GB", "mobile"),
        ("+3197010123456", "NL", "machine_to_machine"),
    ],
)
def test_numbers_that_can_be_bought(number: str, country: str, kind: NumberKind) -> None:
    owner = range_of(number)
    assert owner is not None
    assert (owner.iso_country, owner.kind) == (country, kind)


@given(st.one_of(st.text(max_size=16), st.from_regex(r"\A\+[0-9]{0,16}\Z")))
def test_whatever_number_is_asked_for_nothing_breaks(number: str) -> None:
    owner = range_of(number)
    place = place_of(number)
    assert owner is None or place == owner.place


@pytest.mark.parametrize(
    "number",
    [
        "+15551112222",
        "+15005550006",
        "+14159112671",
        "+1415555267",
        "4155552671",
        "+999",
        "",
        "+\u0661\u0662\u0663",
    ],
)
def test_numbers_that_can_not_be_bought(number: str) -> None:
    assert range_of(number) is None


def test_area_codes_say_whose_they_are() -> None:
    def of(area_code: str) -> tuple[str, NumberKind] | None:
        owner = country_of_area_code(area_code)
        return owner and (owner[0].iso_country, owner[1])

    assert of("415") == ("US", "local")
    assert of("416") == ("CA", "local")
    assert of("800") == ("US", "toll_free")
    assert of("787") == ("PR", "local")
    assert of("555") is None
    assert of("\u0664\u0661\u0665") is None
