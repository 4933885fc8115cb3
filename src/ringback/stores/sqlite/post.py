"""Workers' mailboxes: for each a Unix datagram socket, in a folder beside the file.

A note is there in a third of a millisecond, and whether there is a receiver is known at once. The path of a
socket has room for some hundred bytes: where the file's is too long, the folder is in the system's one for
temporary files, named for the file. Only the user whose it is may open it.

Where no socket can be made, notes lie in a table, and the worker looks there again and again. It says so in
another one.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import secrets
import socket
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

from ringback._core.forks import renew_in_child
from ringback.stores.mailboxes import Mailbox
from ringback.stores.store import Told

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncGenerator, Iterable, Iterator

__all__ = [
    "POST_SCHEMA",
    "Letters",
    "Post",
    "Sender",
    "fetch_notes",
    "has_notes",
    "is_polled",
    "poll",
    "start_polling",
    "stop_polling",
]

POST_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS ringback_pollers (worker TEXT PRIMARY KEY, until REAL NOT NULL)",
    """\
CREATE TABLE IF NOT EXISTS ringback_notes (
    id INTEGER PRIMARY KEY,
    worker TEXT NOT NULL,
    note BLOB NOT NULL
)""",
)

_LONGEST_PATH: Final = 103  # bytes: macOS has room for 104 with the NUL, Linux for 108
_NAME: Final = 12
_LONGEST_NAME: Final = _NAME + len(".abcd")
_LONGEST_NOTE: Final = 2_048
_AT_ONCE: Final = 100
_WATCH: Final = 5.0  # seconds between two looks whether a socket still has its name
_OLD: Final = 60.0  # seconds after which a socket that nobody has open is one that a dead worker left
_NOBODY: Final = {errno.ENOENT, errno.ECONNREFUSED, errno.ENOTDIR}
_FULL: Final = {errno.EAGAIN, errno.ENOBUFS}
# A queue has room for ten notes on Linux unless it is told otherwise.
_TRIES: Final = 20
_PAUSE: Final = 0.0005

_POLLS_FOR: Final = 5.0  # seconds for which a worker says that it polls
_POLLED: Final = "SELECT 1 FROM ringback_pollers WHERE worker = ? AND until > ?"
_ANY: Final = "SELECT 1 FROM ringback_notes WHERE worker = ? LIMIT 1"
_DROP: Final = "INSERT INTO ringback_notes (worker, note) VALUES (?, ?)"


class Post:
    """The sockets beside a file."""

    def __init__(self, path: Path) -> None:
        self._folder = _folder(path)
        self._slots: WeakSet[Slot] = WeakSet()
        self._renew()
        renew_in_child(self)

    def _renew(self) -> None:
        # A child that kept its parent's mailboxes open would make it look alive after its death.
        for slot in tuple(self._slots):
            slot.socket.close()
        self._slots.clear()

    def open(self, me: str) -> Slot | None:
        """A worker's mailbox; None where no socket can be made."""
        if self._folder is None:
            return None
        try:
            _secure(self._folder)
            _clean(self._folder)
            slot = Slot(self._folder / _name(me))
        except OSError:
            return None
        self._slots.add(slot)
        return slot

    def path_of(self, worker: str) -> str | None:
        """Where a worker's socket is if it has one."""
        return None if self._folder is None else str(self._folder / _name(worker))

    async def received(self, slot: Slot) -> AsyncGenerator[bytes, None]:
        """The notes that come in, an empty one first."""
        loop = asyncio.get_running_loop()
        mailbox = Mailbox(loop)

        def receive() -> None:
            for note in slot.received():
                mailbox.put(note)

        watching = loop.call_later(_WATCH, lambda: watch())

        def watch() -> None:
            nonlocal watching
            if slot.is_there():
                watching = loop.call_later(_WATCH, watch)
            else:
                mailbox.fail(ConnectionError(f"somebody has taken away the mailbox {slot.path}"))

        loop.add_reader(slot.socket, receive)
        try:
            yield b""
            while True:
                yield await mailbox.take()
        finally:
            watching.cancel()
            loop.remove_reader(slot.socket)
            self._slots.discard(slot)
            slot.close()


class Sender:
    """What sends to sockets, in one thread, which may wait for a moment here where a mailbox is full."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._socket: socket.socket | None = None
        self._full: set[str] = set()

    def send(self, worker: str, note: bytes) -> Told:
        path = self._post.path_of(worker)
        if path is None:
            return Told.NOT_REACHED
        for _ in range(1 if path in self._full else _TRIES):
            try:
                self._socket = self._socket or _socket()
                self._socket.sendto(note, path)
            except OSError as error:
                if error.errno not in _FULL:
                    self._full.discard(path)
                    return Told.NOT_REACHED if error.errno in _NOBODY else Told.UNKNOWN
                time.sleep(_PAUSE)
            else:
                self._full.discard(path)
                return Told.REACHED
        # Whoever is stopped would slow down all others, were each note to wait.
        self._full.add(path)
        return Told.UNKNOWN

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()


class Letters:
    """A note for some workers: in the transaction that it tells of for those who poll, after it for others.

    Attributes:
        told: Who was reached.
    """

    def __init__(self, note: bytes) -> None:
        self.told: dict[str, Told] = {}
        self._note = note
        self._by_socket: list[str] = []

    def address(self, connection: sqlite3.Connection, now: float, workers: Iterable[str]) -> None:
        """Address it to these, unless it is empty."""
        for worker in set(workers) if self._note else ():
            if is_polled(connection, now, worker):
                connection.execute(_DROP, (worker, self._note))
                self.told[worker] = Told.REACHED
            else:
                self._by_socket.append(worker)

    def send(self, sender: Sender) -> None:
        """The transaction is done."""
        for worker in self._by_socket:
            self.told[worker] = sender.send(worker, self._note)


class Slot:
    """A socket with a name, which it takes from whoever had it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.socket = _socket()
        try:
            temporary = path.with_name(f"{path.name}.{secrets.token_hex(2)}")
            self.socket.bind(str(temporary))
            self._inode = temporary.stat().st_ino
            temporary.replace(path)
        except BaseException:
            self.socket.close()
            raise

    def is_there(self) -> bool:
        """Whether the name is still its own: folders for temporary files are swept."""
        try:
            return self.path.stat().st_ino == self._inode
        except OSError:
            return False

    def received(self) -> Iterator[bytes]:
        """What has come, though not more at once than others can wait for."""
        for _ in range(_AT_ONCE):
            try:
                yield self.socket.recv(_LONGEST_NOTE)
            except BlockingIOError:
                return

    def close(self) -> None:
        """Nobody reaches it any more."""
        self.socket.close()
        if self.is_there():
            with suppress(OSError):
                self.path.unlink()


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.setblocking(False)
    return made


def _folder(path: Path) -> Path | None:
    """Where sockets are; None where there are no such sockets."""
    if not hasattr(socket, "AF_UNIX") or not hasattr(os, "geteuid"):
        return None
    real = os.path.realpath(path)
    digest = hashlib.sha256(os.fsencode(real)).hexdigest()[:16]
    for folder in Path(f"{real}-mail"), Path(tempfile.gettempdir(), f"ringback-{os.geteuid()}-{digest}"):
        if len(os.fsencode(folder)) + _LONGEST_NAME < _LONGEST_PATH:
            return folder
    return None


def _name(worker: str) -> str:
    return hashlib.sha256(worker.encode()).hexdigest()[:_NAME]


def _secure(folder: Path) -> None:
    """Make the folder; what another user has made there is no mailbox of ours."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise PermissionError(errno.EPERM, "another user may write there", str(folder))


def _clean(folder: Path) -> None:
    """Take away the sockets that dead workers left."""
    for path in folder.iterdir():
        with suppress(OSError):
            found = path.lstat()
            if stat.S_ISSOCK(found.st_mode) and found.st_mtime < time.time() - _OLD and _is_refused(path):
                path.unlink()


def _is_refused(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return True
    return False


def poll(connection: sqlite3.Connection, now: float, me: str) -> None:
    """A worker says that it still looks for notes."""
    connection.execute("DELETE FROM ringback_pollers WHERE until <= ?", (now,))
    connection.execute("INSERT OR REPLACE INTO ringback_pollers VALUES (?, ?)", (me, now + _POLLS_FOR))
    connection.execute("DELETE FROM ringback_notes WHERE worker NOT IN (SELECT worker FROM ringback_pollers)")


def start_polling(connection: sqlite3.Connection, now: float, me: str) -> None:
    """A worker begins to look for notes. Those for an earlier one of its name are not for it."""
    stop_polling(connection, me)
    poll(connection, now, me)


def stop_polling(connection: sqlite3.Connection, me: str) -> None:
    """And that it doesn't any more."""
    connection.execute("DELETE FROM ringback_pollers WHERE worker = ?", (me,))
    connection.execute("DELETE FROM ringback_notes WHERE worker = ?", (me,))


def is_polled(connection: sqlite3.Connection, now: float, worker: str) -> bool:
    """Whether a worker looks for notes."""
    return connection.execute(_POLLED, (worker, now)).fetchone() is not None


def has_notes(connection: sqlite3.Connection, me: str) -> bool:
    """Whether there is any for a worker, which is cheaper to ask than to fetch none."""
    return connection.execute(_ANY, (me,)).fetchone() is not None


def fetch_notes(connection: sqlite3.Connection, me: str) -> list[bytes]:
    """Take a worker's notes, the oldest first."""
    rows: list[tuple[bytes]] = connection.execute(
        "SELECT note FROM ringback_notes WHERE worker = ? ORDER BY id", (me,)
    ).fetchall()
    connection.execute("DELETE FROM ringback_notes WHERE worker = ?", (me,))
    return [note for (note,) in rows]
