"""Content in chunks: retried until it begins, and followed without credentials."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from ringback import AsyncClient, Client, RequestOptions
from ringback.errors import ConnectFailed, InvalidRequest, NotFound, ResponseInvalid, TransportError
from tests.client.records import ACCOUNT, AT_ONCE, PATH, TOKEN
from tests.transports.server import Server, answer, raw, stall

RECORDING = f"{PATH}/Recordings/RE1.mp3"
SOUND = bytes(range(256)) * 2000


@pytest.fixture
def mine(server: Server) -> Iterator[Client]:
    with Client(ACCOUNT, TOKEN, base_url=server.url, retry=AT_ONCE) as client:
        yield client


@pytest.fixture
async def mine_async(server: Server) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(ACCOUNT, TOKEN, base_url=server.url, retry=AT_ONCE) as client:
        yield client


class TestSync:
    def test_from_storage(self, mine: Client, server: Server) -> None:
        with Server() as storage:
            storage.on("/stored", answer(SOUND, headers={"Content-Type": "audio/mpeg"}))
            server.on(RECORDING, answer(b"", 302, {"Location": storage.url + "/stored?signature=1"}))
            with mine._session.stream(RECORDING) as content:
                assert content.status == 200
                assert content.headers["Content-Length"] == str(len(SOUND))
                assert b"".join(content) == SOUND
            (asked,), (stored,) = server.requests, storage.requests
        assert (asked.header("Accept"), asked.header("Accept-Encoding")) == ("*/*", "identity")
        assert asked.header("Authorization") is not None
        assert stored.target == "/stored?signature=1"
        assert stored.header("Authorization") is None

    def test_a_part(self, mine: Client, server: Server) -> None:
        server.on(RECORDING, answer(SOUND[5:], 206))
        with mine._session.stream(RECORDING, RequestOptions(headers={"Range": "bytes=5-"})) as content:
            assert (content.status, content.read()) == (206, SOUND[5:])
        assert server.requests[0].header("Range") == "bytes=5-"

    def test_retried_until_it_begins(self, mine: Client, server: Server) -> None:
        server.on(RECORDING, raw(b""), answer(b"", 503), answer(b"", 429), answer(SOUND))
        with mine._session.stream(RECORDING) as content:
            assert content.read() == SOUND

    def test_then_it_is_the_callers(self, mine: Client, server: Server) -> None:
        server.on(RECORDING, raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"))
        with mine._session.stream(RECORDING) as content:
            assert next(iter(content)) == b"abc"
            with pytest.raises(TransportError):
                content.read()
        assert len(server.requests) == 1

    def test_refused(self, mine: Client, server: Server) -> None:
        server.on(RECORDING, answer(b'{"code": 20404, "message": "no such recording"}', 404))
        with pytest.raises(NotFound, match="no such recording"):
            mine._session.stream(RECORDING)
        # The refusal was read, so its connection serves the next request.
        with pytest.raises(NotFound):
            mine._session.stream(RECORDING)

    def test_of_a_long_refusal_the_beginning_is_read(self, mine: Client, server: Server) -> None:
        """The rest, which here never comes, is not waited for."""
        head = b"HTTP/1.1 400 Bad\r\nContent-Length: 5000000\r\n\r\n"
        server.on(RECORDING, stall(head + b"x" * 100_000))
        with pytest.raises(InvalidRequest, match="xxx…"):
            mine._session.stream(RECORDING)

    def test_in_circles(self, mine: Client, server: Server) -> None:
        server.on(RECORDING, answer(b"", 302, {"Location": RECORDING}))
        with pytest.raises(ResponseInvalid, match="more than 5 redirects"):
            mine._session.stream(RECORDING)
        assert len(server.requests) == 6
        assert all(seen.header("Authorization") is None for seen in server.requests[1:])

    def test_to_a_host_that_is_not_there(self, mine: Client, server: Server) -> None:
        with Server() as gone:
            url = gone.url
        server.on(RECORDING, answer(b"", 302, {"Location": url}))
        with pytest.raises(ConnectFailed):
            mine._session.stream(RECORDING)


class TestAsync:
    async def test_from_storage(self, mine_async: AsyncClient, server: Server) -> None:
        with Server() as storage:
            storage.on("/stored", raw(b""), answer(SOUND))
            server.on(RECORDING, answer(b"", 302, {"Location": storage.url + "/stored"}))
            async with await mine_async._session.stream(RECORDING) as content:
                assert b"".join([chunk async for chunk in content]) == SOUND
            assert [seen.header("Authorization") for seen in storage.requests] == [None, None]

    async def test_refused(self, mine_async: AsyncClient, server: Server) -> None:
        server.on(RECORDING, answer(b"", 404))
        with pytest.raises(NotFound):
            await mine_async._session.stream(RECORDING)

    async def test_broken_off(self, mine_async: AsyncClient, server: Server) -> None:
        server.on(RECORDING, raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"))
        async with await mine_async._session.stream(RECORDING) as content:
            with pytest.raises(TransportError):
                await content.read()
