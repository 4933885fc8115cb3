"""Answers that another worker makes, of those that share a store: Twilio may come back for them to any."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from ringback.app.flows.reach import StoreAway
from ringback.app.flows.worker import TICK, worker_of
from ringback.app.webhooks.recognise import dump_response, load_response
from ringback.stores.store import Told

if TYPE_CHECKING:
    from ringback.app.flows.sharing import Sharing
    from ringback.app.hub import Hub
    from ringback.app.loops.budget import Budget
    from ringback.app.webhooks.held import Answer
    from ringback.http import WebhookResponse

__all__ = ["HeldElsewhere"]


class HeldElsewhere:
    """The held answers of all workers.

    Args:
        hub: The application's.
        sharing: The workers.
    """

    def __init__(self, hub: Hub, sharing: Sharing) -> None:
        self._hub = hub
        self._sharing = sharing

    def keep(self, answer: Answer) -> None:
        """Let the other workers have an answer that is held here, once it is made."""
        answer.id = self._sharing.worker.name(answer.id)
        answer.when_made(
            lambda response: self._hub.in_loop(partial(self._begin_to_tell, answer.id, response))
        )

    def _begin_to_tell(self, id: str, response: WebhookResponse) -> None:
        self._hub.spawn(self._tell(id, response), f"a held answer {id}")

    async def _tell(self, id: str, response: WebhookResponse) -> None:
        with suppress(StoreAway), self._sharing.reach.asking() as store:
            await store.put(_key(id), dump_response(response), self._hub.settings.linger)

    async def find(self, id: str, budget: Budget) -> tuple[WebhookResponse | None, bool]:
        """An answer, if it is made in time; else whether it is still to come."""
        worker = worker_of(id)
        if not worker:
            return None, False
        while True:
            with suppress(StoreAway), self._sharing.reach.asking() as store:
                saved = await store.get(_key(id))
                if saved is not None:
                    return load_response(saved), True
                if worker == self._sharing.worker.id or await self._sharing.worker.gone(worker, Told.UNKNOWN):
                    return None, False
            if not budget.left:
                return None, True
            await asyncio.sleep(min(TICK, budget.left))


def _key(id: str) -> str:
    return f"ringback:held:{id}"
