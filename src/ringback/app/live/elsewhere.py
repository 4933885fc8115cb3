"""Live calls and messages among workers that share a store.

A webhook may come to another worker than the one that follows its call. So each SID that somebody follows has
a record in the store: whoever gets a webhook about it appends the event, its followers are told, and read it.
They read it, too, when their mailbox was opened anew, and every quarter of a second while somebody waits, for
what they are told may get lost.

A webhook may also overtake the answer that tells who placed a call what its SID is. Then the event is kept
under the token in the webhook's URL, which names that worker, and found there once the SID is known.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
import secrets
import threading
from collections import OrderedDict
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple, ParamSpec, TypeVar, cast

from attrs import define, field

from ringback import webhooks
from ringback._core.forks import renew_in_child
from ringback._core.webhooks.events import Event, MessageRequest, Notification
from ringback.app.flows.reach import StoreAway
from ringback.app.flows.worker import TICK, worker_of, write_note
from ringback.app.live.waits import FOLLOWERS, SharedWaits, join
from ringback.app.loops.portal import call_in, in_event_loop, portal_loop
from ringback.app.reports import shown_sid
from ringback.errors import InvalidValue, WebhookInvalid
from ringback.stores.store import Outcome
from ringback.webhooks import CallEnded, parse, wire_parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ringback.app.flows.reach import Reach
    from ringback.app.flows.worker import Note, Worker
    from ringback.app.hub import Hub
    from ringback.stores.store import Entry, RunStore

__all__ = ["Elsewhere"]

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("ringback")

AFTERWARDS: Final = 3_600.0  # seconds for which a record stays after its call has ended
LONGEST: Final = 31 * 86_400.0  # seconds that a store keeps anything
MOST: Final = 1_000  # events that one worker keeps of one call
AT_ONCE: Final = 25  # records that are read in one tick, of those that somebody waits for

_is_sid = re.compile(r"[A-Za-z0-9]{1,64}").fullmatch
_is_token = re.compile(r"[A-Za-z0-9-]{1,64}_[A-Za-z0-9_-]{1,32}").fullmatch


class _Written(NamedTuple):
    """An event as records have it; `last` where its call has ended."""

    name: str
    value: bytes
    last: bool


@define(eq=False)
class _Followed:
    """A SID that is followed here.

    Attributes:
        sid: The SID.
        token: What the URLs carry of what was started here: all that was ever told of it counts.
        since: From when on it counts what others are told, by the store's clock; None until that is known.
        registered: The worker that its record names: this one, before it was closed or forked perhaps.
        owned: Whether it names it as its owner.
        seen: The fields whose events have been handed on.
        reading: Whether its record is being read.
        again: Whether it has to be read once more.
    """

    sid: str
    token: str | None = None
    since: float | None = None
    registered: str = ""
    owned: bool = False
    seen: set[str] = field(factory=set[str])
    reading: bool = False
    again: bool = False


class Elsewhere:
    """The other workers, as what is live here sees them.

    Args:
        hub: The application's.
        reach: The store that all share.
        worker: This process among them.

    Attributes:
        waits: What workers wait for of all that comes.
    """

    _FEW: Final = 100  # SIDs that are followed here, or were
    _KNOWN: Final = 10_000  # SIDs of which something is remembered here and that nobody here follows

    def __init__(self, hub: Hub, reach: Reach, worker: Worker) -> None:
        self._hub = hub
        self._reach = reach
        self._worker = worker
        # Several applications may share a store, and each hears what is reported to itself.
        self._room = f"live/{hashlib.sha256(hub.settings.public_url.encode()).hexdigest()[:12]}"
        self.waits = SharedWaits(hub, reach, f"{self._room}/waits")
        self._renew()
        renew_in_child(self)

    def _renew(self) -> None:
        """Make anew what must not cross a fork."""
        self._lock = threading.Lock()
        self._followed: dict[str, _Followed] = {}
        self._tokens: OrderedDict[str, str] = OrderedDict()
        self._told: OrderedDict[str, int] = OrderedDict()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waited: dict[str, None] = {}
        self._ticking: asyncio.Task[object] | None = None
        self._lost = False  # notes, perhaps
        self._searching: asyncio.Task[object] | None = None
        self._sweep_at = self._FEW

    # --- what is followed here

    def token(self) -> str:
        """A token that names this worker."""
        return self._worker.name(secrets.token_urlsafe(9))

    def follow(self, sid: str, token: str | None = None) -> None:
        """Hear from now on what others are told about `sid`; where it was started here, with this token,
        from its start on. From any thread.
        """
        if not _is_sid(sid):
            return
        others = len(self._hub.live.about(sid)) > 1  # who have followed it before
        with self._lock:
            followed = self._followed.get(sid)
            if followed is None or not others:
                followed = self._followed[sid] = _Followed(sid)
            followed.token = followed.token or token
        self._sweep()
        self._start()
        self._in_loop(self._look, sid)

    async def begin_to_wait(self) -> None:
        """Somebody here begins to wait for whatever the application is told."""
        self._start()
        await self.waits.begin()

    def _start(self) -> None:
        if in_event_loop():
            self._loop = asyncio.get_running_loop()
        self._worker.start()

    def _sweep(self) -> None:
        """Forget what nobody follows any more, now and then."""
        if len(self._followed) >= self._sweep_at:
            for sid in tuple(self._followed):
                self._is_over(sid)
            self._sweep_at = max(self._FEW, 2 * len(self._followed))

    def forget(self, sid: str) -> None:
        """Forget all that is known of `sid`, which is going to be another one's."""
        with self._lock:
            for known in (self._followed, self._tokens, self._told):
                known.pop(sid, None)

    def carries(self, sid: str, token: str) -> None:
        """A webhook about `sid` carries a token, which isn't known here."""
        if _is_token(token) and worker_of(token) != self._worker.id:
            with self._lock:
                _remember(self._tokens, sid, token, self._KNOWN)

    def watch(self, sid: str) -> None:
        """Somebody begins to wait for something about `sid`. From any thread."""
        self._in_loop(self._begin_to_tick, sid)

    def hear(self, note: Note) -> None:
        """What this worker's mailbox brought, in any thread: an empty note where it was opened anew, and
        others may be lost.
        """
        match note:
            case ["live", sid]:
                self._in_loop(self._look, sid)
            case ["heard", key]:
                self._in_loop(self._fetch, key)
            case []:
                self._in_loop(self._look_at_all)
            case _:
                pass

    # --- telling the others

    async def tell(self, event: Event, sids: Iterable[str | None]) -> None:
        """Tell the other workers that follow one of these SIDs of an event that came to this one."""
        if getattr(webhooks, type(event).__name__, None) is not type(event):
            return  # it is our own, and no other worker can make one of it
        self._worker.start()
        written = _write(event)
        self.waits.note(written.value)
        for sid in sids:
            if sid is not None and _is_sid(sid) and self._counts(sid):
                with suppress(StoreAway, InvalidValue), self._reach.asking() as store:
                    await self._append(store, sid, written)

    @property
    def _kept(self) -> float:
        """Seconds for which a record stays after it was written last."""
        return min(self._hub.settings.idle_limit + AFTERWARDS, LONGEST)

    def _counts(self, sid: str) -> bool:
        """Whether one more event of it may be kept."""
        with self._lock:
            told = self._told.get(sid, 0) + 1
            _remember(self._told, sid, told, self._KNOWN)
        return told <= MOST

    async def _append(self, store: RunStore, sid: str, written: _Written) -> None:
        if await self._append_to(store, sid, written):
            return
        token = self._tokens.get(sid)
        if token is None:
            return
        await self._keep_for(store, token, written)
        # By now its worker may have learnt the SID, and have looked there already.
        await self._append_to(store, sid, written)

    async def _append_to(self, store: RunStore, sid: str, written: _Written) -> bool:
        """Append to the record of a SID; whether there is one."""
        followed = self._followed.get(sid)
        if followed is not None:
            followed.seen.add(written.name)
        elif await store.latest(self._record_of(sid)) is None:  # which costs less, and is what mostly is so
            return False
        note = write_note("live", sid)
        done = await store.append(
            self._record_of(sid),
            written.name,
            written.value,
            want=FOLLOWERS,
            note=b"" if followed is not None and followed.owned else note,
            ttl=AFTERWARDS if written.last else self._kept,
        )
        if done.outcome is Outcome.WON:
            for entry in done.fields.values():
                follower = entry.value.decode(errors="replace")
                if follower != self._worker.id:
                    await store.tell(follower, note)
        return done.outcome is not Outcome.MISSING

    async def _keep_for(self, store: RunStore, token: str, written: _Written) -> None:
        """Keep an event for the worker that will know what its token stands for."""
        record = self._record_of(token)
        fields = {written.name: written.value}
        owner = worker_of(token)
        begun = await store.begin(record, record, fields, owner=owner, ttl=AFTERWARDS)
        if not begun.created:
            await store.append(record, written.name, written.value, ttl=AFTERWARDS)

    # --- hearing from the others

    def _look(self, sid: str) -> None:
        """Read what has been told about a SID, unless that is being done."""
        followed = self._followed.get(sid)
        if followed is None:
            return
        if followed.reading:
            followed.again = True
            return
        followed.reading, followed.again = True, False
        reading = self._hub.spawn(self._read(followed), f"what is told of {shown_sid(sid)}")
        reading.add_done_callback(lambda _: self._looked(followed))

    def _looked(self, followed: _Followed) -> None:
        followed.reading = False
        if followed.again:
            self._look(followed.sid)

    async def _read(self, followed: _Followed) -> None:
        if self._is_over(followed.sid):
            return
        with suppress(StoreAway), self._reach.asking() as store:
            await self._read_once(store, followed)

    def _is_over(self, sid: str) -> bool:
        """Whether nobody here follows a SID any more; then it is forgotten."""
        with self._lock:
            if self._hub.live.about(sid):
                return False
            self._followed.pop(sid, None)
            return True

    async def _read_once(self, store: RunStore, followed: _Followed) -> None:
        for _ in range(2):
            if followed.registered != self._worker.id:
                await self._register(store, followed)
            record = await store.read(self._record_of(followed.sid))
            if record is not None:
                self._hand_on(followed, record.fields)
                return
            followed.registered = ""  # it has expired, or the store was emptied

    async def _register(self, store: RunStore, followed: _Followed) -> None:
        """Have the record name this worker, and find what came while the SID wasn't known."""
        name, me = self._record_of(followed.sid), self._worker.id
        begun = await store.begin(name, name, {}, owner=me, ttl=self._kept)
        followed.owned = begun.record.owner == me
        if followed.since is None:
            followed.since = 0.0 if begun.created or followed.token is not None else begun.record.now
        if not followed.owned:
            # Where there are too many, this one finds what there is by itself.
            await join(store, begun.record, me, ttl=self._kept)
        followed.registered = me
        if followed.token is not None:
            early = await store.read(self._record_of(followed.token))
            if early is not None:
                self._hand_on(followed, early.fields)

    def _hand_on(self, followed: _Followed, fields: Mapping[str, Entry]) -> None:
        """Tell those who follow a SID here what they haven't been told, in order."""
        if self._followed.get(followed.sid) is not followed:
            return  # who followed it has gone, and somebody else has come
        new = [
            (entry.at, name, entry.value)
            for name, entry in fields.items()
            if name.startswith("ev.") and name not in followed.seen
        ]
        for at, name, value in sorted(new):
            followed.seen.add(name)
            event = _read_event(value) if at >= (followed.since or 0.0) else None
            if event is not None:
                self._hub.spawn(self._arrive(followed.sid, event), f"listeners of {type(event).__name__}")

    async def _arrive(self, sid: str, event: Event) -> None:
        live = self._hub.live
        await self._hub.all_of([each.arrived(event) for each in live.about(sid)], "listeners")
        live.settle(sid)

    def _fetch(self, key: str) -> None:
        self._hub.spawn(self._offer(key), "what others are told")

    async def _offer(self, key: str) -> None:
        for written in await self.waits.fetch(key):
            event = _read_event(written)
            if event is not None:
                self._hub.listeners.offer(event)

    # --- looking by itself while somebody waits

    def _begin_to_tick(self, sid: str) -> None:
        self._waited[sid] = None
        if self._ticking is None or self._ticking.done():
            self._ticking = self._hub.spawn(self._tick(), "looking for what was told elsewhere")

    async def _tick(self) -> None:
        while self._waited:
            await asyncio.sleep(TICK)
            for sid in tuple(islice(self._waited, AT_ONCE)):
                del self._waited[sid]
                if any(live._waited() for live in self._hub.live.about(sid)):
                    self._waited[sid] = None  # the others first
                    self._look(sid)

    def _look_at_all(self) -> None:
        """Notes may have been lost."""
        self._lost = True
        if self._searching is None or self._searching.done():
            self._searching = self._hub.spawn(self._search(), "what was told elsewhere")

    async def _search(self) -> None:
        while self._lost:
            self._lost = False
            for followed in tuple(self._followed.values()):
                if any(live._heard() for live in self._hub.live.about(followed.sid)):
                    await self._read(followed)

    def _record_of(self, what: str) -> str:
        """The record of a SID, or of what a token stands for."""
        return f"{self._room}/{what}"

    def _in_loop(self, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Call something where webhooks are served or, as long as none are, where calls are placed."""
        for loop in (self._hub.loop, self._loop):
            if loop is not None and not loop.is_closed() and call_in(loop, function, *args, **kwargs):
                return
        call_in(portal_loop(), function, *args, **kwargs)


def _remember(known: OrderedDict[str, T], key: str, value: T, most: int) -> None:
    known[key] = value
    known.move_to_end(key)
    if len(known) > most:
        known.popitem(last=False)


def _write(event: Event) -> _Written:
    said = {"kind": type(event).__name__, "given": wire_parameters(event)}
    value = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    # What is told says when it was, or which in a row: only a repetition is the same. A question may be asked
    # twice in the same words.
    same = isinstance(event, (Notification, MessageRequest))
    name = hashlib.sha256(value).hexdigest()[:32] if same else secrets.token_hex(16)
    return _Written(f"ev.{name}", value, isinstance(event, CallEnded))


def _read_event(value: bytes) -> Event | None:
    """An event of a record, or None where that is one of a version that knows more."""
    try:
        said = cast("dict[str, object]", json.loads(value))
        kind: object = getattr(webhooks, str(said["kind"]), None)
        if isinstance(kind, type) and issubclass(kind, Event):
            return parse(kind, cast("Mapping[str, str]", said["given"]))
    except (KeyError, TypeError, ValueError, AttributeError, WebhookInvalid):
        pass
    log.warning("an event that another worker was told can't be read here: the workers' versions differ")
    return None
