"""The emulator over HTTP: a small ASGI application, and ways to run it under uvicorn (extra `emulator`)."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Generator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeAlias, cast
from urllib.parse import quote, urlsplit

from ringback.emulator.control import PREFIX, Control
from ringback.emulator.rest.errors import Refused
from ringback.errors import ConfigurationError
from ringback.http import Headers, Response

if TYPE_CHECKING:
    from types import FrameType

    import uvicorn

    from ringback.emulator.emulator import Emulator

__all__ = ["EmulatorServer", "serve", "serving"]

Scope: TypeAlias = "Mapping[str, object]"
Message: TypeAlias = "MutableMapping[str, object]"

_MOST_BYTES: Final = 1_000_000
_JSON: Final = "application/json;charset=utf-8"


class EmulatorServer:
    """ASGI: the REST API under `/2010-04-01/`, the control API under `/_emulator/`."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._control = Control(emulator)

    async def __call__(
        self,
        scope: Scope,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        if scope["type"] != "http":
            raise ValueError(f"the emulator speaks HTTP, not {scope['type']}")
        body = await _read(receive)
        if body is None:
            response = _error(Refused(413, 20001, "The request is too long"))
        else:
            # In a thread: a clock that skips ahead may hold the network for a while.
            response = await asyncio.to_thread(self._answer, scope, body)
        fields = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in response.headers.multi_items()
        ]
        fields.append((b"content-length", str(len(response.body)).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": fields})
        await send({"type": "http.response.body", "body": response.body})

    def _answer(self, scope: Scope, body: bytes) -> Response:
        method, path = str(scope["method"]), str(scope["path"])
        query = cast("bytes", scope["query_string"]).decode("latin-1")
        raw = cast("list[tuple[bytes, bytes]]", scope["headers"])
        headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw])
        if not path.startswith(PREFIX):
            target = quote(path, safe="/:@!$&'()*+,;=~-._")
            return self._emulator.answer(method, f"{target}?{query}" if query else target, headers, body)
        try:
            # A page in a browser may post to any local port: it says where it comes from.
            origin = headers.get("Origin")
            if origin is not None and not _same_host(origin, headers.get("Host")):
                raise Refused(403, 20403, f"The emulator does not take orders from pages of {origin}")
            content = self._control.answer(method, path, query, body)
        except Refused as refused:
            return _error(refused)
        if isinstance(content, str):
            return Response(200, Headers({"Content-Type": "text/plain;charset=utf-8"}), content.encode())
        return Response(200, Headers({"Content-Type": _JSON}), json.dumps(content, indent=2).encode())


def serve(
    emulator: Emulator,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        emulator: Best one with a real clock.
        host: Where to listen.
        port: 0 takes a free one.
        ready: Called with the base URL once connections are taken.

    Raises:
        ConfigurationError: uvicorn isn't installed, or the port is taken.
    """
    listener, url = _listen(host, port)
    server = _server(emulator)

    def stop(_number: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    # uvicorn passes a signal on to whoever had it before, when it is done: that must not end the process.
    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        emulator.home = url
        if ready is not None:
            ready(url)
        server.run(sockets=[listener])
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        listener.close()


@contextmanager
def serving(emulator: Emulator, *, host: str = "127.0.0.1", port: int = 0) -> Generator[str]:
    """Serve from a thread of this process for as long as the block lasts; gives the base URL.

    Raises:
        ConfigurationError: uvicorn isn't installed, or the port is taken.
    """
    listener, url = _listen(host, port)
    server = _server(emulator)
    emulator.home = url
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="ringback-emulator-server", daemon=True
    )
    thread.start()
    try:
        yield url
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def _server(emulator: Emulator) -> uvicorn.Server:
    try:
        import uvicorn
    except ImportError as error:
        raise ConfigurationError(
            "serving the emulator needs uvicorn: pip install 'ringback[emulator]'"
        ) from error

    config = uvicorn.Config(
        EmulatorServer(emulator),
        log_level="warning",
        access_log=False,
        date_header=False,  # the emulator has a clock of its own, and says so
        timeout_graceful_shutdown=3,
    )
    return uvicorn.Server(config)


def _listen(host: str, port: int) -> tuple[socket.socket, str]:
    try:
        listener = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
    except (OSError, OverflowError) as error:
        raise ConfigurationError(f"can't listen on {host} port {port}: {error}") from error
    shown = f"[{host}]" if ":" in host else host
    return listener, f"http://{shown}:{listener.getsockname()[1]}"


async def _read(receive: Callable[[], Awaitable[Message]]) -> bytes | None:
    """The body, or None where it is too long; the rest of that is read all the same and thrown away."""
    body = bytearray()
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body)
        piece = cast("bytes", message.get("body", b""))
        size += len(piece)
        if size <= _MOST_BYTES:
            body += piece
        if not message.get("more_body"):
            return bytes(body) if size <= _MOST_BYTES else None


def _same_host(origin: str, host: str | None) -> bool:
    try:
        return urlsplit(origin).netloc == host
    except ValueError:
        return False


def _error(refused: Refused) -> Response:
    return Response(refused.status, Headers({"Content-Type": _JSON}), json.dumps(refused.body()).encode())
