"""Errors as the log may show them: without what people wrote, and without their numbers.

An error of a handler often quotes what the handler was given. Its traceback goes to the log; in the texts of
the errors, what the events say of people is replaced, and so is whatever looks like a number of somebody:
Twilio's answers quote those. `HandlerFailed` has the error as it is.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import quote

from attrs import fields

from ringback._generated.webhooks.tables import PRIVATE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ringback._core.webhooks.events import Event

__all__ = ["Heard", "Oddities", "shown_sid", "texts_of", "without"]

log = logging.getLogger("ringback")

_HIDDEN: Final = "***"
_WORD: Final = re.compile(r"[^\W_]{4,}")  # shorter ones say nothing, and would be found everywhere
_NUMBER: Final = r"(?<!\w)(?:\+|%2[Bb])[0-9]{7,15}(?!\w)"
_BEFORE: Final = r"(?:(?<!\w)|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt]))"  # a word may follow an escaped character
_CUT: Final = r"""\w+(?=['"]?…)"""  # the beginning of a word, where InvalidValue cuts what it quotes
_SID: Final = re.compile(r"[A-Za-z0-9]{1,64}")
_MAPPINGS: Final = ("unknown_parameters", "unreadable")
_MOST_WORDS: Final = 2_000


def without(error: BaseException, texts: Iterable[str]) -> BaseException:
    """`error`, or, where it quotes one of `texts` or somebody's number, what looks like it in a traceback."""
    pattern = _pattern(texts)
    if not any(pattern.search(_text(each)) for each in _with_causes(error)):
        return error
    return _stand_in(error, pattern, {})


def texts_of(event: Event | None) -> Iterator[str]:
    """What an event says of people."""
    if event is None:
        return
    for name in _private_fields(type(event)):
        value: object = getattr(event, name)
        if isinstance(value, str):
            yield value
        elif value and isinstance(value, Mapping):
            yield from cast("Mapping[str, str]", value).values()


def _private_fields(kind: type[Event]) -> tuple[str, ...]:
    names = _private.get(kind)
    if names is None:
        every = (each.name for each in fields(kind))
        names = _private[kind] = tuple(name for name in every if name in PRIVATE or name in _MAPPINGS)
    return names


_private: dict[type[Event], tuple[str, ...]] = {}


class Heard:
    """What the results of a flow said of people, the latest of it: a flow may go on for hours.

    Args:
        first: What started it. What that said in the same place isn't kept twice.
    """

    __slots__ = ("_first", "_texts")

    _MOST: Final = 200

    def __init__(self, first: Event) -> None:
        self._first = first
        self._texts: dict[str, None] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._texts))

    def note(self, event: Event) -> None:
        """Keep what an event says; what is said again counts as said now."""
        for name in _private_fields(type(event)):
            value: object = getattr(event, name)
            if not value:  # as most of them
                continue
            if isinstance(value, str):
                if value != getattr(self._first, name, None):
                    self._keep(value)
            elif isinstance(value, Mapping):
                for text in cast("Mapping[str, str]", value).values():
                    self._keep(text)
        while len(self._texts) > self._MOST:
            del self._texts[next(iter(self._texts))]

    def _keep(self, text: str) -> None:
        self._texts.pop(text, None)
        self._texts[text] = None


def shown_sid(sid: str | None) -> str:
    """What the log says a failure is about; a SID came from outside and may be anything."""
    if sid is None:
        return "no call"
    return sid if _SID.fullmatch(sid) else ascii(sid[:64])


class Oddities:
    """Tells the log which parameters of events couldn't be read, each parameter of a class once."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str]] = set()

    def note(self, event: Event) -> None:
        """Tell of those of an event that weren't told of yet."""
        kind = type(event).__name__
        names = [name for name in event.unreadable if (kind, name) not in self._told]
        if names:
            self._told.update((kind, name) for name in names)
            log.warning(
                "%s: %s can't be read; it is None, what came is in `unreadable`, and this is said once",
                kind,
                ", ".join(names),
            )


def _pattern(texts: Iterable[str]) -> re.Pattern[str]:
    """What finds texts, their words and people's numbers, in whatever case and however escaped."""
    words: dict[str, None] = {}
    for text in texts:
        words[text] = words[repr(text)[1:-1]] = None
        words.update(dict.fromkeys(_WORD.findall(text)[:_MOST_WORDS]))
    for word in [word for word in words if not word.isascii()]:
        forms = ascii(word)[1:-1], json.dumps(word)[1:-1], quote(word, errors="replace")
        words.update(dict.fromkeys(forms))
    found = sorted((word for word in words if len(word) > 1), key=len, reverse=True)
    alternatives = [rf"{_BEFORE}(?:{'|'.join(map(re.escape, found))})(?!\w)", _CUT] if found else []
    return re.compile("|".join([_NUMBER, *alternatives]), re.IGNORECASE)


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    ahead: list[BaseException | None] = [error]
    while ahead:
        each = ahead.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            ahead += [each.__cause__, each.__context__, *_members(each)]


def _members(error: BaseException) -> tuple[BaseException, ...]:
    """Those of an exception group, which Python has from 3.11 on."""
    return cast("tuple[BaseException, ...]", getattr(error, "exceptions", ())) if _is_group(error) else ()


def _is_group(error: BaseException) -> bool:
    return any(base.__name__ == "BaseExceptionGroup" for base in type(error).__mro__)


def _text(error: BaseException) -> str:
    try:
        notes = cast("list[object]", getattr(error, "__notes__", None) or [])
        return "\n".join(map(str, [error, *notes]))
    except Exception:  # what an error says of itself can fail, too
        return ""


def _stand_in(
    error: BaseException, pattern: re.Pattern[str], made: dict[int, BaseException]
) -> BaseException:
    """An error of the same name, traceback and causes whose text has no texts of people in it."""
    if id(error) in made:
        return made[id(error)]
    names = {"__module__": type(error).__module__, "__qualname__": type(error).__qualname__}
    text = pattern.sub(_HIDDEN, _text(error))
    stand_in = made[id(error)] = cast("type[Exception]", type(type(error).__name__, (Exception,), names))(
        text
    )
    stand_in.__traceback__ = error.__traceback__
    for link in ("__cause__", "__context__"):
        linked = cast("BaseException | None", getattr(error, link))
        setattr(stand_in, link, None if linked is None else _stand_in(linked, pattern, made))
    stand_in.__suppress_context__ = error.__suppress_context__
    return stand_in
