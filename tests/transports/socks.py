"""A real SOCKS 5 proxy on loopback: it connects any name to one address, and remembers what was asked."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from attrs import define, field

if TYPE_CHECKING:
    from typing_extensions import Self

_NO_LOGIN, _LOGIN = 0, 2
_GRANTED, _REFUSED = b"\x05\x00\x00\x01\0\0\0\0\0\0", b"\x05\x02\x00\x01\0\0\0\0\0\0"


@define(eq=False)
class Socks:
    """Tunnels everything to `port`; with a `login`, only for those who know it."""

    port: int
    login: tuple[str, str] | None = None
    refuse: bool = False
    asked: list[tuple[str, int]] = field(factory=list[tuple[str, int]])
    _listener: socket.socket = field(factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError), client.makefile("rb") as reader:
            reader.read(1)
            methods = reader.read(reader.read(1)[0])
            wanted = _LOGIN if self.login else _NO_LOGIN
            client.sendall(bytes([5, wanted if wanted in methods else 0xFF]))
            if self.login:
                reader.read(1)
                name = reader.read(reader.read(1)[0]).decode()
                password = reader.read(reader.read(1)[0]).decode()
                client.sendall(b"\x01\x00" if (name, password) == self.login else b"\x01\x01")
                if (name, password) != self.login:
                    return
            kind = reader.read(4)[3]
            host = reader.read(reader.read(1)[0]).decode() if kind == 3 else socket.inet_ntoa(reader.read(4))
            self.asked.append((host, struct.unpack(">H", reader.read(2))[0]))
            if self.refuse:
                client.sendall(_REFUSED)
                return
            with socket.create_connection(("127.0.0.1", self.port)) as upstream:
                client.sendall(_GRANTED)
                back = threading.Thread(target=_pump, args=(upstream, client), daemon=True)
                back.start()
                _pump(client, upstream)
                back.join(10)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
