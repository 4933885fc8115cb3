"""What an adapter was given: which of two is ours, and whether it is one at all."""

from __future__ import annotations

from typing import TypeVar, cast

from ringback.app import Application, Switchboard
from ringback.errors import InvalidValue

__all__ = ["served", "told_apart"]

T = TypeVar("T")


def served(application: Application | Switchboard) -> Application | Switchboard:
    """What an adapter serves.

    Raises:
        InvalidValue: It is something else.
    """
    if isinstance(cast("object", application), Application | Switchboard):
        return application
    raise InvalidValue("application", application, "a ringback Application or Switchboard")


def told_apart(
    app: T | Application | Switchboard, application: T | Application | Switchboard
) -> tuple[Application | Switchboard, T]:
    """Ours, and the application that it stands in front of.

    Raises:
        InvalidValue: Neither, or both, are ours, or the other one can't be called.
    """
    first, second = (app, application) if isinstance(app, Application | Switchboard) else (application, app)
    if not isinstance(first, Application | Switchboard):
        raise InvalidValue("application", application, "a ringback Application or Switchboard")
    if isinstance(second, Application | Switchboard) or not callable(second):
        allowed = "the web application that gets what isn't ours (Switchboard serves several of ours)"
        raise InvalidValue("app", second, allowed)
    return first, second
