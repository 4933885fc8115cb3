"""Bodies of answers: unpacked piece by piece, and never larger than they may be.

Unpacking     packed bytes in, pieces of at most CHUNK_SIZE out, however far they were packed
Body          the whole of one, within the limit of its request
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from ringback.errors import ResponseInvalid, TransportError, shorten
from ringback.transports.guard import what_of
from ringback.transports.streams import CHUNK_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ringback.http import Headers, Request

__all__ = ["Body", "Unpacking"]

_GZIP = 31  # zlib's word for gzip
_GZIP_BEGIN = b"\x1f"


class Unpacking:
    """Takes off an answer's `Content-Encoding`: gzip is all that the client asks for.

    Raises:
        TransportError: It is another one, or the bytes are not packed that way.
    """

    __slots__ = ("_begun", "_gzip", "_request")

    def __init__(self, request: Request, headers: Headers) -> None:
        self._request = request
        self._begun = False
        encoding = headers.get("Content-Encoding", "").strip().lower()
        if encoding not in {"", "identity", "gzip", "x-gzip"}:
            raise self._broken(f"nobody asked for the encoding {shorten(encoding, 20)!r}")
        self._gzip = zlib.decompressobj(_GZIP) if encoding.endswith("gzip") else None

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What comes of the next bytes."""
        if self._gzip is None:
            yield data
            return
        while data:
            if self._gzip.eof:
                if not data.startswith(_GZIP_BEGIN):
                    return  # padding
                self._gzip = zlib.decompressobj(_GZIP)
            self._begun = True
            try:
                piece = self._gzip.decompress(data, CHUNK_SIZE)
                data = self._gzip.unused_data or self._gzip.unconsumed_tail
                while piece:
                    yield piece
                    # All may be read already, with more in it than a piece may hold.
                    full = len(piece) == CHUNK_SIZE and not data
                    piece = self._gzip.decompress(b"", CHUNK_SIZE) if full else b""
            except zlib.error as error:
                raise self._broken("it is not packed as it says") from error

    def end(self) -> None:
        """No more will come."""
        if self._gzip is not None and self._begun and not self._gzip.eof:
            raise self._broken("it broke off")

    def _broken(self, problem: str) -> TransportError:
        return TransportError(f"the answer can't be read: {what_of(self._request)}: {problem}")


class Body:
    """Collects an answer's body.

    Raises:
        ResponseInvalid: It is larger than the request allows.
        TransportError: It can't be unpacked.
    """

    __slots__ = ("_headers", "_limit", "_pieces", "_size", "_status", "_unpacking")

    def __init__(self, request: Request, status: int, headers: Headers) -> None:
        self._unpacking = Unpacking(request, headers)
        self._limit = request.max_answer_size
        self._status = status
        self._headers = headers
        self._pieces: list[bytes] = []
        self._size = 0

    def add(self, data: bytes) -> None:
        """The next bytes, as they came."""
        for piece in self._unpacking.pieces(data):
            self._size += len(piece)
            if self._size > self._limit:
                raise ResponseInvalid(
                    f"the answer is larger than max_answer_size, {self._limit:,} bytes",
                    status=self._status,
                    request_id=self._headers.get("Twilio-Request-Id"),
                )
            self._pieces.append(piece)

    def whole(self) -> bytes:
        """All of it, now that no more comes."""
        self._unpacking.end()
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
