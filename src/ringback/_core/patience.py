"""Verbs that wait, even where they fail at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from types import FunctionType
from typing import Any, Final, TypeVar, cast

from ringback._core.client.resource import explained_call

__all__ = ["STUMBLES", "Patient"]

F = TypeVar("F", bound=Callable[..., Any])

STUMBLES: Final = 10  # verbs that may fail one after the other before each waits a little longer


class Patient:
    """A class whose public coroutine methods give way before they raise: a flow that tries one over and over,
    whatever it raises, must not stop everything else in its loop.

    Called with what they don't take, all of its methods say what they take.
    """

    _stumbles = 0

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name, method in list(vars(cls).items()):
            if name[0] != "_" and iscoroutinefunction(method):
                setattr(cls, name, _patient(method))
            elif name[0] != "_" and isinstance(method, FunctionType):
                setattr(cls, name, explained_call(method))


def _patient(method: F) -> F:
    # One coroutine around each verb, and not two: ten thousand flows may wait in one.
    begin = explained_call(method)

    @wraps(method)
    async def verb(self: Patient, /, *arguments: object, **named: object) -> object:
        try:
            begun = begin(self, *arguments, **named)
            del arguments, named
            result = await begun
        except Exception:
            await asyncio.sleep(0)
            self._stumbles += 1
            if self._stumbles > STUMBLES:
                await asyncio.sleep(min(1.0, (self._stumbles - STUMBLES) / 100))
            raise
        self._stumbles = 0
        return result

    return cast("F", verb)
