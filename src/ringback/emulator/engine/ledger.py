"""A ledger: what each account used and what it cost, by day and category."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from attrs import define, frozen

__all__ = ["Figures", "Ledger"]


@define
class Figures:
    """What was used of one category."""

    count: Decimal = Decimal(0)
    usage: Decimal = Decimal(0)
    price: Decimal = Decimal(0)

    def add(self, other: Figures) -> None:
        self.count += other.count
        self.usage += other.usage
        self.price += other.price


@frozen
class _Entry:
    account_sid: str
    day: date
    category: str


class Ledger:
    """The sums.

    Attributes:
        watched: Whether somebody looks at them before long.
    """

    def __init__(self) -> None:
        self.watched = False
        self._sums: dict[_Entry, Figures] = {}

    def add(self, account_sid: str, day: date, category: str, figures: Figures) -> None:
        """Something was used."""
        self._sums.setdefault(_Entry(account_sid, day, category), Figures()).add(figures)

    def entries(self) -> list[tuple[str, date, str, Decimal, Decimal, Decimal]]:
        """All of it: account, day, category, count, usage, price."""
        return [
            (entry.account_sid, entry.day, entry.category, sums.count, sums.usage, sums.price)
            for entry, sums in self._sums.items()
        ]

    def load(self, entries: Iterable[tuple[str, date, str, Decimal, Decimal, Decimal]]) -> None:
        """Hold this instead."""
        self.watched = False
        self._sums = {
            _Entry(account_sid, day, category): Figures(count, usage, price)
            for account_sid, day, category, count, usage, price in entries
        }

    def total(self, accounts: Iterable[str], category: str, first: date, last: date) -> Figures:
        """What these accounts used of a category from one day to another."""
        whose, total = frozenset(accounts), Figures()
        for entry, figures in self._sums.items():
            if entry.category == category and entry.account_sid in whose and first <= entry.day <= last:
                total.add(figures)
        return total

    def days(self, accounts: Iterable[str]) -> Iterator[date]:
        """The days on which these accounts used anything."""
        whose = frozenset(accounts)
        return (entry.day for entry in self._sums if entry.account_sid in whose)
