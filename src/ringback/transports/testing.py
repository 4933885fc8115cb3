"""Transports for your tests: no network, or a record of what went over it.

    FakeTransport, AsyncFakeTransport            answer what you tell them to
    RecordingTransport, AsyncRecordingTransport  pass everything on to another transport

All four remember in `recorded` what was asked and what came of it.

```python
fake = FakeTransport([json_response({"message": "slow down"}, status=429), json_response(MESSAGE)])
client = Client("AC" + "0" * 32, "token", transport=fake)
client.messages.create(to="+15558675310", from_="+15017122661", body="Hi")
assert fake.recorded[0].form["Body"] == "Hi"
```

For more than a few answers use the emulator, which knows what Twilio says: `ringback.emulator`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from attrs import evolve, frozen

from ringback.errors import REDACTED, ConnectFailed, TransportError
from ringback.http import Headers, Request, Response
from ringback.transports import AsyncTransport, Transport
from ringback.transports.hooks import AsyncHookedTransport, HookedTransport

if TYPE_CHECKING:
    from ringback.transports.hooks import Hook, HookRun

__all__ = [
    "Answers",
    "AsyncFakeTransport",
    "AsyncRecordingTransport",
    "FakeTransport",
    "Recorded",
    "RecordingTransport",
    "json_response",
]

Answers: TypeAlias = Iterable[Response | TransportError] | Callable[[Request], Response | TransportError]


def json_response(
    body: Mapping[str, object] | None = None, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer as the API gives it; without a body it is empty, as after a delete."""
    fields = Headers({"Content-Type": "application/json", "Twilio-Request-Id": f"RQ{'0' * 32}"})
    content = b"" if body is None else json.dumps(dict(body)).encode()
    return Response(status, fields.merge(headers or {}), content)


@frozen
class Recorded:
    """One request and what came of it.

    Attributes:
        request: As it was sent, but for `Authorization`, which reads `***`.
        outcome: The answer, or the error where none came; of a stream, status and headers.
    """

    request: Request
    outcome: Response | TransportError

    @property
    def path(self) -> str:
        """The path that was asked for."""
        return urlsplit(self.request.url).path

    @property
    def query(self) -> Mapping[str, str]:
        """The query parameters; of a repeated one, the last."""
        return dict(parse_qsl(urlsplit(self.request.url).query, keep_blank_values=True))

    @property
    def form(self) -> Mapping[str, str]:
        """The form parameters; of a repeated one, the last."""
        return dict(parse_qsl(self.request.body.decode(), keep_blank_values=True))


class FakeTransport(Transport):
    """Answers without a network.

    Args:
        answers: What to answer, or the error to raise: one after the other, or whatever a function makes of
            the request. Where they are used up, asking once more is an `AssertionError`.

    Attributes:
        recorded: What was asked so far, in order.
        closed: Whether it was closed.
    """

    def __init__(self, answers: Answers) -> None:
        self._answers = answers if callable(answers) else _one_by_one(answers)
        self.recorded: list[Recorded] = []
        self.closed = False

    def send(self, request: Request, /) -> Response:
        """See `Transport.send`."""
        outcome = self._answers(request)
        self.recorded.append(_record(request, outcome))
        request.delivery.start()
        if isinstance(outcome, TransportError):
            request.delivery.failed(outcome, sent=not isinstance(outcome, ConnectFailed))
            raise outcome
        request.delivery.answered(outcome.status)
        return outcome

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True


class AsyncFakeTransport(AsyncTransport):
    """`FakeTransport` for `AsyncClient`."""

    def __init__(self, answers: Answers) -> None:
        self._fake = FakeTransport(answers)

    @property
    def recorded(self) -> list[Recorded]:
        """What was asked so far, in order."""
        return self._fake.recorded

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._fake.closed

    async def send(self, request: Request, /) -> Response:
        """See `Transport.send`."""
        return self._fake.send(request)

    async def aclose(self) -> None:
        """Remember that it was closed."""
        self._fake.close()


class RecordingTransport(HookedTransport):
    """Passes everything on and remembers it.

    Args:
        transport: What carries the requests.

    Attributes:
        recorded: What was asked so far, in the order of the answers.
    """

    def __init__(self, transport: Transport) -> None:
        self.recorded: list[Recorded] = []
        super().__init__(transport, [_remember_in(self.recorded)])


class AsyncRecordingTransport(AsyncHookedTransport):
    """`RecordingTransport` for `AsyncClient`."""

    def __init__(self, transport: AsyncTransport) -> None:
        self.recorded: list[Recorded] = []
        super().__init__(transport, [_remember_in(self.recorded)])


def _remember_in(recorded: list[Recorded]) -> Hook:
    def remember(request: Request) -> HookRun:
        try:
            response = yield
        except TransportError as error:
            recorded.append(_record(request, error))
            raise
        recorded.append(_record(request, response))

    return remember


def _one_by_one(
    answers: Iterable[Response | TransportError],
) -> Callable[[Request], Response | TransportError]:
    left = iter(answers)

    def answer(request: Request) -> Response | TransportError:
        for outcome in left:
            return outcome
        raise AssertionError(f"no answer is left for {request.method} {request.url}")

    return answer


def _record(request: Request, outcome: Response | TransportError) -> Recorded:
    headers = request.headers
    if "authorization" in headers:
        headers = headers.merge({"Authorization": REDACTED})
    return Recorded(evolve(request, headers=headers), outcome)
