"""Wire kinds: how one parameter's Python value becomes form text, and back.

    Kind
    ├── Text            any text, with a longest length
    ├── Integer         a whole number in a range
    ├── Number          a decimal number, exact
    ├── Boolean         true | false
    ├── Sid             two letters and 32 hex digits
    ├── Name            a SID or a name, in a path
    ├── Choice          one of some words (open: others too)
    ├── Url             an absolute http(s) URL
    ├── Country         ISO 3166-1 alpha-2
    ├── Day             a date, YYYY-MM-DD
    ├── Instant         an aware datetime, ISO 8601 in UTC
    ├── DayOrInstant    either of the two: the date filters of lists
    ├── Twiml           a TwiML document or its text
    ├── JsonText        anything JSON can hold
    └── Spread          a value that becomes several wire pairs
        ├── Several     a repeated parameter
        └── Pairs       numbered names and values

The client encodes before any I/O; the emulator decodes what it is sent by the same tables. `encode` and
`decode` raise `InvalidValue` with the name they are given.

Every client loads this module, so kinds without fields are plain classes, which takes less time, and what
few kinds need is imported by them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import Final, Literal, cast

from attrs import frozen

from ringback.errors import InvalidValue

__all__ = [
    "BOOLEAN",
    "COUNTRY",
    "DAY",
    "DAY_OR_INSTANT",
    "INSTANT",
    "INTEGER",
    "JSON_TEXT",
    "METHOD",
    "NUMBER",
    "TEXT",
    "TWIML",
    "URL",
    "Boolean",
    "Choice",
    "Country",
    "Day",
    "DayOrInstant",
    "Instant",
    "Integer",
    "JsonText",
    "Kind",
    "Method",
    "Name",
    "Number",
    "Pairs",
    "Several",
    "Sid",
    "Spread",
    "Text",
    "Twiml",
    "Url",
]

_HEX32: Final = re.compile(r"[0-9a-fA-F]{32}\Z")
_COUNTRY: Final = re.compile(r"[A-Za-z]{2}\Z")
_URL: Final = re.compile(r"https?://[^\s/?#]+[^\s]*\Z", re.IGNORECASE)

# Python makes no text of an integer of more than 4,300 digits, and no API takes more than these.
_MOST_BITS: Final = 63
_MOST_DIGITS: Final = 1000

SID_NAMES: Final = {
    "AC": "Account",
    "AD": "Address",
    "AL": "IP access control list",
    "AP": "Application",
    "BU": "Bundle",
    "BY": "BYOC trunk",
    "CA": "Call",
    "CF": "Conference",
    "CL": "Credential list",
    "CN": "Connect app",
    "CR": "Credential",
    "GP": "Call group",
    "GT": "Real-time transcription",
    "HX": "Content template",
    "IP": "IP address",
    "ME": "Media",
    "MG": "Messaging service",
    "MM": "Message",
    "MZ": "Stream",
    "NO": "Notification",
    "PK": "Payment session",
    "PN": "Phone number",
    "QU": "Queue",
    "RE": "Recording",
    "RI": "Identity",
    "SC": "Short code",
    "SD": "SIP domain",
    "SK": "API key",
    "SM": "Message",
    "SR": "SIPREC session",
    "TK": "Trunk",
    "TR": "Transcription",
    "UT": "Usage trigger",
    "XB": "Add-on extension",
    "XE": "Add-on",
    "XF": "Add-on configuration",
    "XH": "Add-on payload",
    "XR": "Add-on result",
    "ZY": "Message subscription",
}


class Kind:
    """How a value is written to the wire and read from it."""

    __slots__ = ()

    @property
    def allowed(self) -> str:
        """What this kind accepts, in words that follow "expected"."""
        raise NotImplementedError

    def encode(self, name: str, value: object, /, *, secret: bool = False) -> str:
        """The wire text of `value`; `name` is the Python parameter, for the error."""
        raise NotImplementedError

    def decode(self, name: str, text: str, /) -> object:
        """What the emulator makes of wire text; `name` is the wire parameter, for the error."""
        raise NotImplementedError

    def refuse(self, name: str, value: object, *, secret: bool = False) -> InvalidValue:
        """The error for a value that isn't of this kind."""
        return InvalidValue(name, value, self.allowed, secret=secret)


@frozen
class Text(Kind):
    """Any text; `""` clears a setting."""

    max_length: int | None = None

    @property
    def allowed(self) -> str:
        return "text" if self.max_length is None else f"text of at most {self.max_length} characters"

    def encode(self, name: str, value: object, /, *, secret: bool = False) -> str:
        if type(value) is not str and not isinstance(value, str):
            raise self.refuse(name, value, secret=secret)
        if self.max_length is not None and len(value) > self.max_length:
            raise self.refuse(name, value, secret=secret)
        return value

    def decode(self, name: str, text: str, /) -> str:
        return self.encode(name, text)


@frozen
class Integer(Kind):
    """A whole number, both ends of the range included."""

    minimum: int | None = None
    maximum: int | None = None

    @property
    def allowed(self) -> str:
        return f"a whole number{_between(self.minimum, self.maximum)}"

    def encode(self, name: str, value: object, /, *, secret: bool = False) -> str:
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.refuse(name, value, secret=secret)
        if (self.minimum is not None and value < self.minimum) or (
            self.maximum is not None and value > self.maximum
        ):
            raise self.refuse(name, value, secret=secret)
        if value.bit_length() > _MOST_BITS:
            raise InvalidValue(name, value, f"{self.allowed}, below 2**63", secret=secret)
        return str(value)

    def decode(self, name: str, text: str, /) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text, re.ASCII):
            raise self.refuse(name, text)
        number = int(text)
        self.encode(name, number)
        return number


class Number(Kind):
    """A decimal number, written exactly; a float is taken by its shortest repr."""

    __slots__ = ()

    @property
    def allowed(self) -> str:
        return "a number (Decimal, int or float)"

    def encode(self, name: str, value: object, /, *, secret: bool = False) -> str:
        if not isinstance(value, (Decimal, int, float)) or isinstance(value, bool):
            raise self.refuse(name, value, secret=secret)
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        if not number.is_finite():
            raise self.refuse(name, value, secret=secret)
        if not _is_short(number):
            raise InvalidValue(name, value, f"{self.allowed} of at most {_MOST_DIGITS} digits", secret=secret)
        return f"{number:f}"

    def decode(self, name: str, text: str, /) -> Decimal:
        try:
            number = Decimal(text)
        except InvalidOperation:
            raise self.refuse(name, text) from None
        if not number.is_finite() or not _is_short(number):
            raise self.refuse(name, text)
        return number


def _is_short(number: Decimal) -> bool:
    """Whether it can be written out: 1E+999999 would be a megabyte of zeros, and so would 1E-999999."""
    return abs(number.adjusted()) <= _MOST_DIGITS and len(number.as_tuple().digits) <= _MOST_DIGITS


class Boolean(Kind):
    """True or False."""

    __slots__ = ()

    @property
    def allowed(self) -> str:
        return "True or False"

    def encode(self, name: str, value: object, /, *, secret: bool = False) -> str:
        if value is True:
            return "true"
        if value is False:
            return "false"
        raise self.refuse(name, value, secret=secret)

    def decode(self, name: str, text: str, /) -> bool:
        if text.lower() in {"true", "1"}:
            return True
        if text.lower() in {"false", "0", ""}:
            return False
        raise self.refuse(name, text)


@frozen
class Sid(Kind):
    """A SID with one of the given prefixes, or one of some words: `""` is one where it clears a setting."""

    prefixes: tuple[str, ...]
    literals: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        name = SID_NAMES.get(self.prefixes[0], "resource")
        article = "an" if name[0] in "AEIO" else "a"
        forms = " or ".join(f"{prefix}…" for prefix in self.prefixes)
        others = "".join(f", or {literal!r}" for literal in self.literals)
        return f"{article} {name} SID ({forms}, 34 characters){others}"

    def encode(self, name: str, value: object, /, *, secret: bool = False) -> str:
        if isinstance(value, str) and (
            (value[:2] in self.prefixes and _HEX32.match(value, 2)) or value in self.literals
        ):
            return value
        raise self.refuse(name, value, secret=secret)

    def decode(self, name: str, text: str, /) -> str:
        return text if not text else self.encode(name, text)


@frozen
class Name(Kind):
    """A SID or a name in a path, percent-encoded so that it stays one segment; no SID of another prefix."""

    prefixes: tuple[str, ...]

    @property
    def allowed(self) -> str:
        return f"{Sid(self.prefixes).allowed} or a name, neither empty nor all dots"

    def encode(self, name: str, value: object, /, *, secret: bool = False) -> str:
        # A segment of dots would be resolved against the path and ask for another resource.
        if not isinstance(value, str) or not value.strip(".") or not value.isprintable():
            raise self.refuse(name, value, secret=secret)
        if value[:2] in SID_NAMES and value[:2] not in self.prefixes and _HEX32.match(value, 2):
            raise self.refuse(name, value, secret=secret)
        from urllib.parse import quote

        return quote(value, safe="")

    def decode(self, name: str, text: str, /) -> str:
        from urllib.parse import unquote

        decoded = unquote(text)
        self.encode(name, decoded)
        return decoded


@frozen
class Choice(Kind):
    """One of some words; an open one takes other text too."""

    values: tuple[str, ...]
    open: bool = False

    @property
    def allowed(self) -> str:
        return f"one of {', '.join(repr(value) for value in self.values)}"

    def encode(self, name: str, value: object, /, *, secret: bool = False) -> str:
        if isinstance(value, str) and (value in self.values or self.open):
            return value
        raise self.refuse(name, value, secret=secret)

    def decode(self, name: str, text: str, /) -> str:
        return self.encode(name, text)


METHOD: Final = Choice(("GET", "POST"))
Method = Literal["GET", "POST"]


class Url(Kind):
    """An absolute http or https URL; `""` clears a setting."""

    __slots__ = ()

    @property
    def allowed(self) -> str:
        return "an absolute http:// or https:// URL, or '' to clear it"

    def encode(self, name: str, value: object, /, *, secret: bool = False) -> str:
        if isinstance(value, str) and (not value or _URL.match(value)):
            return value
        raise self.refuse(name, value, secret=secret)

    def decode(self, name: str, text: str, /) -> str:
        return self.encode(name, text)


class Country(Kind):
    """An ISO 3166-1 alpha-2 country code."""

    __slots__ = ()

    @property
    def allowed(self) -> str:
        return "a country code of two letters, such as US"

    def encode(self, name: str, value: object, /, *, secret: bool = False) -> str:
        if isinstance(value, str) and _COUNTRY.match(value):
            return value.upper()
        raise self.refuse(name, value, secret=secret)

    def decode(self, name: str, text: str, /) -> str:
        return self.encode(name, text)


class Day(Kind):
    """A calendar day."""

    __slots__ = ()

    @property
    def allowed(self) -> str:
        return "a date"

    def encode(self, name: str, value: object, /, *, secret: bool = False) -> str:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        raise self.refuse(name, value, secret=secret)

    def decode(self, name: str, text: str, /) -> date:
        try:
            return datetime.strptime(text, "%Y-%m-%d").date()
        except ValueError:
            raise InvalidValue(name, text, "a date, YYYY-MM-DD") from None


class Instant(Kind):
    """A point in time; needs a time zone, since a naive one would shift by hours."""

    __slots__ = ()

    @property
    def allowed(self) -> str:
        return "a datetime with a time zone"

    def encode(self, name: str, value: object, /, *, secret: bool = False) -> str:
        if isinstance(value, datetime) and value.utcoffset() is not None:
            return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        raise self.refuse(name, value, secret=secret)

    def decode(self, name: str, text: str, /) -> datetime:
        try:
            moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        except ValueError:
            raise InvalidValue(name, text, "a time, YYYY-MM-DDThh:mm:ssZ") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


class DayOrInstant(Kind):
    """A date, or a datetime with a time zone."""

    __slots__ = ()

    @property
    def allowed(self) -> str:
        return "a date, or a datetime with a time zone"

    def encode(self, name: str, value: object, /, *, secret: bool = False) -> str:
        if isinstance(value, datetime):
            if value.utcoffset() is None:
                raise self.refuse(name, value, secret=secret)
            return Instant().encode(name, value)
        if isinstance(value, date):
            return value.isoformat()
        raise self.refuse(name, value, secret=secret)

    def decode(self, name: str, text: str, /) -> date:
        return Day().decode(name, text) if len(text) == 10 else Instant().decode(name, text)


@frozen
class Twiml(Kind):
    """A TwiML document: a `VoiceResponse`, or the text of one, at most 4,000 characters."""

    max_length: int = 4000

    @property
    def allowed(self) -> str:
        return f"a TwiML document, or its text, of at most {self.max_length} characters"

    def encode(self, name: str, value: object, /, *, secret: bool = False) -> str:
        # Nearly everything has a text that begins with "<", `<object object at 0x…>` for one.
        if not isinstance(value, str) and getattr(value.__class__, "_root", None) is not True:
            raise self.refuse(name, value, secret=secret)
        text = str(value)
        if not text.lstrip().startswith("<") or len(text) > self.max_length:
            raise self.refuse(name, text, secret=secret)
        return text

    def decode(self, name: str, text: str, /) -> str:
        if len(text) > self.max_length:
            raise self.refuse(name, text)
        return text


class JsonText(Kind):
    """Anything JSON can hold; text is taken as JSON already written."""

    __slots__ = ()

    @property
    def allowed(self) -> str:
        return "JSON text, or a value that JSON can hold"

    def encode(self, name: str, value: object, /, *, secret: bool = False) -> str:
        if isinstance(value, str):
            return value
        import json

        try:
            return json.dumps(value, allow_nan=False, separators=(",", ":"))
        except (TypeError, ValueError):
            raise self.refuse(name, value, secret=secret) from None

    def decode(self, name: str, text: str, /) -> object:
        import json

        try:
            decoded: object = json.loads(text)
        except (ValueError, RecursionError):
            raise self.refuse(name, text) from None
        return decoded


class Spread(Kind):
    """A kind whose value becomes several wire pairs."""

    __slots__ = ()

    def spread(self, name: str, wire: str, value: object, *, secret: bool = False) -> list[tuple[str, str]]:
        """The wire pairs of `value`."""
        raise NotImplementedError


@frozen
class Several(Spread):
    """A parameter that is sent once for each value, in order."""

    item: Kind
    max_items: int | None = None

    @property
    def allowed(self) -> str:
        bound = "" if self.max_items is None else f" of at most {self.max_items}"
        return f"a sequence{bound}, each {self.item.allowed}"

    def spread(self, name: str, wire: str, value: object, *, secret: bool = False) -> list[tuple[str, str]]:
        if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
            raise self.refuse(name, value, secret=secret)
        items = cast("Sequence[object]", value)
        if self.max_items is not None and len(items) > self.max_items:
            raise self.refuse(name, items, secret=secret)
        return [
            (wire, self.item.encode(f"{name}[{index}]", item, secret=secret))
            for index, item in enumerate(items)
        ]

    def decode(self, name: str, text: str, /) -> object:
        return self.item.decode(name, text)


@frozen
class Pairs(Spread):
    """Numbered pairs, `Parameter1.Name` and `Parameter1.Value` to `Parameter99.…`, as one mapping."""

    first: str
    second: str
    most: int

    @property
    def allowed(self) -> str:
        return f"a mapping of text to text with at most {self.most} entries"

    def spread(self, name: str, wire: str, value: object, *, secret: bool = False) -> list[tuple[str, str]]:
        if not isinstance(value, Mapping):
            raise self.refuse(name, value, secret=secret)
        entries = cast("Mapping[object, object]", value)
        if len(entries) > self.most:
            raise self.refuse(name, entries, secret=secret)
        pairs: list[tuple[str, str]] = []
        for number, (key, text) in enumerate(entries.items(), start=1):
            if not isinstance(key, str) or not isinstance(text, str):
                raise self.refuse(name, entries, secret=secret)
            pairs += [(f"{wire}{number}.{self.first}", key), (f"{wire}{number}.{self.second}", text)]
        return pairs

    def decode(self, name: str, text: str, /) -> str:
        return Text().decode(name, text)


TEXT: Final = Text()
INTEGER: Final = Integer()
NUMBER: Final = Number()
BOOLEAN: Final = Boolean()
URL: Final = Url()
COUNTRY: Final = Country()
DAY: Final = Day()
INSTANT: Final = Instant()
DAY_OR_INSTANT: Final = DayOrInstant()
TWIML: Final = Twiml()
JSON_TEXT: Final = JsonText()


def _between(minimum: int | None, maximum: int | None) -> str:
    if minimum is not None and maximum is not None:
        return f" from {minimum} to {maximum}"
    if minimum is not None:
        return f" of at least {minimum}"
    return "" if maximum is None else f" of at most {maximum}"
