"""A connection over which webhooks go, one after the other: HTTP/1.1 by h11, in an event loop."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING, Final, cast

import h11

from ringback.emulator.engine.documents import most_bytes
from ringback.http import Headers, WebhookResponse

if TYPE_CHECKING:
    from ringback.http import WebhookRequest

__all__ = ["Lost", "NoHttp", "WebhookConnection"]

_LONGEST_HEAD: Final = 65_536
_CODINGS: Final = frozenset({"gzip", "x-gzip", "deflate"})
_ANY_CODING: Final = zlib.MAX_WBITS | 32  # which of them, the bytes say


class Lost(Exception):
    """The connection ended before the answer was whole."""


class NoHttp(Exception):
    """The other side said something that is no HTTP."""


class WebhookConnection(asyncio.Protocol):
    """One connection; made by `loop.create_connection`."""

    def __init__(self) -> None:
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)
        self._transport: asyncio.Transport | None = None
        self._news: asyncio.Future[None] | None = None
        self._ended = False
        self._reset = False

    # As asyncio tells it

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._http.receive_data(data)
        self._tell()

    def eof_received(self) -> None:
        self._ended = True
        self._tell()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended, self._reset = True, exc is not None
        self._tell()

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    # For whoever sends requests

    @property
    def free(self) -> bool:
        """Whether it takes another request."""
        http = self._http
        return not self._ended and http.their_state in {h11.IDLE, h11.DONE} and not http.trailing_data[0]

    def close(self) -> None:
        """End it, whatever is under way."""
        self._ended = True
        if self._transport is not None:
            self._transport.abort()

    async def exchange(self, request: WebhookRequest, target: str, patience: float) -> WebhookResponse:
        """Send a request; what is answered. A body goes no further than one that is too long has to.

        Args:
            request: What to send.
            target: Path and query.
            patience: Seconds that the other side may be silent.

        Raises:
            asyncio.TimeoutError: It was silent for longer.
            Lost: The connection ended before the answer was whole.
            NoHttp: The answer is none.
        """
        self._send(request, target)
        head = await self._head(patience)
        headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers])
        most = most_bytes(headers)
        body = bytearray()
        while len(body) <= most and isinstance(piece := await self._event(patience), h11.Data):
            body += piece.data
        return WebhookResponse(head.status_code, headers, _decoded(bytes(body), headers, most))

    def _send(self, request: WebhookRequest, target: str) -> None:
        http = self._http
        if http.our_state is h11.DONE:
            http.start_next_cycle()
        fields = list(request.headers.multi_items())
        if request.body or request.method == "POST":
            fields.append(("Content-Length", str(len(request.body))))
        head = h11.Request(
            method=request.method,
            target=target,
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields],
        )
        parts = (head, h11.Data(data=request.body), h11.EndOfMessage())
        assert self._transport is not None  # noqa: S101 (it is connected)
        self._transport.write(b"".join(http.send(part) or b"" for part in parts))

    async def _head(self, patience: float) -> h11.Response:
        try:
            while not isinstance(event := await self._event(patience), h11.Response):
                if event is h11.PAUSED:  # another protocol from now on
                    raise NoHttp(str(event))
        except Lost:
            said, _ = self._http.trailing_data
            if said and not said.startswith(b"HTTP/"):
                raise NoHttp("its beginning is none") from None
            raise
        return event

    async def _event(self, patience: float) -> h11.Event | type[h11.PAUSED]:
        ends = False
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                raise (Lost if ends else NoHttp)(str(error)) from error
            if event is not h11.NEED_DATA:
                return cast("h11.Event | type[h11.PAUSED]", event)
            if self._reset:
                raise Lost
            if self._ended:  # an answer may be whole by that
                ends = True
                self._http.receive_data(b"")
                continue
            self._news = asyncio.get_running_loop().create_future()
            await asyncio.wait_for(self._news, patience)


def _decoded(body: bytes, headers: Headers, most: int) -> bytes:
    """A body as it was before it was compressed; no further than `most_bytes` and one more.

    Raises:
        NoHttp: It isn't compressed as it says.
    """
    if not body or headers.get("Content-Encoding", "").strip().lower() not in _CODINGS:
        return body
    try:
        return zlib.decompressobj(_ANY_CODING).decompress(body, most + 1)
    except zlib.error as error:
        raise NoHttp(str(error)) from error
