"""What the records of runs say, as a store has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.app.flows.journal import (
    Done,
    Moved,
    Served,
    Started,
    read_entry,
)
from ringback.app.flows.repeated import Before
from ringback.errors import JournalUnreadable
from ringback.stores.store import Entry as Field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ringback.app.flows.journal import Entry
    from ringback.stores.store import Record

__all__ = ["before_of", "entries_of", "has_ended", "in_order", "is_call", "is_over"]


def has_ended(entries: Mapping[str, Entry]) -> bool:
    """Whether a flow has served its last answer."""
    return any(isinstance(entry, Served) and not entry.verb for entry in entries.values())


def is_over(record: Record) -> bool:
    """Whether a run leads its call or conversation no longer."""
    return Done.PREFIX in record.fields or Moved.PREFIX in record.fields


def in_order(fields: Mapping[str, Field]) -> list[tuple[str, Field]]:
    """Fields in the order in which they were appended, as far as that can be told."""
    return sorted(fields.items(), key=lambda each: each[1].at)


def before_of(record: Record) -> Before:
    """What is asked of a run that a call has had so far."""
    fields = record.fields
    try:
        started = read_entry("start", fields["start"].value)
    except (KeyError, JournalUnreadable):
        started = None
    if not isinstance(started, Started):
        return Before("", "", None, over=True, ended=False)
    return Before(started.flow, started.content, started.delivery, is_over(record), "end" in fields)


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
    found = {name: read_entry(name, field.value) for name, field in in_order(record.fields)}
    return {name: entry for name, entry in found.items() if entry is not None}
