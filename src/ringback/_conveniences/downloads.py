"""Downloading a file: in chunks, on from where a broken connection left it, into a file that is whole or not
there.

    Transfer             what has come, what to ask for next; no I/O
    Waiting              for a file that isn't there yet, likewise
    Target               where it goes
    ├── _PathTarget      a path: `<name>.<key>.part` beside it until it is complete
    └── _FileTarget      an open binary file
    download             the loop over them, and `download_async` for asyncio
"""

from __future__ import annotations

import mimetypes
import os
import re
import time
from io import TextIOBase
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Protocol, TypeAlias, cast

from attrs import define, evolve, field, frozen

from ringback._core.client.options import RequestOptions
from ringback.errors import ApiError, InvalidValue, NotFound, ResponseInvalid, TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ringback._core.client.session import AsyncSession, Session
    from ringback._core.operations.retry import RetryPolicy
    from ringback.http import Headers

__all__ = ["Download", "Progress", "download", "download_async"]

Progress: TypeAlias = "Callable[[int, int | None], object]"
"""Called after each chunk with the bytes that are there and those that there will be, None if not known."""

_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)\Z")
_DIGITS: Final = re.compile(r"\d{1,18}\Z")
_TARGET: Final = "a path, or a file open for writing bytes"


@frozen
class Download:
    """A file that was downloaded.

    Attributes:
        path: Where it is; None where it went into an open file.
        size: Its bytes.
        content_type: Its media type as the server tells it, such as `audio/mpeg`.
        resumed_from: Bytes that were there already, from a download that had broken off; 0 as a rule.
    """

    path: Path | None
    size: int
    content_type: str | None
    resumed_from: int = 0


class Writable(Protocol):
    """Whatever takes bytes."""

    def write(self, data: bytes, /) -> object:
        """All of `data`."""
        ...


# --- what has come ----------------------------------------------------------------------------------------


@define
class Transfer:
    """What has come of one file, and what to ask for next.

    Attributes:
        received: Bytes that are written.
        total: Bytes that there will be.
        content_type: As the server tells it.
        tries: Requests since the last byte came.
        resumed: Bytes that were there from an earlier download.
    """

    received: int
    total: int | None = None
    content_type: str | None = None
    tries: int = 0
    resumed: int = field(init=False)
    _skip: int = field(default=0, init=False)
    _validator: str | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.resumed = self.received

    def options(self, given: RequestOptions | None) -> RequestOptions:
        """`given`, and from which byte on."""
        options = given or RequestOptions()
        if not self.received:
            return options
        headers = {"Range": f"bytes={self.received}-"}
        if self._validator is not None:
            headers["If-Range"] = self._validator
        return evolve(options, headers={**options.headers, **headers})

    def begin(self, status: int, headers: Headers, restart: Callable[[], bool]) -> None:
        """An answer began; `restart` forgets what is written where the target can do that.

        Raises:
            ResponseInvalid: It can't go on where the last one broke off.
        """
        validator = headers.get("ETag")
        if validator is not None and validator.startswith("W/"):
            validator = None  # weak: it promises the same meaning, not the same bytes
        changed = self._validator not in {None, validator}
        self._skip, self.total = 0, None
        if status == 206:
            match = _CONTENT_RANGE.match(headers.get("Content-Range", ""))
            if match is None or int(match[1]) != self.received:
                raise ResponseInvalid(f"expected the bytes from {self.received} on", status=status)
            self.total = int(match[3]) if match[3] != "*" else None
        elif status == 200:
            if self.received and restart():
                self.received, self.resumed, changed = 0, 0, False
            # The writer can't be emptied, so the beginning, which comes a second time, is skipped.
            self._skip = self.received
            length = headers.get("Content-Length", "")
            if _DIGITS.match(length) and "Content-Encoding" not in headers:
                self.total = int(length)
        else:
            raise ResponseInvalid("expected a file", status=status)
        if changed:
            raise ResponseInvalid("the file changed while it was downloaded", status=status)
        self._validator = validator
        self.content_type = headers.get("Content-Type")

    def take(self, chunk: bytes) -> bytes:
        """What of the chunk is to be written."""
        passed, self._skip = chunk[: self._skip], max(0, self._skip - len(chunk))
        new = chunk[len(passed) :]
        self.received += len(new)
        if new:
            self.tries = 0
        return new

    def end(self) -> None:
        """The answer ended.

        Raises:
            TransportError: Bytes are missing.
        """
        if self._skip or (self.total is not None and self.received != self.total):
            raise TransportError(f"the file ended after {self.received - self._skip} of {self.total} bytes")

    def broken(self, error: TransportError, policy: RetryPolicy) -> float:
        """An answer broke off; seconds until the next try.

        Raises:
            TransportError: That was the last try.
        """
        self.tries += 1
        pause = policy.pause(self.tries)
        if pause is None:
            raise error
        return pause

    def refused(self, error: ApiError, restart: Callable[[], bool], waiting: Waiting) -> float:
        """There was no answer to go on with; seconds until the next try.

        Raises:
            ApiError: Neither asking for all of it nor waiting will help.
        """
        if isinstance(error, NotFound) and not self.received:
            # Once bytes of it have come, a file that isn't there is gone.
            pause = waiting.pause(time.monotonic())
            if pause is None:
                raise error
            return pause
        # 416: what is written is as long as the file or longer, so it isn't the beginning of it.
        if error.status != 416 or not self.received or not restart():
            raise error
        self.received = self.resumed = 0
        return 0

    def result(self, path: Path | None) -> Download:
        """It is complete."""
        return Download(path, self.received, self.content_type, self.resumed)


# --- what isn't there yet -------------------------------------------------------------------------------


@define
class Waiting:
    """How long a file is waited for that isn't there yet.

    Attributes:
        deadline: When it is over, on the clock of `time.monotonic`.
    """

    deadline: float
    _next: float = field(default=0.5, init=False)

    @classmethod
    def of(cls, wait: float, now: float) -> Waiting:
        """`wait` seconds from `now` on.

        Raises:
            InvalidValue: It is no such number.
        """
        if (
            not isinstance(cast("object", wait), (int, float))
            or isinstance(wait, bool)
            or not 0 <= wait <= 3600
        ):
            raise InvalidValue("wait", wait, "a number of seconds from 0 to 3600")
        return cls(now + wait)

    def pause(self, now: float) -> float | None:
        """Seconds until the next look: 0.5, 1, 2, 4, then 5, the last at the deadline; None after it."""
        left = self.deadline - now
        if left <= 0:
            return None
        pause, self._next = min(self._next, left), min(self._next * 2, 5.0)
        return pause


# --- where it goes ----------------------------------------------------------------------------------------


class Target(Protocol):
    """Where bytes go."""

    def open(self) -> int:
        """Get ready; the bytes that are there from an earlier try."""
        ...

    def write(self, data: bytes) -> None:
        """Append."""
        ...

    def restart(self) -> bool:
        """Forget what is there, if that can be done."""
        ...

    def finish(self, content_type: str | None, /) -> Path | None:
        """It is complete; where it is now."""
        ...

    def leave(self) -> None:
        """It isn't complete; keep what may be of use next time."""
        ...


class _PathTarget:
    def __init__(self, to: str, name: str, suffix: str | None, key: str) -> None:
        """`name` is that of the file if `to` is a folder; its suffix may be known only at the end."""
        folder = to.endswith(("/", os.sep)) or Path(to).is_dir()
        self._path = Path(to, name) if folder else Path(to)
        self._suffix = suffix if folder else ""
        # The key tells files apart that are downloaded to one name: half of one must not end up in another.
        self._part = self._path.with_name(f"{self._path.name}.{key}.part")
        self._file: IO[bytes] | None = None

    def open(self) -> int:
        self._file = self._part.open("ab")
        return self._file.tell()

    def write(self, data: bytes) -> None:
        if self._file is not None:
            self._file.write(data)

    def restart(self) -> bool:
        if self._file is not None:
            self._file.truncate(0)
        return True

    def finish(self, content_type: str | None, /) -> Path:
        if self._file is not None:
            self._file.close()
        suffix = self._suffix
        if suffix is None:
            media_type = (content_type or "").partition(";")[0].strip()
            suffix = mimetypes.guess_extension(media_type) or ""
        path = self._path.with_name(self._path.name + suffix)
        self._part.replace(path)
        return path

    def leave(self) -> None:
        if self._file is not None and not self._file.closed:
            empty = self._file.tell() == 0
            self._file.close()
            if empty:
                self._part.unlink(missing_ok=True)


class _FileTarget:
    def __init__(self, file: Writable) -> None:
        self._file = file

    def open(self) -> int:
        return 0

    def write(self, data: bytes) -> None:
        while data:
            # An unbuffered file may take less than it is given and says so; other writers say what they like.
            written = self._file.write(data)
            if not isinstance(written, int):
                return
            if written <= 0:
                raise OSError("the file that is downloaded into takes no more bytes")
            data = data[written:]

    def restart(self) -> bool:
        return False

    def finish(self, _: str | None, /) -> None:
        return None

    def leave(self) -> None:
        pass


def target_of(to: str | os.PathLike[str] | Writable, *, name: str, suffix: str | None, key: str) -> Target:
    """Where a download goes.

    Raises:
        InvalidValue: Nothing can be written there.
    """
    path: object = os.fspath(to) if isinstance(to, (str, os.PathLike)) else None
    if isinstance(path, str) and path:
        return _PathTarget(path, name, suffix, key)
    file: object = to
    if path is not None or isinstance(file, TextIOBase) or not callable(getattr(file, "write", None)):
        raise InvalidValue("to", to, _TARGET)
    return _FileTarget(cast("Writable", file))


# --- the loop ---------------------------------------------------------------------------------------------


def download(
    session: Session,
    address: str,
    target: Target,
    wait: float,
    progress: Progress | None,
    options: RequestOptions | None,
) -> Download:
    """Carry out a download with what `session` has: credentials, transport, retries.

    `address` is a path, or a URL that was checked.
    """
    waiting = Waiting.of(wait, time.monotonic())
    policy = (options and options.retry) or session.exchanges.retry
    transfer = Transfer(target.open())
    try:
        while True:
            try:
                answer = session.stream(address, transfer.options(options))
            except ApiError as error:
                pause = transfer.refused(error, target.restart, waiting)
                time.sleep(pause)
                continue
            try:
                with answer:
                    transfer.begin(answer.status, answer.headers, target.restart)
                    for chunk in answer:
                        target.write(transfer.take(chunk))
                        if progress is not None:
                            progress(transfer.received, transfer.total)
                transfer.end()
                break
            except TransportError as error:
                pause = transfer.broken(error, policy)
            time.sleep(pause)
        return transfer.result(target.finish(transfer.content_type))
    finally:
        target.leave()


async def download_async(
    session: AsyncSession,
    address: str,
    target: Target,
    wait: float,
    progress: Progress | None,
    options: RequestOptions | None,
) -> Download:
    """The same for asyncio; files are written in a thread."""
    import asyncio  # slow to import; a synchronous program does without it

    waiting = Waiting.of(wait, time.monotonic())
    policy = (options and options.retry) or session.exchanges.retry
    transfer = Transfer(await asyncio.to_thread(target.open))
    try:
        while True:
            try:
                answer = await session.stream(address, transfer.options(options))
            except ApiError as error:
                pause = transfer.refused(error, target.restart, waiting)
                await asyncio.sleep(pause)
                continue
            try:
                async with answer:
                    transfer.begin(answer.status, answer.headers, target.restart)
                    async for chunk in answer:
                        await asyncio.to_thread(target.write, transfer.take(chunk))
                        if progress is not None:
                            progress(transfer.received, transfer.total)
                transfer.end()
                break
            except TransportError as error:
                pause = transfer.broken(error, policy)
            await asyncio.sleep(pause)
        return transfer.result(await asyncio.to_thread(target.finish, transfer.content_type))
    finally:
        target.leave()
