"""Transports that end in this process: clients use them as any other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from ringback.emulator.rest.errors import AnswerLost
from ringback.errors import TransportError
from ringback.transports import AsyncTransport, Transport

if TYPE_CHECKING:
    from ringback.http import Headers, Request, Response

Answer: TypeAlias = "Callable[[str, str, Headers, bytes], Response]"

__all__ = ["AsyncEmulatorTransport", "EmulatorTransport"]


class EmulatorTransport(Transport):
    """Carries requests to an emulator of this process, whatever their host."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def send(self, request: Request, /) -> Response:
        """See `ringback.transports.Transport.send`."""
        parts = urlsplit(request.url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        try:
            return self._answer(request.method, target, request.headers, request.body)
        except AnswerLost as lost:
            raise TransportError(f"{request.method} {parts.path}: {lost}") from None

    def close(self) -> None:
        """There is nothing to give back."""


class AsyncEmulatorTransport(AsyncTransport):
    """The same for asyncio. It blocks nobody: an answer takes no I/O."""

    def __init__(self, answer: Answer) -> None:
        self._transport = EmulatorTransport(answer)

    async def send(self, request: Request, /) -> Response:
        """See `ringback.transports.AsyncTransport.send`."""
        return self._transport.send(request)

    async def aclose(self) -> None:
        """There is nothing to give back."""
