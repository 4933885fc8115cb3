"""The emulator over HTTP: a small ASGI application, and ways to run it under uvicorn (extra `emulator`)."""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import json
import logging
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, TypeAlias, cast
from urllib.parse import quote

from ringback.emulator.control import PREFIX, Control
from ringback.emulator.engine.urls import WebUrl
from ringback.emulator.rest.decoding import MOST_BYTES
from ringback.emulator.rest.errors import AnswerLost, Refused, report
from ringback.emulator.rest.products import check_host
from ringback.emulator.rest.protocol import allow, normal_path
from ringback.errors import ConfigurationError, EmulatorError
from ringback.http import Headers, Response

if TYPE_CHECKING:
    from types import FrameType

    import uvicorn

    from ringback.emulator.emulator import Emulator

__all__ = ["EmulatorServer", "serve", "serving"]

Scope: TypeAlias = "Mapping[str, object]"
Message: TypeAlias = "MutableMapping[str, object]"

_JSON: Final = "application/json;charset=utf-8"
_RESTORE: Final = f"{PREFIX}restore"
_LONGEST_SNAPSHOT: Final = 1_000_000_000


class EmulatorServer:
    """ASGI: the REST API under `/2010-04-01/`, the control API under `/_emulator/`.

    Every request has to be meant for this machine: its `Host` is an address, a name of `localhost` or one of
    `names`, and a page that sends one comes from there as well. Otherwise any page in a browser could give
    orders and read everything, by a name of its own that leads here.

    Args:
        emulator: What is served.
        names: Host names that lead here besides `localhost`, without a port.
    """

    def __init__(self, emulator: Emulator, *, names: Iterable[str] = ()) -> None:
        self._emulator = emulator
        self._control = Control(emulator)
        self._names = frozenset(name.lower() for name in names)

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
        longest = _LONGEST_SNAPSHOT if _path(scope) == _RESTORE else MOST_BYTES
        body = await _read(receive, longest)
        # In a thread: a clock that skips ahead may hold the network for a while.
        try:
            response = await asyncio.to_thread(self._answer, scope, body)
        except AnswerLost:
            await _lose(send)
            return
        fields = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in response.headers.multi_items()
        ]
        if "Content-Length" not in response.headers:
            fields.append((b"content-length", str(len(response.body)).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": fields})
        # HEAD asks for all but the body.
        sent = b"" if scope["method"] == "HEAD" else response.body
        await send({"type": "http.response.body", "body": sent})

    def _answer(self, scope: Scope, body: bytes | None) -> Response:
        """What is said to a request; without a `body` it was too long to be read."""
        method, path = str(scope["method"]), _path(scope)
        query = cast("bytes", scope["query_string"]).decode("latin-1")
        raw = cast("list[tuple[bytes, bytes]]", scope["headers"])
        headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw])
        try:
            check_host(headers.get("Host", ""))
            self._check_caller(headers)
            if body is None:
                raise Refused(413, 20413, f"A request of more than {MOST_BYTES} bytes")
            if not path.startswith(PREFIX) and path != "*":
                return self._emulator.answer(method, f"{path}?{query}" if query else path, headers, body)
            if method == "OPTIONS":
                return Response(200, Headers({"Allow": allow(("GET", "POST"))}))
            content = self._control.answer("GET" if method == "HEAD" else method, path, query, headers, body)
        except Refused as refused:
            return self._refuse(method, path, refused)
        except EmulatorError as error:  # it was closed meanwhile
            return _error(Refused(503, 20503, str(error)))
        if isinstance(content, str):
            return Response(200, Headers({"Content-Type": "text/plain;charset=utf-8"}), content.encode())
        return Response(200, Headers({"Content-Type": _JSON}), json.dumps(content, indent=2).encode())

    def _refuse(self, method: str, path: str, refused: Refused) -> Response:
        # It may have been closed meanwhile.
        with suppress(EmulatorError), self._emulator.held() as network:
            report(network, method, path, refused)
        return _error(refused)

    def _check_caller(self, headers: Headers) -> None:
        """Refuse what isn't meant for this machine, and what another site's page sends."""
        hosts = headers.get_all("Host")
        url = WebUrl.parse(f"http://{hosts[0]}") if len(hosts) == 1 else None
        if url is None or not (url.local or _is_address(url.host) or url.host.lower() in self._names):
            shown = ", ".join(hosts)[:200] or "nobody"
            raise Refused(
                403, 20403, f"The request is meant for {shown}: the emulator goes by localhost or an address"
            )
        # A page may post to any port of this machine, but it can't hide where it comes from.
        for origin in headers.get_all("Origin"):
            if origin.lower() != f"http://{hosts[0]}".lower():
                raise Refused(403, 20403, f"The emulator takes no orders from pages of {origin[:200]}")


def serve(
    emulator: Emulator,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    names: Iterable[str] = (),
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        emulator: Best one with a real clock.
        host: Where to listen.
        port: 0 takes a free one.
        names: Host names that clients reach it by, besides `localhost` and addresses.
        ready: Called with the base URL once connections are taken.

    Raises:
        ConfigurationError: uvicorn isn't installed, or the port is taken.
    """
    listener, url = _listen(host, port)
    server = _server(emulator, names)

    def stop(_number: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    # uvicorn passes a signal on to whoever had it before, when it is done: that must not end the process.
    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        emulator.home = url
        if ready is not None:
            ready(url)
        with collecting_rarely():
            server.run(sockets=[listener])
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        listener.close()


@contextmanager
def collecting_rarely() -> Generator[None]:
    """Look for garbage less often than Python does of itself. Calls, records and the transcript live on: to
    look through all of them takes a fourth of the time.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@contextmanager
def serving(emulator: Emulator, *, host: str = "127.0.0.1", port: int = 0) -> Generator[str]:
    """Serve from a thread of this process for as long as the block lasts; gives the base URL.

    Raises:
        ConfigurationError: uvicorn isn't installed, or the port is taken.
    """
    listener, url = _listen(host, port)
    server = _server(emulator, ())
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


def _server(emulator: Emulator, names: Iterable[str]) -> uvicorn.Server:
    try:
        import uvicorn
    except ImportError as error:
        raise ConfigurationError(
            "serving the emulator needs uvicorn: pip install 'ringback[emulator]'"
        ) from error

    config = uvicorn.Config(
        EmulatorServer(emulator, names=names),
        log_level="warning",
        access_log=False,
        ws="none",
        date_header=False,  # the emulator has a clock of its own, and says so
        timeout_graceful_shutdown=3,
    )
    logging.getLogger("uvicorn.error").addFilter(_is_no_loss)
    return uvicorn.Server(config)


def _is_no_loss(record: logging.LogRecord) -> bool:
    """Whether a complaint of uvicorn's isn't about an answer that was lost on purpose."""
    return "without completing response" not in record.getMessage()


def _listen(host: str, port: int) -> tuple[socket.socket, str]:
    try:
        listener = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
    except (OSError, OverflowError) as error:
        raise ConfigurationError(f"can't listen on {host} port {port}: {error}") from error
    # Connections inherit it. asyncio sets it only where a socket names its protocol, and without it the body
    # of an answer waits for its head to be acknowledged: 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    shown = f"[{host}]" if ":" in host else host
    return listener, f"http://{shown}:{listener.getsockname()[1]}"


def _path(scope: Scope) -> str:
    """The path as it was sent, which not every server tells."""
    raw = cast("bytes | None", scope.get("raw_path"))
    return normal_path(quote(str(scope["path"])) if raw is None else raw)


async def _lose(send: Callable[[Message], Awaitable[None]]) -> None:
    """Begin an answer that doesn't come: a server closes the connection of one that isn't whole."""
    fields = [(b"content-type", _JSON.encode()), (b"content-length", b"1")]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    await send({"type": "http.response.body", "body": b"", "more_body": True})


async def _read(receive: Callable[[], Awaitable[Message]], longest: int) -> bytes | None:
    """The body, or None where it has more bytes than that; the rest is read all the same and thrown away."""
    body = bytearray()
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body)
        piece = cast("bytes", message.get("body", b""))
        size += len(piece)
        if size <= longest:
            body += piece
        if not message.get("more_body"):
            return bytes(body) if size <= longest else None


def _is_address(host: str) -> bool:
    """Whether a host is a number: only a name can be made to lead elsewhere than it did."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _error(refused: Refused) -> Response:
    headers = Headers({"Content-Type": _JSON, **refused.fields})
    return Response(refused.status, headers, json.dumps(refused.body()).encode())
