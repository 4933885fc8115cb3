"""What flows do besides talking, whomever they talk to: recorded steps, and a clock and chance that a replay
finds again.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Generic, TypeVar, overload

from ringback._core.limits import check_count
from ringback.app.flows.steps import MOST_RETRIES, check_converter, open_step, run_step

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    from typing_extensions import TypeVarTuple, Unpack

    from ringback.app.flows.run import AnyRun
    from ringback.app.flows.values import Converter

    Ts = TypeVarTuple("Ts")

__all__ = ["Besides"]

R = TypeVar("R", bound="AnyRun")
T = TypeVar("T")


class Besides(Generic[R]):
    """What a flow can do besides talking."""

    _run: R

    @overload
    async def step(
        self,
        function: Callable[[Unpack[Ts]], Awaitable[T]],
        /,
        *args: Unpack[Ts],
        name: str | None = None,
        retry: int = 0,
        converter: Converter | None = None,
    ) -> T: ...
    @overload
    async def step(
        self,
        function: Callable[[Unpack[Ts]], T],
        /,
        *args: Unpack[Ts],
        name: str | None = None,
        retry: int = 0,
        converter: Converter | None = None,
    ) -> T: ...
    async def step(
        self,
        function: Callable[..., object],
        /,
        *args: object,
        name: str | None = None,
        retry: int = 0,
        converter: Converter | None = None,
    ) -> object:
        """Call a function once, whatever becomes of this worker: its value is recorded, and handed back where
        another worker goes on with the flow.

        Where a worker dies between what the function did and the record of it, it is called again; inside it
        `step_key()` is the same then, for what takes an idempotency key.

        Args:
            function: What to call. One that isn't async is called in a thread, with this flow's context.
            args: What to call it with, by position; `functools.partial` for what is given by name.
            name: The step's name, of letters, digits, `-` and `_`; the function's own by default. Steps of
                one name are told apart by their order.
            retry: How often to try again where it raises, at most 100 times; after 0.5 s, and then twice as
                long each time.
            converter: Reads and writes values of further classes, such as a `cattrs.Converter`.

        Returns:
            What it returned: JSON, bytes, tuples, sets, dates and times, decimals, UUIDs, enums, attrs
            classes and dataclasses, and what `converter` knows.

        Raises:
            StepFailed: It raised. That is recorded as well.
            InvalidValue: What it returned can't be recorded, or an argument isn't what it should be.
            FlowChanged: The flow is replayed, and did something else here.
        """
        check_count("retry", retry, least=0, most=MOST_RETRIES)
        check_converter(converter)
        opened = open_step(self._run, function, name)
        return await run_step(self._run, opened, function, args, retry=retry, converter=converter)

    @overload
    def background(
        self, function: Callable[[Unpack[Ts]], Awaitable[T]], /, *args: Unpack[Ts], name: str | None = None
    ) -> asyncio.Task[T]: ...
    @overload
    def background(
        self, function: Callable[[Unpack[Ts]], T], /, *args: Unpack[Ts], name: str | None = None
    ) -> asyncio.Task[T]: ...
    def background(
        self, function: Callable[..., object], /, *args: object, name: str | None = None
    ) -> object:
        """Begin a step and go on talking meanwhile. Await what this returns for its value, or don't.

        What it raises is reported as for handlers where nobody awaits it. It may go on for `linger` seconds
        after the flow's end.

        Args:
            function: As for `step`.
            args: As for `step`.
            name: As for `step`.
        """
        opened = open_step(self._run, function, name)
        work = run_step(self._run, opened, function, args, retry=0, converter=None)
        return self._run.beside(work, opened.name)

    def now(self) -> datetime:
        """The time, in UTC, which a replay finds again; it never goes backwards."""
        return datetime.fromtimestamp(self._run.now(), timezone.utc)

    def random(self) -> float:
        """A random number from 0 up to 1, which a replay finds again."""
        return self._run.machine.random.random()

    def uuid(self) -> UUID:
        """A random UUID, which a replay finds again."""
        return self._run.machine.uuid()
