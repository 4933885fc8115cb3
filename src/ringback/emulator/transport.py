"""Transports that end in this process: clients use them as any other."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from ringback.emulator.driver import Driver
    from ringback.emulator.rest.api import Api
    from ringback.http import Request, Response

__all__ = ["AsyncEmulatorTransport", "EmulatorTransport"]


class EmulatorTransport:
    """Carries requests to an emulator of this process, whatever their host."""

    def __init__(self, driver: Driver, api: Api) -> None:
        self._driver = driver
        self._api = api

    def send(self, request: Request, /) -> Response:
        """See `ringback.transports.Transport.send`."""
        parts = urlsplit(request.url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        with self._driver.touch():
            return self._api.answer(request.method, target, request.headers, request.body)

    def close(self) -> None:
        """There is nothing to give back."""


class AsyncEmulatorTransport:
    """The same for asyncio. It blocks nobody: an answer takes no I/O."""

    def __init__(self, driver: Driver, api: Api) -> None:
        self._transport = EmulatorTransport(driver, api)

    async def send(self, request: Request, /) -> Response:
        """See `ringback.transports.AsyncTransport.send`."""
        return self._transport.send(request)

    async def aclose(self) -> None:
        """There is nothing to give back."""
