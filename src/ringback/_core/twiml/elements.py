"""What all TwiML elements can do; the elements themselves are generated from `spec/twiml`.

    Element             a tag with attributes: Pause, Record, Parameter
    ├── TextElement     with text inside: Number, Play, Redirect
    └── Container       with elements inside, and with text where `_mixed`: VoiceResponse, Gather, Say, Dial
    Raw                 XML that is written as it is

A class is slotted: one slot an attribute, its name after an underscore. Attributes are set once, by the
generated `__init__`, after a check by a `Value`; only the children of a container grow. So an element can't
become wrong after it has been made, and what is only known at the end (is there a noun in this Connect?) is
checked when it is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, cast

from ringback._core.twiml.values import XML_SPACE, Text, Value, closest, link, quote, text
from ringback.errors import REDACTED, TwimlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

    from typing_extensions import Self

__all__ = ["Container", "Element", "NoSuchAttribute", "Raw", "RequiringType", "TextElement"]

# Every limit on an element's text is above this, so a text up to this long needs no check.
SHORT = 64
# What people call the text of an element, where they give it by name.
TEXT_NAMES = frozenset(
    {"body", "content", "message", "name", "number", "text", "to", "url", "value", "words"}
)
# The most names that are listed beside a suggestion.
MOST_LISTED = 8
# The most characters of a text that a suggestion repeats.
MAX_EXCERPT = 20
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'


def escape(value: str) -> str:
    """`value` as it stands between tags."""
    if "&" in value:
        value = value.replace("&", "&amp;")
    if "<" in value:
        value = value.replace("<", "&lt;")
    if ">" in value:
        value = value.replace(">", "&gt;")
    if "\r" in value:
        # A parser makes newlines of carriage returns unless they are written as references.
        value = value.replace("\r", "&#13;")
    return value


class NoSuchAttribute:
    """The type of keyword arguments that an element doesn't have: nothing is of it."""

    def __new__(cls) -> NoReturn:
        raise TypeError("there is nothing of this type")


class RequiringType(type):
    """The type of elements with required arguments: names one that is missing in a TwimlError.

    Python itself would raise a TypeError. A `__call__` is dear, so no other elements have it.
    """

    if not TYPE_CHECKING:

        def __call__(cls, *arguments, **attributes):
            try:
                return type.__call__(cls, *arguments, **attributes)
            except TypeError:
                cls._explain(arguments, attributes)
                raise

        @property
        def __signature__(cls):
            # `help` and completion would show that of `__call__`.
            import inspect

            signature = inspect.signature(cls.__init__)
            return signature.replace(parameters=list(signature.parameters.values())[1:])


class Element:
    """A TwiML element.

    Elements are compared by what they say, so they can't be keys of a dictionary. They can be copied and
    pickled. `str(element)` is its XML; it raises TwimlError where something is missing inside.
    """

    __slots__ = ("_extra",)

    # The name in XML; the name in error messages and tables, which tells apart elements of one name.
    _tag: ClassVar[str] = ""
    _key: ClassVar[str] = ""
    # Python name -> name in XML, kind of value.
    _fields: ClassVar[dict[str, tuple[str, Value]]] = {}
    _required: ClassVar[tuple[str, ...]] = ()
    _secrets: ClassVar[frozenset[str]] = frozenset()
    # An element needs one of these to be written: "text", "*" (any child), a tag, or "@attribute".
    _needs: ClassVar[tuple[str, ...]] = ()
    # The most characters of text, and of what follows a question mark in it; which children's text counts:
    # None, where all does.
    _text_limit: ClassVar[int | None] = None
    _query_limit: ClassVar[int | None] = None
    _counted: ClassVar[tuple[str, ...] | None] = None
    _root: ClassVar[bool] = False
    # What is out of use -> what to use instead; the element itself by an empty name.
    _deprecated: ClassVar[dict[str, str]] = {}
    # Attributes that take other words than the known ones -> the type that lists those.
    _open: ClassVar[dict[str, str]] = {}

    _extra: dict[str, str] | None

    @property
    def children(self) -> tuple[object, ...]:
        """What is inside: text and elements, in order."""
        return ()

    @property
    def extra_attributes(self) -> Mapping[str, str]:
        """Attributes that the schema doesn't know, by their names in XML."""
        return dict(self._extra or {})

    def __str__(self) -> str:
        try:
            xml = self._xml()
        except RecursionError:
            raise TwimlError(type(self).__name__, "…", "fewer levels, and no element inside itself") from None
        return DECLARATION + xml if self._root else xml

    def _xml(self) -> str:
        return f"<{self._tag}{self._attributes()}/>"

    def _attributes(self) -> str:
        """All attributes as they are written, each after a space; generated."""
        return "" if self._extra is None else self._extras()

    def _extras(self) -> str:
        extra = self._extra or {}
        return "".join([f' {name}="{quote(value)}"' for name, value in extra.items()])

    @classmethod
    def _refuse(cls, unknown: Mapping[str, object]) -> NoReturn:
        """Raise TwimlError for keyword arguments that this element doesn't have."""
        name, value = next(iter(unknown.items()))
        wire = {spelling: known for known, (spelling, _) in cls._fields.items()}
        keywords = [*cls._fields, "extra_attributes"]
        suggestion = wire.get(name) or cls._inside(name, value) or closest(name, keywords)
        # A list is of use only to those who get no suggestion.
        allowed = f"attributes {', '.join(keywords)}" if suggestion is None else "an attribute that it has"
        raise TwimlError(cls.__name__, name, allowed, suggestion=suggestion)

    @classmethod
    def _inside(cls, name: str, value: object) -> str | None:  # noqa: ARG003  (for those that hold something)
        """How to say what was given as a keyword and belongs inside, or None."""
        return None

    @classmethod
    def _call(cls, value: object) -> str:
        """The call that makes an element with `value` where it is most likely meant to be."""
        has_text = issubclass(cls, TextElement) or getattr(cls, "_mixed", False)
        parts = [_excerpt(value)] if has_text else []
        names = list(cls._required)
        if not has_text and len(names) == 1 and isinstance(value, str):
            parts.append(f"{names.pop()}={_excerpt(value)}")
        parts += [f"{name}='…'" for name in names]
        return f"{cls.__name__}({', '.join(parts)})" if parts else f"{cls.__name__}(…)"

    @classmethod
    def _explain(cls, arguments: tuple[object, ...], attributes: Mapping[str, object]) -> None:
        """Raise TwimlError for a call that Python refuses, where something required is missing."""
        unknown = {
            name: value
            for name, value in attributes.items()
            if name not in (*cls._fields, "extra_attributes")
        }
        if unknown:
            cls._refuse(unknown)
        missing = [name for name in cls._required if name not in attributes]
        has_text = issubclass(cls, TextElement)
        if issubclass(cls, TextElement) and not arguments:
            raise TwimlError(
                f"{cls.__name__}.{cls._text_name}", None, "a value, as the first argument and without a name"
            )
        if missing:
            # What was given by position is what has to be given by name.
            given = list(arguments[1:] if has_text else arguments)
            suggestion: str | None = None
            if given and all(isinstance(each, str) for each in given) and len(given) <= len(missing):
                parts = [_excerpt(arguments[0])] if has_text else []
                values = [*map(_excerpt, given), *["'…'"] * (len(missing) - len(given))]
                parts += [f"{name}={value}" for name, value in zip(missing, values, strict=True)]
                suggestion = f"{cls.__name__}({', '.join(parts)})"
            allowed = "a value, as it is required"
            raise TwimlError(f"{cls.__name__}.{missing[0]}", None, allowed, suggestion=suggestion)

    def _accept_extra(self, extra: Mapping[str, str]) -> None:
        """Check and keep what the schema doesn't know, or knows otherwise; the attributes are set already."""
        import re

        field = f"{type(self).__name__}.extra_attributes"
        if not hasattr(extra, "items"):
            raise TwimlError(field, extra, "a mapping of names to text")
        wire = {spelling: known for known, (spelling, _) in self._fields.items()}
        accepted: dict[str, str] = {}
        for name, value in extra.items():
            if re.fullmatch(r"[A-Za-z_][\w.-]*(:[A-Za-z_][\w.-]*)?", text(field, name), re.ASCII) is None:
                raise TwimlError(field, name, "names that XML allows, in ASCII")
            if name in wire and getattr(self, f"_{wire[name]}") is not None:
                raise TwimlError(field, name, f"attributes that are not given as {wire[name]} already")
            accepted[name] = text(f"{field}[{name!r}]", value)
        self._extra = accepted or None

    def _check_complete(self) -> None:
        """Raise TwimlError where something that has to be there isn't."""
        if self._needs and not any(map(self._has, self._needs)):
            raise TwimlError(type(self).__name__, self, _describe_needs(self._needs))
        if self._text_limit is not None:
            for length, limit, what in overlong(type(self), self._counted_text()):
                raise TwimlError(type(self).__name__, f"{length:,} {what}", f"at most {limit:,} {what}")

    def _has(self, need: str) -> bool:
        if need.startswith("@"):
            name = need[1:]
            return name in (self._extra or ()) or any(
                getattr(self, f"_{known}") is not None
                for known, (spelling, _) in self._fields.items()
                if spelling == name
            )
        for child in self.children:
            if isinstance(child, str):
                if need == "text" and child.strip(XML_SPACE):
                    return True
            elif not isinstance(child, Element) or need in ("*", child._tag):
                # Whatever is missing may be in a Raw, or be the target whose URL is the text.
                return True
        return False

    def _counted_text(self) -> str:
        """The text that `_text_limit` is about."""
        counted = self._counted
        return "".join(
            [
                child if isinstance(child, str) else child._counted_text()
                for child in self.children
                if isinstance(child, str)
                or (isinstance(child, Element) and (counted is None or child._tag in counted))
            ]
        )

    def _values(self) -> tuple[object, ...]:
        """Everything that tells one element of a class from another, in the order of `_restore`."""
        return (*[getattr(self, f"_{name}") for name in self._fields], self._extra)

    def _restore(self, values: tuple[Any, ...]) -> None:
        for name, value in zip(self._fields, values, strict=False):
            setattr(self, f"_{name}", value)
        self._extra = values[len(self._fields)]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Element) or type(other) is not type(self):
            return NotImplemented
        return all(map(_same, self._values(), other._values()))

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Callable[..., Element], tuple[object, ...]]:
        return _rebuild, (type(self), self._values())

    def __repr__(self) -> str:
        parts = [*map(repr, self.children)]
        for name in self._fields:
            value = getattr(self, f"_{name}")
            if value is not None:
                shown = repr(REDACTED) if name in self._secrets else _show(value)
                parts.append(f"{name}={shown}")
        if self._extra:
            secrets = {self._fields[name][0] for name in self._secrets}
            extra = {name: REDACTED if name in secrets else value for name, value in self._extra.items()}
            parts.append(f"extra_attributes={extra!r}")
        return f"{type(self).__name__}({', '.join(parts)})"


class TextElement(Element):
    """An element with text inside."""

    __slots__ = ("_text",)

    _kind: ClassVar[Value] = Text()
    _text_name: ClassVar[str] = "text"

    _text: Any

    @classmethod
    def _inside(cls, name: str, value: object) -> str | None:
        if name == cls._text_name or (name in TEXT_NAMES and closest(name, cls._fields) is None):
            return cls._call(value)
        return None

    @property
    def text(self) -> object:
        """What is inside."""
        return self._text

    @property
    def children(self) -> tuple[object, ...]:
        inner: object = self._text
        return () if inner == "" else (inner,)

    def _xml(self) -> str:
        inner = self._text
        if type(inner) is not str:
            inner = link(inner)
        if inner:
            return f"<{self._tag}{self._attributes()}>{escape(inner)}</{self._tag}>"
        return f"<{self._tag}{self._attributes()}/>"

    def _values(self) -> tuple[object, ...]:
        return (*super()._values(), self._text)

    def _restore(self, values: tuple[Any, ...]) -> None:
        super()._restore(values)
        self._text = values[-1]


class Container(Element):
    """An element with elements inside.

    Children are given when it is made, or added afterwards: by `append`, or by a method that is named for
    the child, makes it, adds it and returns it.
    """

    __slots__ = ("_children",)

    _allowed: ClassVar[frozenset[str]] = frozenset()
    _mixed: ClassVar[bool] = False
    # What text beside children is: a noun as they are (Dial's number), or prose (Say's words).
    _nouns: ClassVar[bool] = False
    _limit: ClassVar[int | None] = None

    # Text alone is kept as such: most elements hold nothing else, and a list takes more memory than they do.
    _children: str | list[Any]

    @classmethod
    def _inside(cls, name: str, value: object) -> str | None:
        for child in sorted(cls._allowed - {"Raw"}):
            class_name = child.rpartition(".")[2]
            if class_name.lower() == name.replace("_", "").lower():
                return f"{cls.__name__}({_class_of(child)._call(value)})"
        return cls._call(value) if cls._mixed and name in TEXT_NAMES else None

    def _fill(self, children: tuple[Any, ...]) -> None:
        self._children = ""
        for child in children:
            self._adopt(child)

    def _adopt(self, child: Any) -> None:
        """Add a child, if it may stand here."""
        if getattr(child.__class__, "_key", None) in self._allowed:
            self._push(child)
        elif self._mixed and isinstance(child, str):
            words = text(type(self).__name__, child)
            if self._nouns and not words.strip(XML_SPACE):
                raise TwimlError(type(self).__name__, child, "text that is not blank")
            children = self._children
            # Neighbours become one, as they do in a document: so what is read back is the same.
            if isinstance(children, str):
                self._children = children + words
            elif type(children[-1]) is str:
                children[-1] += words
            elif words:
                children.append(words)
        else:
            raise self._refusal(child)

    def _push(self, child: Element | Raw) -> None:
        """Add an element that may stand here."""
        children = self._children
        if type(children) is list and self._limit is None:
            children.append(child)
        elif isinstance(children, str):
            self._children = [children, child] if children else [child]
        elif self._limit is None or len(children) < self._limit:
            children.append(child)
        else:
            allowed = "one element" if self._limit == 1 else f"{self._limit} elements"
            raise TwimlError(type(self).__name__, child, f"{allowed} inside")

    def _items(self) -> tuple[Any, ...]:
        children = self._children
        if isinstance(children, str):
            return (children,) if children else ()
        return tuple(children)

    def _refusal(self, child: object) -> TwimlError:
        names = sorted(key.rpartition(".")[2] for key in self._allowed - {"Raw"})
        suggestion: str | None = None
        if isinstance(child, Element):
            # The same name can mean another class in another place.
            twins = [key for key in self._allowed if key.endswith(child._tag) and key != child._key]
            suggestion = f"ringback.twiml.{twins[0].removeprefix('voice.')}" if twins else None
        elif isinstance(child, type):
            suggestion = f"{child.__name__}(…)" if child.__name__ in names else None
        elif isinstance(child, str):
            suggestion = f"Say({_excerpt(child)})" if "Say" in names else None
        elif type(child).__module__ == "ringback.client":
            suggestion = "ringback.twiml.Client(identity)"
        elif type(child) in (list, tuple):
            suggestion = "a star before it, to give its items"
        allowed = listed_children(["text", *names] if self._mixed else names, suggestion)
        return TwimlError(type(self).__name__, child, f"{allowed} inside", suggestion=suggestion)

    @property
    def children(self) -> tuple[object, ...]:
        return self._items()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        """Nothing is left to do: the children are in place already."""

    def _xml(self) -> str:
        children = self._children
        if isinstance(children, str):
            if self._needs and (not children or children.isspace() or len(children) > SHORT):
                self._check_complete()
            if not children:
                return f"<{self._tag}{self._attributes()}/>"
            inner = escape(children)
        else:
            # There is at least one child, which is all that `*` asks for.
            if self._needs and ("*" not in self._needs or self._text_limit is not None):
                self._check_complete()
            inner = "".join([escape(child) if type(child) is str else child._xml() for child in children])
        return f"<{self._tag}{self._attributes()}>{inner}</{self._tag}>"

    def _values(self) -> tuple[object, ...]:
        return (*super()._values(), self._items())

    def _restore(self, values: tuple[Any, ...]) -> None:
        super()._restore(values)
        self._children = ""
        for child in values[-1]:
            self._adopt(child)


class Raw:
    """A piece of XML that is written as it is, for what the schema doesn't know (yet).

    Args:
        xml: Well-formed: whole elements, text, comments. Nothing else about it is checked.
    """

    __slots__ = ("_xml_text",)

    _key: ClassVar[str] = "Raw"

    def __init__(self, xml: str, /) -> None:
        from xml.parsers.expat import ExpatError, ParserCreate

        checked = text("Raw", xml)
        try:
            ParserCreate().Parse(f"<raw>{checked}</raw>", True)
        except ExpatError as error:
            raise TwimlError("Raw", xml, f"well-formed XML ({error})") from None
        self._xml_text = checked

    @property
    def xml(self) -> str:
        """What is written."""
        return self._xml_text

    def _xml(self) -> str:
        return self._xml_text

    def __str__(self) -> str:
        return self._xml_text

    def __repr__(self) -> str:
        return f"Raw({self._xml_text!r})"

    def __eq__(self, other: object) -> bool:
        return self._xml_text == other._xml_text if isinstance(other, Raw) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._xml_text)

    def __reduce__(self) -> tuple[type[Raw], tuple[str]]:
        return Raw, (self._xml_text,)


def listed_children(names: Sequence[str], suggestion: str | None) -> str:
    """What may stand inside, in words; a long list is of use only to those who get no suggestion."""
    return "other elements" if suggestion is not None and len(names) > MOST_LISTED else ", ".join(names)


def overlong(cls: type[Element], text: str) -> Iterator[tuple[int, int, str]]:
    """What of an element's text is too long: its length, how long it may be, and what it is."""
    limits = [(text, cls._text_limit, "characters")]
    if cls._query_limit is not None:
        address, _, query = text.strip(XML_SPACE).partition("?")
        limits = [
            (address, cls._text_limit, "characters of address"),
            (query, cls._query_limit, "characters of headers"),
        ]
    for part, limit, what in limits:
        if limit is not None and len(part) > limit:
            yield len(part), limit, what


def _same(one: object, other: object) -> bool:
    if one is other or one == other:
        return True
    if isinstance(one, str) != isinstance(other, str):
        # A handler says the same as its URL, so that what is read back equals what was written.
        return _address(one) == _address(other)
    if isinstance(one, tuple) and isinstance(other, tuple):
        ones, others = cast("tuple[object, ...]", one), cast("tuple[object, ...]", other)
        return len(ones) == len(others) and all(map(_same, ones, others))
    return False


def _address(value: object) -> object:
    return link(value) if hasattr(value, "_handles") else value


def _show(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(repr, cast('tuple[object, ...]', value)))}]"
    return getattr(value, "__name__", None) or repr(value) if hasattr(value, "_handles") else repr(value)


def _rebuild(cls: type[Element], values: tuple[object, ...]) -> Element:
    element = cls.__new__(cls)
    element._restore(values)
    return element


def _excerpt(value: object) -> str:
    """A value as Python writes it, where it is short; what people write to each other stays out of errors."""
    shown = repr(value)
    return shown if len(shown) <= MAX_EXCERPT + 2 else "'…'"


def _class_of(key: str) -> type[Element]:
    """The class of a key; only errors ask for it."""
    waiting: list[type[Element]] = [Element]
    while waiting:
        cls = waiting.pop()
        if cls._key == key:
            return cls
        waiting += cls.__subclasses__()
    raise LookupError(key)


def _describe_needs(needs: Iterable[str]) -> str:
    words = {"text": "text", "*": "an element inside"}
    alternatives = [words.get(need, need.replace("@", "the attribute ")) for need in needs]
    return " or ".join(alternatives)
