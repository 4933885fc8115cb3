"""Requests that wait for a driver: in order, one of each lane at a time."""

from __future__ import annotations

from ringback.emulator.engine.kernel.outbox import Outbox
from ringback.emulator.engine.kernel.requests import Ask, Failure, Outcome
from ringback.http import WebhookRequest


def put(outbox: Outbox, *lanes: str) -> list[Outcome]:
    """Put a request into each of the lanes; what comes of them."""
    outcomes: list[Outcome] = []
    for lane in lanes:
        outbox.put(Ask(WebhookRequest("GET", f"https://example.com/{lane}"), lane), outcomes.append)
    return outcomes


def test_they_go_in_order() -> None:
    outbox = Outbox()
    assert not outbox
    put(outbox, "a", "b", "c")
    assert [outbox.take().ask.lane for _ in range(3) if outbox] == ["a", "b", "c"]
    assert not outbox


def test_those_of_one_lane_go_one_after_the_other() -> None:
    outbox = Outbox()
    put(outbox, "a", "a", "a", "b")
    first, other = outbox.take(), outbox.take()
    assert (first.number, other.ask.lane) == (1, "b")
    assert not outbox
    outbox.done(first)
    second = outbox.take()
    assert second.number == 2
    put(outbox, "a", "b")
    outbox.done(other)
    assert (outbox.take().ask.lane, bool(outbox)) == ("b", False)
    outbox.done(second)
    assert outbox.take().number == 3


def test_one_that_had_to_wait_goes_before_those_that_came_later() -> None:
    outbox = Outbox()
    put(outbox, "a", "a", "b", "c")
    first = outbox.take()
    outbox.done(first)
    assert [outbox.take().number for _ in range(3)] == [2, 3, 4]


def test_a_lane_that_is_free_again_is_like_a_new_one() -> None:
    outbox = Outbox()
    put(outbox, "a")
    outbox.done(outbox.take())
    put(outbox, "a")
    assert outbox.take().number == 2


def test_the_answer_goes_to_whoever_asked() -> None:
    outbox = Outbox()
    outcomes = put(outbox, "a")
    outcome = Failure("connect", "nobody there")
    outbox.take().reply(outcome)
    assert outcomes == [outcome]
