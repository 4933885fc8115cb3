"""`Application.wait_for` among workers that share a store: the event may come to another worker.

Workers that wait are named in a record of the store. Whoever gets webhooks looks there a moment later, and
sends what came meanwhile to those who waited by then. So a worker asks the store four times a second at most,
and only while webhooks come.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ringback._core.forks import renew_in_child
from ringback.app.flows.reach import StoreAway
from ringback.app.flows.worker import TICK, write_note
from ringback.errors import InvalidValue
from ringback.stores.store import Outcome, Told

if TYPE_CHECKING:
    from ringback.app.flows.reach import Reach
    from ringback.app.hub import Hub
    from ringback.stores.store import Record, RunStore

__all__ = ["FOLLOWERS", "SharedWaits", "join"]

FOLLOWERS: Final = tuple(f"by.{number}" for number in range(16))  # fields that name workers
KEPT: Final = 60.0  # seconds for which the record stays after somebody last said that they wait
RENEWAL: Final = 20.0  # seconds after which whoever waits on says so again
LOOK: Final = 1.0  # seconds between two looks at whether the record is still the one that counts
FETCHED: Final = 60.0  # seconds in which what was sent has to be fetched
SLACK: Final = 0.05  # seconds that measuring an age may be off
TRIES: Final = 20  # of telling somebody whose mailbox isn't open
AT_ONCE: Final = 50  # events that are sent as one
MOST: Final = 1_000  # events that are remembered until the next look


class SharedWaits:
    """What workers wait for, whichever of them it comes to.

    Args:
        hub: The application's.
        reach: The store that all share.
        name: What their record is called.
    """

    def __init__(self, hub: Hub, reach: Reach, name: str) -> None:
        self._hub = hub
        self._reach = reach
        self.name = name
        self._renew()
        renew_in_child(self)

    def _renew(self) -> None:
        """Make anew what must not cross a fork."""
        self._joined: str | None = None  # the record that names this worker
        self._staying: asyncio.Task[object] | None = None
        self._came: list[tuple[float, bytes]] = []  # what came here since the last look
        self._untold: dict[str, tuple[str, int]] = {}  # what was sent, to whom, and how often to try yet
        self._looking: asyncio.Task[object] | None = None

    # --- waiting here

    async def begin(self) -> None:
        """Somebody here begins to wait. From now on, others send what they are told."""
        with suppress(StoreAway), self._reach.asking() as store:
            await self._join(store)
        if self._staying is None or self._staying.done():
            self._staying = self._hub.spawn(self._stay(), "waiting for what others are told")

    async def fetch(self, key: str) -> list[bytes]:
        """What another worker has sent."""
        if not key.startswith(f"{self.name}/"):
            return []
        sent: bytes | None = None
        with suppress(StoreAway, InvalidValue), self._reach.asking() as store:
            sent = await store.get(key)
            if sent is not None:
                await store.remove(key)
        with suppress(ValueError, TypeError):
            return [str(each).encode() for each in json.loads(sent or b"[]")]
        return []

    async def _stay(self) -> None:
        renewed = time.monotonic()
        while True:
            await asyncio.sleep(LOOK)
            if not self._hub.listeners.waited:
                self._joined = None
                return
            with suppress(StoreAway), self._reach.asking() as store:
                await self._join(store)
                if time.monotonic() - renewed > RENEWAL and self._joined is not None:
                    record = await store.read(self._joined)
                    if record is not None:
                        await store.claim(self._joined, record.epoch, self._reach.me, ttl=KEPT)
                    renewed = time.monotonic()

    async def _join(self, store: RunStore) -> None:
        """See to it that the record which counts names this worker."""
        for _ in range(len(FOLLOWERS)):
            latest = await store.latest(self.name)
            if latest is not None and latest == self._joined:
                return
            record = None if latest is None else await store.read(latest)
            if record is not None and await join(store, record, self._reach.me, ttl=KEPT):
                self._joined = record.run
                return
            # There is none, or it is full of workers that are long gone.
            fresh = f"{self.name}/{secrets.token_hex(8)}"
            fields = {FOLLOWERS[0]: self._reach.me.encode()}
            begun = await store.begin(self.name, fresh, fields, owner=self._reach.me, before=latest, ttl=KEPT)
            if begun.created:
                self._joined = fresh
                return

    # --- what comes here

    def note(self, written: bytes) -> None:
        """An event came to this worker; others may wait for it."""
        if len(self._came) < MOST:
            self._came.append((time.monotonic(), written))
        if self._looking is None or self._looking.done():
            self._looking = self._hub.spawn(self._look(), "who waits elsewhere")

    async def _look(self) -> None:
        while self._came or self._untold:
            await asyncio.sleep(TICK)
            came, self._came = self._came, []
            with suppress(StoreAway, InvalidValue), self._reach.asking() as store:
                latest = await store.latest(self.name) if came else None
                record = None if latest is None else await store.read(latest)
                if record is not None:
                    await self._send(store, record, came)
                await self._tell(store)

    async def _tell(self, store: RunStore) -> None:
        """Tell those who wait of what is there for them, whose mailboxes may be about to be opened."""
        for key, (worker, tries) in tuple(self._untold.items()):
            told = await store.tell(worker, write_note("heard", key))
            if told is not Told.NOT_REACHED or tries <= 1:
                del self._untold[key]
            else:
                self._untold[key] = worker, tries - 1

    async def _send(self, store: RunStore, record: Record, came: list[tuple[float, bytes]]) -> None:
        now = time.monotonic()
        for each in FOLLOWERS:
            entry = record.fields.get(each)
            if entry is None or entry.value == self._reach.me.encode():
                continue
            since = now - (record.now - entry.at) - SLACK
            meant = [written.decode() for at, written in came if at >= since]
            for first in range(0, len(meant), AT_ONCE):
                key = f"{self.name}/{secrets.token_hex(8)}"
                await store.put(key, json.dumps(meant[first : first + AT_ONCE]).encode(), FETCHED)
                self._untold[key] = entry.value.decode(errors="replace"), TRIES


async def join(store: RunStore, record: Record, me: str, *, ttl: float) -> bool:
    """Have a record name a worker; False where it names too many already."""
    named = {each for each in FOLLOWERS if each in record.fields}
    if any(record.fields[each].value == me.encode() for each in named):
        return True
    for each in FOLLOWERS:
        if each not in named:
            done = await store.append(record.run, each, me.encode(), ttl=ttl)
            if done.outcome is Outcome.WON:
                return True
    return False
