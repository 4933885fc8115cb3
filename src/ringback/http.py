"""HTTP messages as plain values: what the REST client sends and receives, and what webhooks are made of.

No I/O and no framework here; transports and adapters turn these into their own kinds and back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, cast

from attrs import field, frozen

from ringback.errors import InvalidValue

if TYPE_CHECKING:
    from attrs import Attribute

__all__ = ["Delivery", "Headers", "Request", "Response", "Timeout", "WebhookRequest", "WebhookResponse"]

_SECRET_HEADERS: Final = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie", "x-twilio-signature"}
)


class Headers(Mapping[str, str]):
    """Header fields: names compare without case, order and repeated names are kept, never changes.

    As a mapping it gives the first value of a name; `get_all` gives every value, `multi_items` all pairs.
    """

    __slots__ = ("_pairs",)

    def __init__(self, fields: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        if isinstance(fields, Headers):
            self._pairs: tuple[tuple[str, str], ...] = fields._pairs
        elif not isinstance(fields, list) and isinstance(fields, Mapping):
            self._pairs = tuple(cast("Mapping[str, str]", fields).items())
        else:
            self._pairs = tuple(fields)

    def __getitem__(self, name: str) -> str:
        wanted = name.lower()
        for key, value in self._pairs:
            if key.lower() == wanted:
                return value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        seen: set[str] = set()
        for key, _ in self._pairs:
            if key.lower() not in seen:
                seen.add(key.lower())
                yield key

    def __len__(self) -> int:
        return len({key.lower() for key, _ in self._pairs})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Headers):
            return NotImplemented
        return self._folded() == other._folded()

    def __hash__(self) -> int:
        return hash(self._folded())

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{key}: {'***' if key.lower() in _SECRET_HEADERS else value}" for key, value in self._pairs
        )
        return f"Headers({shown})"

    def get_all(self, name: str) -> tuple[str, ...]:
        """Every value of a name, in order; empty where there is none."""
        wanted = name.lower()
        return tuple(value for key, value in self._pairs if key.lower() == wanted)

    def multi_items(self) -> tuple[tuple[str, str], ...]:
        """All pairs, repeated names included, in order."""
        return self._pairs

    def merge(self, other: Mapping[str, str]) -> Headers:
        """A copy in which the names of `other` are replaced by its values."""
        replaced = {name.lower() for name in other}
        kept = tuple(pair for pair in self._pairs if pair[0].lower() not in replaced)
        added = other.multi_items() if isinstance(other, Headers) else tuple(other.items())
        return Headers(kept + added)

    def _folded(self) -> tuple[tuple[str, str], ...]:
        return tuple(sorted((key.lower(), value) for key, value in self._pairs))


def _headers(fields: Mapping[str, str] | Iterable[tuple[str, str]]) -> Headers:
    return fields if isinstance(fields, Headers) else Headers(fields)


# Sockets count milliseconds in 31 bits: a longer limit overflows, or is taken for none.
_LONGEST_WAIT: Final = 1_000_000


def _seconds(_: object, attribute: Attribute[float], value: object) -> None:
    number = cast("float", value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0
    if value is not None and not 0 < number <= _LONGEST_WAIT:
        allowed = f"seconds above 0, at most {_LONGEST_WAIT:,}, or None to wait for ever"
        raise InvalidValue(f"timeout.{attribute.name}", value, allowed)


@frozen
class Timeout:
    """How long to wait, in seconds, at most 1,000,000; None waits for ever.

    Attributes:
        connect: For the connection, TLS included.
        read: For each next piece of the answer.

    Raises:
        InvalidValue: A time is no number above 0, or too large.
    """

    connect: float | None = field(default=5.0, validator=_seconds)
    read: float | None = field(default=30.0, validator=_seconds)


MAX_ANSWER_SIZE: Final = 16_777_216
"""Bytes: some times what a page of 1,000 records takes."""


class Delivery:
    """What became of one attempt, as those tell who carry it out.

    Whether a request may be sent again depends on this alone. An exception can't say: it may be a hook's, or
    a middleware's, or come with a history that has nothing to do with this attempt.

    Attributes:
        told: Whether anybody has told anything; a transport that knows nothing of this is taken at its word.
        begun: Sendings that may have reached the server, or may yet.
        status: Of the answer that came last, whatever became of it afterwards; None where none did.
        errors: What the network raised; everything else was raised by somebody around it.
    """

    # As defaults of the class: nearly every request is made without any of them being changed.
    told = False
    begun = 0
    status: int | None = None
    errors: tuple[BaseException, ...] = ()

    def start(self) -> None:
        """From here on something may be sent."""
        self.told = True
        self.begun += 1

    def answered(self, status: int) -> None:
        """An answer began."""
        self.status = status

    def failed(self, error: BaseException, *, sent: bool = True) -> None:
        """What was started ended with an error; not `sent` where no connection was made for it."""
        self.told = True
        self.errors = (*self.errors, error)
        if not sent:
            self.begun -= 1

    def is_foreign(self, error: BaseException) -> bool:
        """Whether it was somebody around the network who raised it."""
        return self.told and not any(known is error for known in self.errors)


@frozen
class Request:
    """A request of the REST client, ready to send; a changed copy is made by `attrs.evolve`.

    Attributes:
        method: `GET`, `POST`, `PUT` or `DELETE`.
        url: The whole URL, encoded.
        headers: Credentials among them.
        body: A form, encoded; empty where there is none.
        timeout: How long to wait.
        operation: What it is for, such as `messages.create` or `calls(sid).fetch`; empty for a request that
            the spec doesn't know.
        attempt: 1 for the first try, 2 for the next.
        max_answer_size: Bytes of the answer's body at most, unpacked; a stream has no limit.
        delivery: What becomes of it; copies of a request share it.
    """

    method: str
    url: str
    headers: Headers = field(factory=Headers, converter=_headers)
    body: bytes = field(default=b"", repr=False)  # may hold an auth token or a password
    timeout: Timeout = Timeout()
    operation: str = ""
    attempt: int = 1
    max_answer_size: int = MAX_ANSWER_SIZE
    delivery: Delivery = field(factory=Delivery, repr=False, eq=False)


@frozen
class Response:
    """The answer to a `Request`, read to its end."""

    status: int
    headers: Headers = field(factory=Headers, converter=_headers)
    body: bytes = field(default=b"", repr=False)


@frozen
class WebhookRequest:
    """A request that Twilio sends, in no framework's clothes.

    Attributes:
        method: `GET` or `POST`, upper case.
        url: The whole URL that was asked for, scheme, host and query included, as this server saw it.
        headers: As received.
        body: Raw; empty for GET.
        mount: The path, part of `url`'s, under which the server mounted us (`/phone`), not percent-encoded;
            empty where we have the whole server.
    """

    method: str
    url: str
    headers: Headers = field(factory=Headers, converter=_headers)
    body: bytes = field(default=b"", repr=False)
    mount: str = ""


@frozen
class WebhookResponse:
    """What to answer to a `WebhookRequest`."""

    status: int = 200
    headers: Headers = field(factory=Headers, converter=_headers)
    body: bytes = b""
