"""Several applications behind one adapter."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ringback.app.application import Application
from ringback.app.loops.portal import close_in_portal
from ringback.app.webhooks.refusals import Refusals
from ringback.errors import RegistrationError

if TYPE_CHECKING:
    from ringback.http import WebhookRequest, WebhookResponse

__all__ = ["Switchboard"]


class Switchboard:
    """Hands each webhook to the application that it is for, by path and, where that leaves a choice, by host.

    Args:
        applications: What to register at once.

    Raises:
        RegistrationError: As for `register`.
    """

    def __init__(self, *applications: Application) -> None:
        self._applications: tuple[Application, ...] = ()
        self._refusals = Refusals()
        for application in applications:
            self.register(application)

    @property
    def applications(self) -> tuple[Application, ...]:
        """What is registered, in order."""
        return self._applications

    @property
    def max_body(self) -> int:
        """Bytes that a webhook may have at most, by the most generous of the applications."""
        return max((application.max_body for application in self._applications), default=0)

    def register(self, application: Application, /) -> None:
        """Serve an application from now on. One that is registered already stays so.

        Raises:
            RegistrationError: It isn't an application, or one of its URLs belongs to another one.
        """
        _check(application)
        if application in self._applications:
            return
        for other in self._applications:
            clash = application._clash(other)
            if clash is not None:
                raise RegistrationError(f"{clash} belongs to another application, {other!r}")
        self._applications = (*self._applications, application)

    def unregister(self, application: Application, /) -> None:
        """Stop serving an application; nothing happens where it isn't registered.

        Raises:
            RegistrationError: It isn't an application.
        """
        _check(application)
        self._applications = tuple(other for other in self._applications if other is not application)

    def matches(self, request: WebhookRequest, /) -> bool:
        """Whether the request, by its method and path, is one for a registered application."""
        return self._find(request) is not None

    async def handle(self, request: WebhookRequest, /, *, arrived: float | None = None) -> WebhookResponse:
        """Answer a webhook, as `Application.handle` does; with 404 where it is for no application."""
        application = self._find(request)
        if application is None:
            return self._unmatched(request)
        return await application.handle(request, arrived=arrived)

    def handle_sync(self, request: WebhookRequest, /, *, arrived: float | None = None) -> WebhookResponse:
        """The same from synchronous code, in any thread that runs no event loop.

        Raises:
            RuntimeError: An event loop runs in this thread.
        """
        application = self._find(request)
        if application is None:
            return self._unmatched(request)
        return application.handle_sync(request, arrived=arrived)

    def start(self) -> None:
        """Start every application."""
        for application in self._applications:
            application.start()

    async def aclose(self) -> None:
        """Close every application."""
        await asyncio.gather(*(application.aclose() for application in self._applications))

    def close(self) -> None:
        """The same from synchronous code.

        Raises:
            RuntimeError: An event loop runs in this thread.
        """
        close_in_portal(self.aclose)

    def _unmatched(self, request: WebhookRequest) -> WebhookResponse:
        paths = (path for each in self._applications for path in each._registry.routes.paths)
        return self._refusals.unmatched(request, paths)

    def _find(self, request: WebhookRequest) -> Application | None:
        ranked = [(application._rank(request), application) for application in self._applications]
        found = [(rank, application) for rank, application in ranked if rank is not None]
        return max(found, key=lambda pair: pair[0])[1] if found else None


def _check(application: Application) -> None:
    if not isinstance(application, Application):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise RegistrationError(f"application: expected an Application, got {type(application).__name__}")
