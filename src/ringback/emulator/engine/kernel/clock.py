"""Virtual time: it moves only when somebody takes the next step."""

from __future__ import annotations

import heapq
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from attrs import define

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FAR", "Clock", "Timer"]

# Seconds from which on something is only a precaution, such as the end of a call that nobody ends.
FAR: Final = 3600.0
# Nothing is due later than in so many seconds, some thirty years: TwiML may ask for a pause of any length.
_NEVER: Final = 1e9


@define(eq=False)
class Timer:
    """An action that is due at some second; cancelling it leaves a hole in the queue."""

    due: float
    action: Callable[[], None] | None

    def cancel(self) -> None:
        self.action = None


class Clock:
    """A queue of timed actions. Actions of the same moment run in the order in which they were asked for.

    Attributes:
        start: What the calendar says at second 0; aware.
        now: Seconds since then.
    """

    def __init__(self, start: datetime) -> None:
        self.start = start
        self.now = 0.0
        self._end = _left_after(start)
        # Each with what it goes by: its second, and the order in which it was asked for.
        self._queue: list[tuple[float, int, Timer]] = []
        self._order = 0

    @property
    def date(self) -> datetime:
        """The calendar's now, to the second."""
        passed = timedelta(seconds=min(self.now, self._end))
        return (self.start + passed).replace(microsecond=0)

    def put_on(self, seconds: float) -> None:
        """Have the calendar say so much more; nothing is due any sooner."""
        self.start += timedelta(seconds=min(seconds, self._end))
        self._end = _left_after(self.start)

    def after(self, seconds: float, action: Callable[[], None]) -> Timer:
        """Run `action` so many seconds from now."""
        # Milliseconds: sums of tenths must not drift apart from each other.
        # What is no number is due at once: it is above nothing.
        wait = min(seconds, _NEVER) if seconds > 0 else 0.0
        timer = Timer(round(self.now + wait, 3), action)
        self._order += 1
        heapq.heappush(self._queue, (timer.due, self._order, timer))
        return timer

    def clear(self) -> None:
        """Forget what is due."""
        for _, _, timer in self._queue:
            timer.cancel()
        self._queue.clear()

    def next_due(self) -> float | None:
        """When the next action is due, or None where there is none."""
        while self._queue and self._queue[0][2].action is None:
            heapq.heappop(self._queue)
        return self._queue[0][0] if self._queue else None

    def busy(self) -> bool:
        """Whether something is due before long: longest call times and the like don't count."""
        due = self.next_due()
        return due is not None and due - self.now < FAR

    def step(self) -> bool:
        """Go to the next action and run it; False where there is none."""
        due = self.next_due()
        if due is None:
            return False
        timer = heapq.heappop(self._queue)[2]
        self.now = max(self.now, due)
        action, timer.action = timer.action, None
        if action is not None:
            action()
        return True

    def move_to(self, now: float) -> None:
        """Let time pass in which nothing is due; never backwards, never past an action."""
        due = self.next_due()
        self.now = max(self.now, now if due is None else min(now, due))


def _left_after(start: datetime) -> float:
    """Seconds from then on to the last day of calendars, on which they stay."""
    return (datetime.max.replace(tzinfo=start.tzinfo) - start).total_seconds() - 1
