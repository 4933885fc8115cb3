"""What the text and the attributes of TwiML may hold: one class a kind of value.

    Value
    ├── Text            any text, or text of a pattern, or of a limited length
    │   ├── Words       text that isn't blank
    │   ├── Secret      text that no error shows
    │   ├── Url         a URL, or whatever has one: a handler, a flow
    │   └── Known       words out of a list, or text of a pattern
    ├── Json            a JSON object, as text or as a mapping
    ├── Integer         a whole number in a range, or one of a few words
    ├── Amount          a decimal number in a range
    ├── Boolean         true or false
    ├── Choice          one of a closed list of words
    │   └── Switch      the same, or true or false
    ├── Postal          true, false or text
    └── Listed          several of one of these, written with spaces between

`check` takes what a program gives and returns it in its one canonical form, `read` takes what stands in a
document, `write` gives back what stands there. All errors are `TwimlError`s that name the field.

This module is imported to build a first document, so it stays small and imports nothing but `errors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from ringback.errors import TwimlError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "XML_SPACE",
    "Amount",
    "Boolean",
    "Choice",
    "Integer",
    "Json",
    "Known",
    "Listed",
    "Postal",
    "Secret",
    "Switch",
    "Text",
    "Url",
    "Value",
    "Words",
    "clean",
    "closest",
    "link",
    "quote",
    "text",
]

XML_SPACE = " \t\r\n"
LARGEST = 2_147_483_647
MOST_DECIMALS = 50
# Nobody misspells a name at greater length, and comparing takes time that grows with it.
LONGEST_WORD = 80
MOST_SEEN = 256


def quote(value: str) -> str:
    """`value` as it stands between the quotes of an attribute."""
    if "&" in value:
        value = value.replace("&", "&amp;")
    if "<" in value:
        value = value.replace("<", "&lt;")
    if ">" in value:
        value = value.replace(">", "&gt;")
    if '"' in value:
        value = value.replace('"', "&quot;")
    if not value.isprintable():
        # A parser turns these into spaces or newlines unless they are written as references.
        value = value.replace("\t", "&#9;").replace("\n", "&#10;").replace("\r", "&#13;")
    return value


def text(field: str, value: object) -> str:
    """`value`, if it is text that XML can hold."""
    if type(value) is str and value.isprintable():
        return value
    if not isinstance(value, str):
        raise TwimlError(field, value, "text")
    for index, character in enumerate(value):
        if _is_unwritable(character):
            found = f"U+{ord(character):04X} at position {index} is none of it"
            raise TwimlError(
                field, value, f"text that XML can hold ({found}; ringback.twiml.clean drops such)"
            )
    # Not `str(value)`: that of an enumeration's member is its name.
    return str.__str__(value)


def clean(text: str) -> str:
    """`text` without the characters that XML can't hold, for texts that other people wrote.

    Control characters but tabs and newlines, halves of characters, and U+FFFE and U+FFFF are dropped;
    all else is kept. What is left can be said, sent and given as an attribute.

    Raises:
        TwimlError: It is no text.
    """
    if not isinstance(cast("object", text), str):
        raise TwimlError("text", text, "text")
    return "".join([character for character in text if not _is_unwritable(character)])


def _is_unwritable(character: str) -> bool:
    """Whether XML 1.0 can't hold it, not even as a reference."""
    control = character < " " and character not in "\t\n\r"
    return control or "\ud800" <= character <= "\udfff" or character in "\ufffe\uffff"


def link(value: object) -> str:
    """The URL that is written for `value`: itself, or where a target can be reached now."""
    if type(value) is str:
        return value
    return text("url", getattr(value, "url"))  # noqa: B009  (`value` has been checked to be a target)


def way_to(target: object) -> Literal["GET"] | None:
    """How a target has to be asked where its attribute of a method isn't given; None where the default, POST,
    will do, and for URLs.
    """
    if target is None or type(target) is str:
        return None
    methods: object = getattr(target, "methods", ())
    return "GET" if isinstance(methods, tuple) and methods[-1:] == ("GET",) else None


def unbound(target: object) -> str:
    """How a target gets the arguments that it needs and hasn't got; empty where it lacks none."""
    lacks: tuple[str, ...] = getattr(target, "_lacks", ())
    return (
        f" ({getattr(target, 'name', '…')}.bind({', '.join(f'{each}=…' for each in lacks)}))" if lacks else ""
    )


def uncalled(value: object) -> str:
    """What to do with a target's `bind` that was given in place of what it gives; empty for anything else."""
    owner = getattr(value, "__self__", None)
    if getattr(value, "__name__", "") != "bind" or not hasattr(owner, "_handles"):
        return ""
    return f" (call it: {getattr(owner, 'name', '…')}.bind(…))"


def closest(word: object, words: Iterable[str], *, likeness: float = 0.6) -> str | None:
    """The one of `words` that was probably meant, or None."""
    if not isinstance(word, str) or len(word) > LONGEST_WORD:
        return None
    import difflib

    folded = {candidate.replace("_", "").replace("-", "").lower(): candidate for candidate in words}
    found = difflib.get_close_matches(word.replace("_", "").replace("-", "").lower(), folded, 1, likeness)
    return folded[found[0]] if found else None


def listed(words: Iterable[object]) -> str:
    return ", ".join(repr(word) for word in words)


class Value:
    """A kind of value."""

    __slots__ = ()

    def check(self, field: str, value: Any) -> Any:
        """`value` in its canonical form; raises TwimlError where it isn't of this kind."""
        raise NotImplementedError

    def read(self, field: str, raw: str) -> object:
        """What `raw`, as a parser gave it, means; raises TwimlError where it isn't of this kind."""
        return self.check(field, raw)

    def write(self, value: object) -> str:
        """How a checked value stands in a document, not yet escaped."""
        return str(value)


class Text(Value):
    """Text.

    Attributes:
        allowed: What is allowed, in words.
        pattern: A regular expression that the whole text matches, or None.
        max_length: The most characters, or None.
        trimmed: Whether white space around it means nothing.
    """

    __slots__ = ("allowed", "max_length", "pattern", "plain", "seen", "trimmed")

    def __init__(
        self,
        allowed: str = "text",
        pattern: str | None = None,
        *,
        max_length: int | None = None,
        trimmed: bool = False,
    ) -> None:
        self.allowed = allowed
        self.pattern = pattern
        self.max_length = max_length
        self.trimmed = trimmed
        # Texts that matched: languages and lengths come again and again, and a pattern is dear.
        self.seen: set[str] = set()
        # Whether all text is allowed that XML can hold.
        self.plain = type(self) is Text and pattern is None and max_length is None and not trimmed

    def check(self, field: str, value: Any) -> Any:
        if type(value) is str and self.plain and value.isprintable():
            return value
        if not isinstance(value, str):
            raise TwimlError(field, value, self.allowed)
        checked = text(field, value)
        if self.trimmed:
            checked = checked.strip(XML_SPACE)
        if not self.matches(checked):
            raise TwimlError(field, value, self.allowed)
        if self.max_length is not None and len(checked) > self.max_length:
            raise TwimlError(field, value, f"at most {self.max_length:,} characters")
        return checked

    def matches(self, value: str) -> bool:
        """Whether it is of the pattern."""
        if self.pattern is None or value in self.seen:
            return True
        import re

        matched = re.fullmatch(self.pattern, value) is not None
        if matched and len(self.seen) < MOST_SEEN:
            self.seen.add(value)
        return matched


class Words(Text):
    """Text that isn't blank."""

    __slots__ = ()

    def check(self, field: str, value: Any) -> Any:
        if (
            type(value) is str
            and self.max_length is None
            and value.isprintable()
            and not value.isspace()
            and value
        ):
            return value
        return super().check(field, value)

    def matches(self, value: str) -> bool:
        return bool(value.strip(XML_SPACE))


class Secret(Text):
    """Text that no error shows."""

    __slots__ = ()

    def check(self, field: str, value: Any) -> Any:
        try:
            return text(field, value)
        except TwimlError as error:
            raise TwimlError(field, None, error.allowed, secret=True) from None


class Url(Text):
    """A URL, or a target that has one; it is asked for its URL when the document is written.

    Attributes:
        optional: Whether it may be empty.
    """

    __slots__ = ("optional",)

    def __init__(self, allowed: str, pattern: str | None = None, *, optional: bool = False) -> None:
        super().__init__(allowed, pattern, trimmed=True)
        self.optional = optional

    def check(self, field: str, value: Any, events: tuple[str, ...] = ()) -> Any:
        """The same; `events` are those that arrive at the URL, where it is known which."""
        if type(value) is str and value and self.pattern is None and " " not in value and value.isprintable():
            return value
        if isinstance(value, str):
            checked = text(field, value).strip(XML_SPACE)
            if not (checked or self.optional) or not self.matches(checked):
                raise TwimlError(field, value, self.allowed)
            return checked
        # `Target` is a protocol: whatever handles events and has a URL. The URL may not be known yet.
        takes = getattr(value, "_takes", None)
        if (
            isinstance(value, type)
            or not hasattr(value, "_handles")
            or (events and takes and not takes(*events))
        ):
            raise TwimlError(field, value, f"{self.allowed}, or {_a_handler(value, events)}")
        if lacks := unbound(value):
            raise TwimlError(field, value, f"{self.allowed}, or a handler with its arguments{lacks}")
        return value

    def matches(self, value: str) -> bool:
        if " " in value or (not value.isprintable() and any(space in value for space in XML_SPACE)):
            return False
        return super().matches(value)

    def write(self, value: object) -> str:
        return link(value)


def _a_handler(value: object, events: tuple[str, ...]) -> str:
    """What a target has to be, and how a function becomes one."""
    target = "a handler" + (f" of {' or '.join(events)}" if events else "")
    other = getattr(getattr(value, "event", None), "__name__", None)
    if events and other is not None:
        target += f" (that is one of {other})"
    if call := uncalled(value):
        target += call
    elif type(value).__name__ in ("function", "method"):
        target += f" (a function becomes one by @app.on({events[0] if events else '…'}))"
    return target


class Known(Text):
    """Words out of a list, or other text of a pattern."""

    __slots__ = ("words",)

    def __init__(self, words: tuple[str, ...], allowed: str, pattern: str) -> None:
        super().__init__(f"one of {listed(words)} or {allowed}", pattern)
        self.words = words

    def check(self, field: str, value: Any) -> Any:
        if isinstance(value, str) and value in self.words:
            return str.__str__(value)
        try:
            return super().check(field, value)
        except TwimlError as error:
            raise TwimlError(field, value, error.allowed, suggestion=suggest(value, self.words)) from None


class Json(Value):
    """A JSON object, as text or as a mapping; kept as text."""

    __slots__ = ()

    def check(self, field: str, value: Any) -> Any:
        import json
        from collections.abc import Mapping

        allowed = "a JSON object, as text or as a mapping"
        given: object = value
        if isinstance(value, Mapping):
            try:
                value = json.dumps(
                    dict(cast("Mapping[str, object]", value)), ensure_ascii=False, allow_nan=False
                )
            except (TypeError, ValueError, RecursionError) as error:
                raise TwimlError(field, given, f"{allowed} ({error})") from None
        checked = text(field, value)
        try:
            is_object = isinstance(json.loads(checked), dict)
        except (ValueError, RecursionError):
            is_object = False
        if not is_object:
            raise TwimlError(field, value, allowed)
        return checked


class Integer(Value):
    """A whole number from `low` to `high`, or one of `words`."""

    __slots__ = ("high", "low", "words")

    def __init__(self, low: int, high: int = LARGEST, words: tuple[str, ...] = ()) -> None:
        self.low = low
        self.high = high
        self.words = words

    def check(self, field: str, value: Any) -> Any:
        if type(value) is int and self.low <= value <= self.high:
            return value
        if isinstance(value, str) and value in self.words:
            return str.__str__(value)
        # True is an int, and "5" is no int: both are more likely a mistake than meant.
        if isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high:
            return int(value)
        suggestion = meant(self, value) if isinstance(value, str) else None
        raise TwimlError(field, value, self.allowed, suggestion=suggestion)

    @property
    def allowed(self) -> str:
        span = f"of at least {self.low}" if self.high == LARGEST else f"from {self.low} to {self.high}"
        return " or ".join([f"an integer {span}", *map(repr, self.words)])

    def read(self, field: str, raw: str) -> object:
        digits = raw.strip(XML_SPACE)
        if raw in self.words:
            return raw
        # `int` would also take underscores, other scripts' digits, and numbers of a million digits.
        body = digits[1:] if digits[:1] in ("+", "-") else digits
        if not (body.isascii() and body.isdigit()) or len(body.lstrip("0")) > 10:
            raise TwimlError(field, raw, self.allowed, suggestion=suggest(raw, self.words))
        return self.check(field, int(digits))


class Amount(Value):
    """A decimal number from `low` to `high`; kept as a `Decimal`."""

    __slots__ = ("high", "low")

    def __init__(self, low: str, high: str) -> None:
        self.low = low
        self.high = high

    def check(self, field: str, value: Any) -> Any:
        from decimal import Decimal

        number: Decimal
        if isinstance(value, Decimal):
            number = value
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            # By way of its shortest text: 0.1 means a tenth, not the binary fraction nearest to it.
            number = Decimal(repr(value)) if type(value) is float else Decimal(value)
        else:
            suggestion = meant(self, value) if isinstance(value, str) else None
            raise TwimlError(field, value, self.allowed, suggestion=suggestion)
        if not number.is_finite() or not Decimal(self.low) <= number <= Decimal(self.high):
            raise TwimlError(field, value, self.allowed)
        if cast("int", number.as_tuple().exponent) < -MOST_DECIMALS:
            raise TwimlError(field, value, f"{self.allowed} with at most {MOST_DECIMALS} decimals")
        return number

    @property
    def allowed(self) -> str:
        return f"a number from {self.low} to {self.high}"

    def read(self, field: str, raw: str) -> object:
        import re
        from decimal import Decimal

        number = raw.strip(XML_SPACE)
        if len(number) > 100 or re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)", number) is None:
            raise TwimlError(field, raw, self.allowed)
        return self.check(field, Decimal(number))

    def write(self, value: object) -> str:
        # Never in scientific notation, which xs:decimal doesn't know.
        return f"{value:f}"


class Boolean(Value):
    """True or false."""

    __slots__ = ()

    def check(self, field: str, value: Any) -> Any:
        if isinstance(value, bool):
            return value
        suggestion = {"true": "True", "false": "False"}.get(value.lower()) if isinstance(value, str) else None
        raise TwimlError(field, value, "True or False", suggestion=suggestion)

    def read(self, field: str, raw: str) -> object:
        if raw == "true":
            return True
        if raw == "false":
            return False
        meant = raw.strip(XML_SPACE).lower()
        suggestion = {
            "true": "true",
            "1": "true",
            "yes": "true",
            "false": "false",
            "0": "false",
            "no": "false",
        }
        raise TwimlError(field, raw, "true or false", suggestion=suggestion.get(meant))

    def write(self, value: object) -> str:
        return "true" if value else "false"


class Choice(Value):
    """One of `words`."""

    __slots__ = ("words",)

    def __init__(self, *words: str) -> None:
        self.words = words

    def check(self, field: str, value: Any) -> Any:
        if isinstance(value, str) and value in self.words:
            return str.__str__(value)
        raise TwimlError(field, value, self.allowed, suggestion=suggest(value, self.words))

    @property
    def allowed(self) -> str:
        return f"one of {listed(self.words)}" if len(self.words) > 1 else listed(self.words)


class Switch(Choice):
    """True, false or one of `words`."""

    __slots__ = ()

    def check(self, field: str, value: Any) -> Any:
        return value if isinstance(value, bool) else super().check(field, value)

    @property
    def allowed(self) -> str:
        return f"True, False or one of {listed(self.words)}"

    def read(self, field: str, raw: str) -> object:
        if raw in ("true", "false"):
            return raw == "true"
        return Choice("true", "false", *self.words).check(field, raw)

    def write(self, value: object) -> str:
        return str(value) if isinstance(value, str) else "true" if value else "false"


class Postal(Switch):
    """True, false or any text."""

    __slots__ = ()

    def read(self, field: str, raw: str) -> object:
        return self.check(field, raw)

    def check(self, field: str, value: Any) -> Any:
        if isinstance(value, bool):
            return value
        if not isinstance(value, str):
            raise TwimlError(field, value, "True, False or text")
        # The words are read back as what they mean.
        checked = text(field, value)
        return checked == "true" if checked in ("true", "false") else checked


class Listed(Value):
    """One or several of `item`; kept as a tuple."""

    __slots__ = ("item",)

    def __init__(self, item: Value) -> None:
        self.item = item

    def check(self, field: str, value: Any) -> Any:
        if isinstance(value, (str, bytes)):
            # A string is a sequence too: of letters, which nobody means.
            raise TwimlError(field, value, "a sequence", suggestion=self._sequence(value))
        try:
            items = tuple(value)
        except TypeError:
            raise TwimlError(field, value, "a sequence") from None
        if not items:
            raise TwimlError(field, value, "at least one item, or None")
        return tuple([self.item.check(field, item) for item in items])

    def _sequence(self, value: object) -> str | None:
        """The sequence that was meant by a string, where all of its words are allowed."""
        words: list[str] = value.replace(",", " ").split() if isinstance(value, str) else []
        items = [item for word in words if (item := meant(self.item, word)) is not None]
        return f"[{', '.join(items)}]" if items and len(items) == len(words) else None

    def read(self, field: str, raw: str) -> object:
        parts = raw.replace("\t", " ").replace("\n", " ").replace("\r", " ").split(" ")
        items = tuple(self.item.read(field, part) for part in parts if part)
        if not items:
            raise TwimlError(field, raw, "at least one word")
        return items

    def write(self, value: object) -> str:
        return " ".join([self.item.write(item) for item in cast("tuple[object, ...]", value)])


def meant(kind: Value, written: str) -> str | None:
    """The Python for what stands so in a document: `12` for `"12"`; None where nothing fits."""
    try:
        value = kind.read("value", written)
    except TwimlError as error:
        return error.suggestion
    return f"Decimal({str(value)!r})" if isinstance(kind, Amount) else repr(value)


def suggest(value: object, words: tuple[str, ...]) -> str | None:
    """What was probably meant, as Python writes it."""
    found = closest(value, words)
    return None if found is None else repr(found)
