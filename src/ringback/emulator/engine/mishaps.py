"""What goes wrong on purpose: decided by the seed, and done to webhooks on their way.

Each kind has draws of its own, numbered, so that one more callback doesn't change what happens to requests.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Final

from attrs import evolve

from ringback.emulator.engine.chaos import Chaos
from ringback.emulator.engine.kernel.outbox import Outbox
from ringback.emulator.engine.kernel.requests import Failure
from ringback.emulator.engine.urls import shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from ringback.emulator.engine.kernel.clock import Clock
    from ringback.emulator.engine.kernel.requests import Ask, Outcome

    class Note(Protocol):
        def __call__(self, subject: str, who: str, did: str, what: str, /) -> None: ...

    class Send(Protocol):
        def __call__(self, *, last: bool) -> None: ...


__all__ = ["Mishaps", "SlowOutbox"]

_WHO: Final = "chaos"
_DRAWS: Final = 1 << 52
# Seconds, at least and at most.
_LATE: Final = (1.0, 30.0)
_SECOND_TIME: Final = (0.0, 5.0)
_SLOW: Final = (1.0, 8.0)
# Seconds that a callback waits for another that overtakes it.
_HELD: Final = 10.0
# Of a burst of 429, how many may follow the first.
_BURST: Final = 2


class Mishaps:
    """Decides what goes wrong.

    Args:
        seed: The same seed and the same events give the same mishaps.
        clock: What late callbacks come late by.
        note: Notes in the transcript what was done to them.

    Attributes:
        retry_after: Seconds after which requests may come again that were too many.
    """

    def __init__(self, seed: str, clock: Clock, note: Note) -> None:
        self._seed = seed
        self._clock = clock
        self._note = note
        self._chaos = Chaos()
        self._drawn: Counter[str] = Counter()
        self._burst = 0
        # By what they are about, callbacks that wait to be overtaken.
        self._held: dict[str, Callable[[], None]] = {}
        self.retry_after = 0

    @property
    def chaos(self) -> Chaos:
        """What goes wrong, and how often."""
        return self._chaos

    @chaos.setter
    def chaos(self, chaos: Chaos) -> None:
        self._chaos = chaos
        self._burst = 0

    def forget(self) -> None:
        """Forget the callbacks that wait, as the clock forgets what is due."""
        self._held.clear()
        self._burst = 0

    # Callbacks

    def convey(self, subject: str, what: str, send: Send, lose: Callable[[], None]) -> None:
        """Send a callback, or what becomes of it.

        Args:
            subject: Whom it is about: callbacks about others don't overtake it.
            what: The callback in words.
            send: Sends it; the `last` time it is sent, whoever waits for it to be over may be told.
            lose: Called instead where it is never sent.
        """
        chaos = self._chaos
        overtaken = self._held.pop(subject, None)
        if self._happens("lost", chaos.lost):
            self._note(subject, _WHO, "loses", what)
            self._clock.after(0, lose)
        elif self._happens("late", chaos.late):
            late = self._between("late seconds", *_LATE)
            self._note(subject, _WHO, "delays", f"{what} by {late:g} s")
            self._clock.after(late, lambda: self._send(subject, what, send))
        elif overtaken is None and self._happens("reordered", chaos.reordered):
            self._note(subject, _WHO, "holds back", what)
            self._hold(subject, lambda: self._send(subject, what, send))
        else:
            self._send(subject, what, send)
        if overtaken is not None:
            overtaken()

    def _hold(self, subject: str, send: Callable[[], None]) -> None:
        # Nothing may come that overtakes it.
        timer = self._clock.after(_HELD, lambda: self._held.pop(subject)())

        def overtaken() -> None:
            timer.cancel()
            send()

        self._held[subject] = overtaken

    def _send(self, subject: str, what: str, send: Send) -> None:
        if not self._happens("doubled", self._chaos.doubled):
            send(last=True)
            return
        again = self._between("doubled seconds", *_SECOND_TIME)
        self._note(subject, _WHO, "doubles", f"{what} after {again:g} s")
        send(last=False)
        self._clock.after(again, lambda: send(last=True))

    def slowness(self) -> float:
        """Seconds that a webhook is on its way."""
        return self._between("slow seconds", *_SLOW) if self._happens("slow", self._chaos.slow) else 0.0

    # The API

    def refusal(self) -> int | None:
        """The status that a request is turned away with, undone; None where it is done."""
        if self._burst:
            self._burst -= 1
            return 429
        if self._happens("429", self._chaos.too_many_requests):
            self._burst = round(self._between("429 burst", 0, _BURST))
            return 429
        if self._happens("5xx", self._chaos.server_errors):
            return 500 if self._draw("5xx status") < 0.5 else 503
        return None

    def loses_answer(self) -> bool:
        """Whether the answer to a request is lost that was done."""
        return self._happens("lost-answers", self._chaos.lost_answers)

    # Draws

    def _happens(self, kind: str, share: float) -> bool:
        return share > 0 and self._draw(kind) < share

    def _between(self, kind: str, least: float, most: float) -> float:
        return round(least + (most - least) * self._draw(kind), 1)

    def _draw(self, kind: str) -> float:
        self._drawn[kind] += 1
        text = f"{self._seed}/chaos/{kind}/{self._drawn[kind]}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % _DRAWS / _DRAWS


class SlowOutbox(Outbox):
    """An outbox whose requests take a while to get there, where chaos wants it: seconds that count as the
    application's.
    """

    def __init__(self, mishaps: Mishaps, clock: Clock, note: Note) -> None:
        super().__init__()
        self._mishaps = mishaps
        self._clock = clock
        self._note = note

    def put(self, ask: Ask, reply: Callable[[Outcome], None]) -> None:
        """Have a request sent."""
        slow = self._mishaps.slowness()
        if not slow:
            super().put(ask, reply)
            return
        request = ask.request
        self._note(
            ask.lane.partition("/")[0], _WHO, "slows", f"{request.method} {shown(request.url)} by {slow:g} s"
        )
        limit = ask.limits.total
        taken = min(slow, limit)
        ask.spent.seconds += taken
        if slow >= limit:
            failure = Failure("timeout", f"no answer within {limit:g} s")
            self._clock.after(limit, lambda: reply(failure))
            return
        left = evolve(ask, limits=evolve(ask.limits, total=limit - taken))
        self._clock.after(taken, lambda: super(SlowOutbox, self).put(left, reply))
