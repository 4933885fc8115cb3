"""Answers are bounded, packed or not, on all transports; what is streamed is not, and takes little memory."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from ringback import AsyncClient, Client, InvalidValue, RequestOptions
from ringback.errors import OutcomeUnknown, ResponseInvalid, TransportError
from ringback.http import Headers, Request
from ringback.transports.bodies import Unpacking
from tests.client.records import ACCOUNT, TOKEN
from tests.transports.kinds import Face
from tests.transports.server import Server, answer, raw

SIZE = 2_000_000


def head(text: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\n{text}\r\n\r\n".encode()


def chunked(data: bytes) -> bytes:
    pieces = [data[start : start + 10_000] for start in range(0, len(data), 10_000)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


BODIES = {
    "plain": head(f"Content-Length: {SIZE}") + b" " * SIZE,
    "chunked": head("Transfer-Encoding: chunked") + chunked(b" " * SIZE),
    "to the end": head("Connection: close") + b" " * SIZE,
    "packed": head("Content-Encoding: gzip") + gzip.compress(b" " * SIZE),
    "in two": head("Content-Encoding: x-gzip") + gzip.compress(b" " * (SIZE // 2)) * 2,
}


@pytest.mark.parametrize("body", BODIES)
def test_a_limit(transport: Face, server: Server, body: str) -> None:
    url = server.on("/", raw(BODIES[body], keep=body in {"plain", "chunked"}))
    assert transport.send(Request("GET", url, max_answer_size=SIZE)).body == b" " * SIZE
    with pytest.raises(ResponseInvalid, match=r"larger than max_answer_size, 1,999,999 bytes") as caught:
        transport.send(Request("GET", url, max_answer_size=SIZE - 1))
    assert caught.value.status == 200
    assert transport.send(Request("GET", server.url + "/other")).body == b"{}"


def test_a_bomb_is_not_unpacked(transport: Face, server: Server) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b" " * 1_000_000) for _ in range(100)) + packer.flush()
    url = server.on("/", answer(bomb, headers={"Content-Encoding": "gzip"}))
    tracemalloc.start()
    try:
        with pytest.raises(ResponseInvalid):
            transport.send(Request("GET", url, max_answer_size=1_000_000))
        sizes: list[int] = []

        def each(_: int, chunk: bytes) -> bool:
            sizes.append(len(chunk))
            return True

        transport.stream(Request("GET", url), each)
        assert sum(sizes) == 100_000_000
        assert max(sizes) <= 65_536
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "body",
    [
        head("Content-Encoding: gzip") + b"abc",
        head("Content-Encoding: gzip") + gzip.compress(b"abc")[:-4],
        head("Content-Encoding: zstd") + b"abc",
    ],
    ids=["none", "half", "another"],
)
def test_what_cannot_be_unpacked(transport: Face, server: Server, body: bytes) -> None:
    url = server.on("/", raw(body))
    with pytest.raises(TransportError, match=r"can't be read: GET http"):
        transport.send(Request("GET", url))
    with pytest.raises(TransportError, match=r"can't be read: GET http"):
        transport.stream(Request("GET", url), lambda _, __: True)


@pytest.mark.parametrize("step", [1, 7, 100_000])
@pytest.mark.parametrize("padding", [b"", b"\0" * 30])
def test_however_the_bytes_come(step: int, padding: bytes) -> None:
    plain = bytes(range(256)) * 40 + b" " * 65_536 * 3
    unpacking = Unpacking(Request("GET", "http://x"), Headers({"Content-Encoding": "gzip"}))
    data = gzip.compress(plain) + gzip.compress(b"more") + padding
    pieces = [piece for at in range(0, len(data), step) for piece in unpacking.pieces(data[at : at + step])]
    unpacking.end()
    assert b"".join(pieces) == plain + b"more"


class TestSetting:
    @pytest.mark.parametrize("size", [0, -1, "1", 1.5, True])
    @pytest.mark.parametrize("make", [Client, AsyncClient, RequestOptions])
    def test_is_checked(self, make: Callable[..., object], size: object) -> None:
        arguments = () if make is RequestOptions else (ACCOUNT, TOKEN)
        with pytest.raises(InvalidValue, match=r"^max_answer_size: "):
            make(*arguments, max_answer_size=size)

    def test_of_a_client_and_of_a_request(self, server: Server) -> None:
        server.on("/x.json", answer(b'{"a": "' + b"b" * 2000 + b'"}'))
        with Client(ACCOUNT, TOKEN, base_url=server.url, max_answer_size=1000) as client:
            with pytest.raises(ResponseInvalid, match="max_answer_size, 1,000 bytes"):
                client.request("GET", "/x.json")
            assert client.request("GET", "/x.json", options=RequestOptions(max_answer_size=3000))
            with pytest.raises(ResponseInvalid) as caught:
                client.request("POST", "/x.json")
        assert isinstance(caught.value.__cause__, OutcomeUnknown)
        assert len(server.requests) == 3

        async def asynchronously() -> None:
            async with AsyncClient(ACCOUNT, TOKEN, base_url=server.url, max_answer_size=1000) as client:
                with pytest.raises(ResponseInvalid):
                    await client.request("GET", "/x.json")

        asyncio.run(asynchronously())
