"""A run without I/O: in whatever order the entries of its record come, and however often, it comes to the
same; and flows of any shape do on every replay what they did at first.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.app import Application, CallFlow, Journal, replay
from ringback.app.flows import runner
from ringback.app.flows.journal import HUNG_UP, NONE, Begins, Ended, Line, Outcome, Served, Started, Value
from ringback.app.flows.machine import Machine
from ringback.errors import CallHungUp, StepFailed
from ringback.twiml import Say
from ringback.webhooks import IncomingCall
from tests.app.test_flows import URL
from tests.app.test_flows import Line as Caller
from tests.app.twilio import TOKEN, eventually, tags

if TYPE_CHECKING:
    from ringback.app.flows.journal import Entry

VERBS = ("Gather", "Record", "Dial")
OUTCOMES = st.one_of(
    st.builds(Outcome, kind=st.just("GatherResult"), parameters=st.fixed_dictionaries({"Digits": st.text()})),
    st.just(Outcome(kind=NONE, status="in-progress")),
    st.just(Outcome(kind=HUNG_UP, status="completed")),
)
OPERATIONS = st.one_of(
    st.tuples(st.sampled_from(VERBS), OUTCOMES),
    st.tuples(st.just("gives up"), OUTCOMES),
    st.tuples(st.just("step"), st.integers()),
    st.tuples(st.sampled_from(["now", "random", "uuid"]), st.none()),
)
PROGRAMS = st.lists(OPERATIONS, max_size=12)


class Stops(Exception):
    """The record has no more."""


class Play:
    """A flow that does what a program says, and a machine that is asked about each thing.

    Args:
        machine: The machine.
        written: Where what is decided is written; None where nothing is, as there is nobody to decide.
    """

    def __init__(self, machine: Machine, written: list[Line] | None) -> None:
        self.machine = machine
        self.written = written
        self.trace: list[object] = []
        self.clock = 0.0

    def run(self, program: list[tuple[str, Any]]) -> list[object]:
        try:
            for name, given in program:
                self.trace.append(self.do(name, given))
        except (Stops, CallHungUp) as stopped:
            self.trace.append(type(stopped).__name__)
        return self.trace

    def do(self, name: str, given: Any) -> object:
        machine = self.machine
        match name:
            case "step":
                key = machine.occurrence("work")
                known = machine.value(key)
                if known is None:
                    machine.check_step(key)
                    self.write(f"b.{key}", Begins(step=machine.step))
                    known = self.write(f"s.{key}", Value(value=given))
                return known.value
            case "now":
                self.clock += 1.5
                return machine.time(lambda: self.clock)
            case "random":
                return machine.random.random()
            case "uuid":
                return machine.uuid()
            case _:
                verb = "Gather" if name == "gives up" else name
                self.serve(verb)
                return self.result(given, gives_up=name == "gives up")

    def serve(self, verb: str) -> None:
        machine = self.machine
        if machine.ended is not None:
            raise CallHungUp("CA", machine.ended)
        machine.check(verb)
        if machine.served() is None:
            gave_up = machine.waiting is not None
            self.write(
                f"out.{machine.step}", Served(verb=verb, body="", times=machine.times(), gave_up=gave_up)
            )
        machine.times()
        machine.wait(verb)

    def result(self, given: Outcome, *, gives_up: bool) -> object:
        machine = self.machine
        name = f"in.{machine.step}"
        if gives_up:
            if self.written is not None:
                self.written.append(Line(name, given))  # it comes too late
            return None
        if machine.outcome() is None:
            machine.feed(name, self.write(name, given))
        taken = machine.take()
        if taken.kind == HUNG_UP:
            raise CallHungUp("CA", taken.status or "")
        return dict(taken.parameters)

    def write(self, name: str, entry: Any) -> Any:
        if self.written is None:
            raise Stops
        self.written.append(Line(name, entry))
        return entry


@given(PROGRAMS, st.data())
def test_entries_in_any_order_and_doubled_come_to_the_same(
    program: list[tuple[str, Any]], data: st.DataObject
) -> None:
    written: list[Line] = []
    live = Play(Machine("seed"), written).run(program)
    shuffled = data.draw(st.permutations(written + written))
    machine = Machine("seed")
    for line in shuffled:
        machine.feed(line.name, line.entry)
    again: list[Line] = []
    # A verb that was given up last is given up again: what came of it has no answer that says so.
    assert Play(machine, again).run(program) == live
    assert not [line.name for line in again if line.name[:2] != "in"]


@given(PROGRAMS, st.data())
def test_what_is_cut_off_is_where_it_stops(program: list[tuple[str, Any]], data: st.DataObject) -> None:
    written: list[Line] = []
    live = Play(Machine("seed"), written).run(program)
    kept = written[: data.draw(st.integers(0, len(written)))]
    machine = Machine("seed")
    for line in kept:
        machine.feed(line.name, line.entry)
    trace = Play(machine, None).run(program)
    if trace and trace[-1] == "Stops":
        trace.pop()
    # Times that no answer has told yet are asked for anew, by a clock that agrees here.
    assert trace == live[: len(trace)]


ENTRIES = st.one_of(
    st.tuples(st.integers(0, 5).map(lambda number: f"in.{number}"), OUTCOMES),
    st.tuples(
        st.integers(0, 5).map(lambda number: f"out.{number}"),
        st.builds(Served, verb=st.sampled_from(VERBS), body=st.just(""), gave_up=st.booleans()),
    ),
    st.tuples(st.sampled_from(["b.work#1", "b.other#1"]), st.builds(Begins, step=st.integers(0, 5))),
    st.tuples(st.just("s.work#1"), st.builds(Value, value=st.integers())),
    st.tuples(st.just("end"), st.just(Ended(status="completed"))),
)


@given(st.lists(ENTRIES, max_size=12))
def test_only_the_first_entry_of_a_name_counts(entries: list[tuple[str, Entry]]) -> None:
    first: dict[str, Entry] = {}
    for name, entry in entries:
        first.setdefault(name, entry)
    one, other = Machine("seed"), Machine("seed")
    for name, entry in entries:
        one.feed(name, entry)
    for name, entry in first.items():
        other.feed(name, entry)
    for slot in Machine.__slots__:
        if slot != "_given_up":  # of which there is one at most for each answer in a record
            assert getattr(one, slot) == getattr(other, slot)


# --- flows

GIVEN = {"Gather": {"Digits": "5"}, "Record": {"RecordingUrl": "https://x", "RecordingDuration": "4"}}

SHAPES = st.lists(
    st.sampled_from(["gather", "record", "step", "fails", "background", "now", "random", "uuid", "together"]),
    min_size=1,
    max_size=8,
)
KEYS = st.lists(st.sampled_from(["1", "", "again", "hang up"]), min_size=8, max_size=8)


def flow_of(shape: list[str], ends: list[str]) -> Any:
    """A flow of this shape, which says at its end what it has seen."""

    async def lead(call: CallFlow) -> None:
        seen: list[object] = []
        try:
            for number, part in enumerate(shape):
                seen.append(await do(call, part, number))
            call.say(repr(seen))
        except CallHungUp as hung_up:
            ends.append(hung_up.status)
            raise

    async def do(call: CallFlow, part: str, number: int) -> object:
        match part:
            case "gather":
                pressed = await call.gather(Say(f"Number {number}"))
                return pressed and pressed.digits
            case "record":
                recording = await call.record()
                return recording and recording.duration
            case "step":
                return await call.step(lambda: number, name="number")
            case "fails":
                with pytest.raises(StepFailed) as failed:
                    await call.step(lambda: 1 / 0, name="fails")
                return str(failed.value)
            case "background":
                return await call.background(lambda: [number], name="beside")
            case "together":
                return await asyncio.gather(*(call.step(abs, -each) for each in range(3)))
            case "now":
                return call.now().year > 2000
            case "random":
                return 0 <= call.random() < 1
            case _:
                call.say(call.uuid().hex)
                return None

    return lead


async def lead_through(app: Application, url: str, keys: list[str]) -> tuple[Caller, list[str]]:
    """What is served to somebody who presses these keys, doubled here and there."""
    line = Caller(app, url)
    heard = [await line.start()]
    for key in keys:
        assert line.heard is not None
        verb = next((each for each in ("Gather", "Record") if each in tags(line.heard)), None)
        if verb is None:
            break
        if key == "hang up":
            await line.ended()
            break
        given = (
            {"Digits": "5"} if verb == "Gather" else {"RecordingUrl": "https://x", "RecordingDuration": "4"}
        )
        before = line.heard
        heard.append(await line.after(verb if key else "Redirect", **(given if key else {})))
        if key == "again":
            assert line.heard is not None
            after, line.heard = line.heard, before
            await line.after(verb, **given)
            assert line.heard == after
    assert line.heard is not None
    return line, [str(each) for each in heard]


@settings(max_examples=12, deadline=None)
@given(SHAPES, KEYS)
def test_flows_of_any_shape_do_the_same_on_every_replay(shape: list[str], keys: list[str]) -> None:
    async def run(workers: int) -> tuple[list[str], list[str], str, Journal, Any]:
        app = Application(public_url=URL, auth_token=TOKEN, deadline=5.0)
        app._watch_flows(workers)
        ends: list[str] = []
        flow = app.flow(IncomingCall, path="/flow")(flow_of(shape, ends))
        line, heard = await lead_through(app, flow.url, keys)
        assert line.heard is not None
        hangs_up = "hang up" in keys[: len(heard)] and {"Gather", "Record"} & set(tags(line.heard))
        if hangs_up:
            await eventually(lambda: bool(ends), 20)  # a note may be lost, and is made good for after a lease
        journal = await app._flows.journal(line.sid)
        assert journal is not None
        last = re.sub(r"[0-9a-f]{32}|flow\.[^.]+", "-", line.text())
        await app.aclose()
        return heard, ends, last, journal, flow

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(runner, "GRACE", 0.05)
        alone = asyncio.run(run(0))
        in_turn = asyncio.run(run(3))
    assert alone[:3] == in_turn[:3]
    for *_, journal, flow in (alone, in_turn):
        lines = list(journal)
        assert isinstance(lines[0].entry, Started)
        for length in range(1, len(lines) + 1):
            replay(flow, Journal(lines[:length]))
