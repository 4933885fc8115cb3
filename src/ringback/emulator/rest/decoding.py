"""Form and query text to values, by the kinds of the operation tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import parse_qsl

from attrs import field, frozen

from ringback._core.parameters.kinds import Several, Sid
from ringback.emulator.rest.errors import Refused
from ringback.errors import InvalidValue

if TYPE_CHECKING:
    from ringback._core.operations.operation import Operation, Param
    from ringback.emulator.engine.network import Network
    from ringback.emulator.engine.records import Account

__all__ = ["Asked", "Given", "decode", "pairs_of"]

# The code for a parameter that makes no sense, where Twilio has one of its own for it.
_CODES: Final = {
    "Url": 21205,
    "StatusCallback": 21609,
    "Timeout": 21216,
    "SendDigits": 21217,
    "Twiml": 21623,
    "PhoneNumber": 21421,
    "Body": 21617,
}
_INVALID: Final = 20001
# The code for a parameter that isn't there; a group of alternatives goes by its first.
_MISSING: Final = {
    ("calls.create", "To"): 21201,
    ("calls.create", "From"): 21213,
    ("calls.create", "Url"): 21200,
    ("messages.create", "To"): 21604,
    ("messages.create", "From"): 21603,
    ("messages.create", "Body"): 21602,
    ("incoming_phone_numbers.create", "PhoneNumber"): 21421,
}
_MOST_FIELDS: Final = 1_000
_MOST_BYTES: Final = 1_000_000


@frozen
class Given:
    """The parameters of a request, by wire name."""

    values: dict[str, object] = field(factory=dict[str, object], repr=False)

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name)
        return value if isinstance(value, str) else default

    def number(self, name: str) -> int | None:
        value = self.values.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.values.get(name)
        return value if isinstance(value, bool) else default

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.values.get(name)
        return tuple(map(str, cast("tuple[object, ...]", value))) if isinstance(value, tuple) else ()

    def day(self, name: str) -> date | datetime | None:
        value = self.values.get(name)
        return value if isinstance(value, date) else None


@frozen
class Asked:
    """A request, understood.

    Attributes:
        network: What it is about.
        account: Whose resources, from the path.
        sids: What fills the path's other holes, by their names.
        given: Its parameters.
        query: For lists: the raw query.
        path: The path it was sent to.
    """

    network: Network
    account: Account
    sids: dict[str, str]
    given: Given
    query: tuple[tuple[str, str], ...]
    path: str

    @property
    def sid(self) -> str:
        """The path's last SID."""
        return self.sids["Sid"]

    def missing(self) -> Refused:
        """The answer for what isn't there."""
        return Refused(404, 20404, f"The requested resource {self.path} was not found")


def pairs_of(text: str | bytes) -> tuple[tuple[str, str], ...]:
    """The pairs of a query or form.

    Raises:
        Refused: It is too long or no UTF-8.
    """
    if len(text) > _MOST_BYTES:
        raise Refused(413, 20001, f"A request of {len(text)} bytes; at most {_MOST_BYTES} are read")
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        pairs = parse_qsl(
            decoded, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS, encoding="utf-8"
        )
    except ValueError as error:
        raise Refused(400, _INVALID, f"The request's form can't be read: {error}") from None
    return tuple(pairs)


def decode(operation: Operation, pairs: tuple[tuple[str, str], ...]) -> Given:
    """The values of an operation's parameters. Parameters that the table doesn't have are ignored.

    Raises:
        Refused: One is not of its kind, or a required one is missing or empty.
    """
    _refuse_missing(operation, {name for name, text in pairs if text})
    values: dict[str, object] = {}
    for param in operation.params:
        texts = [text for name, text in pairs if name == param.wire]
        if isinstance(param.kind, Several):
            if texts:
                values[param.wire] = tuple(_value(param, text) for text in texts)
        elif texts and not (isinstance(param.kind, Sid) and not texts[0]):
            values[param.wire] = _value(param, texts[0])
        elif texts:
            values[param.wire] = ""
    return Given(values)


def _refuse_missing(operation: Operation, names: set[str]) -> None:
    for param in operation.params:
        if param.required and param.wire not in names:
            raise _missing(operation, (param.wire,))
    wires = {param.name: param.wire for param in operation.params}
    for group in operation.one_of:
        wanted = tuple(wires[name] for name in group)
        if names.isdisjoint(wanted):
            raise _missing(operation, wanted)


def _missing(operation: Operation, wires: tuple[str, ...]) -> Refused:
    code = _MISSING.get((operation.name, wires[0]), _INVALID)
    what = wires[0] if len(wires) == 1 else f"one of {', '.join(wires)}"
    return Refused(400, code, f"The request lacks a parameter: {what}")


def _value(param: Param, text: str) -> object:
    try:
        return param.kind.decode(param.wire, text)
    except InvalidValue as error:
        shown = "***" if param.secret else text[:100]
        raise Refused(
            400,
            _CODES.get(param.wire, _INVALID),
            f"{param.wire} '{shown}' is not valid: expected {error.allowed}",
        ) from None
