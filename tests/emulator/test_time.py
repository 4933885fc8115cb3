"""Time is moved on purpose: in seconds, minutes, hours, days, or by a timedelta."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest

from ringback.emulator import Emulator
from ringback.errors import EmulatorError


@pytest.mark.parametrize("clock", ["manual", "auto"])
def test_time_is_moved_in_any_unit(clock: str) -> None:
    with Emulator(clock="manual" if clock == "manual" else "auto") as emulator:
        emulator.advance(1.5)
        assert emulator.now == 1.5
        emulator.advance(minutes=5)
        assert emulator.now == 301.5
        emulator.advance(0.5, minutes=1, hours=1.5, days=2)
        assert emulator.now == 302 + 60 + 5_400 + 172_800
        before = emulator.date
        emulator.advance(timedelta(days=30, seconds=1))
        emulator.skip(hours=1)
        emulator.skip(timedelta(minutes=1))
        assert emulator.date - before == timedelta(days=30, hours=1, minutes=1, seconds=1)
        emulator.advance(0)


def test_a_clock_that_goes_as_on_the_wall_is_put_forward() -> None:
    with Emulator(clock="real") as emulator:
        before = emulator.date
        emulator.skip(days=1)
        emulator.advance(0.001)
        assert timedelta(days=1) <= emulator.date - before < timedelta(days=1, minutes=1)


@pytest.mark.parametrize("name", ["minutes", "hours", "days"])
@pytest.mark.parametrize("value", [-1, math.inf, math.nan, "5", True, 10**400])
def test_what_is_no_time_is_named(name: str, value: float) -> None:
    with Emulator() as emulator:
        for move in (emulator.advance, emulator.skip):
            with pytest.raises(EmulatorError, match=f"{name}: expected a number of at least 0, at most"):
                move(**{name: value})
        assert emulator.now == 0


def test_nothing_negative_and_too_much() -> None:
    with Emulator() as emulator:
        with pytest.raises(
            EmulatorError, match="seconds: expected them, minutes, hours, days, or a timedelta"
        ):
            emulator.advance()
        with pytest.raises(EmulatorError, match="seconds: expected a number of at least 0"):
            emulator.advance(timedelta(seconds=-1))
        with pytest.raises(
            EmulatorError, match="seconds: expected seconds of at least 0, at most 31,622,400"
        ):
            emulator.advance(days=366, seconds=1)
        assert emulator.now == 0
