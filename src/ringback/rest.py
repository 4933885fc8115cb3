"""Models, enums and resource clients of the REST API; loaded when they are first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback._generated import api as _api

if TYPE_CHECKING:
    from ringback._generated.api import *  # noqa: F403

__all__ = _api.__all__  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    return getattr(_api, name)


def __dir__() -> list[str]:
    return dir(_api)
