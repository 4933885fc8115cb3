"""Kinds of values: how each is annotated, checked and written. The run-time side is `_core/twiml/values.py`.

Kind
├── TextKind      ├── WordsKind ├── UrlKind ├── JsonKind
├── OpenKind      known words for completion, any text of a pattern at run time
├── IntegerKind   ├── AmountKind ├── BooleanKind ├── PostalKind
├── ChoiceKind    closed list of words, true and false among them or not
└── ListKind
"""

from __future__ import annotations

import re

from attrs import frozen


@frozen
class Alias:
    """A name for a type of attribute, in the generated module `types`."""

    name: str
    doc: str
    annotation: str


@frozen
class Kind:
    """A kind of value.

    Attributes:
        name: The simple type in the schema, or a name made of element and attribute where it has none.
    """

    name: str

    @property
    def annotation(self) -> str:
        """The type that a program gives; {events} is replaced by further alternatives."""
        raise NotImplementedError

    @property
    def stored(self) -> str:
        """The type that a program gets back."""
        return self.annotation

    @property
    def check(self) -> str:
        """The expression that makes its run-time side."""
        raise NotImplementedError

    @property
    def alias(self) -> Alias | None:
        """The type alias that `annotation` uses, if it does."""
        return None

    @property
    def span(self) -> str:
        """What a reader should know of its range, or nothing."""
        return ""

    @property
    def constant(self) -> str:
        """The name of its run-time side."""
        return "_" + re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[:\-.]", "_", self.name).upper()

    def written(self, wire: str, value: str) -> str:
        """The expression for the attribute `wire` with `value`, a checked one, as it is written."""
        return f"""f' {wire}="{{{self._escaped(value)}}}"'"""

    def _escaped(self, value: str) -> str:
        return f"quote({value})"


@frozen
class TextKind(Kind):
    allowed: str = "text"
    pattern: str | None = None
    max_length: int | None = None
    trimmed: bool = False

    @property
    def annotation(self) -> str:
        return "str"

    @property
    def check(self) -> str:
        parts = [repr(self.allowed)] if self.allowed != "text" or self.pattern else []
        if self.pattern:
            parts.append(f"r{self.pattern!r}".replace("\\\\", "\\"))
        if self.max_length is not None:
            parts.append(f"max_length={self.max_length}")
        if self.trimmed:
            parts.append("trimmed=True")
        return f"Text({', '.join(parts)})"


@frozen
class WordsKind(TextKind):
    @property
    def check(self) -> str:
        length = f", max_length={self.max_length}" if self.max_length is not None else ""
        return f"Words({self.allowed!r}{length})"


@frozen
class SecretKind(TextKind):
    @property
    def check(self) -> str:
        return "Secret()"


@frozen
class JsonKind(TextKind):
    @property
    def annotation(self) -> str:
        return "str | Mapping[str, object]"

    @property
    def stored(self) -> str:
        return "str"

    @property
    def check(self) -> str:
        return "Json()"


@frozen
class UrlKind(Kind):
    allowed: str
    pattern: str | None
    optional: bool

    @property
    def annotation(self) -> str:
        return "str{events}"

    @property
    def check(self) -> str:
        pattern = ", " + f"r{self.pattern!r}".replace("\\\\", "\\") if self.pattern else ""
        return f"Url({self.allowed!r}{pattern}{', optional=True' if self.optional else ''})"

    def _escaped(self, value: str) -> str:
        return f"quote({value} if type({value}) is str else link({value}))"


@frozen
class OpenKind(Kind):
    """Words that are known, and others; `other` is what those have to look like."""

    doc: str
    words: tuple[str, ...]
    other: TextKind

    @property
    def annotation(self) -> str:
        return _pascal(self.name)

    @property
    def alias(self) -> Alias:
        return Alias(_pascal(self.name), self.doc, f"Literal[{_literals(self.words)}] | str")

    @property
    def check(self) -> str:
        pattern = self.other.pattern
        if pattern is None or all(re.fullmatch(pattern, word) for word in self.words):
            return self.other.check
        raw = f"r{pattern!r}".replace("\\\\", "\\")
        return f"Known(({_literals(self.words)},), {self.other.allowed!r}, {raw})"


@frozen
class IntegerKind(Kind):
    low: int
    high: int
    words: tuple[str, ...] = ()

    @property
    def annotation(self) -> str:
        return f"int | Literal[{_literals(self.words)}]" if self.words else "int"

    @property
    def check(self) -> str:
        high = "" if self.high == _LARGEST else f", {self.high}"
        words = f", words=({_literals(self.words)},)" if self.words else ""
        return f"Integer({self.low}{high}{words})"

    @property
    def span(self) -> str:
        return f"At least {self.low}" if self.high == _LARGEST else f"From {self.low} to {self.high:,}"

    def _escaped(self, value: str) -> str:
        return value


@frozen
class AmountKind(Kind):
    low: str
    high: str

    @property
    def annotation(self) -> str:
        return "Decimal | float"

    @property
    def stored(self) -> str:
        return "Decimal"

    @property
    def check(self) -> str:
        return f"Amount({self.low!r}, {self.high!r})"

    @property
    def span(self) -> str:
        return f"From {self.low} to {self.high}; a float counts as the decimal number that it prints as"

    def _escaped(self, value: str) -> str:
        return f"{value}:f"


@frozen
class BooleanKind(Kind):
    @property
    def annotation(self) -> str:
        return "bool"

    @property
    def check(self) -> str:
        return "Boolean()"

    def written(self, wire: str, value: str) -> str:
        return f"""' {wire}="true"' if {value} else ' {wire}="false"'"""


@frozen
class PostalKind(Kind):
    @property
    def annotation(self) -> str:
        return "bool | str"

    @property
    def check(self) -> str:
        return "Postal()"

    def _escaped(self, value: str) -> str:
        return f"quote({self.constant}.write({value}))"


@frozen
class ChoiceKind(Kind):
    doc: str
    words: tuple[str, ...]

    @property
    def annotation(self) -> str:
        return _pascal(self.name)

    @property
    def switch(self) -> bool:
        return {"true", "false"} <= set(self.words)

    @property
    def spoken(self) -> tuple[str, ...]:
        """The words without true and false, which Python has values for."""
        return tuple(word for word in self.words if not self.switch or word not in ("true", "false"))

    @property
    def alias(self) -> Alias:
        literal = f"Literal[{_literals(self.spoken)}]"
        return Alias(_pascal(self.name), self.doc, f"bool | {literal}" if self.switch else literal)

    @property
    def check(self) -> str:
        return f"{'Switch' if self.switch else 'Choice'}({_literals(self.spoken)})"

    def _escaped(self, value: str) -> str:
        return f"{self.constant}.write({value})" if self.switch else value


@frozen
class ListKind(Kind):
    item: Kind

    @property
    def annotation(self) -> str:
        return f"Sequence[{self.item.annotation}]"

    @property
    def stored(self) -> str:
        return f"tuple[{self.item.stored}, ...]"

    @property
    def alias(self) -> Alias | None:
        return self.item.alias

    @property
    def check(self) -> str:
        return f"Listed({self.item.check})"

    @property
    def span(self) -> str:
        return f"{self.item.span} each" if self.item.span else ""

    def _escaped(self, value: str) -> str:
        return f"quote({self.constant}.write({value}))"


_LARGEST = 2_147_483_647


def _literals(words: tuple[str, ...]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def _pascal(name: str) -> str:
    return name[0].upper() + name[1:]
