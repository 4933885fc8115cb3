"""Webhooks over HTTP: connections, what ends them, what comes over them."""

from __future__ import annotations

import gzip
import socket
import sys
import threading
import zlib
from collections.abc import Generator
from pathlib import Path

import pytest
import trustme

from ringback.emulator import Emulator
from tests.emulator.conftest import ANNA, OURS
from tests.emulator.website import until
from tests.transports.server import Reply, Seen, Server, answer, raw, stall
from tests.transports.tls import server_context

HELLO = b"<Response><Say>Hello</Say></Response>"
XML = {"Content-Type": "text/xml"}


@pytest.fixture
def server() -> Generator[Server]:
    with Server() as server:
        server.on("/voice", answer(HELLO, headers=XML))
        yield server


def hears_hello(emulator: Emulator, url: str) -> None:
    emulator.number(OURS, voice_url=url)
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("Hello")
    call.expect_hangup()


def fails(emulator: Emulator, url: str, code: int, why: str) -> None:
    emulator.allow_problems(code)
    emulator.number(OURS, voice_url=url)
    emulator.phone(ANNA).dial(OURS).expect_hangup()
    assert [problem.code for problem in emulator.problems] == [code]
    assert why in emulator.problems[0].message


class TestConnections:
    def test_one_is_kept(self, emulator: Emulator, server: Server) -> None:
        for _ in range(3):
            hears_hello(emulator, f"{server.url}/voice")
        assert [seen.connection for seen in server.requests] == [1, 1, 1]

    @pytest.mark.parametrize(
        "reply",
        [
            answer(HELLO, headers=XML, keep=False),
            answer(HELLO, headers=XML | {"Connection": "close"}),
            raw(b"HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n" + HELLO),
            # More than was asked for: what else it says is not for the next request.
            answer(HELLO + b"HTTP/1.1 500 No\r\n\r\n", headers=XML | {"Content-Length": str(len(HELLO))}),
        ],
    )
    def test_one_that_ends_is_not_used_again(self, emulator: Emulator, server: Server, reply: Reply) -> None:
        server.on("/voice", reply)
        for _ in range(3):
            hears_hello(emulator, f"{server.url}/voice")
            server.closed_one.wait(0.05)
        assert [seen.connection for seen in server.requests] == [1, 2, 3]

    def test_each_under_way_has_its_own_and_none_a_thread(self, server: Server) -> None:
        count = 30
        gate = threading.Barrier(count)

        def together(connection: socket.socket, seen: Seen, server: Server) -> bool:
            gate.wait(10)
            return answer(HELLO, headers=XML)(connection, seen, server)

        server.on("/voice", together)
        before = {thread.name for thread in threading.enumerate()}
        with Emulator(clock="real") as emulator:
            emulator.number(OURS, voice_url=f"{server.url}/voice")
            calls = [emulator.phone(f"+1555000{number:04}").dial(OURS) for number in range(count)]
            for call in calls:
                call.expect_say("Hello")
            ours = [thread for thread in threading.enumerate() if "ringback" in thread.name]
            assert len(ours) < 10
        assert server.connections == count
        assert "ringback-webhooks" not in {thread.name for thread in threading.enumerate()} - before

    def test_names_below_localhost_are_this_machine(self, emulator: Emulator, server: Server) -> None:
        hears_hello(emulator, f"http://desk.localhost:{server.port}/voice")
        assert server.requests[0].header("Host") == f"desk.localhost:{server.port}"

    def test_closing_ends_what_is_under_way(self, server: Server) -> None:
        server.on("/voice", stall())
        with Emulator(clock="auto") as emulator:
            emulator.number(OURS, voice_url=f"{server.url}/voice")
            emulator.phone(ANNA).dial(OURS)
            until(lambda: bool(server.requests))
        assert all(thread.name != "ringback-webhooks" for thread in threading.enumerate())

    def test_without_h11(self, emulator: Emulator, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in ("webhook_http", "webhook_connection"):
            monkeypatch.delitem(sys.modules, f"ringback.emulator.{module}", raising=False)
        monkeypatch.setitem(sys.modules, "h11", None)
        fails(emulator, f"{server.url}/voice", 11200, "pip install 'ringback[emulator]'")
        assert not server.requests


class TestAnswers:
    @pytest.mark.parametrize(
        ("coding", "body"),
        [("gzip", gzip.compress(HELLO)), ("Deflate", zlib.compress(HELLO))],
        ids=["gzip", "deflate"],
    )
    def test_compressed(self, emulator: Emulator, server: Server, coding: str, body: bytes) -> None:
        server.on("/voice", answer(body, headers=XML | {"Content-Encoding": coding}))
        hears_hello(emulator, f"{server.url}/voice")
        assert server.requests[0].header("Accept-Encoding") == "gzip"

    def test_compressed_to_next_to_nothing(self, emulator: Emulator, server: Server) -> None:
        body = gzip.compress(b"<Response>" + b" " * 50_000_000)
        server.on("/voice", answer(body, headers=XML | {"Content-Encoding": "gzip"}))
        fails(emulator, f"{server.url}/voice", 11750, "more than 65536 bytes")

    def test_not_compressed_as_it_says(self, emulator: Emulator, server: Server) -> None:
        server.on("/voice", answer(HELLO, headers=XML | {"Content-Encoding": "gzip"}))
        fails(emulator, f"{server.url}/voice", 11200, "no HTTP")

    def test_in_pieces(self, emulator: Emulator, server: Server) -> None:
        pieces = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (HELLO[:9], HELLO[9:], b""))
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n"
        server.on("/voice", raw(head + pieces, keep=True))
        for _ in range(2):
            hears_hello(emulator, f"{server.url}/voice")
        assert server.connections == 1

    def test_what_comes_before_it(self, emulator: Emulator, server: Server) -> None:
        hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(HELLO)
        server.on("/voice", raw(hints + head + HELLO))
        hears_hello(emulator, f"{server.url}/voice")

    @pytest.mark.parametrize(
        ("said", "why"),
        [
            (b"", "ended before"),
            (b"HTTP/1.1 200", "ended before"),
            (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nab", "ended before"),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "ended before"),
            (b"220 mail.example.com ESMTP", "no HTTP"),
            (b"HTTP/1.1 many OK\r\n\r\n", "no HTTP"),
            (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "no HTTP"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", "no HTTP"),
            (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000, "no HTTP"),
        ],
    )
    def test_none(self, emulator: Emulator, server: Server, said: bytes, why: str) -> None:
        server.on("/voice", raw(said))
        fails(emulator, f"{server.url}/voice#rc=0", 11200, why)


class TestTls:
    @pytest.fixture
    def authority(self) -> trustme.CA:
        return trustme.CA()

    @pytest.fixture
    def secure(self, authority: trustme.CA) -> Generator[Server]:
        with Server(tls=server_context(authority, "desk.localhost", "127.0.0.1")) as server:
            server.on("/voice", answer(HELLO, headers=XML))
            yield server

    @pytest.fixture
    def trusted(self, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(str(path))
        monkeypatch.setenv("SSL_CERT_FILE", str(path))

    @pytest.mark.usefixtures("trusted")
    @pytest.mark.parametrize("host", ["127.0.0.1", "desk.localhost"])
    def test_one_that_is_trusted(self, emulator: Emulator, secure: Server, host: str) -> None:
        for _ in range(2):
            hears_hello(emulator, f"https://{host}:{secure.port}/voice")
        assert secure.connections == 1

    @pytest.mark.usefixtures("trusted")
    def test_one_of_another_name(self, emulator: Emulator, secure: Server) -> None:
        fails(emulator, f"https://kitchen.localhost:{secure.port}/voice#rc=0", 11220, "no TLS connection")

    def test_one_that_nobody_trusts(self, emulator: Emulator, secure: Server) -> None:
        fails(emulator, f"{secure.url}/voice#rc=0", 11220, "certificate verify failed")

    def test_one_that_speaks_no_tls(self, emulator: Emulator, server: Server) -> None:
        fails(emulator, f"https://127.0.0.1:{server.port}/voice#rc=0", 11220, "no TLS connection")
