"""The numbers of a mask that have a pattern in them, counted and picked without trying any.

A number is read digit by digit. What matters of the digits before is how far they have got into the pattern,
from each place where it may have begun: a set of bits. How many numbers lead from there to a match depends on
these bits and on the mask's rest alone, so it is counted once for all masks that end alike.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from ringback.emulator.numbering.masks import digits_of

if TYPE_CHECKING:
    from ringback.emulator.numbering.masks import Mask
    from ringback.emulator.numbering.patterns import Pattern

__all__ = ["Matching"]

# Whatever comes now, the number matches.
_DONE: Final = -1


class Matching:
    """The numbers of masks that match a pattern; all of them where there is none."""

    def __init__(self, pattern: Pattern | None) -> None:
        self._pattern = pattern
        self._counts: dict[tuple[Mask, int, bool], int] = {}

    def count(self, mask: Mask) -> int:
        """How many of the mask's numbers match."""
        return self._count(mask, *self._start)

    def number(self, mask: Mask, index: int) -> str:
        """The one of them at `index`, smaller numbers first: its digits."""
        state, first = self._start
        digits: list[str] = []
        while mask:
            mask, allowed = mask[1:], mask[0]
            for digit in digits_of(allowed):
                after = self._after(state, digit, first)
                numbers = self._count(mask, after, False)
                if index < numbers:
                    digits.append(str(digit))
                    state, first = after, False
                    break
                index -= numbers
            else:
                raise IndexError("the mask has fewer numbers that match")
        return "".join(digits)

    @property
    def _start(self) -> tuple[int, bool]:
        return (_DONE, False) if self._pattern is None else (0, True)

    def _count(self, mask: Mask, state: int, first: bool) -> int:
        if state == _DONE:
            return prod(each.bit_count() for each in mask)
        if not mask:
            return int(self._matched(state))
        known = self._counts.get((mask, state, first))
        if known is None:
            rest = mask[1:]
            known = sum(
                self._count(rest, self._after(state, digit, first), False) for digit in digits_of(mask[0])
            )
            self._counts[mask, state, first] = known
        return known

    def _after(self, state: int, digit: int, first: bool) -> int:
        """How far the pattern has got with one digit more: bit 2 where three of its places are filled."""
        pattern = self._pattern
        if pattern is None or state == _DONE:
            return state
        begun = state << 1 | (first or not pattern.at_start)
        after = 0
        for place, allowed in enumerate(pattern.steps):
            if allowed >> digit & 1 and begun >> place & 1:
                after |= 1 << place
        return _DONE if self._matched(after) and not pattern.at_end else after

    def _matched(self, state: int) -> bool:
        return self._pattern is not None and bool(state >> (len(self._pattern.steps) - 1) & 1)
