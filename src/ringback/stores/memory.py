"""The store that every application has unless it is given another: this process's memory."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final, TypeAlias, overload

from attrs import Factory, define

from ringback._core.forks import renew_in_child
from ringback._core.limits import check_count, check_flag
from ringback.errors import InvalidValue
from ringback.stores.mailboxes import Mailboxes
from ringback.stores.shelf import OVERHEAD, Shelf
from ringback.stores.store import NEVER, Appended, Begun, Entry, Outcome, Record, Told
from ringback.stores.timetable import Timetable
from ringback.stores.values import (
    check_append,
    check_begin,
    check_call,
    check_claim,
    check_due,
    check_pulse,
    check_run,
    check_tell,
    check_worker,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

__all__ = ["MemoryStore"]

# A run takes more than a key: its map of fields, and its place among what is due and what is latest.
_RUN_OVERHEAD: Final = 3 * OVERHEAD


@define
class _Value:
    value: bytes
    until: float
    size: int


@define
class _Pulse:
    times: int
    until: float
    size: int


@define
class _Run:
    """A record that changes."""

    run: str
    call: str
    owner: str
    epoch: int
    until: float
    size: int
    fields: dict[str, Entry] = Factory(dict[str, Entry])

    def as_of(self, now: float) -> Record:
        return Record(self.run, self.call, self.owner, self.epoch, dict(self.fields), now)


# Values are the most by far, and have the plainest keys.
_Key: TypeAlias = "str | tuple[type[_Run | _Pulse], str]"
_Kept: TypeAlias = "_Value | _Run | _Pulse"


class MemoryStore:
    """A store in this process's memory: gone with it, shared by its threads.

    Args:
        limit: How many keys, records of runs and pulses it holds at most, 10,000 by default; the oldest make
            room.
        max_bytes: How much memory they may take, 16 MB by default; the oldest make room.
        clock: What tells the time, in seconds. Those of `time.monotonic`, the default, are told as seconds
            since 1970; those of another clock as they are.
        shared: Whether several workers of this process share it, as in tests of flows: their flows then live
            in it, and not in their workers alone.

    Attributes:
        shared: Whether they do.

    Raises:
        InvalidValue: A limit isn't a whole number above 0, `clock` no function, or `shared` no bool.
    """

    def __init__(
        self,
        *,
        limit: int = 10_000,
        max_bytes: int = 16_000_000,
        clock: Callable[[], float] = time.monotonic,
        shared: bool = False,
    ) -> None:
        check_count("limit", limit)
        check_count("max_bytes", max_bytes)
        self.shared = check_flag("shared", shared)
        if not callable(clock):
            raise InvalidValue("clock", clock, "a function that tells the time, in seconds")
        self._clock = clock
        self._since_1970 = time.time() - time.monotonic() if clock is time.monotonic else 0.0
        self._kept: Shelf[_Key, _Kept] = Shelf(limit, max_bytes, clock, self._dropped)
        self._latest: dict[str, str] = {}
        self._due = Timetable()
        self._mailboxes = Mailboxes()
        self._renew()
        renew_in_child(self)

    def _renew(self) -> None:
        self._lock = threading.Lock()
        self._mailboxes.renew()

    async def add(self, key: str, value: bytes, ttl: float) -> bool:
        """Keep `value` for `ttl` seconds unless the key is there already; whether it was kept."""
        with self._lock:
            if self._kept.get(key) is not None:
                return False
            self._keep(key, value, ttl)
            return True

    async def get(self, key: str) -> bytes | None:
        """What is kept under the key, or None."""
        with self._lock:
            kept = self._find(key)
            return None if kept is None else kept.value

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        """Keep `value` for `ttl` seconds, in place of what was there."""
        with self._lock:
            self._keep(key, value, ttl)

    async def remove(self, key: str) -> None:
        """Forget the key; nothing happens where it isn't there."""
        with self._lock:
            self._kept.drop(key)

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
        """Make a run, the call's latest, unless another one is in the way; see `RunStore.begin`."""
        check_begin(call, run, fields, owner=owner, epoch=epoch, before=before, note=note, due=due, ttl=ttl)
        with self._lock:
            clock = self._clock()
            now = clock + self._since_1970
            there = self._find((_Run, run))
            if there is not None:
                return Begun(False, there.as_of(now))
            latest = self._latest.get(call)
            old = None if latest is None else self._find((_Run, latest))
            if old is not None:
                if old.run != before:
                    return Begun(False, old.as_of(now))
                old.epoch += 1
                if "moved" not in old.fields:
                    self._set(old, "moved", run.encode(), now)
                self._tell(old.owner, (), note)
            made = _Run(run, call, owner, epoch, clock + ttl, _RUN_OVERHEAD + len(call) + len(run))
            for name, value in fields.items():
                made.fields[name] = Entry(value, now)
                made.size += _size(name, value)
            self._latest[call] = run
            self._due.put(run, clock + due)
            self._kept.put((_Run, run), made, clock)
            return Begun(True, made.as_of(now))

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
        """Set a field unless it is set, and say what the record has by then; see `RunStore.append`."""
        check_append(run, field, value, epoch=epoch, want=want, wake=wake, note=note, due=due, ttl=ttl)
        with self._lock:
            record = self._find((_Run, run))
            if record is None:
                return Appended(Outcome.MISSING)
            told = Told.UNKNOWN
            if epoch is not None and epoch != record.epoch:
                outcome = Outcome.FENCED
            elif field in record.fields:
                outcome = Outcome.LOST
                want = (*want, field)
            else:
                outcome = Outcome.WON
                clock = self._clock()
                record.until = clock + ttl
                if due is not None:
                    self._due.put(run, clock + due)
                self._set(record, field, value, clock + self._since_1970)
                told = self._tell(record.owner if epoch is None else None, wake, note)
            found = {name: record.fields[name] for name in want if name in record.fields}
            return Appended(outcome, record.owner, record.epoch, found, told)

    async def read(self, run: str) -> Record | None:
        """A run's record, or None."""
        check_run(run)
        with self._lock:
            record = self._find((_Run, run))
            return None if record is None else record.as_of(self._clock() + self._since_1970)

    async def claim(self, run: str, epoch: int, me: str, *, ttl: float) -> Record | None:
        """Become the owner of a run whose epoch is `epoch`; see `RunStore.claim`."""
        check_claim(run, epoch, me, ttl)
        with self._lock:
            record = self._find((_Run, run))
            if record is None or record.epoch != epoch:
                return None
            clock = self._clock()
            record.epoch += 1
            record.owner = me
            record.until = clock + ttl
            return record.as_of(clock + self._since_1970)

    async def latest(self, call: str) -> str | None:
        """The id of the run that was begun last for a call, if its record is still there."""
        check_call(call)
        with self._lock:
            run = self._latest.get(call)
            return None if run is None or self._find((_Run, run)) is None else run

    async def due(self, most: int, *, again: float) -> list[str]:
        """The ids of runs that are due, which are due again in `again` seconds; see `RunStore.due`."""
        check_due(most, again)
        with self._lock:
            clock = self._clock()
            found: list[str] = []
            while len(found) < most:
                runs = self._due.take(clock, most - len(found), clock + again)
                if not runs:
                    break
                found += [run for run in runs if self._find((_Run, run)) is not None]
            return found

    async def pulse(self, me: str, *, ttl: float) -> None:
        """Tell the others that this worker is alive, for the next `ttl` seconds."""
        check_pulse(me, ttl)
        with self._lock:
            clock = self._clock()
            last = self._find((_Pulse, me))
            times = 1 if last is None else last.times + 1
            self._kept.put((_Pulse, me), _Pulse(times, clock + ttl, OVERHEAD + len(me)), clock)

    async def pulse_of(self, worker: str) -> int | None:
        """How often a worker has told so; None where its last time has lapsed, or it has left."""
        check_worker(worker)
        with self._lock:
            last = self._find((_Pulse, worker))
            return None if last is None else last.times

    async def leave(self, me: str) -> None:
        """Tell the others that this worker is gone."""
        check_worker(me, "me")
        with self._lock:
            self._kept.drop((_Pulse, me))

    async def tell(self, worker: str, note: bytes) -> Told:
        """Put a note into a worker's mailbox. It may get lost."""
        check_tell(worker, note)
        return self._mailboxes.tell(worker, note)

    def mail(self, me: str) -> AsyncGenerator[bytes, None]:
        """The notes that are put into this worker's mailbox from now on, the empty one first."""
        check_worker(me, "me")
        return self._mailboxes.mail(me)

    def clear(self) -> None:
        """Forget everything; mailboxes stay open."""
        with self._lock:
            self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)

    @overload
    def _find(self, key: str) -> _Value | None: ...
    @overload
    def _find(self, key: tuple[type[_Run], str]) -> _Run | None: ...
    @overload
    def _find(self, key: tuple[type[_Pulse], str]) -> _Pulse | None: ...
    def _find(self, key: _Key) -> _Kept | None:
        return self._kept.get(key)

    def _keep(self, key: str, value: bytes, ttl: float) -> None:
        now = self._clock()
        self._kept.put(key, _Value(value, now + ttl, len(key) + len(value) + OVERHEAD), now)

    def _set(self, record: _Run, name: str, value: bytes, now: float) -> None:
        record.fields[name] = Entry(value, now)
        self._kept.grow((_Run, record.run), record, _size(name, value))

    def _tell(self, owner: str | None, wake: Sequence[str], note: bytes) -> Told:
        """Whether the owner was reached, if it was told."""
        if not note:
            return Told.UNKNOWN
        told = Told.UNKNOWN if owner is None else self._mailboxes.tell(owner, note)
        for worker in {*wake} - {owner}:
            self._mailboxes.tell(worker, note)
        return told

    def _dropped(self, kept: _Kept) -> None:
        if isinstance(kept, _Run):
            self._due.put(kept.run, NEVER)
            if self._latest.get(kept.call) == kept.run:
                del self._latest[kept.call]


def _size(name: str, value: bytes) -> int:
    return len(name) + len(value) + OVERHEAD
