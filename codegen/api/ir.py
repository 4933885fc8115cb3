"""The REST spec as frozen records; they know nothing of Python text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from attrs import field, frozen

from codegen.api.types import WireType

Action = Literal["list", "create", "fetch", "update", "delete"]
ACTIONS: tuple[Action, ...] = ("create", "list", "fetch", "update", "delete")


@frozen
class Entry:
    """A field or a parameter: `[type, flags..., description]`.

    Attributes:
        type: What it holds.
        doc: What it is.
        default: What Twilio takes where it is left out, as the spec writes it.
        flags: `always`, `quoted` (a number that is written as text), `required`, `secret`.
    """

    type: WireType
    doc: str
    default: str | None = None
    flags: frozenset[str] = frozenset[str]()


@frozen
class Key:
    """The hole in an instance's path."""

    wire: str
    type: WireType
    doc: str


@frozen
class Enum:
    """A named set of words; a word's meaning is None where it explains itself."""

    doc: str
    values: Mapping[str, str | None]
    open: bool = False


@frozen
class Model:
    """The records that a resource answers with."""

    doc: str
    fields: Mapping[str, Entry]
    docs: str | None = None


@frozen
class Operation:
    """One thing that can be done."""

    doc: str
    params: Mapping[str, Entry] = field(factory=dict[str, Entry])
    one_of: tuple[tuple[str, ...], ...] = ()
    success: tuple[int, ...] = ()
    items: str | None = None
    model: str | None = None


@frozen
class Mixins:
    """Hand-written classes that the generated ones inherit, `module.Class` in `ringback._conveniences`.

    Attributes:
        collection: For the client of the collection, `calls`.
        instance: For the client of one of them, `calls("CA…")`.
    """

    collection: str | None = None
    instance: str | None = None


@frozen
class Service:
    """What the service does beyond what a record's shape says; the emulator goes by it.

    Attributes:
        starts: Field -> what a new record holds there where nobody said otherwise.
        unique: Parameter -> the code that refuses a value which another record of the collection has.
        refers: Parameter -> the code that refuses a SID of nothing that the account has.
        named_by: The parameter whose SID a new record has: it stands for something else, in this place.
        filters: Parameter of the list -> the field that it is compared with, where names don't say it.
        links: What `subresource_uris` lists, where that isn't everything below the record.
        most: How many records a collection holds, and the code that refuses one more.
        errors: Action -> parameter -> `missing`, `invalid`, `long`, or `given` if the action has none ->
            the code.
    """

    starts: Mapping[str, object] = field(factory=dict[str, object])
    unique: Mapping[str, int] = field(factory=dict[str, int])
    refers: Mapping[str, int] = field(factory=dict[str, int])
    named_by: str | None = None
    filters: Mapping[str, str] = field(factory=dict[str, str])
    links: tuple[str, ...] | None = None
    most: Mapping[str, int] = field(factory=dict[str, int])
    errors: Mapping[Action, Mapping[str, Mapping[str, int]]] = field(
        factory=dict[Action, Mapping[str, Mapping[str, int]]]
    )


@frozen
class Resource:
    """A place in the API; `operations` is empty where it only leads on."""

    doc: str
    path: str
    name: str | None = None
    model: str | None = None
    key: Key | None = None
    docs: str | None = None
    operations: Mapping[Action, Operation] = field(factory=dict[Action, Operation])
    mixins: Mixins = Mixins()
    service: Service = field(factory=Service)


@frozen
class Family:
    """One file of `spec/api`."""

    doc: str
    resources: Mapping[str, Resource]
    enums: Mapping[str, Enum] = field(factory=dict[str, Enum])
    models: Mapping[str, Model] = field(factory=dict[str, Model])
