"""What happened to a run, as its record keeps it: the entries, and how they are written.

start      what the flow was called for
in.N       what came of the Nth thing that it waited for: parameters, nothing, or the end of the call
out.N      what was served as the Nth answer, and what that waits for; the first answer is the 0th
b.K        the step K begins; K is its name and how often that name has come
s.K        its value, or its failure
end        the call has ended, or the conversation
msg.SID    a message has come in
re.SID     whether it was answered by what its webhook got, or nobody waited for that any more
w.N        the Nth answer was sent: what the run is due for has been said anew
mv.K       somebody begins to move the call elsewhere, and names that K; st.K: and has not moved it
moved      the call is led by something else
done       the flow has ended
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias, cast

import attrs
from attrs import field, frozen

from ringback.errors import InvalidValue, JournalUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = [
    "HUNG_UP",
    "NONE",
    "Arrived",
    "Begins",
    "Done",
    "Ended",
    "Entry",
    "Journal",
    "Line",
    "Moved",
    "Moving",
    "Outcome",
    "Replied",
    "Served",
    "Started",
    "Stayed",
    "Value",
    "Waits",
    "read_entry",
    "write_entry",
]

FORMAT: Final = 1
"""Raised where an older ringback could not read what a newer one writes."""

NONE: Final = "none"
"""The kind of an outcome where there is no result."""
HUNG_UP: Final = "hungup"
"""The kind of an outcome where the call has ended instead."""


@frozen(kw_only=True)
class Started:
    """What a flow was called for.

    Attributes:
        flow: Its path.
        version: Its version when the run began.
        url: The URL that was asked for, with the arguments of a link.
        kind: The class of the event that started it.
        parameters: What the event says, as it came.
        content: What tells that another request says the same.
        delivery: What tells that another request is the same, where anything does.
        seed: Where chance comes from.
        format: How the record is written.
    """

    PREFIX: ClassVar = "start"
    flow: str
    version: str
    url: str
    kind: str
    parameters: Mapping[str, str]
    content: str
    delivery: str | None
    seed: str
    format: int = FORMAT


@frozen(kw_only=True)
class Outcome:
    """What came of something that a flow waited for.

    Attributes:
        kind: The class of the event, `none` or `hungup`.
        parameters: What the event says, as it came.
        status: The call's, as far as it was told.
    """

    PREFIX: ClassVar = "in"
    kind: str
    parameters: Mapping[str, str] = field(factory=dict[str, str])
    status: str | None = None


@frozen(kw_only=True)
class Served:
    """What a flow served.

    Attributes:
        verb: What it waits for then, as its element is called; `""` where it has ended.
        body: The document.
        times: What the flow was told the time was meanwhile, in seconds since 1970.
        gave_up: Whether it had waited no longer for what came of the answer before.
    """

    PREFIX: ClassVar = "out"
    verb: str
    body: str
    times: Sequence[float] = ()
    gave_up: bool = False


@frozen(kw_only=True)
class Begins:
    """A step begins.

    Attributes:
        step: The answer that the flow was making.
        gave_up: As of `Served`.
    """

    PREFIX: ClassVar = "b"
    step: int = 0
    gave_up: bool = False


@frozen(kw_only=True)
class Value:
    """What came of a step: a value, or an error where `failed` is its class.

    Attributes:
        value: The value as JSON can hold it, or what the error said.
        failed: The class of the error.
    """

    PREFIX: ClassVar = "s"
    value: object = None
    failed: str | None = None


@frozen(kw_only=True)
class Arrived:
    """A message has come in.

    Attributes:
        parameters: What it says, as it came.
    """

    PREFIX: ClassVar = "msg"
    parameters: Mapping[str, str]


@frozen(kw_only=True)
class Replied:
    """Who gets the answer to a message.

    Attributes:
        how: `reply` where its webhook does, `late` where that has waited too long.
    """

    PREFIX: ClassVar = "re"
    how: str


@frozen(kw_only=True)
class Waits:
    """Everything was sent; the run waits."""

    PREFIX: ClassVar = "w"


@frozen(kw_only=True)
class Ended:
    """The call has ended."""

    PREFIX: ClassVar = "end"
    status: str


@frozen(kw_only=True)
class Moving:
    """Somebody asks Twilio to move the call."""

    PREFIX: ClassVar = "mv"


@frozen(kw_only=True)
class Stayed:
    """Twilio has not moved it."""

    PREFIX: ClassVar = "st"


@frozen(kw_only=True)
class Moved:
    """The call is led by something else."""

    PREFIX: ClassVar = "moved"


@frozen(kw_only=True)
class Done:
    """The flow has ended.

    Attributes:
        how: `returned`, `hungup`, `failed` or `dismissed`.
    """

    PREFIX: ClassVar = "done"
    how: str


Entry: TypeAlias = (
    Started
    | Outcome
    | Served
    | Begins
    | Value
    | Arrived
    | Replied
    | Waits
    | Ended
    | Moving
    | Stayed
    | Moved
    | Done
)

_KINDS: Final[Mapping[str, type[Entry]]] = {
    kind.PREFIX: kind
    for kind in (
        Started,
        Outcome,
        Served,
        Begins,
        Value,
        Arrived,
        Replied,
        Waits,
        Ended,
        Moving,
        Stayed,
        Moved,
        Done,
    )
}
_SLOTS: Final = {prefix: tuple(each.name for each in attrs.fields(kind)) for prefix, kind in _KINDS.items()}


def write_entry(entry: Entry) -> bytes:
    """An entry as a record keeps it."""
    given = {name: getattr(entry, name) for name in _SLOTS[entry.PREFIX]}
    return json.dumps(given, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def read_entry(name: str, written: bytes) -> Entry | None:
    """The entry of a field; None for a field that isn't one of a run's.

    Raises:
        JournalUnreadable: It is none, or a newer ringback wrote it.
    """
    prefix = name.partition(".")[0]
    kind = _KINDS.get(prefix)
    if kind is None:
        return None
    if prefix == Moved.PREFIX:  # which the store writes
        return Moved()
    try:
        given = json.loads(written.decode("utf-8", "surrogatepass"))
        if prefix == Started.PREFIX and given.get("format", FORMAT) > FORMAT:
            raise JournalUnreadable(name, "it was written by a newer version of ringback")
        entry = kind(**{each: given[each] for each in _SLOTS[prefix] if each in given})
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise JournalUnreadable(name, "it is cut or garbled") from error
    _check(name, entry)
    return entry


def _check(name: str, entry: Entry) -> None:
    """See to it that what comes from outside is what the types say."""
    for each in attrs.fields(type(entry)):
        value: object = getattr(entry, each.name)
        if each.name == "value":
            continue
        if each.name == "parameters":
            fine = isinstance(value, dict) and all(
                isinstance(part, str) for pair in cast("dict[object, object]", value).items() for part in pair
            )
        elif each.name in ("format", "step"):
            fine = isinstance(value, int)
        elif each.name == "gave_up":
            fine = isinstance(value, bool)
        elif each.name == "times":
            fine = isinstance(value, list) and all(
                isinstance(time, int | float) for time in cast("list[object]", value)
            )
        else:
            fine = isinstance(value, str) or (value is None and each.name in ("delivery", "status", "failed"))
        if not fine:
            raise JournalUnreadable(name, f"{each.name} is of another type")


@frozen
class Line:
    """A line of a journal: a field of a run's record, and what it says."""

    name: str
    entry: Entry


class Journal:
    """What happened to a run, in order: for tests, by `emulator.journal(call)` and for `replay`.

    Args:
        lines: Its lines.
    """

    def __init__(self, lines: Iterable[Line] = ()) -> None:
        self._lines = list(lines)

    def __iter__(self) -> Iterator[Line]:
        return iter(tuple(self._lines))

    def __len__(self) -> int:
        return len(self._lines)

    def __repr__(self) -> str:
        return f"<Journal of {len(self._lines)} lines: {', '.join(line.name for line in self._lines)}>"

    def add(self, name: str, entry: Entry) -> None:
        """Add a line."""
        self._lines.append(Line(name, entry))

    def to_json(self) -> str:
        """The journal as text, a line each; `from_json` reads it."""
        return "".join(
            f"{json.dumps(line.name)}: {write_entry(line.entry).decode('utf-8', 'surrogatepass')}\n"
            for line in self._lines
        )

    @classmethod
    def from_json(cls, text: str, /) -> Journal:
        """A journal from what `to_json` gave.

        Raises:
            JournalUnreadable: It didn't.
            InvalidValue: It is no text.
        """
        if not isinstance(cast("object", text), str):
            raise InvalidValue("text", text, "a text, what Journal.to_json gives")
        journal = cls()
        for number, line in enumerate(text.splitlines(), 1):
            name, colon, written = line.partition(": ")
            try:
                field_name: object = json.loads(name)
            except ValueError:
                field_name = None
            if not colon or not isinstance(field_name, str):
                raise JournalUnreadable(f"line {number}", "it is cut or garbled")
            entry = read_entry(field_name, written.encode("utf-8", "surrogatepass"))
            if entry is not None:
                journal.add(field_name, entry)
        return journal
