"""Where the emulator or a script dies of a bug, calls end all the same, and somebody is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest

from ringback.emulator import Emulator, Hear, Press, Step
from ringback.emulator.engine import world
from ringback.emulator.engine.documents import Source
from ringback.emulator.engine.kernel.process import Steps, wait
from ringback.emulator.engine.legs import Leg
from ringback.emulator.engine.people import Line
from ringback.emulator.engine.verbs import dial_number
from ringback.errors import EmulatorError
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import Website, until


class Bug(Exception):
    """Not what anybody planned."""


def buggy(leg: Leg, _source: Source) -> Steps[None]:
    if leg.call.direction == "inbound":
        yield from wait(1)
        leg.answer()
    yield from wait(2)
    raise Bug("oops")


def told(emulator: Emulator) -> list[tuple[int, str]]:
    return [(each.code, each.message) for each in emulator.problems]


BROKE = [(20500, "the emulator broke: Bug: oops")]


@pytest.mark.parametrize("way", ["in", "out"])
def test_a_call_whose_process_dies_ends(
    emulator: Emulator, website: Website, way: Literal["in", "out"]
) -> None:
    with emulator.held() as network:
        network.interpret = buggy
    if way == "in":
        call = emulator.phone(ANNA).dial(OURS)
        sid = call.sid
    else:
        with emulator.client() as client:
            sid = client.calls.create(to=ANNA, from_=OURS, url="https://example.com/voice").sid
        call = emulator.phone(ANNA).answer()
    with pytest.raises(Bug):
        emulator.run_until_idle()
    assert (call.ended.status, call.ended.duration) == ("completed", 2)
    emulator.run_until_idle()
    assert emulator.now < 10
    assert told(emulator) == BROKE
    assert emulator.problems[0].subject_sid == sid
    emulator.allow_problems(20500)


def test_a_call_that_was_not_answered_yet_fails(emulator: Emulator, website: Website) -> None:
    def at_once(_leg: Leg, _source: Source) -> Steps[None]:
        yield from wait(0)
        raise Bug("oops")

    with emulator.held() as network:
        network.interpret = at_once
    call = emulator.phone(ANNA).dial(OURS)
    with pytest.raises(Bug):
        emulator.run_until_idle()
    assert (call.ended.status, call.state) == ("failed", "over")
    emulator.allow_problems(20500)


def test_a_clock_that_runs_by_itself_goes_on() -> None:
    with Emulator(clock="auto") as emulator:
        emulator.number(OURS)
        with emulator.held() as network:
            right, network.interpret = network.interpret, buggy
        call = emulator.phone(ANNA).dial(OURS)
        until(lambda: call.state == "over")
        with pytest.raises(EmulatorError, match=r"the emulator broke: Bug\('oops'\)"):
            emulator.advance(1)
        assert call.ended.status == "completed"
        with emulator.held() as network:
            network.interpret = right
        assert emulator.phone(ANNA).dial(OURS).ended.status == "completed"


def test_a_dial_that_dies_leaves_nobody_behind(
    emulator: Emulator, website: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bridge(_self: object, _child: Leg) -> Steps[None]:
        yield from wait(1)
        raise Bug("oops")

    monkeypatch.setattr(dial_number.NumbersDial, "_bridge", bridge)
    website.pages["/voice"] = f"<Response><Dial>{BEN}</Dial></Response>"
    anna = emulator.phone(ANNA).dial(OURS)
    with pytest.raises(Bug):
        emulator.run_until_idle()
    assert anna.ended.status == "completed"
    assert emulator.phone(BEN).calls[0].ended.status == "completed"
    assert told(emulator) == BROKE
    emulator.allow_problems(20500)


def test_a_notification_that_dies_holds_up_no_end(
    emulator: Emulator, website: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exchange(*_: object, **__: object) -> Steps[None]:
        yield from wait(0)
        raise Bug("oops")

    monkeypatch.setattr(world, "exchange", exchange)
    call = emulator.phone(ANNA).dial(OURS)
    with pytest.raises(Bug):
        emulator.run_until_idle()
    assert call.ended.status == "completed"
    assert told(emulator) == BROKE
    emulator.allow_problems(20500)


def raising(_line: Line) -> Iterator[Step]:
    yield Hear("Hello")
    raise Bug("oops")


def wrong(_line: Line) -> list[Step]:
    return [Hear("Hello"), "1", Press("1")]  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("script", "error", "reason"),
    [(raising, Bug, "oops"), (wrong, EmulatorError, "script: expected Hear, .* or HangUp, got '1'")],
)
def test_who_does_not_know_what_to_do_hangs_up(
    emulator: Emulator, website: Website, script: object, error: type[Exception], reason: str
) -> None:
    website.pages["/voice"] = "<Response><Say>Hello</Say><Pause length='3000'/></Response>"
    call = emulator.phone(ANNA).dial(OURS, script=script)  # type: ignore[arg-type]
    with pytest.raises(error, match=reason):
        emulator.run_until_idle()
    assert (call.ended.by, call.ended.status) == ("me", "completed")
    assert emulator.now < 10


@pytest.mark.parametrize("detection", ["Enable", "DetectMessageEnd"])
def test_a_call_that_is_moved_before_its_first_document_goes_on(
    emulator: Emulator, website: Website, detection: Literal["Enable", "DetectMessageEnd"]
) -> None:
    with emulator.client() as client:
        sid = client.calls.create(
            to=ANNA, from_=OURS, url="https://example.com/voice", machine_detection=detection
        ).sid
        call = emulator.phone(ANNA).answer()
        emulator.advance(1)
        client.calls(sid).update(twiml="<Response><Say>Moved</Say></Response>")
    call.expect_say("Moved")
    assert call.ended.status == "completed"
    assert "/voice" not in website.paths
