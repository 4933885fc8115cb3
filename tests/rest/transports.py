"""A transport that answers by itself and keeps what it was asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qsl, urlsplit

from attrs import define, field

from ringback.http import Headers, Request, Response
from ringback.transports import AsyncTransport, Transport


@define
class Answers(Transport):
    """Gives one answer to everything.

    Attributes:
        status: Of the answer.
        body: JSON to answer with; None is an empty body.
        requests: What was sent, oldest first.
    """

    status: int = 200
    body: Mapping[str, object] | None = None
    requests: list[Request] = field(factory=list[Request])

    def send(self, request: Request, /) -> Response:
        self.requests.append(request)
        content = b"" if self.body is None else json.dumps(self.body).encode()
        return Response(self.status, Headers({"Content-Type": "application/json"}), content)

    def close(self) -> None:
        pass

    @property
    def url(self) -> SplitResult:
        """Of the last request."""
        return urlsplit(self.requests[-1].url)

    @property
    def query(self) -> list[tuple[str, str]]:
        """Of the last request."""
        return parse_qsl(self.url.query, keep_blank_values=True, strict_parsing=bool(self.url.query))

    @property
    def form(self) -> list[tuple[str, str]]:
        """Of the last request."""
        body = self.requests[-1].body.decode("ascii")
        return parse_qsl(body, keep_blank_values=True, strict_parsing=bool(body))


@define
class AsyncAnswers(AsyncTransport):
    """The same for asyncio."""

    answers: Answers

    async def send(self, request: Request, /) -> Response:
        return self.answers.send(request)

    async def aclose(self) -> None:
        pass
