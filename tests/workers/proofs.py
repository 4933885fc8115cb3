"""The Shows: how many calls, what happens to them, and what has to hold afterwards."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from attrs import define, evolve, frozen

from ringback import Application, CallEnded
from ringback.emulator import Emulator, Hear, Line, Press, Speak, Step
from tests.stores.servers import free_port
from tests.workers import clusters
from tests.workers.application import Setting
from tests.workers.caller import AUTH_TOKEN, Call, CallFailed, Network
from tests.workers.proxy import Habits, Proxy

if TYPE_CHECKING:
    from tests.workers.ledger import Ledger, Noted
    from tests.workers.pranks import Pranks

__all__ = ["Figures", "Stage", "Story", "Together", "calls", "emulated", "owner", "stage"]

Server: TypeAlias = Literal[
    "gunicorn",
    "gunicorn --preload",
    "gunicorn -k uvicorn",
    "uvicorn",
    "singles",
    "sync singles",
    "mounted singles",
]
Story: TypeAlias = Callable[["Stage", Call], Awaitable[None]]
LONGEST: Final = 60.0  # seconds that a call may take


@define
class Stage:
    """Workers, the proxy before them, and Twilio in front of that."""

    setting: Setting
    cluster: clusters.Cluster
    proxy: Proxy
    network: Network

    def place_of(self, pid: int) -> int | None:
        """Which of the workers that requests can be sent to one by one a process is."""
        return self.cluster.place_of(pid) if isinstance(self.cluster, clusters.Singles) else None

    @property
    def ledger(self) -> Ledger:
        return self.setting.ledger

    @property
    def pranks(self) -> Pranks:
        return self.setting.pranks()

    @property
    def callback(self) -> str:
        """Where the ends of calls are told."""
        app = Application(public_url=self.setting.public_url, auth_token=AUTH_TOKEN)
        url = app.callback(CallEnded).url
        return f"{url.partition('#')[0]}#{self.network.overrides}"


@contextmanager
def stage(
    store: str,
    server: Server,
    *,
    workers: int = 4,
    habits: Habits | None = None,
    deadline: float = 10.0,
    ttl: float = 3600.0,
    overrides: str | None = None,
) -> Generator[Stage, None, None]:
    """Set it up. `store` is `sqlite`, a URL of a Redis or PostgreSQL server, or nothing."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        proxy = stack.enter_context(Proxy([], habits))
        network = Network(proxy.port)
        if overrides is not None:
            network.overrides = overrides
        setting = Setting(folder, network.home, store, ttl=ttl, deadline=deadline, overrides=overrides)
        cluster: clusters.Cluster
        if server.endswith("singles"):
            kind = server.removesuffix("singles").strip() or "uvicorn"
            cluster = stack.enter_context(clusters.singles(setting, kind=kind, workers=workers))
        else:
            kind, *options = server.split(" ")
            port = free_port()
            options = ["-k", "uvicorn.workers.UvicornWorker"] if "-k" in options else options
            start = clusters.CLUSTERS[kind]
            cluster = stack.enter_context(start(setting, port, *options, workers=workers))
        proxy.ports = cluster.ports
        yield Stage(setting, cluster, proxy, network)
        proxy.settle()


@frozen
class Figures:
    """What came of some calls.

    Attributes:
        asked: How many there were.
        right: How many ended as they have to, every word of it.
        callbacks: How many calls' end was told once.
        finals: How many ran their `finally` once.
        again: Steps that began although their value had been recorded.
        twice: Pieces of ordinary code that ran more than once.
        effects: Effects of steps beyond one a call.
        seconds: How long all of it took.
        slowest: How long the slowest call took.
        requests: How many requests Twilio sent, and how many of them were repetitions.
        failures: What went wrong, one line a call.
    """

    asked: int
    right: int
    callbacks: int
    finals: int
    again: int
    twice: int
    effects: int
    seconds: float
    slowest: float
    requests: tuple[int, int]
    failures: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{self.right} of {self.asked} right, {self.callbacks} callbacks and {self.finals} finally once; "
            f"recorded steps begun again: {self.again}; code that ran twice: {self.twice}, effects: "
            f"{self.effects}; {self.requests[0]} requests, {self.requests[1]} repeated; "
            f"{self.seconds:.1f} s, slowest call {self.slowest:.1f} s"
        )

    def check(self) -> None:
        """Raise where something that has to hold doesn't."""
        told = "\n".join([str(self), *self.failures[:20]])
        assert self.right == self.callbacks == self.finals == self.asked, told
        assert self.again == 0, told


def calls(
    stage: Stage,
    count: int,
    *,
    at_once: int = 8,
    meanwhile: Story | None = None,
    story: Story | None = None,
    afterwards: Callable[[], None] = lambda: None,
) -> Figures:
    """Calls through two gathers and a record.

    Args:
        stage: Where.
        count: How many.
        at_once: How many of them live at a time.
        meanwhile: What happens after each first key.
        story: What callers do instead.
        afterwards: What happens when all calls are over, before what came of them is counted.
    """
    begun = time.monotonic()
    made = asyncio.run(_all(stage, count, at_once, story or _caller(meanwhile)))
    seconds = time.monotonic() - begun
    _settle(stage, [call.sid for call, _, _ in made])
    afterwards()
    return _figures(stage, made, seconds)


async def _all(stage: Stage, count: int, at_once: int, story: Story) -> list[tuple[Call, str, float]]:
    free = asyncio.Semaphore(at_once)

    async def one() -> tuple[Call, str, float]:
        async with free:
            call = stage.network.call()
            begun = time.monotonic()
            try:
                await asyncio.wait_for(story(stage, call), LONGEST)
            except (CallFailed, asyncio.TimeoutError) as error:
                why = str(error) or str(call.failed(f"not over after {LONGEST:g} s"))
                return call, why, time.monotonic() - begun
            return call, "", time.monotonic() - begun

    return await asyncio.gather(*(one() for _ in range(count)))


def _caller(meanwhile: Story | None) -> Story:
    async def story(stage: Stage, call: Call) -> None:
        await call.dial()
        await call.press("1")
        if meanwhile is not None:
            await meanwhile(stage, call)
        await call.press("2")
        await call.speak(4)
        if not call.over or not call.heard[-1].startswith("1 2 4 "):
            raise call.failed("it ended otherwise")
        await call.hang_up(callback=stage.callback)

    return story


class Together:
    """What happens once so many calls are at it, whereupon all of them go on; and again for the next ones.

    Args:
        count: How many.
        event: What happens.
        spread: Seconds over which they go on.
    """

    _PATIENCE: Final = 20.0  # with those that failed on their way here

    def __init__(
        self, count: int, event: Callable[[Stage, list[Call]], Awaitable[None]], spread: float = 0.0
    ) -> None:
        self._count = count
        self._event = event
        self._spread = spread
        self._here: list[Call] = []
        self._over = asyncio.Event()

    async def __call__(self, stage: Stage, call: Call) -> None:
        over = self._over
        self._here.append(call)
        place = len(self._here)
        if place == self._count:
            await self._happen(stage)
        else:
            try:
                await asyncio.wait_for(over.wait(), self._PATIENCE)
            except asyncio.TimeoutError:
                if over is self._over:
                    await self._happen(stage)
        await asyncio.sleep(self._spread * place / self._count)

    async def _happen(self, stage: Stage) -> None:
        here, over = self._here, self._over
        self._here, self._over = [], asyncio.Event()
        await self._event(stage, here)
        over.set()


def owner(call: Call) -> int:
    """The process that asked for the last key: it says so."""
    said = call.heard[-1].split(" ")[-1]
    if not said.isdecimal():
        raise call.failed("nobody asks for a key")
    return int(said)


def emulated(stage: Stage, count: int) -> Figures:
    """The same calls, made by the emulator: its phones, its TwiML, its webhooks, all at once."""

    def caller(_: Line) -> list[Step]:
        return [Hear("First key"), Press("1"), Hear("Second key"), Press("2"), Speak("Hello", seconds=4.0)]

    begun = time.monotonic()
    made: list[tuple[Call, str, float]] = []
    with Emulator(clock="real", speed=20, auth_token=AUTH_TOKEN) as emulator:
        emulator.number(
            "+15017122661",
            voice_url=f"{stage.network.home}/reception#{stage.network.overrides}",
            status_callback=stage.callback,
        )
        phones = [emulator.phone(f"+1555867{number:04}") for number in range(count)]
        for line in [phone.dial("+15017122661", script=caller) for phone in phones]:
            call = Call(stage.network, "", line.sid)
            ended = line.ended
            call.heard = [heard.what for heard in line.heard]
            right = ended.status == "completed" and call.heard[-1].startswith("1 2 4 ")
            made.append((call, "" if right else str(call.failed("it ended otherwise")), 0.0))
        stage.network.asked += stage.proxy.seen.counts["requests"]
        problems = [f"{problem.code}: {problem.message}" for problem in emulator.problems]
        emulator.allow_problems()
    _settle(stage, [call.sid for call, _, _ in made])
    figures = _figures(stage, made, time.monotonic() - begun)
    return evolve(figures, failures=(*figures.failures, *problems))


def _settle(stage: Stage, sids: list[str], seconds: float = 15.0) -> None:
    """Wait until every flow's `finally` has run, or until it had better have."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        lines = stage.ledger.by_key()
        if all(any(line.what == "finally" for line in lines.get(sid, ())) for sid in sids):
            break
        time.sleep(0.1)
    time.sleep(0.2)


def _figures(stage: Stage, made: list[tuple[Call, str, float]], seconds: float) -> Figures:
    told = stage.ledger.by_key()
    counts = {call.sid: Counter(line.what for line in told.get(call.sid, ())) for call, _, _ in made}
    failures = [why for _, why, _ in made if why]
    for sid, count in counts.items():
        for what in ("callback", "finally"):
            if count[what] != 1:
                failures.append(f"{sid}: {what} {count[what]} times: {_in_words(told.get(sid, []))}")
    return Figures(
        asked=len(made),
        right=sum(not why for _, why, _ in made),
        callbacks=sum(count["callback"] == 1 for count in counts.values()),
        finals=sum(count["finally"] == 1 for count in counts.values()),
        again=sum(_again(call, told.get(call.sid, [])) for call, _, _ in made),
        twice=sum(
            max(count[what] - 1, 0) for count in counts.values() for what in ("first", "second", "recording")
        ),
        effects=sum(max(count["effect"] - 1, 0) for count in counts.values()),
        seconds=seconds,
        slowest=max(took for _, _, took in made),
        requests=(stage.network.asked, stage.network.repeated),
        failures=tuple(failures),
    )


def _again(call: Call, lines: list[Noted]) -> int:
    """How often a step began after the try whose value was recorded, which is what the caller heard."""
    tries = [line.value for line in lines if line.what == "step begins"]
    heard = call.heard[-1].split(" ")[-1] if call.heard else ""
    return len(tries) - 1 - tries.index(heard) if heard in tries else 0


def _in_words(lines: list[Noted]) -> str:
    return ", ".join(f"{line.what} {line.value} [{line.pid}]" for line in lines)
