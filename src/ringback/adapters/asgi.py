"""ASGI: uvicorn, hypercorn, FastAPI, Starlette, Django and others. Flows run in the server's event loop.

web.mount("/phone", ASGIAdapter(app))                 # in FastAPI or Starlette
web = ASGIMiddleware(app, web)                        # in front of any ASGI application
web.add_middleware(ASGIMiddleware, application=app)   # the same, as FastAPI and Starlette write it
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, TypeAlias, cast, overload
from urllib.parse import quote

from ringback.adapters.given import served, told_apart
from ringback.http import WebhookRequest, WebhookResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ringback.app import Application, Switchboard

__all__ = ["ASGIAdapter", "ASGIMiddleware"]

log = logging.getLogger("ringback")

Scope: TypeAlias = MutableMapping[str, object]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, object]]]
Send: TypeAlias = Callable[[MutableMapping[str, object]], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


class ASGIAdapter:
    """An application or switchboard as an ASGI application. What isn't registered there is answered with
    404.
    """

    def __init__(self, application: Application | Switchboard, /) -> None:
        self._application = served(application)
        self._closing = _Closing(application)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        else:
            self._closing.see_to_it()
            await _reply(send, await self._answer(scope, receive))

    async def _answer(self, scope: Scope, receive: Receive) -> WebhookResponse:
        arrived = time.monotonic()
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return WebhookResponse(400)
            body += cast("bytes", message.get("body", b""))
            if len(body) > self._application.max_body:
                return WebhookResponse(413)
            more = bool(message.get("more_body", False))
        return await self._application.handle(_request(scope, bytes(body)), arrived=arrived)

    async def _live(self, receive: Receive, send: Send) -> None:
        while (await receive())["type"] == "lifespan.startup":
            await self._closing.told(send)({"type": "lifespan.startup.complete"})
        await self._closing.told(send)({"type": "lifespan.shutdown.complete"})


class ASGIMiddleware:
    """An application or switchboard in front of another ASGI application, which gets what isn't registered
    there.

    Args:
        app: The other application.
        application: Ours. By position the two may come in either order.

    Raises:
        InvalidValue: Neither, or both, are ours.
    """

    @overload
    def __init__(self, app: ASGIApp, application: Application | Switchboard) -> None: ...
    @overload
    def __init__(self, application: Application | Switchboard, app: ASGIApp, /) -> None: ...
    def __init__(
        self, app: ASGIApp | Application | Switchboard, application: ASGIApp | Application | Switchboard
    ) -> None:
        ours, self._inner = told_apart(app, application)
        self._application = ours
        self._adapter = ASGIAdapter(ours)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or let the other application do so."""
        if scope["type"] == "http" and self._application.matches(_request(scope)):
            await self._adapter(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._inner(scope, receive, self._adapter._closing.told(send))
        else:
            await self._inner(scope, receive, send)


class _Closing:
    """Closes an application as its server stops.

    Servers tell that by ASGI's lifespan, but not all hosts pass it on: FastAPI and Starlette don't to what is
    mounted in them, and Django has none. Then the application is closed as the event loop ends.
    """

    def __init__(self, application: Application | Switchboard) -> None:
        self._application = application
        self._lives = False
        self._waiting: asyncio.Task[None] | None = None

    def told(self, send: Send) -> Send:
        """`send` for a lifespan, which tells us as well."""

        async def close_then_send(message: MutableMapping[str, object]) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._lives = True
                self._application.start()
            elif message["type"] in ("lifespan.shutdown.complete", "lifespan.shutdown.failed"):
                await self._application.aclose()
            await send(message)

        return close_then_send

    def see_to_it(self) -> None:
        """There is a request: the application is closed one way or the other."""
        if self._lives:
            return
        loop = asyncio.get_running_loop()
        if self._waiting is None or self._waiting.get_loop() is not loop:
            log.info(
                "no lifespan reaches %r, which is closed as the event loop ends; where your server leaves "
                "its loop without cancelling what runs there, call `await application.aclose()` as it stops",
                self._application,
            )
            self._waiting = loop.create_task(self._wait(), name=f"closing {self._application!r}")

    async def _wait(self) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:  # all that runs in the loop is cancelled: it ends
            await asyncio.sleep(0)  # the others shall know of it
            await self._application.aclose()
            raise


def _request(scope: Scope, body: bytes = b"") -> WebhookRequest:
    headers = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in cast("Iterable[tuple[bytes, bytes]]", scope["headers"])
    ]
    host = "localhost"
    for name, value in headers:
        if name.lower() == "host":
            host = value
            break
    mount = cast("str", scope.get("root_path", ""))
    path = cast("str", scope["path"])
    # Beyond ASCII, what Twilio signs and sends is UTF-8.
    query = cast("bytes", scope.get("query_string", b"")).decode("utf-8", "surrogateescape")
    url = (
        f"{scope.get('scheme', 'http')}://{host}{quote(path, errors='replace')}{'?' if query else ''}{query}"
    )
    return WebhookRequest(cast("str", scope["method"]), url, headers, body, mount)


async def _reply(send: Send, response: WebhookResponse) -> None:
    headers = [
        (name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.multi_items()
    ]
    if response.status != 204:
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
