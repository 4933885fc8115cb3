"""Drives a network: moves its clock, sends its requests, brings the answers back.

Three ways to let time pass:

    manual  time moves while somebody waits for something, and as far as that takes: the same in every run
    auto    time moves by itself and skips what nobody waits for, as soon as no request is under way
    real    time moves as on the wall, or so many times faster

In the first two a request takes no virtual time, and one is under way at a time: the order of everything
depends on the emulator alone. A handler that takes long (it may wait for another call's end) does not hold up
everything for ever: after some patience other requests are sent, and time moves on as on the wall.

The lock is never held while a request is under way, so that a handler can use the REST API meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager, suppress
from contextvars import ContextVar, copy_context
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias

from attrs import define, frozen

from ringback.emulator.apploop import SLEEPING, AppLoop
from ringback.emulator.engine.arguments import seconds as check_seconds
from ringback.emulator.engine.kernel.clock import FAR
from ringback.emulator.engine.kernel.requests import Failure
from ringback.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ringback.app import Application
    from ringback.emulator.engine.kernel.outbox import Delivery
    from ringback.emulator.engine.kernel.requests import Ask, Outcome
    from ringback.emulator.engine.network import Network

__all__ = ["Driver", "Mode", "Sender", "Sending"]

Mode: TypeAlias = Literal["manual", "auto", "real"]

_log: Final = logging.getLogger("ringback.emulator")

# Seconds on the wall after which a request under way no longer holds up everything else.
PATIENCE: Final = 5.0

# Seconds on the wall for which a wait in the background stands back after others have done something.
STAND_BACK: Final = 0.02

# Seconds on the wall that a request under way gets at the end of a test.
SETTLING: Final = 1.0

# Seconds on the wall that applications have to end what is under way: more than the 2.5 they take at most.
PARTING: Final = 3.0

# Seconds that a request gets on the wall beyond its limit, to come to its own end.
SLACK: Final = 0.5

# Seconds on the wall after which to look around, whether or not anything has been heard.
LONGEST_REST: Final = 0.5

# Whose webhook is being handled; inherited by whatever the application starts from there.
DELIVERING: Final[ContextVar[tuple[Driver, ...]]] = ContextVar("ringback_delivering", default=())


@frozen(eq=False)
class Sending:
    """A request under way.

    Attributes:
        answer: What comes of it. Whoever waits may cancel it: then nothing does.
        inside: Whether it is handled in the loop that follows the emulator's clock.
    """

    answer: Future[Outcome]
    inside: bool

    @classmethod
    def over(cls, outcome: Outcome) -> Sending:
        """One of which is known already what comes of it."""
        answer: Future[Outcome] = Future()
        answer.set_result(outcome)
        return cls(answer, inside=False)


class Sender(Protocol):
    """Sends requests."""

    def send(self, ask: Ask, /) -> Sending:
        """Begin to send one; waits for nothing."""
        ...


@frozen(eq=False)
class _UnderWay:
    delivery: Delivery
    since: float
    sending: Sending

    @property
    def expiry(self) -> float:
        """When to give it up."""
        return self.since + self.delivery.ask.limits.total + SLACK


@define(eq=False)
class _Waiter:
    """Somebody who waits while the driver's own thread lets time pass: woken when it is worth it."""

    over: Callable[[], bool]
    ticket: threading.Condition


class Driver:
    """Drives one network, from the threads that wait for it or from one of its own.

    Attributes:
        condition: Holds everything together: whoever touches the network holds it, and whoever changed
            something notifies it.
        loop: Where the applications of this process run, once there are any.
        speed: Virtual seconds a second on the wall, or 0 where time is moved on purpose.
    """

    def __init__(self, network: Network, sender: Sender, *, mode: Mode, speed: float) -> None:
        self._lock = threading.RLock()
        self.condition = threading.Condition(self._lock)
        self._waiters: list[_Waiter] = []
        self._network = network
        self._sender = sender
        self._mode: Mode = mode
        self.speed = speed if mode == "real" else 0.0
        self.loop: AppLoop | None = None
        self._alarm: float | None = None
        self._nap: float | None = None
        self._waits = 0
        self._foreground = 0
        self._touched = -math.inf
        self._under_way: dict[int, _UnderWay] = {}  # by number, the latest last
        self._outside = 0  # of those, how many are not handled in the applications' loop
        self._expiry = math.inf  # nothing under way is given up before
        self._wall = time.monotonic()
        self._virtual = network.clock.now
        self._closed = False
        self._broken: Exception | None = None
        self._thread: threading.Thread | None = None
        if mode != "manual":
            self._thread = threading.Thread(target=self._forever, name="ringback-emulator", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop moving; requests under way are left to end by themselves."""
        with self.condition:
            self._closed = True
            self.condition.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def settle(self) -> None:
        """Wait for what is under way, but for no longer than a moment; time stands still."""
        if self.handles():
            return
        until = time.monotonic() + SETTLING
        with self.condition:
            while not self._closed and (left := until - time.monotonic()) > 0:
                if not self._under_way and not self._loop_works:
                    return
                if self._sleeps:
                    return
                self.condition.wait(min(left, SLEEPING))

    def applications_loop(self) -> AppLoop:
        """Where the applications of this process run."""
        if self.loop is None:
            self.loop = AppLoop.take(self)
        return self.loop

    def part_from(self, applications: list[Application]) -> None:
        """End what these applications do in the loop, by the clock on the wall, and give it back."""
        if self.loop is None:
            return
        self.settle()
        loop, self.loop = self.loop, None
        loop.follow(None)
        self._alarm = self._nap = None
        if not self.handles():
            closing = loop.start(_close(applications))
            with suppress(FutureTimeout):  # the loop is blocked
                closing.result(PARTING)
        loop.give_back()

    # As the keeper of the loop's time

    def now(self) -> float:
        """Virtual seconds since the start."""
        if not self.speed:
            return self._network.clock.now
        return self._virtual + (time.monotonic() - self._wall) * self.speed

    def epoch(self) -> float:
        """Seconds from 1970 to the start, by the calendar."""
        return self._network.clock.start.timestamp()

    def wake_at(self, due: float | None, nap: float | None) -> None:
        """The applications have nothing to do before this virtual second."""
        self._alarm, self._nap = _millisecond(due), _millisecond(nap)

    @property
    def _loop_works(self) -> bool:
        loop = self.loop
        return loop is not None and loop.working

    @property
    def _sleeps(self) -> bool:
        """Whether all requests under way wait for nothing but time."""
        return self._until_sleep() == 0

    def _until_sleep(self) -> float | None:
        """In how many seconds on the wall that will be clear; None where they wait for something else."""
        loop = self.loop
        if loop is None or not self._under_way or self._outside:
            return None
        return loop.patience()

    @contextmanager
    def touch(self) -> Generator[Network]:
        """Hold the network while looking at it or changing it."""
        with self.condition:
            if self._closed:
                raise EmulatorError("the emulator is closed")
            yield self._network
            self._touched = time.monotonic()
            self.condition.notify_all()

    @property
    def moves_on_purpose(self) -> bool:
        """Whether time moves only while somebody waits."""
        return self._mode == "manual"

    @property
    def waited_for(self) -> bool:
        """Whether somebody waits, so that time passes."""
        return self._waits > 0

    def notify(self) -> None:
        """Something has changed elsewhere that somebody may wait for here."""
        with self.condition:
            self.condition.notify_all()

    def handles(self) -> bool:
        """Whether this code handles one of its webhooks, or was started there."""
        return self in DELIVERING.get()

    @property
    def idle(self) -> bool:
        """Whether nothing is under way and nothing is due before long."""
        clock = self._network.clock
        # An application also sets timers to forget things by, which are no reason to let time pass.
        coming = self._alarm if self._under_way else self._nap
        return self._quiet and not clock.busy() and (coming is None or coming - clock.now >= FAR)

    def skip(self, seconds: float) -> None:
        """Go ahead by so many virtual seconds, without waiting for what happens in them.

        Raises:
            EmulatorError: It is no time, or longer than a year.
        """
        check_seconds("seconds", seconds)
        if self._mode == "real":
            with self.condition:
                self._virtual += seconds
                self.condition.notify_all()
            loop = self.loop
            if loop is not None:
                loop.wake()
        else:
            self.let_pass(seconds)

    def let_pass(self, seconds: float, *, unless: Callable[[], bool] = lambda: False) -> None:
        """Let so many virtual seconds pass, whether or not anything is due in them.

        Args:
            unless: Whether there is no reason any more to let the rest of them pass.

        Raises:
            EmulatorError: It is no time, or longer than a year.
        """
        check_seconds("seconds", seconds)
        clock = self._network.clock
        left = seconds
        while left > 0 and not unless():
            # In pieces, since the clock skips no further than `FAR` at once.
            piece = min(left, FAR / 2)
            left -= piece
            with self.condition:
                until = round(clock.now + piece, 3)
                # `auto` skips from one timer to the next: without one at the end it would stop short of it.
                mark = clock.after(piece, _nothing)
                self.condition.notify_all()
                self._until(until, unless)
                mark.cancel()

    def _until(self, until: float, unless: Callable[[], bool]) -> None:
        """Let time pass to the end of a moment: of this one, or of the first in which `unless` says so."""
        clock = self._network.clock
        self.wait_until(
            lambda: (
                (clock.now >= until and self._nothing_before(until))
                or (unless() and self._nothing_before(clock.now))
            ),
            seconds=until - clock.now,
        )

    def wait_until(
        self,
        done: Callable[[], bool],
        *,
        seconds: float,
        grace: float = 0.0,
        patient: bool = True,
        background: bool = False,
    ) -> bool:
        """Let time pass until `done()`, for at most so many virtual seconds; whether it came to that.

        Args:
            patient: Whether to wait for what is far off, too: for the end of a call that nobody ends.
            grace: When everything is idle, how long on the wall to wait for somebody outside to do something.
            background: Whether to stand back while others let time pass.

        Raises:
            EmulatorError: A handler that the emulator itself called wants to wait: time would stand still.
                Or `seconds` is no time.
        """
        check_seconds("timeout", seconds)
        if self.handles():
            raise EmulatorError("a webhook handler can't wait for the emulator, which waits for the handler")
        clock = self._network.clock
        idle_since: float | None = None
        with self.condition, self._waiting(background):
            deadline = round(clock.now + seconds, 3)

            def idle() -> bool:
                if self._mode == "real":
                    return False
                # A clock that runs by itself never goes far without being asked.
                if self._mode == "manual" and self._nothing_before(deadline):
                    return True
                return not (patient and self._mode == "manual") and self.idle

            def over() -> bool:
                return done() or self._late(deadline) or idle()

            while not done():
                if self._closed:
                    raise EmulatorError("the emulator is closed")
                if background and (self._foreground or time.monotonic() - self._touched < STAND_BACK):
                    self.condition.wait(STAND_BACK)
                    continue
                if self._broken is not None:
                    broken, self._broken = self._broken, None
                    raise EmulatorError(f"the emulator broke: {broken!r}") from broken
                if idle() and clock.now < deadline:
                    idle_since = idle_since or time.monotonic()
                    left = idle_since + grace - time.monotonic()
                    if left > 0:
                        self.condition.wait(left)
                    elif self._mode == "manual" and (patient or not self.idle):
                        clock.move_to(deadline)
                    else:
                        return False
                    continue
                idle_since = None
                if self._late(deadline):
                    return False
                if self._thread is not None:
                    self._wait_for_thread(over)
                else:
                    self._turn(deadline)
            return True

    @contextmanager
    def _waiting(self, background: bool) -> Generator[None]:
        self._waits += 1
        self._foreground += not background
        try:
            yield
        finally:
            self._waits -= 1
            self._foreground -= not background
            if not background:
                self._touched = time.monotonic()

    def _late(self, deadline: float) -> bool:
        now = self._network.clock.now
        return now > deadline or (now == deadline and self._nothing_before(deadline))

    def _wait_for_thread(self, over: Callable[[], bool]) -> None:
        waiter = _Waiter(over, threading.Condition(self._lock))
        self._waiters.append(waiter)
        try:
            waiter.ticket.wait(0.5)
        finally:
            self._waiters.remove(waiter)

    @property
    def _quiet(self) -> bool:
        """Whether nothing is going to happen unless time passes."""
        return not self._loop_works and not self._network.outbox and (not self._under_way or self._sleeps)

    def _due(self) -> float | None:
        """When something is due next, here or in the applications' loop."""
        due = self._network.clock.next_due()
        return due if self._alarm is None else self._alarm if due is None else min(due, self._alarm)

    def _nothing_before(self, deadline: float) -> bool:
        due = self._due()
        return self._quiet and (due is None or due > deadline)

    def _forever(self) -> None:
        with self.condition:
            while not self._closed:
                try:
                    self._turn(math.inf)
                except Exception as error:
                    self._broke(error)
                for waiter in self._waiters:
                    if self._broken is not None or waiter.over():
                        waiter.ticket.notify()

    def _turn(self, deadline: float) -> None:
        """Do one thing, or wait for one to happen. The condition is held."""
        clock = self._network.clock
        self._expire()
        horizon = self._horizon()
        due = self._due()
        if due is not None and due <= min(horizon, deadline) and self._worth_it(min(horizon, deadline)):
            self._step(due)
        elif not self._dispatch():
            if self._mode == "real":
                clock.move_to(horizon)
            self._rest(due, horizon)
        self.condition.notify_all()

    def _step(self, due: float) -> None:
        """Do what is due next; the network comes before its applications."""
        clock = self._network.clock
        if clock.next_due() == due:
            clock.step()
            return
        self._alarm = None
        clock.move_to(due)
        loop = self.loop
        if loop is not None:
            loop.wake()

    def _worth_it(self, limit: float) -> bool:
        """Nobody who lets time fly wants to fly to the end of calls that nobody ends, nor to the moment when
        an application forgets what it doesn't need any more.
        """
        return limit != math.inf or bool(self._under_way) or not self.idle

    def _horizon(self) -> float:
        """How far time may go now."""
        clock = self._network.clock
        if self._mode == "real":
            return self.now()
        if self._quiet:
            return math.inf
        if self._stuck():
            return self._virtual + time.monotonic() - self._wall
        self._virtual, self._wall = clock.now, time.monotonic()
        # What is due at this very moment comes before the next request, but not beside one under way.
        resting = (not self._under_way or self._sleeps) and not self._loop_works
        return clock.now if resting else -math.inf

    def _stuck(self) -> bool:
        """Whether everything under way takes long."""
        latest = next(reversed(self._under_way.values()), None)
        return latest is not None and time.monotonic() - latest.since > PATIENCE

    def _dispatch(self) -> bool:
        """Send the next request that may go; whether there was one."""
        concurrent = self._mode == "real" or self._stuck() or self._sleeps
        if (self._under_way or self._loop_works) and not concurrent:
            return False
        outbox = self._network.outbox
        if not outbox:
            return False
        delivery = outbox.take()
        context = copy_context()
        context.run(DELIVERING.set, (*DELIVERING.get(), self))
        under_way = _UnderWay(delivery, time.monotonic(), context.run(self._send, delivery.ask))
        self._under_way[delivery.number] = under_way
        self._outside += not under_way.sending.inside
        self._expiry = min(self._expiry, under_way.expiry)
        under_way.sending.answer.add_done_callback(partial(self._answered, under_way))
        return True

    def _send(self, ask: Ask) -> Sending:
        try:
            return self._sender.send(ask)
        except Exception as error:  # whatever it was: the request is no longer under way
            detail = f"the request could not be sent ({type(error).__name__}: {error})"
            return Sending.over(Failure("broken", detail))

    def _expire(self) -> None:
        """Give up what takes longer than it may and can't notice: a loop is blocked, a handler hangs, a head
        drips in byte by byte.
        """
        now = time.monotonic()
        if now < self._expiry:
            return
        for each in tuple(self._under_way.values()):
            if each.expiry <= now:
                each.sending.answer.cancel()
        self._expiry = min((each.expiry for each in self._under_way.values()), default=math.inf)

    def _rest(self, due: float | None, horizon: float) -> None:
        """Wait for an answer, for somebody's doing, or for the next thing that is due."""
        soon = self._until_sleep()
        if not soon and due is not None and math.isfinite(horizon):
            soon = max((due - horizon) / (self.speed or 1.0), 0.001)
        self.condition.wait(min(soon or LONGEST_REST, LONGEST_REST, self._until_expiry()))

    def _until_expiry(self) -> float:
        """Seconds on the wall for which nothing has to be given up."""
        return max(self._expiry - time.monotonic(), 0.001)

    def _answered(self, under_way: _UnderWay, answer: Future[Outcome]) -> None:
        delivery = under_way.delivery
        if answer.cancelled():
            limit = delivery.ask.limits.total
            delivery.ask.spent.seconds += limit
            why = ": its loop is blocked" if under_way.sending.inside else ""
            outcome: Outcome = Failure("timeout", f"no answer within {limit:g} s{why}")
        else:
            outcome = answer.result()
        with self.condition:
            del self._under_way[delivery.number]
            self._outside -= not under_way.sending.inside
            self._network.outbox.done(delivery)
            try:
                delivery.reply(outcome)
            except Exception as error:
                self._broke(error)
            self.condition.notify_all()

    def _broke(self, error: Exception) -> None:
        """Something failed that nobody waited for: the next who waits for anything is told, once."""
        _log.error("the emulator broke", exc_info=error)
        self._broken = error


async def _close(applications: list[Application]) -> None:
    await asyncio.gather(*(application.aclose() for application in applications))


def _millisecond(due: float | None) -> float | None:
    """The first one of the clock's milliseconds in which something is due."""
    return None if due is None else math.ceil(due * 1000 - 1e-3) / 1000


def _nothing() -> None:
    """Marks a moment on the clock."""
