"""A real HTTP proxy on loopback: it tunnels any host to one address, and remembers who asked."""

from __future__ import annotations

import selectors
import socket
from contextlib import suppress

from tests.transports.server import Reply, Seen, Server, answer, raw


def tunnel_to(port: int) -> Reply:
    """What CONNECT does: bytes go to and fro until one side ends."""

    def reply(client: socket.socket, seen: Seen, server: Server) -> bool:
        with socket.create_connection(("127.0.0.1", port)) as upstream, selectors.DefaultSelector() as ready:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            ready.register(client, selectors.EVENT_READ, upstream)
            ready.register(upstream, selectors.EVENT_READ, client)
            with suppress(OSError):
                while not server.closing.is_set():
                    for key, _ in ready.select(0.05):
                        source = key.fileobj
                        assert isinstance(source, socket.socket)
                        data = source.recv(65_536)
                        if not data:
                            return False
                        key.data.sendall(data)
        return False

    return reply


FORBIDDEN: Reply = raw(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
FORWARDED: Reply = answer(b'{"proxied": true}')
