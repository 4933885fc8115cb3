"""Requests as they are on the wire, without any SDK."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

from attrs import frozen

from ringback.emulator import ACCOUNT_SID, AUTH_TOKEN
from ringback.http import Headers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ringback.emulator import Emulator

__all__ = ["HOME", "Answer", "ask", "login"]

HOME = f"/2010-04-01/Accounts/{ACCOUNT_SID}"


@frozen
class Answer:
    """What came back."""

    status: int
    headers: Headers
    content: bytes

    @property
    def body(self) -> dict[str, object]:
        """The JSON in it."""
        return cast("dict[str, object]", json.loads(self.content))

    @property
    def refusal(self) -> tuple[int, object]:
        """The status and Twilio's code."""
        return self.status, self.body["code"] if self.status >= 400 else None


def login(user: str = ACCOUNT_SID, password: str = AUTH_TOKEN) -> str:
    """An `Authorization` header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def ask(
    emulator: Emulator,
    method: str,
    path: str,
    pairs: Iterable[tuple[str, str]] = (),
    *,
    authorization: str | None = None,
) -> Answer:
    """Ask the emulator, with parameters where the method has them."""
    encoded = urlencode(list(pairs))
    query = method in {"GET", "HEAD"}
    response = emulator.answer(
        method,
        f"{path}?{encoded}" if query and encoded else path,
        Headers({"Authorization": authorization or login()}),
        b"" if query else encoded.encode(),
    )
    return Answer(response.status, response.headers, response.body)
