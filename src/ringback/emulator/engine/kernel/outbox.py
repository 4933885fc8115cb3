"""Requests that a driver has to send; their answers come back through each one's `reply`."""

from __future__ import annotations

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
    """Requests that wait for a driver, in order."""

    def __init__(self) -> None:
        self.waiting: deque[Delivery] = deque()
        self._number = 0

    def put(self, ask: Ask, reply: Callable[[Outcome], None]) -> None:
        self._number += 1
        self.waiting.append(Delivery(ask, self._number, reply))
