"""One run, without I/O: fed with the entries of its record, in whatever order and however often they come, it
tells what the flow's next await comes to. Repeated, late and reordered webhooks are recognised here alone.

A run counts steps. Step 0 is the request that started it; what the flow then waits for is step 1, and so on.
Each step has one outcome, the first that is fed, and one answer: what the flow adds until it waits again, or
ends.
"""

from __future__ import annotations

import random
import uuid
from typing import TYPE_CHECKING, Final

from ringback.app.flows.journal import (
    HUNG_UP,
    Arrived,
    Begins,
    Done,
    Ended,
    Moved,
    Moving,
    Outcome,
    Replied,
    Served,
    Stayed,
    Value,
)
from ringback.errors import FlowChanged

if TYPE_CHECKING:
    from collections.abc import Callable

    from ringback.app.flows.journal import Entry

__all__ = ["FINAL", "Machine"]

MOST_ARRIVED: Final = 100  # messages that wait for the flow; who sends more is heard later, or not at all
FINAL: Final = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


class Machine:
    """What is known of a run.

    Args:
        seed: Where chance comes from.

    Attributes:
        step: The answer that the flow makes, or has made and waits for what comes of it.
        waiting: The verb whose outcome the flow waits for, as its element is called; None where it doesn't.
        ended: How the call ended, once the flow knows.
        end: How the call ended, once anybody knows.
        moved: Whether something else leads the call.
        over: Whether the flow has come to its end.
    """

    __slots__ = (
        "_arrived",
        "_begun",
        "_given_up",
        "_latest",
        "_moving",
        "_occurrences",
        "_outcomes",
        "_random",
        "_replied",
        "_seed",
        "_served",
        "_taken",
        "_times",
        "_values",
        "end",
        "ended",
        "moved",
        "over",
        "step",
        "waiting",
    )

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self.step = 0
        self.waiting: str | None = None
        self.ended: str | None = None
        self.end: str | None = None
        self.moved = False
        self.over = False
        # Made when they are needed: ten thousand runs may wait, and most of them for a key.
        self._outcomes: dict[int, Outcome] | None = None
        self._served: dict[int, Served] | None = None
        self._values: dict[str, Value] | None = None
        self._moving: set[str] | None = None
        self._occurrences: dict[str, int] | None = None
        self._begun: dict[str, int] | None = None
        self._arrived: dict[str, Arrived] | None = None
        self._taken: set[str] | None = None
        self._replied: dict[str, str] | None = None
        self._given_up: set[int] | None = None
        self._times: list[float] | None = None
        self._latest = 0.0
        self._random: random.Random | None = None

    def feed(self, name: str, entry: Entry | None) -> None:
        """Learn of an entry."""
        match entry:
            case Outcome():
                number = int(name.partition(".")[2])
                if number > self.step or (number == self.step and self.waiting is not None):
                    self._outcomes = self._outcomes or {}
                    self._outcomes.setdefault(number, entry)
            case Served():
                number = int(name.partition(".")[2])
                if number > self.step or (number == self.step and self.waiting is None):
                    self._served = self._served or {}
                    self._served.setdefault(number, entry)
                    self._note_whether_given_up(number, entry)
            case Begins():
                self._begun = self._begun or {}
                self._begun.setdefault(name.partition(".")[2], entry.step)
                self._note_whether_given_up(entry.step, entry)
            case Value():
                self._values = self._values or {}
                self._values.setdefault(name.partition(".")[2], entry)
            case Arrived():
                sid = name.partition(".")[2]
                self._arrived = self._arrived or {}
                if sid not in (self._taken or ()) and len(self._arrived) < MOST_ARRIVED:
                    self._arrived.setdefault(sid, entry)
            case Replied():
                self._replied = self._replied or {}
                self._replied.setdefault(name.partition(".")[2], entry.how)
            case Ended():
                self.end = self.end or entry.status
            case Moving():
                self._moving = self._moving or set()
                self._moving.add(name.partition(".")[2])
            case Stayed():
                if self._moving is not None:
                    self._moving.discard(name.partition(".")[2])
            case Moved():
                self.moved = True
            case Done():
                self.over = True
            case _:
                pass

    def _note_whether_given_up(self, step: int, entry: Served | Begins) -> None:
        if entry.gave_up:
            self._given_up = self._given_up or set()
            self._given_up.add(step)

    # --- what the flow does

    def served(self) -> Served | None:
        """What was served as the answer that the flow now makes, where that is known."""
        return None if self._served is None else self._served.get(self.step)

    def foretold(self) -> Outcome | None:
        """What came of the verb that the flow is about to serve, where that is known."""
        return None if self._outcomes is None else self._outcomes.get(self.step + 1)

    def check(self, verb: str) -> None:
        """See to it that the flow does what its record says.

        Raises:
            FlowChanged: It serves another verb than it did.
        """
        served = self.served()
        if served is None:
            return
        for key, step in (self._begun or {}).items():
            if step == self.step:
                raise FlowChanged(f"b.{key}", f"the step {key}", verb or "its end")
        if served.verb != verb:
            raise FlowChanged(f"out.{self.step}", served.verb or "its end", verb or "its end")

    def check_step(self, key: str) -> None:
        """See to it that a step whose value isn't recorded may begin.

        Raises:
            FlowChanged: The flow went on to its next verb without it.
        """
        if self._begun is not None and self._begun.pop(key, None) is not None:
            return
        served = self.served()
        if served is not None:
            raise FlowChanged(f"out.{self.step}", served.verb or "its end", f"the step {key}")

    def wait(self, verb: str) -> None:
        """The flow has served a verb."""
        if self._served is not None:
            self._served.pop(self.step, None)
            self._served = self._served or None
        self.step += 1
        self.waiting = verb

    def outcome(self) -> Outcome | None:
        """What came of it; None where that isn't known, or isn't to be handed to the flow yet.

        While somebody moves the call, Twilio reports a Dial that is interrupted by that as completed, and the
        flow must not go on with it; unless it has already.
        """
        if self.given_up:
            return None
        found = None if self._outcomes is None else self._outcomes.get(self.step)
        if found is None or not self._moving or found.kind == HUNG_UP or found.status in FINAL:
            return found
        return found if self.served() is not None else None

    @property
    def given_up(self) -> bool:
        """Whether the flow is known to have gone on without what came of it, as after `asyncio.timeout`."""
        return self._given_up is not None and self.step in self._given_up

    def take(self) -> Outcome:
        """Hand the outcome to the flow, which goes on."""
        assert self._outcomes is not None, "there is one"  # noqa: S101
        taken = self._outcomes.pop(self.step)
        self._outcomes = self._outcomes or None
        self.waiting = None
        if taken.kind == HUNG_UP or taken.status in FINAL:
            self.ended = self.end = taken.status or "completed"
        return taken

    def skip(self) -> None:
        """Go to where the record ends, as what the flow does fits it no longer."""
        self.step = max((self.step, *(number + 1 for number in self._served or ())))
        self._served = self._outcomes = self._given_up = None
        self.waiting = None

    def hang_up(self) -> Outcome:
        """What comes of a step where the call has ended instead."""
        return Outcome(kind=HUNG_UP, status=self.end or "completed")

    def stay(self) -> None:
        """Whoever was about to move the call is taken to have given up."""
        self._moving = None

    # --- messages that come in

    def message(self) -> Arrived | None:
        """The first one that the flow has not been given yet."""
        return next(iter(self._arrived.values())) if self._arrived else None

    def took(self, sid: str) -> None:
        """The flow was given a message."""
        self._taken = self._taken or set()
        self._taken.add(sid)
        if self._arrived is not None:
            self._arrived.pop(sid, None)

    def untaken(self) -> tuple[str, ...]:
        """The SIDs of those that the flow was not given."""
        return tuple(self._arrived or ())

    def replied(self, sid: str) -> str | None:
        """Who gets the answer to a message, as `Replied` has it, where that is known."""
        return None if self._replied is None else self._replied.get(sid)

    # --- the same on every replay

    def occurrence(self, name: str) -> str:
        """The key of a step by this name: steps of one name are told apart by their order."""
        self._occurrences = self._occurrences or {}
        number = self._occurrences[name] = self._occurrences.get(name, 0) + 1
        return f"{name}#{number}"

    def value(self, key: str) -> Value | None:
        """What came of a step, where that is known."""
        found = None if self._values is None else self._values.pop(key, None)
        if found is not None and self._begun is not None:
            self._begun.pop(key, None)
        return found

    def begun(self, key: str) -> bool:
        """Whether a step has begun before, and nobody knows what came of it."""
        return self._begun is not None and key in self._begun

    def pass_over(self, key: str) -> None:
        """A step that was begun, or not, is over, and doesn't matter any more."""
        self.value(key)
        if self._begun is not None:
            self._begun.pop(key, None)

    def time(self, now: Callable[[], float]) -> float:
        """What the time is; never before what it was."""
        self._times = self._times or []
        served = self.served()
        told = (
            None
            if served is None or len(served.times) <= len(self._times)
            else served.times[len(self._times)]
        )
        self._latest = max(self._latest, now() if told is None else told)
        self._times.append(self._latest)
        return self._latest

    def times(self) -> tuple[float, ...]:
        """What it was told to be since the last answer."""
        told, self._times = tuple(self._times or ()), None
        return told

    @property
    def random(self) -> random.Random:
        """Chance that a replay finds again."""
        if self._random is None:
            self._random = random.Random(self._seed)  # noqa: S311 (its seed can't be guessed)
        return self._random

    def uuid(self) -> uuid.UUID:
        """A random UUID, likewise."""
        return uuid.UUID(int=self.random.getrandbits(128), version=4)

    # --- what a webhook wants

    def awaits(self, step: int) -> bool:
        """Whether the outcome of a step is still to come."""
        return (
            step == self.step
            and self.waiting is not None
            and (self._outcomes is None or step not in self._outcomes)
        )
