"""What a method gives, together with the HTTP answer that it was read from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from attrs import field, frozen

from ringback.errors import InvalidValue

if TYPE_CHECKING:
    from ringback.http import Headers, Request, Response
    from ringback.transports.hooks import HookRun

__all__ = ["RawResponse", "Witness"]

T = TypeVar("T")


@frozen(kw_only=True)
class RawResponse(Generic[T]):
    """A result and the answer behind it.

    Attributes:
        value: What the method returned.
        status: The HTTP status.
        headers: As Twilio sent them, such as `Twilio-Concurrent-Requests`.
        body: The raw bytes; empty for a stream. It may hold a secret, as that of a new API key does.
        attempts: How many tries it took.
    """

    value: T
    status: int
    headers: Headers
    body: bytes = field(repr=False)
    attempts: int

    @property
    def request_id(self) -> str | None:
        """Twilio's id of the request, which its support asks for."""
        return self.headers.get("Twilio-Request-Id")


class Witness:
    """A hook that keeps the last answer."""

    def __init__(self) -> None:
        self._seen: tuple[Request, Response] | None = None

    def __call__(self, request: Request) -> HookRun:
        response = yield
        self._seen = request, response

    def tell(self, value: T) -> RawResponse[T]:
        """The value with the answer that was seen.

        Raises:
            InvalidValue: None was.
        """
        if self._seen is None:
            raise InvalidValue(
                "call",
                value,
                "a call that sends a request; a list has to be read in it: list(c.calls.list())",
            )
        request, response = self._seen
        return RawResponse(
            value=value,
            status=response.status,
            headers=response.headers,
            body=response.body,
            attempts=request.attempt,
        )
