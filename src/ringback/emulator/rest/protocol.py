"""What HTTP asks of the API whatever a request is about: paths, methods, content types."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from ringback.emulator.rest.errors import Refused

if TYPE_CHECKING:
    from ringback.http import Headers

__all__ = ["allow", "check_form", "check_text", "normal_path", "path_text"]

_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/json"
# What a path may hold as it is, https://www.rfc-editor.org/rfc/rfc3986#section-3.3; and of that, what is the
# same with a percent sign.
_PLAIN: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/")
_UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PIECE: Final = re.compile(rb"%([0-9A-Fa-f]{2})|(.)", re.DOTALL)


def normal_path(path: bytes | str) -> str:
    """The one spelling of a path: percent signs where they have to be, in capitals, for UTF-8.

    A slash that is encoded stays so: it is no border between parts.
    """

    def spelled(piece: re.Match[bytes]) -> bytes:
        encoded, plain = piece[1], piece[2]
        byte = plain[0] if encoded is None else int(encoded, 16)
        free = _PLAIN if encoded is None else _UNRESERVED
        return bytes((byte,)) if byte in free else b"%%%02X" % byte

    return _PIECE.sub(spelled, path.encode() if isinstance(path, str) else path).decode("ascii")


def path_text(part: str) -> str:
    """What a part of a path says; what is no UTF-8 in it is replaced, and names nothing."""
    return unquote_to_bytes(part).decode("utf-8", "replace")


def check_text(target: str) -> None:
    """See to it that a path and query can be sent; over HTTP they were.

    Raises:
        Refused: There is half of a surrogate pair in it.
    """
    try:
        target.encode()
    except UnicodeEncodeError as error:
        raise Refused(400, 20001, f"The address is no text: {error.reason}") from None


def allow(methods: Iterable[str]) -> str:
    """The header `Allow` of a resource that has operations of these methods."""
    known = set(methods)
    if "GET" in known:
        known.add("HEAD")
    order = ("GET", "HEAD", "POST", "PUT", "DELETE")
    return ", ".join([*(method for method in order if method in known), "OPTIONS"])


def check_form(headers: Headers, body: bytes) -> None:
    """See to it that the body of a request is a form.

    Raises:
        Refused: It says that it is something else, or is JSON whatever it says.
    """
    if not body:
        return
    named = headers.get("Content-Type", "")
    kind = named.partition(";")[0].strip().lower()
    if kind not in {"", _FORM}:
        raise Refused(400, 20001, f"The body's Content-Type is '{named[:100]}': expected {_FORM}")
    if body.lstrip()[:1] in {b"{", b"["}:
        raise Refused(400, 20001, f"The body is {_JSON}: expected {_FORM}")
