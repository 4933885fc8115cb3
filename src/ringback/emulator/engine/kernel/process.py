"""Processes: generators that yield what they wait for and are resumed by the clock.

A process yields one of two things, and gets back what came of it:

    Ask     an HTTP request     ->  Outcome: a `WebhookResponse` or a `Failure`
    Wait    seconds, or None    ->  a `Signal` that came in the meantime, or None when the time was up

Signals are what happens while it waits. Interruptions are thrown into the generator instead, because
whatever it was doing is over.

Nothing is resumed from inside somebody else's step: every wake-up goes through the clock's queue, so the
order of things is the order in which they were caused.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from attrs import frozen

from ringback.emulator.engine.kernel.requests import Ask, Failure, Outcome
from ringback.emulator.engine.kernel.signals import Interruption, Signal
from ringback.http import WebhookResponse

if TYPE_CHECKING:
    from ringback.emulator.engine.kernel.clock import Clock, Timer
    from ringback.emulator.engine.kernel.outbox import Outbox
    from ringback.emulator.engine.kernel.requests import Limits, Spent
    from ringback.http import WebhookRequest

__all__ = ["Process", "Steps", "Wait", "ask", "wait"]

T = TypeVar("T")


@frozen
class Wait:
    """Let time pass; None waits for a signal only."""

    seconds: float | None


Steps: TypeAlias = Generator["Ask | Wait", "Outcome | Signal | None", T]


def ask(request: WebhookRequest, lane: str, limits: Limits, spent: Spent) -> Steps[Outcome]:
    """Send `request`; what came back."""
    got = yield Ask(request, lane, limits, spent)
    if not isinstance(got, (WebhookResponse, Failure)):
        raise TypeError(f"an Ask was answered with {got!r}")
    return got


def wait(seconds: float | None) -> Steps[Signal | None]:
    """Let so much time pass; the signal that cut it short, or None."""
    got = yield Wait(seconds)
    if got is not None and not isinstance(got, Signal):
        raise TypeError(f"a Wait was ended by {got!r}")
    return got


class Process:
    """Runs one generator.

    Args:
        died: Called when the generator raises something, a bug of the emulator or of a test's own script:
            whoever waits for its end shall not wait for ever. The error goes on to whoever moves the clock.

    Attributes:
        over: Whether it came to its end.
    """

    def __init__(
        self, clock: Clock, outbox: Outbox, steps: Steps[None], died: Callable[[Exception], None]
    ) -> None:
        self._clock = clock
        self._outbox = outbox
        self._steps = steps
        self._died = died
        self._waits_for: Ask | Wait | None = None
        self._timer: Timer | None = None
        self._turn = 0
        self._signals: deque[Signal] = deque()
        self._interruption: Interruption | None = None
        self.over = False
        clock.after(0, self._begin)

    def stop(self) -> None:
        """It does nothing more, and nobody is told."""
        self.over = True
        self._signals.clear()

    @property
    def knows_all(self) -> bool:
        """Whether it has learned of every signal so far."""
        return not self._signals

    def signal(self, signal: Signal) -> None:
        """Tell it something; it learns of it when it next waits."""
        if not self.over:
            self._signals.append(signal)
            self._clock.after(0, self._deliver)

    def forget(self, *kinds: type[Signal]) -> None:
        """Take back signals that it has not learned of yet."""
        self._signals = deque(each for each in self._signals if not isinstance(each, kinds))

    def interrupt(self, interruption: Interruption) -> None:
        """End what it is doing."""
        if self.over or (self._interruption is not None and self._interruption.rank > interruption.rank):
            return
        self._interruption = interruption
        self._clock.after(0, self._deliver)

    def _begin(self) -> None:
        if self._interruption is not None and self._interruption.final:
            self.over = True
        elif not self.over:
            # Another interruption comes right after the first step: a generator can't catch what is thrown
            # into it before it began.
            self._resume(None)
            if self._interruption is not None:
                self._clock.after(0, self._deliver)

    def _deliver(self) -> None:
        if self.over or self._turn == 0:
            return
        interruption, self._interruption = self._interruption, None
        if interruption is not None and interruption.due():
            self._resume(interruption)
        elif self._signals and isinstance(self._waits_for, Wait):
            self._resume(self._signals.popleft())

    def _resume(self, value: Outcome | Signal | Interruption | None) -> None:
        self._waits_for = None
        self._turn += 1
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        try:
            match value:
                case Interruption():
                    step = self._steps.throw(value)
                case _:
                    step = self._steps.send(value)
        except StopIteration:
            self.over = True
            return
        except Exception as error:
            self.over = True
            self._died(error)
            raise
        self._waits_for = step
        if isinstance(step, Ask):
            turn = self._turn
            self._outbox.put(step, lambda outcome: self._answered(turn, outcome))
            return
        if step.seconds is not None:
            self._timer = self._clock.after(step.seconds, lambda: self._resume(None))
        if self._signals:
            self._clock.after(0, self._deliver)

    def _answered(self, turn: int, outcome: Outcome) -> None:
        # The call may have been hung up or moved while the request was under way: then nobody waits for it.
        # The application may even have done so while it answered: the interruption is due, but not delivered.
        interrupted = self._interruption is not None and self._interruption.due()
        if not self.over and turn == self._turn and not interrupted:
            self._resume(outcome)
