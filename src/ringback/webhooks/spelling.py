"""The ways to spell one query: `%20` or `+`, `'` or `%27`, `%c3%b6` or `%C3%B6` or `ö`.

Twilio signs a URL as it was configured; its own HTTP client, proxies and frameworks may spell the query anew.
Only what never means anything in a query is spelled in more than one way here: pairs, their order and their
text are the same in every spelling. What separates (`&`, `=`, `;`, `#`), `%25` and `%2B` stay what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attrs import frozen

__all__ = ["canonical", "spellings"]

_FREE: Final = "~!*'()@:/?,$[]{}|\\^`\"<>"
"""Characters that stand for themselves in a query, encoded or not. So does the space, which is never bare."""

_ATOM: Final = re.compile(
    rf"((?:%[89A-Fa-f][0-9A-Fa-f])+|%[0-9A-Fa-f]{{2}}|\+|[{re.escape(_FREE)}]|[^\x00-\x7f\ud800-\udfff]+)"
)

_ENCODERS: Final = (
    "",  # PHP
    "~",  # Python's quote_plus
    "~/",  # Python's quote
    "*",  # Java, and forms in browsers
    "~*",  # both
    "~!*'()",  # encodeURIComponent
    "~!*'()@:/?,$",  # encodeURI
    "~!*()@:/?,$[]{}|\\^`",  # browsers' address bars, which encode what could end an attribute
    _FREE,
)
"""What usual encoders leave as it is."""


@frozen
class _Style:
    """How to spell: which free characters stay bare, and whether `+` is a space, hex is in small letters, and
    text beyond ASCII stays bare.
    """

    bare: str = ""
    plus: bool = False
    lower: bool = False
    beyond: bool = False


@frozen
class _Atom:
    """A piece that may be spelled in several ways; its meaning is None where that is only about hex."""

    written: str
    meaning: str | None

    def spelled(self, style: _Style) -> str:
        meaning = self.meaning
        if meaning == " " and style.plus:
            return "+"
        if meaning is not None and (meaning in style.bare or (style.beyond and not meaning.isascii())):
            return meaning
        encoded = self.written if meaning is None else "".join(f"%{byte:02X}" for byte in meaning.encode())
        return encoded.lower() if style.lower else encoded.upper()


def canonical(query: str) -> str:
    """The same for all spellings of a query, and different where the pairs are."""
    return _spelled(_cut(query), _Style())


def spellings(query: str) -> Iterator[str]:
    """Other spellings of a query, each once: as usual encoders write it, or with one character changed."""
    seen = {query}
    for spelling in _candidates(_cut(query)):
        if spelling not in seen:
            seen.add(spelling)
            yield spelling


def _candidates(pieces: list[str | _Atom]) -> Iterator[str]:
    atoms = {piece for piece in pieces if isinstance(piece, _Atom)}
    meanings = sorted({atom.meaning for atom in atoms if atom.meaning is not None})
    free = [meaning for meaning in meanings if meaning in _FREE]
    bares = dict.fromkeys("".join(each for each in free if each in encoder) for encoder in _ENCODERS)
    either, only = (False, True), (False,)
    pluses = either if " " in meanings else only
    beyonds = either if any(not meaning.isascii() for meaning in meanings) else only
    for lower in either if atoms else only:
        for beyond in beyonds:
            for plus in pluses:
                for bare in bares:
                    yield _spelled(pieces, _Style(bare, plus, lower, beyond))
    for one in [*free, *(" " for plus in pluses if plus)]:
        for style in (_Style(), _Style(_FREE, plus=True)):
            yield _spelled(pieces, style, only=one)


def _cut(query: str) -> list[str | _Atom]:
    # Every other piece is what the pattern found.
    return [
        _Atom(piece, _meaning(piece)) if index % 2 else piece
        for index, piece in enumerate(_ATOM.split(query))
    ]


def _meaning(written: str) -> str | None:
    if written == "+":
        return " "
    if not written.startswith("%"):
        return written
    try:
        meaning = bytes.fromhex(written.replace("%", "")).decode()
    except UnicodeDecodeError:
        return None
    return meaning if meaning == " " or meaning in _FREE or not meaning.isascii() else None


def _spelled(pieces: list[str | _Atom], style: _Style, *, only: str | None = None) -> str:
    """Put together in a style, or with nothing but one character in that style."""
    return "".join(
        piece
        if isinstance(piece, str)
        else piece.spelled(style)
        if only in (None, piece.meaning)
        else piece.written
        for piece in pieces
    )
