"""HTTP/2 through httpx, with a server that speaks nothing else."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress

import h2.config
import h2.connection
import h2.events
import pytest
import trustme

from ringback.errors import ConfigurationError
from ringback.http import Headers, Request, Response
from ringback.transports.httpx import AsyncHttpxTransport, HttpxTransport
from tests.transports.tls import server_context


class Http2Server:
    """Echoes method, path and body of each request."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        tls.set_alpn_protocols(["h2"])
        self.tls = tls
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self) -> None:
        with suppress(OSError):
            while True:
                plain, _ = self.listener.accept()
                with self.tls.wrap_socket(plain, server_side=True) as connection:
                    self.serve(connection)

    def serve(self, connection: ssl.SSLSocket) -> None:
        state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        state.initiate_connection()
        heads: dict[int, dict[bytes, bytes]] = {}
        bodies: dict[int, bytes] = {}
        with suppress(OSError):
            while True:
                connection.sendall(state.data_to_send())
                data = connection.recv(65_536)
                if not data:
                    return
                for event in state.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        heads[event.stream_id] = {bytes(name): bytes(value) for name, value in event.headers}
                    elif isinstance(event, h2.events.DataReceived):
                        bodies[event.stream_id] = bodies.get(event.stream_id, b"") + event.data
                    elif isinstance(event, h2.events.StreamEnded):
                        head = heads[event.stream_id]
                        echo = (
                            head[b":method"] + b" " + head[b":path"] + b" " + bodies.get(event.stream_id, b"")
                        )
                        state.send_headers(event.stream_id, [(":status", "200"), ("x-version", "2")])
                        state.send_data(event.stream_id, echo, end_stream=True)

    def close(self) -> None:
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)


@pytest.fixture
def url(authority: trustme.CA) -> Iterator[str]:
    server = Http2Server(server_context(authority, "127.0.0.1"))
    yield f"https://127.0.0.1:{server.listener.getsockname()[1]}/calls"
    server.close()


def check(response: Response) -> None:
    assert (response.status, response.headers["X-Version"]) == (200, "2")
    assert response.body == b"POST /calls To=1"


def test_sync(url: str, trust: ssl.SSLContext) -> None:
    transport = HttpxTransport(http2=True, ssl_context=trust)
    try:
        for _ in range(2):
            check(transport.send(Request("POST", url, Headers(), b"To=1")))
    finally:
        transport.close()


async def test_many_share_one_connection(url: str, trust: ssl.SSLContext) -> None:
    transport = AsyncHttpxTransport(http2=True, ssl_context=trust)
    try:
        # The server serves one connection at a time, so these would never end over two.
        request = Request("POST", url, Headers(), b"To=1")
        check(await transport.send(request))
        for response in await asyncio.gather(*(transport.send(request) for _ in range(20))):
            check(response)
    finally:
        await transport.aclose()


def test_without_h2(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_nothing(name: str) -> None:
        return None

    monkeypatch.setattr("ringback.transports.httpx.find_spec", find_nothing)
    with pytest.raises(ConfigurationError, match=r"pip install 'ringback\[http2\]'"):
        HttpxTransport(http2=True)
