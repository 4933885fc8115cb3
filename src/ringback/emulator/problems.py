"""What is left at the end of a test: problems of the network, failures of the application, and which of them
the test expects.
"""

from __future__ import annotations

import asyncio
import os
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import frozen

from ringback.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from typing_extensions import Self

    from ringback.app import HandlerFailed
    from ringback.emulator.engine.records import Problem

__all__ = [
    "Allowance",
    "Left",
    "ProblemKind",
    "ProblemsLeft",
    "Wrongs",
    "in_short",
    "indented",
    "tidy",
    "traceback_of",
]

ProblemKind: TypeAlias = "int | str | type[BaseException]"

# What runs handlers: nothing in there explains to those who wrote a handler why it failed.
_MACHINERY: Final = (f"{Path(__file__).parents[1]}{os.sep}", f"{Path(asyncio.__file__).parent}{os.sep}")


class ProblemsLeft(EmulatorError, AssertionError):
    """Problems are left that nobody expected; the message shows them and the transcript."""


@frozen
class Left:
    """What nobody has allowed.

    Attributes:
        problems: What the debugger of the real service would show.
        failures: What handlers, flows and listeners raised.
    """

    problems: tuple[Problem, ...]
    failures: tuple[HandlerFailed, ...]

    def __bool__(self) -> bool:
        return bool(self.problems or self.failures)

    def __str__(self) -> str:
        told = [*map(_told_failure, self.failures), *map(_told_problem, self.problems)]
        count = f"{len(told)} {'problem is' if len(told) == 1 else 'problems are'} left"
        head = (
            f"{count}. Say emulator.allow_problems(…), with a code, a class of errors or some text, where a "
            "test provokes them."
        )
        return "\n\n".join([head, *told])


class Wrongs:
    """Collects what goes wrong, and what of it is allowed.

    Attributes:
        failures: What handlers, flows and listeners raised, in order.
    """

    def __init__(self, problems: Callable[[], list[Problem]]) -> None:
        self.failures: list[HandlerFailed] = []
        self._problems = problems
        self._allowances: list[Allowance] = []

    def allow(self, kinds: tuple[ProblemKind, ...], settle: Callable[[], None]) -> Allowance:
        for kind in kinds:
            _check_kind(kind)
        allowance = Allowance(kinds, self._reached, settle)
        self._allowances.append(allowance)
        return allowance

    def left(self) -> Left:
        """What nobody has allowed."""
        allowances = self._allowances
        return Left(
            tuple(
                problem
                for index, problem in enumerate(self._problems())
                if not any(each.allows_problem(index, problem) for each in allowances)
            ),
            tuple(
                failure
                for index, failure in enumerate(self.failures)
                if not any(each.allows_failure(index, failure) for each in allowances)
            ),
        )

    def _reached(self) -> tuple[int, int]:
        return len(self._problems()), len(self.failures)


class Allowance:
    """What a test expects to go wrong: in all its life, or, as a context manager, within the block alone."""

    def __init__(
        self,
        kinds: tuple[ProblemKind, ...],
        reached: Callable[[], tuple[int, int]],
        settle: Callable[[], None],
    ) -> None:
        self._kinds = kinds
        self._reached = reached
        self._settle = settle
        self._since = (0, 0)
        self._until: tuple[int, int] | None = None

    def __enter__(self) -> Self:
        self._settle()
        self._since = self._reached()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._settle()
        self._until = self._reached()

    def allows_problem(self, index: int, problem: Problem) -> bool:
        """Whether the network's problem with this index is one of those."""
        text = f"{problem.code}: {problem.message}"
        return self._covers(0, index) and self._fits(
            lambda kind: kind in text if isinstance(kind, str) else kind == problem.code
        )

    def allows_failure(self, index: int, failure: HandlerFailed) -> bool:
        """Whether the application's failure with this index is one of those."""
        text = in_short(failure)
        return self._covers(1, index) and self._fits(
            lambda kind: (
                kind in text
                if isinstance(kind, str)
                else isinstance(kind, type) and any(isinstance(each, kind) for each in _causes(failure.error))
            )
        )

    def _covers(self, which: int, index: int) -> bool:
        return self._since[which] <= index and (self._until is None or index < self._until[which])

    def _fits(self, fits: Callable[[ProblemKind], bool]) -> bool:
        return not self._kinds or any(fits(kind) for kind in self._kinds)


def _check_kind(kind: object) -> None:
    text_or_code = isinstance(kind, (int, str)) and not isinstance(kind, bool) and bool(kind)
    if not text_or_code and not (isinstance(kind, type) and issubclass(kind, BaseException)):
        raise EmulatorError(
            f"problems: expected Twilio's code, a class of exceptions or some text, got {kind!r}"
        )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what it was made of: what no loop can bear is wrapped before it is reported."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def in_short(failure: HandlerFailed) -> str:
    """A failure in one line: what was raised, by whom, and where."""
    error = failure.error
    said = str(error).strip().partition("\n")[0]
    told = f"{type(error).__name__}: {said}" if said else type(error).__name__
    own = _own_frames(traceback.TracebackException.from_exception(error))
    where = f", {_relative(own[-1].filename)}:{own[-1].lineno}" if own else ""
    return f"{told} (in {failure.route}{where})"


def traceback_of(error: BaseException) -> str:
    """The traceback as those who wrote the handler read it: without what runs handlers."""
    told = traceback.TracebackException.from_exception(error)
    part: traceback.TracebackException | None = told
    while part is not None:
        part.stack[:] = _own_frames(part)
        part = part.__cause__ or part.__context__
    return "".join(told.format()).rstrip()


def tidy(error: BaseException) -> None:
    """Let an error's traceback end where the library was called."""
    last: TracebackType | None = None
    here = error.__traceback__
    while here is not None:
        if not here.tb_frame.f_code.co_filename.startswith(_MACHINERY):
            last = here
        here = here.tb_next
    if last is not None:
        last.tb_next = None


def _own_frames(told: traceback.TracebackException) -> list[traceback.FrameSummary]:
    return [frame for frame in told.stack if not frame.filename.startswith(_MACHINERY)]


def _relative(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else filename


def _told_failure(failure: HandlerFailed) -> str:
    about = failure.call_sid or failure.message_sid or "no call"
    event = "a request" if failure.event is None else type(failure.event).__name__
    return f"{failure.route} failed on {event} of {about}\n{indented(traceback_of(failure.error))}"


def _told_problem(problem: Problem) -> str:
    meaning = f": {problem.meaning}" if problem.meaning else ""
    head = f"{problem.kind} {problem.code} of {problem.subject_sid}{meaning}"
    return f"{head}\n{indented(problem.message)}"


def indented(text: str) -> str:
    """As a message shows a traceback."""
    return "\n".join(f"    {line}" for line in text.splitlines())
