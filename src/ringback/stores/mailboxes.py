"""Notes from one worker to another within a process; each may live in a loop of its own."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import TYPE_CHECKING, Final

from ringback.stores.store import Told

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

__all__ = ["Mailbox", "Mailboxes"]

_MOST: Final = 1_000  # unread notes in one mailbox; whoever reads so slowly looks at the records by itself


class Mailboxes:
    """The mailboxes that are open, by worker. A new one takes the place of that worker's older one."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Forget all; those of a parent process belong to its loops."""
        self._lock = threading.Lock()
        self._open: dict[str, Mailbox] = {}

    def tell(self, worker: str, note: bytes) -> Told:
        """Put a note into a worker's mailbox."""
        mailbox = self._open.get(worker)
        return Told.NOT_REACHED if mailbox is None else mailbox.put(note)

    async def mail(self, me: str) -> AsyncGenerator[bytes, None]:
        """The notes of a worker, the empty one first."""
        mailbox = Mailbox(asyncio.get_running_loop())
        with self._lock:
            self._open[me] = mailbox
        try:
            yield b""
            while True:
                yield await mailbox.take()
        finally:
            with self._lock:
                if self._open.get(me) is mailbox:
                    del self._open[me]


class Mailbox:
    """Unread notes of a worker, which reads them in one loop."""

    __slots__ = ("_arrived", "_error", "_loop", "_notes")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._error: Exception | None = None
        self._notes: deque[bytes] = deque()
        self._arrived = asyncio.Event()

    def put(self, note: bytes) -> Told:
        """Add one; called where a loop runs, this one or another."""
        if len(self._notes) >= _MOST:
            return Told.UNKNOWN
        self._notes.append(note)
        # Where the event is set already, whoever takes has yet to clear it, and then looks at the notes.
        if not self._arrived.is_set():
            if asyncio.get_running_loop() is self._loop:
                self._arrived.set()
            else:
                try:
                    self._loop.call_soon_threadsafe(self._arrived.set)
                except RuntimeError:  # the loop was closed, and this generator never was
                    return Told.NOT_REACHED
        return Told.REACHED

    def fail(self, error: Exception) -> None:
        """No more will come; called in its own loop."""
        self._error = error
        self._arrived.set()

    async def take(self) -> bytes:
        """The oldest one, once there is any."""
        while not self._notes:
            if self._error is not None:
                raise self._error
            await self._arrived.wait()
            self._arrived.clear()
        return self._notes.popleft()
