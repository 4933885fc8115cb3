"""The store as flows ask it: it may be away, and then nobody waits for it."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ringback.app.flows.worker import RETRY
from ringback.errors import RingbackError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

    from ringback.app.flows.run import AnyRun
    from ringback.app.flows.worker import Worker
    from ringback.stores.store import RunStore

__all__ = ["Reach", "StoreAway"]


class StoreAway(Exception):  # noqa: N818: it is a state of things
    """The store can't be asked now."""


class Reach:
    """A store, and the worker that asks it.

    Args:
        store: The store.
        worker: The worker.
        spawn: Runs something in the background.
        lost: Told of a run that another worker has by now.
    """

    __slots__ = ("_store", "_worker", "lost", "spawn")

    def __init__(
        self,
        store: RunStore,
        worker: Worker,
        *,
        spawn: Callable[[Coroutine[object, object, object], str], asyncio.Task[object]],
        lost: Callable[[AnyRun], None],
    ) -> None:
        self._store = store
        self._worker = worker
        self.spawn = spawn
        self.lost = lost

    @property
    def me(self) -> str:
        """The worker's id."""
        return self._worker.id

    @property
    def leaving(self) -> bool:
        """Whether the worker leaves its flows to the others."""
        return self._worker.leaving

    @property
    def overslept(self) -> bool:
        """Whether the others may have taken the worker for dead."""
        return self._worker.overslept

    @property
    def naps(self) -> int:
        """How often they may have, and it lived."""
        return self._worker.naps

    async def ask_again(self) -> bool:
        """Whether what the store did not answer is to be asked again, a moment later: the process slept, and
        may have been superseded meanwhile.
        """
        if self._worker.slept:
            await asyncio.sleep(RETRY[0])
            return True
        return False

    @contextmanager
    def asking(self) -> Generator[RunStore, None, None]:
        """While the store is asked.

        Raises:
            StoreAway: It is away.
        """
        if self._worker.away:
            raise StoreAway
        try:
            yield self._store
        except (RingbackError, StoreAway):  # which says nothing of the store, but of what it was asked or has
            raise
        except Exception as error:
            self._worker.lost_store(error)
            raise StoreAway from error
