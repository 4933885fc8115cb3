"""What `spec/webhooks.yaml` says, as frozen records that know nothing of Python text.

    Spec
    ├── enums       name -> Enum
    ├── groups      name -> ParameterSet
    ├── modules     name -> Module
    │   └── events      name -> EventSpec
    │       └── select      Selection: by which parameter, and name -> Subclass
    └── webhooks    key -> Webhook, a ParameterSet with a trigger

Attributes are named as the keys of the file. `load.py` makes these; `plan.py` decides on the classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from attrs import field, frozen

CONFIDENCES = ("documented", "tested", "observed", "unconfirmed")
"""How a fact is known, best first: Twilio's documentation, its SDKs' tests, traffic, hearsay."""

Confidence = Literal["documented", "tested", "observed", "unconfirmed"]
Answer = Literal["none", "twiml", "twiml-or-audio", "audio", "page"]


@frozen
class Enum:
    """A closed or open list of words; open ones are known to be incomplete."""

    doc: str
    values: tuple[str, ...]
    open: bool = False


@frozen
class WireType:
    """The first item of a parameter's line.

    Attributes:
        kind: Its first word, e.g. `seconds`, `sid`, `enum`, `alias`.
        of: For `sid` the prefixes, for `enum` and `alias` one name; else empty.
        bounds: The range of a number, both ends included, or None.
        default: What stands behind `=`, or None.
    """

    kind: str
    of: tuple[str, ...] = ()
    bounds: tuple[str, str] | None = None
    default: str | None = None


@frozen
class Parameter:
    """One line: `[type, presence, flags…, description]`.

    Attributes:
        secret: Whether its value is kept out of `repr`.
        identifies: Whether nothing can be told without it: an event whose parameter is missing isn't one.
    """

    type: WireType
    presence: str
    doc: str
    confidence: Confidence = "documented"
    secret: bool = False
    identifies: bool = False

    @property
    def certain(self) -> bool:
        """Whether it may be relied on to be there."""
        return self.presence == "always" and self.confidence in {"documented", "tested"}


@frozen(kw_only=True)
class ParameterSet:
    """Parameters of its own, and those of other sets, of which some can be left out or described anew."""

    include: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    parameters: Mapping[str, Parameter] = field(factory=dict[str, Parameter])


@frozen(kw_only=True)
class Subclass:
    """A class for some values of a discriminating parameter."""

    doc: str
    values: tuple[str, ...]


@frozen(kw_only=True)
class Selection:
    """Subclasses chosen by the value of one parameter; other values stay with the base."""

    by: str
    classes: Mapping[str, Subclass]


@frozen(kw_only=True)
class EventSpec:
    """One event class.

    Attributes:
        names: Wire name -> Python name, where it isn't the wire name in snake case.
        families: Wire pattern such as `Param_{name}` -> Python name of the mapping.
        media: The Python name of the tuple that `MediaUrl{N}` and `MediaContentType{N}` become, or None.
        groups: For a class that no webhook names: whose parameters all its subclasses share.
    """

    extends: str
    doc: str
    docs: str | None = None
    groups: tuple[str, ...] = ()
    names: Mapping[str, str] = field(factory=dict[str, str])
    families: Mapping[str, str] = field(factory=dict[str, str])
    media: str | None = None
    select: Selection | None = None


@frozen(kw_only=True)
class Module:
    """A module of event classes that are used together."""

    doc: str
    events: Mapping[str, EventSpec]


@frozen(kw_only=True)
class Webhook:
    """One kind of request that Twilio sends.

    Attributes:
        event: The event class, or `none` where no class is made of it.
        trigger: What makes Twilio send it, as a clause without a full stop.
        set_by: The resource properties and TwiML attributes that hold the URL.
        methods: The methods that can be chosen, the default first.
        answer: What Twilio does with the answer.
        confidence: How sure it is that the request exists at all.
    """

    event: str
    trigger: str
    docs: str
    set_by: tuple[str, ...]
    methods: tuple[Literal["GET", "POST"], ...] = ("POST", "GET")
    encoding: Literal["form"] = "form"
    answer: Answer = "none"
    confidence: Confidence = "documented"
    groups: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    parameters: Mapping[str, Parameter] = field(factory=dict[str, Parameter])


@frozen(kw_only=True)
class Spec:
    """The whole file."""

    enums: Mapping[str, Enum]
    groups: Mapping[str, ParameterSet]
    modules: Mapping[str, Module]
    webhooks: Mapping[str, Webhook]

    def events(self) -> dict[str, EventSpec]:
        """Every event class by name, subclasses of a selection not among them."""
        return {name: event for module in self.modules.values() for name, event in module.events.items()}
