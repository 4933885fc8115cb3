"""What every transport promises, over real sockets."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable

import pytest

from ringback.errors import ConnectFailed, TimedOut, TransportError
from ringback.http import Headers, Request, Timeout
from tests.transports.kinds import Face, Make
from tests.transports.server import Seen, Server, answer, raw, stall

SOON = Timeout(connect=0.1, read=0.1)
HEADERS = Headers(
    {"Accept": "a/b", "Accept-Encoding": "gzip", "User-Agent": "me", "Authorization": "Basic c2VjcmV0"}
)
# What HTTP/1.1 itself asks for.
OF_HTTP = {"host", "content-length", "connection"}


def get(url: str, timeout: Timeout = Timeout()) -> Request:  # noqa: B008
    return Request("GET", url, HEADERS, timeout=timeout)


def post(url: str, body: bytes = b"a=1", timeout: Timeout = Timeout()) -> Request:  # noqa: B008
    return Request("POST", url, HEADERS, body, timeout)


class TestRequest:
    def test_target_and_headers_arrive_as_they_are(self, transport: Face, server: Server) -> None:
        target = "/2010-04-01/A%20b/%2F;x=1.json?StartTime%3E=2020-01-01&To=%2B1555&x=a+b&y="
        transport.send(get(server.url + target))
        (seen,) = server.requests
        assert (seen.method, seen.target, seen.body) == ("GET", target, b"")
        sent = {(name.lower(), value) for name, value in seen.headers if name.lower() not in OF_HTTP}
        assert sent == {(name.lower(), value) for name, value in HEADERS.items()}

    @pytest.mark.parametrize("body", [b"", b"Body=%F0%9F%93%9E&To=%2B1", b"x" * 300_000])
    def test_a_body_arrives_with_its_length(self, transport: Face, server: Server, body: bytes) -> None:
        transport.send(post(server.url + "/", body))
        (seen,) = server.requests
        assert (seen.method, seen.body, seen.header("Content-Length")) == ("POST", body, str(len(body)))
        assert seen.header("Content-Type") is None

    @pytest.mark.parametrize("method", ["DELETE", "PUT"])
    def test_other_methods(self, transport: Face, server: Server, method: str) -> None:
        transport.send(Request(method, server.url + "/", HEADERS))
        assert server.requests[0].method == method


class TestAnswer:
    def test_status_headers_and_body(self, transport: Face, server: Server) -> None:
        url = server.on("/", answer(b'{"a": 1}', 418, {"Twilio-Request-Id": "RQ1", "X-A": "\xe9"}))
        response = transport.send(get(url))
        assert (response.status, response.body) == (418, b'{"a": 1}')
        assert response.headers["twilio-request-id"] == "RQ1"

    def test_repeated_headers_are_kept(self, transport: Face, server: Server) -> None:
        url = server.on("/", raw(b"HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 0\r\n\r\n"))
        assert transport.send(get(url)).headers.get_all("x-a") in {("1", "2"), ("1, 2",)}

    def test_an_empty_answer(self, transport: Face, server: Server) -> None:
        response = transport.send(get(server.on("/", raw(b"HTTP/1.1 204 No Content\r\n\r\n", keep=True))))
        assert (response.status, response.body) == (204, b"")

    def test_gzip_is_undone(self, transport: Face, server: Server) -> None:
        url = server.on("/", answer(gzip.compress(b"plain"), headers={"Content-Encoding": "gzip"}))
        assert transport.send(get(url)).body == b"plain"

    def test_chunks_are_joined(self, transport: Face, server: Server) -> None:
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        url = server.on("/", raw(head + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", keep=True))
        assert transport.send(get(url)).body == b"abcde"

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_redirects_are_not_followed(self, transport: Face, server: Server, status: int) -> None:
        url = server.on("/", answer(b"", status, {"Location": "/elsewhere"}))
        assert transport.send(get(url)).status == status
        assert transport.send(post(url)).status == status
        assert [seen.target for seen in server.requests] == ["/", "/"]

    def test_cookies_are_not_kept(self, transport: Face, server: Server) -> None:
        # By name, since some jars take nothing from an address anyway.
        url = server.on("/", answer(headers={"Set-Cookie": "a=1; Path=/"})).replace("127.0.0.1", "localhost")
        transport.send(get(url))
        transport.send(get(url))
        assert server.requests[1].header("Cookie") is None


class TestConnections:
    def test_one_is_reused(self, transport: Face, server: Server) -> None:
        for _ in range(3):
            transport.send(get(server.url + "/"))
            transport.send(post(server.url + "/"))
        assert server.connections == 1

    @pytest.mark.parametrize("request_", [get, post])
    def test_one_that_went_stale_is_not_used(
        self, transport: Face, server: Server, request_: Callable[[str], Request]
    ) -> None:
        url = server.on("/", answer(keep=False), answer())
        transport.send(request_(url))
        assert server.closed_one.wait(5)
        transport.settle()
        assert transport.send(request_(url)).status == 200
        assert len(server.requests) == 2

    @pytest.mark.parametrize("request_", [get, post])
    def test_nothing_is_sent_twice(
        self, transport: Face, server: Server, request_: Callable[[str], Request]
    ) -> None:
        """Not even where the connection was reused and might have gone stale: retrying is the client's."""
        url = server.on("/", answer(), raw(b""))
        transport.send(request_(url))
        with pytest.raises(TransportError) as caught:
            transport.send(request_(url))
        assert type(caught.value) is TransportError
        assert len(server.requests) == 2

    def test_many_at_once(self, transport: Face, server: Server) -> None:
        def echo(connection: socket.socket, seen: Seen, server: Server) -> bool:
            return answer(seen.target.encode())(connection, seen, server)

        server.on("/", echo)
        responses = transport.send_all([get(f"{server.url}/?{number}") for number in range(60)])
        assert [response.body for response in responses] == [f"/?{number}".encode() for number in range(60)]
        assert server.connections <= 60

    def test_closing_twice_is_harmless(self, make: Make, server: Server) -> None:
        face = make()
        face.send(get(server.url + "/"))
        face.close()


class TestNoConnection:
    def test_nobody_listens(self, transport: Face) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        with pytest.raises(ConnectFailed, match="no connection"):
            transport.send(get(f"http://127.0.0.1:{port}/"))

    def test_nobody_accepts(self, transport: Face) -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
            address = full.getsockname()
            waiting = [socket.socket() for _ in range(4)]
            for one in waiting:
                # The queue of a listener takes one or two; from then on the kernel answers nobody.
                one.setblocking(False)
                one.connect_ex(address)
            try:
                with pytest.raises(ConnectFailed):
                    transport.send(post(f"http://127.0.0.1:{address[1]}/", timeout=SOON))
            finally:
                for one in waiting:
                    one.close()


class TestTls:
    def test_a_trusted_server(
        self, make: Make, making: Callable[[Face], Face], tls_server: Server, trust: ssl.SSLContext
    ) -> None:
        face = making(make(ssl_context=trust))
        assert face.send(get(tls_server.url + "/")).status == 200

    def test_a_certificate_nobody_vouches_for(self, transport: Face, tls_server: Server) -> None:
        with pytest.raises(ConnectFailed, match=r"(?i)certificate"):
            transport.send(post(tls_server.url + "/"))
        assert tls_server.requests == []

    def test_a_certificate_of_another_host(
        self, make: Make, making: Callable[[Face], Face], tls_server: Server, trust: ssl.SSLContext
    ) -> None:
        face = making(make(ssl_context=trust))
        with pytest.raises(ConnectFailed):
            face.send(post(f"https://localhost:{tls_server.port}/"))
        assert tls_server.requests == []

    def test_a_server_without_tls(self, transport: Face, server: Server) -> None:
        with pytest.raises(ConnectFailed):
            transport.send(post(server.url.replace("http:", "https:") + "/", timeout=SOON))

    def test_a_handshake_that_never_ends(self, transport: Face) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
            with pytest.raises(ConnectFailed):
                transport.send(post(url, timeout=Timeout(connect=0.1, read=20)))


class TestSlowness:
    @pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200 OK\r\nContent-Le"])
    def test_headers_that_never_come(self, transport: Face, server: Server, begin: bytes) -> None:
        with pytest.raises(TimedOut, match=r"no answer within 0\.1 s: GET http://127"):
            transport.send(get(server.on("/", stall(begin)) + "?secret=1", SOON))

    def test_a_body_that_never_ends(self, transport: Face, server: Server) -> None:
        url = server.on("/", stall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"))
        with pytest.raises(TimedOut):
            transport.send(get(url, SOON))

    def test_the_time_is_that_of_the_request(self, transport: Face, server: Server) -> None:
        """Not that of the request which made the connection."""
        url = server.on("/slow", stall())
        transport.send(get(server.url + "/", Timeout(read=60)))
        start = time.monotonic()
        with pytest.raises(TimedOut):
            transport.send(get(url, SOON))
        assert time.monotonic() - start < 30
        assert server.connections == 1


class TestBrokenAnswers:
    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"HTTP/1.1 200 OK\r\nContent-Le",
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab",
            b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        ],
        ids=["nothing", "half a head", "half a body", "half a chunk", "no chunk", "no http", "no gzip"],
    )
    def test_are_transport_errors(self, transport: Face, server: Server, data: bytes) -> None:
        with pytest.raises(TransportError) as caught:
            transport.send(post(server.on("/", raw(data)) + "?To=secret"))
        assert type(caught.value) is TransportError
        assert "POST http://127.0.0.1" in str(caught.value)
        assert "secret" not in str(caught.value)
        assert len(server.requests) == 1


class TestStreaming:
    def test_the_body_comes_while_it_is_sent(self, transport: Face, server: Server) -> None:
        first_arrived = threading.Event()

        def in_two(connection: socket.socket, _: Seen, __: Server) -> bool:
            connection.sendall(b"HTTP/1.1 206 Partial\r\nContent-Length: 6\r\n\r\nabc")
            assert first_arrived.wait(10)
            connection.sendall(b"def")
            return True

        pieces: list[bytes] = []

        def each(_: int, chunk: bytes) -> bool:
            pieces.append(chunk)
            first_arrived.set()
            return True

        assert transport.stream(get(server.on("/", in_two)), each) == 206
        assert b"".join(pieces) == b"abcdef"
        assert len(pieces) > 1
        transport.send(get(server.url + "/other"))
        assert server.connections == 1

    def test_no_chunk_is_large(self, transport: Face, server: Server) -> None:
        sizes: list[int] = []

        def each(_: int, chunk: bytes) -> bool:
            sizes.append(len(chunk))
            return True

        transport.stream(get(server.on("/", answer(b"x" * 1_000_000))), each)
        assert sum(sizes) == 1_000_000
        assert 0 < min(sizes) <= max(sizes) <= 65_536

    def test_one_that_is_left_early_spoils_nothing(self, transport: Face, server: Server) -> None:
        url = server.on("/", answer(b"x" * 3_000_000))
        assert transport.stream(get(url), lambda _, __: False) == 200
        assert transport.send(get(server.url + "/other")).body == b"{}"

    def test_one_that_is_left_unfinished_is_not_reused(self, transport: Face, server: Server) -> None:
        url = server.on("/", stall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"))
        transport.stream(get(url), lambda _, __: False)
        assert transport.send(get(server.url + "/other", Timeout(read=20))).status == 200
        assert server.connections == 2

    def test_one_that_breaks_off(self, transport: Face, server: Server) -> None:
        url = server.on("/", raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"))
        received: list[bytes] = []

        def each(_: int, chunk: bytes) -> bool:
            received.append(chunk)
            return True

        with pytest.raises(TransportError) as caught:
            transport.stream(get(url), each)
        assert type(caught.value) is TransportError
        assert b"".join(received) == b"abc"

    def test_one_that_stalls(self, transport: Face, server: Server) -> None:
        url = server.on("/", stall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"))
        with pytest.raises(TimedOut):
            transport.stream(get(url, SOON), lambda _, __: True)

    def test_a_refused_connection(self, transport: Face) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        with pytest.raises(ConnectFailed):
            transport.stream(get(f"http://127.0.0.1:{port}/"), lambda _, __: True)
