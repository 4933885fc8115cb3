"""Sets of numbers that are alike: for each place in the number, the digits that may stand there.

A set of digits is an `int`, bit 3 for the digit 3, so that sets are met and counted by arithmetic.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

__all__ = ["ANY_DIGIT", "Mask", "contains", "digits_of", "parse"]

Mask: TypeAlias = tuple[int, ...]

ANY_DIGIT: Final = (1 << 10) - 1
_SYMBOL: Final = re.compile(r"[0-9x]|\[[0-9-]+\]")


def parse(text: str) -> Mask:
    """The mask written as `20 [3-8]xxx xxxx`: `x` is any digit, brackets hold some, spaces say nothing."""
    return tuple(_digits(symbol) for symbol in _SYMBOL.findall(text))


def digits_of(allowed: int) -> tuple[int, ...]:
    """The digits of a set, smallest first."""
    return tuple(digit for digit in range(10) if allowed >> digit & 1)


def contains(mask: Mask, digits: str) -> bool:
    """Whether the number is one of the set."""
    return len(mask) == len(digits) and all(
        allowed >> int(digit) & 1 for allowed, digit in zip(mask, digits, strict=True)
    )


def _digits(symbol: str) -> int:
    if symbol == "x":
        return ANY_DIGIT
    allowed = 0
    for first, last in re.findall(r"([0-9])(?:-([0-9]))?", symbol):
        for digit in range(int(first), int(last or first) + 1):
            allowed |= 1 << digit
    return allowed
