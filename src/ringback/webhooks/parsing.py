"""Parameters -> event, and back, by the generated tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias, TypeVar, cast

from attrs import frozen

from ringback._core.webhooks.events import Event, ReceivedMedia
from ringback._core.webhooks.requests import EventRequest
from ringback._generated import webhooks as _generated
from ringback._generated.webhooks.tables import IDENTIFIERS, ROWS, SELECTORS
from ringback.errors import WebhookInvalid
from ringback.webhooks.wire import CODECS, Codec

__all__ = ["parse", "wire_parameters"]

E = TypeVar("E", bound=Event)
T = TypeVar("T")

_TEXTS: Final = frozenset({"text", "word"})
_MEDIA: Final = re.compile(r"(MediaUrl|MediaContentType)(0|[1-9][0-9]{0,3})")


@frozen
class _Needed:
    """A parameter that a class has no default for.

    Attributes:
        identifies: Whether there is no event without it.
        absent: What the field is where the parameter isn't there.
    """

    wire: str
    name: str
    identifies: bool
    absent: str | None


@frozen
class _Plan:
    """The rows of a class and its bases.

    Attributes:
        fields: By wire name: what each is called, what its codec is, and that.
        needed: Those that there is no default for.
        families: Prefix -> field that holds a mapping.
        media: The field that holds the files of a message, or None.
    """

    fields: Mapping[str, tuple[str, str, Codec]]
    needed: Sequence[_Needed]
    families: Mapping[str, str]
    media: str | None


def parse(event_class: type[E], parameters: Mapping[str, str], *, request: EventRequest | None = None) -> E:
    """Make an event of what Twilio sent.

    Where the parameters tell that it is an event of a more special class (a `CallStatusChanged` that is a
    `CallEnded`), it is made an instance of that one.

    Args:
        event_class: What the URL that was asked for was registered for.
        parameters: The request's parameters, from `read_parameters`.
        request: What handlers may read of the request itself, as `event.request`.

    Raises:
        WebhookInvalid: A parameter is missing without which there is no event, such as the call's SID, or
            together they tell of an event of another class. The message names the parameter as Twilio spells
            it. Whatever else is missing or can't be read loses no event: see `Event.unreadable`.
    """
    chosen = _choose(event_class, parameters)
    plan = _once(_plans, _make_plan, chosen)
    fields = plan.fields
    values: dict[str, object] = {}
    unreadable: dict[str, str] = {}
    families: dict[str, dict[str, str]] = {}
    media: dict[int, dict[str, str]] = {}
    unknown: dict[str, str] = {}
    for wire, text in parameters.items():
        field = fields.get(wire)
        if field is None:
            family = next((name for prefix, name in plan.families.items() if _belongs(wire, prefix)), None)
            numbered = _MEDIA.fullmatch(wire) if plan.media else None
            if family is not None:
                families.setdefault(family, {})[_suffix(plan, family, wire)] = text
            elif numbered is not None:
                media.setdefault(int(numbered[2]), {})[numbered[1]] = text
            else:
                unknown[wire] = text
            continue
        name, kind, codec = field
        if kind == "text" or (kind == "word" and text):  # nearly all of them
            values[name] = text
            continue
        try:
            value = codec.decode(text)
        except (ValueError, LookupError, TypeError, OverflowError):
            unreadable[wire] = text
            values[name] = None
        else:
            if value is not None:
                values[name] = value
    for needed in plan.needed:
        if needed.name not in values:
            if needed.identifies:
                gone = "empty" if needed.wire in parameters else "missing"
                raise WebhookInvalid(f"{event_class.__name__}: the parameter {needed.wire} is {gone}")
            values[needed.name] = needed.absent
    if plan.media:
        values[plan.media] = _media(media, unknown)
    if request is not None:
        values["request"] = request
    make = cast("Callable[..., E]", chosen)
    return make(**values, **families, unknown_parameters=unknown, unreadable=unreadable)


def wire_parameters(event: Event) -> dict[str, str]:
    """What Twilio would send to tell of `event`, by wire name: `parse(type(event), …)` gives it back."""
    plan = _once(_plans, _make_plan, type(event))
    sent = {**event.unknown_parameters, **event.unreadable}
    for prefix, name in plan.families.items():
        for key, text in cast("Mapping[str, str]", getattr(event, name)).items():
            sent[f"{prefix}{key}"] = text
    if plan.media:
        for index, item in enumerate(cast("tuple[ReceivedMedia, ...]", getattr(event, plan.media))):
            sent[f"MediaUrl{index}"] = item.url
            if item.content_type is not None:
                sent[f"MediaContentType{index}"] = item.content_type
    for wire, (name, _, codec) in plan.fields.items():
        value: object = getattr(event, name)
        if value is not None:
            sent[wire] = codec.encode(value)
    return sent


def _choose(event_class: type[E], parameters: Mapping[str, str]) -> type[E]:
    for base, wire, classes in _once(_selectors, _find_selectors, event_class):
        value = parameters.get(wire)
        selected = classes.get(value or "", base)
        if base is event_class:
            return cast("type[E]", selected)
        narrow = any(issubclass(event_class, each) for each in classes.values())
        if value and narrow and not issubclass(event_class, selected):
            raise WebhookInvalid(f"{event_class.__name__}: {wire} is {_shown(value)}, which is another class")
    return event_class


_Selector: TypeAlias = tuple[type[Event], str, Mapping[str, type[Event]]]
_selectors: Final[dict[type[Event], Sequence[_Selector]]] = {}
_plans: Final[dict[type[Event], _Plan]] = {}


def _once(made: dict[type[Event], T], make: Callable[[type[Event]], T], event_class: type[Event]) -> T:
    """What is made of a class, for the first event of it."""
    found = made.get(event_class)
    if found is None:
        found = made[event_class] = make(event_class)
    return found


def _find_selectors(event_class: type[Event]) -> Sequence[_Selector]:
    """Of a class and those above it, each that a parameter makes more special: its name, and the classes."""
    found: list[_Selector] = []
    for base in event_class.__mro__:
        # A class of the same name that isn't ours, such as an application's own subclass, has none.
        if base.__name__ in SELECTORS and base is getattr(_generated, base.__name__):
            wire, names = SELECTORS[base.__name__]
            classes = {word: cast("type[Event]", getattr(_generated, name)) for word, name in names.items()}
            found.append((cast("type[Event]", base), wire, classes))
    return found


def _make_plan(event_class: type[Event]) -> _Plan:
    fields: dict[str, tuple[str, str, Codec]] = {}
    needed: dict[str, _Needed] = {}
    families: dict[str, str] = {}
    identifiers: set[str] = set()
    media: str | None = None
    for base in reversed(event_class.__mro__):
        # A class of the same name that isn't ours, such as an application's own subclass, adds no rows.
        if base.__name__ not in ROWS or base is not getattr(_generated, base.__name__):
            continue
        identifiers.update(IDENTIFIERS.get(base.__name__, ()))
        for wire, name, codec, promised in ROWS[base.__name__]:
            if codec == "family":
                families[wire] = name
            elif codec == "media":
                media = name
            else:
                fields[wire] = (name, codec, CODECS[codec])
                needed.pop(wire, None)
                if promised or wire in identifiers:
                    # Promised text that isn't there is empty, so that nobody has to ask each time.
                    absent = "" if codec in _TEXTS else None
                    needed[wire] = _Needed(wire, name, wire in identifiers, absent)
    return _Plan(fields, tuple(needed.values()), families, media)


def _belongs(wire: str, prefix: str) -> bool:
    return len(wire) > len(prefix) and wire.startswith(prefix)


def _suffix(plan: _Plan, family: str, wire: str) -> str:
    return next(wire.removeprefix(prefix) for prefix, name in plan.families.items() if name == family)


def _media(found: Mapping[int, Mapping[str, str]], unknown: dict[str, str]) -> tuple[ReceivedMedia, ...]:
    """In the order of their numbers; a type without a file is kept among the unknown parameters."""
    media: list[ReceivedMedia] = []
    for index, parts in sorted(found.items()):
        if parts.get("MediaUrl"):
            media.append(ReceivedMedia(parts["MediaUrl"], parts.get("MediaContentType") or None))
        else:
            unknown.update({f"{name}{index}": text for name, text in parts.items()})
    return tuple(media)


def _shown(text: str, limit: int = 20) -> str:
    return repr(text if len(text) <= limit else f"{text[:limit]}…")
