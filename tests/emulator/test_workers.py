"""Flows that each webhook finds in another worker, and what is left of them: journals, and their replays."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from ringback.app import Application, CallFlow, Journal, replay
from ringback.emulator import Emulator
from ringback.errors import EmulatorError, FlowChanged, InvalidValue, JournalUnreadable
from ringback.webhooks import IncomingCall

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from ringback.app.flows.call import AnyFlow

GUEST = "+15558675310"
OURS = "+15017122661"


@pytest.fixture
def app() -> Application:
    return Application(public_url="https://example.com/phone")


@pytest.mark.parametrize("workers", [0, 3])
def test_a_flow_is_led_by_each_in_turn(monkeypatch: pytest.MonkeyPatch, workers: int) -> None:
    between: list[UUID] = []
    steps: list[int] = []
    ends: list[datetime] = []
    with Emulator(workers=workers, strict=True) as emulator:
        app = Application(public_url="https://example.com/phone", auth_token=emulator.auth_token)

        def count() -> int:
            steps.append(1)
            return len(steps)

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            between.append(call.uuid())
            try:
                first = await call.gather(num_digits=1)
                number = await call.step(count)
                second = await call.gather(num_digits=1)
                call.say(f"got {first and first.digits} {second and second.digits} {number}")
                await call.record()
            finally:
                ends.append(call.now())

        emulator.install(app, OURS)
        call = emulator.phone(GUEST).dial(OURS)
        call.press("1")
        call.press("2")
        call.expect_say("got 1 2 1")
        call.hangup()
        emulator.advance(60)
        assert len(between) == (1 if workers == 0 else 4)
        assert len(set(between)) == len(steps) == len(ends) == 1
        journal = emulator.journal(call)
        emulator.check_problems()

    names = " ".join(line.name for line in journal)
    expected = "start out.0 in.1 b.count#1 s.count#1 out.1 in.2 out.2 end in.3 out.3 done"
    assert names == expected
    replay(flow, journal)
    assert len(steps) == 1

    @app.flow(IncomingCall, path="/shorter")
    async def shorter(call: CallFlow) -> None:
        await call.gather(num_digits=1)
        await call.record()

    with pytest.raises(FlowChanged, match=r"^b\.count#1: the journal has the step count#1, .* Record\."):
        replay(shorter, Journal.from_json(journal.to_json()))


@pytest.mark.ringback(workers=3)
def test_the_fixture_has_them_too(emulator: Emulator, app: Application) -> None:
    started: list[str] = []

    @app.flow(IncomingCall)
    async def flow(call: CallFlow) -> None:
        started.append(call.sid)
        await call.gather(num_digits=1)
        call.say("thanks")

    emulator.install(app, OURS)
    call = emulator.phone(GUEST).dial(OURS)
    call.press("1")
    call.expect_say("thanks")
    assert len(started) == 2


def test_no_journal(emulator: Emulator, app: Application) -> None:
    emulator.install(app, OURS)
    with pytest.raises(EmulatorError, match="no flow"):
        emulator.journal("CA" + "0" * 32)
    with pytest.raises(EmulatorError, match=r"^call: expected a PhoneCall, or the SID of a call, got 3$"):
        emulator.journal(cast("str", 3))


def test_wrong_replays(app: Application) -> None:
    @app.flow(IncomingCall)
    async def flow(call: CallFlow) -> None:
        await call.gather()

    with pytest.raises(InvalidValue, match=r"^flow: expected a flow of calls, .* got 'flow'$"):
        replay(cast("AnyFlow", "flow"), Journal())
    with pytest.raises(InvalidValue, match=r"^journal: expected what emulator\.journal.* got 'journal'$"):
        replay(flow, cast("Journal", "journal"))
    with pytest.raises(InvalidValue, match=r"^journal: expected one that begins with start"):
        replay(flow, Journal())
    with pytest.raises(InvalidValue, match=r"^timeout: expected a number above 0, in seconds, got -1$"):
        replay(flow, Journal(), timeout=-1)
    with pytest.raises(InvalidValue, match=r"^text: expected a text, what Journal\.to_json gives, got 3$"):
        Journal.from_json(cast("str", 3))


@pytest.mark.parametrize("workers", [1, -1, 17, True, "3"])
def test_wrong_numbers_of_workers(workers: int) -> None:
    with pytest.raises(EmulatorError, match="workers: expected 0, or 2 to 16"):
        Emulator(workers=workers)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('"in.1"', "line 1"),
        ('x: {"kind": "none"}', "line 1"),
        ('"in.1": {"kind": 5}', "in.1"),
        ('"in.1": {"kind": "none", "parameters": {"a": 1}}', "in.1"),
        ('"in.1": {"kind": "none"', "in.1"),
        ('"start": {"format": 2, "flow": "x"}', "start"),
        ('"out.1": {"verb": "Say"}', "out.1"),
        ('"out.1": {"verb": "Say", "body": "", "times": ["x"]}', "out.1"),
    ],
)
def test_journals_that_cannot_be_read(text: str, line: str) -> None:
    with pytest.raises(JournalUnreadable) as caught:
        Journal.from_json(text)
    assert caught.value.line == line
