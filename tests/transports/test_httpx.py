"""What is httpx's own, besides the contract."""

from __future__ import annotations

from ringback.http import Headers, Request
from ringback.transports.httpx import HttpxTransport
from tests.transports.server import Server


def test_no_more_than_pool_size_is_kept(server: Server) -> None:
    transport = HttpxTransport(pool_size=1)
    request = Request("GET", server.url + "/", Headers())
    with transport.stream(request) as one, transport.stream(request) as other:
        assert one.read() == other.read() == b"{}"
        assert server.connections == 2
        assert not server.closed_one.is_set()
    assert server.closed_one.wait(10)
    transport.send(request)
    assert server.connections == 2
    transport.close()
