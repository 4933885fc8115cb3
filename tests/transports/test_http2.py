"""HTTP/2 through httpx, with a server that speaks nothing else."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import h2.config
import h2.connection
import h2.errors
import h2.events
import pytest
import trustme

from ringback.errors import ConfigurationError, ConnectFailed, TransportError
from ringback.http import Headers, Request, Response, Timeout
from ringback.transports.httpx import AsyncHttpxTransport, HttpxTransport
from tests.transports.tls import server_context


class Http2Server:
    """Echoes method, path and body of each request; `misbehave` gets each that begins instead."""

    misbehave: Callable[[h2.connection.H2Connection, int], None] | None = None

    def __init__(self, tls: ssl.SSLContext) -> None:
        self.begun = 0
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
                        self.begun += 1
                        heads[event.stream_id] = {bytes(name): bytes(value) for name, value in event.headers}
                        if self.misbehave is not None:
                            self.misbehave(state, event.stream_id)
                            connection.sendall(state.data_to_send())
                            connection.shutdown(socket.SHUT_WR)
                            while connection.recv(65_536):
                                pass  # a connection closed with bytes unread would take back what was sent
                            return
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
def http2(authority: trustme.CA) -> Iterator[Http2Server]:
    server = Http2Server(server_context(authority, "127.0.0.1"))
    yield server
    server.close()


@pytest.fixture
def url(http2: Http2Server) -> str:
    return f"https://127.0.0.1:{http2.listener.getsockname()[1]}/calls"


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


def goes_away_unread(state: h2.connection.H2Connection, stream: int) -> None:
    state.close_connection(last_stream_id=1)


def goes_away(state: h2.connection.H2Connection, stream: int) -> None:
    state.close_connection(last_stream_id=stream)


def refuses_the_stream(state: h2.connection.H2Connection, stream: int) -> None:
    state.reset_stream(stream, error_code=h2.errors.ErrorCodes.REFUSED_STREAM)


def cancels_the_stream(state: h2.connection.H2Connection, stream: int) -> None:
    state.reset_stream(stream, error_code=h2.errors.ErrorCodes.CANCEL)


def breaks_off(state: h2.connection.H2Connection, stream: int) -> None:
    state.send_headers(stream, [(":status", "201")])
    state.reset_stream(stream)


@pytest.mark.parametrize(
    "misbehave", [goes_away_unread, goes_away, refuses_the_stream, cancels_the_stream, breaks_off]
)
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_one_post(
    http2: Http2Server,
    url: str,
    trust: ssl.SSLContext,
    kind: str,
    misbehave: Callable[[h2.connection.H2Connection, int], None],
) -> None:
    """Though httpx would send a POST again where a server says that it has not read it."""
    request = Request("POST", url, Headers(), b"To=1", Timeout(connect=5, read=5))
    if kind == "sync":
        transport = HttpxTransport(http2=True, ssl_context=trust)
        transport.send(request)
        http2.misbehave = misbehave
        with pytest.raises(TransportError) as caught:
            transport.send(request)
        transport.close()
    else:

        async def work() -> None:
            transport = AsyncHttpxTransport(http2=True, ssl_context=trust)
            await transport.send(request)
            http2.misbehave = misbehave
            try:
                await transport.send(request)
            finally:
                await transport.aclose()

        with pytest.raises(TransportError) as caught:
            asyncio.run(work())
    assert not isinstance(caught.value, ConnectFailed)
    assert http2.begun == 2


def test_without_h2(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_nothing(name: str) -> None:
        return None

    monkeypatch.setattr("ringback.transports.httpx.find_spec", find_nothing)
    with pytest.raises(ConfigurationError, match=r"pip install 'ringback\[http2\]'"):
        HttpxTransport(http2=True)
