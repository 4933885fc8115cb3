"""`Contains`: what a number must have in it.

https://www.twilio.com/docs/phone-numbers/api/availablephonenumberlocal-resource
"""

from __future__ import annotations

import re
from typing import Final

from attrs import frozen

from ringback.emulator.numbering.masks import ANY_DIGIT
from ringback.emulator.numbering.refusals import INVALID, SearchRefused

__all__ = ["Pattern"]

_KEYS: Final = {
    letter: key
    for key, letters in zip(
        range(2, 10), ["ABC", "DEF", "GHI", "JKL", "MNO", "PQRS", "TUV", "WXYZ"], strict=True
    )
    for letter in letters
}
_LENGTHS: Final = range(2, 17)
_FEWEST_PLAIN: Final = 2
# `%` makes no difference at the ends: what is beside the pattern is no part of it anyway. `*` in the middle
# and side by side is of the older documentation.
_FORM: Final = re.compile(r"(?P<start>\+)?%?(?P<steps>\*{0,16}[0-9A-Z][0-9A-Z*]*)%?(?P<end>\$)?\Z")
_BESIDE_EACH_OTHER: Final = re.compile(r"[+%$][*%$]|[*][%$]")


@frozen
class Pattern:
    """A run of digits somewhere in a number.

    Attributes:
        steps: The digits that may stand at each of its places.
        at_start: Whether the number begins with it.
        at_end: Whether the number ends with it.
    """

    steps: tuple[int, ...]
    at_start: bool = False
    at_end: bool = False

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """The pattern that is written so.

        Raises:
            SearchRefused: It is none.
        """
        if len(text) not in _LENGTHS:
            raise _refused(text, f"{_LENGTHS[0]} to {_LENGTHS[-1]} characters")
        form = _FORM.match(text.upper()) if text.isascii() else None
        if form is None:
            raise _refused(
                text, "digits and letters, with '*' or '%' at the ends, '+' before or '$' after them"
            )
        if _BESIDE_EACH_OTHER.search(text):
            raise _refused(text, "no two of '+', '*', '%' and '$' side by side")
        plain = form["steps"].replace("*", "")
        if len(plain) < _FEWEST_PLAIN:
            raise _refused(text, f"at least {_FEWEST_PLAIN} digits or letters")
        return cls(
            steps=tuple(_step(each) for each in form["steps"]),
            at_start=form["start"] is not None,
            at_end=form["end"] is not None,
        )


def _step(character: str) -> int:
    if character == "*":
        return ANY_DIGIT
    return 1 << (int(character) if character.isdecimal() else _KEYS[character])


def _refused(text: str, allowed: str) -> SearchRefused:
    return SearchRefused(INVALID, f"Contains '{text[:50]}' is no pattern: expected {allowed}")
