"""Numbers for sale: which exist, what they can do, and which of them a search finds.

Nothing is stored: a number exists because the numbering plan has it, and what a search finds is a function of
what it asks for. So the same search finds the same numbers in every run, and a number that was bought makes
room for the next one.

plan.py        the countries in which numbers are sold, and the ranges that their numbers are of
search.py      the numbers that pass all filters, in an order that is the same every time
filters.py     what a search asks for; refusals.py a search that can't be done
patterns.py    `Contains`: what a number must have in it
masks.py       sets of numbers that are alike; matching.py those of them that have a pattern in them
"""

from __future__ import annotations

from ringback.emulator.numbering.filters import SearchFilters
from ringback.emulator.numbering.plan import (
    AddressRequirements,
    Capabilities,
    Country,
    NumberKind,
    NumberRange,
    Place,
    countries,
    country_of_area_code,
    place_of,
    range_of,
)
from ringback.emulator.numbering.refusals import SearchRefused
from ringback.emulator.numbering.search import AvailableNumber, formatted, search

__all__ = [
    "AddressRequirements",
    "AvailableNumber",
    "Capabilities",
    "Country",
    "NumberKind",
    "NumberRange",
    "Place",
    "SearchFilters",
    "SearchRefused",
    "countries",
    "country_of_area_code",
    "formatted",
    "place_of",
    "range_of",
    "search",
]
