"""Files: what the API sends as it is instead of as JSON, whole or in part."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from attrs import frozen

from ringback.emulator.audio import part_of
from ringback.http import Headers, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["File", "Reply"]


@frozen
class File:
    """A file to send.

    Attributes:
        content_type: The one it is sent with.
        size: In bytes.
        chunks: Its bytes from one place to another. They may take seconds to make.
    """

    content_type: str
    size: int
    chunks: Callable[[int, int], Iterable[bytes]]

    @classmethod
    def of(cls, content: bytes, content_type: str) -> File:
        """One whose bytes are here."""
        return cls(content_type, len(content), lambda start, stop: (content[start:stop],))


@frozen
class Reply:
    """An answer whose body is made when it is sent: nobody has to hold the network meanwhile.

    Attributes:
        status: HTTP status.
        headers: Header fields.
        size: Bytes of the body.
        chunks: Makes the body.
    """

    status: int
    headers: Headers
    size: int
    chunks: Callable[[], Iterable[bytes]]

    @classmethod
    def of(cls, status: int, fields: Mapping[str, str], body: bytes) -> Reply:
        """One whose body is here."""
        return cls(status, Headers(fields), len(body), lambda: (body,))

    @classmethod
    def with_file(cls, fields: Mapping[str, str], file: File, wanted: str | None) -> Reply:
        """A file, or the part of it that is `wanted`: a header `Range`."""
        part = part_of(wanted, file.size)
        headers = Headers({**fields, "Content-Type": file.content_type, **part.headers})
        return cls(part.status, headers, part.stop - part.start, lambda: file.chunks(part.start, part.stop))

    def response(self, method: str) -> Response:
        """The answer to a request of this method: HEAD asks for all but the body."""
        if method.upper() == "HEAD":
            return Response(self.status, self.headers.merge({"Content-Length": str(self.size)}))
        return Response(self.status, self.headers, b"".join(self.chunks()))
