"""A flow's code tried against what happened to a call: whether it still fits."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Final, TypeVar, cast

from ringback._core.limits import check_seconds
from ringback.app.flows.call import Flow
from ringback.app.flows.journal import Done, Journal, Served, Started
from ringback.app.flows.keeper import LocalKeeper
from ringback.app.flows.machine import Machine
from ringback.app.flows.runner import FlowRun
from ringback.app.hub import Hub
from ringback.app.routes import RouteTable
from ringback.app.settings import Settings
from ringback.app.webhooks.recognise import Identity
from ringback.errors import InvalidValue
from ringback.stores.store import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ringback.app.events import HandlerFailed
    from ringback.app.flows.call import AnyFlow
    from ringback.app.flows.journal import Entry

__all__ = ["replay"]

E = TypeVar("E", bound="Entry")

LOOK: Final = 0.001  # seconds
URL: Final = "https://replay.invalid"


def replay(flow: AnyFlow, journal: Journal, /, *, timeout: float = 10.0) -> None:
    """Lead a call by what its journal says, up to the journal's end, as a worker does that takes it over.
    What the flow does between its awaits is done; its steps are not.

    Args:
        flow: The flow as it is now.
        journal: What happened, from `emulator.journal(call)` or `Journal.from_json`.
        timeout: Seconds that it may take at most.

    Raises:
        FlowChanged: The code does something else than what happened; the error says at which line.
        Exception: What the flow raises, and did not raise then.
        InvalidValue: The journal has no beginning, or an argument isn't what it should be.
        TimeoutError: It takes too long.
    """
    if not isinstance(cast("object", flow), Flow):
        raise InvalidValue("flow", flow, "a flow of calls, what @app.flow(…) makes of a function")
    if not isinstance(cast("object", journal), Journal):
        raise InvalidValue("journal", journal, "what emulator.journal(call) or Journal.from_json(text) gives")
    check_seconds("timeout", timeout)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            asyncio.run(_replay(flow, journal, timeout))
        except BaseException as error:
            errors.append(error)

    # A loop of its own, whether or not one runs here.
    thread = threading.Thread(target=work, name="ringback-replay", daemon=True)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]


class _PastKeeper(LocalKeeper):
    """Knows what was decided, and decides nothing."""

    records = True

    def __init__(self) -> None:
        self.reached = False

    async def decide(
        self,
        name: str,  # noqa: ARG002
        entry: E,
        *,
        wake: Iterable[str] = (),  # noqa: ARG002
        settles: bool = False,  # noqa: ARG002
        due: float = NEVER,  # noqa: ARG002
    ) -> E:
        """As of `Keeper`."""
        if isinstance(entry, Done) or (isinstance(entry, Served) and not entry.verb):
            return entry
        self.reached = True
        await asyncio.get_running_loop().create_future()
        raise AssertionError("nobody sets it")


async def _replay(flow: AnyFlow, journal: Journal, timeout: float) -> None:
    started = next((line.entry for line in journal if isinstance(line.entry, Started)), None)
    if started is None:
        raise InvalidValue("journal", journal, "one that begins with start")
    failures: list[HandlerFailed] = []
    hub = Hub(Settings(public_url=URL, validate_signatures=False))
    hub.watchers.append(failures.append)
    machine = Machine(started.seed)
    for line in journal:
        machine.feed(line.name, line.entry)
    keeper = _PastKeeper()
    version = flow.of_version(started.version) or flow
    run = FlowRun(
        hub,
        RouteTable(URL),
        version,
        flow.read_as(started.kind, dict(started.parameters)),
        version.arguments.read(started.url.partition("?")[2]),
        id="replay",
        identity=Identity(started.content, started.delivery),
        machine=machine,
        keeper=keeper,
    )
    waited = 0.0
    while not (run.task.done() or run.suspended or keeper.reached):
        if waited > timeout:
            raise TimeoutError(f"{flow.name} did not reach the end of its journal in {timeout} s")
        await asyncio.sleep(LOOK)
        waited += LOOK
    run.abandon()  # which is how it ended then, and nothing to tell of
    await hub.aclose()
    failed = any(isinstance(line.entry, Done) and line.entry.how == "failed" for line in journal)
    if failures and not failed:
        raise failures[0].error
