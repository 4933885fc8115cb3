"""What a store has to do: small values under keys, and the records of runs, each for a while.

A run is a flow leading one call or conversation (or something live that is followed). It has one *owner*, the
worker in whose process its coroutine lives, and an *epoch*, which counts its owners. Its record is a map of
fields. Two kinds are appended to it: *facts*, by whichever worker got the webhook, and *decisions*, by the
owner alone, which says its epoch. Of either, the first one wins, and nothing is ever changed.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

__all__ = ["NEVER", "Appended", "Begun", "Entry", "Outcome", "Record", "RunStore", "Store", "Told"]

NEVER: Final = math.inf
"""Takes a run out of what is due."""


class Told(Enum):
    """Whether a worker's mailbox was reached."""

    REACHED = "reached"
    NOT_REACHED = "not reached"
    UNKNOWN = "unknown"


class Outcome(Enum):
    """What became of an append."""

    WON = "won"
    """It is in the record now."""
    LOST = "lost"
    """The field was there already, and stays as it was."""
    FENCED = "fenced"
    """The epoch isn't the record's: the run has another owner by now, or was superseded."""
    MISSING = "missing"
    """There is no such record."""


@frozen
class Entry:
    """A field of a record.

    Attributes:
        value: What was appended.
        at: When, in seconds since 1970 by the store's clock.
    """

    value: bytes
    at: float


@frozen
class Record:
    """A run, as the store has it.

    Attributes:
        run: Its id.
        call: What it leads.
        owner: The worker whose it is.
        epoch: How many owners it has had.
        fields: What was appended to it.
        now: When it was read, by the store's clock.
    """

    run: str
    call: str
    owner: str
    epoch: int
    fields: Mapping[str, Entry]
    now: float


@frozen
class Begun:
    """What `begin` found or made.

    Attributes:
        created: Whether the run is new.
        record: The run's record; or that of the call's latest one, which was in the way.
    """

    created: bool
    record: Record


@frozen
class Appended:
    """What `append` did.

    Attributes:
        outcome: What became of it.
        owner: The run's owner; empty where the record is missing.
        epoch: Its epoch; 0 where the record is missing.
        fields: Those that were wanted and are there; of an append that was lost also the field itself.
        told: Of a fact that won, whether the owner's mailbox was reached; else unknown.
    """

    outcome: Outcome
    owner: str = ""
    epoch: int = 0
    fields: Mapping[str, Entry] = {}  # noqa: RUF012: nobody changes it
    told: Told = Told.UNKNOWN


class Store(Protocol):
    """Small values under short keys, each for a while.

    `add` has to be atomic among everybody who shares the store: of two that add one key, one gets True.
    """

    async def add(self, key: str, value: bytes, ttl: float) -> bool:
        """Keep `value` for `ttl` seconds unless the key is there already; whether it was kept."""
        ...

    async def get(self, key: str) -> bytes | None:
        """What is kept under the key, or None."""
        ...

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        """Keep `value` for `ttl` seconds, in place of what was there."""
        ...

    async def remove(self, key: str) -> None:
        """Forget the key; nothing happens where it isn't there."""
        ...


class RunStore(Store, Protocol):
    """A store that flows live in, too, and by which workers reach each other.

    Each operation on one run is atomic. Records expire `ttl` seconds after the last operation that said so, a
    call's latest run and what is due with them.
    Worker ids are 1 to 64 letters, digits, `-` and `_`, run ids and field names 1 to 128 of those and `.:#/`;
    calls are any text of 1 to 256 characters without NUL. Values have up to 1 MB, notes up to 2,000 bytes; an
    empty note tells nobody. Times are 1 ms to 31 days, `due` from 0 on. Of fields, runs and workers, an
    operation names up to 1,000. What is beyond that raises `InvalidValue`, before anything is done.
    """

    async def begin(
        self,
        call: str,
        run: str,
        fields: Mapping[str, bytes],
        *,
        owner: str,
        epoch: int = 1,
        before: str | None = None,
        note: bytes = b"",
        due: float = NEVER,
        ttl: float,
    ) -> Begun:
        """Make a run with these fields, the call's latest, unless it has a latest one that isn't `before`.

        What was the latest until then, if its record is still there, gets its epoch raised by one, and the
        field `moved` with the new run's id unless it has that field, and its owner is told `note`. When it
        expires and when it is due stay as they were.

        Args:
            call: What it leads.
            run: Its id, new unless this is a repetition: a run that is there already is left as it is, and
                told, whether it is the latest or not.
            fields: What is in its record from the start.
            owner: The worker whose it is.
            epoch: Its epoch.
            before: The run that it is known to come after.
            note: For the owner of that.
            due: In how many seconds it is due.
            ttl: For how many seconds its record is kept.
        """
        ...

    async def append(
        self,
        run: str,
        field: str,
        value: bytes,
        *,
        epoch: int | None = None,
        want: Sequence[str] = (),
        wake: Sequence[str] = (),
        note: bytes = b"",
        due: float | None = None,
        ttl: float,
    ) -> Appended:
        """Set a field unless it is set, and say what the record has by then.

        Of what can be in the way, the first one is said: the record is missing, the decision is fenced, the
        field was there.

        Args:
            run: Whose.
            field: Its name.
            value: Its value.
            epoch: Of a decision, the epoch of whoever made it. None is a fact: where it wins, the owner is
                told `note`.
            want: Further fields to read.
            wake: Workers to tell `note` as well where it wins.
            note: What they are told.
            due: Where it wins, the run is due in so many seconds from now on, or `NEVER`. None leaves that.
            ttl: Where it wins, for how many seconds the record is kept from now on.
        """
        ...

    async def read(self, run: str) -> Record | None:
        """A run's record, or None."""
        ...

    async def claim(self, run: str, epoch: int, me: str, *, ttl: float) -> Record | None:
        """Become the owner of a run whose epoch is `epoch`, and raise that by one.

        Its record is kept for `ttl` seconds from now on. When it is due stays as it was.

        Returns:
            The record as it is now, or None where the epoch is another one or the record is gone.
        """
        ...

    async def latest(self, call: str) -> str | None:
        """The id of the run that was begun last for a call, if its record is still there."""
        ...

    async def due(self, most: int, *, again: float) -> list[str]:
        """The ids of up to `most` runs that are due, the longest first; each is due again in `again` seconds,
        so that nothing is lost where whoever asked dies.
        """
        ...

    async def pulse(self, me: str, *, ttl: float) -> None:
        """Tell the others that this worker is alive, for the next `ttl` seconds."""
        ...

    async def pulse_of(self, worker: str) -> int | None:
        """How often a worker has told so without a lapse; None where that has lapsed, or it has left."""
        ...

    async def leave(self, me: str) -> None:
        """Tell the others that this worker is gone."""
        ...

    async def tell(self, worker: str, note: bytes) -> Told:
        """Put a note of at least one byte into a worker's mailbox. It may get lost.

        Returns:
            Whether somebody has that mailbox open. Unknown where it is open and full, or the store can't say.
        """
        ...

    def mail(self, me: str) -> AsyncGenerator[bytes, None]:
        """The notes that are put into this worker's mailbox from now on. The first one, which is empty, says
        that the mailbox is open. Raises where the connection is lost; it is closed with `aclose`.

        A worker has one mailbox open at a time; which one gets a note is open where it has two.
        """
        ...
