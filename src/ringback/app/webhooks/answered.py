"""Which webhooks were answered, and how: what the store is for.

A store may be slow or broken, and callers don't wait for it: it gets a part of a request's time, and a
webhook that it tells nothing of is answered like any other.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Final, TypeVar

from ringback.app.loops.budget import Budget, within
from ringback.app.reports import without
from ringback.http import WebhookResponse
from ringback.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from ringback.stores.store import Store

__all__ = ["Answered"]

T = TypeVar("T")

log = logging.getLogger("ringback")

REMEMBERED: Final = 3_600.0  # seconds for which an answer is kept; Twilio repeats a request within a minute
SHARE: Final = 0.25  # of the deadline, for one question to the store
MARGIN: Final = 1.0  # seconds that another process may be late
GLANCE: Final = 0.05  # seconds between two looks for an answer that another process is making


class Answered:
    """The answers that were given, here or by whoever shares the store.

    Args:
        store: Where they are.
        deadline: Seconds that each of those who share it takes at most for an answer.
    """

    def __init__(self, store: Store, deadline: float) -> None:
        self._store = store
        self._deadline = deadline

    async def recall(self, key: str) -> WebhookResponse | None:
        """The answer that was given, or None where the key is ours to work on."""
        try:
            if await self._ask(self._store.add(key, b"", REMEMBERED)):
                return None
            # Whoever works on it answers within the deadline, or has died.
            patience = Budget(self._deadline + MARGIN)
            while patience.left:
                saved = await self._ask(self._store.get(key))
                if saved:
                    return _load(saved)
                await asyncio.sleep(GLANCE)
        except Exception:
            log.exception("the store failed: a repeated webhook may be dispatched twice")
        return None

    async def remember(self, key: str, response: WebhookResponse) -> None:
        """Keep the answer that was given."""
        try:
            await self._ask(self._store.put(key, _dump(response), REMEMBERED))
        except Exception as error:
            # A database shows the row that it won't take, and people are spoken to by name.
            shown = without(error, [response.body.decode()])
            log.error("the store failed: a repeated webhook may be dispatched twice", exc_info=shown)

    async def _ask(self, question: Coroutine[object, object, T]) -> T:
        if type(self._store) is MemoryStore:  # which never waits, and so needs no limit
            return await question
        return await within(self._deadline * SHARE, question)


def _dump(response: WebhookResponse) -> bytes:
    return json.dumps(
        [response.status, response.headers.multi_items(), response.body.decode()], ensure_ascii=False
    ).encode()


def _load(saved: bytes) -> WebhookResponse:
    status, headers, body = json.loads(saved)
    return WebhookResponse(status, [(name, value) for name, value in headers], body.encode())
