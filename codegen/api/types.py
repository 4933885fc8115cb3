"""The wire types of the spec: one class a type, each knowing its annotations, its kind, its schema.

WireType
├── Text  Phone  Endpoint            text
├── Whole                            integer, seconds, milliseconds, minutes
├── Decimal_  Float  Boolean
├── Sid  Country  Url  Method
├── Enum                             a named Literal of the family
├── Date  DateTime  DateFilter
├── Twiml  Json  TextMap
├── Model                            a record inside a record
├── List                             several of one type
└── PairList                         numbered name and value parameters
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from attrs import frozen

from codegen.api import sids

Schema = dict[str, object]


class WireType:
    """What a value is, on the wire and in Python."""

    __slots__ = ()

    @property
    def parameter(self) -> str:
        """The annotation of an argument that holds it."""
        raise NotImplementedError

    @property
    def field(self) -> str:
        """The annotation of a model field that holds it."""
        return self.parameter

    @property
    def kind(self) -> str:
        """The expression for its runtime kind."""
        raise NotImplementedError

    @property
    def schema(self) -> Schema:
        """Its JSON schema."""
        raise NotImplementedError

    @property
    def enum(self) -> str | None:
        """The name of the enum it needs."""
        return None

    @property
    def model(self) -> str | None:
        """The name of the model it needs."""
        return None

    @property
    def sid(self) -> str | None:
        """The type of the SIDs that it takes."""
        return None

    @property
    def says(self) -> str:
        """What its docstring should add: unit, range, format."""
        return ""

    @property
    def places(self) -> frozenset[str]:
        """Where it can be: `parameter`, `field`, `key`."""
        return _PARAMETER_AND_FIELD

    def holds(self, default: str) -> bool:  # noqa: ARG002
        """Whether a default, as the spec writes it, is a value of this type; prose may stand for many."""
        return True


_PARAMETER_AND_FIELD: Final = frozenset({"parameter", "field"})


@frozen
class Text(WireType):
    max_length: int | None = None

    @property
    def parameter(self) -> str:
        return "str"

    @property
    def kind(self) -> str:
        return "TEXT" if self.max_length is None else f"Text({self.max_length})"

    @property
    def schema(self) -> Schema:
        schema: Schema = {"type": "string"}
        if self.max_length is not None:
            schema["maxLength"] = self.max_length
        return schema

    @property
    def says(self) -> str:
        return "" if self.max_length is None else f"At most {self.max_length} characters."


@frozen
class Formatted(WireType):
    """Text whose format is not checked: phone numbers and endpoints come in many forms."""

    format: str

    @property
    def parameter(self) -> str:
        return "str"

    @property
    def kind(self) -> str:
        return "TEXT"

    @property
    def schema(self) -> Schema:
        return {"type": "string", "format": self.format}


@frozen
class Whole(WireType):
    unit: str
    minimum: int | None = None
    maximum: int | None = None

    @property
    def parameter(self) -> str:
        return "int"

    @property
    def kind(self) -> str:
        return (
            "INTEGER" if self.minimum is self.maximum is None else f"Integer({self.minimum}, {self.maximum})"
        )

    @property
    def schema(self) -> Schema:
        schema: Schema = {"type": "integer"}
        if self.minimum is not None:
            schema["minimum"] = self.minimum
        if self.maximum is not None:
            schema["maximum"] = self.maximum
        return schema

    @property
    def says(self) -> str:
        unit = "" if self.unit == "integer" else f"{self.unit.capitalize()}"
        if self.minimum is not None and self.maximum is not None:
            between = f"{self.minimum} to {self.maximum}"
        elif self.minimum is not None:
            between = f"at least {self.minimum}"
        elif self.maximum is not None:
            between = f"at most {self.maximum}"
        else:
            between = ""
        text = ", ".join(part for part in (unit, between) if part)
        return f"{text[0].upper()}{text[1:]}." if text else ""

    def holds(self, default: str) -> bool:
        if not re.fullmatch(r"-?[0-9]{1,18}", default):
            return False
        low = self.minimum if self.minimum is not None else int(default)
        high = self.maximum if self.maximum is not None else int(default)
        return low <= int(default) <= high


@frozen
class Plain(WireType):
    """A type that is the same everywhere and has no settings."""

    parameter_: str
    field_: str
    kind_: str
    schema_: tuple[tuple[str, object], ...]
    says_: str = ""
    places_: frozenset[str] = _PARAMETER_AND_FIELD
    defaults: frozenset[str] = frozenset[str]()

    @property
    def parameter(self) -> str:
        return self.parameter_

    @property
    def field(self) -> str:
        return self.field_

    @property
    def kind(self) -> str:
        return self.kind_

    @property
    def schema(self) -> Schema:
        return dict(self.schema_)

    @property
    def says(self) -> str:
        return self.says_

    @property
    def places(self) -> frozenset[str]:
        return self.places_

    def holds(self, default: str) -> bool:
        return not self.defaults or default in self.defaults


@frozen
class Sid(WireType):
    prefixes: tuple[str, ...]
    literals: tuple[str, ...] = ()

    @property
    def parameter(self) -> str:
        return "str"

    @property
    def field(self) -> str:
        return "str" if self.literals else sids.type_of(self.prefixes)

    @property
    def sid(self) -> str | None:
        return sids.type_of(self.prefixes)

    @property
    def kind(self) -> str:
        literals = f", {self.literals!r}" if self.literals else ""
        return f"Sid({self.prefixes!r}{literals})"

    @property
    def schema(self) -> Schema:
        prefix = self.prefixes[0] if len(self.prefixes) == 1 else f"({'|'.join(self.prefixes)})"
        sid: Schema = {
            "type": "string",
            "minLength": 34,
            "maxLength": 34,
            "pattern": f"^{prefix}[0-9a-fA-F]{{32}}$",
        }
        if not self.literals:
            return sid
        return {"anyOf": [sid, {"type": "string", "enum": list(self.literals)}]}

    @property
    def says(self) -> str:
        forms = [f"`{prefix}…`" for prefix in self.prefixes]
        others = [f"`{literal}`" if literal else "empty" for literal in self.literals]
        return f"A SID, {' or '.join([*forms, *others])}."

    @property
    def places(self) -> frozenset[str]:
        return frozenset({"parameter", "field", "key"})


@frozen
class Name(WireType):
    """A key that may be a name instead of a SID."""

    prefixes: tuple[str, ...]

    @property
    def sid(self) -> str | None:
        return sids.type_of(self.prefixes)

    @property
    def parameter(self) -> str:
        return "str"

    @property
    def kind(self) -> str:
        return f"Name({self.prefixes!r})"

    @property
    def schema(self) -> Schema:
        return {"type": "string", "minLength": 1}

    @property
    def says(self) -> str:
        return f"A SID, {' or '.join(f'`{prefix}…`' for prefix in self.prefixes)}, or a name."

    @property
    def places(self) -> frozenset[str]:
        return frozenset({"key"})


@frozen
class Enum(WireType):
    name: str

    @property
    def parameter(self) -> str:
        return self.name

    @property
    def kind(self) -> str:
        return constant_of(self.name)

    @property
    def schema(self) -> Schema:
        return {"$ref": f"#/components/schemas/{self.name}"}

    @property
    def enum(self) -> str | None:
        return self.name


@frozen
class Model(WireType):
    name: str

    @property
    def parameter(self) -> str:
        return self.name

    @property
    def kind(self) -> str:
        raise ValueError("a model is no parameter")

    @property
    def schema(self) -> Schema:
        return {"$ref": f"#/components/schemas/{self.name}"}

    @property
    def model(self) -> str | None:
        return self.name

    @property
    def places(self) -> frozenset[str]:
        return frozenset({"field"})


@frozen
class List(WireType):
    item: WireType
    max_items: int | None = None

    @property
    def parameter(self) -> str:
        return f"Sequence[{self.item.parameter}]"

    @property
    def field(self) -> str:
        return f"tuple[{self.item.field}, ...]"

    @property
    def kind(self) -> str:
        bound = "" if self.max_items is None else f", {self.max_items}"
        return f"Several({self.item.kind}{bound})"

    @property
    def schema(self) -> Schema:
        schema: Schema = {"type": "array", "items": self.item.schema}
        if self.max_items is not None:
            schema["maxItems"] = self.max_items
        return schema

    @property
    def enum(self) -> str | None:
        return self.item.enum

    @property
    def model(self) -> str | None:
        return self.item.model

    @property
    def says(self) -> str:
        return "" if self.max_items is None else f"At most {self.max_items}."

    @property
    def places(self) -> frozenset[str]:
        # A form has no lists of lists.
        nested = isinstance(self.item, (List, PairList))
        return self.item.places - ({"key", "parameter"} if nested else {"key"})


@frozen
class PairList(WireType):
    """`Parameter1.Name`, `Parameter1.Value` and so on; the range is in the parameter's wire name."""

    first: str
    second: str
    most: int = 0

    @property
    def parameter(self) -> str:
        return "Mapping[str, str]"

    @property
    def kind(self) -> str:
        return f"Pairs({self.first!r}, {self.second!r}, {self.most})"

    @property
    def schema(self) -> Schema:
        return {"type": "string"}

    @property
    def says(self) -> str:
        return f"At most {self.most} entries."

    @property
    def places(self) -> frozenset[str]:
        return frozenset({"parameter"})


def constant_of(name: str) -> str:
    """`CallStatus` -> `CALL_STATUS`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()


def _plain(
    parameter: str,
    kind: str,
    schema: Schema,
    *,
    field: str | None = None,
    says: str = "",
    places: frozenset[str] = _PARAMETER_AND_FIELD,
    defaults: frozenset[str] = frozenset[str](),
) -> Plain:
    return Plain(parameter, field or parameter, kind, tuple(schema.items()), says, places, defaults)


_PARAMETER: Final = frozenset({"parameter"})
_FIELD: Final = frozenset({"field"})
_PLAIN: Final[Mapping[str, WireType]] = {
    "phone": Formatted("phone-number"),
    "endpoint": Formatted("endpoint"),
    "decimal": _plain("Decimal | int | float", "NUMBER", {"type": "number"}, field="Decimal"),
    "float": _plain("float", "NUMBER", {"type": "number"}),
    "boolean": _plain("bool", "BOOLEAN", {"type": "boolean"}, defaults=frozenset({"true", "false"})),
    "country": _plain(
        "str",
        "COUNTRY",
        {"type": "string", "format": "iso-country-code"},
        says="Two letters, ISO 3166-1.",
        places=_PARAMETER_AND_FIELD | {"key"},
    ),
    "url": _plain("str", "URL", {"type": "string", "format": "uri"}),
    "method": _plain(
        "Method", "METHOD", {"type": "string", "enum": ["GET", "POST"]}, defaults=frozenset({"GET", "POST"})
    ),
    "date": _plain("date", "DAY", {"type": "string", "format": "date"}),
    "datetime": _plain(
        "datetime", "INSTANT", {"type": "string", "format": "date-time"}, says="With its time zone."
    ),
    "date-filter": _plain(
        "date",
        "DAY_OR_INSTANT",
        {"type": "string", "format": "date-time"},
        says="A date or an aware datetime.",
        places=_PARAMETER,
    ),
    "twiml": _plain(
        "VoiceResponse | str",
        "TWIML",
        {"type": "string", "format": "twiml", "maxLength": 4000},
        places=_PARAMETER,
    ),
    "json": _plain("object", "JSON_TEXT", {}),
    "map": _plain(
        "Mapping[str, str]",
        "JSON_TEXT",
        {"type": "object", "additionalProperties": {"type": "string"}},
        places=_FIELD,
    ),
}
_UNITS: Final = ("integer", "seconds", "milliseconds", "minutes")
_RANGE: Final = re.compile(r"(?:(-?\d+)\.\.(-?\d+)|(>=|<=) (-?\d+))\Z")


def parse(text: str) -> tuple[WireType, str | None]:
    """A type as the spec writes it, and the default behind it.

    Raises:
        ValueError: It isn't one; the message says what is allowed.
    """
    expression, equals, default = text.partition(" = ")
    parsed = _parse(expression.strip())
    return parsed, default.strip() if equals else None


def _parse(text: str) -> WireType:
    word, _, rest = text.partition(" ")
    if word in _PLAIN and not rest:
        return _PLAIN[word]
    if word in _UNITS:
        return Whole(word, *_range(rest))
    if word in _PARSERS:
        return _PARSERS[word](rest)
    known = ", ".join(sorted({*_PLAIN, *_UNITS, *_PARSERS}))
    raise ValueError(f"unknown type {text!r}; the types are {known}")


def _range(text: str) -> tuple[int | None, int | None]:
    if not text:
        return None, None
    match = _RANGE.match(text)
    if match is None:
        raise ValueError(f"expected a range such as 1..10 or >= 0, got {text!r}")
    low, high, sign, bound = match.groups()
    if sign is not None:
        return (int(bound), None) if sign == ">=" else (None, int(bound))
    if int(low) > int(high):
        raise ValueError(f"the range {text!r} is empty")
    return int(low), int(high)


def _text(rest: str) -> WireType:
    if not rest:
        return Text()
    minimum, maximum = _range(rest)
    if minimum is not None or maximum is None:
        raise ValueError(f"expected `text <= 64`, got {rest!r}")
    return Text(maximum)


def _sid(rest: str) -> WireType:
    words = rest.split()
    prefixes = tuple(word for word in words if re.fullmatch(r"[A-Z]{2}", word))
    literals = tuple("" if word == "clearable" else word for word in words if word not in prefixes)
    if not prefixes:
        raise ValueError(f"expected the prefixes of a SID, e.g. `sid CA`, got {rest!r}")
    return Sid(prefixes, literals)


def _name(rest: str) -> WireType:
    prefixes = tuple(rest.split())
    if not prefixes or not all(re.fullmatch(r"[A-Z]{2}", prefix) for prefix in prefixes):
        raise ValueError(f"expected the prefixes of a SID, e.g. `name CF`, got {rest!r}")
    return Name(prefixes)


def _named(cls: Callable[[str], WireType], what: str) -> Callable[[str], WireType]:
    def parse_name(rest: str) -> WireType:
        if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", rest):
            raise ValueError(f"expected the name of {what}, got {rest!r}")
        return cls(rest)

    return parse_name


def _list(rest: str) -> WireType:
    item, separator, bound = rest.partition(" max ")
    if separator and not bound.isdigit():
        raise ValueError(f"expected `list T max 10`, got {rest!r}")
    return List(_parse(item), int(bound) if separator else None)


def _pairs(rest: str) -> WireType:
    words = rest.split()
    if len(words) != 2:
        raise ValueError(f"expected `pairs Name Value`, got {rest!r}")
    return PairList(words[0], words[1])


_PARSERS: Final[Mapping[str, Callable[[str], WireType]]] = {
    "text": _text,
    "sid": _sid,
    "name": _name,
    "enum": _named(Enum, "an enum"),
    "model": _named(Model, "a model"),
    "list": _list,
    "pairs": _pairs,
}
