"""Parameters -> event, and back, by the generated tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeVar, cast

from attrs import frozen

from ringback._core.webhooks.events import Event, ReceivedMedia
from ringback._generated import webhooks as _generated
from ringback._generated.webhooks.tables import IDENTIFIERS, ROWS, SELECTORS
from ringback.errors import WebhookInvalid
from ringback.webhooks.wire import CODECS, Codec

__all__ = ["parse", "wire_parameters"]

E = TypeVar("E", bound=Event)

_TEXTS: Final = frozenset({"text", "word"})
_MEDIA: Final = re.compile(r"(MediaUrl|MediaContentType)(0|[1-9][0-9]{0,3})")


@frozen
class _Field:
    """How one parameter is read.

    Attributes:
        identifies: Whether there is no event without it.
        missing: What the field is where the parameter isn't there; nothing where the class has a default.
    """

    name: str
    codec: Codec
    identifies: bool
    missing: Mapping[str, object]


@frozen
class _Plan:
    """The rows of a class and its bases.

    Attributes:
        fields: By wire name.
        families: Prefix -> field that holds a mapping.
        media: The field that holds the files of a message, or None.
    """

    fields: Mapping[str, _Field]
    families: Mapping[str, str]
    media: str | None


def parse(event_class: type[E], parameters: Mapping[str, str]) -> E:
    """Make an event of what Twilio sent.

    Where the parameters tell that it is an event of a more special class (a `CallStatusChanged` that is a
    `CallEnded`), it is made an instance of that one.

    Args:
        event_class: What the URL that was asked for was registered for.
        parameters: The request's parameters, from `read_parameters`.

    Raises:
        WebhookInvalid: A parameter is missing without which there is no event, such as the call's SID, or
            together they tell of an event of another class. The message names the parameter as Twilio spells
            it. Whatever else is missing or can't be read loses no event: see `Event.unreadable`.
    """
    chosen = _choose(event_class, parameters)
    plan = _plan(chosen)
    values: dict[str, object] = {}
    unreadable: dict[str, str] = {}
    for wire, field in plan.fields.items():
        text = parameters.get(wire)
        try:
            value = None if text is None else field.codec.decode(text)
        except (ValueError, LookupError, TypeError, OverflowError):
            unreadable[wire] = cast("str", text)
            values[field.name] = None
            continue
        if value is not None:
            values[field.name] = value
        elif field.identifies:
            gone = "missing" if text is None else "empty"
            raise WebhookInvalid(f"{event_class.__name__}: the parameter {wire} is {gone}")
        else:
            values.update(field.missing)
    families: dict[str, dict[str, str]] = {}
    media: dict[int, dict[str, str]] = {}
    unknown: dict[str, str] = {}
    for wire, text in parameters.items():
        if wire in plan.fields:
            continue
        family = next((name for prefix, name in plan.families.items() if _belongs(wire, prefix)), None)
        numbered = _MEDIA.fullmatch(wire) if plan.media else None
        if family is not None:
            families.setdefault(family, {})[_suffix(plan, family, wire)] = text
        elif numbered is not None:
            media.setdefault(int(numbered[2]), {})[numbered[1]] = text
        else:
            unknown[wire] = text
    if plan.media:
        values[plan.media] = _media(media, unknown)
    make = cast("Callable[..., E]", chosen)
    return make(**values, **families, unknown_parameters=unknown, unreadable=unreadable)


def wire_parameters(event: Event) -> dict[str, str]:
    """What Twilio would send to tell of `event`, by wire name: `parse(type(event), …)` gives it back."""
    plan = _plan(type(event))
    sent = {**event.unknown_parameters, **event.unreadable}
    for prefix, name in plan.families.items():
        for key, text in cast("Mapping[str, str]", getattr(event, name)).items():
            sent[f"{prefix}{key}"] = text
    if plan.media:
        for index, item in enumerate(cast("tuple[ReceivedMedia, ...]", getattr(event, plan.media))):
            sent[f"MediaUrl{index}"] = item.url
            if item.content_type is not None:
                sent[f"MediaContentType{index}"] = item.content_type
    for wire, field in plan.fields.items():
        value: object = getattr(event, field.name)
        if value is not None:
            sent[wire] = field.codec.encode(value)
    return sent


def _choose(event_class: type[E], parameters: Mapping[str, str]) -> type[E]:
    for base in event_class.__mro__:
        if base.__name__ not in SELECTORS or base is not getattr(_generated, base.__name__):
            continue
        wire, names = SELECTORS[base.__name__]
        value = parameters.get(wire)
        classes = {word: cast("type[Event]", getattr(_generated, name)) for word, name in names.items()}
        selected = classes.get(value or "", base)
        if base is event_class:
            return cast("type[E]", selected)
        narrow = any(issubclass(event_class, each) for each in classes.values())
        if value and narrow and not issubclass(event_class, selected):
            raise WebhookInvalid(f"{event_class.__name__}: {wire} is {_shown(value)}, which is another class")
    return event_class


_plans: dict[type[Event], _Plan] = {}


def _plan(event_class: type[Event]) -> _Plan:
    if event_class not in _plans:
        _plans[event_class] = _make_plan(event_class)
    return _plans[event_class]


def _make_plan(event_class: type[Event]) -> _Plan:
    fields: dict[str, _Field] = {}
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
                # Promised text that isn't there is empty, so that nobody has to ask each time.
                absent = {name: "" if codec in _TEXTS else None} if promised else {}
                fields[wire] = _Field(name, CODECS[codec], wire in identifiers, absent)
    return _Plan(fields, families, media)


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
