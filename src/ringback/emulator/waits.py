"""Waits of a test for events of its application: `await call.wait_for(CallEnded, timeout=300)`.

While the clock is moved on purpose, such a wait lets time pass like `expect_say`: as far as it takes, and its
timeout is in virtual seconds. A thread does that, since the test may await in a loop of its own. It stands
back where somebody holds the phone as well: they wait for things that come earlier.
"""

from __future__ import annotations

import math
import threading
import time
from concurrent.futures import InvalidStateError
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from attrs import frozen

from ringback.errors import EmulatorError

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ringback._core.webhooks.events import Event
    from ringback.emulator.driver import Driver
    from ringback.emulator.engine.network import Network

__all__ = ["Polls", "Waits"]

# Seconds on the wall in which somebody may do something where nothing else happens.
GRACE: Final = 0.5
_FOR_EVER: Final = 86_400.0


@frozen(eq=False)
class _Wait:
    """A wait that ends at a virtual second, or never of its own."""

    future: Future[Event]
    timeout: float | None
    end: float

    def fail(self, error: Exception) -> None:
        with suppress(InvalidStateError):  # it came after all, or nobody waits any more
            self.future.set_exception(error)


class Waits:
    """Lets time pass for those who wait for an event."""

    def __init__(self, driver: Driver, network: Network) -> None:
        self._driver = driver
        self._network = network
        self._waits: list[_Wait] = []

    def begin(self, future: Future[Event], timeout: float | None) -> bool:
        """Somebody waits, for so many seconds at most; False where that is none of ours."""
        driver = self._driver
        if future.done():
            return False
        if driver.handles():
            if driver.loop is not None:
                driver.loop.awaits(future)
            return False
        if not driver.moves_on_purpose:
            return False
        with driver.condition:
            endless = timeout is None or not timeout < _FOR_EVER
            end = math.inf if endless else round(self._network.clock.now + max(timeout or 0.0, 0.0), 3)
            self._waits.append(_Wait(future, timeout, end))
            driver.condition.notify_all()
            if len(self._waits) == 1:
                threading.Thread(target=self._serve, name="ringback-waiting", daemon=True).start()
        future.add_done_callback(lambda _: driver.notify())
        return True

    def _serve(self) -> None:
        while waits := self._left():
            end = min(each.end for each in waits)
            seconds = _FOR_EVER if end == math.inf else max(end - self._network.clock.now, 0.0)

            def news(known: int = len(waits)) -> bool:
                return len(self._waits) != known or any(each.future.done() for each in self._waits)

            try:
                if not self._driver.wait_until(
                    news, seconds=seconds, grace=GRACE, patient=end < math.inf, background=True
                ):
                    for each in waits:
                        if each.end == end:
                            each.fail(self._nothing_came(each))
            except EmulatorError as error:  # it is closed
                for each in waits:
                    each.fail(error)

    def _left(self) -> list[_Wait]:
        with self._driver.condition:
            self._waits = [each for each in self._waits if not each.future.done()]
            return list(self._waits)

    def _nothing_came(self, wait: _Wait) -> Exception:
        if wait.end < math.inf:
            return TimeoutError(f"nothing came within {wait.timeout} s")
        return EmulatorError(
            "what this waits for never comes: nothing is going to happen any more unless somebody does "
            f"something\n\n{self._network.transcript.text()}"
        )


class Polls:
    """Notices a test that asks the API again and again for what can't change while time stands still."""

    _FEW: Final = 5
    _SOON: Final = 0.8  # seconds on the wall

    def __init__(self, driver: Driver, network: Network) -> None:
        self._driver = driver
        self._network = network
        self._at: float | None = None
        self._asked: dict[str, tuple[float, int]] = {}

    def check(self, method: str, target: str) -> None:
        """Somebody asks the API.

        Raises:
            EmulatorError: That has been asked for some time, and would be asked for ever.
        """
        driver = self._driver
        if not driver.moves_on_purpose or driver.handles():
            return
        with driver.condition:
            if method != "GET" or self._at != self._network.clock.now:
                self._at = self._network.clock.now
                self._asked.clear()
            since, times = self._asked.get(target, (time.monotonic(), 0))
            self._asked[target] = (since, times + 1)
            vain = times >= self._FEW and time.monotonic() - since > self._SOON
            if vain and not driver.idle and not driver.waited_for:
                raise EmulatorError(
                    f"time stands still, and {target.partition('?')[0]} is asked again and again: wait for "
                    "what is to happen (call.wait_for(…), phone.expect_…(…), emulator.advance(…)), or let "
                    'time pass by itself with @pytest.mark.ringback(clock="auto") or Emulator(clock="auto")'
                )
