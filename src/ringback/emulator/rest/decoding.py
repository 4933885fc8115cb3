"""Form and query text to values, by the kinds of the operation tables."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import parse_qsl

from ringback._core.parameters.kinds import Choice, Day, Pairs, Several, Sid, Text, Twiml
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.requests import Parameters
from ringback.errors import InvalidValue

if TYPE_CHECKING:
    from datetime import date

    from ringback._core.emulation.families import Family, Reason
    from ringback._core.operations.operation import Operation, Param

__all__ = ["MOST_BYTES", "decode", "pairs_of"]

_INVALID: Final = 20001
_TOO_LONG: Final = 20413
# A day may be told as so many days from now: `-30days`.
_FROM_NOW: Final = re.compile(r"([+-][0-9]{1,4})days\Z", re.ASCII)
_MOST_FIELDS: Final = 1_000
MOST_BYTES: Final = 1_000_000


class _Code(Protocol):
    def __call__(self, wire: str, reason: Reason, /) -> int: ...


def pairs_of(text: str | bytes) -> tuple[tuple[str, str], ...]:
    """The pairs of a query or form.

    Raises:
        Refused: It is too long or no UTF-8.
    """
    if len(text) > MOST_BYTES:
        raise Refused(413, _TOO_LONG, f"A request of {len(text)} bytes; at most {MOST_BYTES} are read")
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        pairs = parse_qsl(
            decoded, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS, encoding="utf-8"
        )
    except ValueError as error:
        raise Refused(400, _INVALID, f"The request's form can't be read: {error}") from None
    return tuple(pairs)


def decode(
    operation: Operation, family: Family, pairs: tuple[tuple[str, str], ...], today: date
) -> Parameters:
    """The values of an operation's parameters. Parameters that the table doesn't have are ignored.

    Raises:
        Refused: One is not of its kind, a required one is missing or empty, or one has no business there.
    """
    codes = family.errors.get(operation.name, {})

    def code(wire: str, reason: Reason) -> int:
        known = codes.get(wire, {})
        return known.get(reason, known.get("invalid", _INVALID) if reason == "long" else _INVALID)

    names = {name for name, text in pairs if text}
    for wire, reasons in codes.items():
        if "given" in reasons and wire in names:
            raise Refused(400, reasons["given"], f"{wire} can't be given for {operation.name}")
    for param in operation.params:
        if param.required and param.wire not in names and not isinstance(param.kind, Pairs):
            raise _missing(code(param.wire, "missing"), (param.wire,))
    wires = {param.name: param.wire for param in operation.params}
    for group in operation.one_of:
        wanted = tuple(wires[name] for name in group)
        if names.isdisjoint(wanted):
            raise _missing(code(wanted[0], "missing"), wanted)
    values: dict[str, object] = {}
    for param in operation.params:
        if isinstance(param.kind, Pairs):
            values[param.wire] = _pairs(param.kind, param.wire, pairs)
            continue
        texts = [text for name, text in pairs if name == param.wire]
        if isinstance(param.kind, Several):
            if isinstance(param.kind.item, Choice):
                # Some clients send several words in one, with spaces or commas.
                texts = [word for text in texts for word in text.replace(",", " ").split()]
            if param.kind.max_items is not None and len(texts) > param.kind.max_items:
                message = f"{len(texts)} {param.wire} were given: at most {param.kind.max_items} are allowed"
                raise Refused(400, code(param.wire, "long"), message)
            if texts:
                values[param.wire] = tuple(_value(param, text, code) for text in texts)
        elif texts and isinstance(param.kind, Day) and (days := _FROM_NOW.match(texts[0])):
            values[param.wire] = today + timedelta(days=int(days[1]))
        elif texts and not (isinstance(param.kind, Sid) and not texts[0]):
            values[param.wire] = _value(param, texts[0], code)
        elif texts:
            values[param.wire] = ""
    return Parameters(values)


def _missing(code: int, wires: tuple[str, ...]) -> Refused:
    what = wires[0] if len(wires) == 1 else f"one of {', '.join(wires)}"
    return Refused(400, code, f"The request lacks a parameter: {what}")


def _pairs(kind: Pairs, wire: str, pairs: tuple[tuple[str, str], ...]) -> dict[str, str]:
    given = dict(pairs)
    numbers = range(1, kind.most + 1)
    return {
        given[f"{wire}{number}.{kind.first}"]: given.get(f"{wire}{number}.{kind.second}", "")
        for number in numbers
        if f"{wire}{number}.{kind.first}" in given
    }


def _value(param: Param, text: str, code: _Code) -> object:
    try:
        return param.kind.decode(param.wire, text)
    except InvalidValue as error:
        shown = "***" if param.secret else text[:100]
        kind = param.kind
        long = isinstance(kind, Twiml) or (
            isinstance(kind, Text) and kind.max_length is not None and len(text) > kind.max_length
        )
        raise Refused(
            400,
            code(param.wire, "long" if long else "invalid"),
            f"{param.wire} '{shown}' is not valid: expected {error.allowed}",
        ) from None
