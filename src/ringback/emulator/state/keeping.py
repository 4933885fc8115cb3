"""A file that follows an emulator: written when it closes, and every other second while something happens."""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import TYPE_CHECKING, Final

from ringback.emulator.state.files import StateFile
from ringback.emulator.state.snapshots import restore, take
from ringback.errors import EmulatorError

if TYPE_CHECKING:
    from ringback.emulator.driver import Driver
    from ringback.emulator.engine.network import Network

__all__ = ["StateKeeper"]

_log = logging.getLogger("ringback")

_EVERY: Final = 1.0
# A snapshot takes longer the more there is; at most this part of the time goes into them.
_PART: Final = 20.0


class StateKeeper:
    """Keeps what an emulator knows in a file.

    Attributes:
        run: How often the file has been opened.

    Raises:
        EmulatorError: The file can't be used.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = StateFile(path)
        self.run = self._file.run
        self._ended = threading.Event()
        self._seen: tuple[dict[str, int], int] | None = None
        self._driver: Driver | None = None
        self._thread: threading.Thread | None = None

    def load(self, network: Network) -> None:
        """Let a world know what the file holds."""
        kept = self._file.load()
        if kept is not None:
            restore(network, kept)

    def begin(self, driver: Driver) -> None:
        """Follow an emulator."""
        self._driver = driver
        self._thread = threading.Thread(target=self._follow, name="ringback-state", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Write for the last time; harmless when repeated."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._ended.set()
        thread.join()
        try:
            self._save()
        finally:
            self._file.close()

    def _follow(self) -> None:
        pause = _EVERY
        while not self._ended.wait(pause):
            begun = time.monotonic()
            try:
                self._save()
            except EmulatorError as error:
                _log.error("%s", error)
            pause = max(_EVERY, _PART * (time.monotonic() - begun))

    def _save(self) -> None:
        assert self._driver is not None  # noqa: S101  (it has begun)
        with self._driver.touch() as network:
            # Every request has a token, and what happens by itself is in the transcript.
            seen = (network.sids.given(), len(network.transcript))
            if seen == self._seen:
                return
            snapshot = take(network)
        self._file.save(snapshot)
        self._seen = seen
