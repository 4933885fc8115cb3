"""Searching: the numbers that pass all filters, in an order that is the same every time."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from ringback.emulator.numbering.filters import SearchFilters, fitting
from ringback.emulator.numbering.matching import Matching
from ringback.emulator.numbering.patterns import Pattern

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from ringback.emulator.numbering.plan import (
        AddressRequirements,
        Capabilities,
        Country,
        NumberKind,
        NumberRange,
    )

__all__ = ["AvailableNumber", "formatted", "search"]


@frozen
class AvailableNumber:
    """A number on offer, with the fields of the model of that name."""

    phone_number: str
    friendly_name: str
    iso_country: str
    capabilities: Capabilities
    address_requirements: AddressRequirements
    beta: bool
    locality: str | None
    region: str | None
    postal_code: str | None
    latitude: float | None
    longitude: float | None
    rate_center: str | None
    lata: str | None


def search(
    country: Country,
    kind: NumberKind,
    filters: SearchFilters,
    *,
    taken: Container[str] = (),
    limit: int = 30,
) -> list[AvailableNumber]:
    """The first `limit` numbers on offer that pass all filters.

    Args:
        country: Whose numbers.
        kind: Of which kind; there are none of one that isn't sold there.
        filters: What is asked for.
        taken: Numbers in E.164 form that aren't on offer.
        limit: How many at most.

    Raises:
        SearchRefused: A filter makes no sense, or not in this country.
    """
    matching = Matching(Pattern.parse(filters.contains) if filters.contains else None)
    ranges = [each for each in fitting(country, filters) if each.kind == kind]
    found: list[AvailableNumber] = []
    for number, owner in _numbers(ranges, matching):
        if len(found) >= limit:
            break
        if number not in taken:
            found.append(_row(number, owner, filters.in_postal_code))
    return found


def formatted(number: str) -> str:
    """A number as people write it: `(501) 712-2661`."""
    digits = re.fullmatch(r"\+1([0-9]{3})([0-9]{3})([0-9]{4})", number)
    return f"({digits[1]}) {digits[2]}-{digits[3]}" if digits else number


def _row(number: str, owner: NumberRange, postal_code: str = "") -> AvailableNumber:
    place = owner.place
    # A place has many postal codes, of which the plan knows one; it is the one that was asked for, too.
    if postal_code and not postal_code.startswith("+"):
        place = evolve(place, postal_code=postal_code.strip().upper())
    return AvailableNumber(
        phone_number=number,
        friendly_name=formatted(number),
        iso_country=owner.iso_country,
        capabilities=owner.capabilities,
        address_requirements=owner.address_requirements,
        beta=owner.beta,
        locality=place.locality,
        region=place.region,
        postal_code=place.postal_code,
        latitude=place.latitude,
        longitude=place.longitude,
        rate_center=place.rate_center,
        lata=place.lata,
    )


def _numbers(ranges: list[NumberRange], matching: Matching) -> Iterator[tuple[str, NumberRange]]:
    """All numbers of the ranges that match, one of each range after the other, each once."""
    waiting = deque((each, 0) for each in sorted(ranges, key=lambda each: _hash(each.key)))
    while waiting:
        owner, index = waiting.popleft()
        counts = [matching.count(mask) for mask in owner.masks]
        size = sum(counts)
        if index >= size:
            continue
        at = _shuffled(index, size, owner.key)
        for mask, count in zip(owner.masks, counts, strict=True):
            if at < count:
                yield f"+{matching.number(mask, at)}", owner
                break
            at -= count
        waiting.append((owner, index + 1))


def _shuffled(index: int, size: int, key: str) -> int:
    """Where `index` comes to lie when the numbers below `size` are shuffled.

    A Feistel network shuffles those below a power of four; its cycle is walked on until below `size`.
    """
    half = ((size - 1).bit_length() + 1) // 2
    while True:
        left, right = index >> half, index & ((1 << half) - 1)
        for turn in range(3):
            left, right = right, left ^ (_hash(f"{key} {turn} {right}") & ((1 << half) - 1))
        index = left << half | right
        if index < size:
            return index


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
