"""A store that plays pranks on its own process, at places that a test names while the workers run.

Nothing in the library knows of this: a place is an operation of the store and the field it is about, before
or after it, or a place in the application that says so (`Pranks.at`).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from attrs import asdict, frozen

from ringback.stores import NEVER, Appended, Begun, Record, RunStore, Told

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from tests.workers.ledger import Ledger

__all__ = ["Prank", "PrankedStore", "Pranks"]

_LOOK = 0.1  # seconds between two looks at whether a mailbox is to be cut

Deed = Literal["kill", "stop", "fail", "cut"]


@frozen
class Prank:
    """What happens where.

    Attributes:
        place: `before append in.2`, `after append out.1`, `step begun`, …; a `*` at its end is anything.
        deed: `kill` or `stop` the process, `fail` the operation as a store does that can't be reached, or
            `cut` the mailbox.
        each: Whether it is played once for each run or call; otherwise every time.
        seconds: For how long.
        slots: On which workers; all where it is empty.
    """

    place: str
    deed: Deed
    each: bool = True
    seconds: float = 0.0
    slots: tuple[int, ...] = ()

    def fits(self, place: str, slot: int) -> bool:
        if self.slots and slot not in self.slots:
            return False
        return place.startswith(self.place[:-1]) if self.place.endswith("*") else place == self.place


class Pranks:
    """Those that are being played, in a folder that test and workers share."""

    def __init__(self, folder: str | Path, ledger: Ledger, slot: int = 0) -> None:
        self._folder = Path(folder)
        self._ledger = ledger
        self._slot = slot
        self._read = -1
        self._playing: list[Prank] = []

    def play(self, *pranks: Prank) -> None:
        """Play these from now on, in place of others."""
        self._folder.mkdir(exist_ok=True)
        text = json.dumps([asdict(prank) for prank in pranks])
        new = self._folder / "new"
        new.write_text(text)
        new.replace(self._file)

    def at(self, place: str, key: str) -> None:
        """Here is a place; `key` is the run or call."""
        prank = self._due(place, key)
        match None if prank is None else prank.deed:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "stop":
                os.kill(os.getpid(), signal.SIGSTOP)
            case "fail":
                raise ConnectionError(f"a prank at {place!r}")
            case _:
                pass

    def cut(self, what: str) -> float | None:
        """After how many seconds a connection of this kind breaks, if it is to."""
        prank = self._due(what, "")
        return None if prank is None or prank.deed != "cut" else prank.seconds

    def noted(self, key: str, what: str) -> None:
        """Tell the ledger what was done."""
        self._ledger.note(key, what)

    @property
    def _file(self) -> Path:
        return self._folder / "pranks.json"

    def _due(self, place: str, key: str) -> Prank | None:
        try:
            written = self._file.stat().st_mtime_ns
        except FileNotFoundError:
            return None
        if written != self._read:
            self._read = written
            self._playing = [_read(each) for each in json.loads(self._file.read_text())]
        for prank in self._playing:
            if prank.fits(place, self._slot) and (not prank.each or self._first(prank, key)):
                if prank.each:
                    self._ledger.note(key, prank.deed, place)
                return prank
        return None

    def _first(self, prank: Prank, key: str) -> bool:
        name = sha256(f"{prank.place} {prank.deed} {key}".encode()).hexdigest()
        try:
            os.close(os.open(self._folder / name, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True


class PrankedStore:
    """Does what the store behind it does, and plays pranks around that.

    Args:
        inner: A store. One that runs can't live in is taken, too: only what it can do is ever asked of it.
        pranks: Which.
        ttl: Seconds that nothing is kept longer than.
    """

    def __init__(self, inner: RunStore, pranks: Pranks, ttl: float) -> None:
        self._inner = inner
        self._pranks = pranks
        self._ttl = ttl

    async def add(self, key: str, value: bytes, ttl: float) -> bool:
        self._pranks.at("before add", key)
        kept = await self._inner.add(key, value, min(ttl, self._ttl))
        self._pranks.at("after add", key)
        return kept

    async def get(self, key: str) -> bytes | None:
        self._pranks.at("before get", key)
        return await self._inner.get(key)

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        self._pranks.at("before put", key)
        await self._inner.put(key, value, min(ttl, self._ttl))

    async def remove(self, key: str) -> None:
        self._pranks.at("before remove", key)
        await self._inner.remove(key)

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
        self._pranks.at("before begin", run)
        begun = await self._inner.begin(
            call,
            run,
            fields,
            owner=owner,
            epoch=epoch,
            before=before,
            note=note,
            due=due,
            ttl=min(ttl, self._ttl),
        )
        self._pranks.at("after begin", run)
        return begun

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
        self._pranks.at(f"before append {field}", run)
        appended = await self._inner.append(
            run,
            field,
            value,
            epoch=epoch,
            want=want,
            wake=wake,
            note=note,
            due=due,
            ttl=min(ttl, self._ttl),
        )
        self._pranks.at(f"after append {field}", run)
        return appended

    async def read(self, run: str) -> Record | None:
        self._pranks.at("before read", run)
        return await self._inner.read(run)

    async def claim(self, run: str, epoch: int, me: str, *, ttl: float) -> Record | None:
        self._pranks.at("before claim", run)
        record = await self._inner.claim(run, epoch, me, ttl=min(ttl, self._ttl))
        self._pranks.at("after claim", run)
        return record

    async def latest(self, call: str) -> str | None:
        self._pranks.at("before latest", call)
        return await self._inner.latest(call)

    async def due(self, most: int, *, again: float) -> list[str]:
        self._pranks.at("before due", "")
        return await self._inner.due(most, again=again)

    async def pulse(self, me: str, *, ttl: float) -> None:
        self._pranks.at("before pulse", me)
        await self._inner.pulse(me, ttl=ttl)

    async def pulse_of(self, worker: str) -> int | None:
        self._pranks.at("before pulse_of", worker)
        return await self._inner.pulse_of(worker)

    async def leave(self, me: str) -> None:
        self._pranks.at("before leave", me)
        await self._inner.leave(me)

    async def tell(self, worker: str, note: bytes) -> Told:
        self._pranks.at("before tell", worker)
        return await self._inner.tell(worker, note)

    async def mail(self, me: str) -> AsyncGenerator[bytes, None]:
        self._pranks.at("before mail", me)
        loop = asyncio.get_running_loop()
        opened = loop.time()
        notes = self._inner.mail(me)
        coming: asyncio.Future[bytes] | None = None
        try:
            while True:
                coming = coming or asyncio.ensure_future(anext(notes))
                done, _ = await asyncio.wait({coming}, timeout=_LOOK)
                cut = self._pranks.cut("mailbox")
                if cut is not None and loop.time() - opened > cut:
                    self._pranks.noted(me, "cut")
                    raise ConnectionError("a prank: the mailbox is cut")
                if done:
                    note, coming = coming.result(), None
                    self._pranks.at("mail", _about(note))
                    yield note
        finally:
            if coming is not None:
                coming.cancel()
                await asyncio.wait({coming})
            await notes.aclose()


def _read(given: dict[str, object]) -> Prank:
    place, deed, each, seconds, slots = given.values()
    return Prank(
        str(place),
        cast("Deed", deed),
        each=bool(each),
        seconds=float(cast("float", seconds)),
        slots=tuple(cast("list[int]", slots)),
    )


def _about(note: bytes) -> str:
    """The run that a note is about."""
    try:
        parts = cast("list[object]", json.loads(note))
    except ValueError:
        return ""
    return str(parts[1]) if len(parts) > 1 else ""
