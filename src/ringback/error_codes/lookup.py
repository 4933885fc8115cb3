"""Codes by number and by words."""

from __future__ import annotations

import re
from functools import cache
from typing import Final, Literal, TypeAlias, cast

from attrs import frozen

__all__ = ["ErrorMeaning", "Level", "explain", "nearest", "of_attribute", "search"]

Level: TypeAlias = Literal["error", "warning"]

_WORD: Final = re.compile(r"[\w']+")


@frozen
class ErrorMeaning:
    """One of Twilio's codes.

    Attributes:
        code: The number.
        level: `error`, or `warning` where things went on all the same.
        product: The part of Twilio that it belongs to: `Voice`, `Messaging`, `Phone Numbers`, …
        meaning: What it says, in our words: a phrase without a full stop.
        status: The HTTP status of a REST answer with this code; None where it isn't known, or none has it.
        presumed: Whether `status` and `places` are concluded from what the code means, not documented.
        places: Where it occurs. An operation of the client, with the parameter that is at fault:
            `calls.create To`; a resource, for all of its operations: `recordings`; an element of TwiML:
            `<Dial>`, or an attribute, whose value can't be used: `<Dial timeout>`. `call` and `message` stand
            for what happens while one goes on or is delivered, `webhook` for a request to the application,
            `client` for access tokens and Voice SDKs, `twiml` for any document, `any` for any REST request
            and `any.list` for any list. Empty where it is a part of Twilio that isn't here.
    """

    code: int
    level: Level
    product: str
    meaning: str
    status: int | None
    presumed: bool
    places: tuple[str, ...]

    @property
    def url(self) -> str:
        """Twilio's page about it: causes, and what to do."""
        return f"https://www.twilio.com/docs/errors/{self.code}"


def explain(code: int | None) -> ErrorMeaning | None:
    """What a code means, such as the `code` of an `ApiError` or the `error_code` of a message.

    Returns:
        None for None, and for a code that isn't known. Each known one has a page of its own:
        https://www.twilio.com/docs/errors/21211
    """
    line = None if code is None else _lines().get(code)
    return None if line is None else _read(line)


def of_attribute(element: str, attribute: str) -> ErrorMeaning | None:
    """The code for a value of an attribute that can't be used: `of_attribute("Dial", "timeout")` is 13212.

    Returns:
        None where it has none of its own: it is 12200 then.
    """
    return explain(_attributes().get(f"<{element} {attribute}>"))


def search(text: str) -> tuple[ErrorMeaning, ...]:
    """The codes whose meaning has all words of a text, or words that begin with them, in any order.

    `search("opt out")` finds that somebody opted out. Without a word in it nothing is found.
    """
    wanted = _words(text)
    if not wanted:
        return ()
    return tuple(
        meaning
        for meaning in map(_read, _lines().values())
        if all(any(word.startswith(each) for word in _words(meaning.meaning)) for each in wanted)
    )


def nearest(code: int, count: int = 3) -> tuple[ErrorMeaning, ...]:
    """The known codes that are written most like a number, the likeliest first."""
    from difflib import SequenceMatcher

    digits = SequenceMatcher(b=str(code), autojunk=False)

    def unlike(known: int) -> tuple[float, int]:
        digits.set_seq1(str(known))
        return -digits.ratio(), abs(known - code)

    return tuple(_read(_lines()[known]) for known in sorted(_lines(), key=unlike)[:count])


@cache
def _lines() -> dict[int, str]:
    from ringback._generated.error_codes import CODES  # not before somebody asks

    return {int(line.partition("|")[0]): line for line in CODES.splitlines()}


@cache
def _attributes() -> dict[str, int]:
    return {
        place: meaning.code
        for meaning in map(_read, _lines().values())
        for place in meaning.places
        if place.startswith("<") and " " in place
    }


def _read(line: str) -> ErrorMeaning:
    code, level, product, status, presumed, places, meaning = line.split("|")
    return ErrorMeaning(
        int(code),
        cast("Level", level),
        product,
        meaning,
        int(status) if status else None,
        bool(presumed),
        tuple(places.split(",")) if places else (),
    )


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
