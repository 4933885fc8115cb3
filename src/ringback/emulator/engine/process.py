"""Processes: generators that yield what they wait for and are resumed by the clock.

A process yields one of two things, and gets back what came of it:

    Ask     an HTTP request     ->  Outcome: a `WebhookResponse` or a `Failure`
    Wait    seconds, or None    ->  a `Signal` that came in the meantime, or None when the time was up

Signals are what happens to a call while it waits. Interruptions are thrown into the generator instead,
because whatever it was doing is over:

    Signal                          Interruption
    ├── Key, Speech                 ├── HungUp               the other side is gone
    ├── ChildReady, ChildOver       ├── Moved                the call was given other TwiML
    └── Changed                     └── ParticipantChanged, ConferenceOver, StayOver

Nothing is resumed from inside somebody else's step: every wake-up goes through the clock's queue, so the
order of things is the order in which they were caused.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from attrs import define, field, frozen

from ringback.http import WebhookRequest, WebhookResponse

if TYPE_CHECKING:
    from ringback.emulator.engine.clock import Clock, Timer
    from ringback.emulator.engine.conferences import Participant
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.network import Outbox

__all__ = [
    "Ask",
    "Changed",
    "ChildOver",
    "ChildReady",
    "ConferenceOver",
    "Failure",
    "HungUp",
    "Interruption",
    "Key",
    "Limits",
    "Moved",
    "Outcome",
    "ParticipantChanged",
    "Process",
    "Signal",
    "Source",
    "Speech",
    "Spent",
    "StayOver",
    "Steps",
    "Wait",
    "ask",
    "wait",
]

T = TypeVar("T")


@frozen
class Limits:
    """How long a request may take, in seconds."""

    connect: float = 5.0
    read: float = 15.0
    total: float = 15.0


@define(eq=False)
class Spent:
    """The seconds that the tries of one webhook have taken so far, by the clock that their limits go by."""

    seconds: float = 0.0


@frozen
class Ask:
    """Send a request. Those of one lane are sent one after the other.

    Attributes:
        spent: Whoever sends it adds the time that this took.
    """

    request: WebhookRequest
    lane: str
    limits: Limits = Limits()
    spent: Spent = field(factory=Spent, eq=False)


@frozen
class Wait:
    """Let time pass; None waits for a signal only."""

    seconds: float | None


@frozen
class Failure:
    """Why there was no answer to a request.

    Attributes:
        kind: `host` (no such host), `connect` (nobody listens, or not in time), `timeout` (no answer in
            time), `tls`, `lost` (the connection was closed or reset before the answer was whole), `broken`
            (an answer that is no HTTP) or `refused` (the driver may not send there).
        detail: In words.
    """

    kind: Literal["host", "connect", "timeout", "tls", "lost", "broken", "refused"]
    detail: str


Outcome: TypeAlias = "WebhookResponse | Failure"


class Signal:
    """Something that a waiting process is told."""

    __slots__ = ()


@frozen
class Key(Signal):
    key: str


@frozen
class Speech(Signal):
    text: str
    seconds: float


@frozen
class ChildReady(Signal):
    leg: Leg


@frozen
class ChildOver(Signal):
    leg: Leg


@frozen
class Changed(Signal):
    """Something about a call changed: look again."""


@frozen
class Source:
    """Where the next document of a call comes from: a URL to ask, or TwiML that is already here.

    Attributes:
        url: Absolute; for inline TwiML what relative URLs are resolved against, or "".
        twiml: The document itself, or None where the URL has to be asked.
        extra: Parameters on top of those of every voice request.
    """

    url: str
    method: str = "POST"
    twiml: str | None = None
    extra: tuple[tuple[str, str], ...] = ()


class Interruption(Exception):
    """What a call was doing is over.

    Attributes:
        rank: Of two that come at the same moment, the one of higher rank counts.
    """

    rank = 0

    def due(self) -> bool:
        """Whether it still makes sense by the time it is delivered."""
        return True


class HungUp(Interruption):
    rank = 3


class Moved(Interruption):
    rank = 2

    def __init__(self, source: Source) -> None:
        self.source = source
        super().__init__(source.url)


class _InConference(Interruption):
    def __init__(self, participant: Participant) -> None:
        self._participant = participant
        super().__init__()

    def due(self) -> bool:
        return self._participant.inside


class ParticipantChanged(_InConference):
    """What the participant hears is another thing now: the conference began, a hold, an announcement."""


class ConferenceOver(_InConference):
    rank = 1


class StayOver(_InConference):
    """The longest time that somebody may be in the conference, waiting included, is up."""

    rank = 1


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
        if isinstance(self._interruption, HungUp):
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
