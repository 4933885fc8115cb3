"""What the records of runs say, as a store has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.app.flows.journal import (
    Served,
    Started,
    read_entry,
)
from ringback.app.flows.repeated import Before
from ringback.app.webhooks.recognise import Identity
from ringback.errors import JournalUnreadable
from ringback.stores.store import Entry as Field

if TYPE_CHECKING:
    from ringback.app.flows.call import AnyFlow, FlowEvent
    from ringback.app.flows.journal import Entry
    from ringback.stores.store import Record

__all__ = ["before_of", "entries_of", "has_ended", "in_order", "is_call", "started_by"]


def started_by(
    flow: AnyFlow, event: FlowEvent, identity: Identity, given: dict[str, str], url: str, seed: str
) -> Started:
    """How a run began."""
    return Started(
        flow=flow.key,
        version=flow.version,
        url=url,
        kind=type(event).__name__,
        parameters=given,
        content=identity.content,
        delivery=identity.delivery,
        seed=seed,
    )


def has_ended(record: Record) -> bool:
    """Whether a flow has served its last answer."""
    made = (read_entry(name, entry.value) for name, entry in record.fields.items() if name[:4] == "out.")
    return any(isinstance(entry, Served) and not entry.verb for entry in made)


def in_order(record: Record) -> list[tuple[str, Field]]:
    """The fields of a record in the order in which they were appended, as far as that can be told."""
    return sorted(record.fields.items(), key=lambda each: each[1].at)


def before_of(record: Record) -> Before:
    """What is asked of a run that a call has had so far."""
    fields = record.fields
    try:
        started = read_entry("start", fields["start"].value)
    except (KeyError, JournalUnreadable):
        started = None
    if not isinstance(started, Started):
        return Before("", "", None, over=True, ended=False)
    over = "done" in fields or "moved" in fields
    return Before(started.flow, started.content, started.delivery, over, "end" in fields)


def is_call(written: bytes, call_sid: str) -> bool:
    """Whether a run leads a call, by how it began."""
    try:
        started = read_entry("start", written)
    except JournalUnreadable:  # here; whoever leads the call may be newer
        return True
    return isinstance(started, Started) and started.parameters.get("CallSid") == call_sid


def entries_of(record: Record) -> dict[str, Entry]:
    """The entries of a record, in order.

    Raises:
        JournalUnreadable: One can't be read.
    """
    found = {name: read_entry(name, field.value) for name, field in in_order(record)}
    return {name: entry for name, entry in found.items() if entry is not None}
