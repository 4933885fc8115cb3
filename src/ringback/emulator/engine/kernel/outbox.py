"""Requests that a driver has to send; their answers come back through each one's `reply`."""

from __future__ import annotations

import heapq
from collections import deque
from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable

    from ringback.emulator.engine.kernel.requests import Ask, Outcome

__all__ = ["Delivery", "Outbox"]


@frozen(eq=False)
class Delivery:
    """A request that a driver has to send, and whom it brings the answer."""

    ask: Ask
    number: int
    reply: Callable[[Outcome], None] = field(repr=False)


class Outbox:
    """Requests that wait for a driver, in order. Those of one lane go one after the other: each once the one
    before it is done.
    """

    def __init__(self) -> None:
        self._number = 0
        self._ready: list[tuple[int, Delivery]] = []
        # By lane, those that wait for one that is ready, or that a driver has taken.
        self._behind: dict[str, deque[Delivery]] = {}

    def __bool__(self) -> bool:
        """Whether there is one that may go."""
        return bool(self._ready)

    def put(self, ask: Ask, reply: Callable[[Outcome], None]) -> None:
        """Have a request sent."""
        self._number += 1
        delivery = Delivery(ask, self._number, reply)
        behind = self._behind.get(ask.lane)
        if behind is None:
            self._behind[ask.lane] = deque()
            heapq.heappush(self._ready, (delivery.number, delivery))
        else:
            behind.append(delivery)

    def take(self) -> Delivery:
        """The next one that may go; its lane is taken until it is done."""
        return heapq.heappop(self._ready)[1]

    def done(self, delivery: Delivery) -> None:
        """One that was taken is over: the next of its lane may go."""
        behind = self._behind[delivery.ask.lane]
        if behind:
            following = behind.popleft()
            heapq.heappush(self._ready, (following.number, following))
        else:
            del self._behind[delivery.ask.lane]

    def clear(self) -> None:
        """Forget what waits; what a driver has taken is done in its time."""
        for _, delivery in self._ready:
            del self._behind[delivery.ask.lane]
        self._ready.clear()
        for behind in self._behind.values():
            behind.clear()
