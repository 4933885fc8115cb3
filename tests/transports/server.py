"""A real server on a real socket that answers exactly what a test tells it to, however wrong."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from io import BufferedReader
from typing import TYPE_CHECKING, TypeAlias

from attrs import define, field, frozen

if TYPE_CHECKING:
    from typing_extensions import Self


@frozen
class Seen:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    connection: int

    def header(self, name: str) -> str | None:
        """The value of a header, or None."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


Reply: TypeAlias = "Callable[[socket.socket, Seen, Server], bool]"
"""Writes an answer; True keeps the connection for the next request."""


def answer(
    body: bytes = b"{}", status: int = 200, headers: Mapping[str, str] | None = None, *, keep: bool = True
) -> Reply:
    """A good answer; without `keep` the connection is closed after it, and nothing says so beforehand."""
    fields = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}
    head = f"HTTP/1.1 {status} Whatever\r\n" + "".join(f"{name}: {text}\r\n" for name, text in fields.items())
    return raw(head.encode("latin-1") + b"\r\n" + body, keep=keep)


def raw(data: bytes, *, keep: bool = False) -> Reply:
    """These bytes, and then the end of the connection."""

    def reply(connection: socket.socket, _: Seen, __: Server) -> bool:
        connection.sendall(data)
        return keep

    return reply


def stall(data: bytes = b"") -> Reply:
    """These bytes, and then nothing until the test is over."""

    def reply(connection: socket.socket, _: Seen, server: Server) -> bool:
        connection.sendall(data)
        server.closing.wait()
        return False

    return reply


@define(eq=False)
class Server:
    """Listens on loopback; `on` says what each path answers, everything else is `{}`."""

    tls: ssl.SSLContext | None = None
    requests: list[Seen] = field(factory=list[Seen])
    connections: int = 0
    closing: threading.Event = field(factory=threading.Event)
    closed_one: threading.Event = field(factory=threading.Event)
    _replies: dict[str, list[Reply]] = field(factory=dict[str, list[Reply]])
    _listener: socket.socket = field(factory=lambda: socket.create_server(("127.0.0.1", 0), backlog=512))
    _open: set[socket.socket] = field(factory=set[socket.socket])
    _threads: list[threading.Thread] = field(factory=list[threading.Thread])
    _lock: threading.Lock = field(factory=threading.Lock)

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    def on(self, path: str, *replies: Reply) -> str:
        """Answer a path with these, one after the other, the last for ever; gives its URL."""
        self._replies[path] = list(replies)
        return self.url + path

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    def _start(self, work: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._serve, connection, self.connections)

    def _serve(self, plain: socket.socket, number: int) -> None:
        connection = plain
        try:
            with self._lock:
                self._open.add(plain)
            if self.tls is not None:
                connection = self.tls.wrap_socket(plain, server_side=True)
                with self._lock:
                    self._open.discard(plain)
                    self._open.add(connection)
            with connection.makefile("rb") as reader:
                while (seen := _read(reader, number)) is not None:
                    with self._lock:
                        self.requests.append(seen)
                        replies = self._replies.get(seen.target.partition("?")[0], [answer()])
                        reply = replies.pop(0) if len(replies) > 1 else replies[0]
                    if not reply(connection, seen, self):
                        return
        except OSError:
            return
        finally:
            with self._lock:
                self._open.discard(connection)
                self._open.discard(plain)
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
            plain.close()
            self.closed_one.set()


def _read(reader: BufferedReader, number: int) -> Seen | None:
    line = reader.readline().decode("latin-1").split()
    if len(line) != 3:
        return None
    headers: list[tuple[str, str]] = []
    while field_line := reader.readline().decode("latin-1").strip():
        name, _, value = field_line.partition(":")
        headers.append((name, value.strip()))
    lengths = [int(value) for name, value in headers if name.lower() == "content-length"]
    body = reader.read(lengths[0]) if lengths else b""
    return Seen(line[0], line[1], tuple(headers), body, number)
