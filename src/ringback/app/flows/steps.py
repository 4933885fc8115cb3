"""What a flow does besides talking: functions whose values are recorded, so that they are not called again.

A step begins with an entry, too: an owner that was only asleep, and has been superseded meanwhile, finds out
before it does anything.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import logging
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from ringback.app.flows.journal import Begins, Value
from ringback.app.flows.values import Converter, read_value, write_value
from ringback.app.loops.failures import as_exception
from ringback.app.loops.portal import is_async
from ringback.errors import InvalidValue, StepFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ringback.app.flows.run import AnyRun

__all__ = ["MOST_RETRIES", "check_converter", "open_step", "run_step", "step_key"]

log = logging.getLogger("ringback")

WAIT: Final = 0.5  # seconds before a step is tried again, and twice as long each time after that
LONGEST_WAIT: Final = 30.0
MOST_RETRIES: Final = 100
LONGEST_NAME: Final = 64
LONGEST_REASON: Final = 2_000

_KEY: ContextVar[str | None] = ContextVar("ringback_step", default=None)


def step_key() -> str:
    """What tells the step that runs here from all others, the same on every try and in every worker.

    For effects that must not happen twice: give it to whatever takes an idempotency key.

    Raises:
        RuntimeError: No step runs here.
    """
    key = _KEY.get()
    if key is None:
        raise RuntimeError("step_key: no step runs here; it is for functions that call.step calls")
    return key


def check_name(function: Callable[..., object], name: str | None) -> str:
    """A step's name.

    Raises:
        InvalidValue: It is empty, too long or holds what a field's name can't, or the function has none; or
            that is no function.
    """
    called: object = function
    if not callable(called):
        hint = ""
        if inspect.iscoroutine(called):
            hint = " (that is what calling one gives: step calls it, as step(function, argument))"
        raise InvalidValue("function", called, f"a function{hint}")
    given = getattr(function, "__name__", None) if name is None else name
    allowed = f"1 to {LONGEST_NAME} letters, digits, - and _, by name= where the function has no such name"
    if not isinstance(given, str) or not 0 < len(given) <= LONGEST_NAME:
        raise InvalidValue("name", given, allowed)
    if not given.isascii() or not given.replace("_", "").replace("-", "").isalnum():
        raise InvalidValue("name", given, allowed)
    return given


def check_converter(converter: Converter | None) -> Converter | None:
    """What knows further classes, if anything does.

    Raises:
        InvalidValue: It can't.
    """
    if converter is not None and not isinstance(cast("object", converter), Converter):
        raise InvalidValue("converter", converter, "one with structure and unstructure, as of cattrs")
    return converter


class Opened(NamedTuple):
    """A step that comes next.

    Attributes:
        name: Its name.
        key: Its key.
        known: What came of it, where that is recorded.
    """

    name: str
    key: str
    known: Value | None


def open_step(run: AnyRun, function: Callable[..., object], name: str | None) -> Opened:
    """The step that a flow comes to.

    Raises:
        InvalidValue: Its name isn't one, or its function.
        FlowChanged: The record has something else here.
    """
    checked = check_name(function, name)
    key = run.machine.occurrence(checked)
    known = run.machine.value(key)
    if known is None:
        run.machine.check_step(key)
    return Opened(checked, key, known)


async def run_step(
    run: AnyRun,
    opened: Opened,
    function: Callable[..., object],
    args: tuple[object, ...],
    *,
    retry: int,
    converter: Converter | None,
) -> object:
    """The value of a step: the recorded one, or what the function returns.

    Raises:
        StepFailed: The function raised, each time that it was tried.
        InvalidValue: What it returned can't be recorded.
    """
    name, key, known = opened
    cause: Exception | None = None
    value: object = None
    if known is None:
        await run.keeper.decide(f"b.{key}", Begins(step=run.machine.step, gave_up=run.gave_up))
        try:
            value = await _tried(run, key, function, args, retry)
        except Exception as error:
            if run.leaving:  # it may have failed for that alone
                await asyncio.get_running_loop().create_future()
            cause = error
            entry = Value(failed=type(error).__name__, value=str(error)[:LONGEST_REASON])
        else:
            entry = Value(value=write_value(f"value of step {name}", value, converter))
        known = await run.keeper.decide(f"s.{key}", entry)
        if known is entry and cause is None:
            return value
    if known.failed is not None:
        raise StepFailed(name, known.failed, str(known.value)) from cause
    return read_value(f"s.{key}", known.value, converter)


async def _tried(
    run: AnyRun, key: str, function: Callable[..., object], args: tuple[object, ...], retry: int
) -> object:
    wait = WAIT
    for left in range(retry, -1, -1):
        try:
            return await _called(run, f"{run.id}.{key}", function, args)
        except Exception:
            if not left:
                raise
        await asyncio.sleep(wait)
        wait = min(2 * wait, LONGEST_WAIT)
    raise AssertionError("the last try returns or raises")


async def _called(run: AnyRun, key: str, function: Callable[..., object], args: tuple[object, ...]) -> object:
    token = _KEY.set(key)
    try:
        if is_async(function):
            result = function(*args)
        else:
            result = await _in_thread(run, function, args)
        return await cast("Awaitable[object]", result) if inspect.isawaitable(result) else result
    finally:
        _KEY.reset(token)


async def _in_thread(run: AnyRun, function: Callable[..., object], args: tuple[object, ...]) -> object:
    context = contextvars.copy_context()

    def work() -> tuple[object, Exception | None]:
        try:
            return context.run(function, *args), None
        except BaseException as raised:
            return None, as_exception(raised, "a step")

    result, error = await asyncio.get_running_loop().run_in_executor(run.hub.threads, work)
    if error is not None:
        raise error
    return result
