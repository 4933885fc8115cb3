"""What flows do besides talking: steps whose values are recorded, time and chance that a replay finds again.

Each test runs in one worker, and with a fresh worker for each webhook.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, cast

import cattrs
import pytest

from ringback.app import Application, CallFlow, HandlerFailed, Journal, replay, step_key
from ringback.app.flows import steps
from ringback.errors import FlowChanged, InvalidValue, StepFailed
from ringback.webhooks import IncomingCall
from tests.app.test_flows import URL, Line
from tests.app.test_values import Plain
from tests.app.twilio import TOKEN, eventually

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

pytestmark = pytest.mark.in_turn

GUEST: ContextVar[str] = ContextVar("guest", default="nobody")


@pytest.fixture
async def app(workers: int) -> AsyncGenerator[Application, None]:
    app = Application(public_url=URL, auth_token=TOKEN, deadline=5.0)
    app._watch_flows(workers)
    yield app
    await app.aclose()


@pytest.fixture
def failures(app: Application) -> list[HandlerFailed]:
    seen: list[HandlerFailed] = []
    app.on(HandlerFailed, seen.append)
    return seen


async def led(app: Application, function: Callable[[CallFlow], Awaitable[object]]) -> str:
    """What a flow says of what a function gives, which is asked for before and after two keys."""

    @app.flow(IncomingCall, path="/led")
    async def flow(call: CallFlow) -> None:
        said = str(await function(call))
        await call.gather()
        said += f" {await function(call)}"
        await call.gather()
        call.say(said)

    line = Line(app, flow.url)
    await line.start()
    await line.after("Gather", Digits="1")
    await line.after("Gather", Digits="1")
    replay(flow, await journal(app, line))
    return line.text()


async def journal(app: Application, line: Line) -> Journal:
    found = await app._flows.journal(line.sid)
    assert found is not None
    return Journal.from_json(found.to_json())


class Counter:
    """Counts how often it is called, in whatever way."""

    def __init__(self) -> None:
        self.calls = 0
        self.threads: set[str] = set()

    def plain(self, start: int = 0) -> int:
        self.calls += 1
        self.threads.add(threading.current_thread().name)
        return start + self.calls

    async def coroutine(self, start: int = 0) -> int:
        await asyncio.sleep(0)
        return self.plain(start)


class TestFunctions:
    @pytest.mark.parametrize(
        "kind", ["sync", "async", "partial", "lambda", "callable", "returns a coroutine"]
    )
    async def test_each_is_called_once(self, app: Application, kind: str) -> None:
        counter = Counter()

        async def step(call: CallFlow) -> int:
            match kind:
                case "sync":
                    return await call.step(counter.plain, 10)
                case "async":
                    return await call.step(counter.coroutine, 10)
                case "partial":
                    return await call.step(functools.partial(counter.plain, start=10), name="count")
                case "lambda":
                    return await call.step(lambda: counter.plain(10), name="count")
                case "async partial":
                    return await call.step(functools.partial(counter.coroutine, 10), name="count")
                case _:
                    return await call.step(lambda start: counter.coroutine(start), 10, name="count")

        assert await led(app, step) == "11 12"
        assert counter.calls == 2
        in_thread = kind in ("sync", "partial", "lambda")
        assert (threading.current_thread().name in counter.threads) is not in_thread

    async def test_a_thread_has_the_context_of_the_flow(self, app: Application) -> None:
        def guest() -> str:
            return GUEST.get()

        async def guest_async() -> str:
            return GUEST.get()

        async def step(call: CallFlow) -> str:
            GUEST.set(call.sid[-4:])
            one, other = await call.step(guest), await call.step(guest_async)
            assert one == other
            return "the guest" if one == call.sid[-4:] else one

        assert await led(app, step) == "the guest the guest"

    async def test_at_once(self, app: Application) -> None:
        async def step(call: CallFlow) -> list[int]:
            async def slow(number: int) -> int:
                await asyncio.sleep(0.03 / number)
                return number

            return await asyncio.gather(*(call.step(slow, number) for number in (1, 2, 3)))

        assert await led(app, step) == "[1, 2, 3] [1, 2, 3]"

    async def test_a_converter(self, app: Application) -> None:
        converter = cattrs.Converter()
        converter.register_unstructure_hook(Plain, lambda plain: plain.text)
        converter.register_structure_hook(Plain, lambda text, _: Plain(text))

        async def step(call: CallFlow) -> str:
            made = await call.step(lambda: Plain("x"), name="make", converter=converter)
            assert made == Plain("x")
            return made.text

        assert await led(app, step) == "x x"


class TestFailures:
    async def test_an_error_is_recorded(self, app: Application, failures: list[HandlerFailed]) -> None:
        calls: list[int] = []

        def charge() -> None:
            calls.append(1)
            raise ConnectionError("no route")

        async def step(call: CallFlow) -> str:
            with pytest.raises(StepFailed) as caught:
                await call.step(charge)
            return str(caught.value)

        said = await led(app, step)
        first, again = said[: len(said) // 2], said[len(said) // 2 + 1 :]
        assert first == again
        assert "charge" in first
        assert "ConnectionError" in first
        assert "no route" in first
        assert len(calls) == 2
        assert failures == []

    @pytest.mark.parametrize("tries", [1, 3])
    async def test_retries(self, app: Application, tries: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(steps, "WAIT", 0.001)
        keys: list[str] = []

        async def flaky() -> int:
            keys.append(step_key())
            if len(keys) % tries:
                raise OSError("not now")
            return len(keys)

        async def step(call: CallFlow) -> int:
            return await call.step(flaky, retry=tries - 1)

        assert await led(app, step) == f"{tries} {2 * tries}"
        assert len(keys) == 2 * tries
        assert len(set(keys)) == 2, "a step has one key however often it is tried"

    async def test_a_value_that_can_t_be_recorded(
        self, app: Application, failures: list[HandlerFailed]
    ) -> None:
        calls: list[int] = []

        def made() -> dict[str, object]:
            calls.append(1)
            return {"order": [object()]}

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            with pytest.raises(InvalidValue, match=r"^value of step made\['order'\]\[0\]: .*object"):
                await call.step(made)
            call.say("Well")

        line = Line(app, flow.url)
        await line.start()
        assert line.text() == "Well"
        assert [each.name for each in await journal(app, line) if each.name.startswith("s.")] == []

    @pytest.mark.parametrize("name", ["", "a b", "a.b", "ü", "x" * 65, "a#1"])
    async def test_a_name_that_is_none(self, app: Application, name: str) -> None:
        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            with pytest.raises(InvalidValue, match=r"^name: "):
                await call.step(int, name=name)
            with pytest.raises(InvalidValue, match=r"^name: "):
                call.background(int, name=name)
            with pytest.raises(InvalidValue, match=r"^name: "):
                await call.step(lambda: 1)
            for retry in (-1, 101, True, "3"):
                with pytest.raises(InvalidValue, match=r"^retry: "):
                    await call.step(int, retry=cast("int", retry))
            call.say("Told")

        line = Line(app, flow.url)
        await line.start()
        assert line.text() == "Told"

    async def test_what_is_no_function_and_what_is_no_converter(self, app: Application) -> None:
        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            for wrong in (3, "count", None):
                with pytest.raises(InvalidValue, match=f"^function: expected a function, got {wrong!r}$"):
                    await call.step(cast("Callable[[], int]", wrong))
                with pytest.raises(InvalidValue, match=f"^function: expected a function, got {wrong!r}$"):
                    call.background(cast("Callable[[], int]", wrong), name="count")
            called = asyncio.sleep(0)
            with pytest.raises(InvalidValue, match=r"^function: .* step calls it, as step\(function, "):
                await call.step(cast("Callable[[], None]", called))
            called.close()
            with pytest.raises(InvalidValue, match=r"^converter: expected one with structure and .*, got 3$"):
                await call.step(int, converter=cast("cattrs.Converter", 3))
            call.say("Told")

        line = Line(app, flow.url)
        await line.start()
        assert line.text() == "Told"

    async def test_there_is_no_key_outside_of_steps(self, app: Application) -> None:
        with pytest.raises(RuntimeError, match="no step runs here"):
            step_key()


class TestKeys:
    async def test_steps_of_one_name_are_told_apart(self, app: Application) -> None:
        keys: list[str] = []

        def note() -> None:
            keys.append(step_key())

        async def step(call: CallFlow) -> None:
            await call.step(note)
            await call.step(note, name="other")
            await call.step(note)

        await led(app, step)
        assert len(keys) == len(set(keys)) == 6

    async def test_of_different_calls_are_different(self, app: Application) -> None:
        keys: list[str] = []

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            await call.step(lambda: keys.append(step_key()), name="note")

        for _ in range(2):
            await Line(app, flow.url).start()
        assert len(set(keys)) == 2


class TestBackground:
    async def test_goes_on_while_the_flow_talks(self, app: Application) -> None:
        calls: list[int] = []

        async def look_up() -> str:
            calls.append(1)
            await asyncio.sleep(0.01)
            return "Anna"

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            name = call.background(look_up)
            await call.gather()
            call.say(await name)

        line = Line(app, flow.url)
        await line.start()
        await asyncio.sleep(0.05)
        await line.after("Gather", Digits="1")
        assert line.text() == "Anna"
        assert len(calls) == 1
        replay(flow, await journal(app, line))

    async def test_what_it_raises_is_reported_where_nobody_awaits_it(
        self, app: Application, failures: list[HandlerFailed]
    ) -> None:
        def charge() -> None:
            raise ConnectionError("no route")

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            call.background(charge)
            await call.gather()
            call.say("Bye")

        line = Line(app, flow.url)
        await line.start()
        await line.after("Gather", Digits="1")
        assert line.text() == "Bye"
        await eventually(lambda: len(failures) == 1)  # at the end: until then it may be awaited
        assert isinstance(failures[0].error, StepFailed)


class TestTimeAndChance:
    async def test_are_the_same_on_every_replay(self, app: Application) -> None:
        seen: dict[tuple[str, int], set[object]] = {}

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            last = call.now()
            for number in range(4):
                for name, value in (("now", call.now()), ("random", call.random()), ("uuid", call.uuid())):
                    seen.setdefault((name, number), set()).add(value)
                assert last <= call.now()
                last = call.now()
                await call.gather()

        line = Line(app, flow.url)
        await line.start()
        for _ in range(4):
            await line.after("Gather", Digits="1")
        replay(flow, await journal(app, line))
        assert all(len(values) == 1 for values in seen.values())
        assert len({value for values in seen.values() for value in values}) == 12

    async def test_time_never_goes_back(self, app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whatever the clocks of the workers say."""
        seen: list[float] = []

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            for number in range(4):
                call._run._epoch = 1_000_000.0 - 60 * number
                told = call.now().timestamp()
                if number == len(seen):
                    seen.append(told)
                assert told == seen[number]
                await call.gather()

        line = Line(app, flow.url)
        await line.start()
        for _ in range(3):
            await line.after("Gather", Digits="1")
        assert seen == sorted(seen)
        assert len(seen) == 4


class TestChanges:
    """The code is another one than the one that wrote the journal."""

    async def test_are_told_with_their_place(self, app: Application) -> None:
        def count() -> int:
            return 1

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            await call.step(count)
            await call.gather()
            await call.record()

        line = Line(app, flow.url)
        await line.start()
        await line.after("Gather", Digits="1")
        written = await journal(app, line)
        replay(flow, written)

        async def another_verb(call: CallFlow) -> None:
            await call.step(count)
            await call.record()

        async def ends_early(call: CallFlow) -> None:
            await call.step(count)

        async def one_step_more(call: CallFlow) -> None:
            await call.step(count)
            await call.step(count)
            await call.gather()

        async def a_step_less(call: CallFlow) -> None:
            await call.gather()
            await call.record()

        async def later_verb(call: CallFlow) -> None:
            await call.step(count)
            await call.gather()
            await call.gather()

        async def same(call: CallFlow) -> None:
            await call.step(count)
            call.say("Something else may be said")
            await call.gather(num_digits=1)
            await call.record()

        for function, line_of_it in (
            (another_verb, "out.0"),
            (ends_early, "out.0"),
            (one_step_more, "out.0"),
            (a_step_less, "b.count#1"),
            (later_verb, "out.1"),
        ):
            changed = Application(public_url=URL).flow(IncomingCall)(function)
            with pytest.raises(FlowChanged) as caught:
                replay(changed, written)
            assert str(caught.value).startswith(f"{line_of_it}: "), function.__name__
        replay(Application(public_url=URL).flow(IncomingCall)(same), written)


async def test_a_step_in_the_background_ends_some_time_after_its_flow(workers: int) -> None:
    app = Application(public_url=URL, auth_token=TOKEN, linger=0.2)
    app._watch_flows(workers)
    told: list[str] = []

    async def last(seconds: float, what: str) -> None:
        try:
            await asyncio.sleep(seconds)
            told.append(what)
        finally:
            told.append(f"{what} ends")

    @app.flow(IncomingCall, path="/brief")
    async def brief(call: CallFlow) -> None:
        call.background(last, 0.05, "soon")
        call.background(last, 60.0, "late")
        call.say("Bye.")

    line = Line(app, brief.url)
    await line.start()
    await eventually(lambda: told == ["soon", "soon ends", "late ends"])
    await app.aclose()
